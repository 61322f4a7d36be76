#include <stdlib.h>

#include "nibpcap/rerun/rerun.h"

nib_ms rerun_ms(const struct rerun *rerun, int64_t time_ns)
{
    return (time_ns - rerun->base_ns) / 1000000;
}

int64_t rerun_ns(const struct rerun *rerun, nib_ms time_ms)
{
    return rerun->base_ns + time_ms * 1000000;
}

static void add_event(struct rerun *rerun, const struct nibpcap_seen *seen)
{
    bool icmp = seen->what == NIBPCAP_ICMP;
    const struct nib_packet_udp *d = icmp ? &seen->packet.quoted : &seen->packet.udp;
    if (rerun->n == rerun->cap) {
        rerun->cap = rerun->cap * 2 + 256;
        rerun->events = nibpcap_allocate(rerun->events, rerun->cap * sizeof *rerun->events);
    }
    if (d->len > rerun->octets_cap - rerun->octets_len) {
        rerun->octets_cap = rerun->octets_cap * 2 + d->len + 4096;
        rerun->octets = nibpcap_allocate(rerun->octets, rerun->octets_cap);
    }
    if (rerun->n == 0) /* an hour of room for clocks that go back */
        rerun->base_ns = seen->frame.time_ns - 3600000000000;
    struct rerun_event *e = &rerun->events[rerun->n++];
    *e = (struct rerun_event){.frame = seen->frame.no,
        .time_ns = seen->frame.time_ns,
        .src = d->src,
        .dst = d->dst,
        .refused = icmp && nib_icmp_refuses(seen->packet.udp.src.family, seen->packet.icmp_type,
                               seen->packet.icmp_code),
        .cut = seen->what == NIBPCAP_CUT,
        .len = (uint32_t)d->len,
        .at = rerun->octets_len,
        .answer = RERUN_NONE};
    if (d->len > 0)
        memcpy(rerun->octets + rerun->octets_len, d->payload, d->len);
    rerun->octets_len += d->len;
    if (icmp && !e->refused)
        rerun->n--;
}

/* A capture whose clock was set back is straightened: nothing happens before what came before. */
static void straighten(struct rerun *rerun)
{
    for (size_t i = 1; i < rerun->n; i++)
        if (rerun->events[i].time_ns < rerun->events[i - 1].time_ns)
            rerun->events[i].time_ns = rerun->events[i - 1].time_ns;
}

/* An error that refuses a datagram says that its receiver never had it. */
static void find_unheard(struct rerun *rerun)
{
    for (size_t i = 0; i < rerun->n; i++) {
        const struct rerun_event *error = &rerun->events[i];
        if (!error->refused)
            continue;
        rerun->has_errors = true;
        for (size_t k = i; k-- > 0 && i - k < 4096;) {
            struct rerun_event *e = &rerun->events[k];
            if (e->refused || e->len < error->len || !nib_addr_equal(&e->src, &error->src) ||
                !nib_addr_equal(&e->dst, &error->dst) ||
                memcmp(rerun_octets(rerun, e), rerun_octets(rerun, error), error->len) != 0)
                continue;
            e->unheard = true;
            break;
        }
    }
}

/* ---- the answer to each query ---- */

static uint32_t id_of(const struct rerun *rerun, const struct rerun_event *e)
{
    struct nib_reader r = nib_reader_init(rerun_octets(rerun, e), e->len);
    return nib_reader_u32(&r);
}

static size_t bucket_of(
    const struct nib_addr *asker, const struct nib_addr *server, uint32_t id, size_t n)
{
    uint64_t hash = nib_addr_hash(asker, nib_addr_hash(server, id)) ^ id * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> 20) % n;
}

static bool is_answer(
    const struct rerun *rerun, const struct rerun_event *query, const struct rerun_event *answer)
{
    return nib_addr_equal(&query->src, &answer->dst) && nib_addr_equal(&query->dst, &answer->src) &&
           id_of(rerun, query) == id_of(rerun, answer);
}

/* From the end to the beginning: the newest response of each bucket's chain is the next one. */
static void find_answers(struct rerun *rerun)
{
    size_t n_buckets = 2 * rerun->n + 1;
    size_t *bucket = nibpcap_allocate(NULL, n_buckets * sizeof *bucket);
    size_t *next = nibpcap_allocate(NULL, (rerun->n + 1) * sizeof *next);
    for (size_t i = 0; i < n_buckets; i++)
        bucket[i] = RERUN_NONE;
    for (size_t i = rerun->n; i-- > 0;) {
        struct rerun_event *e = &rerun->events[i];
        if (e->refused || e->len <= NIB_AT_FLAG_TYPE)
            continue;
        if (rerun_octets(rerun, e)[NIB_AT_FLAG_TYPE] >> 4 == NIB_RESPONSE) {
            size_t at = bucket_of(&e->dst, &e->src, id_of(rerun, e), n_buckets);
            next[i] = bucket[at];
            bucket[at] = i;
            continue;
        }
        size_t k = bucket[bucket_of(&e->src, &e->dst, id_of(rerun, e), n_buckets)];
        while (k != RERUN_NONE && !is_answer(rerun, e, &rerun->events[k]))
            k = next[k];
        e->answer = k;
    }
    free(bucket);
    free(next);
}

bool rerun_asked(const struct rerun *rerun, uint16_t port)
{
    for (size_t i = 0; i < rerun->n; i++)
        if (rerun->events[i].dst.port == port && !rerun->events[i].refused)
            return true;
    return false;
}

/* What comes from no server and goes to none is not heard: the sockets that ask are connected. */
static bool is_heard(const struct nibpcap_input *input, const struct nibpcap_seen *seen)
{
    const struct nib_packet *p = &seen->packet;
    const struct nib_packet_udp *d = seen->what == NIBPCAP_ICMP ? &p->quoted : &p->udp;
    return nibpcap_role(&input->known, &input->ports, d->src.port) != NIBPCAP_ASKER ||
           nibpcap_role(&input->known, &input->ports, d->dst.port) != NIBPCAP_ASKER;
}

int rerun_read(struct rerun *rerun)
{
    struct nibpcap_input input;
    struct nibpcap_seen seen;
    if (!nibpcap_open(&input, rerun->options.path, &rerun->options.ports))
        return NIBPCAP_USE;
    while (nibpcap_next(&input, &seen)) {
        switch (seen.what) {
        case NIBPCAP_MESSAGE:
        case NIBPCAP_BAD:
        case NIBPCAP_CUT:
        case NIBPCAP_ICMP:
            if (is_heard(&input, &seen))
                add_event(rerun, &seen);
            break;
        case NIBPCAP_OTHER:
        case NIBPCAP_BROKEN:
        case NIBPCAP_FRAGMENT:
            break;
        }
    }
    int status = nibpcap_close(&input);
    rerun->known = input.known;
    straighten(rerun);
    find_unheard(rerun);
    find_answers(rerun);
    return status;
}

void rerun_free(struct rerun *rerun)
{
    free(rerun->events);
    free(rerun->octets);
}
