/*
 * Layer 7: the world of a run: domains, their records and name servers.
 */
#ifndef NIBDNS_PROGRAMS_SIM_WORLD_H
#define NIBDNS_PROGRAMS_SIM_WORLD_H

#include "nibdns/addr.h"
#include "nibdns/protocol.h"
#include "nibsim/base/rng.h"

enum {
    SIM_LOCAL = -1, /* owner of the local server's static records */
    SIM_DOMAINS = 24,
    SIM_AUTHORITIES = 90,
    SIM_RECORDS = 800,
    SIM_NAMES = 800,
};

struct sim_record {
    int owner; /* a domain's number, or SIM_LOCAL */
    enum nib_type type;
    struct nib_text name, result;
    int delegation; /* the domain that it delegates, with its servers' addresses; -1: none */
};

/* What a name server does: symbol, words. */
#define SIM_BEHAVIOURS(X)                                                                          \
    X(SIM_REAL, "answers")                                                                         \
    X(SIM_DEAD, "is silent")                                                                       \
    X(SIM_CLOSED, "refuses")                                                                       \
    X(SIM_NO_ROUTE, "cannot be reached")                                                           \
    X(SIM_LAME, "says Server failure")                                                             \
    X(SIM_MISMATCHING, "sends what fits nothing")                                                  \
    X(SIM_SELF, "is the local server itself")

enum sim_behaviour {
#define X(symbol, words) symbol,
    SIM_BEHAVIOURS(X)
#undef X
};

struct sim_domain {
    struct nib_text name;
    int data;       /* the domain whose records are served: its own, of a hidden one its parent's */
    bool hidden;    /* the local server can only learn its NS record by asking its parent for it */
    bool endless;   /* every name is a CNAME of yet another one */
    bool zoned;     /* its servers know that it is their zone, and give referrals */
    bool delegated; /* the local server learns of it by referrals of its parent */
    bool flickers;  /* and this delegation comes and goes */
    bool away;      /* now it is not there */
    int parent;     /* of a delegated one */
    bool
        forwarded; /* its servers are the local server's forwarders, and know all names they have */
    uint32_t ttl_s;  /* the longest TTL that its servers say */
    uint32_t usable; /* addresses that the local server has for it from the start, not its own */
};

struct sim_authority {
    int domain;
    enum sim_behaviour behaviour;
    struct nib_addr ip4, ip6; /* family 0: none */
    uint32_t ttl_s;
    struct nib_text host; /* its name */
};

struct sim_world {
    struct sim_rng rng;
    struct sim_domain domains[SIM_DOMAINS];
    struct sim_authority authorities[SIM_AUTHORITIES];
    struct sim_record records[SIM_RECORDS];
    struct nib_text names[SIM_NAMES]; /* what clients ask for */
    int n_domains, n_authorities, n_records, n_names;
    uint16_t upstream_port;
    uint32_t static_ttl_s, max_ttl_s; /* of the local server */
    bool forgets;                     /* it keeps little of what it learns, or not for long */
    struct nib_addr local4, local6;   /* the local server's own address, with its port */
    size_t used;
    char text[1 << 18]; /* all names and results */
};

#endif
