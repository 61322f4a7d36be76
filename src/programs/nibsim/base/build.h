/*
 * Layer 7: what a world is put together of.
 */
#ifndef NIBDNS_PROGRAMS_SIM_BUILD_H
#define NIBDNS_PROGRAMS_SIM_BUILD_H

#include "nibsim/base/world.h"

/* A copy of a text that lives as long as the world. */
struct nib_text sim_keep(struct sim_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a record unless it would break the rules of a records file (NIB-7.7). */
void sim_add(struct sim_world *world, int owner, enum nib_type type, struct nib_text name,
    struct nib_text result);

/* An address record; nothing for an address of family 0. */
void sim_add_address(
    struct sim_world *world, int owner, struct nib_text host, const struct nib_addr *addr);

/* Clients ask for that name. */
void sim_ask_for(struct sim_world *world, struct nib_text name);

/* Where the next name server is, and what it does. */
void sim_draw_addresses(struct sim_world *world, struct sim_authority *a);
enum sim_behaviour sim_draw_behaviour(struct sim_rng *rng);

#endif
