/*
 * Layer 4, private to the local server: what its parts share. local.c takes what comes in from
 * outside; local_walk.c leads a request from its name to its answer, or to a fetch that it waits
 * on; local_resume.c lets it go on when that has ended; local_answer.c ends it. local_ask.c opens
 * fetches and asks, local_fetch.c has their tries, replies and ends; local_servers.c knows which
 * servers a domain has, where they are, and how they lately did.
 */
#ifndef NIBDNS_CORE_LOCAL_PRIVATE_H
#define NIBDNS_CORE_LOCAL_PRIVATE_H

#include "nibdns/local.h"

/* One call from outside: the server, the time, and where what is to be sent goes. */
struct event {
    struct nib_local *local;
    nib_ms now;
    struct nib_outputs *out;
};

static inline void local_count(struct nib_local *local, enum nib_local_counter which)
{
    local->counters[which]++;
}

static inline uint32_t local_least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The last len octets of a name: a domain that it is in. */
static inline struct nib_text local_end_of(struct nib_text name, size_t len)
{
    return (struct nib_text){name.ptr + name.len - len, len};
}

/* The servers of a domain, as far as their addresses are known, the best to ask first. */
struct servers {
    uint8_t n;
    struct nib_addr addr[NIB_SERVERS_MAX];
};

/* ---- local_answer.c ---- */

/* What a query is answered with, and why. */
struct answer {
    struct nib_text result;
    uint32_t ttl_s;
    struct nib_decision decision;
};

void local_send(struct event *e, const struct nib_path *path, uint32_t id, enum nib_type type,
    struct nib_text name, const struct answer *answer);

/* Answers a request and ends it. */
void local_answer(struct event *e, struct nib_request *request, const struct answer *answer);

/* The same with `Server failure`. */
void local_fail(
    struct event *e, struct nib_request *request, enum nib_decided why, uint64_t number);

/* The TTL that an answer from a record carries. */
uint32_t local_ttl_of(const struct nib_local *local, const struct nib_rr *rr);

/* The answer that the table has for a query, along CNAMEs. False: it has none. */
bool local_table_answer(struct nib_local *local, nib_ms now, const struct nib_local_query *query,
    struct answer *answer);

/* ---- local_ask.c ---- */

/* What a request needs of servers. */
struct wanted {
    struct nib_key key;
    enum nib_type type;
    uint8_t domain_len; /* 0: of the top */
    uint8_t round;      /* in which they are asked first */
    uint8_t learnt;     /* NIB_LEARNT_... */
    uint32_t variant;   /* 0, or other servers than the table names */
    bool for_address;
    uint8_t n;
    struct nib_addr servers[NIB_SERVERS_MAX];
};

/* The fetch under way for that (NIB-8.11), or a new one that asks. NULL: no room (NIB-8.13). */
struct nib_fetch *local_fetch(
    struct event *e, const struct nib_request *request, const struct wanted *wanted, bool *joined);

struct nib_decision local_fetch_decision(enum nib_decided what, const struct nib_fetch *fetch);

/* The server of the moment. */
struct nib_addr *local_server_of(struct nib_fetch *fetch);

/* Another local server: its word is the answer, and its silence is not its own (NIB-8.26). */
bool local_is_forwarded(const struct nib_local *local, const struct nib_fetch *fetch);

unsigned local_letters_in(struct nib_text name);

/* A socket of its own, and letters for it. */
void local_change_socket(struct event *e, struct nib_fetch *fetch);

/* The query goes to the server of the moment. */
void local_ask(struct event *e, struct nib_fetch *fetch, enum nib_decided what);

/*
 * Moves to the server whose turn it is: the next one that has not failed, a round later past the
 * last. False: all used up.
 */
bool local_next_server(const struct nib_local *local, struct nib_fetch *fetch);

/*
 * Asks it: the same server again is a retry, with the ID and socket that it had (NIB-9.3); a change
 * of server is a new fetch, with an ID and a socket of its own (NIB-9.4).
 */
void local_ask_next(struct event *e, struct nib_fetch *fetch, uint8_t server_before);

/* ---- local_walk.c ---- */

/* What a step of a request's way comes to. */
enum next { GO_ON, WAITS, ENDED };

struct walk {
    struct event *e;
    struct nib_request *request;
    struct nib_lookup *top;
    struct nib_decision decision; /* once it waits or has ended */
};

struct walk local_walk_of(struct event *e, struct nib_request *request);

/* Goes on from there, until the request waits or has ended. */
struct nib_decision local_run(struct walk *w, enum next next, bool *answered);

/*
 * Lets a request go on that waits on nothing: to its answer, which ends it, or to a fetch that it
 * waits on. Returns what was decided; *answered says whether it has ended.
 */
