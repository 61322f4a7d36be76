/*
 * Layer 7: the hosts of name servers.
 */
#ifndef NIBDNS_PROGRAMS_SIM_AUTHORITY_H
#define NIBDNS_PROGRAMS_SIM_AUTHORITY_H

#include "nibsim/nodes/state.h"

extern const struct sim_program sim_authority_program;

#endif
