#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/cache.h"

enum { SEED = 11 };

/* Some time after the clock's zero, so that nothing rests on beginning at 0. */
static const nib_ms T0 = 5000;

struct fixture {
    struct nib_cache cache;
    void *memory;
    uint64_t next_no;
};

static void prepare(struct fixture *f, uint32_t max)
{
    f->memory = zeroed(nib_cache_bytes(max));
    f->next_no = 0;
    nib_cache_init(&f->cache, f->memory, max, SEED);
}

static struct nib_key key(const char *name)
{
    return nib_key_of(text_of(name), SEED);
}

/* Stores with the next number, which a record that is not stored does not use. */
static bool store(struct fixture *f, nib_ms now, const char *name, enum nib_type type,
    const char *result, uint32_t ttl_s)
{
    struct nib_rr rr = rr_of(name, type, result);
    rr.no = f->next_no;
    rr.ttl_s = ttl_s;
    bool stored = nib_cache_store(&f->cache, now, &rr);
    f->next_no += stored;
    return stored;
}

static bool store_a(struct fixture *f, nib_ms now, const char *name, uint32_t ttl_s)
{
    return store(f, now, name, NIB_A, "192.0.2.1", ttl_s);
}

static bool lives(const struct fixture *f, nib_ms now, const char *name)
{
    struct nib_rr rr;
    return nib_cache_find(&f->cache, now, key(name), NIB_A, &rr);
}

/* What is left of the TTL of an A record, 0 when it is gone. */
static uint32_t ttl_left(const struct fixture *f, nib_ms now, const char *name)
{
    struct nib_rr rr = {.ttl_s = 0};
    (void)nib_cache_find(&f->cache, now, key(name), NIB_A, &rr);
    return rr.ttl_s;
}

/* All that lives, as `number name ttl` with a newline each. */
static const char *walked(const struct fixture *f, nib_ms now)
{
    static char lines[2048];
    uint32_t walk = 0;
    struct nib_rr rr;
    size_t at = 0;
    lines[0] = '\0';
    while (nib_cache_walk(&f->cache, now, &walk, &rr))
        at += (size_t)snprintf(lines + at, sizeof lines - at, "%llu %.*s %u\n",
            (unsigned long long)rr.no, (int)rr.name.len, rr.name.ptr, rr.ttl_s);
    return lines;
}

static void a_record_is_found_as_it_came(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr;
    prepare(&f, 4);
    f.next_no = 4;
    assert_true(store(&f, T0, "Shop.amazone.COM", NIB_A, "3.33.147.88", 60));
    assert_true(nib_cache_find(&f.cache, T0, key("shop.AMAZONE.com"), NIB_A, &rr));
    assert_int_equal(rr.no, 4);
    assert_text(rr.name, "Shop.amazone.COM");
    assert_int_equal(rr.type, NIB_A);
    assert_text(rr.result, "3.33.147.88");
    assert_int_equal(rr.ttl_s, 60);
    assert_false(rr.is_static);
    free(f.memory);
}

static void the_cache_keeps_a_copy_of_the_texts(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr;
    char name[] = "shop.amazone.com", result[] = "3.33.147.88";
    prepare(&f, 4);
    assert_true(store(&f, T0, name, NIB_A, result, 60));
    memset(name, 'x', sizeof name - 1);
    memset(result, 'x', sizeof result - 1);
    assert_true(nib_cache_find(&f.cache, T0, key("shop.amazone.com"), NIB_A, &rr));
    assert_text(rr.name, "shop.amazone.com");
    assert_text(rr.result, "3.33.147.88");
    free(f.memory);
}

static void another_name_or_type_is_not_found_and_touches_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr = rr_of("untouched", NIB_NS, "untouched");
    prepare(&f, 4);
    store_a(&f, T0, "shop.amazone.com", 60);
    assert_false(nib_cache_find(&f.cache, T0, key("shop.amazone.com"), NIB_AAAA, &rr));
    assert_false(nib_cache_find(&f.cache, T0, key("shop.amazone.co"), NIB_A, &rr));
    assert_text(rr.name, "untouched");
    free(f.memory);
}