struct nib_decision local_walk(struct event *e, struct nib_request *request, bool *answered);

/* The ends of a request. */
enum next local_walk_fail(struct walk *w, enum nib_decided why, uint64_t number);
enum next local_walk_answer(
    struct walk *w, struct nib_text result, uint32_t ttl_s, enum nib_decided why, uint64_t number);

/* The lookup of an address has ended; NULL: there is none. Or there is none of that type. */
enum next local_pop(struct walk *w, const struct nib_addr *found);
enum next local_no_such_address(struct walk *w);

/* NIB-8.3: one CNAME further; the name of a server must be none (NIB-8.21). */
enum next local_follow(struct walk *w, struct nib_text target, uint32_t ttl_s);

/* On with a learnt domain and the server that was named for it. */
void local_choose_learnt(
    struct nib_lookup *lookup, uint8_t domain_len, struct nib_text server, bool several);

/* The servers of the domain that was asked failed. */
enum next local_domain_failed(struct walk *w, enum nib_decided why, uint64_t number);
bool local_was_rescued(const struct nib_lookup *lookup, uint8_t domain_len);

/* Those to ask for names of no known domain, but for this server itself. */
struct servers local_top_servers(struct walk *w);

/* Waits on a fetch of the lookup on top from a domain's servers. */
enum next local_fetch_from(
    struct walk *w, uint8_t domain_len, const struct servers *servers, uint8_t round);

/* ---- local_resume.c ---- */

/* How a fetch has ended for those that waited on it. */
enum local_end {
    LOCAL_ENDED_ANSWER,   /* found, alias or miss: the message says */
    LOCAL_ENDED_REFERRAL, /* the message is one */
    LOCAL_ENDED_FAILED,   /* no server helped */
    LOCAL_ENDED_MISSED,   /* a learnt server is slow, and the domain above may know another */
    LOCAL_ENDED_REFUSED,  /* no response was believed */
};

/* For a request whose fetch (a copy of it) has ended so; m where there is a message. */
void local_resume(struct event *e, struct nib_request *request, enum local_end how,
    const struct nib_fetch *fetch, const struct nib_message *m);

/* ---- local_fetch.c ---- */

/* What came on its socket. */
struct nib_decision local_fetch_reply(
    struct event *e, struct nib_fetch *fetch, const uint8_t *octets, size_t len);

/* Its server of the moment cannot be reached, or did not answer in time. */
void local_fetch_unreachable(struct event *e, struct nib_fetch *fetch);
void local_fetch_exhausted(struct event *e, struct nib_fetch *fetch);
void local_fetch_timeout(struct event *e, struct nib_fetch *fetch);

/* Nobody waits on it any more. */
void local_fetch_abandon(struct event *e, struct nib_fetch *fetch);

/* ---- local_servers.c ---- */

/* A domain that decides whom to ask. */
struct domain {
    uint8_t len;            /* of the end of the name; 0: there is none */
    bool is_static;         /* its NS records were entered by hand */
    bool several;           /* another server was named for it, too */
    struct nib_text server; /* of a learnt one: its name server */
    struct servers servers;
};

/*
 * NIB-8.4: the closest enclosing domain of a lookup's name with NS records, static before learnt,
 * that is not passed over, and shorter than `below` where that is not 0.
 */
struct domain local_domain_of(
    struct event *e, const struct nib_request *request, uint8_t depth, uint8_t below);

/* Whether what was learnt of a server's address is not used, as its domain failed (NIB-8.23). */
bool local_is_stale(const struct nib_lookup *lookup, struct nib_text server);

/* The addresses of a learnt domain's server that may be used in a lookup. */
struct servers local_addresses_of(
    struct event *e, const struct nib_lookup *lookup, struct nib_text server);

/*
 * Whether a domain (the end of that length of a lookup's name) must not be asked in this lookup: on
 * the way to the address of a server of a domain, nobody of that domain or below it is asked.
 */
bool local_is_passed_over(const struct nib_request *request, uint8_t depth, uint8_t domain_len);

/* The address that a record gives a name server. False: it is this server itself, or not to be
 * believed. */
bool local_server_addr(struct nib_local *local, const struct nib_rr *rr, struct nib_addr *addr);

bool local_is_loopback(const struct nib_addr *addr);

/* Servers that lately failed go behind those that did not; otherwise the order stays (NIB-8.8). */
void local_prefer_healthy(struct nib_local *local, nib_ms now, struct servers *servers);

/* A server that failed is asked last until bad_until; one that answered has 0. */
void local_set_health(struct nib_local *local, const struct nib_addr *addr, nib_ms bad_until);

#endif
