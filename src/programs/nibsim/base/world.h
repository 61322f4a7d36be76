/*
 * Layer 7: the world of a run: domains, their records and name servers, all drawn from a seed, and
 * what is true in it. The truth is found by the rules of the protocol's section 8 on a plain list
 * of records, without a line of the code under test.
 */
#ifndef NIBDNS_PROGRAMS_SIM_WORLD_H
#define NIBDNS_PROGRAMS_SIM_WORLD_H

#include "nibdns/addr.h"
#include "nibdns/zone.h"
#include "nibsim/base/rng.h"

enum {
    SIM_LOCAL = -1, /* owner of the local server's static records */
    SIM_DOMAINS = 10,
    SIM_AUTHORITIES = 48,
    SIM_RECORDS = 400,
    SIM_NAMES = 480,
};

struct sim_record {
    int owner; /* a domain's number, or SIM_LOCAL */
    enum nib_type type;
    struct nib_text name, result;
};

/* What a name server does: symbol, words. */
#define SIM_BEHAVIOURS(X)                                                                          \
    X(SIM_REAL, "answers")                                                                         \
    X(SIM_DEAD, "is silent")                                                                       \
    X(SIM_CLOSED, "refuses")                                                                       \
    X(SIM_NO_ROUTE, "cannot be reached")                                                           \
    X(SIM_LAME, "says Server failure")                                                             \
    X(SIM_MUMBLES, "sends what fits nothing")                                                      \
    X(SIM_SELF, "is the local server itself")

enum sim_behaviour {
#define X(symbol, words) symbol,
    SIM_BEHAVIOURS(X)
#undef X
};

struct sim_domain {
    struct nib_text name;
    int data;       /* the domain whose records are served: its own, of a hidden one its parent's */
    bool hidden;    /* the local server can only learn its NS record from its parent */
    bool endless;   /* every name is a CNAME of yet another one */
    uint32_t ttl_s; /* the longest TTL that its servers say */
    uint32_t usable; /* addresses that the local server has for it from the start, not its own */
};

struct sim_authority {
    int domain;
    enum sim_behaviour behaviour;
    struct nib_addr ip4, ip6; /* family 0: none */
    uint32_t ttl_s;
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
    struct nib_addr local4, local6;   /* the local server's own address, with its port */
    size_t used;
    char text[1 << 17]; /* all names and results */
};

void sim_world_make(struct sim_world *world, uint64_t seed);

/* A copy of a text that lives as long as the world. */
struct nib_text sim_world_keep(struct sim_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The closest enclosing domain for which the local server has NS records from the start, or -1. */
int sim_world_domain(const struct sim_world *world, struct nib_text name);

/* The record of that owner, name and type, or NULL. */
const struct sim_record *sim_world_record(
    const struct sim_world *world, int owner, struct nib_text name, enum nib_type type);

/* Where an endless domain's CNAME for a name points to, into out. */
struct nib_text sim_world_endless(
    const struct sim_domain *domain, struct nib_text name, char out[NIB_NAME_MAX + 1]);

/* Whether an address is one of those that a question for that name may go to. */
bool sim_world_may_ask(
    const struct sim_world *world, struct nib_text name, const struct nib_addr *to);

enum sim_truth_kind { SIM_TRUE_RECORD, SIM_TRUE_MISS, SIM_TRUE_FAILURE };

struct sim_truth {
    enum sim_truth_kind kind;
    bool may_fail; /* for want of an address */
    struct nib_text result;
    uint32_t ttl_s; /* at most */
    int cnames;
    char buffer[NIB_NAME_MAX + 1]; /* of result, where it belongs to no record */
};

/* What the answer for a name and type is, when nothing goes wrong. */
void sim_world_truth(const struct sim_world *world, struct nib_text name, enum nib_type type,
    struct sim_truth *truth);

/* The record that a domain's servers answer with: of that type or a CNAME; NULL: a miss. */
const struct sim_record *sim_world_said(const struct sim_world *world, int domain,
    struct nib_text name, enum nib_type type, struct sim_truth *truth, struct sim_record *made);

/* Same name, whatever the case; told once more, without the code under test. */
bool sim_same_name(struct nib_text a, struct nib_text b);

/* A zone with memory of its own, behind which a guard shows whether it was kept to. */
struct sim_block {
    unsigned char *at;
    size_t n;
};
struct sim_zone {
    struct nib_zone zone;
    struct sim_block block;
};

struct sim_block sim_block_make(size_t n);
bool sim_block_whole(const struct sim_block *block);
void sim_block_free(struct sim_block *block);

/*
 * The zone of the local server (SIM_LOCAL) or of a domain's name servers; `pin` (NULL: none) is a
 * record more.
 */
void sim_world_zone(const struct sim_world *world, int owner, const struct sim_record *pin,
    uint64_t seed, struct sim_zone *out);

#endif
