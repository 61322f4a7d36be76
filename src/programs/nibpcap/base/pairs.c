#include <stdlib.h>

#include "nibpcap/base/nibpcap.h"

enum { WAITING, ENDED };

static const int64_t keep_ns[] = {60000000000, 10000000000};

void *nibpcap_allocate(void *old, size_t n)
{
    void *memory = realloc(old, n);
    if (memory == NULL)
        exit(nibpcap_complain("no memory left"));
    return memory;
}

void nibpcap_pairs_init(struct nibpcap_pairs *pairs, void *ctx,
    void (*unanswered)(void *ctx, const struct nibpcap_exchange *exchange))
{
    *pairs = (struct nibpcap_pairs){.ctx = ctx, .unanswered = unanswered, .n_buckets = 1024};
    pairs->buckets = nibpcap_allocate(NULL, pairs->n_buckets * sizeof(struct nibpcap_exchange *));
    memset(pairs->buckets, 0, pairs->n_buckets * sizeof(struct nibpcap_exchange *));
}

static int list_of(const struct nibpcap_exchange *x)
{
    return x->response_frame != 0 || x->refused ? ENDED : WAITING;
}

static struct nibpcap_exchange **bucket_of(struct nibpcap_pairs *pairs,
    const struct nib_addr *asker, const struct nib_addr *server, uint32_t id)
{
    uint64_t hash = nib_addr_hash(asker, nib_addr_hash(server, id)) ^ id * 0x9e3779b97f4a7c15u;
    return &pairs->buckets[(hash >> 20) % pairs->n_buckets];
}

static void unlink_list(struct nibpcap_pairs *pairs, struct nibpcap_exchange *x, int list)
{
    *(x->older == NULL ? &pairs->oldest[list] : &x->older->newer) = x->newer;
    *(x->newer == NULL ? &pairs->newest[list] : &x->newer->older) = x->older;
}

static void link_list(struct nibpcap_pairs *pairs, struct nibpcap_exchange *x, int list)
{
    x->newer = NULL;
    x->older = pairs->newest[list];
    *(x->older == NULL ? &pairs->oldest[list] : &x->older->newer) = x;
    pairs->newest[list] = x;
}

static void forget(struct nibpcap_pairs *pairs, struct nibpcap_exchange *x)
{
    struct nibpcap_exchange **at = bucket_of(pairs, &x->asker, &x->server, x->id);
    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    int list = list_of(x);
    unlink_list(pairs, x, list);
    pairs->n--;
    if (list == WAITING && pairs->unanswered != NULL)
        pairs->unanswered(pairs->ctx, x);
    free(x);
}

static void forget_old(struct nibpcap_pairs *pairs, int64_t now_ns)
{
    for (int list = 0; list < 2; list++)
        while (pairs->oldest[list] != NULL && now_ns - pairs->oldest[list]->last_ns > keep_ns[list])
            forget(pairs, pairs->oldest[list]);
    while (pairs->n >= NIBPCAP_EXCHANGES_MAX)
        forget(pairs, pairs->oldest[ENDED] != NULL ? pairs->oldest[ENDED] : pairs->oldest[WAITING]);
}

static void grow(struct nibpcap_pairs *pairs)
{
    struct nibpcap_exchange **old = pairs->buckets;
    size_t n = pairs->n_buckets;
    pairs->n_buckets = n * 4;
    pairs->buckets = nibpcap_allocate(NULL, pairs->n_buckets * sizeof(struct nibpcap_exchange *));
    memset(pairs->buckets, 0, pairs->n_buckets * sizeof(struct nibpcap_exchange *));
    for (size_t i = 0; i < n; i++) {
        while (old[i] != NULL) { /* moving from the front turns each chain round, twice at most */
            struct nibpcap_exchange *x = old[i];
            old[i] = x->next;
            struct nibpcap_exchange **at = bucket_of(pairs, &x->asker, &x->server, x->id);
            while (*at != NULL)
                at = &(*at)->next;
            *at = x;
            x->next = NULL;
        }
    }
    free(old);
}

static bool is_same(const struct nibpcap_exchange *x, const struct nib_addr *asker,
    const struct nib_addr *server, uint32_t id)
{
    return x->id == id && nib_addr_equal(&x->asker, asker) && nib_addr_equal(&x->server, server);
}

/* The newest exchange of those sockets and ID, with m's question where m is given. */
static struct nibpcap_exchange *find(struct nibpcap_pairs *pairs, const struct nib_addr *asker,
    const struct nib_addr *server, uint32_t id, const struct nib_message *m)
{
    struct nibpcap_exchange *x = *bucket_of(pairs, asker, server, id);
    for (; x != NULL; x = x->next)
        if (is_same(x, asker, server, id) &&
            (m == NULL || (x->type == m->qtype &&
                              nib_text_same(m->qname, (struct nib_text){x->name, x->name_len}))))
            return x;
    return NULL;
}

