#include "nibdns/local.h"

#include "local_servers.h"
#include "nibdns/arena.h"

/*
 * A request walks: from its name along CNAMEs to a record, a miss, or a fetch that it must wait
 * for. A fetch ends: with an answer that fits, or with its servers used up. Each end takes the
 * requests off one by one and lets them walk on, so nothing here calls itself.
 */

/* Records removed in one event at most, so that a million expiring at once delay nobody. */
enum { EXPIRE_STEP = 64 };

/* One call from outside: the server, the time, and where what is to be sent goes. */
struct event {
    struct nib_local *local;
    nib_ms now;
    struct nib_outputs *out;
};

/* What a request is answered with, and why. */
struct answer {
    struct nib_text result;
    uint32_t ttl_s;
    struct nib_decision decision;
};

static struct answer failure(enum nib_decided what, uint64_t number)
{
    return (struct answer){
        .result = NIB_TEXT_FAILURE, .decision = {.what = what, .number = number}};
}

static void count(struct nib_local *local, enum nib_local_counter which)
{
    local->counters[which]++;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

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

/* ---- answers ---- */

static void count_outcome(struct nib_local *local, enum nib_outcome outcome)
{
    static const enum nib_local_counter counters[] = {[NIB_FOUND] = NIB_LOCAL_FOUND,
        [NIB_NOT_FOUND] = NIB_LOCAL_NOT_FOUND,
        [NIB_FAILURE] = NIB_LOCAL_FAILURE};
    count(local, counters[outcome]);
    count(local, NIB_LOCAL_ANSWERED);
}

/* NIB-8.7, NIB-8.14: the name and type that were asked for, the request's own ID and letters. */
static void send_answer(
    struct event *e, const struct nib_request *request, const struct answer *answer)
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
    uint8_t *octets = nib_outputs_reserve(e->out);
    count_outcome(e->local, nib_result_outcome(answer->result));
    if (octets == NULL)
        nib_local_answer_unsent(e->local);
    else
        nib_outputs_answer(e->out, &request->path, nib_message_encode(octets, NIB_MESSAGE_MAX, &m),
            &answer->decision);
}

/* ---- fetches ---- */

static struct nib_addr *server_of(struct nib_fetch *fetch)
{
    return &fetch->servers[fetch->server];
}

/* NIB-8.10 */
static void take_id(struct nib_local *local, struct nib_fetch *fetch)
{
    fetch->id = local->next_id++;
    count(local, NIB_LOCAL_FETCHES);
}

/* The query goes to the server of the moment; each round waits twice as long (NIB-9.2). */
static void ask(struct event *e, struct nib_fetch *fetch, enum nib_decided what)
{
    struct nib_pending *pending = &e->local->pending;
    struct nib_slot slot = nib_pending_slot(pending, fetch);
    struct nib_message m = {.id = fetch->id, .qtype = fetch->type, .qname = nib_fetch_name(fetch)};
    struct nib_decision decision = {.what = what, .number = fetch->id, .addr = *server_of(fetch)};
    uint8_t *octets = nib_outputs_reserve(e->out);
    if (octets != NULL)
        nib_outputs_query(e->out, slot, server_of(fetch),
            nib_message_encode(octets, NIB_MESSAGE_MAX, &m), &decision);
    fetch->sent++;
    count(e->local, NIB_LOCAL_DATAGRAMS);
    nib_heap_set(
        &pending->retries, slot.index, e->now + (e->local->config.timeout_ms << fetch->round));
}

/*
 * Moves to the server whose turn it is: the next one that has not failed, a round later past the
 * last. False: all used up.
 */
static bool next_server(const struct nib_local *local, struct nib_fetch *fetch)
{
    for (int steps = 0; steps < fetch->n_servers; steps++) {
        fetch->server++;
        if (fetch->server == fetch->n_servers) {
            fetch->server = 0;
            fetch->round++;
        }
        if (fetch->round >= local->config.tries)
            return false;
        if ((fetch->failed >> fetch->server & 1) == 0)
            return true;
    }
    return false;
}

