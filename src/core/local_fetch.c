#include "local_private.h"

/*
 * A fetch asks one server after the other, in rounds, until a response is believed or all are used
 * up. However it ends, its requests are taken off one by one and walk on; the fetch that they get
 * is a copy, so that its place can be used anew meanwhile, and nothing here calls itself.
 */

/* ---- the end ---- */

static void end(
    struct event *e, struct nib_fetch *fetch, enum local_end how, const struct nib_message *m)
{
    struct nib_pending *pending = &e->local->pending;
    struct nib_fetch ended = *fetch; /* keeps the list of requests while the place is used anew */
    struct nib_request *request;
    nib_outputs_close(e->out, nib_pending_slot(pending, fetch));
    nib_pending_close(pending, fetch);
    while ((request = nib_pending_next(pending, &ended)) != NULL) {
        request->spent = (uint8_t)(request->spent + ended.sent);
        local_resume(e, request, how, &ended, m);
    }
}

void local_fetch_abandon(struct event *e, struct nib_fetch *fetch)
{
    end(e, fetch, LOCAL_ENDED_FAILED, NULL);
}

/*
 * Answers the requests for which one more datagram would be one too many (NIB-8.6). True while
 * somebody still waits.
 */
static bool within_budget(struct event *e, struct nib_fetch *fetch)
{
    struct nib_pending *pending = &e->local->pending;
    uint32_t ref = fetch->first;
    while (ref != 0) {
        struct nib_request *request = &pending->requests[ref - 1];
        ref = request->next;
        if (request->spent + fetch->sent < NIB_DATAGRAMS_MAX)
            continue;
        (void)nib_pending_leave(pending, request);
        local_fail(e, request, NIB_FAILED_DATAGRAMS, 0);
    }
    return fetch->first != 0;
}

/* The server of the moment did not help: on to the next try, or the end. */
static void go_on(struct event *e, struct nib_fetch *fetch)
{
    uint8_t server = fetch->server;
    if (within_budget(e, fetch) && local_next_server(e->local, fetch))
        local_ask_next(e, fetch, server);
    else
        end(e, fetch, LOCAL_ENDED_FAILED, NULL);
}

/* The server of the moment is not asked any more in this fetch. */
static void drop_server(struct event *e, struct nib_fetch *fetch)
{
    fetch->failed |= (uint8_t)(1u << fetch->server);
    go_on(e, fetch);
}

/* NIB-8.8 */
static void note_failure(struct event *e, struct nib_fetch *fetch)
{
    local_set_health(e->local, local_server_of(fetch), e->now + NIB_DEAD_MS);
}

void local_fetch_unreachable(struct event *e, struct nib_fetch *fetch)
{
    note_failure(e, fetch);
    drop_server(e, fetch);
}

void local_fetch_exhausted(struct event *e, struct nib_fetch *fetch)
{
    drop_server(e, fetch);
}

/*
 * NIB-8.24: after a round without an answer the domain above may know another server of a learnt
 * domain: if it has named another before, that is worth a question after the first round, else
 * after the second, so that one lost datagram costs one more.
 */
static bool should_ask_above(const struct nib_fetch *fetch, uint8_t round_before)
{
    uint8_t after = fetch->learnt == NIB_LEARNT_SEVERAL ? 1 : 2;
    return (fetch->learnt == NIB_LEARNT || fetch->learnt == NIB_LEARNT_SEVERAL) &&
           fetch->round != round_before && fetch->round == after;
}

void local_fetch_timeout(struct event *e, struct nib_fetch *fetch)
{
    uint8_t server = fetch->server, round = fetch->round;
    local_count(e->local, NIB_LOCAL_TIMEOUTS);
    if (!local_is_forwarded(e->local, fetch))
        note_failure(e, fetch);
    if (!within_budget(e, fetch) || !local_next_server(e->local, fetch))
        end(e, fetch, LOCAL_ENDED_FAILED, NULL);
    else if (should_ask_above(fetch, round))
        end(e, fetch, LOCAL_ENDED_MISSED, NULL);
    else
        local_ask_next(e, fetch, server);
}

