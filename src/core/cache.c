#include "nibdns/cache.h"

#include "nibdns/arena.h"

struct nib_cache_record {
    uint64_t no;
    struct nib_timer expiry;
    uint32_t newer, older; /* references in the list by record number; newer also links free ones */
    uint32_t slot;         /* of its pool, holding the name, then the result */
    uint8_t type, name_len, result_len;
    uint8_t pool_marks; /* the pool in the lower two bits, the marks above them */
};

_Static_assert(NIB_CACHE_CLASSES <= 4, "a pool's number has two bits");

static uint8_t pool_of(const struct nib_cache_record *r)
{
    return r->pool_marks & 3;
}

/* The number of a record that is free. */
#define NO_RECORD UINT64_MAX

static const uint16_t slot_octets[NIB_CACHE_CLASSES] = {40, 80, 160, 512};

static uint8_t pool_for(size_t text_len)
{
    uint8_t pool = 0;
    while (slot_octets[pool] < text_len)
        pool++;
    return pool;
}

static void layout(struct nib_cache *cache, struct nib_arena *arena, uint32_t max)
{
    cache->records = nib_arena_take(arena, max * sizeof *cache->records);
    cache->index.n = (uint32_t)nib_index_buckets(max);
    cache->index.buckets = nib_arena_take(arena, cache->index.n * sizeof(struct nib_bucket));
    cache->expiry.items = nib_arena_take(arena, max * sizeof *cache->expiry.items);
    for (int i = 0; i < NIB_CACHE_CLASSES; i++)
        cache->pools[i].slots = nib_arena_take(arena, (size_t)max * slot_octets[i]);
}

size_t nib_cache_bytes(uint32_t max)
{
    struct nib_cache cache;
    struct nib_arena arena = {0};
    layout(&cache, &arena, max);
    return arena.used;
}

void nib_cache_init(struct nib_cache *cache, void *memory, uint32_t max, uint64_t seed)
{
    struct nib_arena arena = {memory, 0};
    *cache = (struct nib_cache){.seed = seed, .max = max};
    layout(cache, &arena, max);
    cache->expiry.stride = sizeof *cache->records;
    if (max > 0)
        cache->expiry.timers = (unsigned char *)&cache->records[0].expiry;
}

static struct nib_cache_record *record_of(const struct nib_cache *cache, uint32_t ref)
{
    return &cache->records[ref - 1];
}

static char *text_of(const struct nib_cache *cache, const struct nib_cache_record *r)
{
    return (char *)cache->pools[pool_of(r)].slots + (size_t)r->slot * slot_octets[pool_of(r)];
}

static struct nib_text name_of(const struct nib_cache *cache, const struct nib_cache_record *r)
{
    return (struct nib_text){text_of(cache, r), r->name_len};
}

static void view(
    const struct nib_cache *cache, nib_ms now, const struct nib_cache_record *r, struct nib_rr *rr)
{
    *rr = (struct nib_rr){.no = r->no,
        .name = name_of(cache, r),
        .type = (enum nib_type)r->type,
        .result = {text_of(cache, r) + r->name_len, r->result_len},
        .marks = r->pool_marks >> 2,
        .ttl_s = r->expiry.due <= now ? 0 : (uint32_t)((r->expiry.due - now + 999) / 1000)};
}

/* The reference of that key, living or not; 0: none. */
static uint32_t ref_of(const struct nib_cache *cache, struct nib_key key, enum nib_type type)
{
    uint32_t ref, tag = nib_index_tag(key.hash, type);
    struct nib_probe probe = nib_index_begin(&cache->index, tag);
    while ((ref = nib_index_next(&cache->index, tag, &probe)) != 0) {
        const struct nib_cache_record *r = record_of(cache, ref);
        if (r->type == type && nib_name_equal(key.name, name_of(cache, r)))
            break;
    }
    return ref;
}

void nib_cache_fetch_bucket(const struct nib_cache *cache, struct nib_key key)
{
    uint32_t home = nib_index_home(&cache->index, nib_index_tag(key.hash, 0));
    __builtin_prefetch(&cache->index.buckets[home]);
}

bool nib_cache_find(const struct nib_cache *cache, nib_ms now, struct nib_key key,
    enum nib_type type, struct nib_rr *rr)
{
    uint32_t ref = ref_of(cache, key, type);
    if (ref == 0 || record_of(cache, ref)->expiry.due <= now)
        return false;
    view(cache, now, record_of(cache, ref), rr);
    return true;
}

static void put_slot(struct nib_cache *cache, struct nib_cache_record *r)
{
    struct nib_cache_pool *pool = &cache->pools[pool_of(r)];
    memcpy(text_of(cache, r), &pool->free, sizeof pool->free);
    pool->free = r->slot + 1;
}

static void take_slot(struct nib_cache *cache, struct nib_cache_record *r)
{
    struct nib_cache_pool *pool = &cache->pools[pool_of(r)];
    if (pool->free == 0) {
        r->slot = pool->used++;
        return;
    }
    r->slot = pool->free - 1;
    memcpy(&pool->free, text_of(cache, r), sizeof pool->free);
}

