/*
 * Layer 3: the pending table of a local server (NIB-9): fetches under way, and the requests of
 * clients that wait on them. Bounded; nothing is allocated after init; every call is O(1) but for
 * the timers, which are O(log n).
 *
 * A fetch is one exchange with the servers of one domain about one name and type. It is shared: all
 * that need the same wait on one. A request is one client's query with its way through several
 * fetches: it waits on one at a time, keeps its place until it is answered, and has a deadline. So
 * requests wait on fetches, fetches on the network and the time, and nothing on a request.
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

enum {
    NIB_SERVERS_MAX = 8, /* addresses that one fetch tries */
    NIB_LOOKUPS_MAX = 3, /* a client's, and two inside each other for name servers (NIB-8.21) */
    NIB_RESCUES_MAX = 8, /* domains that one lookup passes over because their servers failed */
};

/* What a response said, kept until a second one agrees (NIB-8.30). */
struct nib_first {
    bool there;
    enum nib_type atype;
    uint32_t ttl_s;
    uint8_t aname_len, result_len; /* the answer name is the end of the fetch's name */
    char result[NIB_RESULT_MAX];
};

struct nib_fetch {
    struct nib_timer retry;
    uint32_t id;
    uint32_t tag;         /* under which it stands in by_name */
    uint32_t serial;      /* of its socket: a new one for each that it opens */
    uint32_t variant;     /* 0, or which servers it asks in the place of those that failed */
    uint32_t first, last; /* requests that wait on it; 0: none. A free place links by first. */
    enum nib_type type;
    uint8_t name_len;
    uint8_t domain_len; /* whose servers are asked: so many octets at the name's end; 0: the top */
    uint8_t sent;       /* datagrams so far, to all servers */
    uint8_t n_servers;  /* 0: the place is free */
    uint8_t server;     /* the one being asked */
    uint8_t round;      /* how often each server has had its turn before */
    uint8_t failed;     /* bit i: server i refused, or could not help */
    uint8_t strikes;    /* well-formed responses that do not fit, since it was last begun anew */
    uint8_t anew;       /* how often it was begun anew for want of a response that is believed */
    uint8_t learnt;     /* the domain's NS record was learnt: NIB_LEARNT_... */
    bool mixed;         /* the letters sent are of random case */
    bool for_address;   /* somebody needs the answer as a name server's address */
    struct nib_addr servers[NIB_SERVERS_MAX];
    char name[NIB_NAME_MAX];  /* in the letters of whoever needs it */
    char asked[NIB_NAME_MAX]; /* in the letters that are sent */
    struct nib_first before;
};

/* Of a fetch: whether its domain is a learnt one, of which the domain above may know more. */
enum { NIB_LEARNT_NOT, NIB_LEARNT, NIB_LEARNT_SEVERAL, NIB_LEARNT_DONE };

/*
 * One lookup of a request: of what the client asked, or of the address of a name server that the
 * lookup around it needs. The domains that it is about are ends of its name, so a length says
 * which.
 */
struct nib_lookup {
    enum nib_type type;
    uint8_t name_len;
    uint8_t domain_len;  /* the domain whose servers are asked, once that is known; 0: the top's */
    uint8_t below;       /* only domains shorter than this are considered; 0: all */
    uint8_t server_len;  /* of a learnt domain: its name server; 0: a static one, or none yet */
    bool several;        /* another server was named for the domain, too */
    bool looked_up;      /* the server's address was, just now */
    bool detour;         /* the domain above is asked for another server (NIB-8.24) */
    bool no_more_detour; /* it has been, or there is none to ask */
    uint8_t n_detours, n_rescues, n_tried;
    uint8_t tried_len;     /* the domain whose servers were tried in vain */
    uint8_t round;         /* in which the domain's servers are asked next */
    struct nib_addr found; /* what the lookup of the server's address brought; family 0: nothing */
    uint8_t rescues[NIB_RESCUES_MAX];       /* domains that failed, by length (NIB-8.23) */
    struct nib_addr tried[NIB_SERVERS_MAX]; /* addresses that failed */
    char name[NIB_NAME_MAX];
    char server[NIB_NAME_MAX];
};

