#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/table.h"

enum { SEED = 3, ROOM = 16 };
static const nib_ms T0 = 1000;

#define HEADER "\nrecord_no,name,type,result,ttl,static\n"
#define LOCAL_ROWS                                                                                 \
    "0,www.csusm.edu,A,144.37.5.45,None,1\n"                                                       \
    "1,my.csusm.edu,A,144.37.5.150,None,1\n"                                                       \
    "2,amazone.com,NS,dns.amazone.com,None,1\n"                                                    \
    "3,dns.amazone.com,A,127.0.0.1,None,1\n"

struct zone {
    struct nib_zone zone;
    void *memory;
};

struct fixture {
    struct nib_table table;
    struct nib_cache cache;
    void *cache_memory;
    struct zone zones[2];
    int turn; /* which of the zones is the next one */
};

static void zone_init(struct zone *z)
{
    z->memory = zeroed(nib_zone_bytes(ROOM, (size_t)ROOM * 2 * NIB_NAME_MAX));
    nib_zone_init(&z->zone, z->memory, ROOM, (size_t)ROOM * 2 * NIB_NAME_MAX, SEED);
}

/* A new zone with these records becomes the table's. */
static void load(struct fixture *f, const struct nib_rr *rrs, size_t n)
{
    struct zone *z = &f->zones[f->turn];
    zone_init(z);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(nib_zone_add(&z->zone, &rrs[i]), NIB_ZONE_ADDED);
    nib_table_set_zone(&f->table, &z->zone);
    f->turn = !f->turn;
    free(f->zones[f->turn].memory);
    f->zones[f->turn].memory = NULL;
}

static void prepare(struct fixture *f)
{
    *f = (struct fixture){.cache_memory = zeroed(nib_cache_bytes(ROOM))};
    nib_cache_init(&f->cache, f->cache_memory, ROOM, SEED);
    f->table.cache = &f->cache;
}

/* The table that a local server starts with. */
static void prepare_local(struct fixture *f)
{
    const struct nib_rr rrs[] = {
        rr_of("www.csusm.edu", NIB_A, "144.37.5.45"),
        rr_of("my.csusm.edu", NIB_A, "144.37.5.150"),
        rr_of("amazone.com", NIB_NS, "dns.amazone.com"),
        rr_of("dns.amazone.com", NIB_A, "127.0.0.1"),
    };
    prepare(f);
    load(f, rrs, 4);
}

static void reset(struct fixture *f)
{
    free(f->cache_memory);
    free(f->zones[0].memory);
    free(f->zones[1].memory);
}

static bool store(struct fixture *f, nib_ms now, const char *name, enum nib_type type,
    const char *result, uint32_t ttl_s)
{
    return nib_table_store(&f->table, now, text_of(name), type, text_of(result), ttl_s);
}

static bool find(const struct fixture *f, nib_ms now, const char *name, struct nib_rr *rr)
{
    return nib_table_find(&f->table, now, nib_key_of(text_of(name), SEED), NIB_A, rr);
}

/* The printed table, made in a block of exactly the octets that it may have. */
static void assert_printed(const struct fixture *f, nib_ms now, const char *want)
{
    size_t max = nib_table_text_max(&f->table);
    char *out = zeroed(max);
    size_t len = nib_table_text(&f->table, now, out, max);
    assert_text(((struct nib_text){out, len}), want);
    free(out);
}

static void an_empty_table_prints_its_header_behind_an_empty_line(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    load(&f, NULL, 0);
    assert_printed(&f, T0, "\nrecord_no,name,type,result,ttl,static\n");
    reset(&f);
}

static void static_records_print_as_they_were_entered(void **state)
{
    (void)state;
    struct fixture f;
    prepare_local(&f);
    assert_printed(&f, T0, HEADER LOCAL_ROWS);
    reset(&f);
}

