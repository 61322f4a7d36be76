#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/zone.h"

enum { SEED = 7 };

struct fixture {
    struct nib_zone zone;
    void *memory;
};

static void prepare(struct fixture *f, size_t records, size_t text_octets)
{
    f->memory = zeroed(nib_zone_bytes(records, text_octets));
    nib_zone_init(&f->zone, f->memory, records, text_octets, SEED);
}

static enum nib_zone_add add(
    struct fixture *f, const char *name, enum nib_type type, const char *result)
{
    struct nib_rr rr = rr_of(name, type, result);
    return nib_zone_add(&f->zone, &rr);
}

static struct nib_key key(const char *name)
{
    return nib_key_of(text_of(name), SEED);
}

static bool find(const struct fixture *f, const char *name, enum nib_type type, struct nib_rr *rr)
{
    return nib_zone_find(&f->zone, key(name), type, rr);
}

/* The results of all records of a key, in their order, each with a blank behind it. */
static const char *all_of(const struct fixture *f, const char *name, enum nib_type type)
{
    static char line[256];
    struct nib_probe probe = nib_zone_begin(&f->zone, key(name), type);
    struct nib_rr rr;
    line[0] = '\0';
    while (nib_zone_next(&f->zone, key(name), type, &probe, &rr)) {
        strncat(line, rr.result.ptr, rr.result.len);
        strcat(line, " ");
    }
    return line;
}

/* The whole zone in its order, as `number name result` with a newline each. */
static const char *walked(const struct fixture *f)
{
    static char lines[1024];
    struct nib_zone_walk walk = {0};
    struct nib_rr rr;
    size_t at = 0;
    lines[0] = '\0';
    while (nib_zone_walk(&f->zone, &walk, &rr))
        at += (size_t)snprintf(lines + at, sizeof lines - at, "%llu %.*s %.*s\n",
            (unsigned long long)rr.no, (int)rr.name.len, rr.name.ptr, (int)rr.result.len,
            rr.result.ptr);
    return lines;
}

static void a_record_is_found_as_it_was_written(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr;
    prepare(&f, 4, 200);
    assert_int_equal(add(&f, "WWW.csusm.Edu", NIB_A, "144.37.5.45"), NIB_ZONE_ADDED);
    assert_true(find(&f, "WWW.csusm.Edu", NIB_A, &rr));
    assert_text(rr.name, "WWW.csusm.Edu");
    assert_text(rr.result, "144.37.5.45");
    assert_int_equal(rr.type, NIB_A);
    assert_true(rr.is_static);
    free(f.memory);
}

static void the_zone_keeps_a_copy_of_the_texts(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr;
    char name[] = "www.csusm.edu", result[] = "144.37.5.45";
    prepare(&f, 4, 200);
    assert_int_equal(add(&f, name, NIB_A, result), NIB_ZONE_ADDED);
    memset(name, 'x', sizeof name - 1);
    memset(result, 'x', sizeof result - 1);
    assert_true(find(&f, "www.csusm.edu", NIB_A, &rr));
    assert_text(rr.result, "144.37.5.45");
    free(f.memory);
}

static void a_name_is_found_in_any_case(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr;
    prepare(&f, 4, 200);
    add(&f, "www.csusm.edu", NIB_A, "144.37.5.45");
    assert_true(find(&f, "WWW.CSUSM.EDU", NIB_A, &rr));
    assert_text(rr.name, "www.csusm.edu");
    assert_true(find(&f, "wWw.CsUsM.eDu", NIB_A, &rr));
    free(f.memory);
}

static void another_name_or_type_is_not_found_and_touches_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr = rr_of("untouched", NIB_NS, "untouched");
    prepare(&f, 4, 200);
    add(&f, "www.csusm.edu", NIB_A, "144.37.5.45");
    assert_false(find(&f, "www.csusm.edu", NIB_AAAA, &rr));
    assert_false(find(&f, "www.csusm.edu", NIB_CNAME, &rr));
    assert_false(find(&f, "www.csusm.ed", NIB_A, &rr));
    assert_false(find(&f, "ww.csusm.edu", NIB_A, &rr));
    assert_text(rr.name, "untouched");
    assert_text(rr.result, "untouched");
    free(f.memory);
}

