/*
 * Layer 7, private to nibpcap rerun --as local.
 */
#ifndef NIBDNS_NIBPCAP_RERUN_LOCAL_H
#define NIBDNS_NIBPCAP_RERUN_LOCAL_H

#include "nibdns/local.h"
#include "nibpcap/rerun/rerun.h"

enum { LOCAL_QUESTIONS = 4096, LOCAL_REQUESTS = 4 * LOCAL_QUESTIONS, LOCAL_DELAYS = 131072 };

struct upstream_socket {
    bool open, met;
    uint32_t number; /* unlike that of any other socket */
    uint32_t serial; /* the logic's */
    struct nib_addr self, to;
    size_t first, last; /* places in the queue of replies; EVENT_NONE: none */
};

/* Events that have arrived and are not fed yet, by number; those fed out of turn are EVENT_NONE. */
struct local_queue {
    size_t *events;
    size_t *next; /* of replies: the next place of the same socket */
    size_t begin, end;
};

struct local_run {
    struct rerun *rerun;
    size_t current;                   /* the event that is looked at */
    nib_ms now;                       /* the latest time that the logic was told */
    const struct nib_message *wanted; /* the question that the next request should ask, or NULL */
    struct local_queue requests, replies;
    struct local_queue aliases; /* places of replies that are CNAMEs */
    struct nib_local logic;
    struct nib_outputs outputs;
    struct nib_addr at;
    struct upstream_socket sockets[LOCAL_QUESTIONS];
    uint32_t by_port[65536]; /* slot plus one of a socket that was met */
    uint32_t numbers;
    nib_ms delays[LOCAL_DELAYS]; /* of a record, by its number: how much later it may have been
                                    stored */
    nib_ms most_delay;
    bool walks;         /* referrals were seen */
    bool blind;         /* the capture has no traffic upstream */
    bool went_upstream; /* a request that was just fed */
    /* what the logic is busy with */
    uint64_t frame;
    int64_t time_ns;
    bool timed;
};

/* A query upstream: it leaves from this host, whichever address of it. */
bool local_is_question(const struct local_run *run, const struct event *e);

/* The socket of a query, by its two ends, or NULL: not met, or closed. */
struct upstream_socket *local_met(
    struct local_run *run, const struct nib_addr *self, const struct nib_addr *peer);

/* Whether a query is what an event (an answer, or another query) would come from. */
bool local_leads_to(const struct local_run *run, const struct nib_fetch *q, const struct event *e,
    const struct nib_message *m);

/* Notes what the logic wants sent. */
void local_drain(struct local_run *run);

/* What the logic is about to be busy with. */
void local_begin(struct local_run *run, const struct event *e);
void local_tick(struct local_run *run, nib_ms due);

/* Gives the logic a request, a reply, or word of a refusal. */
void local_feed_request(struct local_run *run, const struct event *e);
void local_feed_reply(struct local_run *run, const struct event *e);
void local_feed_refusal(struct local_run *run, const struct event *e);

/* A datagram or a refusal has come; it is fed when it is needed. */
void local_arrive(struct local_run *run, const struct event *e);

/* Feeds one of what has come, towards what the event shows. False: nothing would help. */
bool local_step(struct local_run *run, const struct event *e);

/* Feeds the requests up to the last one that waits on that fetch and is answered with it. */
void local_feed_sharers(struct local_run *run, const struct nib_fetch *q);

/* Feeds all that came before that time. */
void local_force(struct local_run *run, int64_t before_ns);

/* The time at which a request is to be fed, so that it is answered as the capture says. */
nib_ms rerun_clock(struct local_run *run, const struct event *e, const struct nib_message *query);

#endif
