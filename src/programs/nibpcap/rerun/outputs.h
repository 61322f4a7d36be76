/*
 * Layer 7, private to nibpcap rerun: what the logic sends, while it waits for the event that shows
 * it. Found by its receiver and ID, in memory in proportion to what waits.
 */
#ifndef NIBDNS_NIBPCAP_RERUN_OUTPUTS_H
#define NIBDNS_NIBPCAP_RERUN_OUTPUTS_H

#include "nibpcap/base/events.h"

/* Lists of outputs, the oldest first; an output is in one of each kind, or in none. */
enum output_list {
    OUTPUTS_ALL,
    OUTPUTS_ID,    /* of one hash of receiver and ID */
    OUTPUTS_PLACE, /* of one hash of receiver and socket */
    OUTPUTS_UNMET, /* queries upstream from sockets that the capture has not shown yet */
    OUTPUT_LISTS
};

struct output_link {
    struct output *next, **back; /* back NULL: not in such a list */
    struct output_head *head;
};

struct output_head {
    struct output *first, **end;
};

/* A datagram that the logic sends. */
struct output {
    struct output_link links[OUTPUT_LISTS];
    struct nib_addr from, to; /* port 0 of from: a socket not seen yet */
    uint64_t frame;           /* that caused it */
    int64_t time_ns;          /* of that frame, or when a timer was due */
    bool timed;               /* caused by a timer */
    uint32_t socket;          /* of a query upstream: the number of its socket; else 0 */
    uint32_t slot;            /* and its place */
    bool any_case;            /* its name may stand in other letters: they are drawn by chance */
    uint64_t record;          /* number of the record that its cause stored, plus one */
    size_t len;
    uint8_t octets[];
};

struct outputs {
    struct output_head all, unmet;
    struct output_head *by_id, *by_place;
    size_t n_buckets;
};

/* For a capture of n events. */
void outputs_init(struct outputs *outputs, size_t n);
void outputs_free(struct outputs *outputs);

/* A new one, the newest. */
struct output *outputs_add(struct outputs *outputs, const struct nib_addr *from,
    const struct nib_addr *to, uint32_t socket, const uint8_t *octets, size_t len);

/* Takes it out and frees it. */
void outputs_remove(struct output *output);

/* The socket of queries to that server is that one. */
void outputs_meet(struct outputs *outputs, const struct nib_addr *to, uint32_t socket,
    const struct nib_addr *self);

/* Whether it is what an event shows (of a cut one, as far as it goes). */
bool output_is(const struct output *output, const struct event *event, const uint8_t *octets);

/*
 * What an event shows, else what comes next to it: of one receiver and socket (0: no query
 * upstream) that with its ID, or the oldest. NULL: nothing waits there.
 */
struct output *outputs_find(const struct outputs *outputs, const struct nib_addr *to,
    uint32_t socket, const struct event *event, const uint8_t *octets);

/* The same among queries from sockets not met. */
struct output *outputs_find_unmet(
    const struct outputs *outputs, const struct event *event, const uint8_t *octets);

/* The oldest one that waits for the same receiver and socket. */
const struct output *outputs_oldest_like(
    const struct outputs *outputs, const struct output *output);

#endif
