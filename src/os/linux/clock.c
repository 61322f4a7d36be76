#define _GNU_SOURCE
#include "nibdns/os/clock.h"

#include <time.h>

/* The monotonic clock stands still while the machine sleeps; this one goes on. */
static struct timespec now(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_BOOTTIME, &t) != 0) /* a kernel before 2.6.39 */
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t;
}

nib_ms nib_clock_ms(void)
{
    struct timespec t = now();
    return (nib_ms)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t nib_clock_us(void)
{
    struct timespec t = now();
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t nib_clock_wall_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
