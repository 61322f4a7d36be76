/*
 * Layer 7: the hosts of name servers.
 */
#ifndef NIBDNS_PROGRAMS_SIM_AUTHORITY_H
#define NIBDNS_PROGRAMS_SIM_AUTHORITY_H

#include "nibsim/nodes/state.h"

extern const struct sim_program sim_authority_program;

/* The records of name server `no`, whose host is up, are read again. */
void sim_authority_reload(struct sim *sim, uint32_t no);

#endif
