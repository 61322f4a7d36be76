/*
 * Layer 7: datagrams under way: lost, late, twice, damaged, cut links.
 */
#ifndef NIBDNS_PROGRAMS_SIM_NET_H
#define NIBDNS_PROGRAMS_SIM_NET_H

#include "nibsim/base/sim.h"

/* SIM_AIMED is an answer forged by who knows all but the port and the letters. */
enum sim_origin { SIM_GENUINE, SIM_WRONG, SIM_FORGED, SIM_AIMED };

void sim_send(struct sim *sim, const struct nib_addr *src, const struct nib_addr *dst,
    const uint8_t *octets, size_t len, enum sim_origin origin);

/* A datagram reaches its host. */
void sim_arrive(struct sim *sim, struct sim_packet *packet);

/* Whether a packet answers a query as far as its receiver can tell. */
bool sim_fits(const struct sim_packet *packet, const uint8_t *query, size_t len);

/* Whether it is a referral for the query, below the domain (so many octets of the name's end). */
bool sim_refers(
    const struct sim_packet *packet, const uint8_t *query, size_t len, size_t domain_len);

/* A result of that type that is in no records; the name where it is one. */
struct nib_text sim_lie(enum nib_type type, struct nib_text name);

#endif