static void dynamic_records_print_what_is_left_of_their_ttl(void **state)
{
    (void)state;
    struct fixture f;
    prepare_local(&f);
    assert_true(store(&f, T0, "Shop.amazone.com", NIB_A, "3.33.147.88", 60));
    assert_true(store(&f, T0 + 1500, "x.amazone.com", NIB_AAAA, "2001:db8::1", 100));
    assert_true(store(&f, T0 + 1500, "y.amazone.com", NIB_CNAME, "x.amazone.com", 7));
    assert_printed(&f, T0 + 2000,
        HEADER LOCAL_ROWS "4,Shop.amazone.com,A,3.33.147.88,58,0\n"
                          "5,x.amazone.com,AAAA,2001:db8::1,100,0\n"
                          "6,y.amazone.com,CNAME,x.amazone.com,7,0\n");
    assert_printed(&f, T0 + 59999,
        HEADER LOCAL_ROWS "4,Shop.amazone.com,A,3.33.147.88,1,0\n"
                          "5,x.amazone.com,AAAA,2001:db8::1,42,0\n");
    assert_printed(&f, T0 + 60000, HEADER LOCAL_ROWS "5,x.amazone.com,AAAA,2001:db8::1,42,0\n");
    reset(&f);
}

static void a_program_that_learns_nothing_prints_and_finds_its_static_records(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr;
    prepare_local(&f);
    f.table.cache = NULL;
    assert_printed(&f, T0, HEADER LOCAL_ROWS);
    assert_true(find(&f, T0, "www.csusm.edu", &rr));
    assert_false(find(&f, T0, "shop.amazone.com", &rr));
    assert_false(store(&f, T0, "shop.amazone.com", NIB_A, "3.33.147.88", 60));
    assert_int_equal(f.table.next_no, 4);
    reset(&f);
}

static void both_kinds_of_record_are_found_in_any_case(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr;
    prepare_local(&f);
    store(&f, T0, "shop.amazone.com", NIB_A, "3.33.147.88", 60);
    assert_true(find(&f, T0, "WWW.csusm.edu", &rr));
    assert_true(rr.is_static);
    assert_text(rr.result, "144.37.5.45");
    assert_true(find(&f, T0, "SHOP.amazone.com", &rr));
    assert_false(rr.is_static);
    assert_int_equal(rr.no, 4);
    assert_int_equal(rr.ttl_s, 60);
    assert_text(rr.result, "3.33.147.88");
    reset(&f);
}

static void what_is_not_there_is_not_found_and_touches_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr = rr_of("untouched", NIB_NS, "untouched");
    prepare_local(&f);
    store(&f, T0, "shop.amazone.com", NIB_A, "3.33.147.88", 60);
    assert_false(find(&f, T0, "amazone.com", &rr));
    assert_false(find(&f, T0 + 60000, "shop.amazone.com", &rr));
    assert_text(rr.name, "untouched");
    reset(&f);
}

/* NIB-7.3 */
static void a_static_record_is_never_replaced_or_shadowed(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr;
    prepare_local(&f);
    assert_false(store(&f, T0, "www.csusm.edu", NIB_A, "192.0.2.66", 60));
    assert_false(store(&f, T0, "WWW.CSUSM.EDU", NIB_A, "192.0.2.66", 60));
    assert_false(store(&f, T0, "amazone.com", NIB_NS, "evil.example", 60));
    assert_true(find(&f, T0, "www.csusm.edu", &rr));
    assert_text(rr.result, "144.37.5.45");
    assert_printed(&f, T0, HEADER LOCAL_ROWS);
    reset(&f);
}

static void a_living_dynamic_record_stays_as_it_is(void **state)
{
    (void)state;
    struct fixture f;
    prepare_local(&f);
    assert_true(store(&f, T0, "shop.amazone.com", NIB_A, "3.33.147.88", 60));
    assert_false(store(&f, T0 + 1000, "Shop.amazone.com", NIB_A, "192.0.2.66", 600));
    assert_printed(&f, T0 + 1000, HEADER LOCAL_ROWS "4,shop.amazone.com,A,3.33.147.88,59,0\n");
    reset(&f);
}

static void what_is_not_stored_uses_no_number(void **state)
{
    (void)state;
    struct fixture f;
    prepare_local(&f);
    assert_false(store(&f, T0, "a.example", NIB_A, "192.0.2.1", 0));
    assert_false(store(&f, T0, "www.csusm.edu", NIB_A, "192.0.2.1", 60));
    assert_true(store(&f, T0, "a.example", NIB_A, "192.0.2.1", 60));
    assert_false(store(&f, T0, "a.example", NIB_A, "192.0.2.1", 60));
    assert_true(store(&f, T0, "b.example", NIB_A, "192.0.2.2", 60));
    assert_printed(
        &f, T0, HEADER LOCAL_ROWS "4,a.example,A,192.0.2.1,60,0\n5,b.example,A,192.0.2.2,60,0\n");
    reset(&f);
}

