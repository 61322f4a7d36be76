#include "nibsim/nodes/table.h"

#include "nibsim/base/events.h"
#include "nibsim/base/host.h"
#include "nibsim/base/model.h"
#include "nibsim/base/trace.h"

/* Expiries further off than this get no look of their own: the end of the run has one. */
enum { PROBE_MS = 3600000 };

/* ---- rows ---- */

static struct nib_text row_name(const struct sim_row *row)
{
    return (struct nib_text){row->text, row->name_len};
}

static struct nib_text row_result(const struct sim_row *row)
{
    return (struct nib_text){row->text + row->name_len, row->result_len};
}

const struct sim_row *sim_table_row(
    const struct sim_table *table, nib_ms now, struct nib_text name, enum nib_type type)
{
    for (uint32_t i = 0; i < table->n_rows; i++) {
        const struct sim_row *row = &table->rows[i];
        if (row->due > now && row->type == type && sim_same_name(row_name(row), name))
            return row;
    }
    return NULL;
}

/* The record is the row's, and what is left of its TTL is what must be left. */
static void check_row(
    struct sim *sim, nib_ms now, const struct sim_row *row, const struct nib_rr *rr)
{
    nib_ms left_s = (row->due - now + 999) / 1000;
    if (rr->is_static || rr->type != row->type || !nib_text_same(rr->name, row_name(row)) ||
        !nib_text_same(rr->result, row_result(row)))
        sim_break(sim, SIM_LEARNT, "record %llu is not what it was: now %.*s %s %.*s",
            (unsigned long long)row->no, (int)rr->name.len, rr->name.ptr, nib_type_name(rr->type),
            (int)rr->result.len, rr->result.ptr);
    if (left_s < 1 || rr->ttl_s != (uint64_t)left_s)
        sim_break(sim, SIM_TTL, "record %llu, %.*s %s, shows TTL %u where %lld is left",
            (unsigned long long)row->no, (int)rr->name.len, rr->name.ptr, nib_type_name(rr->type),
            (unsigned)rr->ttl_s, (long long)left_s);
}

/* The smaller TTL of two responses counts (NIB-8.30), and the limit. */
static uint32_t said_ttl(const struct sim_table *table, const struct nib_message *m)
{
    uint32_t ttl_s = m->ttl_s < table->first_ttl_s ? m->ttl_s : table->first_ttl_s;
    return ttl_s < table->max_ttl_s ? ttl_s : table->max_ttl_s;
}

/* A new record: it says what the datagram just read said, which an authority said. */
static void check_new(struct sim *sim, struct sim_table *table, nib_ms now,
    const struct sim_packet *packet, const struct nib_rr *rr)
{
    struct nib_message m;
    struct nib_rr fixed;
    size_t bad;
    struct nib_key key = nib_key_of(rr->name, table->table.zone->seed);
    if (packet == NULL || !packet->genuine ||
        nib_message_decode(&m, packet->octets, packet->len, &bad) != NIB_OK ||
        m.flag != NIB_RESPONSE || m.outcome != NIB_FOUND || m.atype != rr->type ||
        !sim_same_name(m.aname, rr->name) || !nib_text_same(m.result, rr->result))
        sim_break(sim, SIM_LEARNT, "record %llu, %.*s %s %.*s, was said by nobody",
            (unsigned long long)rr->no, (int)rr->name.len, rr->name.ptr, nib_type_name(rr->type),
            (int)rr->result.len, rr->result.ptr);
    uint32_t ttl_s = said_ttl(table, &m);
    bool is_cut = m.atype == NIB_NS || (m.atype != NIB_CNAME && rr->ttl_s == table->max_ns_ttl_s);
    if (is_cut && table->max_ns_ttl_s < ttl_s)
        ttl_s = table->max_ns_ttl_s;
    if (rr->ttl_s != ttl_s)
        sim_break(sim, SIM_TTL, "record %llu, %.*s %s, begins with TTL %u, but %u was said",
            (unsigned long long)rr->no, (int)rr->name.len, rr->name.ptr, nib_type_name(rr->type),
            (unsigned)rr->ttl_s, (unsigned)ttl_s);
    if (nib_zone_find(table->table.zone, key, rr->type, &fixed))
        sim_break(sim, SIM_STATIC, "record %llu shadows static record %llu, %.*s %s",
            (unsigned long long)rr->no, (unsigned long long)fixed.no, (int)rr->name.len,
            rr->name.ptr, nib_type_name(rr->type));
    if (sim_table_row(table, now, rr->name, rr->type) != NULL)
        sim_break(sim, SIM_TTL, "record %llu, %.*s %s, is there a second time",
            (unsigned long long)rr->no, (int)rr->name.len, rr->name.ptr, nib_type_name(rr->type));
}

