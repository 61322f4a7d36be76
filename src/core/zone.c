#include "nibdns/zone.h"

#include "nibdns/arena.h"

/* A reference counts in units of 8 octets from the start of `records`; unit 0 is never used. */
enum { UNIT = 8 };

struct record {
    uint64_t no;
    uint8_t type, name_len, result_len;
    char text[]; /* the name, then the result */
};

enum { HEAD = offsetof(struct record, text) };

static size_t record_octets(size_t text_len)
{
    return (HEAD + text_len + UNIT - 1) / UNIT * UNIT;
}

static struct record *record_of(const struct nib_zone *zone, uint32_t ref)
{
    return (struct record *)(void *)(zone->records + (size_t)ref * UNIT);
}

/* The record behind another, in the order of the file. */
static uint32_t ref_after(const struct nib_zone *zone, uint32_t ref)
{
    const struct record *r = record_of(zone, ref);
    return ref + (uint32_t)(record_octets((size_t)r->name_len + r->result_len) / UNIT);
}

static struct nib_text name_of(const struct record *r)
{
    return (struct nib_text){r->text, r->name_len};
}

static struct nib_text result_of(const struct record *r)
{
    return (struct nib_text){r->text + r->name_len, r->result_len};
}

static void view(const struct record *r, struct nib_rr *rr)
{
    *rr = (struct nib_rr){.no = r->no,
        .name = name_of(r),
        .type = (enum nib_type)r->type,
        .result = result_of(r),
        .is_static = true};
}

static void layout(
    struct nib_zone *zone, struct nib_arena *arena, size_t records, size_t text_octets)
{
    zone->index.n = (uint32_t)nib_index_buckets(records);
    zone->index.buckets = nib_arena_take(arena, zone->index.n * sizeof(struct nib_bucket));
    zone->cap = UNIT + records * (HEAD + UNIT - 1) + text_octets;
    zone->records = nib_arena_take(arena, zone->cap);
    zone->order = nib_arena_take(arena, records * sizeof *zone->order);
}

size_t nib_zone_bytes(size_t records, size_t text_octets)
{
    struct nib_zone zone;
    struct nib_arena arena = {0};
    layout(&zone, &arena, records, text_octets);
    return arena.used;
}

void nib_zone_init(
    struct nib_zone *zone, void *memory, size_t records, size_t text_octets, uint64_t seed)
{
    struct nib_arena arena = {memory, 0};
    *zone = (struct nib_zone){.seed = seed, .used = UNIT, .max = (uint32_t)records};
    layout(zone, &arena, records, text_octets);
}

/* What stands in the way of a record with that name, type and result. */
static enum nib_zone_add clash(const struct nib_zone *zone, const struct nib_rr *rr, uint64_t hash)
{
    uint32_t ref, tag = nib_index_tag(hash, rr->type);
    struct nib_probe probe = nib_index_begin(&zone->index, tag);
    while ((ref = nib_index_next_any(&zone->index, tag, &probe)) != 0) {
        const struct record *other = record_of(zone, ref);
        bool same_type = other->type == rr->type;
        if (!nib_name_equal(rr->name, name_of(other)))
            continue;
        if (same_type && (rr->type != NIB_NS || nib_name_equal(rr->result, result_of(other))))
            return NIB_ZONE_TWICE;
        if (!same_type && (rr->type == NIB_CNAME || other->type == NIB_CNAME))
            return NIB_ZONE_CNAME;
    }
    return NIB_ZONE_ADDED;
}

enum nib_zone_add nib_zone_add(struct nib_zone *zone, const struct nib_rr *rr)
{
    return nib_zone_add_hashed(zone, rr, nib_name_hash(rr->name, zone->seed));
}

enum nib_zone_add nib_zone_add_hashed(struct nib_zone *zone, const struct nib_rr *rr, uint64_t hash)
{
    size_t octets = record_octets(rr->name.len + rr->result.len);
    if (zone->n == zone->max || octets > zone->cap - zone->used)
        return NIB_ZONE_FULL;
    enum nib_zone_add verdict = clash(zone, rr, hash);
    if (verdict != NIB_ZONE_ADDED)
        return verdict;
    uint32_t ref = (uint32_t)(zone->used / UNIT);
    struct record *r = record_of(zone, ref);
    r->no = zone->n;
    r->type = (uint8_t)rr->type;
    r->name_len = (uint8_t)rr->name.len;
    r->result_len = (uint8_t)rr->result.len;
    memcpy(r->text, rr->name.ptr, rr->name.len);
    memcpy(r->text + rr->name.len, rr->result.ptr, rr->result.len);
    zone->used += octets;
    zone->text_octets += rr->name.len + rr->result.len;
    zone->n++;
    nib_index_insert(&zone->index, nib_index_tag(hash, rr->type), ref);
    return NIB_ZONE_ADDED;
}

