#include "nibpcap/base/exchanges.h"

#include "nibpcap/base/memory.h"

enum { WAITING, ENDED };
enum { BUCKETS_FIRST = 256 };

static const int64_t keep_ns[] = {[WAITING] = 60000000000, [ENDED] = 10000000000};

uint64_t exchange_hash(uint64_t hash, const void *octets, size_t len)
{
    const uint8_t *p = octets;
    for (uint64_t word; len > 0; p += sizeof word) {
        size_t n = len < sizeof word ? len : sizeof word;
        word = n;
        memcpy(&word, p, n);
        hash = (hash ^ word ^ len) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
        len -= n;
    }
    return hash;
}

static uint64_t hash_of_id(
    const struct exchanges *exchanges, const struct nib_addr *asker, uint32_t id)
{
    return exchange_hash(nib_addr_hash(asker, exchanges->seed), &id, sizeof id);
}

static uint64_t hash_of_question(const struct exchanges *exchanges, const struct nib_addr *asker,
    const struct nib_addr *server, const struct nib_message *m)
{
    const uint32_t fixed[] = {m->id, (uint32_t)m->qtype};
    uint64_t hash = nib_addr_hash(server, nib_addr_hash(asker, exchanges->seed));
    hash = exchange_hash(hash, fixed, sizeof fixed);
    return exchange_hash(hash, m->qname.ptr, m->qname.len);
}

/* ---- lists ---- */

void exchange_link(struct exchange *x, enum exchange_list list, struct exchange **head)
{
    struct exchange_link *link = &x->links[list];
    *link = (struct exchange_link){*head, head};
    if (link->next != NULL)
        link->next->links[list].back = &link->next;
    *head = x;
}

void exchange_unlink(struct exchange *x, enum exchange_list list)
{
    struct exchange_link *link = &x->links[list];
    if (link->back == NULL)
        return;
    *link->back = link->next;
    if (link->next != NULL)
        link->next->links[list].back = link->back;
    *link = (struct exchange_link){0};
}

static void unlink_time(struct exchanges *exchanges, struct exchange *x)
{
    *(x->older == NULL ? &exchanges->oldest[x->ended] : &x->older->newer) = x->newer;
    *(x->newer == NULL ? &exchanges->newest[x->ended] : &x->newer->older) = x->older;
}

static void link_time(struct exchanges *exchanges, struct exchange *x)
{
    x->newer = NULL;
    x->older = exchanges->newest[x->ended];
    *(x->older == NULL ? &exchanges->oldest[x->ended] : &x->older->newer) = x;
    exchanges->newest[x->ended] = x;
}

/* ---- tables: twice the buckets as soon as there are as many items ---- */

void exchanges_init(struct exchanges *exchanges, uint64_t seed)
{
    size_t octets = BUCKETS_FIRST * sizeof(struct exchange *);
    *exchanges = (struct exchanges){.seed = seed,
        .n_buckets = BUCKETS_FIRST,
        .n_asker_buckets = BUCKETS_FIRST,
        .by_question = memory_zeroed(octets),
        .by_id = memory_zeroed(octets),
        .askers = memory_zeroed(BUCKETS_FIRST * sizeof(struct asker *))};
}

static size_t bucket_of(uint64_t hash, size_t n_buckets)
{
    return (size_t)(hash >> 16) & (n_buckets - 1);
}

/* Each bucket becomes two, in which the order is as it was. */
static struct exchange **split(struct exchange **old, size_t n, enum exchange_list list)
{
    struct exchange **buckets = memory_zeroed(2 * n * sizeof(struct exchange *));
    for (size_t i = 0; i < n; i++) {
        struct exchange **ends[] = {&buckets[i], &buckets[i + n]};
        for (struct exchange *x = old[i], *next; x != NULL; x = next) {
            next = x->links[list].next;
            uint64_t hash = list == LIST_ID ? x->id_hash : x->question_hash;
            struct exchange ***end = &ends[bucket_of(hash, 2 * n) >= n];
            x->links[list] = (struct exchange_link){NULL, *end};
            **end = x;
            *end = &x->links[list].next;
        }
    }
    memory_free(old);
    return buckets;
}

static void grow(struct exchanges *exchanges)
{
    size_t n = exchanges->n_buckets;
    exchanges->by_question = split(exchanges->by_question, n, LIST_QUESTION);
    exchanges->by_id = split(exchanges->by_id, n, LIST_ID);
    exchanges->n_buckets = 2 * n;
}

static struct asker **asker_bucket(struct exchanges *exchanges, const struct nib_addr *addr)
{
    uint64_t hash = exchange_hash(nib_addr_hash(addr, exchanges->seed), "", 1);
    return &exchanges->askers[bucket_of(hash, exchanges->n_asker_buckets)];
}

static void grow_askers(struct exchanges *exchanges)
{
    struct asker **old = exchanges->askers;
    size_t n = exchanges->n_asker_buckets;
    exchanges->n_asker_buckets = 2 * n;
    exchanges->askers = memory_zeroed(2 * n * sizeof(struct asker *));
    for (size_t i = 0; i < n; i++)
        for (struct asker *asker = old[i], *next; asker != NULL; asker = next) {
            next = asker->next;
            struct asker **bucket = asker_bucket(exchanges, &asker->addr);
            asker->next = *bucket;
            *bucket = asker;
        }
    memory_free(old);
}

/* ---- askers ---- */

