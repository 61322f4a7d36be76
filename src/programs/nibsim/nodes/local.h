/*
 * Layer 7: the host of the local server.
 */
#ifndef NIBDNS_PROGRAMS_SIM_LOCAL_H
#define NIBDNS_PROGRAMS_SIM_LOCAL_H

#include "nibsim/nodes/state.h"

extern const struct sim_program sim_local_program;

/* The records are read again. */
void sim_local_reload(struct sim *sim);

/* When all is quiet nothing may be left over. */
void sim_local_quiet(struct sim *sim);

#endif
