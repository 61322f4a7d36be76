/*
 * Layer 4: `nibgate dns`: queries of the real DNS come in, a local server is asked in nibdns, its
 * answers go out as DNS responses. Messages and the time come in; what is to be sent is appended to
 * the caller's list (output.h). It knows no socket, and keeps no answer: that is the local
 * server's.
 *
 * A name that lacks the type asked for has NXDOMAIN or not, and nibdns does not say which: so the
 * other types are asked for, one after another, until one is found (the answer is NOERROR, empty)
 * or none is left (NXDOMAIN). Types that nibdns does not know are such a miss from the start.
 */
#ifndef NIBDNS_GATE_DNS_H
#define NIBDNS_GATE_DNS_H

#include "nibdns/counters.h"
#include "nibdns/gate.h"

/*
 * received = answered + waiting + every dropped_..., answered + dropped_unsent = every answered_...
 */
#define NIB_GATE_DNS_COUNTERS(X)                                                                   \
    X(NIB_GATE_DNS_RECEIVED, "received")                                                           \
    X(NIB_GATE_DNS_ANSWERED, "answered")                                                           \
    X(NIB_GATE_DNS_WAITING, "waiting")                                                             \
    X(NIB_GATE_DNS_DROPPED_HEADER, "dropped_no_header")                                            \
    X(NIB_GATE_DNS_DROPPED_RESPONSE, "dropped_response")                                           \
    X(NIB_GATE_DNS_DROPPED_REPEAT, "dropped_repeat")                                               \
    X(NIB_GATE_DNS_DROPPED_UNSENT, "dropped_unsent")                                               \
    X(NIB_GATE_DNS_FOUND, "answered_found")                                                        \
    X(NIB_GATE_DNS_NODATA, "answered_nodata")                                                      \
    X(NIB_GATE_DNS_NXDOMAIN, "answered_nxdomain")                                                  \
    X(NIB_GATE_DNS_SERVFAIL, "answered_servfail")                                                  \
    X(NIB_GATE_DNS_FORMERR, "answered_formerr")                                                    \
    X(NIB_GATE_DNS_NOTIMP, "answered_notimp")                                                      \
    X(NIB_GATE_DNS_REFUSED, "answered_refused")                                                    \
    X(NIB_GATE_DNS_BADVERS, "answered_badvers")                                                    \
    X(NIB_GATE_DNS_TRUNCATED, "truncated")                                                         \
    X(NIB_GATE_DNS_SHARED, "shared_fetches")                                                       \
    X(NIB_GATE_DNS_FULL, "pending_full")                                                           \
    X(NIB_GATE_DNS_FETCHES, "upstream_fetches")                                                    \
    X(NIB_GATE_DNS_DATAGRAMS, "upstream_datagrams")                                                \
    X(NIB_GATE_DNS_RETRIES, "upstream_retries")                                                    \
    X(NIB_GATE_DNS_TIMEOUTS, "upstream_timeouts")                                                  \
    X(NIB_GATE_DNS_UNREACHABLE, "upstream_unreachable")                                            \
    X(NIB_GATE_DNS_ANSWERS, "upstream_answers")                                                    \
    X(NIB_GATE_DNS_LATE, "upstream_discarded_late")                                                \
    X(NIB_GATE_DNS_MALFORMED, "upstream_discarded_malformed")                                      \
    X(NIB_GATE_DNS_FLAG, "upstream_discarded_not_a_response")                                      \
    X(NIB_GATE_DNS_ID, "upstream_discarded_wrong_id")                                              \
    X(NIB_GATE_DNS_QUESTION, "upstream_discarded_wrong_question")                                  \
    X(NIB_GATE_DNS_ANSWER, "upstream_discarded_wrong_answer")

enum nib_gate_dns_counter {
#define X(symbol, name) symbol,
    NIB_GATE_DNS_COUNTERS(X)
#undef X
        NIB_GATE_DNS_COUNT
};

struct nib_gate_dns_config {
    struct nib_addr server; /* the local server */
    nib_ms timeout_ms;      /* of the first try; each further one waits twice as long */
    uint32_t tries;         /* 1 to 16 */
};

struct nib_gate_dns {
    struct nib_gate_dns_config config;
    struct nib_gate_table *table;
    uint64_t counters[NIB_GATE_DNS_COUNT];
};

/* The table stays the caller's. */
void nib_gate_dns_init(struct nib_gate_dns *gate, struct nib_gate_table *table,
    const struct nib_gate_dns_config *config);

/* A message of a DNS client: a datagram, or from a stream, without its length there. */
struct nib_decision nib_gate_dns_input(struct nib_gate_dns *gate, nib_ms now,
    const struct nib_path *path, const uint8_t *octets, size_t len, struct nib_outputs *out);

/* A datagram on a socket upstream. */
struct nib_decision nib_gate_dns_reply(struct nib_gate_dns *gate, nib_ms now, struct nib_slot slot,
    const uint8_t *octets, size_t len, struct nib_outputs *out);

/*
 * A query was not sent, or its socket learnt that nobody listens at the other end, or its stream
 * has ended.
 */
struct nib_decision nib_gate_dns_unreachable(
    struct nib_gate_dns *gate, struct nib_slot slot, struct nib_outputs *out);

/* An answer could not be sent after all: it counts as dropped. */
void nib_gate_dns_answer_unsent(struct nib_gate_dns *gate);

/* Does what is due by now: retries, and the end of those that had no answer. */
void nib_gate_dns_tick(struct nib_gate_dns *gate, nib_ms now, struct nib_outputs *out);

/* When the next tick is due; NIB_NEVER while nothing is under way. */
static inline nib_ms nib_gate_dns_deadline(const struct nib_gate_dns *gate)
{
    return nib_heap_due(&gate->table->retries);
}

void nib_gate_dns_counters(const struct nib_gate_dns *gate, struct nib_writer *w);

#endif
