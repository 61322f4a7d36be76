#include "nibdns/gate.h"

#include "nibdns/arena.h"
#include "nibdns/name.h"

static void layout(struct nib_gate_table *t, struct nib_arena *arena)
{
    t->fetches = nib_arena_take(arena, t->max_fetches * sizeof *t->fetches);
    t->queries = nib_arena_take(arena, t->max_queries * sizeof *t->queries);
    t->by_name.n = (uint32_t)nib_index_buckets(t->max_fetches);
    t->by_name.buckets = nib_arena_take(arena, t->by_name.n * sizeof(struct nib_bucket));
    t->by_client.n = (uint32_t)nib_index_buckets(t->max_queries);
    t->by_client.buckets = nib_arena_take(arena, t->by_client.n * sizeof(struct nib_bucket));
    t->retries.items = nib_arena_take(arena, t->max_fetches * sizeof *t->retries.items);
}

size_t nib_gate_table_bytes(uint32_t max_fetches, uint32_t max_queries)
{
    struct nib_gate_table t = {.max_fetches = max_fetches, .max_queries = max_queries};
    struct nib_arena arena = {0};
    layout(&t, &arena);
    return arena.used;
}

void nib_gate_table_init(struct nib_gate_table *table, void *memory, uint32_t max_fetches,
    uint32_t max_queries, uint64_t seed)
{
    struct nib_arena arena = {memory, 0};
    *table = (struct nib_gate_table){
        .seed = seed, .max_fetches = max_fetches, .max_queries = max_queries};
    layout(table, &arena);
    table->retries.stride = sizeof *table->fetches;
    if (max_fetches > 0)
        table->retries.timers = (unsigned char *)&table->fetches[0].retry;
}

/* ---- fetches ---- */

static uint32_t name_tag(
    const struct nib_gate_table *table, struct nib_text name, enum nib_type type)
{
    return nib_index_tag(nib_name_hash(name, table->seed), type);
}

struct nib_gate_fetch *nib_gate_find(
    const struct nib_gate_table *table, struct nib_text name, enum nib_type type)
{
    uint32_t ref, tag = name_tag(table, name, type);
    struct nib_probe probe = nib_index_begin(&table->by_name, tag);
    while ((ref = nib_index_next(&table->by_name, tag, &probe)) != 0) {
        struct nib_gate_fetch *fetch = &table->fetches[ref - 1];
        if (fetch->type == type && nib_name_equal(name, nib_gate_fetch_name(fetch)))
            return fetch;
    }
    return NULL;
}

/*
 * The octets as letters a to p, two for each: the hash of names is a keyed one that takes every bit
 * of those into account.
 */
static uint64_t hash_octets(const uint8_t *octets, size_t len, uint64_t seed)
{
    char letters[64];
    for (size_t i = 0; i < len; i++) {
        letters[2 * i] = (char)('a' + (octets[i] >> 4));
        letters[2 * i + 1] = (char)('a' + (octets[i] & 15));
    }
    return nib_name_hash((struct nib_text){letters, 2 * len}, seed);
}

void nib_gate_renew(struct nib_gate_table *table, struct nib_gate_fetch *fetch)
{
    uint64_t number = ++table->drawn;
    uint8_t octets[8];
    for (int i = 0; i < 8; i++)
        octets[i] = (uint8_t)(number >> 8 * i);
    fetch->id = (uint32_t)hash_octets(octets, sizeof octets, ~table->seed);
    fetch->serial = (uint32_t)number;
}

struct nib_gate_fetch *nib_gate_open(
    struct nib_gate_table *table, struct nib_text name, enum nib_type type)
{
    if (table->n_fetches == table->max_fetches)
        return NULL;
    uint32_t ref = table->free_fetch;
    if (ref == 0)
        ref = ++table->used_fetches;
    else
        table->free_fetch = table->fetches[ref - 1].first;
    struct nib_gate_fetch *fetch = &table->fetches[ref - 1];
    *fetch = (struct nib_gate_fetch){.type = type, .open = true, .name_len = (uint8_t)name.len};
    nib_gate_renew(table, fetch);
    memcpy(fetch->name, name.ptr, name.len);
    nib_index_insert(&table->by_name, name_tag(table, name, type), ref);
    table->n_fetches++;
    return fetch;
}

