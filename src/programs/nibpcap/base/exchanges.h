/*
 * Layer 7, nibpcap's base: queries and what came of them, in memory in proportion to how many are
 * remembered at a time. Which message belongs where is for verdict.h to say.
 *
 *     waiting --(first response)--> ended
 *
 * A waiting one is remembered for 60 seconds after its last try, an ended one for 10 seconds after
 * its first response.
 */
#ifndef NIBDNS_NIBPCAP_EXCHANGES_H
#define NIBDNS_NIBPCAP_EXCHANGES_H

#include "nibdns/addr.h"
#include "nibdns/message.h"

/* Lists that an exchange is in: each begins at a head of its own, the newest exchange first. */
enum exchange_list {
    LIST_QUESTION, /* of one hash of both sockets, ID, type and name */
    LIST_ID,       /* of one hash of asker and ID */
    LIST_OPEN,     /* requests that wait */
    LIST_CAUSED,   /* by one request */
    LIST_COUNT
};

struct exchange_link {
    struct exchange *next, **back; /* back: the pointer that points here; NULL: in no such list */
};

/* A socket that has asked something that is remembered. */
struct asker {
    struct asker *next;
    struct nib_addr addr;
    struct exchange *last; /* that it began; NULL once that is forgotten */
    size_t n, n_local;     /* remembered exchanges, and those of them with a local server */
};

/* A query with its repeats: all with one ID, type and name between two sockets. */
struct exchange {
    struct exchange_link links[LIST_COUNT];
    struct exchange *newer, *older; /* by the time from which it is forgotten */
    struct asker *asker;
    struct nib_addr server;
    uint32_t id;
    enum nib_type type;
    bool ended, to_local;
    uint64_t question_hash, id_hash;
    /* queries */
    uint64_t query_frame, try_frame;   /* of the first try, of the last one */
    int64_t query_ns, try_ns, seen_ns; /* the first try, the last, the last copy of any */
    uint32_t tries;
    /* responses */
    uint64_t response_frame; /* the first; 0: none, or none that could be told */
    uint64_t last_frame, last_hash, answer_hash;
    int64_t last_ns;
    uint32_t responses;
    uint64_t icmp_frame; /* of the first ICMP error about it; 0: none */
    /* requests */
    struct want *wants;       /* what a request is known to look for by now */
    struct exchange *caused;  /* queries upstream that it caused */
    struct exchange *request; /* that caused this one, as long as it waits */
    bool has_caused;          /* a request: some query upstream */
    uint64_t for_frame;       /* its query's frame; 0: none is known */
    size_t mark;              /* the user's, 0 at first */
    bool chosen;              /* the user's: by a filter */
    uint8_t name_len;
    char name[];
};

struct exchanges {
    uint64_t seed; /* of the hashes */
    struct exchange **by_question, **by_id;
    struct asker **askers;
    size_t n_buckets, n, n_asker_buckets, n_askers;
    struct exchange *oldest[2], *newest[2]; /* of those that wait, of those that ended */
    void *ctx;
    void (*forgotten)(void *ctx, struct exchange *exchange); /* about to be; may be NULL */
};

void exchanges_init(struct exchanges *exchanges, uint64_t seed);

/* Forgets them all, oldest first, those that wait before the others; frees what they took. */
void exchanges_finish(struct exchanges *exchanges);

/* Forgets what is no longer remembered at that time. */
void exchanges_expire(struct exchanges *exchanges, int64_t now_ns);

/* The exchange of that question, or NULL. */
struct exchange *exchange_find(struct exchanges *exchanges, const struct nib_addr *asker,
    const struct nib_addr *server, const struct nib_message *m);

/* The newest one of an asker with that ID, to whomever, or NULL. */
struct exchange *exchange_find_id(
    struct exchanges *exchanges, const struct nib_addr *asker, uint32_t id);

struct asker *asker_find(struct exchanges *exchanges, const struct nib_addr *addr);

/* A new one, which waits: the first try at that time in that frame. */
struct exchange *exchange_begin(struct exchanges *exchanges, const struct nib_addr *asker,
    const struct nib_addr *server, const struct nib_message *m, uint64_t frame, int64_t now_ns);

/* Tried again, or ended: remembered from now on. */
void exchange_renew(struct exchanges *exchanges, struct exchange *x);
void exchange_end(struct exchanges *exchanges, struct exchange *x);

void exchange_forget(struct exchanges *exchanges, struct exchange *x);

/* Into and out of a list; out of one that it is not in is nothing. */
void exchange_link(struct exchange *x, enum exchange_list list, struct exchange **head);
void exchange_unlink(struct exchange *x, enum exchange_list list);

/* A hash of octets on top of another one. */
uint64_t exchange_hash(uint64_t hash, const void *octets, size_t len);

#endif
