#include "nibdns/pending.h"

#include "nibdns/arena.h"
#include "nibdns/cursor.h"

/* One place more than may wait: for the request that is being worked on. */
static void layout(struct nib_pending *p, struct nib_arena *arena)
{
    size_t fetches = p->max_fetches, requests = (size_t)p->max_requests + 1;
    p->fetches = nib_arena_take(arena, fetches * sizeof *p->fetches);
    p->requests = nib_arena_take(arena, requests * sizeof *p->requests);
    p->by_name.n = (uint32_t)nib_index_buckets(fetches);
    p->by_name.buckets = nib_arena_take(arena, p->by_name.n * sizeof(struct nib_bucket));
    p->by_client.n = (uint32_t)nib_index_buckets(requests);
    p->by_client.buckets = nib_arena_take(arena, p->by_client.n * sizeof(struct nib_bucket));
    p->retries.items = nib_arena_take(arena, fetches * sizeof *p->retries.items);
    p->deadlines.items = nib_arena_take(arena, requests * sizeof *p->deadlines.items);
}

size_t nib_pending_bytes(uint32_t max_fetches, uint32_t max_requests)
{
    struct nib_pending p = {.max_fetches = max_fetches, .max_requests = max_requests};
    struct nib_arena arena = {0};
    layout(&p, &arena);
    return arena.used;
}

void nib_pending_init(struct nib_pending *pending, void *memory, uint32_t max_fetches,
    uint32_t max_requests, uint64_t seed)
{
    struct nib_arena arena = {memory, 0};
    *pending = (struct nib_pending){
        .seed = seed, .max_fetches = max_fetches, .max_requests = max_requests};
    layout(pending, &arena);
    pending->retries.stride = sizeof *pending->fetches;
    pending->deadlines.stride = sizeof *pending->requests;
    pending->deadlines.timers = (unsigned char *)&pending->requests[0].deadline;
    if (max_fetches > 0)
        pending->retries.timers = (unsigned char *)&pending->fetches[0].retry;
}

/* ---- fetches ---- */

/* The next fetch of that name and type. */
static struct nib_fetch *next_of(const struct nib_pending *pending, struct nib_key key,
    enum nib_type type, struct nib_probe *probe)
{
    uint32_t ref, tag = nib_index_tag(key.hash, type);
    while ((ref = nib_index_next(&pending->by_name, tag, probe)) != 0) {
        struct nib_fetch *fetch = &pending->fetches[ref - 1];
        if (fetch->type == type && nib_name_equal(key.name, nib_fetch_name(fetch)))
            return fetch;
    }
    return NULL;
}

static struct nib_probe begin_of(
    const struct nib_pending *pending, struct nib_key key, enum nib_type type)
{
    return nib_index_begin(&pending->by_name, nib_index_tag(key.hash, type));
}

struct nib_fetch *nib_pending_any(
    const struct nib_pending *pending, struct nib_key key, enum nib_type type)
{
    struct nib_probe probe = begin_of(pending, key, type);
    return next_of(pending, key, type, &probe);
}

struct nib_fetch *nib_pending_find(const struct nib_pending *pending, struct nib_key key,
    enum nib_type type, uint8_t domain_len, uint32_t variant)
{
    struct nib_probe probe = begin_of(pending, key, type);
    struct nib_fetch *fetch = next_of(pending, key, type, &probe);
    while (fetch != NULL && (fetch->domain_len != domain_len || fetch->variant != variant))
        fetch = next_of(pending, key, type, &probe);
    return fetch;
}

static void reset_fetch(struct nib_fetch *fetch)
{
    memset(fetch, 0, offsetof(struct nib_fetch, name));
    fetch->before.there = false;
}

struct nib_fetch *nib_pending_open(
    struct nib_pending *pending, struct nib_key key, enum nib_type type, uint8_t domain_len)
{
    if (pending->n_fetches == pending->max_fetches)
        return NULL;
    uint32_t ref = pending->free_fetch;
    if (ref == 0)
        ref = ++pending->used_fetches;
    else
        pending->free_fetch = pending->fetches[ref - 1].first;
    struct nib_fetch *fetch = &pending->fetches[ref - 1];
    reset_fetch(fetch);
    fetch->type = type;
    fetch->domain_len = domain_len;
    fetch->serial = ++pending->serials;
    fetch->tag = nib_index_tag(key.hash, type);
    fetch->name_len = (uint8_t)key.name.len;
    memcpy(fetch->name, key.name.ptr, key.name.len);
    nib_index_insert(&pending->by_name, fetch->tag, ref);
    pending->n_fetches++;
    return fetch;
}

void nib_pending_close(struct nib_pending *pending, struct nib_fetch *fetch)
{
    uint32_t place = nib_pending_slot(pending, fetch).index;
    nib_index_remove(&pending->by_name, fetch->tag, place + 1);
    nib_heap_drop(&pending->retries, place);
    fetch->n_servers = 0;
    fetch->first = pending->free_fetch;
    pending->free_fetch = place + 1;
    pending->n_fetches--;
}

struct nib_fetch *nib_pending_at(const struct nib_pending *pending, uint32_t place)
{
    if (place >= pending->used_fetches || pending->fetches[place].n_servers == 0)
        return NULL;
    return &pending->fetches[place];
}

