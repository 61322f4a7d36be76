/*
 * Layer 4: the client (NIB-9.1): one lookup at a time, first in its own table, then at its server,
 * with retries; datagrams that are not the answer are counted by reason and the wait goes on. What
 * is to be sent is appended to the caller's list (output.h): queries, from a socket for each lookup
 * that is closed when it ends. While nib_client_deadline() is not NIB_NEVER a lookup is under way;
 * when it has ended, `status` and what follows say how. With a walk (walk.h) it is its own local
 * server.
 */
#ifndef NIBDNS_CLIENT_H
#define NIBDNS_CLIENT_H

#include "nibdns/addr.h"
#include "nibdns/message.h"
#include "nibdns/output.h"
#include "nibdns/table.h"
#include "nibdns/walk.h"

enum nib_client_status {
    NIB_CLIENT_FOUND,
    NIB_CLIENT_NOT_FOUND,
    NIB_CLIENT_NO_ANSWER,
    NIB_CLIENT_FAILURE,
};

/* Why datagrams were thrown away: symbol, words. */
#define NIB_DISCARDS(X)                                                                            \
    X(NIB_DISCARD_SOURCE, "wrong source")                                                          \
    X(NIB_DISCARD_MALFORMED, "malformed")                                                          \
    X(NIB_DISCARD_FLAG, "not a response")                                                          \
    X(NIB_DISCARD_ID, "wrong ID")                                                                  \
    X(NIB_DISCARD_QUESTION, "wrong question")                                                      \
    X(NIB_DISCARD_ANSWER, "wrong answer")

enum nib_discard {
#define X(symbol, words) symbol,
    NIB_DISCARDS(X)
#undef X
        NIB_DISCARD_COUNT
};

struct nib_client {
    struct nib_table *table;
    struct nib_addr server;
    struct nib_walk
        *walk;         /* opened for that server, which is an authoritative one; NULL: it is not */
    nib_ms timeout_ms; /* of the first try; each further one waits twice as long */
    uint32_t tries;    /* 1 to 16 */
    uint32_t next_id;
    /* the lookup under way or just ended */
    nib_ms due;
    struct nib_slot slot;
    uint32_t id;
    enum nib_type type;
    struct nib_text name; /* borrowed from query */
    uint32_t tried;       /* datagrams sent */
    uint32_t discarded[NIB_DISCARD_COUNT];
    enum nib_client_status status;
    bool from_table;     /* answered without asking */
    enum nib_type atype; /* of the result, where one was found */
    uint32_t ttl_s;
    size_t result_len;
    char result[NIB_RESULT_MAX];
    size_t query_len;
    uint8_t query[NIB_QUERY_MAX];
};

/* The table (with a cache) stays the caller's. */
void nib_client_init(struct nib_client *client, struct nib_table *table,
    const struct nib_addr *server, nib_ms timeout_ms, uint32_t tries);

/* Each call appends so many outputs at most. */
enum { NIB_CLIENT_OUTPUTS = NIB_WALK_OUTPUTS };

/* Begins a lookup; the name must have passed nib_name_check(). */
struct nib_decision nib_client_start(struct nib_client *client, nib_ms now, struct nib_text name,
    enum nib_type type, struct nib_outputs *out);

/* A datagram. */
struct nib_decision nib_client_input(struct nib_client *client, nib_ms now,
    const struct nib_addr *from, const uint8_t *octets, size_t len, struct nib_outputs *out);

/* Nobody listens at the server's port, or no way leads there: the lookup ends. */
struct nib_decision nib_client_unreachable(
    struct nib_client *client, nib_ms now, struct nib_outputs *out);

/* The time: another try, or the end when the tries are used up. */
struct nib_decision nib_client_tick(struct nib_client *client, nib_ms now, struct nib_outputs *out);

/* Whom the lookup under way asks: the server, or where a walk has come to. */
static inline const struct nib_addr *nib_client_asked(const struct nib_client *client)
{
    return client->walk == NULL ? &client->server : &client->walk->asked;
}

/* When the next tick is due; NIB_NEVER: no lookup is under way. */
static inline nib_ms nib_client_deadline(const struct nib_client *client)
{
    return client->due;
}

const char *nib_discard_words(enum nib_discard reason);

/* Why a datagram was thrown away. False: it was not. */
bool nib_discard_of(const struct nib_decision *decision, enum nib_discard *reason);

#endif
