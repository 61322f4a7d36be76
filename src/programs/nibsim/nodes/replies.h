/*
 * Layer 7: responses to the local server: what they are, told without its logic.
 */
#ifndef NIBDNS_PROGRAMS_SIM_REPLIES_H
#define NIBDNS_PROGRAMS_SIM_REPLIES_H

#include "nibsim/nodes/state.h"

/* A datagram of a server is read from a slot's socket, open or closed. */
void sim_local_reply(
    struct sim *sim, struct sim_host *host, const struct sim_packet *p, uint32_t slot);

#endif
