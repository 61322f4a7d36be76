/*
 * Layer 4: the local server (NIB-8.2 to 8.31, NIB-9): datagrams of clients and of authoritative
 * servers, and the time, come in; answers, queries and the next deadline come out.
 *
 * It knows no socket and sends nothing: what is to be sent is appended to the caller's list
 * (output.h). Several threads may share one, if only one at a time calls it; lists are each
 * caller's own.
 */
#ifndef NIBDNS_LOCAL_H
#define NIBDNS_LOCAL_H

#include "nibdns/counters.h"
#include "nibdns/output.h"
#include "nibdns/pending.h"
#include "nibdns/table.h"

enum {
    NIB_CNAMES_MAX = 8,     /* that one request follows (NIB-8.6) */
    NIB_REFERRALS_MAX = 8,  /* likewise */
    NIB_DATAGRAMS_MAX = 32, /* upstream that go into one request */
    NIB_FORWARDERS_MAX = 8,
    NIB_STRIKES_MAX = 16,    /* responses that do not fit, until a fetch is begun anew (NIB-8.29) */
    NIB_ANEW_MAX = 3,        /* how often (NIB-8.31) */
    NIB_LETTERS_ENOUGH = 12, /* in a name that is asked once (NIB-8.30) */
    NIB_DETOURS_MAX = 3,     /* how often the domain above is asked for another server (NIB-8.24) */
    NIB_DEAD_MS = 10000,     /* how long a server that failed is asked last */
    NIB_OWN_MAX = 256,       /* addresses that are known as the server's own */
};

/* received = answered + waiting + every dropped_... */
#define NIB_LOCAL_COUNTERS(X)                                                                      \
    X(NIB_LOCAL_RECEIVED, "received")                                                              \
    X(NIB_LOCAL_ANSWERED, "answered")                                                              \
    X(NIB_LOCAL_WAITING, "waiting")                                                                \
    X(NIB_LOCAL_DROPPED_MALFORMED, "dropped_malformed")                                            \
    X(NIB_LOCAL_DROPPED_RESPONSE, "dropped_response")                                              \
    X(NIB_LOCAL_DROPPED_REPEAT, "dropped_repeat")                                                  \
    X(NIB_LOCAL_DROPPED_UNSENT, "dropped_unsent")                                                  \
    X(NIB_LOCAL_FOUND, "answered_found")                                                           \
    X(NIB_LOCAL_NOT_FOUND, "answered_not_found")                                                   \
    X(NIB_LOCAL_FAILURE, "answered_failure")                                                       \
    X(NIB_LOCAL_FROM_TABLE, "answered_at_once")                                                    \
    X(NIB_LOCAL_SHARED, "shared_questions")                                                        \
    X(NIB_LOCAL_PENDING_FULL, "pending_full")                                                      \
    X(NIB_LOCAL_FETCHES, "upstream_questions")                                                     \
    X(NIB_LOCAL_DATAGRAMS, "upstream_datagrams")                                                   \
    X(NIB_LOCAL_RETRIES, "upstream_retries")                                                       \
    X(NIB_LOCAL_TIMEOUTS, "upstream_timeouts")                                                     \
    X(NIB_LOCAL_UNREACHABLE, "upstream_unreachable")                                               \
    X(NIB_LOCAL_EXHAUSTED, "upstream_no_socket")                                                   \
    X(NIB_LOCAL_SELF, "upstream_is_self")                                                          \
    X(NIB_LOCAL_ANSWERS, "upstream_answers")                                                       \
    X(NIB_LOCAL_REFERRALS, "upstream_referrals")                                                   \
    X(NIB_LOCAL_ADDRESSES, "upstream_address_lookups")                                             \
    X(NIB_LOCAL_ABOVE, "upstream_asked_above")                                                     \
    X(NIB_LOCAL_FORWARDED, "upstream_forwarded")                                                   \
    X(NIB_LOCAL_TWICE, "upstream_asked_twice")                                                     \
    X(NIB_LOCAL_ANEW, "upstream_begun_anew")                                                       \
    X(NIB_LOCAL_LOOPBACK, "upstream_loopback_passed_over")                                         \
    X(NIB_LOCAL_DEADLINE, "past_deadline")                                                         \
    X(NIB_LOCAL_UP_LATE, "upstream_discarded_late")                                                \
    X(NIB_LOCAL_UP_MALFORMED, "upstream_discarded_malformed")                                      \
    X(NIB_LOCAL_UP_FLAG, "upstream_discarded_not_a_response")                                      \
    X(NIB_LOCAL_UP_ID, "upstream_discarded_wrong_id")                                              \
    X(NIB_LOCAL_UP_QUESTION, "upstream_discarded_wrong_question")                                  \
    X(NIB_LOCAL_UP_ANSWER, "upstream_discarded_wrong_answer")

enum nib_local_counter {
#define X(symbol, name) symbol,
    NIB_LOCAL_COUNTERS(X)
#undef X
        NIB_LOCAL_COUNT
};

/* How much a local server holds at most. */
struct nib_local_limits {
    uint32_t records;  /* dynamic ones */
    uint32_t fetches;  /* under way */
    uint32_t requests; /* of clients, that wait */
};

/* Whether names are sent in letters of random case (NIB-8.28). */
enum nib_mix {
    NIB_MIX_AUTO, /* not to servers on loopback */
    NIB_MIX_ALWAYS,
    NIB_MIX_NEVER,
};

