/*
 * Layer 7: domains that the local server knows nothing of: it learns of them by referrals.
 */
#ifndef NIBDNS_PROGRAMS_SIM_TREE_H
#define NIBDNS_PROGRAMS_SIM_TREE_H

#include "nibsim/base/world.h"

/* Adds a tree below one of the world's domains to half of all worlds, forwarders to a third. */
void sim_tree_make(struct sim_world *world, uint64_t seed);

#endif
