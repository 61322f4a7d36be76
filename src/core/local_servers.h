/*
 * Layer 4, private to local.c: which name servers to ask, where they are, and how they lately did.
 */
#ifndef NIBDNS_CORE_LOCAL_SERVERS_H
#define NIBDNS_CORE_LOCAL_SERVERS_H

#include "nibdns/local.h"

/* The servers of a domain, as far as their addresses are known, the best to ask first. */
struct local_delegation {
    bool found; /* the domain has NS records */
    uint8_t n;
    struct nib_addr servers[NIB_SERVERS_MAX];
};

/* NIB-8.4: the NS records of the closest enclosing domain, static before dynamic. */
struct local_delegation local_delegation_of(
    struct nib_local *local, nib_ms now, struct nib_text name);

/* A server that failed is asked last until bad_until; one that answered has 0. */
void local_set_health(struct nib_local *local, const struct nib_addr *addr, nib_ms bad_until);

#endif