static void add_row(
    struct sim *sim, struct sim_table *table, struct sim_host *host, const struct nib_rr *rr)
{
    nib_ms now = sim_clock(sim, host);
    struct sim_row *row = &table->rows[table->n_rows++];
    row->no = rr->no;
    row->due = now + (nib_ms)rr->ttl_s * 1000;
    row->type = rr->type;
    row->name_len = rr->name.len;
    row->result_len = rr->result.len;
    memcpy(row->text, rr->name.ptr, rr->name.len);
    memcpy(row->text + rr->name.len, rr->result.ptr, rr->result.len);
    uint32_t who = (uint32_t)(host - sim->hosts);
    if (row->due - now <= PROBE_MS) {
        sim_push(sim, sim_when(host, row->due) - 1, SIM_PROBE, who, NULL);
        sim_push(sim, sim_when(host, row->due), SIM_PROBE, who, NULL);
    }
}

/* ---- a table as a whole ---- */

/* Whether static records leave no room for a row: they have its key, or one of them is a CNAME. */
static bool gives_way(const struct sim_table *table, const struct sim_row *row)
{
    static const enum nib_type types[] = {NIB_TYPES(NIB_TYPE_SYMBOL)};
    struct nib_key key = nib_key_of(row_name(row), table->table.zone->seed);
    struct nib_rr rr;
    for (int i = 0; i < NIB_TYPE_COUNT; i++)
        if ((types[i] == row->type || types[i] == NIB_CNAME || row->type == NIB_CNAME) &&
            nib_zone_find(table->table.zone, key, types[i], &rr))
            return true;
    return false;
}

/*
 * A row is missing. That is right when its time is over, when static records are in its place, or
 * when the table was full and it was the one that would have expired first.
 */
static void check_gone(struct sim *sim, struct sim_table *table, nib_ms now,
    const struct sim_row *row, bool room_was_needed)
{
    struct nib_key key = nib_key_of(row_name(row), table->table.zone->seed);
    struct nib_rr rr;
    if (nib_table_find(&table->table, now, key, row->type, &rr) && rr.no == row->no)
        sim_break(sim, SIM_TTL, "record %llu, %.*s %s, is gone, but found with TTL %u",
            (unsigned long long)row->no, (int)row->name_len, row->text, nib_type_name(row->type),
            (unsigned)rr.ttl_s);
    if (row->due <= now || gives_way(table, row))
        return;
    bool first = true;
    for (uint32_t i = 0; i < table->n_rows; i++)
        first = first && (table->rows[i].due >= row->due || table->rows[i].no == row->no);
    if (!room_was_needed || !first)
        sim_break(sim, SIM_TTL, "record %llu, %.*s %s, is gone %lld ms before its time",
            (unsigned long long)row->no, (int)row->name_len, row->text, nib_type_name(row->type),
            (long long)(row->due - now));
    sim->counts.evicted++;
}

/* What find() says of each row is what must be so, too. */
static void check_find(struct sim *sim, const struct sim_table *table, nib_ms now)
{
    struct nib_rr rr;
    for (uint32_t i = 0; i < table->n_rows; i++) {
        const struct sim_row *row = &table->rows[i];
        struct nib_key key = nib_key_of(row_name(row), table->table.zone->seed);
        if (!nib_table_find(&table->table, now, key, row->type, &rr)) {
            if (row->due > now)
                sim_break(sim, SIM_TTL, "record %llu, %.*s %s, is not found",
                    (unsigned long long)row->no, (int)row->name_len, row->text,
                    nib_type_name(row->type));
        } else if (!rr.is_static) {
            check_row(sim, now, row, &rr);
        }
    }
}

