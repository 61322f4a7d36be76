/*
 * Layer 7: random numbers that are the same for the same seed on every machine (splitmix64). Each
 * part of the simulation has rng of its own, so that one more draw here changes nothing there.
 * A call draws once: an expression with two draws would leave their order to the compiler.
 */
#ifndef NIBDNS_PROGRAMS_SIM_RNG_H
#define NIBDNS_PROGRAMS_SIM_RNG_H

#include "nibdns/base.h"

struct sim_rng {
    uint64_t state;
};

static inline uint64_t sim_draw(struct sim_rng *rng)
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* The rng of a part, known by its number, of the run with that seed. */
static inline struct sim_rng sim_rng_of(uint64_t seed, uint64_t part)
{
    struct sim_rng rng = {seed};
    uint64_t mixed = sim_draw(&rng);
    return (struct sim_rng){mixed ^ part * 0xd1342543de82ef95u};
}

/* 0 to n - 1; n is at least 1. */
static inline uint32_t sim_below(struct sim_rng *rng, uint32_t n)
{
    return (uint32_t)((sim_draw(rng) >> 32) * n >> 32);
}

/* min to max, both included. */
static inline int64_t sim_between(struct sim_rng *rng, int64_t min, int64_t max)
{
    return min + (int64_t)(sim_draw(rng) % ((uint64_t)(max - min) + 1));
}

static inline bool sim_one_in(struct sim_rng *rng, uint32_t n)
{
    return sim_below(rng, n) == 0;
}

/* True that often in a million. */
static inline bool sim_chance(struct sim_rng *rng, uint32_t ppm)
{
    return sim_below(rng, 1000000) < ppm;
}

/* One of an array's items. */
#define SIM_PICK(rng, array) ((array)[sim_below((rng), sizeof(array) / sizeof(array)[0])])

#endif
