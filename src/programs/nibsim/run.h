/*
 * Layer 7: one run.
 */
#ifndef NIBDNS_PROGRAMS_SIM_RUN_H
#define NIBDNS_PROGRAMS_SIM_RUN_H

#include "nibsim/base/sim.h"

void sim_run(struct sim *sim, uint64_t seed);

#endif
