/*
 * Layer 3: what both directions of the bridge to the real DNS share (gate_dns.h, gate_nibdns.h):
 * the queries that wait, and the fetches that they wait on. All that ask for the same name and type
 * wait on one fetch: so a stranger who forges an answer has one ID and one port to guess, however
 * often he asks. Bounded; nothing is allocated after init; every call is O(1) but for the timers,
 * which are O(log n). Both indexes are keyed with a secret.
 */
#ifndef NIBDNS_GATE_H
#define NIBDNS_GATE_H

#include "nibdns/addr.h"
#include "nibdns/dns.h"
#include "nibdns/heap.h"
#include "nibdns/index.h"
#include "nibdns/message.h"
#include "nibdns/output.h"

_Static_assert((int)NIB_DNS_RESPONSE_MAX <= (int)NIB_MESSAGE_MAX, "an output has room for it");

/* One exchange upstream. Its place in the table and its serial are what its socket is known by. */
struct nib_gate_fetch {
    struct nib_timer retry;
    uint32_t id, serial;
    uint32_t first, last; /* queries that wait on it; 0: none. A free slot links by first. */
    enum nib_type type;
    uint8_t tried; /* messages sent; 0 before the first */
    bool open;     /* false: the slot is free */
    bool stream;   /* asked over TCP */
    bool plain;    /* asked without EDNS, which the resolver does not understand */
    uint8_t name_len;
    char name[NIB_NAME_MAX];
};

/* What somebody asked and still waits for. */
struct nib_gate_query {
    struct nib_path path;
    uint32_t id;
    uint32_t next; /* of those that wait on the same fetch; also links free ones */
    enum nib_type type;
    uint8_t name_len;
    char name[NIB_NAME_MAX];
    /* of a DNS query only */
    uint16_t missed; /* types that the name does not have: 1 << code of each */
    struct nib_dns_message dns;
};

struct nib_gate_table {
    uint64_t seed;
    uint64_t drawn; /* IDs drawn so far: each is made of this number and the seed */
    struct nib_gate_fetch *fetches;
    struct nib_gate_query *queries;
    uint32_t max_fetches, max_queries;
    uint32_t n_fetches, n_queries;
    uint32_t used_fetches, free_fetch; /* slots ever taken; the first freed one plus one */
    uint32_t used_queries, free_query;
    struct nib_index by_name;   /* fetches */
    struct nib_index by_client; /* queries */
    struct nib_heap retries;
};

size_t nib_gate_table_bytes(uint32_t max_fetches, uint32_t max_queries);

/* Memory must be zero and aligned for 64 octets; the seed is a secret from a good source. */
void nib_gate_table_init(struct nib_gate_table *table, void *memory, uint32_t max_fetches,
    uint32_t max_queries, uint64_t seed);

/*
 * Outputs that one call, or a batch of n inputs, appends at most: each query that waits is answered
 * or asks anew, each fetch is closed, and sent.
 */
static inline uint32_t nib_gate_outputs_max(uint32_t max_fetches, uint32_t max_queries, uint32_t n)
{
    return max_queries + 2 * max_fetches + 2 * n;
}

static inline struct nib_text nib_gate_fetch_name(const struct nib_gate_fetch *fetch)
{
    return (struct nib_text){fetch->name, fetch->name_len};
}

static inline struct nib_text nib_gate_query_name(const struct nib_gate_query *query)
{
    return (struct nib_text){query->name, query->name_len};
}

/* The fetch of that name and type, or NULL. */
struct nib_gate_fetch *nib_gate_find(
    const struct nib_gate_table *table, struct nib_text name, enum nib_type type);

/* A new fetch with an ID that nobody can foretell, or NULL: the table is full. */
struct nib_gate_fetch *nib_gate_open(
    struct nib_gate_table *table, struct nib_text name, enum nib_type type);

/* Another such ID, and another socket: for a fetch that is begun anew. */
void nib_gate_renew(struct nib_gate_table *table, struct nib_gate_fetch *fetch);

/* Ends a fetch that nobody waits on. */
void nib_gate_close(struct nib_gate_table *table, struct nib_gate_fetch *fetch);

static inline struct nib_slot nib_gate_slot(
    const struct nib_gate_table *table, const struct nib_gate_fetch *fetch)
{
    return (struct nib_slot){(uint32_t)(fetch - table->fetches), fetch->serial};
}

/* The fetch under way in that slot, or NULL. */
struct nib_gate_fetch *nib_gate_fetch_in(const struct nib_gate_table *table, struct nib_slot slot);

/* Whether a query of that client with the same ID, type and name (in any letters) waits already. */
bool nib_gate_repeats(const struct nib_gate_table *table, const struct nib_gate_query *query);

/* Lets a copy of the query wait on a fetch. False: no room for another query. */
bool nib_gate_wait(
    struct nib_gate_table *table, struct nib_gate_fetch *fetch, const struct nib_gate_query *query);

/* Takes the first waiting query off a fetch into *query. False: nobody waits. */
bool nib_gate_next(
    struct nib_gate_table *table, struct nib_gate_fetch *fetch, struct nib_gate_query *query);

#endif