struct nib_fetch *nib_pending_of(const struct nib_pending *pending, struct nib_slot slot)
{
    struct nib_fetch *fetch = nib_pending_at(pending, slot.index);
    return fetch != NULL && fetch->serial == slot.serial ? fetch : NULL;
}

/* ---- requests ---- */

/*
 * All that makes two requests one goes through the strong hash, octet for octet, so that no client
 * can make many requests of one tag.
 */
static uint32_t client_tag(const struct nib_pending *pending, const struct nib_addr *peer,
    uint32_t id, enum nib_type type, struct nib_text name)
{
    uint8_t octets[sizeof peer->ip + 4 + 2 + 4 + NIB_NAME_MAX];
    struct nib_writer w = nib_writer_init(octets, sizeof octets);
    nib_writer_octets(&w, peer->ip, sizeof peer->ip);
    nib_writer_u32(&w, peer->scope);
    nib_writer_u8(&w, (uint8_t)(peer->port >> 8));
    nib_writer_u8(&w, (uint8_t)peer->port);
    nib_writer_u32(&w, id);
    nib_writer_text(&w, name);
    uint64_t hash = nib_text_hash((struct nib_text){(const char *)octets, w.off}, pending->seed);
    return nib_index_tag(hash, type);
}

static uint32_t ref_of(const struct nib_pending *pending, const struct nib_request *r)
{
    return (uint32_t)(r - pending->requests) + 1;
}

bool nib_pending_repeats(
    const struct nib_pending *pending, const struct nib_path *path, const struct nib_message *query)
{
    if (pending->n_requests == 0)
        return false;
    uint32_t ref, tag = client_tag(pending, &path->peer, query->id, query->qtype, query->qname);
    struct nib_probe probe = nib_index_begin(&pending->by_client, tag);
    while ((ref = nib_index_next(&pending->by_client, tag, &probe)) != 0) {
        const struct nib_request *r = &pending->requests[ref - 1];
        if (r->id == query->id && r->type == query->qtype &&
            nib_addr_equal(&r->path.peer, &path->peer) &&
            nib_text_same(nib_request_name(r), query->qname))
            return true;
    }
    return false;
}

/* Names are not cleared: their lengths say what of them counts. */
static void reset_request(struct nib_request *r)
{
    memset(r, 0, offsetof(struct nib_request, name));
    memset(&r->lookups[0], 0, offsetof(struct nib_lookup, rescues));
}

struct nib_request *nib_pending_add(
    struct nib_pending *pending, const struct nib_path *path, const struct nib_message *query)
{
    uint32_t ref = pending->free_request;
    if (ref == 0)
        ref = ++pending->used_requests;
    else
        pending->free_request = pending->requests[ref - 1].next;
    struct nib_request *r = &pending->requests[ref - 1];
    reset_request(r);
    r->path = *path;
    r->id = query->id;
    r->ttl_s = NIB_TTL_MAX;
    r->type = r->lookups[0].type = query->qtype;
    r->name_len = r->lookups[0].name_len = (uint8_t)query->qname.len;
    memcpy(r->name, query->qname.ptr, query->qname.len);
    memcpy(r->lookups[0].name, query->qname.ptr, query->qname.len);
    return r;
}

bool nib_pending_wait(struct nib_pending *pending, struct nib_fetch *fetch,
    struct nib_request *request, nib_ms deadline)
{
    uint32_t ref = ref_of(pending, request);
    if (!request->waits && pending->n_requests == pending->max_requests)
        return false;
    if (!request->waits) {
        request->waits = true;
        pending->n_requests++;
        request->tag = client_tag(
            pending, &request->path.peer, request->id, request->type, nib_request_name(request));
        nib_index_insert(&pending->by_client, request->tag, ref);
        nib_heap_set(&pending->deadlines, ref - 1, deadline);
    }
    request->next = 0;
    request->before = fetch->last;
    request->fetch = nib_pending_slot(pending, fetch).index + 1;
    *(fetch->first == 0 ? &fetch->first : &pending->requests[fetch->last - 1].next) = ref;
    fetch->last = ref;
    return true;
}

static void unlink_request(
    struct nib_pending *pending, struct nib_fetch *fetch, struct nib_request *r)
{
    *(r->before == 0 ? &fetch->first : &pending->requests[r->before - 1].next) = r->next;
    *(r->next == 0 ? &fetch->last : &pending->requests[r->next - 1].before) = r->before;
    r->fetch = 0;
}

struct nib_request *nib_pending_next(struct nib_pending *pending, struct nib_fetch *fetch)
{
    if (fetch->first == 0)
        return NULL;
    struct nib_request *r = &pending->requests[fetch->first - 1];
    unlink_request(pending, fetch, r);
    return r;
}

struct nib_fetch *nib_pending_leave(struct nib_pending *pending, struct nib_request *request)
{
    struct nib_fetch *fetch = &pending->fetches[request->fetch - 1];
    unlink_request(pending, fetch, request);
    return fetch;
}

void nib_pending_end(struct nib_pending *pending, struct nib_request *request)
{
    uint32_t ref = ref_of(pending, request);
    if (request->waits) {
        nib_index_remove(&pending->by_client, request->tag, ref);
        nib_heap_drop(&pending->deadlines, ref - 1);
        pending->n_requests--;
    }
    request->next = pending->free_request;
    pending->free_request = ref;
}
