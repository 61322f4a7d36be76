/*
 * The latencies of nibbench: fine enough to tell one from another that is half a percent longer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nibbench/load/histogram.h"

static struct bench_histogram histogram;

static double median_of(int64_t ns, int64_t max)
{
    memset(&histogram, 0, sizeof histogram);
    bench_histogram_add(&histogram, ns);
    bench_histogram_add(&histogram, max);
    return bench_histogram_us(&histogram, 0.5);
}

static void a_latency_is_told_within_a_fifth_of_a_percent(void **state)
{
    (void)state;
    for (int64_t ns = 1; ns < 10000000000; ns += ns / 300 + 1) {
        double told = median_of(ns, 2 * ns) * 1000;
        assert_true(told >= (double)ns - 0.5);
        assert_true(told <= (double)ns * 1.002 + 0.5);
    }
}

static void half_a_percent_makes_a_difference(void **state)
{
    (void)state;
    for (int64_t ns = 1000; ns < 10000000000; ns += ns / 300 + 1)
        assert_true(median_of(ns, 2 * ns) < median_of(ns + ns / 200, 2 * ns));
}

static void the_last_share_is_the_longest(void **state)
{
    (void)state;
    (void)median_of(1000, 123456789);
    assert_true(bench_histogram_us(&histogram, 1) == 123456.789);
    assert_int_equal(histogram.n, 2);
}

static void only_more_than_a_millisecond_is_late(void **state)
{
    (void)state;
    (void)median_of(BENCH_LATE_NS, BENCH_LATE_NS + 1);
    assert_int_equal(histogram.late, 1);
    (void)median_of(-1, BENCH_LATE_NS - 1);
    assert_int_equal(histogram.late, 0);
}

static void without_latencies_all_shares_are_0(void **state)
{
    (void)state;
    memset(&histogram, 0, sizeof histogram);
    assert_true(bench_histogram_us(&histogram, 0.5) == 0);
    assert_true(bench_histogram_us(&histogram, 1) == 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_latency_is_told_within_a_fifth_of_a_percent),
        cmocka_unit_test(half_a_percent_makes_a_difference),
        cmocka_unit_test(the_last_share_is_the_longest),
        cmocka_unit_test(only_more_than_a_millisecond_is_late),
        cmocka_unit_test(without_latencies_all_shares_are_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