/* ---- responses ---- */

/* NIB-8.29 to 8.31: the same ID, another port, other letters. */
static void begin_anew(struct event *e, struct nib_fetch *fetch, enum nib_decided what)
{
    if (what == NIB_ASKED_ANEW && fetch->anew == NIB_ANEW_MAX) {
        end(e, fetch, LOCAL_ENDED_REFUSED, NULL);
        return;
    }
    if (!within_budget(e, fetch)) {
        end(e, fetch, LOCAL_ENDED_FAILED, NULL);
        return;
    }
    fetch->anew = (uint8_t)(fetch->anew + (what == NIB_ASKED_ANEW));
    local_count(e->local, what == NIB_ASKED_ANEW ? NIB_LOCAL_ANEW : NIB_LOCAL_TWICE);
    local_change_socket(e, fetch);
    local_ask(e, fetch, what);
}

static bool takes_referrals(const struct nib_local *local, const struct nib_fetch *fetch)
{
    return !local_is_forwarded(local, fetch);
}

/* NIB-6.6: decodes what came on a fetch's socket, and says what it is. */
static struct nib_decision classify(struct nib_local *local, struct nib_fetch *fetch,
    struct nib_message *m, const uint8_t *octets, size_t len)
{
    static const enum nib_local_counter counters[NIB_MISMATCH_COUNT] = {
        [NIB_MISMATCH_FLAG] = NIB_LOCAL_UP_FLAG,
        [NIB_MISMATCH_ID] = NIB_LOCAL_UP_ID,
        [NIB_MISMATCH_QUESTION] = NIB_LOCAL_UP_QUESTION,
        [NIB_MISMATCH_ANSWER] = NIB_LOCAL_UP_ANSWER,
    };
    size_t bad;
    struct nib_message query = {
        .id = fetch->id, .qtype = fetch->type, .qname = {fetch->asked, fetch->name_len}};
    enum nib_err err = nib_message_decode(m, octets, len, &bad);
    if (err != NIB_OK) {
        local_count(local, NIB_LOCAL_UP_MALFORMED);
        return (struct nib_decision){.what = NIB_DROPPED_MALFORMED, .rule = err};
    }
    enum nib_mismatch mismatch = nib_message_fits(&query, m);
    if (mismatch == NIB_MISMATCH_ANSWER && takes_referrals(local, fetch) &&
        nib_message_is_referral(&query, m) && m->aname.len > fetch->domain_len)
        return local_fetch_decision(NIB_TOOK_REFERRAL, fetch);
    if (mismatch != NIB_FITS) {
        local_count(local, counters[mismatch]);
        return (struct nib_decision){.what = NIB_DROPPED_MISMATCH, .mismatch = mismatch};
    }
    return local_fetch_decision(
        m->outcome == NIB_FAILURE ? NIB_TOOK_FAILURE : NIB_TOOK_ANSWER, fetch);
}

/* NIB-8.29: malformed datagrams and queries do not count. */
static void strike(struct event *e, struct nib_fetch *fetch, const struct nib_decision *decision)
{
    if (decision->what != NIB_DROPPED_MISMATCH || decision->mismatch == NIB_MISMATCH_FLAG ||
        !fetch->mixed)
        return;
    if (++fetch->strikes == NIB_STRIKES_MAX)
        begin_anew(e, fetch, NIB_ASKED_ANEW);
}

static void keep_first(struct nib_first *first, const struct nib_message *m)
{
    *first = (struct nib_first){.there = true,
        .atype = m->atype,
        .ttl_s = m->ttl_s,
        .aname_len = (uint8_t)m->aname.len,
        .result_len = (uint8_t)m->result.len};
    memcpy(first->result, m->result.ptr, m->result.len);
}

/* Answer names are ends of the same name, so their lengths say whether they agree. */
static bool agrees(const struct nib_first *first, const struct nib_message *m)
{
    return first->atype == m->atype && first->aname_len == m->aname.len &&
           nib_text_same((struct nib_text){first->result, first->result_len}, m->result);
}