static void drop(struct nib_cache *cache, uint32_t ref)
{
    struct nib_cache_record *r = record_of(cache, ref);
    uint64_t hash = nib_name_hash(name_of(cache, r), cache->seed);
    nib_index_remove(&cache->index, nib_index_tag(hash, r->type), ref);
    nib_heap_drop(&cache->expiry, ref - 1);
    *(r->older == 0 ? &cache->oldest : &record_of(cache, r->older)->newer) = r->newer;
    *(r->newer == 0 ? &cache->newest : &record_of(cache, r->newer)->older) = r->older;
    cache->text_octets -= (size_t)r->name_len + r->result_len;
    put_slot(cache, r);
    r->no = NO_RECORD;
    r->newer = cache->free;
    cache->free = ref;
    cache->n--;
}

static uint32_t take_record(struct nib_cache *cache)
{
    if (cache->free == 0)
        return ++cache->used;
    uint32_t ref = cache->free;
    cache->free = record_of(cache, ref)->newer;
    return ref;
}

static void add(struct nib_cache *cache, nib_ms now, const struct nib_rr *rr, uint64_t hash)
{
    uint32_t ref = take_record(cache);
    struct nib_cache_record *r = record_of(cache, ref);
    *r = (struct nib_cache_record){.no = rr->no,
        .older = cache->newest,
        .type = (uint8_t)rr->type,
        .name_len = (uint8_t)rr->name.len,
        .result_len = (uint8_t)rr->result.len,
        .pool_marks = (uint8_t)(pool_for(rr->name.len + rr->result.len) | rr->marks << 2)};
    take_slot(cache, r);
    memcpy(text_of(cache, r), rr->name.ptr, rr->name.len);
    memcpy(text_of(cache, r) + rr->name.len, rr->result.ptr, rr->result.len);
    *(r->older == 0 ? &cache->oldest : &record_of(cache, r->older)->newer) = ref;
    cache->newest = ref;
    cache->text_octets += rr->name.len + rr->result.len;
    cache->n++;
    nib_index_insert(&cache->index, nib_index_tag(hash, rr->type), ref);
    nib_heap_set(&cache->expiry, ref - 1, now + (nib_ms)rr->ttl_s * 1000);
}

bool nib_cache_store(struct nib_cache *cache, nib_ms now, const struct nib_rr *rr)
{
    struct nib_key key = nib_key_of(rr->name, cache->seed);
    uint32_t ref = ref_of(cache, key, rr->type);
    if (cache->max == 0 || rr->ttl_s == 0)
        return false;
    if (ref != 0 && record_of(cache, ref)->expiry.due > now)
        return false;
    if (ref != 0) {
        drop(cache, ref);
    } else if (cache->n == cache->max) {
        if (nib_heap_due(&cache->expiry) > now)
            cache->evicted++;
        drop(cache, nib_heap_first(&cache->expiry) + 1);
    }
    add(cache, now, rr, key.hash);
    return true;
}

void nib_cache_mark(
    struct nib_cache *cache, struct nib_key key, enum nib_type type, enum nib_mark mark)
{
    uint32_t ref = ref_of(cache, key, type);
    if (ref != 0)
        record_of(cache, ref)->pool_marks |= (uint8_t)(mark << 2);
}

void nib_cache_remove(struct nib_cache *cache, struct nib_key key, enum nib_type type)
{
    uint32_t ref = ref_of(cache, key, type);
    if (ref != 0)
        drop(cache, ref);
}

uint32_t nib_cache_expire(struct nib_cache *cache, nib_ms now, uint32_t most)
{
    uint32_t n = 0;
    while (n < most && nib_heap_due(&cache->expiry) <= now) {
        drop(cache, nib_heap_first(&cache->expiry) + 1);
        n++;
    }
    return n;
}

bool nib_cache_walk_all(const struct nib_cache *cache, nib_ms now, uint32_t *at, struct nib_rr *rr)
{
    uint32_t ref = *at == 0 ? cache->oldest : record_of(cache, *at)->newer;
    if (ref == 0)
        return false;
    view(cache, now, record_of(cache, ref), rr);
    *at = ref;
    return true;
}

bool nib_cache_walk(const struct nib_cache *cache, nib_ms now, uint32_t *at, struct nib_rr *rr)
{
    struct nib_rr next;
    uint32_t place = *at;
    do
        if (!nib_cache_walk_all(cache, now, &place, &next))
            return false;
    while (next.ttl_s == 0);
    *rr = next;
    *at = place;
    return true;
}

/* From both ends at once: whoever goes first in time is mostly near to one of them. */
void nib_cache_resume(const struct nib_cache *cache, uint32_t *at, uint64_t no)
{
    if (record_of(cache, *at)->no == no)
        return;
    uint32_t up = cache->oldest, down = cache->newest;
    while (down != 0 && record_of(cache, down)->no > no && record_of(cache, up)->no <= no) {
        up = record_of(cache, up)->newer;
        down = record_of(cache, down)->older;
    }
    bool from_above = down == 0 || record_of(cache, down)->no <= no;
    *at = from_above ? down : record_of(cache, up)->older;
}
