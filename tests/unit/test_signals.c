/*
 * Signals as flags, beside the wait that lets them in.
 */
#define _DEFAULT_SOURCE
#include "nibdns/os/signals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "nibdns/os/wait.h"

static sigset_t waiting;
static nib_ms now;

static void send_to_oneself(int number)
{
    assert_int_equal(kill(getpid(), number), 0);
}

static void assert_came(bool stop, bool reload, bool counters)
{
    struct nib_signals came = nib_signals_take(now);
    assert_int_equal(came.stop, stop);
    assert_int_equal(came.reload, reload);
    assert_int_equal(came.counters, counters);
}

static void each_signal_comes_as_its_flag_once(void **state)
{
    (void)state;
    assert_came(false, false, false);
    send_to_oneself(SIGHUP);
    now++;
    assert_came(false, true, false);
    send_to_oneself(SIGUSR1);
    send_to_oneself(SIGUSR1);
    now++;
    assert_came(false, false, true);
    send_to_oneself(SIGTERM);
    now++;
    assert_came(true, false, false);
    send_to_oneself(SIGINT);
    send_to_oneself(SIGPIPE);
    now++;
    assert_came(true, false, false);
    now++;
    assert_came(false, false, false);
}

static void what_was_looked_for_in_this_millisecond_comes_in_the_next(void **state)
{
    (void)state;
    now++;
    assert_came(false, false, false);
    send_to_oneself(SIGHUP);
    assert_came(false, false, false);
    now++;
    assert_came(false, true, false);
}

static void a_signal_ends_a_wait(void **state)
{
    uint32_t number;
    (void)state;
    struct nib_waiter *waiter = nib_waiter_open();
    assert_non_null(waiter);
    send_to_oneself(SIGHUP);
    assert_int_equal(nib_waiter_wait(waiter, 10000, &waiting, &number, 1), 0);
    assert_came(false, true, false);
    nib_waiter_close(waiter);
}

/* So it was: a server that always had a datagram to read did not hear SIGTERM. */
static void a_wait_that_always_has_something_keeps_no_signal_out(void **state)
{
    uint32_t number;
    int ends[2];
    (void)state;
    struct nib_waiter *waiter = nib_waiter_open();
    assert_non_null(waiter);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(nib_waiter_add(waiter, ends[0], 7), 0);
    send_to_oneself(SIGTERM);
    assert_int_equal(nib_waiter_wait(waiter, 10000, &waiting, &number, 1), 1);
    assert_int_equal(number, 7);
    now++;
    assert_came(true, false, false);
    nib_waiter_remove(waiter, ends[0]);
    nib_waiter_close(waiter);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_signal_comes_as_its_flag_once),
        cmocka_unit_test(what_was_looked_for_in_this_millisecond_comes_in_the_next),
        cmocka_unit_test(a_signal_ends_a_wait),
        cmocka_unit_test(a_wait_that_always_has_something_keeps_no_signal_out),
    };
    nib_signals_init(&waiting);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
