/*
 * Layer 4: `nibgate dns`: queries of the real DNS come in, a local server is asked in nibdns, its
 * answers go out as DNS responses. Messages and the time come in; what is to be sent is appended to
 * the caller's list. It knows no socket, and keeps no answer: that is the local server's.
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
 * What is counted: symbol, name, and for what input and reply decide the words. received = answered
 * + waiting + every dropped_..., answered = every answered_...
 */
#define NIB_GATE_DNS_COUNTERS(X)                                                                   \
    X(NIB_GATE_DNS_RECEIVED, "received", "")                                                       \
    X(NIB_GATE_DNS_ANSWERED, "answered", "")                                                       \
    X(NIB_GATE_DNS_WAITING, "waiting", "")                                                         \
    X(NIB_GATE_DNS_DROPPED_HEADER, "dropped_no_header", "thrown away: no whole header")            \
    X(NIB_GATE_DNS_DROPPED_RESPONSE, "dropped_response", "thrown away: a response")                \
    X(NIB_GATE_DNS_DROPPED_REPEAT, "dropped_repeat", "thrown away: a repeat of one that waits")    \
    X(NIB_GATE_DNS_DROPPED_UNSENT, "dropped_unsent", "")                                           \
    X(NIB_GATE_DNS_FOUND, "answered_found", "answered with the record")                            \
    X(NIB_GATE_DNS_NODATA, "answered_nodata", "answered: the name has other types")                \
    X(NIB_GATE_DNS_NXDOMAIN, "answered_nxdomain", "answered NXDOMAIN")                             \
    X(NIB_GATE_DNS_SERVFAIL, "answered_servfail", "answered SERVFAIL")                             \
    X(NIB_GATE_DNS_FORMERR, "answered_formerr", "answered FORMERR")                                \
    X(NIB_GATE_DNS_NOTIMP, "answered_notimp", "answered NOTIMP")                                   \
    X(NIB_GATE_DNS_REFUSED, "answered_refused", "answered REFUSED: the class is not IN")           \
    X(NIB_GATE_DNS_BADVERS, "answered_badvers", "answered BADVERS")                                \
    X(NIB_GATE_DNS_TRUNCATED, "truncated", "")                                                     \
    X(NIB_GATE_DNS_SHARED, "shared_fetches", "joins a fetch that is under way")                    \
    X(NIB_GATE_DNS_FULL, "pending_full", "")                                                       \
    X(NIB_GATE_DNS_FETCHES, "upstream_fetches", "asked the local server")                          \
    X(NIB_GATE_DNS_DATAGRAMS, "upstream_datagrams", "")                                            \
    X(NIB_GATE_DNS_RETRIES, "upstream_retries", "")                                                \
    X(NIB_GATE_DNS_TIMEOUTS, "upstream_timeouts", "")                                              \
    X(NIB_GATE_DNS_UNREACHABLE, "upstream_unreachable", "")                                        \
    X(NIB_GATE_DNS_ANSWERS, "upstream_answers", "the answer to a fetch")                           \
    X(NIB_GATE_DNS_LATE, "upstream_discarded_late", "thrown away: nobody waits for it")            \
    X(NIB_GATE_DNS_MALFORMED, "upstream_discarded_malformed", "thrown away: malformed")            \
    X(NIB_GATE_DNS_FLAG, "upstream_discarded_not_a_response", "thrown away: not a response")       \
    X(NIB_GATE_DNS_ID, "upstream_discarded_wrong_id", "thrown away: wrong ID")                     \
    X(NIB_GATE_DNS_QUESTION, "upstream_discarded_wrong_question", "thrown away: wrong question")   \
    X(NIB_GATE_DNS_ANSWER, "upstream_discarded_wrong_answer", "thrown away: wrong answer")

enum nib_gate_dns_counter {
#define X(symbol, name, words) symbol,
    NIB_GATE_DNS_COUNTERS(X)
#undef X
        NIB_GATE_DNS_COUNT
};

struct nib_gate_dns {
    struct nib_gate_table *table;
    nib_ms timeout_ms; /* of the first try; each further one waits twice as long */
    uint32_t tries;    /* 1 to 16 */
    uint64_t counters[NIB_GATE_DNS_COUNT];
};

/* The table stays the caller's. */
void nib_gate_dns_init(
    struct nib_gate_dns *gate, struct nib_gate_table *table, nib_ms timeout_ms, uint32_t tries);

/*
 * A message of a DNS client, in a datagram or from a stream (without its length). Returns what was
 * decided.
 */
enum nib_gate_dns_counter nib_gate_dns_input(struct nib_gate_dns *gate, nib_ms now,
    const struct nib_path *path, bool stream, const uint8_t *octets, size_t len,
    struct nib_gate_outputs *out);

/* A datagram on a slot's socket. */
enum nib_gate_dns_counter nib_gate_dns_reply(struct nib_gate_dns *gate, nib_ms now, uint32_t slot,
    const uint8_t *octets, size_t len, struct nib_gate_outputs *out);

/* A slot's socket could not be had, or learnt that nobody listens at the other end. */
void nib_gate_dns_unreachable(
    struct nib_gate_dns *gate, uint32_t slot, struct nib_gate_outputs *out);

/* Does what is due by now: retries, and the end of those that had no answer. */
void nib_gate_dns_tick(struct nib_gate_dns *gate, nib_ms now, struct nib_gate_outputs *out);

/* When the next tick is due; NIB_NEVER while nothing is under way. */
static inline nib_ms nib_gate_dns_deadline(const struct nib_gate_dns *gate)
{
    return nib_heap_due(&gate->table->retries);
}

/* An answer that could not be sent after all: it counts as dropped. */
void nib_gate_dns_unsent(struct nib_gate_dns *gate);

void nib_gate_dns_counters(const struct nib_gate_dns *gate, struct nib_writer *w);

const char *nib_gate_dns_words(enum nib_gate_dns_counter decision);

#endif
