/*
 * Layer 6, private: messages over TCP: streams.c has the connections and sends, streams_in.c reads
 * what comes on them.
 */
#ifndef NIBDNS_OS_STREAMS_PRIVATE_H
#define NIBDNS_OS_STREAMS_PRIVATE_H

#include "nibdns/os/stream.h"
#include "server_private.h"

enum {
    CONNECTIONS = 256,                 /* of clients; the idlest one ends for a new one */
    UPSTREAM = 256,                    /* streams to those we ask */
    IDLE_MS = 10000,                   /* after which a client's connection ends */
    WAITING_MAX = 64,                  /* of one connection; it is not read further meanwhile */
    ACCEPTS = 64,                      /* before the others have their turn */
    MESSAGES = 64,                     /* likewise, read from one connection */
    FIRST_CONNECTION = NIB_LISTEN_MAX, /* numbers of what is watched, the listeners' before */
    FIRST_UPSTREAM = FIRST_CONNECTION + CONNECTIONS,
};

/* Closed where stream is NULL. */
struct connection {
    struct nib_stream *stream;
    struct nib_path path; /* its listener is NIB_LISTEN_MAX and the place of the connection */
    nib_ms since;         /* it was last heard of, or answered */
    uint32_t waiting;     /* messages without an answer yet */
    bool ended;           /* the client sends no more */
    bool more;            /* messages were left for the next turn */
};

struct upstream {
    struct nib_stream *stream;
    struct nib_slot slot;
    struct nib_addr self, peer;
};

struct streams {
    int listeners[NIB_LISTEN_MAX];
    uint32_t n_connections, n_upstreams;
    struct connection connections[CONNECTIONS];
    struct upstream upstreams[UPSTREAM];
};

/* The number under which a listener, connection or stream upstream is watched. */
uint32_t streams_number(const struct nib_server *server, uint32_t which);

void streams_close_connection(struct nib_worker *worker, struct connection *c);

/* What the connection is to be watched for; closes one from which nothing more can come. */
void streams_settle(struct nib_worker *worker, struct connection *c);

/* What came already is to be handed over, whether more comes or not. */
bool streams_goes_on(const struct connection *c);

/* Watches a stream upstream: always for what comes, and for room where something is unsent. */
void streams_watch_upstream(struct nib_worker *worker, struct upstream *u);

#endif
