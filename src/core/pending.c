#include "nibdns/pending.h"

#include "nibdns/arena.h"
#include "nibdns/cursor.h"

static void layout(struct nib_pending *p, struct nib_arena *arena)
{
    p->fetches = nib_arena_take(arena, p->max_fetches * sizeof *p->fetches);
    p->requests = nib_arena_take(arena, p->max_requests * sizeof *p->requests);
    p->by_name.n = (uint32_t)nib_index_buckets(p->max_fetches);
    p->by_name.buckets = nib_arena_take(arena, p->by_name.n * sizeof(struct nib_bucket));
    p->by_client.n = (uint32_t)nib_index_buckets(p->max_requests);
    p->by_client.buckets = nib_arena_take(arena, p->by_client.n * sizeof(struct nib_bucket));
    p->retries.items = nib_arena_take(arena, p->max_fetches * sizeof *p->retries.items);
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
    if (max_fetches > 0)
        pending->retries.timers = (unsigned char *)&pending->fetches[0].retry;
}

struct nib_fetch *nib_pending_find(
    const struct nib_pending *pending, struct nib_key key, enum nib_type type)
{
    uint32_t ref, tag = nib_index_tag(key.hash, type);
    struct nib_probe probe = nib_index_begin(&pending->by_name, tag);
    while ((ref = nib_index_next(&pending->by_name, tag, &probe)) != 0) {
        struct nib_fetch *fetch = &pending->fetches[ref - 1];
        if (fetch->type == type && nib_name_equal(key.name, nib_fetch_name(fetch)))
            return fetch;
    }
    return NULL;
}

struct nib_fetch *nib_pending_open(
    struct nib_pending *pending, struct nib_key key, enum nib_type type)
{
    if (pending->n_fetches == pending->max_fetches)
        return NULL;
    uint32_t ref = pending->free_fetch;
    if (ref == 0)
        ref = ++pending->used_fetches;
    else
        pending->free_fetch = pending->fetches[ref - 1].first;
    struct nib_fetch *fetch = &pending->fetches[ref - 1];
    *fetch = (struct nib_fetch){
        .type = type, .serial = ++pending->serials, .name_len = (uint8_t)key.name.len};
    memcpy(fetch->name, key.name.ptr, key.name.len);
    nib_index_insert(&pending->by_name, nib_index_tag(key.hash, type), ref);
    pending->n_fetches++;
    return fetch;
}

void nib_pending_close(struct nib_pending *pending, struct nib_fetch *fetch)
{
    uint32_t place = nib_pending_slot(pending, fetch).index;
    uint64_t hash = nib_name_hash(nib_fetch_name(fetch), pending->seed);
    nib_index_remove(&pending->by_name, nib_index_tag(hash, fetch->type), place + 1);
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

/*
 * All that makes two requests one goes through the strong hash, octet for octet, so that no client
 * can make many requests of one tag.
 */
static uint32_t client_tag(const struct nib_pending *pending, const struct nib_request *r)
{
    const struct nib_addr *peer = &r->path.peer;
    uint8_t octets[sizeof peer->ip + 4 + 2 + 4 + NIB_NAME_MAX];
    struct nib_writer w = nib_writer_init(octets, sizeof octets);
    nib_writer_octets(&w, peer->ip, sizeof peer->ip);
    nib_writer_u32(&w, peer->scope);
    nib_writer_u8(&w, (uint8_t)(peer->port >> 8));
    nib_writer_u8(&w, (uint8_t)peer->port);
    nib_writer_u32(&w, r->id);
    nib_writer_text(&w, nib_request_name(r));
    uint64_t hash = nib_text_hash((struct nib_text){(const char *)octets, w.off}, pending->seed);
    return nib_index_tag(hash, r->type);
}

bool nib_pending_repeats(const struct nib_pending *pending, const struct nib_request *request)
{
    if (pending->n_requests == 0)
        return false;
    uint32_t ref, tag = client_tag(pending, request);
    struct nib_probe probe = nib_index_begin(&pending->by_client, tag);
    while ((ref = nib_index_next(&pending->by_client, tag, &probe)) != 0) {
        const struct nib_request *r = &pending->requests[ref - 1];
        if (r->id == request->id && r->type == request->type &&
            nib_addr_equal(&r->path.peer, &request->path.peer) &&
            nib_text_same(nib_request_name(r), nib_request_name(request)))
            return true;
    }
    return false;
}

bool nib_pending_wait(
    struct nib_pending *pending, struct nib_fetch *fetch, const struct nib_request *request)
{
    if (pending->n_requests == pending->max_requests)
        return false;
    uint32_t ref = pending->free_request;
    if (ref == 0)
        ref = ++pending->used_requests;
    else
        pending->free_request = pending->requests[ref - 1].next;
    pending->requests[ref - 1] = *request;
    pending->requests[ref - 1].next = 0;
    if (fetch->first == 0)
        fetch->first = ref;
    else
        pending->requests[fetch->last - 1].next = ref;
    fetch->last = ref;
    nib_index_insert(&pending->by_client, client_tag(pending, request), ref);
    pending->n_requests++;
    return true;
}

bool nib_pending_next(
    struct nib_pending *pending, struct nib_fetch *fetch, struct nib_request *request)
{
    uint32_t ref = fetch->first;
    if (ref == 0)
        return false;
    struct nib_request *r = &pending->requests[ref - 1];
    *request = *r;
    fetch->first = r->next;
    nib_index_remove(&pending->by_client, client_tag(pending, r), ref);
    r->next = pending->free_request;
    pending->free_request = ref;
    pending->n_requests--;
    return true;
}