static void each_type_of_a_name_stands_for_itself(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 4, 200);
    assert_int_equal(add(&f, "a.example", NIB_A, "192.0.2.1"), NIB_ZONE_ADDED);
    assert_int_equal(add(&f, "a.example", NIB_AAAA, "2001:db8::1"), NIB_ZONE_ADDED);
    assert_int_equal(add(&f, "a.example", NIB_NS, "ns.example"), NIB_ZONE_ADDED);
    assert_string_equal(all_of(&f, "a.example", NIB_A), "192.0.2.1 ");
    assert_string_equal(all_of(&f, "a.example", NIB_AAAA), "2001:db8::1 ");
    assert_string_equal(all_of(&f, "a.example", NIB_NS), "ns.example ");
    assert_string_equal(all_of(&f, "a.example", NIB_CNAME), "");
    free(f.memory);
}

/* NIB-7.7 */
static void several_name_servers_of_a_domain_stand_in_their_order(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr;
    prepare(&f, 6, 300);
    assert_int_equal(add(&f, "amazone.com", NIB_NS, "c.amazone.com"), NIB_ZONE_ADDED);
    assert_int_equal(add(&f, "amazone.com", NIB_NS, "a.amazone.com"), NIB_ZONE_ADDED);
    assert_int_equal(add(&f, "AMAZONE.com", NIB_NS, "b.amazone.com"), NIB_ZONE_ADDED);
    assert_string_equal(
        all_of(&f, "amazone.com", NIB_NS), "c.amazone.com a.amazone.com b.amazone.com ");
    assert_true(find(&f, "amazone.com", NIB_NS, &rr));
    assert_text(rr.result, "c.amazone.com");
    free(f.memory);
}

static void one_name_server_stands_once_in_whatever_case(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 4, 200);
    add(&f, "amazone.com", NIB_NS, "dns.amazone.com");
    assert_int_equal(add(&f, "Amazone.com", NIB_NS, "DNS.amazone.com"), NIB_ZONE_TWICE);
    assert_string_equal(all_of(&f, "amazone.com", NIB_NS), "dns.amazone.com ");
    free(f.memory);
}

static void every_other_key_stands_once(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 8, 400);
    add(&f, "a.example", NIB_A, "192.0.2.1");
    add(&f, "a.example", NIB_AAAA, "2001:db8::1");
    add(&f, "c.example", NIB_CNAME, "a.example");
    assert_int_equal(add(&f, "A.example", NIB_A, "192.0.2.2"), NIB_ZONE_TWICE);
    assert_int_equal(add(&f, "a.example", NIB_AAAA, "2001:db8::2"), NIB_ZONE_TWICE);
    assert_int_equal(add(&f, "c.EXAMPLE", NIB_CNAME, "b.example"), NIB_ZONE_TWICE);
    assert_string_equal(all_of(&f, "a.example", NIB_A), "192.0.2.1 ");
    free(f.memory);
}

static void a_name_with_a_cname_has_no_other_record(void **state)
{
    (void)state;
    static const enum nib_type others[] = {NIB_A, NIB_AAAA, NIB_NS};
    static const char *const results[] = {"192.0.2.1", "2001:db8::1", "ns.example"};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;
        prepare(&f, 4, 200);
        add(&f, "first.example", NIB_CNAME, "a.example");
        assert_int_equal(add(&f, "First.example", others[i], results[i]), NIB_ZONE_CNAME);
        assert_int_equal(add(&f, "second.example", others[i], results[i]), NIB_ZONE_ADDED);
        assert_int_equal(add(&f, "SECOND.example", NIB_CNAME, "a.example"), NIB_ZONE_CNAME);
        assert_int_equal(add(&f, "x.first.example", others[i], results[i]), NIB_ZONE_ADDED);
        free(f.memory);
    }
}

static void a_refused_record_leaves_no_trace(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 2, 200);
    add(&f, "a.example", NIB_A, "192.0.2.1");
    add(&f, "a.example", NIB_A, "192.0.2.2");
    add(&f, "a.example", NIB_CNAME, "b.example");
    assert_int_equal(f.zone.n, 1);
    assert_int_equal(f.zone.text_octets, strlen("a.example") + strlen("192.0.2.1"));
    assert_string_equal(walked(&f), "0 a.example 192.0.2.1\n");
    assert_int_equal(add(&f, "b.example", NIB_A, "192.0.2.2"), NIB_ZONE_ADDED);
    free(f.memory);
}