static void check_bounds(struct sim *sim, const struct sim_table *table)
{
    const struct nib_cache *cache = table->table.cache;
    size_t octets = 0;
    for (uint32_t i = 0; i < table->n_rows; i++)
        octets += table->rows[i].name_len + table->rows[i].result_len;
    if (cache->n > cache->max || cache->used > cache->max || table->n_rows > cache->n ||
        octets > cache->text_octets)
        sim_break(sim, SIM_BOUNDS, "a table of %u records at most has %u with %u octets",
            (unsigned)cache->max, (unsigned)cache->n, (unsigned)cache->text_octets);
    if (!sim_block_whole(&table->cache_block) ||
        !sim_block_whole(&table->zones[table->current].block))
        sim_break(sim, SIM_BOUNDS, "a table wrote behind its memory");
}

/* An answer that was taken, for a key without a record, is there now. */
static void check_stored(struct sim *sim, const struct sim_table *table, nib_ms now,
    const struct sim_packet *packet, bool had, uint32_t added)
{
    struct nib_message m;
    struct nib_rr rr;
    size_t bad;
    if (nib_message_decode(&m, packet->octets, packet->len, &bad) != NIB_OK ||
        said_ttl(table, &m) == 0 || (table->max_ns_ttl_s == 0 && m.atype != NIB_CNAME) ||
        table->table.cache->max == 0 || had || added > 0)
        return;
    struct nib_key key = nib_key_of(m.aname, table->table.zone->seed);
    if (!nib_zone_find(table->table.zone, key, m.atype, &rr))
        sim_break(sim, SIM_STORED, "%.*s %s was answered, and is not there at %lld",
            (int)m.aname.len, m.aname.ptr, nib_type_name(m.atype), (long long)now);
}

static bool has_row(const struct sim_table *table, nib_ms now, const struct sim_packet *packet)
{
    struct nib_message m;
    size_t bad;
    return packet != NULL && nib_message_decode(&m, packet->octets, packet->len, &bad) == NIB_OK &&
           m.flag == NIB_RESPONSE && sim_table_row(table, now, m.aname, m.atype) != NULL;
}

/* Marks the rows that are there. A record without a row is new: one at most in a step. */
static uint32_t compare(struct sim *sim, struct sim_table *table, nib_ms now,
    const struct sim_packet *packet, struct nib_rr *fresh)
{
    uint32_t at = 0, i = 0, added = 0;
    struct nib_rr rr;
    for (uint32_t k = 0; k < table->n_rows; k++)
        table->rows[k].there = false;
    while (nib_cache_walk(table->table.cache, now, &at, &rr)) {
        while (i < table->n_rows && table->rows[i].no < rr.no)
            i++;
        if (i < table->n_rows && table->rows[i].no == rr.no) {
            check_row(sim, now, &table->rows[i], &rr);
            table->rows[i].there = true;
            continue;
        }
        check_new(sim, table, now, packet, &rr);
        if (rr.no != table->next_no || added > 0)
            sim_break(sim, SIM_NUMBERS, "a new record has number %llu, %llu was due",
                (unsigned long long)rr.no, (unsigned long long)table->next_no);
        table->next_no++;
        *fresh = rr;
        added++;
    }
    if (table->table.next_no != table->next_no)
        sim_break(sim, SIM_NUMBERS, "the next record would have number %llu, %llu is due",
            (unsigned long long)table->table.next_no, (unsigned long long)table->next_no);
    return added;
}

/* Takes out the rows that are gone. */
static void drop_rows(struct sim *sim, struct sim_table *table, nib_ms now, bool added)
{
    uint32_t kept = 0, living = 0;
    for (uint32_t i = 0; i < table->n_rows; i++)
        living += table->rows[i].due > now;
    for (uint32_t i = 0; i < table->n_rows; i++)
        if (!table->rows[i].there)
            check_gone(
                sim, table, now, &table->rows[i], added && living >= table->table.cache->max);
    for (uint32_t i = 0; i < table->n_rows; i++)
        if (table->rows[i].there)
            table->rows[kept++] = table->rows[i];
    table->n_rows = kept;
}