/*
 * The same server again is a retry, with the ID and socket that it had (NIB-9.3); a change of
 * server is a new fetch, with an ID and a socket of its own (NIB-9.4).
 */
static void ask_next(struct event *e, struct nib_fetch *fetch, uint8_t server_before)
{
    if (fetch->server == server_before) {
        count(e->local, NIB_LOCAL_RETRIES);
        ask(e, fetch, NIB_ASKED_AGAIN);
        return;
    }
    nib_outputs_close(e->out, nib_pending_slot(&e->local->pending, fetch));
    nib_pending_change_socket(&e->local->pending, fetch);
    take_id(e->local, fetch);
    ask(e, fetch, NIB_ASKED);
}

/* Frees the fetch's socket and place and answers all that still wait on it. */
static void give_up(struct event *e, struct nib_fetch *fetch)
{
    struct nib_pending *pending = &e->local->pending;
    struct nib_request request;
    struct answer answer = failure(NIB_FAILED_SERVERS, fetch->id);
    while (nib_pending_next(pending, fetch, &request))
        send_answer(e, &request, &answer);
    nib_outputs_close(e->out, nib_pending_slot(pending, fetch));
    nib_pending_close(pending, fetch);
}

/*
 * Answers the requests for which one more datagram would be one too many (NIB-8.6). True while
 * somebody still waits.
 */
static bool within_budget(struct event *e, struct nib_fetch *fetch)
{
    struct nib_pending *pending = &e->local->pending;
    struct answer answer = failure(NIB_FAILED_DATAGRAMS, 0);
    uint32_t last = fetch->last;
    struct nib_request request;
    bool more = fetch->first != 0;
    while (more) {
        more = fetch->first != last;
        (void)nib_pending_next(pending, fetch, &request);
        if (request.spent + fetch->sent >= NIB_DATAGRAMS_MAX)
            send_answer(e, &request, &answer);
        else /* the place it left is free, so this cannot fail */
            (void)nib_pending_wait(pending, fetch, &request);
    }
    return fetch->first != 0;
}

/* The server of the moment did not help: on to the next try, or the end. */
static void go_on(struct event *e, struct nib_fetch *fetch)
{
    uint8_t server = fetch->server;
    if (within_budget(e, fetch) && next_server(e->local, fetch))
        ask_next(e, fetch, server);
    else
        give_up(e, fetch);
}

/* The server of the moment is not asked any more in this fetch. */
static void drop_server(struct event *e, struct nib_fetch *fetch)
{
    fetch->failed |= (uint8_t)(1u << fetch->server);
    go_on(e, fetch);
}

/* It is asked last for a while, too (NIB-8.8). */
static void note_failure(struct event *e, struct nib_fetch *fetch)
{
    local_set_health(e->local, server_of(fetch), e->now + NIB_DEAD_MS);
}

/*
 * A new fetch from a domain's servers, or NULL: no room for it or for who would wait on it
 * (NIB-8.13).
 */
static struct nib_fetch *open_fetch(
    struct event *e, struct nib_key key, enum nib_type type, const struct local_delegation *d)
{
    struct nib_pending *pending = &e->local->pending;
    struct nib_fetch *fetch = NULL;
    if (pending->n_requests < pending->max_requests)
        fetch = nib_pending_open(pending, key, type);
    if (fetch == NULL)
        return NULL;
    fetch->n_servers = d->n;
    memcpy(fetch->servers, d->servers, d->n * sizeof d->servers[0]);
    take_id(e->local, fetch);
    ask(e, fetch, NIB_ASKED);
    return fetch;
}

/* ---- requests ---- */

static uint32_t ttl_of(const struct nib_local *local, const struct nib_rr *rr)
{
    return rr->is_static ? local->config.static_ttl_s : rr->ttl_s;
}

static struct nib_decision fetch_decision(enum nib_decided what, struct nib_fetch *fetch)
{
    return (struct nib_decision){.what = what, .number = fetch->id, .addr = *server_of(fetch)};
}