static void types_of_one_name_live_side_by_side(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr;
    prepare(&f, 4);
    assert_true(store(&f, T0, "a", NIB_A, "192.0.2.1", 10));
    assert_true(store(&f, T0, "a", NIB_AAAA, "::1", 20));
    assert_true(nib_cache_find(&f.cache, T0, key("a"), NIB_AAAA, &rr));
    assert_text(rr.result, "::1");
    nib_cache_remove(&f.cache, key("a"), NIB_AAAA);
    assert_true(lives(&f, T0, "a"));
    free(f.memory);
}

/* NIB-7.4 */
static void the_ttl_loses_one_for_every_whole_second(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 1);
    store_a(&f, T0, "a", 3);
    assert_int_equal(ttl_left(&f, T0, "a"), 3);
    assert_int_equal(ttl_left(&f, T0 + 1, "a"), 3);
    assert_int_equal(ttl_left(&f, T0 + 999, "a"), 3);
    assert_int_equal(ttl_left(&f, T0 + 1000, "a"), 2);
    assert_int_equal(ttl_left(&f, T0 + 1001, "a"), 2);
    assert_int_equal(ttl_left(&f, T0 + 1999, "a"), 2);
    assert_int_equal(ttl_left(&f, T0 + 2000, "a"), 1);
    free(f.memory);
}

static void a_record_lives_to_the_last_millisecond_of_its_ttl_and_no_longer(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 1);
    store_a(&f, T0, "a", 60);
    assert_int_equal(ttl_left(&f, T0 + 59999, "a"), 1);
    assert_string_equal(walked(&f, T0 + 59999), "0 a 1\n");
    assert_false(lives(&f, T0 + 60000, "a"));
    assert_string_equal(walked(&f, T0 + 60000), "");
    assert_false(lives(&f, T0 + 60001, "a"));
    assert_string_equal(walked(&f, T0 + 60001), "");
    free(f.memory);
}

static void the_longest_ttl_is_kept_whole(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 1);
    assert_true(store_a(&f, T0, "a", NIB_TTL_MAX));
    assert_int_equal(ttl_left(&f, T0, "a"), NIB_TTL_MAX);
    assert_int_equal(ttl_left(&f, T0 + (nib_ms)NIB_TTL_MAX * 1000 - 1, "a"), 1);
    assert_false(lives(&f, T0 + (nib_ms)NIB_TTL_MAX * 1000, "a"));
    free(f.memory);
}

/* NIB-7.6 */
static void a_ttl_of_zero_is_never_stored(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 1);
    assert_false(store_a(&f, T0, "a", 0));
    assert_int_equal(f.cache.n, 0);
    free(f.memory);
}

/* NIB-7.5 */
static void while_a_record_lives_another_answer_changes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_rr rr;
    prepare(&f, 4);
    assert_true(store(&f, T0, "a.example", NIB_A, "192.0.2.1", 10));
    assert_false(store(&f, T0 + 9999, "A.EXAMPLE", NIB_A, "192.0.2.2", 100));
    assert_true(nib_cache_find(&f.cache, T0 + 9999, key("a.example"), NIB_A, &rr));
    assert_int_equal(rr.no, 0);
    assert_text(rr.name, "a.example");
    assert_text(rr.result, "192.0.2.1");
    assert_int_equal(rr.ttl_s, 1);
    free(f.memory);
}

static void a_record_that_expired_is_replaced_whether_or_not_it_was_swept(void **state)
{
    (void)state;
    for (int swept = 0; swept < 2; swept++) {
        struct fixture f;
        struct nib_rr rr;
        prepare(&f, 4);
        store(&f, T0, "a.example", NIB_A, "192.0.2.1", 10);
        assert_int_equal(nib_cache_expire(&f.cache, T0 + 10000, swept ? 9 : 0), swept);
        assert_true(store(&f, T0 + 10000, "A.example", NIB_A, "192.0.2.2", 5));
        assert_true(nib_cache_find(&f.cache, T0 + 10000, key("a.example"), NIB_A, &rr));
        assert_text(rr.name, "A.example");
        assert_text(rr.result, "192.0.2.2");
        assert_string_equal(walked(&f, T0 + 10000), "1 A.example 5\n");
        assert_int_equal(f.cache.n, 1);
        free(f.memory);
    }
}