static void a_record_that_comes_again_after_its_end_gets_a_new_number(void **state)
{
    (void)state;
    struct fixture f;
    prepare_local(&f);
    store(&f, T0, "a.example", NIB_A, "192.0.2.1", 1);
    assert_true(store(&f, T0 + 1000, "a.example", NIB_A, "192.0.2.1", 1));
    assert_printed(&f, T0 + 1000, HEADER LOCAL_ROWS "5,a.example,A,192.0.2.1,1,0\n");
    reset(&f);
}

static void after_a_reload_dynamic_records_stay_and_stand_in_the_order_of_numbers(void **state)
{
    (void)state;
    struct fixture f;
    prepare_local(&f);
    store(&f, T0, "a.example", NIB_A, "192.0.2.1", 60);
    store(&f, T0, "b.example", NIB_A, "192.0.2.2", 60);
    const struct nib_rr rrs[] = {
        rr_of("new.csusm.edu", NIB_A, "144.37.5.99"),
        rr_of("my.csusm.edu", NIB_A, "144.37.5.150"),
        rr_of("www.csusm.edu", NIB_A, "144.37.5.46"),
    };
    load(&f, rrs, 3);
    store(&f, T0, "c.example", NIB_A, "192.0.2.3", 60);
    assert_printed(&f, T0,
        HEADER "1,my.csusm.edu,A,144.37.5.150,None,1\n"
               "4,a.example,A,192.0.2.1,60,0\n"
               "5,b.example,A,192.0.2.2,60,0\n"
               "6,new.csusm.edu,A,144.37.5.99,None,1\n"
               "7,www.csusm.edu,A,144.37.5.46,None,1\n"
               "8,c.example,A,192.0.2.3,60,0\n");
    reset(&f);
}

static void a_dynamic_record_gives_way_to_a_new_static_one_of_its_key(void **state)
{
    (void)state;
    struct fixture f;
    prepare_local(&f);
    store(&f, T0, "a.example", NIB_A, "192.0.2.1", 60);
    store(&f, T0, "a.example", NIB_AAAA, "::1", 60);
    const struct nib_rr rrs[] = {rr_of("A.Example", NIB_A, "198.51.100.1")};
    load(&f, rrs, 1);
    assert_printed(&f, T0,
        HEADER "5,a.example,AAAA,::1,60,0\n"
               "6,A.Example,A,198.51.100.1,None,1\n");
    reset(&f);
}

static void a_key_that_is_no_longer_static_may_be_learnt(void **state)
{
    (void)state;
    struct fixture f;
    prepare_local(&f);
    load(&f, NULL, 0);
    assert_true(store(&f, T0, "www.csusm.edu", NIB_A, "192.0.2.1", 60));
    assert_printed(&f, T0, HEADER "4,www.csusm.edu,A,192.0.2.1,60,0\n");
    reset(&f);
}

/* The widest rows there are: longest texts and type, TTL and numbers with the most digits. */
static void the_promised_size_holds_the_widest_table(void **state)
{
    (void)state;
    struct fixture f;
    char name[NIB_NAME_MAX + 1], result[NIB_NAME_MAX + 1], aliases[4][NIB_NAME_MAX + 1];
    struct nib_rr rrs[4];
    prepare(&f);
    fill_name(result, NIB_NAME_MAX, 'r');
    for (int i = 0; i < 4; i++) {
        fill_name(aliases[i], NIB_NAME_MAX, (char)('a' + i));
        rrs[i] = rr_of(aliases[i], NIB_CNAME, result);
    }
    f.table.next_no = UINT64_MAX - 100;
    load(&f, rrs, 4);
    for (int i = 0; i < ROOM; i++) {
        fill_name(name, NIB_NAME_MAX, (char)('A' + i));
        store(&f, T0, name, NIB_CNAME, result, NIB_TTL_MAX);
    }
    size_t max = nib_table_text_max(&f.table);
    char *out = zeroed(max);
    size_t len = nib_table_text(&f.table, T0, out, max);
    /* a, b, c and d are static, so the cache has the 12 others: 39 octets of head, and of each row
     * the number (20), name, type (5), result, TTL (10 or 4), static, newline, five commas */
    assert_int_equal(len,
        39 + 4 * (2 * 253 + 20 + 5 + 4 + 1 + 1 + 5) + 12 * (2 * 253 + 20 + 5 + 10 + 1 + 1 + 5));
    assert_true(len <= max);
    free(out);
    reset(&f);
}

