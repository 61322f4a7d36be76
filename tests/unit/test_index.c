#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/index.h"

static struct nib_index index_for(size_t entries)
{
    uint32_t n = (uint32_t)nib_index_buckets(entries);
    return (struct nib_index){zeroed(n * sizeof(struct nib_bucket)), n};
}

/* The i-th tag, of kind 8, whose home is that bucket. */
static uint32_t tag_at_home(const struct nib_index *index, uint32_t home, uint32_t i)
{
    uint64_t first = (((uint64_t)home << 32) + index->n - 1) / index->n;
    uint32_t tag = (uint32_t)((first + 15) & ~(uint64_t)15) + 16 * i + 8;
    assert_int_equal(nib_index_home(index, tag), home);
    return tag;
}

/* The references under a tag are exactly these, in this order; a 0 ends them. */
static void assert_refs(const struct nib_index *index, uint32_t tag, const uint32_t *refs)
{
    struct nib_probe probe = nib_index_begin(index, tag);
    for (; *refs != 0; refs++)
        assert_int_equal(nib_index_next(index, tag, &probe), *refs);
    assert_int_equal(nib_index_next(index, tag, &probe), 0);
}

#define REFS(...) ((const uint32_t[]){__VA_ARGS__, 0})
#define NO_REFS ((const uint32_t[]){0})

static void a_tag_is_28_bits_of_hash_and_4_of_kind(void **state)
{
    (void)state;
    assert_int_equal(nib_index_tag(0x123456789abcdef0u, 0), 0x12345670);
    assert_int_equal(nib_index_tag(0x123456789abcdef0u, 8), 0x12345678);
    assert_int_equal(nib_index_tag(UINT64_MAX, 1), 0xfffffff1);
}

static void two_thirds_of_the_buckets_hold_the_entries_and_one_is_always_empty(void **state)
{
    (void)state;
    assert_int_equal(nib_index_buckets(0), 2);
    assert_int_equal(nib_index_buckets(1), 3);
    assert_int_equal(nib_index_buckets(100000), 150002);
}

static void an_index_for_no_entries_finds_nothing(void **state)
{
    (void)state;
    struct nib_index index = index_for(0);
    assert_refs(&index, nib_index_tag(0, 8), NO_REFS);
    assert_refs(&index, nib_index_tag(UINT64_MAX, 8), NO_REFS);
    free(index.buckets);
}

static void one_tag_gives_its_references_in_the_order_of_insertion(void **state)
{
    (void)state;
    struct nib_index index = index_for(4);
    uint32_t tag = tag_at_home(&index, 2, 0), other = tag_at_home(&index, 2, 1);
    nib_index_insert(&index, tag, 30);
    nib_index_insert(&index, other, 5);
    nib_index_insert(&index, tag, 10);
    nib_index_insert(&index, tag, 20);
    assert_refs(&index, tag, REFS(30, 10, 20));
    assert_refs(&index, other, REFS(5));
    assert_refs(&index, tag_at_home(&index, 2, 2), NO_REFS);
    free(index.buckets);
}

static void kinds_of_one_hash_begin_at_one_bucket_and_are_told_apart(void **state)
{
    (void)state;
    struct nib_index index = index_for(2);
    uint64_t hash = 0x8000000000000000u;
    uint32_t a = nib_index_tag(hash, 8), aaaa = nib_index_tag(hash, 4);
    assert_int_equal(nib_index_home(&index, a), nib_index_home(&index, aaaa));
    nib_index_insert(&index, a, 1);
    nib_index_insert(&index, aaaa, 2);
    assert_refs(&index, a, REFS(1));
    assert_refs(&index, aaaa, REFS(2));
    assert_refs(&index, nib_index_tag(hash, 2), NO_REFS);
    free(index.buckets);
}

static void a_run_goes_on_at_the_first_bucket(void **state)
{
    (void)state;
    struct nib_index index = index_for(4);
    uint32_t last = index.n - 1;
    uint32_t a = tag_at_home(&index, last, 0), b = tag_at_home(&index, last, 1);
    uint32_t c = tag_at_home(&index, 0, 0);
    nib_index_insert(&index, a, 1);
    nib_index_insert(&index, b, 2); /* stands in bucket 0 */
    nib_index_insert(&index, c, 3); /* at home in bucket 0, stands in bucket 1 */
    assert_refs(&index, a, REFS(1));
    assert_refs(&index, b, REFS(2));
    assert_refs(&index, c, REFS(3));
    nib_index_remove(&index, a, 1);
    assert_refs(&index, a, NO_REFS);
    assert_refs(&index, b, REFS(2));
    assert_refs(&index, c, REFS(3));
    assert_int_equal(index.buckets[last].ref, 2);
    assert_int_equal(index.buckets[0].ref, 3);
    assert_int_equal(index.buckets[1].ref, 0);
    free(index.buckets);
}