/*
 * The fetch under way for that key (NIB-8.11), or a new one from its domain's servers. NULL, with
 * the answer, when there is nobody to ask (NIB-8.5) or asking would break a limit (NIB-8.6). The
 * decision is in the answer either way.
 */
static struct nib_fetch *fetch_for(
    struct event *e, const struct nib_request *request, struct nib_key key, struct answer *answer)
{
    struct nib_local *local = e->local;
    struct nib_fetch *fetch = nib_pending_find(&local->pending, key, request->type);
    *answer = failure(NIB_FAILED_DATAGRAMS, 0);
    if (fetch != NULL) {
        if (request->spent + fetch->sent > NIB_DATAGRAMS_MAX)
            return NULL;
        count(local, NIB_LOCAL_SHARED);
        answer->decision = fetch_decision(NIB_JOINED, fetch);
        return fetch;
    }
    struct local_delegation d = local_delegation_of(local, e->now, key.name);
    if (!d.found)
        *answer = (struct answer){
            .result = NIB_TEXT_NOT_FOUND, .decision = {.what = NIB_ANSWERED_NOT_FOUND}};
    else if (d.n == 0)
        answer->decision.what = NIB_FAILED_NO_SERVER;
    if (d.n == 0 || request->spent >= NIB_DATAGRAMS_MAX)
        return NULL;
    fetch = open_fetch(e, key, request->type, &d);
    if (fetch != NULL)
        answer->decision = fetch_decision(NIB_ASKED, fetch);
    else
        answer->decision.what = NIB_FAILED_FULL;
    return fetch;
}

/* One CNAME further. False: one too many. */
static bool follow(struct nib_request *request, uint32_t ttl_s)
{
    request->ttl_s = least(request->ttl_s, ttl_s);
    return ++request->cnames <= NIB_CNAMES_MAX;
}

/*
 * NIB-8.2 to NIB-8.5, from a name on: its record, its CNAME (NIB-8.3), a fetch. The answer, with
 * NULL returned, or the fetch to wait on.
 */
static struct nib_fetch *walk(
    struct event *e, struct nib_request *request, struct nib_text name, struct answer *answer)
{
    struct nib_local *local = e->local;
    struct nib_rr rr;
    struct nib_key key = nib_key_of(name, local->config.seed);
    while (!nib_table_find(local->table, e->now, key, request->type, &rr)) {
        if (request->type == NIB_CNAME ||
            !nib_table_find(local->table, e->now, key, NIB_CNAME, &rr))
            return fetch_for(e, request, key, answer);
        if (!follow(request, ttl_of(local, &rr))) {
            *answer = failure(NIB_FAILED_CNAMES, 0);
            return NULL;
        }
        key = nib_key_of(rr.result, local->config.seed);
    }
    *answer = (struct answer){.result = rr.result,
        .ttl_s = least(request->ttl_s, ttl_of(local, &rr)),
        .decision = {.what = NIB_ANSWERED_RECORD, .number = rr.no}};
    return NULL;
}

