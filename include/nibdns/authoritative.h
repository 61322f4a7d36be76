/*
 * Layer 4: the authoritative server (NIB-8.1): a datagram in, at most one datagram out. It learns
 * nothing, waits for nothing, and so needs no time.
 */
#ifndef NIBDNS_AUTHORITATIVE_H
#define NIBDNS_AUTHORITATIVE_H

#include "nibdns/counters.h"
#include "nibdns/message.h"
#include "nibdns/output.h"
#include "nibdns/table.h"

/* received = answered + waiting (none here: each answer is given at once) + every dropped_... */
#define NIB_AUTHORITATIVE_COUNTERS(X)                                                              \
    X(NIB_AUTH_RECEIVED, "received")                                                               \
    X(NIB_AUTH_ANSWERED, "answered")                                                               \
    X(NIB_AUTH_WAITING, "waiting")                                                                 \
    X(NIB_AUTH_DROPPED_MALFORMED, "dropped_malformed")                                             \
    X(NIB_AUTH_DROPPED_RESPONSE, "dropped_response")                                               \
    X(NIB_AUTH_DROPPED_UNSENT, "dropped_unsent")                                                   \
    X(NIB_AUTH_FOUND, "answered_found")                                                            \
    X(NIB_AUTH_CNAME, "answered_cname")                                                            \
    X(NIB_AUTH_REFERRAL, "answered_referral")                                                      \
    X(NIB_AUTH_NOT_FOUND, "answered_not_found")                                                    \
    X(NIB_AUTH_FAILURE, "answered_failure")

enum nib_authoritative_counter {
#define X(symbol, name) symbol,
    NIB_AUTHORITATIVE_COUNTERS(X)
#undef X
        NIB_AUTH_COUNTERS
};

struct nib_authoritative {
    struct nib_table *table;
    uint32_t ttl_s; /* what answers from static records carry */
    /* Its zones (NIB-8.17), names that are the caller's; without any it answers for every name. */
    const struct nib_text *zones;
    size_t n_zones;
    uint64_t counters[NIB_AUTH_COUNTERS];
    uint64_t malformed[NIB_ERR_COUNT];
};

/* A query on its way to its answer. */
struct nib_authoritative_query {
    struct nib_message message;
    struct nib_key key;
    const struct nib_path *path;
};

/*
 * The three steps of an answer, apart so that a batch can take each for all before the next: its
 * waits for memory then overlap. `begin` decides what is answered: NIB_DECIDED_NOTHING yet, or why
 * nobody answers it, a malformed message or a response; the datagram and the path must stay until
 * `finish`. `seek` changes nothing but the processor's caches. `finish` appends the answer.
 */
struct nib_decision nib_authoritative_begin(struct nib_authoritative *server,
    const struct nib_path *path, const uint8_t *octets, size_t len,
    struct nib_authoritative_query *query);
void nib_authoritative_seek(
    const struct nib_authoritative *server, const struct nib_authoritative_query *query);
struct nib_decision nib_authoritative_finish(struct nib_authoritative *server,
    struct nib_authoritative_query *query, struct nib_outputs *out);

/* All three for one datagram: one answer, or none. */
struct nib_decision nib_authoritative_input(struct nib_authoritative *server,
    const struct nib_path *path, const uint8_t *octets, size_t len, struct nib_outputs *out);

/* An answer that could not be sent after all: it counts as dropped, no longer as answered. */
void nib_authoritative_answer_unsent(struct nib_authoritative *server);

/* Adds what another counted: servers of one table may share the work. */
void nib_authoritative_add_counters(
    struct nib_authoritative *sum, const struct nib_authoritative *server);

/* The counters as text, for NIB_COUNTERS_TEXT_MAX octets or less. */
void nib_authoritative_counters(const struct nib_authoritative *server, struct nib_writer *w);

#endif