/* What one client asked and still waits for. */
struct nib_request {
    struct nib_timer deadline;
    struct nib_path path;
    uint32_t id;
    uint32_t tag;          /* under which it stands in by_client, once it waits */
    uint32_t next, before; /* of those that wait on the same fetch; next also links free ones */
    uint32_t fetch;        /* that it waits on, its place plus one; 0: none */
    uint32_t ttl_s;        /* the smallest on the way so far */
    enum nib_type type;
    uint8_t cnames, referrals; /* followed so far */
    uint8_t spent;             /* datagrams that went upstream for fetches already ended */
    uint8_t depth;             /* which of the lookups goes on */
    bool waits;                /* it is known: has a deadline, and repeats of it are dropped */
    uint8_t name_len;
    char name[NIB_NAME_MAX];
    struct nib_lookup lookups[NIB_LOOKUPS_MAX];
};

struct nib_pending {
    uint64_t seed;
    struct nib_fetch *fetches;
    struct nib_request *requests;
    uint32_t max_fetches, max_requests;
    uint32_t n_fetches, n_requests;    /* requests that wait */
    uint32_t used_fetches, free_fetch; /* places ever taken; the first freed one plus one */
    uint32_t used_requests, free_request;
    uint32_t serials;           /* sockets so far */
    struct nib_index by_name;   /* fetches */
    struct nib_index by_client; /* requests */
    struct nib_heap retries, deadlines;
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

static inline struct nib_text nib_lookup_name(const struct nib_lookup *lookup)
{
    return (struct nib_text){lookup->name, lookup->name_len};
}

/* ---- fetches ---- */

/* The fetch of that name and type from that domain, in that variant, or NULL. */
struct nib_fetch *nib_pending_find(const struct nib_pending *pending, struct nib_key key,
    enum nib_type type, uint8_t domain_len, uint32_t variant);

/* The oldest fetch of that name and type, from whichever domain, or NULL. */
struct nib_fetch *nib_pending_any(
    const struct nib_pending *pending, struct nib_key key, enum nib_type type);

/* A new fetch that nobody waits on yet, or NULL: the table is full. The caller sets its servers. */
struct nib_fetch *nib_pending_open(
    struct nib_pending *pending, struct nib_key key, enum nib_type type, uint8_t domain_len);

/*
 * Ends a fetch. Requests that wait on it must have been taken off before, or are taken off later
 * from a copy made before.
 */
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

/* ---- requests ---- */

/*
 * Whether a request of that client with the same ID, type and name (octet for octet) waits already.
 */
bool nib_pending_repeats(const struct nib_pending *pending, const struct nib_path *path,
    const struct nib_message *query);

/*
 * A place for a request that does not wait yet, with what the query says. There is one at a time:
 * the caller ends it, or lets it wait, before the next.
 */
struct nib_request *nib_pending_add(
    struct nib_pending *pending, const struct nib_path *path, const struct nib_message *query);

/*
 * Lets a request wait on a fetch; the first time its deadline begins to run. False: too many wait
 * already.
 */
bool nib_pending_wait(struct nib_pending *pending, struct nib_fetch *fetch,
    struct nib_request *request, nib_ms deadline);

/* Takes the first waiting request off a fetch, or off a copy of one that was closed. NULL: none. */
struct nib_request *nib_pending_next(struct nib_pending *pending, struct nib_fetch *fetch);

/* Takes a request off the fetch that it waits on, which is returned. */
struct nib_fetch *nib_pending_leave(struct nib_pending *pending, struct nib_request *request);

/* Frees the place of a request that waits on nothing. */
void nib_pending_end(struct nib_pending *pending, struct nib_request *request);

#endif
