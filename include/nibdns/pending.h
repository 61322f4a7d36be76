/*
 * Layer 3: the pending table of a local server (NIB-9): fetches under way to authoritative servers,
 * and the requests of clients that wait on them. A fetch is shared: all that ask for the same name
 * and type wait on one. Bounded; nothing is allocated after init; every call is O(1) but for the
 * timers, which are O(log n).
 *
 * A fetch's place in the table is its socket's place, too (struct nib_slot).
 */
#ifndef NIBDNS_PENDING_H
#define NIBDNS_PENDING_H

#include "nibdns/heap.h"
#include "nibdns/index.h"
#include "nibdns/message.h"
#include "nibdns/output.h"
#include "nibdns/rr.h"

enum { NIB_SERVERS_MAX = 8 }; /* addresses that one fetch tries */

/* One exchange with authoritative servers. */
struct nib_fetch {
    struct nib_timer retry;
    uint32_t id;
    uint32_t serial;      /* of its socket: a new one for each that it opens */
    uint32_t first, last; /* requests that wait on it; 0: none. A free place links by first. */
    enum nib_type type;
    uint8_t name_len;
    uint8_t sent;      /* datagrams so far, to all servers */
    uint8_t n_servers; /* 0: the place is free */
    uint8_t server;    /* the one being asked */
    uint8_t round;     /* how often each server has had its turn before */
    uint8_t failed;    /* bit i: server i refused, or could not help */
    struct nib_addr servers[NIB_SERVERS_MAX];
    char name[NIB_NAME_MAX];
};

/* What one client asked and still waits for. */
struct nib_request {
    struct nib_path path;
    uint32_t id;
    uint32_t next;  /* of those that wait on the same fetch; also links free ones */
    uint32_t ttl_s; /* the smallest on the way so far */
    enum nib_type type;
    uint8_t cnames; /* followed so far */
    uint8_t spent;  /* datagrams that went upstream for fetches already ended */
    uint8_t name_len;
    char name[NIB_NAME_MAX];
};

struct nib_pending {
    uint64_t seed;
    struct nib_fetch *fetches;
    struct nib_request *requests;
    uint32_t max_fetches, max_requests;
    uint32_t n_fetches, n_requests;
    uint32_t used_fetches, free_fetch; /* places ever taken; the first freed one plus one */
    uint32_t used_requests, free_request;
    uint32_t serials;           /* sockets so far */
    struct nib_index by_name;   /* fetches */
    struct nib_index by_client; /* requests */
    struct nib_heap retries;
};

size_t nib_pending_bytes(uint32_t max_fetches, uint32_t max_requests);

/* Memory must be zero and aligned for 64 octets. */
void nib_pending_init(struct nib_pending *pending, void *memory, uint32_t max_fetches,
    uint32_t max_requests, uint64_t seed);

static inline struct nib_text nib_fetch_name(const struct nib_fetch *fetch)
{
    return (struct nib_text){fetch->name, fetch->name_len};
}

static inline struct nib_text nib_request_name(const struct nib_request *request)
{
    return (struct nib_text){request->name, request->name_len};
}

/* The fetch of that name and type, or NULL. */
struct nib_fetch *nib_pending_find(
    const struct nib_pending *pending, struct nib_key key, enum nib_type type);

/* A new fetch that nobody waits on yet, or NULL: the table is full. The caller sets its servers. */
struct nib_fetch *nib_pending_open(
    struct nib_pending *pending, struct nib_key key, enum nib_type type);

/* Ends a fetch. Requests that still wait on it must have been taken off before. */
void nib_pending_close(struct nib_pending *pending, struct nib_fetch *fetch);

static inline struct nib_slot nib_pending_slot(
    const struct nib_pending *pending, const struct nib_fetch *fetch)
{
    return (struct nib_slot){(uint32_t)(fetch - pending->fetches), fetch->serial};
}

/* From here on the fetch has another socket. */
static inline void nib_pending_change_socket(struct nib_pending *pending, struct nib_fetch *fetch)
{
    fetch->serial = ++pending->serials;
}

/* The fetch at a place, or NULL: it is free. */
struct nib_fetch *nib_pending_at(const struct nib_pending *pending, uint32_t place);

/* The fetch that has that socket, or NULL: it has been closed. */
struct nib_fetch *nib_pending_of(const struct nib_pending *pending, struct nib_slot slot);

/*
 * Whether a request of that client with the same ID, type and name (octet for octet) waits already.
 */
bool nib_pending_repeats(const struct nib_pending *pending, const struct nib_request *request);

/* Lets a copy of the request wait on a fetch. False: no room for another request. */
bool nib_pending_wait(
    struct nib_pending *pending, struct nib_fetch *fetch, const struct nib_request *request);

/* Takes the first waiting request off a fetch into *request. False: nobody waits. */
bool nib_pending_next(
    struct nib_pending *pending, struct nib_fetch *fetch, struct nib_request *request);

#endif
