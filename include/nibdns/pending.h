/*
 * Layer 3: the pending table of a local server (NIB-9): questions under way to authoritative
 * servers, and the requests of clients that wait on them. A question is shared: all that ask for
 * the same name and type wait on one. Bounded; nothing is allocated after init; every call is O(1)
 * but for the timers, which are O(log n).
 *
 * A question's place in the table, its slot, is what its socket is known by.
 */
#ifndef NIBDNS_PENDING_H
#define NIBDNS_PENDING_H

#include "nibdns/addr.h"
#include "nibdns/heap.h"
#include "nibdns/index.h"
#include "nibdns/message.h"
#include "nibdns/rr.h"

enum { NIB_SERVERS_MAX = 8 }; /* addresses that one question tries */

/* A question to an authoritative server. */
struct nib_fetch {
    struct nib_timer retry;
    uint32_t id;
    uint32_t first, last; /* requests that wait on it; 0: none. A free slot links by first. */
    enum nib_type type;
    uint8_t name_len;
    uint8_t sent;      /* datagrams so far, to all servers */
    uint8_t n_servers; /* 0: the slot is free */
    uint8_t server;    /* the one being asked */
    uint8_t round;     /* how often each server has had its turn before */
    uint8_t gone;      /* bit i: server i refused, or could not help */
    struct nib_addr servers[NIB_SERVERS_MAX];
    char name[NIB_NAME_MAX];
};

/* What one client asked and still waits for. */
struct nib_request {
    struct nib_path path;
    uint32_t id;
    uint32_t next;  /* of those that wait on the same question; also links free ones */
    uint32_t ttl_s; /* the smallest on the way so far */
    enum nib_type type;
    uint8_t cnames; /* followed so far */
    uint8_t spent;  /* datagrams that went upstream for questions already ended */
    uint8_t name_len;
    char name[NIB_NAME_MAX];
};

struct nib_pending {
    uint64_t seed;
    struct nib_fetch *fetches;
    struct nib_request *requests;
    uint32_t max_fetches, max_requests;
    uint32_t n_fetches, n_requests;
    uint32_t used_fetches, free_fetch; /* slots ever taken; the first freed one plus one */
    uint32_t used_requests, free_request;
    struct nib_index by_name;   /* questions */
    struct nib_index by_client; /* requests */
    struct nib_heap retries;
};

size_t nib_pending_bytes(uint32_t max_fetches, uint32_t max_requests);

/* Memory must be zero and aligned for 64 octets. */
void nib_pending_init(struct nib_pending *pending, void *memory, uint32_t max_fetches,
    uint32_t max_requests, uint64_t seed);

static inline struct nib_text nib_fetch_name(const struct nib_fetch *question)
{
    return (struct nib_text){question->name, question->name_len};
}

static inline struct nib_text nib_request_name(const struct nib_request *request)
{
    return (struct nib_text){request->name, request->name_len};
}

/* The question of that name and type, or NULL. */
struct nib_fetch *nib_pending_find(
    const struct nib_pending *pending, struct nib_key key, enum nib_type type);

/* A new question that nobody waits on yet, or NULL: the table is full. The caller sets its servers.
 */
struct nib_fetch *nib_pending_open(
    struct nib_pending *pending, struct nib_key key, enum nib_type type);

/* Ends a question. Requests that still wait on it must have been taken off before. */
void nib_pending_close(struct nib_pending *pending, struct nib_fetch *question);

static inline uint32_t nib_pending_slot(
    const struct nib_pending *pending, const struct nib_fetch *question)
{
    return (uint32_t)(question - pending->fetches);
}

/* The question under way in that slot, or NULL. */
struct nib_fetch *nib_pending_at(const struct nib_pending *pending, uint32_t slot);

/* Whether a request of that client with the same ID, type and name (octet for octet) waits already.
 */
bool nib_pending_repeats(const struct nib_pending *pending, const struct nib_request *request);

/* Lets a copy of the request wait on a question. False: no room for another request. */
bool nib_pending_wait(
    struct nib_pending *pending, struct nib_fetch *question, const struct nib_request *request);

/* Takes the first waiting request off a question into *request. False: nobody waits. */
bool nib_pending_next(
    struct nib_pending *pending, struct nib_fetch *question, struct nib_request *request);

#endif