static void more_records_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr;
    prepare(&f, 2, 1000);
    assert_int_equal(add(&f, "a.example", NIB_A, "192.0.2.1"), NIB_ZONE_ADDED);
    assert_int_equal(add(&f, "b.example", NIB_A, "192.0.2.2"), NIB_ZONE_ADDED);
    assert_int_equal(add(&f, "c.example", NIB_A, "192.0.2.3"), NIB_ZONE_FULL);
    assert_false(find(&f, "c.example", NIB_A, &rr));
    assert_true(find(&f, "b.example", NIB_A, &rr));
    free(f.memory);
}

static void more_text_than_there_is_room_for_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    char longest[NIB_NAME_MAX + 1];
    fill_name(longest, NIB_NAME_MAX, 'x');
    prepare(&f, 2, 300);
    assert_int_equal(add(&f, longest, NIB_CNAME, longest), NIB_ZONE_FULL);
    assert_int_equal(add(&f, longest, NIB_A, "192.0.2.1"), NIB_ZONE_ADDED);
    assert_int_equal(add(&f, longest, NIB_AAAA, "2001:db8::1"), NIB_ZONE_FULL);
    assert_int_equal(f.zone.n, 1);
    assert_true(f.zone.used <= f.zone.cap);
    free(f.memory);
}

static void the_promised_room_is_enough_whatever_the_padding(void **state)
{
    (void)state;
    enum { RECORDS = 40 };
    char name[RECORDS + 1] = "";
    struct fixture f;
    prepare(&f, RECORDS, (size_t)RECORDS * (RECORDS + 1) / 2 + RECORDS * strlen("192.0.2.1"));
    for (int i = 0; i < RECORDS; i++) {
        strcat(name, "x");
        assert_int_equal(add(&f, name, NIB_A, "192.0.2.1"), NIB_ZONE_ADDED);
    }
    assert_int_equal(f.zone.n, RECORDS);
    free(f.memory);
}

/* Among these lengths is the one that is padded most, where nothing is left over. */
static void as_many_records_of_one_length_as_were_promised_fit(void **state)
{
    (void)state;
    enum { RECORDS = 16, LONGEST = 20 };
    for (size_t len = 1; len <= LONGEST; len++) {
        char name[2] = "a", result[LONGEST + 1];
        struct fixture f;
        fill_name(result, len, 'r');
        prepare(&f, RECORDS, RECORDS * (1 + len));
        for (; name[0] < 'a' + RECORDS; name[0]++)
            assert_int_equal(add(&f, name, NIB_CNAME, result), NIB_ZONE_ADDED);
        free(f.memory);
    }
}

static void the_longest_texts_are_kept(void **state)
{
    (void)state;
    char longest[NIB_NAME_MAX + 1];
    fill_name(longest, NIB_NAME_MAX, 'y');
    struct fixture f;
    struct nib_rr rr;
    prepare(&f, 1, (size_t)2 * NIB_NAME_MAX);
    assert_int_equal(add(&f, longest, NIB_CNAME, longest), NIB_ZONE_ADDED);
    assert_true(find(&f, longest, NIB_CNAME, &rr));
    assert_text(rr.name, longest);
    assert_text(rr.result, longest);
    free(f.memory);
}

static void a_first_zone_is_numbered_in_the_order_of_its_file(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr;
    prepare(&f, 4, 200);
    add(&f, "z.example", NIB_A, "192.0.2.1");
    add(&f, "m.example", NIB_A, "192.0.2.2");
    add(&f, "a.example", NIB_A, "192.0.2.3");
    assert_int_equal(nib_zone_number(&f.zone, NULL, 0), 3);
    assert_string_equal(
        walked(&f), "0 z.example 192.0.2.1\n1 m.example 192.0.2.2\n2 a.example 192.0.2.3\n");
    assert_true(find(&f, "m.example", NIB_A, &rr));
    assert_int_equal(rr.no, 1);
    free(f.memory);
}

