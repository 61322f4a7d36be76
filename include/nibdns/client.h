/*
 * Layer 4: the client (NIB-9.1): one lookup at a time, first in its own table, then at its server,
 * with retries; datagrams that are not the answer are counted by reason and the wait goes on.
 */
#ifndef NIBDNS_CLIENT_H
#define NIBDNS_CLIENT_H

#include "nibdns/addr.h"
#include "nibdns/message.h"
#include "nibdns/table.h"

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

/* What the caller has to do next. */
enum nib_client_step {
    NIB_CLIENT_SEND, /* send `query` to the server, then go on waiting */
    NIB_CLIENT_WAIT,
    NIB_CLIENT_DONE, /* the lookup has ended: `status` and what follows it */
};

struct nib_client {
    struct nib_table *table;
    struct nib_addr server;
    nib_ms timeout_ms; /* of the first try; each further one waits twice as long */
    uint32_t tries;    /* 1 to 16 */
    uint32_t next_id;
    /* the lookup under way or just ended */
    nib_ms due;
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

/* Begins a lookup; the name must have passed nib_name_check(). SEND or DONE. */
enum nib_client_step nib_client_start(
    struct nib_client *client, nib_ms now, struct nib_text name, enum nib_type type);

/* A datagram. WAIT or DONE. */
enum nib_client_step nib_client_input(struct nib_client *client, nib_ms now,
    const struct nib_addr *from, const uint8_t *octets, size_t len);

/* Nobody listens at the server's port, or the network cannot reach it. DONE. */
enum nib_client_step nib_client_unreachable(struct nib_client *client);

/* The time. SEND for a retry, WAIT, or DONE when the tries are used up. */
enum nib_client_step nib_client_tick(struct nib_client *client, nib_ms now);

/* When the next tick is due, while a lookup is under way. */
static inline nib_ms nib_client_deadline(const struct nib_client *client)
{
    return client->due;
}

const char *nib_discard_words(enum nib_discard reason);

#endif