void sim_table_check(struct sim *sim, struct sim_table *table, struct sim_host *host,
    const struct sim_packet *packet, bool took)
{
    nib_ms now = sim_clock(sim, host);
    struct nib_rr fresh = {0};
    bool had = has_row(table, now, packet);
    uint32_t added = compare(sim, table, now, packet, &fresh);
    drop_rows(sim, table, now, added > 0);
    if (took)
        check_stored(sim, table, now, packet, had, added);
    if (added > 0)
        add_row(sim, table, host, &fresh);
    check_find(sim, table, now);
    check_bounds(sim, table);
    sim->counts.checks++;
}

/* ---- static records ---- */

static uint64_t sum_of(const struct sim_block *block)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < block->n; i++)
        sum = (sum ^ block->at[i]) * 0x100000001b3u;
    return sum;
}

static void check_static(struct sim *sim, const struct sim_table *table)
{
    if (sum_of(&table->zones[table->current].block) != table->zone_sum)
        sim_break(sim, SIM_STATIC, "static records have changed");
}

void sim_table_reload(struct sim *sim, struct sim_table *table, const struct sim_record *pin)
{
    struct sim_zone *old = &table->zones[table->current];
    struct sim_zone *fresh = &table->zones[1 - table->current];
    check_static(sim, table);
    sim_world_zone(&sim->world, SIM_LOCAL, pin, old->zone.seed, fresh);
    nib_table_set_zone(&table->table, &fresh->zone);
    sim_block_free(&old->block);
    table->current = 1 - table->current;
    table->zone_sum = sum_of(&fresh->block);
    table->next_no = table->table.next_no;
}

/* ---- beginning and end ---- */

void sim_table_start(struct sim *sim, struct sim_table *table, int owner, uint32_t max,
    uint32_t max_ttl_s, uint64_t next_no)
{
    uint64_t seed = sim_draw(&sim->chaos);
    struct sim_zone *zone = &table->zones[0];
    memset(table, 0, offsetof(struct sim_table, rows));
    table->max_ttl_s = table->max_ns_ttl_s = max_ttl_s;
    table->first_ttl_s = NIB_TTL_MAX;
    table->cache_block = sim_block_make(nib_cache_bytes(max));
    nib_cache_init(&table->cache, table->cache_block.at, max, seed);
    if (owner == SIM_LOCAL) {
        sim_world_zone(&sim->world, owner, NULL, seed, zone);
    } else {
        zone->block = sim_block_make(nib_zone_bytes(0, 0));
        nib_zone_init(&zone->zone, zone->block.at, 0, 0, seed);
    }
    table->table.cache = &table->cache;
    table->table.next_no = next_no;
    nib_table_set_zone(&table->table, &zone->zone);
    table->zone_sum = sum_of(&zone->block);
    table->next_no = table->table.next_no;
}

void sim_table_empty(struct sim *sim, struct sim_table *table, nib_ms now)
{
    uint32_t at = 0;
    struct nib_rr rr;
    nib_ms end = now;
    check_static(sim, table);
    for (uint32_t i = 0; i < table->n_rows; i++)
        end = table->rows[i].due > end ? table->rows[i].due : end;
    if (nib_cache_walk(table->table.cache, end, &at, &rr))
        sim_break(sim, SIM_TTL, "record %llu, %.*s %s, outlives its TTL", (unsigned long long)rr.no,
            (int)rr.name.len, rr.name.ptr, nib_type_name(rr.type));
    (void)nib_cache_expire(table->table.cache, end, UINT32_MAX);
    if (table->table.cache->n != 0 || table->table.cache->text_octets != 0 ||
        !sim_block_whole(&table->cache_block))
        sim_break(sim, SIM_BOUNDS, "an empty table counts %u records with %u octets",
            (unsigned)table->table.cache->n, (unsigned)table->table.cache->text_octets);
}

void sim_table_free(struct sim_table *table)
{
    sim_block_free(&table->cache_block);
    sim_block_free(&table->zones[table->current].block);
}
