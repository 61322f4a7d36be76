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
 * What is counted: symbol, name, and for what input and reply decide the words. received = answered
 * + waiting + every dropped_..., answered = every answered_...
 */
#define NIB_GATE_NIBDNS_COUNTERS(X)                                                                \
    X(NIB_GATE_NIBDNS_RECEIVED, "received", "")                                                    \
    X(NIB_GATE_NIBDNS_ANSWERED, "answered", "")                                                    \
    X(NIB_GATE_NIBDNS_WAITING, "waiting", "")                                                      \
    X(NIB_GATE_NIBDNS_DROPPED_MALFORMED, "dropped_malformed", "thrown away: malformed")            \
    X(NIB_GATE_NIBDNS_DROPPED_RESPONSE, "dropped_response", "thrown away: a response")             \
    X(NIB_GATE_NIBDNS_DROPPED_REPEAT, "dropped_repeat", "thrown away: a repeat of one that waits") \
    X(NIB_GATE_NIBDNS_DROPPED_UNSENT, "dropped_unsent", "")                                        \
    X(NIB_GATE_NIBDNS_FOUND, "answered_found", "answered with the record")                         \
    X(NIB_GATE_NIBDNS_CNAME, "answered_cname", "answered with the CNAME")                          \
    X(NIB_GATE_NIBDNS_NOT_FOUND, "answered_not_found", "answered Record not found")                \
    X(NIB_GATE_NIBDNS_FAILURE, "answered_failure", "answered Server failure")                      \
    X(NIB_GATE_NIBDNS_SHARED, "shared_fetches", "joins a fetch that is under way")                 \
    X(NIB_GATE_NIBDNS_FULL, "pending_full", "")                                                    \
    X(NIB_GATE_NIBDNS_FETCHES, "upstream_fetches", "asked the resolver")                           \
    X(NIB_GATE_NIBDNS_MESSAGES, "upstream_messages", "")                                           \
    X(NIB_GATE_NIBDNS_RETRIES, "upstream_retries", "")                                             \
    X(NIB_GATE_NIBDNS_TIMEOUTS, "upstream_timeouts", "")                                           \
    X(NIB_GATE_NIBDNS_UNREACHABLE, "upstream_unreachable", "")                                     \
    X(NIB_GATE_NIBDNS_ANSWERS, "upstream_answers", "the answer to a fetch")                        \
    X(NIB_GATE_NIBDNS_TRUNCATED, "upstream_truncated", "truncated: asked again over TCP")          \
    X(NIB_GATE_NIBDNS_PLAIN, "upstream_without_edns", "no EDNS there: asked again without")        \
    X(NIB_GATE_NIBDNS_LATE, "upstream_discarded_late", "thrown away: nobody waits for it")         \
    X(NIB_GATE_NIBDNS_MALFORMED, "upstream_discarded_malformed", "thrown away: malformed")         \
    X(NIB_GATE_NIBDNS_FLAG, "upstream_discarded_not_a_response", "thrown away: not a response")    \
    X(NIB_GATE_NIBDNS_ID, "upstream_discarded_wrong_id", "thrown away: wrong ID")                  \
    X(NIB_GATE_NIBDNS_QUESTION, "upstream_discarded_wrong_question", "thrown away: wrong question")

enum nib_gate_nibdns_counter {
#define X(symbol, name, words) symbol,
    NIB_GATE_NIBDNS_COUNTERS(X)
#undef X
        NIB_GATE_NIBDNS_COUNT
};

struct nib_gate_nibdns {
    struct nib_gate_table *table;
    nib_ms timeout_ms; /* of the first try; each further one waits twice as long */
    uint32_t tries;    /* 1 to 16 */
    uint64_t counters[NIB_GATE_NIBDNS_COUNT];
    uint64_t malformed[NIB_ERR_COUNT]; /* of queries */
};

/* The table stays the caller's. */
void nib_gate_nibdns_init(
    struct nib_gate_nibdns *gate, struct nib_gate_table *table, nib_ms timeout_ms, uint32_t tries);

/* A datagram of a nibdns client. Returns what was decided. */
enum nib_gate_nibdns_counter nib_gate_nibdns_input(struct nib_gate_nibdns *gate, nib_ms now,
    const struct nib_path *path, const uint8_t *octets, size_t len, struct nib_gate_outputs *out);

/* A message of the resolver on a slot's socket, in a datagram or from its stream. */
enum nib_gate_nibdns_counter nib_gate_nibdns_reply(struct nib_gate_nibdns *gate, nib_ms now,
    uint32_t slot, const uint8_t *octets, size_t len, struct nib_gate_outputs *out);

/* A slot's socket could not be had, or learnt that nobody listens, or its stream has ended. */
void nib_gate_nibdns_unreachable(
    struct nib_gate_nibdns *gate, uint32_t slot, struct nib_gate_outputs *out);

/* Does what is due by now: retries, and the end of those that had no answer. */
void nib_gate_nibdns_tick(struct nib_gate_nibdns *gate, nib_ms now, struct nib_gate_outputs *out);

/* When the next tick is due; NIB_NEVER while nothing is under way. */
static inline nib_ms nib_gate_nibdns_deadline(const struct nib_gate_nibdns *gate)
{
    return nib_heap_due(&gate->table->retries);
}

/* An answer that could not be sent after all: it counts as dropped. */
void nib_gate_nibdns_unsent(struct nib_gate_nibdns *gate);

void nib_gate_nibdns_counters(const struct nib_gate_nibdns *gate, struct nib_writer *w);

const char *nib_gate_nibdns_words(enum nib_gate_nibdns_counter decision);

#endif
