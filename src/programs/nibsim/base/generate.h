/*
 * Layer 7: a world drawn from a seed.
 */
#ifndef NIBDNS_PROGRAMS_SIM_GENERATE_H
#define NIBDNS_PROGRAMS_SIM_GENERATE_H

#include "nibsim/base/world.h"

void sim_world_make(struct sim_world *world, uint64_t seed);

#endif
