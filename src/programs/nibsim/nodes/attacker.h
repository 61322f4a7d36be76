/*
 * Layer 7: somebody who sees nothing, but knows who talks to whom, and guesses well: the fetch
 * often, the ID, the port and the address each half of the time.
 */
#ifndef NIBDNS_PROGRAMS_SIM_ATTACKER_H
#define NIBDNS_PROGRAMS_SIM_ATTACKER_H

#include "nibsim/nodes/state.h"

void sim_attack(struct sim *sim);

#endif