static void random_tables_never_outgrow_the_promised_size(void **state)
{
    (void)state;
    struct rng rng = dice_init();
    for (int round = 0; round < 200; round++) {
        struct fixture f;
        char name[NIB_NAME_MAX + 1];
        nib_ms now = T0;
        prepare(&f);
        f.table.next_no = dice_next(&rng) >> dice_below(&rng, 64) >> 1;
        load(&f, NULL, 0);
        for (int i = 0; i < 30; i++) {
            fill_name(name, 1 + dice_below(&rng, NIB_NAME_MAX), (char)('a' + i % 26));
            store(&f, now, name, NIB_NS, name, 1 + dice_below(&rng, 20));
            now += dice_below(&rng, 2000);
            size_t max = nib_table_text_max(&f.table);
            char *out = zeroed(max);
            assert_in_range(nib_table_text(&f.table, now, out, max), sizeof HEADER - 1, max);
            free(out);
        }
        reset(&f);
    }
}

/* NIB-7.7: a name with a CNAME has no other record, whichever of the two is the static one. */
static void no_learnt_record_stands_beside_an_alias(void **state)
{
    (void)state;
    struct fixture f;
    prepare_local(&f);
    store(&f, T0, "a.example", NIB_CNAME, "b.example", 60);
    store(&f, T0, "c.example", NIB_A, "192.0.2.1", 60);
    store(&f, T0, "d.example", NIB_CNAME, "e.example", 60);
    store(&f, T0, "f.example", NIB_A, "192.0.2.2", 60);
    const struct nib_rr rrs[] = {rr_of("a.example", NIB_NS, "ns.example"),
        rr_of("C.example", NIB_CNAME, "g.example"), rr_of("f.example", NIB_AAAA, "::1")};
    load(&f, rrs, 3);
    assert_printed(&f, T0,
        HEADER "6,d.example,CNAME,e.example,60,0\n"
               "7,f.example,A,192.0.2.2,60,0\n"
               "8,a.example,NS,ns.example,None,1\n"
               "9,C.example,CNAME,g.example,None,1\n"
               "10,f.example,AAAA,::1,None,1\n");
    reset(&f);
}

/* As a table in use is reloaded: what is learnt between the two steps takes the numbers behind. */
static void numbers_are_taken_first_and_the_zone_swapped_later(void **state)
{
    (void)state;
    struct fixture f;
    prepare_local(&f);
    struct nib_rr kept = rr_of("my.csusm.edu", NIB_A, "144.37.5.150");
    struct nib_rr added = rr_of("new.csusm.edu", NIB_A, "144.37.5.99");
    struct zone *z = &f.zones[f.turn];
    zone_init(z);
    assert_int_equal(nib_zone_add(&z->zone, &kept), NIB_ZONE_ADDED);
    assert_int_equal(nib_zone_add(&z->zone, &added), NIB_ZONE_ADDED);
    uint32_t n = nib_zone_count_new(&z->zone, f.table.zone);
    assert_int_equal(n, 1);
    uint64_t first = nib_table_take_numbers(&f.table, n);
    assert_int_equal(first, 4);
    store(&f, T0, "a.example", NIB_A, "192.0.2.1", 60);
    assert_int_equal(nib_zone_number(&z->zone, f.table.zone, first), 5);
    nib_table_swap_zone(&f.table, &z->zone);
    assert_printed(&f, T0,
        HEADER "1,my.csusm.edu,A,144.37.5.150,None,1\n"
               "4,new.csusm.edu,A,144.37.5.99,None,1\n"
               "5,a.example,A,192.0.2.1,60,0\n");
    reset(&f);
}

