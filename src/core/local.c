#include "nibdns/local.h"

#include "local_private.h"
#include "nibdns/arena.h"

/* Records removed in one event at most, so that a million expiring at once delay nobody. */
enum { EXPIRE_STEP = 64 };

/* ---- opening ---- */

static void *layout(struct nib_arena *arena, const struct nib_local_limits *limits, void **pending)
{
    void *cache = nib_arena_take(arena, nib_cache_bytes(limits->records));
    *pending = nib_arena_take(arena, nib_pending_bytes(limits->fetches, limits->requests));
    return cache;
}

size_t nib_local_bytes(const struct nib_local_limits *limits)
{
    struct nib_arena arena = {0};
    void *pending;
    (void)layout(&arena, limits, &pending);
    return arena.used;
}

void nib_local_open(struct nib_local *local, struct nib_table *table, void *memory,
    const struct nib_local_config *config)
{
    const struct nib_local_limits *limits = &config->limits;
    struct nib_arena arena = {memory, 0};
    void *pending, *cache = layout(&arena, limits, &pending);
    *local = (struct nib_local){.config = *config, .table = table};
    nib_cache_init(&local->cache, cache, limits->records, config->seed);
    nib_pending_init(&local->pending, pending, limits->fetches, limits->requests, config->seed);
    table->cache = &local->cache;
}

void nib_local_set_own(struct nib_local *local, const struct nib_addr *own, size_t n)
{
    local->n_own = n < NIB_OWN_MAX ? n : NIB_OWN_MAX;
    memcpy(local->own, own, local->n_own * sizeof *own);
}

/* Each request ends or waits anew once; each fetch is closed, and asks anew, once or twice. */
uint32_t nib_local_outputs_max(const struct nib_local_limits *limits, uint32_t n)
{
    return limits->requests + 4 * limits->fetches + 3 * n;
}

/* ---- requests ---- */

static struct nib_decision drop(
    struct nib_local *local, enum nib_local_counter counter, enum nib_decided what)
{
    local_count(local, counter);
    return (struct nib_decision){.what = what};
}

void nib_local_read(
    const struct nib_local *local, struct nib_local_query *query, const uint8_t *octets, size_t len)
{
    size_t bad;
    query->err = nib_message_decode(&query->message, octets, len, &bad);
    if (query->err != NIB_OK)
        return;
    query->key = nib_key_of(query->message.qname, local->config.seed);
    nib_cache_fetch_bucket(&local->cache, query->key);
}

struct nib_decision nib_local_take(struct nib_local *local, nib_ms now, const struct nib_path *path,
    const struct nib_local_query *query, struct nib_outputs *out)
{
    struct event e = {local, now, out};
    const struct nib_message *m = &query->message;
    struct answer answer;
    bool answered = true;
    local_count(local, NIB_LOCAL_RECEIVED);
    if (query->err != NIB_OK) { /* NIB-6.1, NIB-6.2 */
        local_count(local, NIB_LOCAL_DROPPED_MALFORMED);
        local->malformed[query->err]++;
        return (struct nib_decision){.what = NIB_DROPPED_MALFORMED, .rule = query->err};
    }
    if (m->flag != NIB_QUERY) /* NIB-6.3 */
        return drop(local, NIB_LOCAL_DROPPED_RESPONSE, NIB_DROPPED_RESPONSE);
    if (nib_pending_repeats(&local->pending, path, m)) /* NIB-8.12 */
        return drop(local, NIB_LOCAL_DROPPED_REPEAT, NIB_DROPPED_REPEAT);
    if (local_table_answer(local, now, query, &answer))
        local_send(&e, path, m->id, m->qtype, m->qname, &answer);
    else
        answer.decision = local_walk(&e, nib_pending_add(&local->pending, path, m), &answered);
    if (answered)
        local_count(local, NIB_LOCAL_FROM_TABLE);
    return answer.decision;
}

struct nib_decision nib_local_input(struct nib_local *local, nib_ms now,
    const struct nib_path *path, const uint8_t *octets, size_t len, struct nib_outputs *out)
{
    struct nib_local_query query;
    nib_local_read(local, &query, octets, len);
    return nib_local_take(local, now, path, &query, out);
}