/* Whatever stands there: it is neither changed nor taken for a record without a number. */
static void numbering_ends_with_the_last_record(void **state)
{
    (void)state;
    static const int octets[] = {0x00, 0x55, 0xff};
    for (size_t i = 0; i < sizeof octets / sizeof octets[0]; i++) {
        struct fixture f;
        prepare(&f, 4, 200);
        add(&f, "a.example", NIB_A, "192.0.2.1");
        add(&f, "b.example", NIB_A, "192.0.2.2");
        unsigned char *behind = f.zone.records + f.zone.used;
        size_t n = f.zone.cap - f.zone.used;
        memset(behind, octets[i], n);
        assert_int_equal(nib_zone_number(&f.zone, NULL, 1), 3);
        assert_string_equal(walked(&f), "1 a.example 192.0.2.1\n2 b.example 192.0.2.2\n");
        assert_int_equal(nib_zone_number(&f.zone, NULL, 7), 9);
        for (size_t at = 0; at < n; at++)
            assert_int_equal(behind[at], octets[i]);
        assert_string_equal(walked(&f), "7 a.example 192.0.2.1\n8 b.example 192.0.2.2\n");
        free(f.memory);
    }
}

static void after_a_reload_unchanged_records_keep_their_numbers_and_new_ones_follow(void **state)
{
    (void)state;
    struct fixture before, after;
    prepare(&before, 4, 200);
    add(&before, "a.example", NIB_A, "192.0.2.1"); /* 0: stays */
    add(&before, "b.example", NIB_A, "192.0.2.2"); /* 1: goes */
    add(&before, "c.example", NIB_A, "192.0.2.3"); /* 2: gets another result */
    add(&before, "d.example", NIB_A, "192.0.2.4"); /* 3: stays */
    assert_int_equal(nib_zone_number(&before.zone, NULL, 0), 4);
    prepare(&after, 5, 200);
    add(&after, "n.example", NIB_A, "192.0.2.9");
    add(&after, "d.example", NIB_A, "192.0.2.4");
    add(&after, "c.example", NIB_A, "192.0.2.33");
    add(&after, "a.example", NIB_A, "192.0.2.1");
    /* dynamic records took 4 to 9 in the meantime */
    assert_int_equal(nib_zone_number(&after.zone, &before.zone, 10), 12);
    assert_string_equal(walked(&after), "0 a.example 192.0.2.1\n3 d.example 192.0.2.4\n"
                                        "10 n.example 192.0.2.9\n11 c.example 192.0.2.33\n");
    free(before.memory);
    free(after.memory);
}

static void name_servers_keep_their_numbers_one_by_one(void **state)
{
    (void)state;
    struct fixture before, after;
    prepare(&before, 2, 200);
    add(&before, "example", NIB_NS, "a.example");
    add(&before, "example", NIB_NS, "b.example");
    (void)nib_zone_number(&before.zone, NULL, 0);
    prepare(&after, 3, 200);
    add(&after, "example", NIB_NS, "c.example");
    add(&after, "example", NIB_NS, "b.example");
    add(&after, "example", NIB_NS, "a.example");
    assert_int_equal(nib_zone_number(&after.zone, &before.zone, 2), 3);
    assert_string_equal(
        walked(&after), "0 example a.example\n1 example b.example\n2 example c.example\n");
    /* the order of asking is the file's */
    assert_string_equal(all_of(&after, "example", NIB_NS), "c.example b.example a.example ");
    free(before.memory);
    free(after.memory);
}

static void a_number_that_was_given_up_is_not_used_again(void **state)
{
    (void)state;
    struct fixture zones[3];
    for (int i = 0; i < 3; i++)
        prepare(&zones[i], 1, 100);
    add(&zones[0], "a.example", NIB_A, "192.0.2.1");
    add(&zones[1], "b.example", NIB_A, "192.0.2.2");
    add(&zones[2], "a.example", NIB_A, "192.0.2.1");
    uint64_t next = nib_zone_number(&zones[0].zone, NULL, 0);
    next = nib_zone_number(&zones[1].zone, &zones[0].zone, next);
    next = nib_zone_number(&zones[2].zone, &zones[1].zone, next);
    assert_int_equal(next, 3);
    assert_string_equal(walked(&zones[1]), "1 b.example 192.0.2.2\n");
    assert_string_equal(walked(&zones[2]), "2 a.example 192.0.2.1\n");
    for (int i = 0; i < 3; i++)
        free(zones[i].memory);
}

