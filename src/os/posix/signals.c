#define _POSIX_C_SOURCE 200809L
#include "nibdns/os/signals.h"

#include <string.h>

/* A handler has nowhere else to leave its word. */
static volatile sig_atomic_t came_stop, came_reload, came_counters;

static const int ours[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
enum { OURS = sizeof ours / sizeof ours[0] };
static sigset_t held; /* the same as a set */

static void note(int number)
{
    if (number == SIGHUP)
        came_reload = 1;
    else if (number == SIGUSR1)
        came_counters = 1;
    else
        came_stop = 1;
}

void nib_signals_hold(void)
{
    sigset_t later;
    (void)sigemptyset(&later);
    (void)sigaddset(&later, SIGHUP);
    (void)sigaddset(&later, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &later, NULL);
}

void nib_signals_init(sigset_t *waiting)
{
    struct sigaction action;
    (void)sigemptyset(&held);
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < OURS; i++) {
        (void)sigaddset(&held, ours[i]);
        (void)sigaction(ours[i], &action, NULL);
    }
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, NULL);
    (void)sigprocmask(SIG_BLOCK, &held, waiting);
    for (size_t i = 0; i < OURS; i++)
        (void)sigdelset(waiting, ours[i]);
}

/*
 * A wait that finds something to return at once lets no signal in, and under a load that the server
 * cannot keep up with every wait is such a one.
 */
static void let_in(void)
{
    sigset_t pending;
    bool any = false;
    (void)sigpending(&pending);
    for (size_t i = 0; i < OURS; i++)
        any = any || sigismember(&pending, ours[i]) == 1;
    if (!any)
        return;
    (void)pthread_sigmask(SIG_UNBLOCK, &held, NULL);
    (void)pthread_sigmask(SIG_BLOCK, &held, NULL);
}

struct nib_signals nib_signals_take(nib_ms now)
{
    static nib_ms looked = -1;
    if (now != looked)
        let_in();
    looked = now;
    struct nib_signals s = {came_stop != 0, came_reload != 0, came_counters != 0};
    came_stop = came_reload = came_counters = 0;
    return s;
}
