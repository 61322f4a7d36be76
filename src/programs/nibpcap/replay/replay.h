/*
 * Layer 7, a part of nibpcap: the queries of a capture sent to a live server, and its answers
 * compared.
 *
 * All queries leave from one socket, so each gets an ID of its own: its place among the queries. Of
 * an answer everything but the ID is compared. Its TTL may be anything up to the largest that the
 * capture has shown for that question by then.
 */
#ifndef NIBDNS_NIBPCAP_REPLAY_H
#define NIBDNS_NIBPCAP_REPLAY_H

#include "nibpcap/base/events.h"

struct sent {
    const struct event *query;
    uint32_t ttl_most; /* that the capture has shown by then for this question */
    bool sent, answered;
};

struct replay {
    struct events events;
    const char *path;
    struct nib_addr to;
    uint16_t port;
    int64_t speed; /* in millionths */
    bool fast;
    nib_ms timeout_ms;
    int fd;
    struct sent *queries;
    size_t n;
    size_t waiting; /* sent and not answered, of those with an answer in the capture */
    uint64_t skipped, matched, different, missing, extra, silent;
    int refused;   /* the errno that says why the server cannot be reached, or 0 */
    uint64_t told; /* differences that were shown */
};

enum {
    REPLAY_SHOWN = 100,  /* differences that are shown; the others are counted */
    REPLAY_PAUSE_S = 60, /* a longer pause is cut to a second, and it is said */
};

/* Which queries are sent: those to replay->port, without repeats. */
void replay_choose(struct replay *replay);

/* Sends them and takes what comes back; then counts what did not come. */
void replay_send(struct replay *replay);

/* The capture's answer to a query, or NULL; whether an event is a whole message. */
const struct event *replay_answer(const struct replay *replay, const struct sent *q);
bool replay_decode(const struct replay *replay, const struct event *e, struct nib_message *m);

#endif