/* Lets a request walk on from a name: to its answer, or to a fetch that it waits on. */
static struct nib_decision serve(
    struct event *e, struct nib_request *request, struct nib_text name, bool *answered)
{
    struct answer answer;
    struct nib_fetch *fetch = walk(e, request, name, &answer);
    *answered = fetch == NULL || !nib_pending_wait(&e->local->pending, fetch, request);
    if (!*answered)
        return answer.decision;
    if (fetch != NULL)
        answer = failure(NIB_FAILED_FULL, 0);
    if (answer.decision.what == NIB_FAILED_FULL)
        count(e->local, NIB_LOCAL_PENDING_FULL);
    send_answer(e, request, &answer);
    return answer.decision;
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

static struct nib_decision drop(
    struct nib_local *local, enum nib_local_counter counter, enum nib_decided what)
{
    count(local, counter);
    return (struct nib_decision){.what = what};
}

struct nib_decision nib_local_input(struct nib_local *local, nib_ms now,
    const struct nib_path *path, const uint8_t *octets, size_t len, struct nib_outputs *out)
{
    struct event e = {local, now, out};
    struct nib_message m;
    size_t bad;
    bool answered;
    count(local, NIB_LOCAL_RECEIVED);
    enum nib_err err = nib_message_decode(&m, octets, len, &bad);
    if (err != NIB_OK) { /* NIB-6.1, NIB-6.2 */
        count(local, NIB_LOCAL_DROPPED_MALFORMED);
        local->malformed[err]++;
        return (struct nib_decision){.what = NIB_DROPPED_MALFORMED, .rule = err};
    }
    if (m.flag != NIB_QUERY) /* NIB-6.3 */
        return drop(local, NIB_LOCAL_DROPPED_RESPONSE, NIB_DROPPED_RESPONSE);
    struct nib_request request = request_of(&m, path);
    if (nib_pending_repeats(&local->pending, &request)) /* NIB-8.12 */
        return drop(local, NIB_LOCAL_DROPPED_REPEAT, NIB_DROPPED_REPEAT);
    struct nib_decision decision = serve(&e, &request, m.qname, &answered);
    if (answered)
        count(local, NIB_LOCAL_FROM_TABLE);
    return decision;
}

/* ---- upstream ---- */

static const enum nib_local_counter mismatch_counters[NIB_MISMATCH_COUNT] = {
    [NIB_MISMATCH_FLAG] = NIB_LOCAL_UP_FLAG,
    [NIB_MISMATCH_ID] = NIB_LOCAL_UP_ID,
    [NIB_MISMATCH_QUESTION] = NIB_LOCAL_UP_QUESTION,
    [NIB_MISMATCH_ANSWER] = NIB_LOCAL_UP_ANSWER,
};

/* NIB-6.6: decodes what came on a fetch's socket, and says what it is. */
static struct nib_decision classify(struct nib_local *local, struct nib_fetch *fetch,
    struct nib_message *m, const uint8_t *octets, size_t len)
{
    size_t bad;
    struct nib_message query = {
        .id = fetch->id, .qtype = fetch->type, .qname = nib_fetch_name(fetch)};
    enum nib_err err = nib_message_decode(m, octets, len, &bad);
    if (err != NIB_OK) {
        count(local, NIB_LOCAL_UP_MALFORMED);
        return (struct nib_decision){.what = NIB_DROPPED_MALFORMED, .rule = err};
    }
    enum nib_mismatch mismatch = nib_message_fits(&query, m);
    if (mismatch != NIB_FITS) {
        count(local, mismatch_counters[mismatch]);
        return (struct nib_decision){.what = NIB_DROPPED_MISMATCH, .mismatch = mismatch};
    }
    count(local, NIB_LOCAL_ANSWERS);
    return fetch_decision(m->outcome == NIB_FAILURE ? NIB_TOOK_FAILURE : NIB_TOOK_ANSWER, fetch);
}

/* What an answer means for one of the requests that waited for it. */
static void pass_on(struct event *e, struct nib_request *request, const struct nib_message *m)
{
    struct answer answer = {.result = m->result,
        .ttl_s = m->outcome == NIB_NOT_FOUND ? 0 : least(request->ttl_s, m->ttl_s),
        .decision = {.what = NIB_ANSWERED_FETCH, .number = m->id}};
    bool answered;
    if (m->outcome == NIB_FOUND && m->atype != request->type) {
        if (follow(request, m->ttl_s)) {
            (void)serve(e, request, m->result, &answered);
            return;
        }
        answer = failure(NIB_FAILED_CNAMES, 0);
    }
    send_answer(e, request, &answer);
}

/* Stores the answer (NIB-7.10), frees the fetch, then takes its requests along one by one. */
static void conclude(struct event *e, struct nib_fetch *fetch, const struct nib_message *m)
{
    struct nib_local *local = e->local;
    struct nib_fetch ended = *fetch; /* keeps the list of requests while the place is used anew */
    struct nib_request request;
    if (m->outcome == NIB_FOUND)
        (void)nib_table_store(local->table, e->now, m->qname, m->atype, m->result, m->ttl_s);
    local_set_health(local, server_of(fetch), 0);
    nib_outputs_close(e->out, nib_pending_slot(&local->pending, fetch));
    nib_pending_close(&local->pending, fetch);
    while (nib_pending_next(&local->pending, &ended, &request)) {
        request.spent = (uint8_t)(request.spent + ended.sent);
        pass_on(e, &request, m);
    }
}

struct nib_decision nib_local_reply(struct nib_local *local, nib_ms now, struct nib_slot slot,
    const uint8_t *octets, size_t len, struct nib_outputs *out)
{
    struct event e = {local, now, out};
    struct nib_message m;
    struct nib_fetch *fetch = nib_pending_of(&local->pending, slot);
    if (fetch == NULL)
        return drop(local, NIB_LOCAL_UP_LATE, NIB_DROPPED_LATE);
    struct nib_decision decision = classify(local, fetch, &m, octets, len);
    if (decision.what == NIB_TOOK_FAILURE) { /* NIB-8.16: another server may know */
        drop_server(&e, fetch);
    } else if (decision.what == NIB_TOOK_ANSWER) {
        m.ttl_s = least(m.ttl_s, local->config.max_ttl_s); /* NIB-7.9 */
        conclude(&e, fetch, &m);
    }
    return decision;
}

struct nib_decision nib_local_unreachable(
    struct nib_local *local, nib_ms now, struct nib_slot slot, struct nib_outputs *out)
{
    struct event e = {local, now, out};
    struct nib_fetch *fetch = nib_pending_of(&local->pending, slot);
    if (fetch == NULL)
        return (struct nib_decision){.what = NIB_DECIDED_NOTHING};
    struct nib_decision decision = fetch_decision(NIB_UNREACHABLE, fetch);
    count(local, NIB_LOCAL_UNREACHABLE);
    note_failure(&e, fetch);
    drop_server(&e, fetch);
    return decision;
}

/* What was not sent does not count (NIB-9.5). */
struct nib_decision nib_local_query_unsent(struct nib_local *local, nib_ms now,
    struct nib_slot slot, bool exhausted, struct nib_outputs *out)
{
    struct event e = {local, now, out};
    struct nib_fetch *fetch = nib_pending_of(&local->pending, slot);
    local->counters[NIB_LOCAL_DATAGRAMS]--;
    count(local, exhausted ? NIB_LOCAL_EXHAUSTED : NIB_LOCAL_UNREACHABLE);
    if (fetch == NULL)
        return (struct nib_decision){.what = NIB_DECIDED_NOTHING};
    struct nib_decision decision =
        fetch_decision(exhausted ? NIB_NO_SOCKET : NIB_UNREACHABLE, fetch);
    fetch->sent--;
    if (!exhausted)
        note_failure(&e, fetch);
    drop_server(&e, fetch);
    return decision;
}

void nib_local_tick(struct nib_local *local, nib_ms now, struct nib_outputs *out)
{
    struct event e = {local, now, out};
    struct nib_pending *pending = &local->pending;
    while (nib_heap_due(&pending->retries) <= now) {
        struct nib_fetch *fetch = &pending->fetches[nib_heap_first(&pending->retries)];
        count(local, NIB_LOCAL_TIMEOUTS);
        note_failure(&e, fetch);
        go_on(&e, fetch);
    }
    (void)nib_cache_expire(&local->cache, now, EXPIRE_STEP);
}

nib_ms nib_local_deadline(const struct nib_local *local)
{
    return nib_heap_due(&local->pending.retries);
}

void nib_local_answer_unsent(struct nib_local *local)
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
    values[NIB_LOCAL_WAITING] = local->pending.n_requests;
    nib_counters_text(w, names, values, NIB_LOCAL_COUNT);
    nib_counters_rules_text(w, local->malformed);
}
