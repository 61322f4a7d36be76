/*
 * Layer 7: the local server's sockets upstream, and what its logic wants sent.
 */
#ifndef NIBDNS_PROGRAMS_SIM_SOCKETS_H
#define NIBDNS_PROGRAMS_SIM_SOCKETS_H

#include "nibsim/nodes/state.h"

/* The open socket at a port, or NULL. */
struct sim_slot *sim_local_socket(struct sim *sim, uint16_t port);

/* Sends what its logic wants sent: answers, and queries from sockets of their own. */
void sim_local_drain(struct sim *sim);

#endif