struct nib_local_config {
    struct nib_local_limits limits;
    uint64_t seed;         /* of all hashes: a secret */
    uint64_t letters_seed; /* of the letters: another */
    enum nib_mix mix;
    uint32_t static_ttl_s;  /* what answers from static records carry */
    uint32_t max_ttl_s;     /* longer TTLs from upstream are cut to this */
    uint32_t max_ns_ttl_s;  /* likewise of NS records and of name servers' addresses (NIB-7.9) */
    nib_ms timeout_ms;      /* of a fetch's first round; each further round waits twice as long */
    uint32_t tries;         /* rounds: how often each server is asked, 1 to 16 */
    nib_ms deadline_ms;     /* what has waited so long is answered Server failure (NIB-8.27) */
    uint16_t upstream_port; /* where authoritative servers listen */
    /*
     * Who is asked for names of no known domain: other local servers (NIB-8.26), or, where `walks`
     * is set, authoritative servers of the top, whose referrals are followed (NIB-8.32).
     */
    struct nib_addr forwarders[NIB_FORWARDERS_MAX];
    uint8_t n_forwarders;
    bool walks;
};

/* What a local server does unless it is told otherwise, for an initializer. */
#define NIB_LOCAL_DEFAULTS                                                                         \
    .static_ttl_s = 60, .max_ttl_s = 86400, .max_ns_ttl_s = 3600, .timeout_ms = 500, .tries = 3,   \
    .deadline_ms = 6000, .upstream_port = NIB_PORT_AUTHORITATIVE

/* A server's health, remembered in a small table. Where it is full, the one that failed
 * longest ago is forgotten. */
enum { NIB_HEALTH_SLOTS = 64 };
struct nib_health {
    struct nib_addr addr;
    nib_ms bad_until;
};

struct nib_local {
    struct nib_local_config config;
    struct nib_table *table;
    struct nib_cache cache;
    struct nib_pending pending;
    struct nib_addr own[NIB_OWN_MAX]; /* addresses that are this server: never asked */
    size_t n_own;
    uint32_t next_id;
    uint64_t letters; /* fetches whose letters were drawn */
    struct nib_health health[NIB_HEALTH_SLOTS];
    uint64_t counters[NIB_LOCAL_COUNT];
    uint64_t malformed[NIB_ERR_COUNT]; /* of requests */
};

/*
 * Opens a server on a table that is the caller's, whose static records must have the same seed, and
 * gives the table its cache. All that it will ever hold stands in one piece of memory of
 * nib_local_bytes(limits) octets, zero and aligned for 64, which stays the caller's.
 */
size_t nib_local_bytes(const struct nib_local_limits *limits);
void nib_local_open(struct nib_local *local, struct nib_table *table, void *memory,
    const struct nib_local_config *config);

/* The addresses that reach this server, NIB_OWN_MAX at most: it asks none of them (NIB-8.9). */
void nib_local_set_own(struct nib_local *local, const struct nib_addr *own, size_t n);
bool nib_local_is_own(const struct nib_local *local, const struct nib_addr *addr);

/*
 * Outputs that one call, or a batch of n calls of nib_local_input(), appends at most. Where a list
 * has less room, answers count as unsent and queries as lost.
 */
uint32_t nib_local_outputs_max(const struct nib_local_limits *limits, uint32_t n);

/* A datagram of a client. */
struct nib_decision nib_local_input(struct nib_local *local, nib_ms now,
    const struct nib_path *path, const uint8_t *octets, size_t len, struct nib_outputs *out);

/*
 * The same in two steps. `read` looks at the datagram, which must stay until `take`, and at nothing
 * of the server that ever changes: so where several threads share one, it needs no lock.
 */
struct nib_local_query {
    enum nib_err err;
    struct nib_message message; /* when err is NIB_OK */
    struct nib_key key;         /* likewise, of its question's name */
};
void nib_local_read(const struct nib_local *local, struct nib_local_query *query,
    const uint8_t *octets, size_t len);
struct nib_decision nib_local_take(struct nib_local *local, nib_ms now, const struct nib_path *path,
    const struct nib_local_query *query, struct nib_outputs *out);

/* A datagram on a socket upstream. */
struct nib_decision nib_local_reply(struct nib_local *local, nib_ms now, struct nib_slot slot,
    const uint8_t *octets, size_t len, struct nib_outputs *out);

/* A socket upstream learnt that nobody listens at the other end, or that no way leads there. */
struct nib_decision nib_local_unreachable(
    struct nib_local *local, nib_ms now, struct nib_slot slot, struct nib_outputs *out);

/* A query was not sent: for want of a socket (`exhausted`), or because no way leads there. */
struct nib_decision nib_local_query_unsent(struct nib_local *local, nib_ms now,
    struct nib_slot slot, bool exhausted, struct nib_outputs *out);

/* An answer could not be sent after all: it counts as dropped. */
void nib_local_answer_unsent(struct nib_local *local);

/* Does what is due by now: retries, servers given up, records expired. */
void nib_local_tick(struct nib_local *local, nib_ms now, struct nib_outputs *out);

/* When the next tick is due; NIB_NEVER while nothing is under way. */
nib_ms nib_local_deadline(const struct nib_local *local);

/*
 * Sets the letters in which a fetch's name was sent, which must be the name's but for their case:
 * for who runs a capture again.
 */
void nib_local_set_letters(struct nib_local *local, struct nib_slot slot, struct nib_text name);

/* Whether a zone has an NS record whose server would be this server itself: *ns is the first
 * (NIB-8.9). */
bool nib_local_asks_itself(
    const struct nib_local *local, const struct nib_zone *zone, struct nib_rr *ns);

void nib_local_counters(const struct nib_local *local, struct nib_writer *w);

#endif
