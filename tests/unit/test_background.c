/*
 * Work in the background: done when the call returns, on a thread that yields to all others.
 */
#define _DEFAULT_SOURCE
#include "nibdns/os/background.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

struct seen {
    int times, niceness;
    pthread_t thread;
};

static void look(void *ctx)
{
    struct seen *seen = ctx;
    seen->times++;
    seen->niceness = getpriority(PRIO_PROCESS, 0);
    seen->thread = pthread_self();
}

static void the_work_is_done_when_the_call_returns(void **state)
{
    struct seen seen = {0};
    (void)state;
    nib_background_do(look, &seen);
    assert_int_equal(seen.times, 1);
    nib_background_do(look, &seen);
    assert_int_equal(seen.times, 2);
}

static void it_has_the_lowest_priority_and_the_caller_keeps_his(void **state)
{
    struct seen seen = {0};
    (void)state;
    int before = getpriority(PRIO_PROCESS, 0);
    nib_background_do(look, &seen);
    assert_int_equal(seen.niceness, 19);
    assert_false(pthread_equal(seen.thread, pthread_self()));
    assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_work_is_done_when_the_call_returns),
        cmocka_unit_test(it_has_the_lowest_priority_and_the_caller_keeps_his),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