static void sweeping_removes_what_expired_and_no_more_than_asked(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 4);
    store_a(&f, T0, "a", 3);
    store_a(&f, T0, "b", 1);
    store_a(&f, T0, "c", 2);
    store_a(&f, T0, "d", 1);
    assert_int_equal(nib_cache_expire(&f.cache, T0 + 999, 9), 0);
    assert_int_equal(nib_cache_expire(&f.cache, T0 + 1000, 1), 1);
    assert_int_equal(f.cache.n, 3);
    assert_int_equal(nib_cache_expire(&f.cache, T0 + 2000, 9), 2);
    assert_int_equal(f.cache.n, 1);
    assert_true(lives(&f, T0 + 2000, "a"));
    assert_int_equal(f.cache.text_octets, strlen("a") + strlen("192.0.2.1"));
    free(f.memory);
}

static void a_removed_record_is_gone_and_removing_nothing_is_fine(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 4);
    store_a(&f, T0, "a", 60);
    store_a(&f, T0, "b", 60);
    nib_cache_remove(&f.cache, key("c"), NIB_A);
    nib_cache_remove(&f.cache, key("a"), NIB_AAAA);
    assert_int_equal(f.cache.n, 2);
    nib_cache_remove(&f.cache, key("A"), NIB_A);
    assert_false(lives(&f, T0, "a"));
    assert_string_equal(walked(&f, T0), "1 b 60\n");
    free(f.memory);
}

static void the_walk_shows_what_lives_in_the_order_of_numbers(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 8);
    store_a(&f, T0, "e", 50);
    store_a(&f, T0, "d", 10);
    store_a(&f, T0, "c", 40);
    store_a(&f, T0, "b", 20);
    store_a(&f, T0, "a", 30);
    assert_string_equal(walked(&f, T0), "0 e 50\n1 d 10\n2 c 40\n3 b 20\n4 a 30\n");
    assert_string_equal(walked(&f, T0 + 20000), "0 e 30\n2 c 20\n4 a 10\n");
    nib_cache_remove(&f.cache, key("c"), NIB_A); /* from the middle */
    nib_cache_remove(&f.cache, key("e"), NIB_A); /* from the one end */
    nib_cache_remove(&f.cache, key("a"), NIB_A); /* from the other */
    assert_string_equal(walked(&f, T0), "1 d 10\n3 b 20\n");
    store_a(&f, T0, "f", 5); /* in the place of a freed one */
    assert_string_equal(walked(&f, T0), "1 d 10\n3 b 20\n5 f 5\n");
    free(f.memory);
}

/* NIB-7.8 */
static void when_full_the_first_to_expire_makes_room(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 3);
    store_a(&f, T0, "a", 30);
    store_a(&f, T0, "b", 10);
    store_a(&f, T0, "c", 20);
    assert_true(store_a(&f, T0 + 1, "d", 5));
    assert_string_equal(walked(&f, T0 + 1), "0 a 30\n2 c 20\n3 d 5\n");
    assert_int_equal(f.cache.evicted, 1);
    assert_true(store_a(&f, T0 + 2, "e", 100)); /* the newest would expire first */
    assert_string_equal(walked(&f, T0 + 2), "0 a 30\n2 c 20\n4 e 100\n");
    assert_int_equal(f.cache.evicted, 2);
    free(f.memory);
}

static void when_full_of_expired_records_no_living_one_goes(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 3);
    store_a(&f, T0, "a", 30);
    store_a(&f, T0, "b", 10);
    store_a(&f, T0, "c", 20);
    assert_true(store_a(&f, T0 + 10000, "d", 60));
    assert_string_equal(walked(&f, T0 + 10000), "0 a 20\n2 c 10\n3 d 60\n");
    assert_int_equal(f.cache.evicted, 0);
    free(f.memory);
}