/* Two records are looked at in a step; what was looked at last goes in between, and more comes. */
static void dynamic_records_give_way_step_by_step_while_others_come_and_go(void **state)
{
    static const char *const names[] = {"a.x", "b.x", "c.x", "d.x", "e.x", "f.x"};
    (void)state;
    struct fixture f;
    prepare_local(&f);
    for (uint32_t i = 0; i < 6; i++)
        store(&f, T0, names[i], NIB_A, "192.0.2.1", i == 1 || i == 2 ? 1 : 60);
    struct zone *z = &f.zones[f.turn];
    zone_init(z);
    for (uint32_t i = 2; i < 6; i += 3) { /* c.x and f.x */
        struct nib_rr rr = rr_of(names[i], NIB_CNAME, "b.x");
        assert_int_equal(nib_zone_add(&z->zone, &rr), NIB_ZONE_ADDED);
    }
    (void)nib_zone_number(&z->zone, NULL, nib_table_take_numbers(&f.table, 2));
    struct nib_table_way way = {0};
    assert_true(nib_table_give_way(&f.table, &z->zone, &way, 2));
    assert_int_equal(nib_cache_expire(f.table.cache, T0 + 1000, 9), 2);
    store(&f, T0 + 1000, "g.x", NIB_A, "192.0.2.1", 60);
    while (nib_table_give_way(&f.table, &z->zone, &way, 2))
        ;
    nib_table_swap_zone(&f.table, &z->zone);
    assert_printed(&f, T0 + 1000,
        HEADER "4,a.x,A,192.0.2.1,59,0\n"
               "7,d.x,A,192.0.2.1,59,0\n"
               "8,e.x,A,192.0.2.1,59,0\n"
               "10,c.x,CNAME,b.x,None,1\n"
               "11,f.x,CNAME,b.x,None,1\n"
               "12,g.x,A,192.0.2.1,60,0\n");
    reset(&f);
}

static void assert_form(
    const struct fixture *f, enum nib_table_form form, nib_ms now, const char *want)
{
    size_t max = nib_table_form_max(&f->table, form);
    char *out = zeroed(max);
    size_t len = nib_table_form_text(&f->table, form, now, out, max);
    assert_text(((struct nib_text){out, len}), want);
    free(out);
}

static void a_table_for_a_person_has_columns_that_line_up(void **state)
{
    (void)state;
    struct fixture f;
    prepare_local(&f);
    store(&f, T0, "shop.amazone.com", NIB_A, "3.33.147.88", 60);
    store(&f, T0, "v6.amazone.com", NIB_AAAA, "2001:db8:1:2:3::1", 9);
    assert_form(&f, NIB_TABLE_CSV, T0,
        HEADER LOCAL_ROWS "4,shop.amazone.com,A,3.33.147.88,60,0\n"
                          "5,v6.amazone.com,AAAA,2001:db8:1:2:3::1,9,0\n");
    assert_form(&f, NIB_TABLE_PRETTY, T0,
        "\n"
        "record_no  name              type  result              ttl  static\n"
        "---------  ----------------  ----  -----------------  ----  ------\n"
        "        0  www.csusm.edu     A     144.37.5.45        None  1\n"
        "        1  my.csusm.edu      A     144.37.5.150       None  1\n"
        "        2  amazone.com       NS    dns.amazone.com    None  1\n"
        "        3  dns.amazone.com   A     127.0.0.1          None  1\n"
        "        4  shop.amazone.com  A     3.33.147.88          60  0\n"
        "        5  v6.amazone.com    AAAA  2001:db8:1:2:3::1     9  0\n");
    reset(&f);
}

static void numbers_of_more_digits_than_their_title_make_their_column_wider(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    load(&f, NULL, 0);
    f.table.next_no = 9999999999;
    store(&f, T0, "a.example", NIB_A, "192.0.2.1", 60);
    store(&f, T0, "b.example", NIB_A, "192.0.2.2", 60);
    assert_form(&f, NIB_TABLE_PRETTY, T0,
        "\n"
        "  record_no  name       type  result     ttl  static\n"
        "-----------  ---------  ----  ---------  ---  ------\n"
        " 9999999999  a.example  A     192.0.2.1   60  0\n"
        "10000000000  b.example  A     192.0.2.2   60  0\n");
    reset(&f);
}

