/*
 * Layer 7, nibpcap's base: a capture in memory, a datagram an event, for what goes through it more
 * than once. Knows no file.
 */
#ifndef NIBDNS_NIBPCAP_EVENTS_H
#define NIBDNS_NIBPCAP_EVENTS_H

#include "nibpcap/base/traffic.h"

#define EVENT_NONE SIZE_MAX

/* A datagram, or an ICMP error with the datagram that it quotes. */
struct event {
    uint64_t frame;
    int64_t time_ns;
    struct nib_addr src, dst;
    bool refused; /* an ICMP error that a connected socket hears as refused */
    bool cut;
    bool unheard;  /* an ICMP error says that nobody took it */
    bool upstream; /* the user's: a query that made it ask upstream */
    uint32_t len;
    size_t off;    /* of its octets */
    size_t answer; /* of a query: the first event back that has its ID; or EVENT_NONE */
    size_t query;  /* of such an event: the last query before it; or EVENT_NONE */
};

struct events {
    struct event *items;
    size_t n, cap;
    uint8_t *octets;
    size_t octets_len, octets_cap;
    bool has_errors; /* ICMP errors were captured */
};

/* Begins as {0}. What comes from no server and goes to none is not heard: it is left out. */
void events_add(struct events *events, const struct hosts *hosts, const struct seen *seen);

/*
 * All are there. A capture whose clock was set back is straightened: nothing happens before what
 * came before.
 */
void events_finish(struct events *events);
void events_free(struct events *events);

static inline const uint8_t *event_octets(const struct events *events, const struct event *e)
{
    return events->octets + e->off;
}

/* Whether something was sent to that port. */
bool events_asked(const struct events *events, uint16_t port);

#endif
