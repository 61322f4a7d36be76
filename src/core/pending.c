#include "nibdns/pending.h"

#include "nibdns/arena.h"

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
        struct nib_fetch *q = &pending->fetches[ref - 1];
        if (q->type == type && nib_name_equal(key.name, nib_fetch_name(q)))
            return q;
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
    struct nib_fetch *q = &pending->fetches[ref - 1];
    *q = (struct nib_fetch){.type = type, .name_len = (uint8_t)key.name.len};
    memcpy(q->name, key.name.ptr, key.name.len);
    nib_index_insert(&pending->by_name, nib_index_tag(key.hash, type), ref);
    pending->n_fetches++;
    return q;
}

void nib_pending_close(struct nib_pending *pending, struct nib_fetch *question)
{
    uint32_t slot = nib_pending_slot(pending, question);
    uint64_t hash = nib_name_hash(nib_fetch_name(question), pending->seed);
    nib_index_remove(&pending->by_name, nib_index_tag(hash, question->type), slot + 1);
    nib_heap_drop(&pending->retries, slot);
    question->n_servers = 0;
    question->first = pending->free_fetch;
    pending->free_fetch = slot + 1;
    pending->n_fetches--;
}

struct nib_fetch *nib_pending_at(const struct nib_pending *pending, uint32_t slot)
{
    if (slot >= pending->used_fetches || pending->fetches[slot].n_servers == 0)
        return NULL;
    return &pending->fetches[slot];
}

/*
 * All that makes two requests one, so that no client can make many requests of one tag: the name
 * counts octet for octet, unlike in a name's hash.
 */
static uint32_t client_tag(const struct nib_pending *pending, const struct nib_request *r)
{
    uint64_t hash = nib_addr_hash(&r->path.peer, pending->seed ^ r->id);
    for (size_t i = 0; i < r->name_len; i++)
        hash = (hash ^ (uint8_t)r->name[i]) * 0x100000001b3u;
    return nib_index_tag(hash * 0x9e3779b97f4a7c15u, r->type);
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
    struct nib_pending *pending, struct nib_fetch *question, const struct nib_request *request)
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
    if (question->first == 0)
        question->first = ref;
    else
        pending->requests[question->last - 1].next = ref;
    question->last = ref;
    nib_index_insert(&pending->by_client, client_tag(pending, request), ref);
    pending->n_requests++;
    return true;
}

bool nib_pending_next(
    struct nib_pending *pending, struct nib_fetch *question, struct nib_request *request)
{
    uint32_t ref = question->first;
    if (ref == 0)
        return false;
    struct nib_request *r = &pending->requests[ref - 1];
    *request = *r;
    question->first = r->next;
    nib_index_remove(&pending->by_client, client_tag(pending, r), ref);
    r->next = pending->free_request;
    pending->free_request = ref;
    pending->n_requests--;
    return true;
}
