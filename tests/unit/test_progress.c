#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "nibdns/os/progress.h"

/* Standard error is a terminal of our own meanwhile, with that in TERM. */
struct screen {
    int fd, before;
};

static void open_screen(struct screen *screen, const char *term)
{
    screen->fd = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(screen->fd >= 0);
    assert_int_equal(grantpt(screen->fd), 0);
    assert_int_equal(unlockpt(screen->fd), 0);
    int other = open(ptsname(screen->fd), O_RDWR | O_NOCTTY);
    assert_true(other >= 0);
    screen->before = dup(STDERR_FILENO);
    assert_true(dup2(other, STDERR_FILENO) >= 0);
    assert_int_equal(close(other), 0);
    assert_int_equal(setenv("TERM", term, 1), 0);
    assert_int_equal(fcntl(screen->fd, F_SETFL, O_NONBLOCK), 0);
}

/* What was written since the last time. */
static const char *shown(const struct screen *screen)
{
    static char text[256];
    ssize_t n = read(screen->fd, text, sizeof text - 1);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static void close_screen(const struct screen *screen)
{
    assert_true(dup2(screen->before, STDERR_FILENO) >= 0);
    assert_int_equal(close(screen->before), 0);
    assert_int_equal(close(screen->fd), 0);
}

static void the_line_comes_after_a_second_and_is_wiped_out(void **state)
{
    (void)state;
    struct screen screen;
    struct nib_progress progress;
    open_screen(&screen, "xterm");
    nib_progress_begin(&progress, "a job", 200);
    assert_int_equal(progress.next, progress.began + 1000);
    nib_progress_wipe(&progress);
    assert_string_equal(shown(&screen), "");
    progress.next = progress.began; /* now */
    nib_progress_at(&progress, 100);
    assert_string_equal(shown(&screen), "\ra job: 50 %, 0 s\033[K");
    assert_true(progress.next >= progress.began + 200);
    nib_progress_wipe(&progress);
    assert_string_equal(shown(&screen), "\r\033[K");
    nib_progress_wipe(&progress);
    assert_string_equal(shown(&screen), "");
    close_screen(&screen);
}

static void where_the_end_is_unknown_it_counts(void **state)
{
    (void)state;
    struct screen screen;
    struct nib_progress progress;
    open_screen(&screen, "xterm");
    nib_progress_begin(&progress, "a job", 0);
    progress.next = progress.began;
    nib_progress_at(&progress, 12345678901u);
    assert_string_equal(shown(&screen), "\ra job: 12345678901, 0 s\033[K");
    close_screen(&screen);
}

static void a_dumb_terminal_shows_nothing(void **state)
{
    (void)state;
    struct screen screen;
    struct nib_progress progress;
    open_screen(&screen, "dumb");
    nib_progress_begin(&progress, "a job", 1);
    assert_int_equal(progress.next, 0);
    nib_progress_at(&progress, 1);
    nib_progress_wipe(&progress);
    assert_string_equal(shown(&screen), "");
    close_screen(&screen);
}

static void no_terminal_shows_nothing(void **state)
{
    (void)state;
    struct nib_progress progress;
    int before = dup(STDERR_FILENO), fd[2];
    assert_int_equal(pipe(fd), 0);
    assert_true(dup2(fd[1], STDERR_FILENO) >= 0);
    nib_progress_begin(&progress, "a job", 1);
    nib_progress_at(&progress, 1);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    assert_int_equal(progress.next, 0);
    assert_false(progress.shown);
    assert_int_equal(close(before) + close(fd[0]) + close(fd[1]), 0);
}

static void a_job_that_nobody_watches_shows_nothing(void **state)
{
    (void)state;
    struct screen screen;
    struct nib_progress progress = {0};
    open_screen(&screen, "xterm");
    nib_progress_at(&progress, 1);
    nib_progress_wipe(&progress);
    assert_string_equal(shown(&screen), "");
    close_screen(&screen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_comes_after_a_second_and_is_wiped_out),
        cmocka_unit_test(where_the_end_is_unknown_it_counts),
        cmocka_unit_test(a_dumb_terminal_shows_nothing),
        cmocka_unit_test(no_terminal_shows_nothing),
        cmocka_unit_test(a_job_that_nobody_watches_shows_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
