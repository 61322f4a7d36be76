#include "nibdns/walk.h"

#include "nibdns/arena.h"

/* One request that waits on one fetch, and what was learnt on the way. */
static const struct nib_local_limits limits = {.records = 64, .fetches = 1, .requests = 1};

/* Longer than all tries that one lookup may take: they end it. */
enum { DEADLINE_MS = 1 << 30 };

size_t nib_walk_bytes(void)
{
    struct nib_arena arena = {0};
    (void)nib_arena_take(&arena, nib_zone_bytes(0, 0));
    (void)nib_arena_take(&arena, nib_local_bytes(&limits));
    return arena.used;
}

void nib_walk_open(struct nib_walk *walk, void *memory, const struct nib_walk_config *config)
{
    struct nib_arena arena = {memory, 0};
    const struct nib_local_config local = {.limits = limits,
        .seed = config->seed,
        .letters_seed = config->letters_seed,
        .max_ttl_s = NIB_TTL_MAX,
        .max_ns_ttl_s = NIB_TTL_MAX,
        .timeout_ms = config->timeout_ms,
        .tries = config->tries,
        .deadline_ms = DEADLINE_MS,
        .upstream_port = config->server.port,
        .forwarders = {config->server},
        .n_forwarders = 1,
        .walks = true};
    *walk = (struct nib_walk){.ended = true};
    nib_zone_init(&walk->zone, nib_arena_take(&arena, nib_zone_bytes(0, 0)), 0, 0, config->seed);
    walk->table.zone = &walk->zone;
    nib_local_open(
        &walk->local, &walk->table, nib_arena_take(&arena, nib_local_bytes(&limits)), &local);
}

static uint64_t heard(const struct nib_walk *walk)
{
    const uint64_t *c = walk->local.counters;
    return c[NIB_LOCAL_ANSWERS] + c[NIB_LOCAL_REFERRALS];
}

static void keep_answer(struct nib_walk *walk, const struct nib_output *o)
{
    struct nib_message m;
    size_t bad;
    if (nib_message_decode(&m, o->octets, o->len, &bad) != NIB_OK)
        return;
    walk->ended = true;
    walk->silent = m.outcome == NIB_FAILURE && heard(walk) == walk->heard;
    walk->outcome = m.outcome;
    walk->ttl_s = m.ttl_s;
    walk->result_len = m.result.len;
    memcpy(walk->result, m.result.ptr, m.result.len);
}

/* What is to be sent stays in the list; the answer is taken out. */
static void take_answer(struct nib_walk *walk, struct nib_outputs *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < out->n; i++) {
        const struct nib_output *o = &out->items[i];
        if (o->kind == NIB_OUTPUT_ANSWER) {
            keep_answer(walk, o);
            continue;
        }
        if (o->kind == NIB_OUTPUT_QUERY) {
            walk->slot = o->slot;
            walk->asked = o->path.peer;
            walk->datagrams++;
        }
        out->items[n++] = *o;
    }
    out->n = n;
}

void nib_walk_start(struct nib_walk *walk, nib_ms now, struct nib_text name, enum nib_type type,
    struct nib_outputs *out)
{
    const struct nib_path nobody = {0};
    uint8_t octets[NIB_QUERY_MAX];
    struct nib_message query = {.qtype = type, .qname = name};
    size_t len = nib_message_encode(octets, sizeof octets, &query);
    (void)nib_cache_expire(&walk->local.cache, NIB_NEVER - 1, UINT32_MAX);
    walk->ended = false;
    walk->datagrams = 0;
    walk->heard = heard(walk);
    (void)nib_local_input(&walk->local, now, &nobody, octets, len, out);
    take_answer(walk, out);
}

struct nib_decision nib_walk_input(struct nib_walk *walk, nib_ms now, const struct nib_addr *from,
    const uint8_t *octets, size_t len, struct nib_outputs *out)
{
    if (!nib_addr_equal(from, &walk->asked)) /* NIB-6.5 */
        return (struct nib_decision){.what = NIB_DROPPED_SOURCE};
    struct nib_decision decision = nib_local_reply(&walk->local, now, walk->slot, octets, len, out);
    take_answer(walk, out);
    return decision;
}

struct nib_decision nib_walk_unreachable(struct nib_walk *walk, nib_ms now, struct nib_outputs *out)
{
    struct nib_decision decision = nib_local_unreachable(&walk->local, now, walk->slot, out);
    take_answer(walk, out);
    return decision;
}

void nib_walk_tick(struct nib_walk *walk, nib_ms now, struct nib_outputs *out)
{
    nib_local_tick(&walk->local, now, out);
    take_answer(walk, out);
}

nib_ms nib_walk_deadline(const struct nib_walk *walk)
{
    return walk->ended ? NIB_NEVER : nib_local_deadline(&walk->local);
}