/* ---- upstream ---- */

struct nib_decision nib_local_reply(struct nib_local *local, nib_ms now, struct nib_slot slot,
    const uint8_t *octets, size_t len, struct nib_outputs *out)
{
    struct event e = {local, now, out};
    struct nib_fetch *fetch = nib_pending_of(&local->pending, slot);
    if (fetch == NULL)
        return drop(local, NIB_LOCAL_UP_LATE, NIB_DROPPED_LATE);
    return local_fetch_reply(&e, fetch, octets, len);
}

struct nib_decision nib_local_unreachable(
    struct nib_local *local, nib_ms now, struct nib_slot slot, struct nib_outputs *out)
{
    struct event e = {local, now, out};
    struct nib_fetch *fetch = nib_pending_of(&local->pending, slot);
    if (fetch == NULL)
        return (struct nib_decision){.what = NIB_DECIDED_NOTHING};
    struct nib_decision decision = local_fetch_decision(NIB_UNREACHABLE, fetch);
    local_count(local, NIB_LOCAL_UNREACHABLE);
    local_fetch_unreachable(&e, fetch);
    return decision;
}

/* What was not sent does not count (NIB-9.5). */
struct nib_decision nib_local_query_unsent(struct nib_local *local, nib_ms now,
    struct nib_slot slot, bool exhausted, struct nib_outputs *out)
{
    struct event e = {local, now, out};
    struct nib_fetch *fetch = nib_pending_of(&local->pending, slot);
    local->counters[NIB_LOCAL_DATAGRAMS]--;
    local_count(local, exhausted ? NIB_LOCAL_EXHAUSTED : NIB_LOCAL_UNREACHABLE);
    if (fetch == NULL)
        return (struct nib_decision){.what = NIB_DECIDED_NOTHING};
    struct nib_decision decision =
        local_fetch_decision(exhausted ? NIB_NO_SOCKET : NIB_UNREACHABLE, fetch);
    fetch->sent--;
    if (exhausted)
        local_fetch_exhausted(&e, fetch);
    else
        local_fetch_unreachable(&e, fetch);
    return decision;
}

/* ---- time ---- */

/* NIB-8.27. A fetch that nobody waits on any more ends, too. */
static void end_overdue(struct event *e)
{
    struct nib_pending *pending = &e->local->pending;
    while (nib_heap_due(&pending->deadlines) <= e->now) {
        struct nib_request *request = &pending->requests[nib_heap_first(&pending->deadlines)];
        struct nib_fetch *fetch = nib_pending_leave(pending, request);
        local_count(e->local, NIB_LOCAL_DEADLINE);
        local_fail(e, request, NIB_FAILED_DEADLINE, 0);
        if (fetch->first == 0)
            local_fetch_abandon(e, fetch);
    }
}

void nib_local_tick(struct nib_local *local, nib_ms now, struct nib_outputs *out)
{
    struct event e = {local, now, out};
    struct nib_pending *pending = &local->pending;
    end_overdue(&e);
    while (nib_heap_due(&pending->retries) <= now)
        local_fetch_timeout(&e, &pending->fetches[nib_heap_first(&pending->retries)]);
    (void)nib_cache_expire(&local->cache, now, EXPIRE_STEP);
}

nib_ms nib_local_deadline(const struct nib_local *local)
{
    nib_ms retry = nib_heap_due(&local->pending.retries);
    nib_ms deadline = nib_heap_due(&local->pending.deadlines);
    return retry < deadline ? retry : deadline;
}

void nib_local_counters(const struct nib_local *local, struct nib_writer *w)
{
    static const char *const names[] = {
#define X(symbol, name) name,
        NIB_LOCAL_COUNTERS(X)
#undef X
    };
    uint64_t values[NIB_LOCAL_COUNT];
    memcpy(values, local->counters, sizeof values);
    values[NIB_LOCAL_WAITING] = local->pending.n_requests;
    nib_counters_text(w, names, values, NIB_LOCAL_COUNT);
    nib_counters_rules_text(w, local->malformed);
}
