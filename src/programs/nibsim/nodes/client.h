/*
 * Layer 7: the hosts of clients.
 */
#ifndef NIBDNS_PROGRAMS_SIM_CLIENT_H
#define NIBDNS_PROGRAMS_SIM_CLIENT_H

#include "nibsim/nodes/state.h"

extern const struct sim_program sim_client_program;

void sim_client_look_up(struct sim *sim, struct sim_host *host);

/* When all is quiet nothing may be left over. */
void sim_client_quiet(struct sim *sim, uint32_t no);

#endif