static void when_full_a_key_that_lives_evicts_nobody(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 2);
    store_a(&f, T0, "a", 30);
    store_a(&f, T0, "b", 10);
    assert_false(store_a(&f, T0, "b", 60));
    assert_false(store_a(&f, T0, "c", 0));
    assert_string_equal(walked(&f, T0), "0 a 30\n1 b 10\n");
    assert_int_equal(f.cache.evicted, 0);
    free(f.memory);
}

static void a_cache_for_no_records_stores_nothing(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 0);
    assert_false(store_a(&f, T0, "a", 60));
    assert_false(lives(&f, T0, "a"));
    nib_cache_remove(&f.cache, key("a"), NIB_A);
    assert_int_equal(nib_cache_expire(&f.cache, T0 + 60000, 9), 0);
    assert_string_equal(walked(&f, T0), "");
    free(f.memory);
}

static void a_cache_for_one_record_keeps_the_newest(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 1);
    assert_true(store_a(&f, T0, "a", 60));
    assert_true(store_a(&f, T0, "b", 30));
    assert_string_equal(walked(&f, T0), "1 b 30\n");
    assert_true(store_a(&f, T0, "c", 90));
    assert_string_equal(walked(&f, T0), "2 c 90\n");
    assert_int_equal(f.cache.evicted, 2);
    free(f.memory);
}

/* Names and results around every size of slot, all of them twice, then in each other's slots. */
static void texts_of_every_length_stay_whole_beside_each_other(void **state)
{
    (void)state;
    static const size_t totals[] = {
        2, 39, 40, 41, 79, 80, 81, 159, 160, 161, 320, 505, 2 * NIB_NAME_MAX};
    enum { TOTALS = sizeof totals / sizeof totals[0], RECORDS = 2 * TOTALS };
    struct fixture f;
    struct nib_rr rr;
    char name[NIB_NAME_MAX + 1], result[NIB_NAME_MAX + 1];
    prepare(&f, RECORDS);
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < RECORDS; i++) {
            size_t total = totals[(i + (size_t)pass) % TOTALS];
            fill_name(name, total / 2, (char)('a' + i));
            fill_name(result, total - total / 2, (char)('A' + i));
            assert_true(store(&f, T0, name, NIB_CNAME, result, 60));
        }
        for (size_t i = 0; i < RECORDS; i++) {
            size_t total = totals[(i + (size_t)pass) % TOTALS];
            fill_name(name, total / 2, (char)('a' + i));
            fill_name(result, total - total / 2, (char)('A' + i));
            assert_true(nib_cache_find(&f.cache, T0, key(name), NIB_CNAME, &rr));
            assert_text(rr.name, name);
            assert_text(rr.result, result);
            nib_cache_remove(&f.cache, key(name), NIB_CNAME);
        }
        assert_int_equal(f.cache.n, 0);
        assert_int_equal(f.cache.text_octets, 0);
    }
    assert_int_equal(f.cache.evicted, 0);
    free(f.memory);
}

/* The model: all that was stored and not replaced, removed or evicted, in the order of numbers. */
enum { NAMES = 10, MODEL_MAX = 200 };

struct entry {
    uint64_t no;
    uint32_t name; /* of the pool */
    enum nib_type type;
    char result[NIB_NAME_MAX + 1];
    nib_ms due;
};

struct model {
    char names[NAMES][NIB_NAME_MAX + 1];
    struct entry entries[MODEL_MAX];
    uint32_t n;
    uint64_t evicted;
};

static void model_remove(struct model *model, uint32_t i)
{
    model->n--;
    memmove(&model->entries[i], &model->entries[i + 1], (model->n - i) * sizeof model->entries[0]);
}

static void model_expire(struct model *model, nib_ms now)
{
    for (uint32_t i = model->n; i-- > 0;)
        if (model->entries[i].due <= now)
            model_remove(model, i);
}

