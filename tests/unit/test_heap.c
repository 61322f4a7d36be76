#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/heap.h"

enum { ITEMS = 20 };

/* Items as their owners have them: the timer is one field among others. */
struct item {
    uint64_t before;
    struct nib_timer timer;
    uint32_t behind;
};

struct fixture {
    struct item items[ITEMS];
    uint32_t places[ITEMS];
    struct nib_heap heap;
};

static void prepare(struct fixture *f)
{
    *f = (struct fixture){.heap = {.stride = sizeof f->items[0]}};
    f->heap.items = f->places;
    f->heap.timers = (unsigned char *)&f->items[0].timer;
}

/* Takes the earliest item out; says when it was due. */
static nib_ms take_first(struct nib_heap *heap)
{
    nib_ms due = nib_heap_due(heap);
    nib_heap_drop(heap, nib_heap_first(heap));
    return due;
}

static void an_empty_heap_is_never_due(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    assert_true(nib_heap_due(&f.heap) == NIB_NEVER);
}

static void items_come_out_in_the_order_of_their_deadlines(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    static const nib_ms dues[] = {50, 10, 40, -5, 30, 20, 0};
    static const nib_ms sorted[] = {-5, 0, 10, 20, 30, 40, 50};
    for (uint32_t i = 0; i < 7; i++)
        nib_heap_set(&f.heap, i, dues[i]);
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(take_first(&f.heap), sorted[i]);
    assert_true(nib_heap_due(&f.heap) == NIB_NEVER);
}

static void setting_again_moves_an_item_either_way(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    nib_heap_set(&f.heap, 0, 100);
    nib_heap_set(&f.heap, 1, 200);
    nib_heap_set(&f.heap, 2, 300);
    nib_heap_set(&f.heap, 2, 50);
    assert_int_equal(nib_heap_first(&f.heap), 2);
    nib_heap_set(&f.heap, 2, 150);
    assert_int_equal(nib_heap_first(&f.heap), 0);
    nib_heap_set(&f.heap, 0, 400);
    assert_int_equal(f.heap.n, 3);
    assert_int_equal(take_first(&f.heap), 150);
    assert_int_equal(take_first(&f.heap), 200);
    assert_int_equal(take_first(&f.heap), 400);
}

static void dropping_what_is_not_in_changes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    nib_heap_drop(&f.heap, 3);
    assert_int_equal(f.heap.n, 0);
    nib_heap_set(&f.heap, 1, 10);
    nib_heap_drop(&f.heap, 3);
    assert_int_equal(f.heap.n, 1);
    nib_heap_drop(&f.heap, 1);
    nib_heap_drop(&f.heap, 1);
    assert_int_equal(f.heap.n, 0);
}

static void a_dropped_item_may_come_back(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    nib_heap_set(&f.heap, 1, 10);
    nib_heap_drop(&f.heap, 1);
    nib_heap_set(&f.heap, 1, 20);
    assert_int_equal(f.heap.n, 1);
    assert_int_equal(nib_heap_due(&f.heap), 20);
}

static void equal_deadlines_all_come_out(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    bool seen[ITEMS] = {false};
    for (uint32_t i = 0; i < ITEMS; i++)
        nib_heap_set(&f.heap, i, 7);
    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t item = nib_heap_first(&f.heap);
        assert_false(seen[item]);
        seen[item] = true;
        assert_int_equal(take_first(&f.heap), 7);
    }
    assert_int_equal(f.heap.n, 0);
}

/* An item moved from below a late parent to where its new parent is later still must rise. */
static void the_item_that_fills_a_gap_rises_where_it_must(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    static const nib_ms dues[] = {1, 100, 2, 101, 102, 3, 4};
    for (uint32_t i = 0; i < 7; i++)
        nib_heap_set(&f.heap, i, dues[i]);
    nib_heap_drop(&f.heap, 3); /* the last item, due at 4, comes below the one due at 100 */
    static const nib_ms sorted[] = {1, 2, 3, 4, 100, 102};
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(take_first(&f.heap), sorted[i]);
}

static void random_operations_agree_with_a_list(void **state)
{
    (void)state;
    struct rng rng = dice_init();
    struct fixture f;
    nib_ms due[ITEMS];
    bool in[ITEMS] = {false};
    uint32_t n = 0;
    prepare(&f);
    for (int step = 0; step < 20000; step++) {
        uint32_t item = dice_below(&rng, ITEMS);
        if (dice_below(&rng, 3) > 0) {
            due[item] = (nib_ms)dice_below(&rng, 40) - 10;
            n += !in[item];
            in[item] = true;
            nib_heap_set(&f.heap, item, due[item]);
        } else {
            n -= in[item];
            in[item] = false;
            nib_heap_drop(&f.heap, item);
        }
        nib_ms earliest = NIB_NEVER;
        for (uint32_t i = 0; i < ITEMS; i++) {
            if (in[i] && due[i] < earliest)
                earliest = due[i];
            assert_int_equal(in[i], f.items[i].timer.place != 0);
            assert_int_equal(f.items[i].before, 0);
            assert_int_equal(f.items[i].behind, 0);
        }
        assert_int_equal(f.heap.n, n);
        assert_true(nib_heap_due(&f.heap) == earliest);
        if (n > 0)
            assert_true(due[nib_heap_first(&f.heap)] == earliest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_heap_is_never_due),
        cmocka_unit_test(items_come_out_in_the_order_of_their_deadlines),
        cmocka_unit_test(setting_again_moves_an_item_either_way),
        cmocka_unit_test(dropping_what_is_not_in_changes_nothing),
        cmocka_unit_test(a_dropped_item_may_come_back),
        cmocka_unit_test(equal_deadlines_all_come_out),
        cmocka_unit_test(the_item_that_fills_a_gap_rises_where_it_must),
        cmocka_unit_test(random_operations_agree_with_a_list),
    };
    return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
