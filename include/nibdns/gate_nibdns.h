/*
 * Layer 4: `nibgate nibdns`: queries in nibdns come in, a resolver of the real DNS is asked, its
 * answers go out as nibdns responses. Messages and the time come in; what is to be sent is appended
 * to the caller's list. It knows no socket, and keeps no answer: that is for those who ask.
 *
 * Of the answer section counts the record that has the question's name and type, or else the CNAME
 * of that name, which the one who asked follows himself. Of several the first in the order of
 * their octets, so that the same records give the same answer each time.
 */
#ifndef NIBDNS_GATE_NIBDNS_H
#define NIBDNS_GATE_NIBDNS_H

#include "nibdns/counters.h"
#include "nibdns/gate.h"

/*
 * received = answered + waiting + every dropped_..., answered + dropped_unsent = every answered_...
 */
#define NIB_GATE_NIBDNS_COUNTERS(X)                                                                \
    X(NIB_GATE_NIBDNS_RECEIVED, "received")                                                        \
    X(NIB_GATE_NIBDNS_ANSWERED, "answered")                                                        \
    X(NIB_GATE_NIBDNS_WAITING, "waiting")                                                          \
    X(NIB_GATE_NIBDNS_DROPPED_MALFORMED, "dropped_malformed")                                      \
    X(NIB_GATE_NIBDNS_DROPPED_RESPONSE, "dropped_response")                                        \
    X(NIB_GATE_NIBDNS_DROPPED_REPEAT, "dropped_repeat")                                            \
    X(NIB_GATE_NIBDNS_DROPPED_UNSENT, "dropped_unsent")                                            \
    X(NIB_GATE_NIBDNS_FOUND, "answered_found")                                                     \
    X(NIB_GATE_NIBDNS_CNAME, "answered_cname")                                                     \
    X(NIB_GATE_NIBDNS_NOT_FOUND, "answered_not_found")                                             \
    X(NIB_GATE_NIBDNS_FAILURE, "answered_failure")                                                 \
    X(NIB_GATE_NIBDNS_SHARED, "shared_fetches")                                                    \
    X(NIB_GATE_NIBDNS_FULL, "pending_full")                                                        \
    X(NIB_GATE_NIBDNS_FETCHES, "upstream_fetches")                                                 \
    X(NIB_GATE_NIBDNS_MESSAGES, "upstream_messages")                                               \
    X(NIB_GATE_NIBDNS_RETRIES, "upstream_retries")                                                 \
    X(NIB_GATE_NIBDNS_TIMEOUTS, "upstream_timeouts")                                               \
    X(NIB_GATE_NIBDNS_UNREACHABLE, "upstream_unreachable")                                         \
    X(NIB_GATE_NIBDNS_ANSWERS, "upstream_answers")                                                 \
    X(NIB_GATE_NIBDNS_TRUNCATED, "upstream_truncated")                                             \
    X(NIB_GATE_NIBDNS_PLAIN, "upstream_without_edns")                                              \
    X(NIB_GATE_NIBDNS_LATE, "upstream_discarded_late")                                             \
    X(NIB_GATE_NIBDNS_MALFORMED, "upstream_discarded_malformed")                                   \
    X(NIB_GATE_NIBDNS_FLAG, "upstream_discarded_not_a_response")                                   \
    X(NIB_GATE_NIBDNS_ID, "upstream_discarded_wrong_id")                                           \
    X(NIB_GATE_NIBDNS_QUESTION, "upstream_discarded_wrong_question")

enum nib_gate_nibdns_counter {
#define X(symbol, name) symbol,
    NIB_GATE_NIBDNS_COUNTERS(X)
#undef X
        NIB_GATE_NIBDNS_COUNT
};

struct nib_gate_nibdns_config {
    struct nib_addr server; /* the resolver */
    nib_ms timeout_ms;      /* of the first try; each further one waits twice as long */
    uint32_t tries;         /* 1 to 16 */
};

struct nib_gate_nibdns {
    struct nib_gate_nibdns_config config;
    struct nib_gate_table *table;
    uint64_t counters[NIB_GATE_NIBDNS_COUNT];
    uint64_t malformed[NIB_ERR_COUNT]; /* of queries */
};

/* The table stays the caller's. */
void nib_gate_nibdns_init(struct nib_gate_nibdns *gate, struct nib_gate_table *table,
    const struct nib_gate_nibdns_config *config);

/* A datagram of a nibdns client. */
struct nib_decision nib_gate_nibdns_input(struct nib_gate_nibdns *gate, nib_ms now,
    const struct nib_path *path, const uint8_t *octets, size_t len, struct nib_outputs *out);

/* A message on a socket upstream: a datagram, or from a stream, without its length there. */
struct nib_decision nib_gate_nibdns_reply(struct nib_gate_nibdns *gate, nib_ms now,
    struct nib_slot slot, const uint8_t *octets, size_t len, struct nib_outputs *out);

/*
 * A query was not sent, or its socket learnt that nobody listens at the other end, or its stream
 * has ended.
 */
struct nib_decision nib_gate_nibdns_unreachable(
    struct nib_gate_nibdns *gate, struct nib_slot slot, struct nib_outputs *out);

/* An answer could not be sent after all: it counts as dropped. */
void nib_gate_nibdns_answer_unsent(struct nib_gate_nibdns *gate);

/* Does what is due by now: retries, and the end of those that had no answer. */
void nib_gate_nibdns_tick(struct nib_gate_nibdns *gate, nib_ms now, struct nib_outputs *out);

/* When the next tick is due; NIB_NEVER while nothing is under way. */
static inline nib_ms nib_gate_nibdns_deadline(const struct nib_gate_nibdns *gate)
{
    return nib_heap_due(&gate->table->retries);
}

void nib_gate_nibdns_counters(const struct nib_gate_nibdns *gate, struct nib_writer *w);

#endif