static uint32_t model_find(const struct model *model, uint32_t name, enum nib_type type)
{
    uint32_t i = 0;
    while (i < model->n && (model->entries[i].name != name || model->entries[i].type != type))
        i++;
    return i;
}

/* Exactly one went of those that would have expired first; among equals any may. */
static void model_evict(struct model *model, const struct nib_cache *cache, nib_ms now)
{
    nib_ms first = NIB_NEVER;
    uint32_t gone = MODEL_MAX;
    for (uint32_t i = 0; i < model->n; i++)
        if (model->entries[i].due < first)
            first = model->entries[i].due;
    for (uint32_t i = 0; i < model->n; i++) {
        struct nib_rr rr;
        const struct entry *e = &model->entries[i];
        if (nib_cache_find(cache, now, key(model->names[e->name]), e->type, &rr))
            continue;
        assert_true(e->due == first);
        assert_int_equal(gone, MODEL_MAX);
        gone = i;
    }
    assert_int_not_equal(gone, MODEL_MAX);
    model_remove(model, gone);
    model->evicted++;
}

static void assert_entry(
    const struct model *model, const struct entry *e, nib_ms now, const struct nib_rr *rr)
{
    assert_int_equal(rr->no, e->no);
    assert_int_equal(rr->type, e->type);
    assert_text(rr->name, model->names[e->name]);
    assert_text(rr->result, e->result);
    uint32_t left = 0; /* the whole seconds that a wait for the end begins */
    for (nib_ms t = now; t < e->due; t += 1000)
        left++;
    assert_int_equal(rr->ttl_s, left);
}

static void assert_agrees(const struct model *model, const struct nib_cache *cache, nib_ms now)
{
    static const enum nib_type types[] = {NIB_TYPES(NIB_TYPE_SYMBOL)};
    struct nib_rr rr;
    uint32_t walk = 0;
    for (uint32_t i = 0; i < model->n; i++) {
        assert_true(nib_cache_walk(cache, now, &walk, &rr));
        assert_entry(model, &model->entries[i], now, &rr);
    }
    assert_false(nib_cache_walk(cache, now, &walk, &rr));
    for (uint32_t name = 0; name < NAMES; name++)
        for (size_t t = 0; t < NIB_TYPE_COUNT; t++) {
            uint32_t i = model_find(model, name, types[t]);
            bool found = nib_cache_find(cache, now, key(model->names[name]), types[t], &rr);
            assert_int_equal(found, i < model->n);
            if (found)
                assert_entry(model, &model->entries[i], now, &rr);
        }
    assert_int_equal(cache->evicted, model->evicted);
}

static void model_store(
    struct model *model, struct fixture *f, nib_ms now, struct rng *rng, uint32_t name)
{
    static const enum nib_type types[] = {NIB_TYPES(NIB_TYPE_SYMBOL)};
    struct entry e = {
        .no = f->next_no, .name = name, .type = types[dice_below(rng, NIB_TYPE_COUNT)]};
    uint32_t ttl_s = dice_below(rng, 6);
    fill_name(e.result, 1 + dice_below(rng, NIB_NAME_MAX), (char)('a' + dice_below(rng, 26)));
    e.due = now + (nib_ms)ttl_s * 1000;
    bool want = ttl_s > 0 && model_find(model, name, e.type) == model->n && f->cache.max > 0;
    bool full = model->n == f->cache.max;
    assert_int_equal(store(f, now, model->names[name], e.type, e.result, ttl_s), want);
    if (want && full)
        model_evict(model, &f->cache, now);
    if (want)
        model->entries[model->n++] = e;
}