static void a_zone_of_no_records_has_nothing_to_find_walk_or_number(void **state)
{
    (void)state;
    struct fixture f, g;
    struct nib_rr rr;
    prepare(&f, 0, 0);
    assert_false(find(&f, "a", NIB_A, &rr));
    assert_string_equal(walked(&f), "");
    assert_int_equal(nib_zone_number(&f.zone, NULL, 5), 5);
    assert_int_equal(add(&f, "a", NIB_A, "192.0.2.1"), NIB_ZONE_FULL);
    prepare(&g, 0, 0);
    assert_int_equal(nib_zone_number(&g.zone, &f.zone, 5), 5);
    free(f.memory);
    free(g.memory);
}

static void a_zone_of_one_record_works(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 1, 10);
    assert_int_equal(add(&f, "a", NIB_A, "192.0.2.1"), NIB_ZONE_ADDED);
    assert_int_equal(nib_zone_number(&f.zone, NULL, 0), 1);
    assert_string_equal(walked(&f), "0 a 192.0.2.1\n");
    free(f.memory);
}

static void a_zone_of_a_million_records_finds_each(void **state)
{
    (void)state;
    enum { MILLION = 1000000 };
    struct fixture f;
    struct nib_rr rr;
    char name[32];
    prepare(&f, MILLION, (size_t)MILLION * 30);
    for (int i = 0; i < MILLION; i++) {
        snprintf(name, sizeof name, "host-%d.csusm.edu", i);
        assert_int_equal(add(&f, name, NIB_A, "192.0.2.1"), NIB_ZONE_ADDED);
    }
    assert_int_equal(nib_zone_number(&f.zone, NULL, 0), MILLION);
    for (int i = 0; i < MILLION; i++) {
        snprintf(name, sizeof name, "HOST-%d.csusm.edu", i);
        assert_true(find(&f, name, NIB_A, &rr));
        assert_int_equal(rr.no, i);
    }
    assert_false(find(&f, "host-1000000.csusm.edu", NIB_A, &rr));
    uint64_t n = 0;
    struct nib_zone_walk walk = {0};
    while (nib_zone_walk(&f.zone, &walk, &rr))
        assert_int_equal(rr.no, n++);
    assert_int_equal(n, MILLION);
    free(f.memory);
}

/* The model: a list in the order of the file, and one of the numbers that were ever given. */
enum { MODEL_MAX = 12, ROUNDS = 400 };

struct model {
    struct nib_rr rrs[MODEL_MAX];
    uint32_t n;
};

/* Lower and upper case of a name stand behind one another: they are the same name. */
static const char *const names[] = {"a", "A", "b.example", "B.EXAMPLE", "x-1._tcp.c", "X-1._TCP.c"};
static const struct {
    enum nib_type type;
    const char *result;
} results[] = {{NIB_A, "192.0.2.1"}, {NIB_A, "192.0.2.2"}, {NIB_AAAA, "::1"}, {NIB_CNAME, "t"},
    {NIB_NS, "n1"}, {NIB_NS, "N1"}, {NIB_NS, "n2"}, {NIB_NS, "n3"}};

static bool same_in_any_case(struct nib_text a, struct nib_text b)
{
    bool same = a.len == b.len;
    for (size_t i = 0; same && i < a.len; i++) {
        char x = a.ptr[i], y = b.ptr[i];
        x = (char)(x >= 'A' && x <= 'Z' ? x + 32 : x);
        y = (char)(y >= 'A' && y <= 'Z' ? y + 32 : y);
        same = x == y;
    }
    return same;
}

static enum nib_zone_add model_add(struct model *model, const struct nib_rr *rr, uint32_t max)
{
    bool twice = false, cname = false;
    for (uint32_t i = 0; i < model->n; i++) {
        const struct nib_rr *r = &model->rrs[i];
        if (!same_in_any_case(r->name, rr->name))
            continue;
        if (r->type == rr->type)
            twice |= r->type != NIB_NS || same_in_any_case(r->result, rr->result);
        else
            cname |= r->type == NIB_CNAME || rr->type == NIB_CNAME;
    }
    if (model->n == max)
        return NIB_ZONE_FULL;
    if (twice || cname)
        return twice ? NIB_ZONE_TWICE : NIB_ZONE_CNAME;
    model->rrs[model->n++] = *rr;
    return NIB_ZONE_ADDED;
}

