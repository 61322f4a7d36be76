/*
 * Layer 7: the requests at the local server, what went into them, and its counters.
 */
#ifndef NIBDNS_PROGRAMS_SIM_REQUESTS_H
#define NIBDNS_PROGRAMS_SIM_REQUESTS_H

#include "nibsim/nodes/state.h"

/*
 * The count of troubles, as it was when the oldest fetch under way began: what went wrong since
 * then is a reason for a failure of a request that comes now.
 */
uint64_t sim_trouble_before(const struct sim *sim);

/* A query comes in; an answer goes out; a datagram goes upstream from a slot. */
void sim_requests_query(struct sim *sim, const struct nib_path *path, const struct nib_message *m);
void sim_requests_answer(struct sim *sim, const struct nib_path *path, const struct nib_message *m);
void sim_requests_charge(struct sim *sim, struct nib_slot slot);

/* After each step: who waits, and what the counters say. */
void sim_requests_check(struct sim *sim);
void sim_counters_check(struct sim *sim);

#endif