static void random_operations_agree_with_an_array(void **state)
{
    (void)state;
    struct rng rng = dice_init();
    for (int round = 0; round < 40; round++) {
        static struct model model;
        struct fixture f;
        nib_ms now = dice_below(&rng, 10000);
        model = (struct model){.n = 0};
        prepare(&f, dice_below(&rng, 12));
        for (uint32_t i = 0; i < NAMES; i++)
            fill_name(model.names[i], 1 + dice_below(&rng, NIB_NAME_MAX), (char)('a' + i));
        for (int step = 0; step < 150; step++) {
            uint32_t name = dice_below(&rng, NAMES);
            switch (dice_below(&rng, 8)) {
            case 0:
                now += dice_below(&rng, 4) == 0 ? 1000 : dice_below(&rng, 1500);
                model_expire(&model, now);
                break;
            case 1:
                nib_cache_remove(&f.cache, key(model.names[name]), NIB_A);
                if (model_find(&model, name, NIB_A) < model.n)
                    model_remove(&model, model_find(&model, name, NIB_A));
                break;
            case 2:
                assert_true(nib_cache_expire(&f.cache, now, 1) <= 1);
                break;
            case 3:
                (void)nib_cache_expire(&f.cache, now, UINT32_MAX);
                assert_int_equal(f.cache.n, model.n);
                break;
            default:
                model_store(&model, &f, now, &rng, name);
            }
            assert_agrees(&model, &f.cache, now);
        }
        free(f.memory);
    }
}

static int by_tag(const void *a, const void *b)
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
    qsort(list, MANY, sizeof *list, by_tag);
    while (at < MANY && list[at] >> 32 != list[at - 1] >> 32)
        at++;
    assert_true(at < MANY);
    snprintf(a, sizeof a, "n%05u", (uint32_t)list[at - 1]);
    snprintf(b, sizeof b, "n%05u", (uint32_t)list[at]);
    free(list);
    prepare(&f, 4);
    assert_true(store(&f, T0, a, NIB_A, "192.0.2.1", 60));
    assert_false(nib_cache_find(&f.cache, T0, key(b), NIB_A, &rr));
    assert_true(store(&f, T0, b, NIB_A, "192.0.2.2", 60));
    assert_true(nib_cache_find(&f.cache, T0, key(a), NIB_A, &rr));
    assert_text(rr.result, "192.0.2.1");
    nib_cache_remove(&f.cache, key(a), NIB_A);
    assert_false(nib_cache_find(&f.cache, T0, key(a), NIB_A, &rr));
    assert_true(nib_cache_find(&f.cache, T0, key(b), NIB_A, &rr));
    assert_text(rr.result, "192.0.2.2");
    free(f.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_found_as_it_came),
        cmocka_unit_test(the_cache_keeps_a_copy_of_the_texts),
        cmocka_unit_test(another_name_or_type_is_not_found_and_touches_nothing),
        cmocka_unit_test(types_of_one_name_live_side_by_side),
        cmocka_unit_test(the_ttl_loses_one_for_every_whole_second),
        cmocka_unit_test(a_record_lives_to_the_last_millisecond_of_its_ttl_and_no_longer),
        cmocka_unit_test(the_longest_ttl_is_kept_whole),
        cmocka_unit_test(a_ttl_of_zero_is_never_stored),
        cmocka_unit_test(while_a_record_lives_another_answer_changes_nothing),
        cmocka_unit_test(a_record_that_expired_is_replaced_whether_or_not_it_was_swept),
        cmocka_unit_test(sweeping_removes_what_expired_and_no_more_than_asked),
        cmocka_unit_test(a_removed_record_is_gone_and_removing_nothing_is_fine),
        cmocka_unit_test(the_walk_shows_what_lives_in_the_order_of_numbers),
        cmocka_unit_test(when_full_the_first_to_expire_makes_room),
        cmocka_unit_test(when_full_of_expired_records_no_living_one_goes),
        cmocka_unit_test(when_full_a_key_that_lives_evicts_nobody),
        cmocka_unit_test(a_cache_for_no_records_stores_nothing),
        cmocka_unit_test(a_cache_for_one_record_keeps_the_newest),
        cmocka_unit_test(texts_of_every_length_stay_whole_beside_each_other),
        cmocka_unit_test(random_operations_agree_with_an_array),
        cmocka_unit_test(two_names_of_one_tag_are_told_apart),
    };
    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