static struct nibpcap_exchange *begin(struct nibpcap_pairs *pairs, const struct nibpcap_seen *seen)
{
    const struct nib_message *m = &seen->m;
    const struct nib_packet_udp *d = &seen->packet.udp;
    struct nibpcap_exchange *x = nibpcap_allocate(NULL, sizeof *x + m->qname.len);
    if (pairs->n >= pairs->n_buckets)
        grow(pairs);
    *x = (struct nibpcap_exchange){.asker = d->src,
        .server = d->dst,
        .id = m->id,
        .type = m->qtype,
        .query_frame = seen->frame.no,
        .query_ns = seen->frame.time_ns,
        .last_ns = seen->frame.time_ns,
        .tries = 1,
        .name_len = (uint8_t)m->qname.len};
    memcpy(x->name, m->qname.ptr, m->qname.len);
    struct nibpcap_exchange **bucket = bucket_of(pairs, &x->asker, &x->server, x->id);
    x->next = *bucket;
    *bucket = x;
    link_list(pairs, x, WAITING);
    pairs->n++;
    return x;
}

static enum nibpcap_match take_query(struct nibpcap_pairs *pairs, const struct nibpcap_seen *seen,
    struct nibpcap_exchange **exchange)
{
    const struct nib_packet_udp *d = &seen->packet.udp;
    struct nibpcap_exchange *x = find(pairs, &d->src, &d->dst, seen->m.id, &seen->m);
    if (x != NULL && list_of(x) == WAITING) {
        x->tries++;
        x->last_ns = seen->frame.time_ns;
        unlink_list(pairs, x, WAITING);
        link_list(pairs, x, WAITING);
        *exchange = x;
        return NIBPCAP_RETRANSMISSION;
    }
    if (x != NULL)
        forget(pairs, x);
    *exchange = begin(pairs, seen);
    return NIBPCAP_QUESTION;
}

/* Moves an exchange to those that do not wait. */
static void conclude(struct nibpcap_pairs *pairs, struct nibpcap_exchange *x,
    const struct nibpcap_seen *seen, bool refused)
{
    unlink_list(pairs, x, list_of(x));
    if (refused)
        x->refused = true;
    else
        x->response_frame = seen->frame.no;
    x->last_ns = seen->frame.time_ns;
    link_list(pairs, x, ENDED);
}

enum nibpcap_match nibpcap_pairs_message(struct nibpcap_pairs *pairs,
    const struct nibpcap_seen *seen, struct nibpcap_exchange **exchange,
    enum nib_mismatch *mismatch)
{
    const struct nib_packet_udp *d = &seen->packet.udp;
    const struct nib_message *m = &seen->m;
    forget_old(pairs, seen->frame.time_ns);
    if (m->flag == NIB_QUERY)
        return take_query(pairs, seen, exchange);
    struct nibpcap_exchange *x = find(pairs, &d->dst, &d->src, m->id, m);
    if (x == NULL)
        x = find(pairs, &d->dst, &d->src, m->id, NULL);
    *exchange = x;
    if (x == NULL)
        return NIBPCAP_UNSOLICITED;
    struct nib_message query = {.id = x->id, .qtype = x->type, .qname = {x->name, x->name_len}};
    *mismatch = nib_message_fits(&query, m);
    if (*mismatch != NIB_FITS)
        return NIBPCAP_MISMATCH;
    x->responses++;
    if (x->response_frame != 0)
        return NIBPCAP_DUPLICATE;
    conclude(pairs, x, seen, false);
    return NIBPCAP_ANSWER;
}

static uint32_t id_of(const struct nib_packet_udp *d)
{
    struct nib_reader r = nib_reader_init(d->payload, d->len);
    return nib_reader_u32(&r);
}

struct nibpcap_exchange *nibpcap_pairs_refused(
    struct nibpcap_pairs *pairs, const struct nibpcap_seen *seen)
{
    const struct nib_packet *p = &seen->packet;
    if (!nib_icmp_refuses(p->udp.src.family, p->icmp_type, p->icmp_code) || p->quoted.len < 4)
        return NULL;
    struct nibpcap_exchange *x =
        find(pairs, &p->quoted.src, &p->quoted.dst, id_of(&p->quoted), NULL);
    if (x == NULL || list_of(x) != WAITING)
        return NULL;
    conclude(pairs, x, seen, true);
    return x;
}

struct nibpcap_exchange *nibpcap_pairs_cut(
    struct nibpcap_pairs *pairs, const struct nibpcap_seen *seen)
{
    const struct nib_packet_udp *d = &seen->packet.udp;
    if (d->payload == NULL || d->len <= NIB_AT_FLAG_TYPE ||
        d->payload[NIB_AT_FLAG_TYPE] >> 4 != NIB_RESPONSE)
        return NULL;
    struct nibpcap_exchange *x = find(pairs, &d->dst, &d->src, id_of(d), NULL);
    if (x != NULL && list_of(x) == WAITING)
        conclude(pairs, x, seen, false);
    return x;
}

void nibpcap_pairs_finish(struct nibpcap_pairs *pairs)
{
    for (int list = 0; list < 2; list++)
        for (struct nibpcap_exchange *x = pairs->oldest[list], *newer; x != NULL; x = newer) {
            newer = x->newer;
            forget(pairs, x);
        }
    free(pairs->buckets);
}