static void removing_leaves_entries_at_home_where_they_are(void **state)
{
    (void)state;
    struct nib_index index = index_for(4);
    uint32_t a = tag_at_home(&index, 1, 0), b = tag_at_home(&index, 2, 0);
    uint32_t c = tag_at_home(&index, 1, 1);
    nib_index_insert(&index, a, 1);
    nib_index_insert(&index, b, 2);
    nib_index_insert(&index, c, 3); /* at home in bucket 1, stands in bucket 3 */
    nib_index_remove(&index, a, 1);
    assert_int_equal(index.buckets[1].ref, 3);
    assert_int_equal(index.buckets[2].ref, 2);
    assert_int_equal(index.buckets[3].ref, 0);
    free(index.buckets);
}

static void of_one_tag_the_entry_with_that_reference_goes(void **state)
{
    (void)state;
    struct nib_index index = index_for(3);
    uint32_t tag = tag_at_home(&index, 0, 0);
    for (uint32_t ref = 1; ref <= 3; ref++)
        nib_index_insert(&index, tag, ref);
    nib_index_remove(&index, tag, 2);
    assert_refs(&index, tag, REFS(1, 3));
    free(index.buckets);
}

/* The model: a list in the order of insertion. */
enum { MODEL_MAX = 12 };
struct model {
    uint32_t tags[MODEL_MAX], refs[MODEL_MAX];
    uint32_t n;
};

/* Where the model has that entry, from i on; n: nowhere. */
static uint32_t place_of(const struct model *model, uint32_t tag, uint32_t ref, uint32_t i)
{
    while (i < model->n && (model->tags[i] != tag || model->refs[i] != ref))
        i++;
    return i;
}

/* Each entry of the tag once, and while nothing was removed in the list's order. */
static void assert_agrees(
    const struct nib_index *index, const struct model *model, uint32_t tag, bool ordered)
{
    uint32_t ref, found = 0, want = 0, from = 0;
    uint64_t seen = 0;
    struct nib_probe probe = nib_index_begin(index, tag);
    while ((ref = nib_index_next(index, tag, &probe)) != 0) {
        uint32_t i = place_of(model, tag, ref, from);
        assert_int_not_equal(i, model->n);
        assert_int_equal(seen >> i & 1, 0);
        seen |= (uint64_t)1 << i;
        from = ordered ? i + 1 : 0;
        found++;
    }
    for (uint32_t i = 0; i < model->n; i++)
        want += model->tags[i] == tag;
    assert_int_equal(found, want);
}

static void random_operations_agree_with_a_list(void **state)
{
    (void)state;
    struct rng rng = dice_init();
    for (int round = 0; round < 300; round++) {
        uint32_t max = 1 + dice_below(&rng, MODEL_MAX), next_ref = 1;
        uint32_t homes = 1 + dice_below(&rng, 4), first_home = dice_below(&rng, max);
        struct nib_index index = index_for(max);
        struct model model = {.n = 0};
        bool removed = false;
        for (int step = 0; step < 100; step++) {
            uint32_t home = (first_home + dice_below(&rng, homes)) % index.n;
            uint32_t tag = tag_at_home(&index, home, dice_below(&rng, 2));
            if (model.n < max && dice_below(&rng, 2) == 0) {
                nib_index_insert(&index, tag, next_ref);
                model.tags[model.n] = tag;
                model.refs[model.n++] = next_ref++;
            } else if (model.n > 0 && (model.n == max || dice_below(&rng, 3) == 0)) {
                uint32_t i = dice_below(&rng, model.n);
                nib_index_remove(&index, model.tags[i], model.refs[i]);
                model.n--;
                model.tags[i] = model.tags[model.n];
                model.refs[i] = model.refs[model.n];
                removed = true;
            }
            for (uint32_t at = 0; at < index.n; at++)
                for (uint32_t i = 0; i < 2; i++)
                    assert_agrees(&index, &model, tag_at_home(&index, at, i), !removed);
        }
        free(index.buckets);
    }
}

static void of_one_reference_the_entry_with_that_tag_goes(void **state)
{
    (void)state;
    struct nib_index index = index_for(4);
    uint32_t first = tag_at_home(&index, 1, 0), second = tag_at_home(&index, 1, 1);
    nib_index_insert(&index, first, 7);
    nib_index_insert(&index, second, 7);
    nib_index_remove(&index, second, 7);
    assert_refs(&index, first, REFS(7));
    assert_refs(&index, second, NO_REFS);
    free(index.buckets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_is_28_bits_of_hash_and_4_of_kind),
        cmocka_unit_test(two_thirds_of_the_buckets_hold_the_entries_and_one_is_always_empty),
        cmocka_unit_test(an_index_for_no_entries_finds_nothing),
        cmocka_unit_test(one_tag_gives_its_references_in_the_order_of_insertion),
        cmocka_unit_test(kinds_of_one_hash_begin_at_one_bucket_and_are_told_apart),
        cmocka_unit_test(a_run_goes_on_at_the_first_bucket),
        cmocka_unit_test(removing_leaves_entries_at_home_where_they_are),
        cmocka_unit_test(of_one_tag_the_entry_with_that_reference_goes),
        cmocka_unit_test(random_operations_agree_with_a_list),
        cmocka_unit_test(of_one_reference_the_entry_with_that_tag_goes),
    };
    return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