static void in_colour_static_records_are_dim_and_the_last_seconds_are_marked(void **state)
{
    (void)state;
    struct fixture f;
    const struct nib_rr rrs[] = {rr_of("a.example", NIB_A, "192.0.2.1")};
    prepare(&f);
    load(&f, rrs, 1);
    store(&f, T0, "b.example", NIB_A, "192.0.2.2", 10);
    store(&f, T0, "c.example", NIB_A, "192.0.2.3", 9);
    assert_form(&f, NIB_TABLE_COLOUR, T0,
        "\n"
        "record_no  name       type  result      ttl  static\n"
        "---------  ---------  ----  ---------  ----  ------\n"
        "\033[2m        0  a.example  A     192.0.2.1  None  1\033[0m\n"
        "        1  b.example  A     192.0.2.2    10  0\n"
        "        2  c.example  A     192.0.2.3\033[33m     9\033[0m  0\n");
    reset(&f);
}

static void a_long_name_goes_past_its_column_and_pushes_no_other_row(void **state)
{
    (void)state;
    struct fixture f;
    char name[64] = {0};
    prepare(&f);
    load(&f, NULL, 0);
    fill_name(name, 45, 'n');
    store(&f, T0, name, NIB_A, "192.0.2.1", 60);
    store(&f, T0, "b.example", NIB_A, "192.0.2.2", 60);
    size_t max = nib_table_form_max(&f.table, NIB_TABLE_PRETTY);
    char *out = zeroed(max + 1);
    (void)nib_table_form_text(&f.table, NIB_TABLE_PRETTY, T0, out, max);
    assert_non_null(strstr(out, name));
    assert_non_null(
        strstr(out, "  b.example                                 A     192.0.2.2   60"));
    free(out);
    reset(&f);
}

static void the_promised_size_holds_every_form(void **state)
{
    (void)state;
    struct rng rng = dice_init();
    for (int round = 0; round < 200; round++) {
        struct fixture f;
        char name[NIB_NAME_MAX + 1];
        nib_ms now = T0;
        prepare_local(&f);
        f.table.next_no = dice_next(&rng) >> dice_below(&rng, 64) >> 1;
        for (int i = 0; i < 20; i++) {
            fill_name(name, 1 + dice_below(&rng, i % 2 ? 20 : NIB_NAME_MAX), (char)('a' + i));
            store(&f, now, name, NIB_CNAME, i % 3 ? name : "a.b", 1 + dice_below(&rng, 20));
            now += dice_below(&rng, 2000);
            for (int form = NIB_TABLE_CSV; form <= NIB_TABLE_COLOUR; form++) {
                size_t max = nib_table_form_max(&f.table, (enum nib_table_form)form);
                char *out = zeroed(max);
                assert_in_range(
                    nib_table_form_text(&f.table, (enum nib_table_form)form, now, out, max),
                    sizeof HEADER - 1, max);
                free(out);
            }
        }
        reset(&f);
    }
}

/* A text in pieces of so many rows, with something done after each. */
static size_t in_pieces(
    struct fixture *f, uint32_t rows, void (*between)(struct fixture *f, int n), char out[4096])
{
    struct nib_writer w = nib_writer_init((uint8_t *)out, 4095);
    struct nib_table_print print;
    nib_table_print_begin(&print, &f->table, NIB_TABLE_CSV, T0);
    for (int n = 1; nib_table_print_some(&print, &w, rows); n++)
        between(f, n);
    out[w.off] = '\0';
    return w.off;
}

static void nothing(struct fixture *f, int n)
{
    (void)f;
    (void)n;
}

static void a_text_in_pieces_is_the_text(void **state)
{
    (void)state;
    struct fixture f;
    char out[4096], want[4096];
    prepare_local(&f);
    store(&f, T0, "a.b", NIB_A, "1.2.3.4", 60);
    store(&f, T0, "c.d", NIB_A, "1.2.3.4", 60);
    size_t len = nib_table_text(&f.table, T0, want, sizeof want);
    for (uint32_t rows = 1; rows < 9; rows++) {
        assert_int_equal(in_pieces(&f, rows, nothing, out), len);
        assert_memory_equal(out, want, len);
    }
    reset(&f);
}

/* Behind the third piece, which shows c.d, that record goes and its place is used again. */
static void others_change_the_table(struct fixture *f, int n)
{
    if (n != 3)
        return;
    nib_cache_remove(&f->cache, nib_key_of(text_of("c.d"), SEED), NIB_A);
    store(f, T0, "late.example", NIB_A, "1.2.3.4", 60);
}

