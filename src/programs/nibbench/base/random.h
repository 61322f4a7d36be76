/*
 * Layer 7: random numbers that are the same each time.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_RANDOM
#define NIBDNS_PROGRAMS_BENCH_RANDOM

#include <stdint.h>

/* xorshift64*: *state must not be 0. */
static inline uint64_t bench_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

/* A number below n, which is at least 1 and below 2^32. */
static inline uint32_t bench_random_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)((bench_random(state) >> 32) * n >> 32);
}

#endif