/* NIB-8.30: whether a response that fits is to be believed now. If not, the fetch is asked again.
 */
static bool is_believed(struct event *e, struct nib_fetch *fetch, struct nib_message *m)
{
    struct nib_first *first = &fetch->before;
    if (!fetch->mixed || local_letters_in(nib_fetch_name(fetch)) >= NIB_LETTERS_ENOUGH)
        return true;
    if (first->there && agrees(first, m)) {
        m->ttl_s = local_least(m->ttl_s, first->ttl_s);
        return true;
    }
    if (first->there) {
        first->there = false;
        begin_anew(e, fetch, NIB_ASKED_ANEW);
    } else {
        keep_first(first, m);
        begin_anew(e, fetch, NIB_ASKED_TWICE);
    }
    return false;
}

/* NIB-7.9 */
static uint32_t cut_ttl(
    const struct nib_local *local, const struct nib_fetch *fetch, const struct nib_message *m)
{
    bool of_server = m->atype == NIB_NS || (fetch->for_address && m->atype != NIB_CNAME);
    uint32_t ttl_s = local_least(m->ttl_s, local->config.max_ttl_s);
    return of_server ? local_least(ttl_s, local->config.max_ns_ttl_s) : ttl_s;
}

/* NIB-7.10, NIB-8.19: what a response said, under the letters of whoever needed it. */
static void store(struct event *e, struct nib_fetch *fetch, const struct nib_message *m)
{
    struct nib_local *local = e->local;
    struct nib_rr rr;
    unsigned marks = (local_is_loopback(local_server_of(fetch)) ? 0u : NIB_MARK_REMOTE) |
                     (local_is_forwarded(local, fetch) ? NIB_MARK_FORWARDED : 0u);
    if (nib_table_store_marked(
            local->table, e->now, m->aname, m->atype, m->result, m->ttl_s, (uint8_t)marks) ||
        m->atype != NIB_NS)
        return;
    struct nib_key key = nib_key_of(m->aname, local->config.seed);
    if (nib_cache_find(&local->cache, e->now, key, NIB_NS, &rr) &&
        !nib_name_equal(rr.result, m->result))
        nib_cache_mark(&local->cache, key, NIB_NS, NIB_MARK_SEVERAL);
}

/* A response that is believed, which is no failure, ends the fetch. */
static void conclude(
    struct event *e, struct nib_fetch *fetch, struct nib_message *m, enum local_end how)
{
    char name[NIB_NAME_MAX];
    struct nib_text whole = {name, fetch->name_len};
    memcpy(name, fetch->name, whole.len);
    m->qname = whole;
    m->aname = (struct nib_text){name + whole.len - m->aname.len, m->aname.len};
    m->ttl_s = cut_ttl(e->local, fetch, m);
    if (m->outcome == NIB_FOUND)
        store(e, fetch, m);
    local_set_health(e->local, local_server_of(fetch), 0);
    end(e, fetch, how, m);
}

struct nib_decision local_fetch_reply(
    struct event *e, struct nib_fetch *fetch, const uint8_t *octets, size_t len)
{
    struct nib_message m;
    struct nib_decision decision = classify(e->local, fetch, &m, octets, len);
    if (decision.what == NIB_DROPPED_MISMATCH || decision.what == NIB_DROPPED_MALFORMED) {
        strike(e, fetch, &decision);
        return decision;
    }
    local_count(
        e->local, decision.what == NIB_TOOK_REFERRAL ? NIB_LOCAL_REFERRALS : NIB_LOCAL_ANSWERS);
    if (!is_believed(e, fetch, &m)) {
        decision.what = NIB_TOOK_FIRST;
        return decision;
    }
    if (decision.what == NIB_TOOK_FAILURE) /* NIB-8.16: another server may know */
        drop_server(e, fetch);
    else
        conclude(e, fetch, &m,
            decision.what == NIB_TOOK_REFERRAL ? LOCAL_ENDED_REFERRAL : LOCAL_ENDED_ANSWER);
    return decision;
}