static void model_number(struct model *model, const struct model *old, uint64_t *next_no)
{
    for (uint32_t i = 0; i < model->n; i++) {
        struct nib_rr *r = &model->rrs[i];
        uint32_t j = 0;
        while (j < old->n &&
               (old->rrs[j].type != r->type || !nib_text_same(old->rrs[j].name, r->name) ||
                   !nib_text_same(old->rrs[j].result, r->result)))
            j++;
        r->no = j < old->n ? old->rrs[j].no : (*next_no)++;
    }
}

static void assert_finds_agree(const struct fixture *f, const struct model *model)
{
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        for (unsigned type = 1; type <= 8; type *= 2) {
            struct nib_key k = key(names[n]);
            struct nib_probe probe = nib_zone_begin(&f->zone, k, (enum nib_type)type);
            struct nib_rr rr;
            for (uint32_t i = 0; i < model->n; i++) {
                const struct nib_rr *r = &model->rrs[i];
                if (r->type != type || !same_in_any_case(r->name, k.name))
                    continue;
                assert_true(nib_zone_next(&f->zone, k, (enum nib_type)type, &probe, &rr));
                assert_same_text(rr.name, r->name);
                assert_same_text(rr.result, r->result);
                assert_int_equal(rr.no, r->no);
            }
            assert_false(nib_zone_next(&f->zone, k, (enum nib_type)type, &probe, &rr));
        }
}

/* The walk shows what the list has, and the numbers only rise. */
static void assert_walk_agrees(const struct fixture *f, const struct model *model)
{
    struct nib_zone_walk walk = {0};
    struct nib_rr rr;
    uint64_t last = 0;
    for (uint32_t i = 0; i < model->n; i++) {
        uint32_t j = 0;
        assert_true(nib_zone_walk(&f->zone, &walk, &rr));
        assert_true(i == 0 || rr.no > last);
        last = rr.no;
        while (j < model->n && model->rrs[j].no != rr.no)
            j++;
        assert_int_not_equal(j, model->n);
        assert_same_text(rr.name, model->rrs[j].name);
        assert_same_text(rr.result, model->rrs[j].result);
    }
    assert_false(nib_zone_walk(&f->zone, &walk, &rr));
}

static void random_zones_and_reloads_agree_with_a_list(void **state)
{
    (void)state;
    struct rng rng = dice_init();
    struct fixture zones[2];
    struct model models[2];
    uint64_t next = 0, model_next = 0;
    prepare(&zones[0], 0, 0);
    models[0].n = 0;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t max = dice_below(&rng, MODEL_MAX);
        prepare(&zones[1], max, (size_t)max * 20);
        models[1].n = 0;
        for (int step = 0; step < 20; step++) {
            size_t i = dice_below(&rng, sizeof results / sizeof results[0]);
            const char *name = names[dice_below(&rng, sizeof names / sizeof names[0])];
            struct nib_rr rr = rr_of(name, results[i].type, results[i].result);
            assert_int_equal(nib_zone_add(&zones[1].zone, &rr), model_add(&models[1], &rr, max));
        }
        next = nib_zone_number(&zones[1].zone, &zones[0].zone, next);
        model_number(&models[1], &models[0], &model_next);
        assert_int_equal(next, model_next);
        assert_finds_agree(&zones[1], &models[1]);
        assert_walk_agrees(&zones[1], &models[1]);
        free(zones[0].memory);
        zones[0] = zones[1];
        models[0] = models[1];
    }
    free(zones[0].memory);
}

