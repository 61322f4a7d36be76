/*
 * Layer 7: one step of the local server: one call of its logic, and what must be so behind it.
 */
#ifndef NIBDNS_PROGRAMS_SIM_STEP_H
#define NIBDNS_PROGRAMS_SIM_STEP_H

#include "nibsim/nodes/state.h"

void sim_local_begin(struct sim *sim);

/*
 * Sends what the logic wants sent, and checks. `took` says that the packet (NULL: none) was taken
 * for an answer with a record.
 */
void sim_local_end(
    struct sim *sim, struct sim_host *host, const struct sim_packet *packet, bool took);

#endif