struct asker *asker_find(struct exchanges *exchanges, const struct nib_addr *addr)
{
    struct asker *asker = *asker_bucket(exchanges, addr);
    while (asker != NULL && !nib_addr_equal(&asker->addr, addr))
        asker = asker->next;
    return asker;
}

static struct asker *asker_of(struct exchanges *exchanges, const struct nib_addr *addr)
{
    struct asker *asker = asker_find(exchanges, addr);
    if (asker != NULL)
        return asker;
    if (exchanges->n_askers >= exchanges->n_asker_buckets)
        grow_askers(exchanges);
    struct asker **bucket = asker_bucket(exchanges, addr);
    asker = memory_zeroed(sizeof *asker);
    asker->addr = *addr;
    asker->next = *bucket;
    *bucket = asker;
    exchanges->n_askers++;
    return asker;
}

static void leave_asker(struct exchanges *exchanges, struct exchange *x)
{
    struct asker *asker = x->asker;
    asker->n_local -= x->to_local;
    if (asker->last == x)
        asker->last = NULL;
    if (--asker->n > 0)
        return;
    struct asker **link = asker_bucket(exchanges, &asker->addr);
    while (*link != asker)
        link = &(*link)->next;
    *link = asker->next;
    exchanges->n_askers--;
    memory_free(asker);
}

/* ---- exchanges ---- */

static bool is_question(const struct exchange *x, const struct nib_addr *asker,
    const struct nib_addr *server, const struct nib_message *m)
{
    return x->id == m->id && x->type == m->qtype &&
           nib_text_same(m->qname, (struct nib_text){x->name, x->name_len}) &&
           nib_addr_equal(&x->asker->addr, asker) && nib_addr_equal(&x->server, server);
}

struct exchange *exchange_find(struct exchanges *exchanges, const struct nib_addr *asker,
    const struct nib_addr *server, const struct nib_message *m)
{
    uint64_t hash = hash_of_question(exchanges, asker, server, m);
    struct exchange *x = exchanges->by_question[bucket_of(hash, exchanges->n_buckets)];
    while (x != NULL && (x->question_hash != hash || !is_question(x, asker, server, m)))
        x = x->links[LIST_QUESTION].next;
    return x;
}

struct exchange *exchange_find_id(
    struct exchanges *exchanges, const struct nib_addr *asker, uint32_t id)
{
    uint64_t hash = hash_of_id(exchanges, asker, id);
    struct exchange *x = exchanges->by_id[bucket_of(hash, exchanges->n_buckets)];
    while (x != NULL && (x->id != id || !nib_addr_equal(&x->asker->addr, asker)))
        x = x->links[LIST_ID].next;
    return x;
}

struct exchange *exchange_begin(struct exchanges *exchanges, const struct nib_addr *asker,
    const struct nib_addr *server, const struct nib_message *m, uint64_t frame, int64_t now_ns)
{
    if (exchanges->n >= exchanges->n_buckets)
        grow(exchanges);
    struct exchange *x = memory_resize(NULL, sizeof *x + m->qname.len);
    *x = (struct exchange){.asker = asker_of(exchanges, asker),
        .server = *server,
        .id = m->id,
        .type = m->qtype,
        .question_hash = hash_of_question(exchanges, asker, server, m),
        .id_hash = hash_of_id(exchanges, asker, m->id),
        .query_frame = frame,
        .try_frame = frame,
        .query_ns = now_ns,
        .try_ns = now_ns,
        .seen_ns = now_ns,
        .tries = 1,
        .name_len = (uint8_t)m->qname.len};
    memcpy(x->name, m->qname.ptr, m->qname.len);
    size_t n = exchanges->n_buckets;
    exchange_link(x, LIST_QUESTION, &exchanges->by_question[bucket_of(x->question_hash, n)]);
    exchange_link(x, LIST_ID, &exchanges->by_id[bucket_of(x->id_hash, n)]);
    x->asker->last = x;
    x->asker->n++;
    link_time(exchanges, x);
    exchanges->n++;
    return x;
}

void exchange_renew(struct exchanges *exchanges, struct exchange *x)
{
    unlink_time(exchanges, x);
    link_time(exchanges, x);
}

void exchange_end(struct exchanges *exchanges, struct exchange *x)
{
    unlink_time(exchanges, x);
    x->ended = true;
    link_time(exchanges, x);
}

void exchange_forget(struct exchanges *exchanges, struct exchange *x)
{
    if (exchanges->forgotten != NULL)
        exchanges->forgotten(exchanges->ctx, x);
    for (int list = 0; list < LIST_COUNT; list++)
        exchange_unlink(x, (enum exchange_list)list);
    unlink_time(exchanges, x);
    leave_asker(exchanges, x);
    exchanges->n--;
    memory_free(x);
}

static int64_t kept_from(const struct exchange *x)
{
    return x->ended ? x->last_ns : x->try_ns;
}

void exchanges_expire(struct exchanges *exchanges, int64_t now_ns)
{
    for (int ended = WAITING; ended <= ENDED; ended++)
        for (struct exchange *x; (x = exchanges->oldest[ended]) != NULL;) {
            if (now_ns - kept_from(x) <= keep_ns[ended])
                break;
            exchange_forget(exchanges, x);
        }
}

void exchanges_finish(struct exchanges *exchanges)
{
    for (int ended = WAITING; ended <= ENDED; ended++)
        while (exchanges->oldest[ended] != NULL)
            exchange_forget(exchanges, exchanges->oldest[ended]);
    memory_free(exchanges->by_question);
    memory_free(exchanges->by_id);
    memory_free(exchanges->askers);
}
