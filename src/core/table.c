#include "nibdns/table.h"

/* Whether a zone's records leave no room for a dynamic one: the key, or a CNAME of either. */
static bool has_no_room_for(const struct nib_zone *zone, const struct nib_rr *rr)
{
    static const enum nib_type types[] = {NIB_TYPES(NIB_TYPE_SYMBOL)};
    struct nib_key key = nib_key_of(rr->name, zone->seed);
    struct nib_rr fixed;
    for (size_t i = 0; i < NIB_TYPE_COUNT; i++)
        if ((types[i] == rr->type || types[i] == NIB_CNAME || rr->type == NIB_CNAME) &&
            nib_zone_find(zone, key, types[i], &fixed))
            return true;
    return false;
}

bool nib_table_give_way(
    struct nib_table *table, const struct nib_zone *zone, struct nib_table_way *way, uint32_t most)
{
    struct nib_cache *cache = table->cache;
    struct nib_rr rr;
    if (cache == NULL)
        return false;
    if (way->at != 0)
        nib_cache_resume(cache, &way->at, way->no);
    for (; most > 0; most--) {
        uint32_t before = way->at;
        if (!nib_cache_walk_all(cache, 0, &way->at, &rr))
            return false;
        if (has_no_room_for(zone, &rr)) {
            nib_cache_remove(cache, nib_key_of(rr.name, cache->seed), rr.type);
            way->at = before;
        } else {
            way->no = rr.no;
        }
    }
    return true;
}

uint64_t nib_table_take_numbers(struct nib_table *table, uint32_t n)
{
    uint64_t first = table->next_no;
    table->next_no += n;
    return first;
}

void nib_table_swap_zone(struct nib_table *table, const struct nib_zone *zone)
{
    table->zone = zone;
    table->swaps++;
}

void nib_table_set_zone(struct nib_table *table, struct nib_zone *zone)
{
    table->next_no = nib_zone_number(zone, table->zone, table->next_no);
    struct nib_table_way way = {0};
    nib_table_swap_zone(table, zone);
    while (nib_table_give_way(table, zone, &way, UINT32_MAX))
        ;
}

bool nib_table_find(const struct nib_table *table, nib_ms now, struct nib_key key,
    enum nib_type type, struct nib_rr *rr)
{
    if (nib_zone_find(table->zone, key, type, rr))
        return true;
    return table->cache != NULL && nib_cache_find(table->cache, now, key, type, rr);
}

bool nib_table_store(struct nib_table *table, nib_ms now, struct nib_text name, enum nib_type type,
    struct nib_text result, uint32_t ttl_s)
{
    return nib_table_store_marked(table, now, name, type, result, ttl_s, 0);
}

bool nib_table_store_marked(struct nib_table *table, nib_ms now, struct nib_text name,
    enum nib_type type, struct nib_text result, uint32_t ttl_s, uint8_t marks)
{
    struct nib_rr there;
    struct nib_rr rr = {.no = table->next_no,
        .name = name,
        .type = type,
        .result = result,
        .ttl_s = ttl_s,
        .marks = marks};
    if (table->cache == NULL ||
        nib_zone_find(table->zone, nib_key_of(name, table->zone->seed), type, &there))
        return false;
    if (!nib_cache_store(table->cache, now, &rr))
        return false;
    table->next_no++;
    return true;
}