void nib_gate_close(struct nib_gate_table *table, struct nib_gate_fetch *fetch)
{
    uint32_t slot = nib_gate_slot(table, fetch).index;
    nib_index_remove(
        &table->by_name, name_tag(table, nib_gate_fetch_name(fetch), fetch->type), slot + 1);
    nib_heap_drop(&table->retries, slot);
    fetch->open = false;
    fetch->first = table->free_fetch;
    table->free_fetch = slot + 1;
    table->n_fetches--;
}

struct nib_gate_fetch *nib_gate_fetch_in(const struct nib_gate_table *table, struct nib_slot slot)
{
    if (slot.index >= table->used_fetches)
        return NULL;
    struct nib_gate_fetch *fetch = &table->fetches[slot.index];
    return fetch->open && fetch->serial == slot.serial ? fetch : NULL;
}

/* ---- queries ---- */

static uint16_t wire_type(const struct nib_gate_query *query)
{
    return query->dns.n_questions > 0 ? query->dns.qtype : (uint16_t)query->type;
}

/* All that makes two queries one, so that no client can make many queries of one tag. */
static uint32_t client_tag(const struct nib_gate_table *table, const struct nib_gate_query *query)
{
    const struct nib_addr *peer = &query->path.peer;
    uint8_t key[29];
    memcpy(key, peer->ip, 16);
    for (int i = 0; i < 4; i++) {
        key[16 + i] = (uint8_t)(peer->scope >> 8 * i);
        key[20 + i] = (uint8_t)(query->id >> 8 * i);
    }
    key[24] = (uint8_t)(peer->port >> 8);
    key[25] = (uint8_t)peer->port;
    key[26] = (uint8_t)(wire_type(query) >> 8);
    key[27] = (uint8_t)wire_type(query);
    key[28] = (uint8_t)(peer->family | query->path.stream << 7);
    uint64_t hash = hash_octets(key, sizeof key, table->seed);
    return nib_index_tag(nib_name_hash(nib_gate_query_name(query), hash), 0);
}

bool nib_gate_repeats(const struct nib_gate_table *table, const struct nib_gate_query *query)
{
    if (table->n_queries == 0)
        return false;
    uint32_t ref, tag = client_tag(table, query);
    struct nib_probe probe = nib_index_begin(&table->by_client, tag);
    while ((ref = nib_index_next(&table->by_client, tag, &probe)) != 0) {
        const struct nib_gate_query *q = &table->queries[ref - 1];
        if (q->id == query->id && wire_type(q) == wire_type(query) &&
            q->path.stream == query->path.stream &&
            nib_addr_equal(&q->path.peer, &query->path.peer) &&
            nib_name_equal(nib_gate_query_name(q), nib_gate_query_name(query)))
            return true;
    }
    return false;
}

bool nib_gate_wait(
    struct nib_gate_table *table, struct nib_gate_fetch *fetch, const struct nib_gate_query *query)
{
    if (table->n_queries == table->max_queries)
        return false;
    uint32_t ref = table->free_query;
    if (ref == 0)
        ref = ++table->used_queries;
    else
        table->free_query = table->queries[ref - 1].next;
    table->queries[ref - 1] = *query;
    table->queries[ref - 1].next = 0;
    if (fetch->first == 0)
        fetch->first = ref;
    else
        table->queries[fetch->last - 1].next = ref;
    fetch->last = ref;
    nib_index_insert(&table->by_client, client_tag(table, query), ref);
    table->n_queries++;
    return true;
}

bool nib_gate_next(
    struct nib_gate_table *table, struct nib_gate_fetch *fetch, struct nib_gate_query *query)
{
    uint32_t ref = fetch->first;
    if (ref == 0)
        return false;
    struct nib_gate_query *q = &table->queries[ref - 1];
    *query = *q;
    fetch->first = q->next;
    nib_index_remove(&table->by_client, client_tag(table, q), ref);
    q->next = table->free_query;
    table->free_query = ref;
    table->n_queries--;
    return true;
}
