/*
 * Layer 7: what a run is like, drawn from its seed and the options.
 */
#ifndef NIBDNS_PROGRAMS_SIM_MIX_H
#define NIBDNS_PROGRAMS_SIM_MIX_H

#include "nibsim/base/sim.h"

void sim_mix_draw(struct sim *sim);

#endif
