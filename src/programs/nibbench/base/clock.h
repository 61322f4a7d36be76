/*
 * Layer 7: the time, fine enough to measure with.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_CLOCK
#define NIBDNS_PROGRAMS_BENCH_CLOCK

#include <stdint.h>

/* Nanoseconds on the monotonic clock. */
int64_t bench_now_ns(void);

/* Nanoseconds of processor time that the process has used. */
int64_t bench_cpu_ns(void);

/* Makes the compiler believe that memory is read and written here. */
static inline void bench_barrier(void)
{
    __asm__ volatile("" ::: "memory");
}

#endif
