#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/counters.h"

static void each_counter_is_a_name_and_a_value_on_a_line(void **state)
{
    (void)state;
    static const char *const names[] = {"received", "answered", "dropped_malformed"};
    static const uint64_t values[] = {12, 0, UINT64_MAX};
    uint8_t out[128];
    struct nib_writer w = nib_writer_init(out, sizeof out);
    nib_counters_text(&w, names, values, 3);
    assert_octets(out, nib_writer_done(&w),
        "received: 12\n"
        "answered: 0\n"
        "dropped_malformed: 18446744073709551615\n");
}

static void no_counters_are_no_text(void **state)
{
    (void)state;
    struct nib_writer w = nib_writer_init(NULL, 0);
    nib_counters_text(&w, NULL, NULL, 0);
    assert_false(w.full);
    assert_int_equal(w.off, 0);
}

/* The value of NIB_OK is not shown: nothing is wrong with those. */
static void each_broken_rule_has_a_line_in_the_order_of_the_rules(void **state)
{
    (void)state;
    uint64_t by_rule[NIB_ERR_COUNT];
    for (uint64_t i = 0; i < NIB_ERR_COUNT; i++)
        by_rule[i] = 100 + i;
    uint8_t out[512];
    struct nib_writer w = nib_writer_init(out, sizeof out);
    nib_counters_rules_text(&w, by_rule);
    assert_octets(out, nib_writer_done(&w),
        "malformed_NIB-2.1: 101\n"
        "malformed_NIB-2.2: 102\n"
        "malformed_NIB-2.3: 103\n"
        "malformed_NIB-2.4: 104\n"
        "malformed_NIB-2.5: 105\n"
        "malformed_NIB-2.6: 106\n"
        "malformed_NIB-2.7: 107\n"
        "malformed_NIB-3.1: 108\n"
        "malformed_NIB-3.2: 109\n"
        "malformed_NIB-3.3: 110\n"
        "malformed_NIB-3.4: 111\n"
        "malformed_NIB-4.1: 112\n"
        "malformed_NIB-4.2: 113\n"
        "malformed_NIB-4.3: 114\n"
        "malformed_NIB-4.4: 115\n");
}

static void text_that_does_not_fit_is_noticed_and_stays_inside_its_room(void **state)
{
    (void)state;
    static const char *const names[] = {"received"};
    static const uint64_t values[] = {7};
    for (size_t cap = 0; cap < sizeof "received: 7\n" - 1; cap++) {
        uint8_t *out = zeroed(cap); /* a sanitizer sees a write behind it */
        struct nib_writer w = nib_writer_init(out, cap);
        nib_counters_text(&w, names, values, 1);
        assert_int_equal(nib_writer_done(&w), 0);
        assert_true(w.full);
        forget((struct nib_text){(const char *)out, cap});
    }
}

static void what_has_not_happened_is_left_out_but_for_the_first_three(void **state)
{
    (void)state;
    static const char *const names[] = {
        "received", "answered", "waiting", "dropped_repeat", "answered_found"};
    static const uint64_t values[] = {0, 0, 0, 0, 1};
    static const uint64_t by_rule[NIB_ERR_COUNT] = {[NIB_ERR_TTL] = 3};
    uint8_t out[128];
    struct nib_writer w = nib_writer_init(out, sizeof out);
    nib_counters_text(&w, names, values, 5);
    nib_counters_rules_text(&w, by_rule);
    assert_octets(out, nib_writer_done(&w),
        "received: 0\n"
        "answered: 0\n"
        "waiting: 0\n"
        "answered_found: 1\n"
        "malformed_NIB-2.6: 3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_counter_is_a_name_and_a_value_on_a_line),
        cmocka_unit_test(what_has_not_happened_is_left_out_but_for_the_first_three),
        cmocka_unit_test(no_counters_are_no_text),
        cmocka_unit_test(each_broken_rule_has_a_line_in_the_order_of_the_rules),
        cmocka_unit_test(text_that_does_not_fit_is_noticed_and_stays_inside_its_room),
    };
    return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
