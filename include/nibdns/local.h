/*
 * Layer 4: the local server (NIB-8.2 to 8.9, NIB-9): datagrams of clients and of authoritative
 * servers, and the time, come in; answers, questions and the next deadline come out. It knows no
 * socket: its host lends it four calls.
 */
#ifndef NIBDNS_LOCAL_H
#define NIBDNS_LOCAL_H

#include "nibdns/counters.h"
#include "nibdns/pending.h"
#include "nibdns/table.h"

enum {
    NIB_CNAMES_MAX = 8,     /* that one request follows (NIB-8.6) */
    NIB_DATAGRAMS_MAX = 16, /* upstream that go into one request */
    NIB_DEAD_MS = 10000,    /* how long a server that failed is asked last */
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

/* What became of a datagram that the logic asked to send upstream. */
enum nib_send_status {
    NIB_SEND_SENT,
    NIB_SEND_UNREACHABLE, /* the network says that nobody is there */
    NIB_SEND_EXHAUSTED,   /* no socket to be had: this host's trouble, not the server's */
};

struct nib_local_host {
    void *ctx;
    /* room for NIB_MESSAGE_MAX octets, into which the next answer is encoded */
    uint8_t *(*room)(void *ctx);
    /* sends the len octets that now stand there back the way a request came; ends a request */
    void (*answer)(void *ctx, const struct nib_path *path, size_t len);
    /* sends from the slot's own connected socket; opens it, on a random port, when it is closed */
    enum nib_send_status (*ask)(
        void *ctx, uint32_t slot, const struct nib_addr *to, const uint8_t *octets, size_t len);
    /* closes the slot's socket; nothing that arrives there matters any more */
    void (*close_fetch)(void *ctx, uint32_t slot);
};

struct nib_local_config {
    uint32_t static_ttl_s; /* what answers from static records carry */
    uint32_t max_ttl_s;    /* longer TTLs from upstream are cut to this */
    nib_ms timeout_ms;     /* of a question's first round; each further round waits twice as long */
    uint32_t tries;        /* rounds: how often each server is asked, 1 to 16 */
    uint16_t upstream_port;     /* where authoritative servers listen */
    const struct nib_addr *own; /* addresses that are this server: never asked. The caller's. */
    size_t n_own;
};

/* A server's health, remembered in a small table. Where it is full, the one that failed
 * longest ago is forgotten. */
enum { NIB_HEALTH_SLOTS = 64 };
struct nib_health {
    struct nib_addr addr;
    nib_ms bad_until;
};

struct nib_local {
    struct nib_table *table;
    struct nib_pending *pending;
    struct nib_local_host host;
    struct nib_local_config config;
    uint32_t next_id;
    struct nib_health health[NIB_HEALTH_SLOTS];
    uint64_t counters[NIB_LOCAL_COUNT];
    uint64_t malformed[NIB_ERR_COUNT]; /* of requests */
};

/* The table (with a cache) and the pending table stay the caller's and share one seed. */
void nib_local_init(struct nib_local *local, struct nib_table *table, struct nib_pending *pending,
    const struct nib_local_host *host, const struct nib_local_config *config);

/* A datagram of a client. */
void nib_local_input(struct nib_local *local, nib_ms now, const struct nib_path *path,
    const uint8_t *octets, size_t len);

/* A datagram on a slot's socket. */
void nib_local_reply(
    struct nib_local *local, nib_ms now, uint32_t slot, const uint8_t *octets, size_t len);

/* A slot's socket learnt that nobody listens at the other end. */
void nib_local_unreachable(struct nib_local *local, nib_ms now, uint32_t slot);

/* Does what is due by now: retries, servers given up, records expired. */
void nib_local_tick(struct nib_local *local, nib_ms now);

/* When the next tick is due; NIB_NEVER while nothing is under way. */
nib_ms nib_local_deadline(const struct nib_local *local);

/* An answer that could not be sent after all: it counts as dropped. */
void nib_local_unsent(struct nib_local *local);

/* Whether a zone has an NS record whose server would be this server itself: *ns is the first
 * (NIB-8.9). */
bool nib_local_asks_itself(
    const struct nib_local_config *config, const struct nib_zone *zone, struct nib_rr *ns);

void nib_local_counters(const struct nib_local *local, struct nib_writer *w);

#endif
