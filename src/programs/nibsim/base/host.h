/*
 * Layer 7: hosts, their clocks and their turns.
 */
#ifndef NIBDNS_PROGRAMS_SIM_HOST_H
#define NIBDNS_PROGRAMS_SIM_HOST_H

#include "nibsim/base/sim.h"

/* The time on a host's clock, and when that clock will show a time. */
nib_ms sim_clock(const struct sim *sim, const struct sim_host *host);
sim_us sim_when(const struct sim_host *host, nib_ms at);

/* Lets a host have its turn at that time, or when it next gets any. */
void sim_wake(struct sim *sim, uint32_t no, sim_us at);

/* The host with that address, or NULL. */
struct sim_host *sim_host_at(struct sim *sim, const struct nib_addr *addr);

#endif
