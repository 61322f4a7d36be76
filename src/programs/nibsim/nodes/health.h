/*
 * Layer 7: what is known of name servers' health (NIB-8.8): they fail, answer, and are chosen.
 */
#ifndef NIBDNS_PROGRAMS_SIM_HEALTH_H
#define NIBDNS_PROGRAMS_SIM_HEALTH_H

#include "nibsim/nodes/state.h"

void sim_health_failed(struct sim *sim, const struct nib_addr *addr);
void sim_health_answered(struct sim *sim, const struct nib_addr *addr);
void sim_health_overdue(struct sim *sim, nib_ms now);
void sim_health_check(struct sim *sim, struct nib_text asked, const struct nib_addr *chosen);

#endif
