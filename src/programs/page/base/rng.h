/*
 * Random numbers that are the same for the same seed on every machine (splitmix64).
 */
#ifndef NIBDNS_PAGE_RNG_H
#define NIBDNS_PAGE_RNG_H

#include "nibdns/base.h"

struct page_rng {
    uint64_t state;
};

static inline uint64_t page_rng_next(struct page_rng *rng)
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* 0 to n - 1; n is at least 1. */
static inline uint32_t page_rng_below(struct page_rng *rng, uint32_t n)
{
    return (uint32_t)((page_rng_next(rng) >> 32) * n >> 32);
}

#endif
