#include "nibdns/local.h"

#include "local_servers.h"

/*
 * A request walks: from its name along CNAMEs to a record, a miss, or a question that it must wait
 * for. A question ends: with an answer that fits, or with its servers used up. Each end takes the
 * requests off one by one and lets them walk on, so nothing here calls itself.
 */

/* Records removed in one event at most, so that a million expiring at once delay nobody. */
enum { EXPIRE_STEP = 64 };

struct answer {
    struct nib_text result;
    uint32_t ttl_s;
};

static const struct answer not_found = {{"Record not found", 16}, 0};
static const struct answer failure = {{"Server failure", 14}, 0};

static void count(struct nib_local *local, enum nib_local_counter which)
{
    local->counters[which]++;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void nib_local_init(struct nib_local *local, struct nib_table *table, struct nib_pending *pending,
    const struct nib_local_host *host, const struct nib_local_config *config)
{
    *local =
        (struct nib_local){.table = table, .pending = pending, .host = *host, .config = *config};
}

/* NIB-8.7, NIB-8.14: the name and type that were asked for, the request's own ID and letters. */
static void send_answer(
    struct nib_local *local, const struct nib_request *request, const struct answer *answer)
{
    struct nib_text name = nib_request_name(request);
    struct nib_message m = {.id = request->id,
        .flag = NIB_RESPONSE,
        .qtype = request->type,
        .qname = name,
        .atype = request->type,
        .aname = name,
        .ttl_s = answer->ttl_s,
        .result = answer->result};
    switch (nib_result_outcome(answer->result)) {
    case NIB_FOUND:
        count(local, NIB_LOCAL_FOUND);
        break;
    case NIB_NOT_FOUND:
        count(local, NIB_LOCAL_NOT_FOUND);
        break;
    case NIB_FAILURE:
        count(local, NIB_LOCAL_FAILURE);
        break;
    }
    count(local, NIB_LOCAL_ANSWERED);
    size_t len = nib_message_encode(local->host.room(local->host.ctx), NIB_MESSAGE_MAX, &m);
    local->host.answer(local->host.ctx, &request->path, len);
}

/* ---- questions ---- */

/* NIB-8.10 */
static void take_id(struct nib_local *local, struct nib_fetch *q)
{
    q->id = local->next_id++;
    count(local, NIB_LOCAL_FETCHES);
}

/* Sends the question to its server of the moment; each round waits twice as long (NIB-9.2). */
static enum nib_send_status transmit(struct nib_local *local, nib_ms now, struct nib_fetch *q)
{
    uint8_t octets[NIB_QUERY_MAX];
    struct nib_message m = {.id = q->id, .qtype = q->type, .qname = nib_fetch_name(q)};
    size_t len = nib_message_encode(octets, sizeof octets, &m);
    uint32_t slot = nib_pending_slot(local->pending, q);
    enum nib_send_status result =
        local->host.ask(local->host.ctx, slot, &q->servers[q->server], octets, len);
    switch (result) {
    case NIB_SEND_SENT:
        q->sent++;
        count(local, NIB_LOCAL_DATAGRAMS);
        nib_heap_set(&local->pending->retries, slot, now + (local->config.timeout_ms << q->round));
        break;
    case NIB_SEND_UNREACHABLE:
        count(local, NIB_LOCAL_UNREACHABLE);
        local_set_health(local, &q->servers[q->server], now + NIB_DEAD_MS);
        break;
    case NIB_SEND_EXHAUSTED:
        count(local, NIB_LOCAL_EXHAUSTED);
        break;
    }
    return result;
}

/*
 * Moves to the server whose turn it is: the next one that is not gone, a round later past the last.
 * The same server again is a retry, with the ID and socket that it had (NIB-9.3); a change of
 * server is a new question, with an ID and a socket of its own (NIB-9.4). False: all used up.
 */
static bool next_server(struct nib_local *local, struct nib_fetch *q)
{
    uint8_t before = q->server;
    for (int steps = 0; steps < q->n_servers; steps++) {
        q->server++;
        if (q->server == q->n_servers) {
            q->server = 0;
            q->round++;
        }
        if (q->round >= local->config.tries)
            return false;
        if (q->gone >> q->server & 1)
            continue;
        if (q->server == before) {
            count(local, NIB_LOCAL_RETRIES);
        } else {
            local->host.close_fetch(local->host.ctx, nib_pending_slot(local->pending, q));
            take_id(local, q);
        }
        return true;
    }
    return false;
}

/* Asks the server of the moment, and where it cannot be reached the ones after it (NIB-9.5). */
static bool ask(struct nib_local *local, nib_ms now, struct nib_fetch *q)
{
    for (;;) {
        if (transmit(local, now, q) == NIB_SEND_SENT)
            return true;
        q->gone |= (uint8_t)(1u << q->server);
        if (!next_server(local, q))
            return false;
    }
}

/* Frees the question's socket and slot and answers all that still wait on it. */
static void give_up(struct nib_local *local, struct nib_fetch *q)
{
    struct nib_request request;
    while (nib_pending_next(local->pending, q, &request))
        send_answer(local, &request, &failure);
    local->host.close_fetch(local->host.ctx, nib_pending_slot(local->pending, q));
    nib_pending_close(local->pending, q);
}

/*
 * Answers the requests for which one more datagram would be one too many (NIB-8.6). True while
 * somebody still waits.
 */
static bool within_budget(struct nib_local *local, struct nib_fetch *q)
{
    uint32_t last = q->last;
    struct nib_request request;
    bool more = q->first != 0;
    while (more) {
        more = q->first != last;
        (void)nib_pending_next(local->pending, q, &request);
        if (request.spent + q->sent >= NIB_DATAGRAMS_MAX)
            send_answer(local, &request, &failure);
        else /* the place it left is free, so this cannot fail */
            (void)nib_pending_wait(local->pending, q, &request);
    }
    return q->first != 0;
}

/* The server of the moment did not help: on to the next try, or the end. */
static void go_on(struct nib_local *local, nib_ms now, struct nib_fetch *q)
{
    if (!within_budget(local, q) || !next_server(local, q) || !ask(local, now, q))
        give_up(local, q);
}

/*
 * A new question to a domain's servers, or NULL: no room for it or for who would wait on it
 * (NIB-8.13), or no server can be reached.
 */
static struct nib_fetch *open_fetch(struct nib_local *local, nib_ms now, struct nib_key key,
    enum nib_type type, const struct local_delegation *d)
{
    struct nib_pending *pending = local->pending;
    struct nib_fetch *q = NULL;
    if (pending->n_requests < pending->max_requests)
        q = nib_pending_open(pending, key, type);
    if (q == NULL) {
        count(local, NIB_LOCAL_PENDING_FULL);
        return NULL;
    }
    q->n_servers = d->n;
    memcpy(q->servers, d->servers, d->n * sizeof d->servers[0]);
    take_id(local, q);
    if (ask(local, now, q))
        return q;
    give_up(local, q);
    return NULL;
}

/* ---- requests ---- */

static uint32_t ttl_of(const struct nib_local *local, const struct nib_rr *rr)
{
    return rr->is_static ? local->config.static_ttl_s : rr->ttl_s;
}

/*
 * The question under way for that key (NIB-8.11), or a new one to its domain's servers. NULL, with
 * the answer, when there is nobody to ask (NIB-8.5) or asking would break a limit (NIB-8.6).
 */
static struct nib_fetch *fetch_for(struct nib_local *local, nib_ms now,
    const struct nib_request *request, struct nib_key key, struct answer *answer)
{
    struct nib_fetch *q = nib_pending_find(local->pending, key, request->type);
    *answer = failure;
    if (q != NULL) {
        if (request->spent + q->sent > NIB_DATAGRAMS_MAX)
            return NULL;
        count(local, NIB_LOCAL_SHARED);
        return q;
    }
    struct local_delegation d = local_delegation_of(local, now, key.name);
    if (!d.found)
        *answer = not_found;
    if (d.n == 0 || request->spent >= NIB_DATAGRAMS_MAX)
        return NULL;
    return open_fetch(local, now, key, request->type, &d);
}

/* One CNAME further. False: one too many. */
static bool follow(struct nib_request *request, uint32_t ttl_s)
{
    request->ttl_s = least(request->ttl_s, ttl_s);
    return ++request->cnames <= NIB_CNAMES_MAX;
}

/*
 * NIB-8.2 to NIB-8.5, from a name on: its record, its CNAME (NIB-8.3), a question. The answer, with
 * NULL returned, or the question to wait on.
 */
static struct nib_fetch *walk(struct nib_local *local, nib_ms now, struct nib_request *request,
    struct nib_text name, struct answer *answer)
{
    struct nib_rr rr;
    struct nib_key key = nib_key_of(name, local->table->zone->seed);
    while (!nib_table_find(local->table, now, key, request->type, &rr)) {
        if (request->type == NIB_CNAME || !nib_table_find(local->table, now, key, NIB_CNAME, &rr))
            return fetch_for(local, now, request, key, answer);
        if (!follow(request, ttl_of(local, &rr))) {
            *answer = failure;
            return NULL;
        }
        key = nib_key_of(rr.result, local->table->zone->seed);
    }
    *answer = (struct answer){rr.result, least(request->ttl_s, ttl_of(local, &rr))};
    return NULL;
}

/* Lets a request walk from a name: it is answered now or waits. Returns whether it was answered. */
static bool serve(
    struct nib_local *local, nib_ms now, struct nib_request *request, struct nib_text name)
{
    struct answer answer;
    struct nib_fetch *q = walk(local, now, request, name, &answer);
    if (q != NULL && nib_pending_wait(local->pending, q, request))
        return false;
    if (q != NULL) {
        count(local, NIB_LOCAL_PENDING_FULL);
        answer = failure;
    }
    send_answer(local, request, &answer);
    return true;
}

static struct nib_request request_of(const struct nib_message *m, const struct nib_path *path)
{
    struct nib_request request = {.path = *path,
        .id = m->id,
        .ttl_s = NIB_TTL_MAX,
        .type = m->qtype,
        .name_len = (uint8_t)m->qname.len};
    memcpy(request.name, m->qname.ptr, m->qname.len);
    return request;
}

void nib_local_input(struct nib_local *local, nib_ms now, const struct nib_path *path,
    const uint8_t *octets, size_t len)
{
    struct nib_message m;
    size_t bad;
    count(local, NIB_LOCAL_RECEIVED);
    enum nib_err err = nib_message_decode(&m, octets, len, &bad);
    if (err != NIB_OK) { /* NIB-6.1, NIB-6.2 */
        count(local, NIB_LOCAL_DROPPED_MALFORMED);
        local->malformed[err]++;
        return;
    }
    if (m.flag != NIB_QUERY) { /* NIB-6.3 */
        count(local, NIB_LOCAL_DROPPED_RESPONSE);
        return;
    }
    struct nib_request request = request_of(&m, path);
    if (nib_pending_repeats(local->pending, &request)) { /* NIB-8.12 */
        count(local, NIB_LOCAL_DROPPED_REPEAT);
        return;
    }
    if (serve(local, now, &request, m.qname))
        count(local, NIB_LOCAL_FROM_TABLE);
}

/* ---- upstream ---- */

static const enum nib_local_counter mismatch_counters[NIB_MISMATCH_COUNT] = {
    [NIB_MISMATCH_FLAG] = NIB_LOCAL_UP_FLAG,
    [NIB_MISMATCH_ID] = NIB_LOCAL_UP_ID,
    [NIB_MISMATCH_QUESTION] = NIB_LOCAL_UP_QUESTION,
    [NIB_MISMATCH_ANSWER] = NIB_LOCAL_UP_ANSWER,
};

/* NIB-6.6: decodes what came on a question's socket; false, and counted, when it is not the answer.
 */
static bool is_answer(struct nib_local *local, const struct nib_fetch *q, struct nib_message *m,
    const uint8_t *octets, size_t len)
{
    size_t bad;
    struct nib_message query = {.id = q->id, .qtype = q->type, .qname = nib_fetch_name(q)};
    if (nib_message_decode(m, octets, len, &bad) != NIB_OK) {
        count(local, NIB_LOCAL_UP_MALFORMED);
        return false;
    }
    enum nib_mismatch mismatch = nib_message_fits(&query, m);
    if (mismatch != NIB_FITS)
        count(local, mismatch_counters[mismatch]);
    return mismatch == NIB_FITS;
}

/* What an answer means for one of the requests that waited for it. */
static void pass_on(
    struct nib_local *local, nib_ms now, struct nib_request *request, const struct nib_message *m)
{
    if (m->outcome == NIB_NOT_FOUND) {
        send_answer(local, request, &not_found);
    } else if (m->atype == request->type) {
        struct answer answer = {m->result, least(request->ttl_s, m->ttl_s)};
        send_answer(local, request, &answer);
    } else if (!follow(request, m->ttl_s)) {
        send_answer(local, request, &failure);
    } else {
        (void)serve(local, now, request, m->result);
    }
}

/* Stores the answer (NIB-7.10), frees the question, then takes its requests along one by one. */
static void conclude(
    struct nib_local *local, nib_ms now, struct nib_fetch *q, const struct nib_message *m)
{
    struct nib_fetch ended = *q; /* keeps the list of requests while the slot is used anew */
    struct nib_request request;
    if (m->outcome == NIB_FOUND)
        (void)nib_table_store(local->table, now, m->qname, m->atype, m->result, m->ttl_s);
    local_set_health(local, &q->servers[q->server], 0);
    local->host.close_fetch(local->host.ctx, nib_pending_slot(local->pending, q));
    nib_pending_close(local->pending, q);
    while (nib_pending_next(local->pending, &ended, &request)) {
        request.spent = (uint8_t)(request.spent + ended.sent);
        pass_on(local, now, &request, m);
    }
}

void nib_local_reply(
    struct nib_local *local, nib_ms now, uint32_t slot, const uint8_t *octets, size_t len)
{
    struct nib_message m;
    struct nib_fetch *q = nib_pending_at(local->pending, slot);
    if (q == NULL) {
        count(local, NIB_LOCAL_UP_LATE);
        return;
    }
    if (!is_answer(local, q, &m, octets, len))
        return;
    count(local, NIB_LOCAL_ANSWERS);
    m.ttl_s = least(m.ttl_s, local->config.max_ttl_s); /* NIB-7.9 */
    if (m.outcome == NIB_FAILURE) {                    /* NIB-8.16: another server may know */
        q->gone |= (uint8_t)(1u << q->server);
        go_on(local, now, q);
    } else {
        conclude(local, now, q, &m);
    }
}

void nib_local_unreachable(struct nib_local *local, nib_ms now, uint32_t slot)
{
    struct nib_fetch *q = nib_pending_at(local->pending, slot);
    if (q == NULL)
        return;
    count(local, NIB_LOCAL_UNREACHABLE);
    local_set_health(local, &q->servers[q->server], now + NIB_DEAD_MS);
    q->gone |= (uint8_t)(1u << q->server);
    go_on(local, now, q);
}

void nib_local_tick(struct nib_local *local, nib_ms now)
{
    struct nib_pending *pending = local->pending;
    while (nib_heap_due(&pending->retries) <= now) {
        struct nib_fetch *q = &pending->fetches[nib_heap_first(&pending->retries)];
        count(local, NIB_LOCAL_TIMEOUTS);
        local_set_health(local, &q->servers[q->server], now + NIB_DEAD_MS);
        go_on(local, now, q);
    }
    (void)nib_cache_expire(local->table->cache, now, EXPIRE_STEP);
}

nib_ms nib_local_deadline(const struct nib_local *local)
{
    return nib_heap_due(&local->pending->retries);
}

void nib_local_unsent(struct nib_local *local)
{
    local->counters[NIB_LOCAL_ANSWERED]--;
    count(local, NIB_LOCAL_DROPPED_UNSENT);
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
    values[NIB_LOCAL_WAITING] = local->pending->n_requests;
    nib_counters_text(w, names, values, NIB_LOCAL_COUNT);
    nib_counters_rules_text(w, local->malformed);
}