struct nib_probe nib_zone_begin(const struct nib_zone *zone, struct nib_key key, enum nib_type type)
{
    return nib_index_begin(&zone->index, nib_index_tag(key.hash, type));
}

bool nib_zone_next(const struct nib_zone *zone, struct nib_key key, enum nib_type type,
    struct nib_probe *probe, struct nib_rr *rr)
{
    uint32_t ref, tag = nib_index_tag(key.hash, type);
    while ((ref = nib_index_next(&zone->index, tag, probe)) != 0) {
        const struct record *r = record_of(zone, ref);
        if (nib_name_equal(key.name, name_of(r))) {
            view(r, rr);
            return true;
        }
    }
    return false;
}

bool nib_zone_find(
    const struct nib_zone *zone, struct nib_key key, enum nib_type type, struct nib_rr *rr)
{
    struct nib_probe probe = nib_zone_begin(zone, key, type);
    return nib_zone_next(zone, key, type, &probe, rr);
}

void nib_zone_fetch_bucket(const struct nib_zone *zone, struct nib_key key)
{
    uint32_t home = nib_index_home(&zone->index, nib_index_tag(key.hash, 0));
    __builtin_prefetch(&zone->index.buckets[home]);
}

/* A record of usual length lies in one or two lines of 64 octets. */
void nib_zone_fetch_record(const struct nib_zone *zone, struct nib_key key, enum nib_type type)
{
    struct nib_probe probe = nib_zone_begin(zone, key, type);
    uint32_t ref = nib_index_next(&zone->index, nib_index_tag(key.hash, type), &probe);
    __builtin_prefetch(record_of(zone, ref));
    __builtin_prefetch(record_of(zone, ref + 56 / UNIT));
}

/* The record of another zone that says the same, octet for octet. */
static struct record *twin(const struct nib_zone *zone, const struct nib_rr *rr, uint32_t *ref)
{
    uint64_t hash = nib_name_hash(rr->name, zone->seed);
    uint32_t tag = nib_index_tag(hash, rr->type);
    struct nib_probe probe = nib_index_begin(&zone->index, tag);
    while ((*ref = nib_index_next(&zone->index, tag, &probe)) != 0) {
        struct record *r = record_of(zone, *ref);
        if (nib_text_same(rr->name, name_of(r)) && nib_text_same(rr->result, result_of(r)))
            return r;
    }
    return NULL;
}

uint32_t nib_zone_count_new(const struct nib_zone *zone, const struct nib_zone *old)
{
    uint32_t n = zone->n, ref;
    struct nib_zone_walk walk = {0};
    struct nib_rr rr;
    while (old != NULL && nib_zone_walk(old, &walk, &rr))
        n -= twin(zone, &rr, &ref) != NULL;
    return n;
}

/* First the records that were there, in the order of their numbers, then the new ones. */
uint64_t nib_zone_number(struct nib_zone *zone, const struct nib_zone *old, uint64_t next_no)
{
    const uint64_t none = UINT64_MAX;
    uint32_t n = 0, ref = 1;
    if (old == NULL && next_no == 0)
        return zone->n; /* as they were added */
    for (uint32_t i = 0; i < zone->n; i++, ref = ref_after(zone, ref))
        record_of(zone, ref)->no = none;
    struct nib_zone_walk walk = {0};
    struct nib_rr rr;
    while (old != NULL && nib_zone_walk(old, &walk, &rr)) {
        struct record *r = twin(zone, &rr, &ref);
        if (r != NULL) {
            r->no = rr.no;
            zone->order[n++] = ref;
        }
    }
    zone->reordered = n > 0;
    ref = 1;
    for (uint32_t i = 0; i < zone->n; i++, ref = ref_after(zone, ref)) {
        struct record *r = record_of(zone, ref);
        if (r->no == none) {
            r->no = next_no++;
            if (zone->reordered)
                zone->order[n++] = ref;
        }
    }
    return next_no;
}

bool nib_zone_walk(const struct nib_zone *zone, struct nib_zone_walk *walk, struct nib_rr *rr)
{
    if (walk->i == zone->n)
        return false;
    uint32_t ref = zone->reordered ? zone->order[walk->i] : walk->i == 0 ? 1 : walk->next;
    view(record_of(zone, ref), rr);
    walk->i++;
    walk->next = ref_after(zone, ref);
    return true;
}
