#include "nibpcap/base/events.h"

#include "nibpcap/base/memory.h"

/* ---- reading ---- */

static bool is_heard(const struct hosts *hosts, const struct nib_packet_udp *d)
{
    return hosts_server(hosts, d->src.port) != ROLE_STRANGER ||
           hosts_server(hosts, d->dst.port) != ROLE_STRANGER;
}

static bool is_wanted(const struct seen *seen)
{
    switch (seen->kind) {
    case SEEN_MESSAGE:
    case SEEN_MALFORMED:
    case SEEN_CUT:
        return true;
    case SEEN_ICMP:
        return nib_icmp_refuses(
            seen->packet.udp.src.family, seen->packet.icmp_type, seen->packet.icmp_code);
    case SEEN_OTHER:
    case SEEN_BROKEN:
    case SEEN_FRAGMENT:
        break;
    }
    return false;
}

void events_add(struct events *events, const struct hosts *hosts, const struct seen *seen)
{
    bool icmp = seen->kind == SEEN_ICMP;
    const struct nib_packet_udp *d = icmp ? &seen->packet.quoted : &seen->packet.udp;
    if (!is_wanted(seen) || !is_heard(hosts, d))
        return;
    if (events->n == events->cap) {
        events->cap = events->cap * 2 + 256;
        events->items = memory_resize(events->items, events->cap * sizeof *events->items);
    }
    if (d->len > events->octets_cap - events->octets_len) {
        events->octets_cap = events->octets_cap * 2 + d->len + 4096;
        events->octets = memory_resize(events->octets, events->octets_cap);
    }
    events->items[events->n++] = (struct event){.frame = seen->frame.no,
        .time_ns = seen->frame.time_ns,
        .src = d->src,
        .dst = d->dst,
        .refused = icmp,
        .cut = seen->kind == SEEN_CUT,
        .len = (uint32_t)d->len,
        .off = events->octets_len,
        .answer = EVENT_NONE,
        .query = EVENT_NONE};
    events->has_errors = events->has_errors || icmp;
    if (d->len > 0)
        memcpy(events->octets + events->octets_len, d->payload, d->len);
    events->octets_len += d->len;
}

void events_free(struct events *events)
{
    memory_free(events->items);
    memory_free(events->octets);
}

bool events_asked(const struct events *events, uint16_t port)
{
    for (size_t i = 0; i < events->n; i++)
        if (events->items[i].dst.port == port && !events->items[i].refused)
            return true;
    return false;
}

/* ---- what belongs together: events of one hash in a chain ---- */

struct chains {
    size_t *bucket, *next, n;
};

static struct chains make_chains(const struct events *events)
{
    struct chains c = {.n = 2 * events->n + 1};
    c.bucket = memory_resize(NULL, c.n * sizeof *c.bucket);
    c.next = memory_resize(NULL, (events->n + 1) * sizeof *c.next);
    for (size_t i = 0; i < c.n; i++)
        c.bucket[i] = EVENT_NONE;
    return c;
}

static void free_chains(struct chains *c)
{
    memory_free(c->bucket);
    memory_free(c->next);
}

static size_t *bucket_of(const struct chains *c, const struct nib_addr *asker,
    const struct nib_addr *server, uint32_t id)
{
    uint64_t hash = nib_addr_hash(asker, nib_addr_hash(server, id)) ^ id * 0x9e3779b97f4a7c15u;
    return &c->bucket[(hash >> 20) % c->n];
}

static uint32_t id_of(const struct events *events, const struct event *e)
{
    struct nib_reader r = nib_reader_init(event_octets(events, e), e->len);
    return nib_reader_u32(&r);
}

static bool is_quoted(const struct events *events, const struct event *e, const struct event *error)
{
    return e->len >= error->len && nib_addr_equal(&e->src, &error->src) &&
           nib_addr_equal(&e->dst, &error->dst) &&
           memcmp(event_octets(events, e), event_octets(events, error), error->len) == 0;
}

/* An error that refuses a datagram says that its receiver never had it. */
static void find_unheard(struct events *events)
{
    struct chains c = make_chains(events);
    for (size_t i = 0; i < events->n; i++) {
        struct event *e = &events->items[i];
        size_t *bucket = bucket_of(&c, &e->src, &e->dst, id_of(events, e));
        size_t k = *bucket;
        if (!e->refused) {
            c.next[i] = k;
            *bucket = i;
            continue;
        }
        while (k != EVENT_NONE && !is_quoted(events, &events->items[k], e))
            k = c.next[k];
        if (k != EVENT_NONE)
            events->items[k].unheard = true;
    }
    free_chains(&c);
}

static bool is_answer(
    const struct events *events, const struct event *query, const struct event *answer)
{
    return nib_addr_equal(&query->src, &answer->dst) && nib_addr_equal(&query->dst, &answer->src) &&
           id_of(events, query) == id_of(events, answer);
}

/* From the end to the beginning: the newest response of each bucket's chain is the next one. */
static void find_answers(struct events *events)
{
    struct chains c = make_chains(events);
    for (size_t i = events->n; i-- > 0;) {
        struct event *e = &events->items[i];
        if (e->refused || e->len <= NIB_AT_FLAG_TYPE)
            continue;
        if (event_octets(events, e)[NIB_AT_FLAG_TYPE] >> 4 == NIB_RESPONSE) {
            size_t *bucket = bucket_of(&c, &e->dst, &e->src, id_of(events, e));
            c.next[i] = *bucket;
            *bucket = i;
            continue;
        }
        size_t k = *bucket_of(&c, &e->src, &e->dst, id_of(events, e));
        while (k != EVENT_NONE && !is_answer(events, e, &events->items[k]))
            k = c.next[k];
        e->answer = k;
        if (k != EVENT_NONE && events->items[k].query == EVENT_NONE)
            events->items[k].query = i;
    }
    free_chains(&c);
}

void events_finish(struct events *events)
{
    for (size_t i = 1; i < events->n; i++)
        if (events->items[i].time_ns < events->items[i - 1].time_ns)
            events->items[i].time_ns = events->items[i - 1].time_ns;
    find_unheard(events);
    find_answers(events);
}