static void what_is_new_since_another_zone_is_counted(void **state)
{
    (void)state;
    struct fixture before, after;
    prepare(&before, 4, 200);
    add(&before, "a.example", NIB_A, "192.0.2.1");
    add(&before, "b.example", NIB_A, "192.0.2.2");
    add(&before, "c.example", NIB_A, "192.0.2.3");
    (void)nib_zone_number(&before.zone, NULL, 0);
    prepare(&after, 5, 200);
    add(&after, "a.example", NIB_A, "192.0.2.1");
    add(&after, "B.example", NIB_A, "192.0.2.2"); /* another case is another text */
    add(&after, "c.example", NIB_A, "192.0.2.33");
    add(&after, "d.example", NIB_A, "192.0.2.4");
    assert_int_equal(nib_zone_count_new(&after.zone, NULL), 4);
    assert_int_equal(nib_zone_count_new(&after.zone, &before.zone), 3);
    assert_int_equal(nib_zone_count_new(&before.zone, &before.zone), 0);
    free(before.memory);
    free(after.memory);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Among so many names two have the same tag: it stands above the name's number in a word. */
static void two_names_of_one_tag_are_told_apart(void **state)
{
    (void)state;
    enum { MANY = 60000 };
    struct fixture f;
    struct nib_rr rr;
    char a[16], b[16];
    uint64_t *list = zeroed(MANY * sizeof *list);
    size_t at = 1;
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(a, sizeof a, "n%05u", i);
        list[i] = (uint64_t)nib_index_tag(key(a).hash, NIB_A) << 32 | i;
    }
    qsort(list, MANY, sizeof *list, by_value);
    while (at < MANY && list[at] >> 32 != list[at - 1] >> 32)
        at++;
    assert_true(at < MANY);
    snprintf(a, sizeof a, "n%05u", (uint32_t)list[at - 1]);
    snprintf(b, sizeof b, "n%05u", (uint32_t)list[at]);
    free(list);
    prepare(&f, 4, 200);
    assert_int_equal(add(&f, a, NIB_A, "192.0.2.1"), NIB_ZONE_ADDED);
    assert_false(find(&f, b, NIB_A, &rr));
    assert_int_equal(add(&f, b, NIB_A, "192.0.2.2"), NIB_ZONE_ADDED);
    assert_int_equal(add(&f, b, NIB_A, "192.0.2.3"), NIB_ZONE_TWICE);
    assert_int_equal(add(&f, b, NIB_CNAME, a), NIB_ZONE_CNAME);
    assert_true(find(&f, b, NIB_A, &rr));
    assert_text(rr.result, "192.0.2.2");
    free(f.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_found_as_it_was_written),
        cmocka_unit_test(the_zone_keeps_a_copy_of_the_texts),
        cmocka_unit_test(a_name_is_found_in_any_case),
        cmocka_unit_test(another_name_or_type_is_not_found_and_touches_nothing),
        cmocka_unit_test(each_type_of_a_name_stands_for_itself),
        cmocka_unit_test(several_name_servers_of_a_domain_stand_in_their_order),
        cmocka_unit_test(one_name_server_stands_once_in_whatever_case),
        cmocka_unit_test(every_other_key_stands_once),
        cmocka_unit_test(a_name_with_a_cname_has_no_other_record),
        cmocka_unit_test(a_refused_record_leaves_no_trace),
        cmocka_unit_test(more_records_than_there_is_room_for_are_refused),
        cmocka_unit_test(more_text_than_there_is_room_for_is_refused),
        cmocka_unit_test(the_promised_room_is_enough_whatever_the_padding),
        cmocka_unit_test(as_many_records_of_one_length_as_were_promised_fit),
        cmocka_unit_test(the_longest_texts_are_kept),
        cmocka_unit_test(a_first_zone_is_numbered_in_the_order_of_its_file),
        cmocka_unit_test(numbering_ends_with_the_last_record),
        cmocka_unit_test(after_a_reload_unchanged_records_keep_their_numbers_and_new_ones_follow),
        cmocka_unit_test(name_servers_keep_their_numbers_one_by_one),
        cmocka_unit_test(a_number_that_was_given_up_is_not_used_again),
        cmocka_unit_test(a_zone_of_no_records_has_nothing_to_find_walk_or_number),
        cmocka_unit_test(a_zone_of_one_record_works),
        cmocka_unit_test(a_zone_of_a_million_records_finds_each),
        cmocka_unit_test(random_zones_and_reloads_agree_with_a_list),
        cmocka_unit_test(what_is_new_since_another_zone_is_counted),
        cmocka_unit_test(two_names_of_one_tag_are_told_apart),
    };
    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
