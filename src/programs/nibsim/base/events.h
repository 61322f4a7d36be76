/*
 * Layer 7: the queue of what will happen, by time and then by the order of arrival.
 */
#ifndef NIBDNS_PROGRAMS_SIM_EVENTS_H
#define NIBDNS_PROGRAMS_SIM_EVENTS_H

#include "nibsim/base/sim.h"

void sim_push(struct sim *sim, sim_us at, enum sim_kind kind, uint32_t who, struct sim_packet *p);

/* The next event; there must be one. */
struct sim_event sim_pop(struct sim *sim);

#endif
