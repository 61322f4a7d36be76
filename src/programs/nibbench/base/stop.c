#define _POSIX_C_SOURCE 200809L
#include "nibbench/base/stop.h"

#include <stddef.h>

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

const volatile sig_atomic_t *bench_stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = stop};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    return &stopped;
}