static void a_record_that_goes_between_two_pieces_takes_no_other_with_it(void **state)
{
    (void)state;
    struct fixture f;
    char out[4096];
    prepare(&f);
    load(&f, NULL, 0);
    store(&f, T0, "a.b", NIB_A, "1.2.3.4", 60);
    store(&f, T0, "b.c", NIB_A, "1.2.3.4", 60);
    store(&f, T0, "c.d", NIB_A, "1.2.3.4", 60);
    store(&f, T0, "d.e", NIB_A, "1.2.3.4", 60);
    (void)in_pieces(&f, 1, others_change_the_table, out);
    assert_string_equal(out, HEADER "0,a.b,A,1.2.3.4,60,0\n1,b.c,A,1.2.3.4,60,0\n"
                                    "2,c.d,A,1.2.3.4,60,0\n3,d.e,A,1.2.3.4,60,0\n");
    reset(&f);
}

static void records_are_read_again(struct fixture *f, int n)
{
    const struct nib_rr rrs[] = {rr_of("new.csusm.edu", NIB_A, "144.37.5.1")};
    if (n == 2)
        load(f, rrs, 1);
}

/* The old ones are gone, so not an octet of them may be looked at. */
static void a_text_begins_anew_when_records_are_read_again_between_two_pieces(void **state)
{
    (void)state;
    struct fixture f;
    char out[4096];
    prepare_local(&f);
    (void)in_pieces(&f, 1, records_are_read_again, out);
    assert_string_equal(out, HEADER "4,new.csusm.edu,A,144.37.5.1,None,1\n");
    reset(&f);
}

/* The same octets as of a program that has learnt nothing yet. */
static void a_table_for_a_person_needs_no_learnt_records(void **state)
{
    (void)state;
    struct fixture f;
    prepare_local(&f);
    size_t max = nib_table_form_max(&f.table, NIB_TABLE_PRETTY);
    char *want = zeroed(max + 1);
    (void)nib_table_form_text(&f.table, NIB_TABLE_PRETTY, T0, want, max);
    f.table.cache = NULL;
    assert_form(&f, NIB_TABLE_PRETTY, T0, want);
    free(want);
    reset(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_prints_its_header_behind_an_empty_line),
        cmocka_unit_test(static_records_print_as_they_were_entered),
        cmocka_unit_test(dynamic_records_print_what_is_left_of_their_ttl),
        cmocka_unit_test(a_program_that_learns_nothing_prints_and_finds_its_static_records),
        cmocka_unit_test(both_kinds_of_record_are_found_in_any_case),
        cmocka_unit_test(what_is_not_there_is_not_found_and_touches_nothing),
        cmocka_unit_test(a_static_record_is_never_replaced_or_shadowed),
        cmocka_unit_test(a_living_dynamic_record_stays_as_it_is),
        cmocka_unit_test(what_is_not_stored_uses_no_number),
        cmocka_unit_test(a_record_that_comes_again_after_its_end_gets_a_new_number),
        cmocka_unit_test(after_a_reload_dynamic_records_stay_and_stand_in_the_order_of_numbers),
        cmocka_unit_test(a_dynamic_record_gives_way_to_a_new_static_one_of_its_key),
        cmocka_unit_test(a_key_that_is_no_longer_static_may_be_learnt),
        cmocka_unit_test(the_promised_size_holds_the_widest_table),
        cmocka_unit_test(a_table_for_a_person_has_columns_that_line_up),
        cmocka_unit_test(numbers_of_more_digits_than_their_title_make_their_column_wider),
        cmocka_unit_test(in_colour_static_records_are_dim_and_the_last_seconds_are_marked),
        cmocka_unit_test(a_long_name_goes_past_its_column_and_pushes_no_other_row),
        cmocka_unit_test(the_promised_size_holds_every_form),
        cmocka_unit_test(random_tables_never_outgrow_the_promised_size),
        cmocka_unit_test(no_learnt_record_stands_beside_an_alias),
        cmocka_unit_test(numbers_are_taken_first_and_the_zone_swapped_later),
        cmocka_unit_test(dynamic_records_give_way_step_by_step_while_others_come_and_go),
        cmocka_unit_test(a_table_for_a_person_needs_no_learnt_records),
        cmocka_unit_test(a_text_in_pieces_is_the_text),
        cmocka_unit_test(a_record_that_goes_between_two_pieces_takes_no_other_with_it),
        cmocka_unit_test(a_text_begins_anew_when_records_are_read_again_between_two_pieces),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
