#include "nibsim/nodes/requests.h"

#include "nibsim/base/host.h"
#include "nibsim/base/model.h"
#include "nibsim/base/trace.h"
#include "nibsim/nodes/table.h"

enum {
    EXCHANGE_US = 20000, /* what hosts take for their turns in one exchange */
    SLACK_MS = 20,       /* and for what is due */
};

static struct nib_text name_of(const struct sim_request *r)
{
    return (struct nib_text){r->name, r->name_len};
}

/* ---- requests ---- */

static struct sim_request *find(
    struct sim *sim, const struct nib_path *path, const struct nib_message *m)
{
    struct sim_local *l = sim->local;
    for (uint32_t i = 0; i < l->n_requests; i++) {
        struct sim_request *r = &l->requests[i];
        if (r->id == m->id && r->type == m->qtype && nib_text_same(name_of(r), m->qname) &&
            nib_addr_equal(&r->path.peer, &path->peer))
            return r;
    }
    return NULL;
}

uint64_t sim_trouble_before(const struct sim *sim)
{
    uint64_t least = sim->trouble;
    for (int i = 0; i < SIM_SLOTS; i++)
        if (sim->local->slots[i].open && sim->local->slots[i].trouble < least)
            least = sim->local->slots[i].trouble;
    return least;
}

void sim_requests_query(struct sim *sim, const struct nib_path *path, const struct nib_message *m)
{
    struct sim_local *l = sim->local;
    if (find(sim, path, m) != NULL) {
        l->fed_repeats++;
        sim->counts.repeats++;
        l->mute = SIM_ONCE;
        return;
    }
    if (l->n_requests == SIM_REQUESTS)
        sim_break(sim, SIM_BOUNDS, "more than %d requests wait", SIM_REQUESTS);
    struct sim_request *r = &l->requests[l->n_requests++];
    *r = (struct sim_request){.path = *path,
        .id = m->id,
        .type = m->qtype,
        .name_len = m->qname.len,
        .since = sim->now,
        .paused = sim->hosts[0].paused,
        .trouble = sim_trouble_before(sim)};
    memcpy(r->name, m->qname.ptr, m->qname.len);
    l->request = true;
}

/* ---- answers ---- */

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/*
 * An answer given at once comes from the table: along its records, static before dynamic. Its TTL
 * is then known to the second.
 */
static bool from_table(struct sim *sim, const struct nib_message *m, uint32_t *ttl_s)
{
    const struct sim_local *l = sim->local;
    nib_ms now = sim_clock(sim, &sim->hosts[0]);
    struct nib_text name = m->qname;
    *ttl_s = NIB_TTL_MAX;
    for (int i = 0; i <= NIB_CNAMES_MAX; i++) {
        struct nib_rr rr;
        struct nib_key key = nib_key_of(name, l->table.table.zone->seed);
        bool fixed = nib_zone_find(l->table.table.zone, key, m->qtype, &rr);
        const struct sim_row *row = fixed ? NULL : sim_table_row(&l->table, now, name, m->qtype);
        bool end = fixed || row != NULL;
        if (!end)
            fixed = nib_zone_find(l->table.table.zone, key, NIB_CNAME, &rr);
        if (!end && !fixed)
            row = sim_table_row(&l->table, now, name, NIB_CNAME);
        if (!fixed && row == NULL)
            return false;
        nib_ms left_s = fixed ? l->config.static_ttl_s : (row->due - now + 999) / 1000;
        *ttl_s = least(*ttl_s, (uint32_t)left_s);
        if (end)
            return true;
        name = fixed ? rr.result : (struct nib_text){row->text + row->name_len, row->result_len};
    }
    return false;
}

/* Whether a walk without trouble may take longer than the deadline is. */
static bool may_be_late(const struct sim *sim, const struct sim_expected *expected)
{
    sim_us exchange = 2 * sim->mix.delay_max + EXCHANGE_US;
    return expected->datagrams * exchange > sim->local->config.deadline_ms * 1000;
}

static void check_found(
    struct sim *sim, const struct nib_message *m, const struct sim_expected *expected)
{
    const struct sim_local *l = sim->local;
    uint32_t ttl_s;
    if (!sim_model_allows(&sim->world, expected, m->result))
        sim_break(sim, SIM_TRUE, "%.*s %s is said to be %.*s, true is %.*s", (int)m->qname.len,
            m->qname.ptr, nib_type_name(m->qtype), (int)m->result.len, m->result.ptr,
            (int)expected->result.len,
            expected->kind == SIM_EXPECT_RECORD ? expected->result.ptr : "");
    if (m->ttl_s > expected->ttl_s)
        sim_break(sim, SIM_TTL, "%.*s %s is answered with TTL %u, at most %u is true",
            (int)m->qname.len, m->qname.ptr, nib_type_name(m->qtype), (unsigned)m->ttl_s,
            (unsigned)expected->ttl_s);
    if (!l->request)
        return;
    if (!from_table(sim, m, &ttl_s) || ttl_s != m->ttl_s)
        sim_break(sim, SIM_TTL, "%.*s %s is answered at once with TTL %u, the table has %u",
            (int)m->qname.len, m->qname.ptr, nib_type_name(m->qtype), (unsigned)m->ttl_s,
            (unsigned)ttl_s);
}

static void check_outcome(struct sim *sim, const struct sim_request *r, const struct nib_message *m)
{
    struct sim_expected expected;
    sim_model_answer(&sim->world, m->qname, m->qtype, &expected);
    switch (m->outcome) {
    case NIB_FOUND:
        check_found(sim, m, &expected);
        break;
    case NIB_NOT_FOUND:
        if (expected.kind != SIM_EXPECT_MISS && !expected.may_miss)
            sim_break(sim, SIM_TRUE, "%.*s %s is there, but said not to be", (int)m->qname.len,
                m->qname.ptr, nib_type_name(m->qtype));
        break;
    case NIB_FAILURE:
        if (expected.kind == SIM_EXPECT_FAILURE || expected.may_fail ||
            sim->trouble != r->trouble ||
            sim->local->logic.counters[NIB_LOCAL_PENDING_FULL] != sim->local->full_before ||
            may_be_late(sim, &expected))
            break;
        sim_break(sim, SIM_HONEST, "%.*s %s fails, though nothing went wrong", (int)m->qname.len,
            m->qname.ptr, nib_type_name(m->qtype));
    }
}

void sim_requests_answer(struct sim *sim, const struct nib_path *path, const struct nib_message *m)
{
    struct sim_local *l = sim->local;
    struct sim_request *r = find(sim, path, m);
    if (r == NULL)
        sim_break(sim, SIM_ONCE, "an answer with ID %u for %.*s %s, for which no query waits",
            (unsigned)m->id, (int)m->qname.len, m->qname.ptr, nib_type_name(m->qtype));
    if (!nib_addr_equal(&r->path.self, &path->self) || r->path.listener != path->listener ||
        m->atype != m->qtype || !nib_text_same(m->aname, m->qname))
        sim_break(sim, SIM_ONCE, "the answer with ID %u is not the query's", (unsigned)m->id);
    check_outcome(sim, r, m);
    *r = l->requests[--l->n_requests];
}

/* ---- datagrams upstream ---- */

static void charge(struct sim *sim, const struct nib_request *waiting)
{
    struct nib_message m = {
        .id = waiting->id, .qtype = waiting->type, .qname = nib_request_name(waiting)};
    struct sim_request *r = find(sim, &waiting->path, &m);
    if (r == NULL)
        sim_break(sim, SIM_ONCE, "a request with ID %u waits that nobody made", (unsigned)m.id);
    r->datagrams++;
    if (r->datagrams > NIB_DATAGRAMS_MAX)
        sim_break(sim, SIM_LIMIT, "%u datagrams went upstream for %.*s %s", (unsigned)r->datagrams,
            (int)m.qname.len, m.qname.ptr, nib_type_name(m.qtype));
}

/* A datagram for all that wait on it, unless all that has ended in the same step. */
void sim_requests_charge(struct sim *sim, struct nib_slot slot)
{
    struct nib_pending *pending = &sim->local->logic.pending;
    const struct nib_fetch *fetch = nib_pending_of(pending, slot);
    if (fetch == NULL)
        return;
    if (fetch->first == 0)
        sim_break(sim, SIM_BOUNDS, "a fetch went out that nobody waits for");
    for (uint32_t ref = fetch->first; ref != 0; ref = pending->requests[ref - 1].next)
        charge(sim, &pending->requests[ref - 1]);
}

/* ---- after a step ---- */

static void check_slots(struct sim *sim)
{
    struct sim_local *l = sim->local;
    uint32_t open = 0;
    for (uint32_t i = 0; i < SIM_SLOTS; i++) {
        struct sim_slot *slot = &l->slots[i];
        if (!slot->open)
            continue;
        open++;
        if (i >= l->config.limits.fetches || nib_pending_at(&l->logic.pending, i) == NULL)
            sim_break(
                sim, SIM_QUIET, "the socket at port %u is open without a fetch", slot->self.port);
        uint32_t first = l->logic.pending.fetches[i].first;
        if (first == 0)
            sim_break(sim, SIM_QUIET, "nobody waits for the fetch at port %u", slot->self.port);
    }
    if (open != l->logic.pending.n_fetches)
        sim_break(sim, SIM_QUIET, "%u sockets are open for %u fetches", (unsigned)open,
            (unsigned)l->logic.pending.n_fetches);
}

void sim_requests_check(struct sim *sim)
{
    struct sim_local *l = sim->local;
    const struct nib_local_config *c = &l->config;
    nib_ms longest = c->deadline_ms + SLACK_MS;
    check_slots(sim);
    if (l->n_requests != l->logic.pending.n_requests)
        sim_break(sim, SIM_ONCE, "%u requests have no answer, but %u wait for one",
            (unsigned)l->n_requests, (unsigned)l->logic.pending.n_requests);
    if (l->logic.pending.n_requests > l->config.limits.requests ||
        l->logic.pending.n_fetches > l->config.limits.fetches || !sim_block_whole(&l->block))
        sim_break(sim, SIM_BOUNDS, "%u fetches and %u requests wait, at most %u and %u may",
            (unsigned)l->logic.pending.n_fetches, (unsigned)l->logic.pending.n_requests,
            (unsigned)l->config.limits.fetches, (unsigned)l->config.limits.requests);
    for (uint32_t i = 0; i < l->n_requests; i++) {
        const struct sim_request *r = &l->requests[i];
        sim_us waited = sim->now - r->since - (sim->hosts[0].paused - r->paused);
        if (waited > longest * 1000)
            sim_break(sim, SIM_DEADLINE, "%.*s %s waits for %lld ms", (int)r->name_len, r->name,
                nib_type_name(r->type), (long long)(waited / 1000));
    }
}

static void expect(struct sim *sim, const char *what, uint64_t is, uint64_t should)
{
    if (is != should)
        sim_break(sim, SIM_COUNTERS, "%s is %llu, but %llu happened", what, (unsigned long long)is,
            (unsigned long long)should);
}

void sim_counters_check(struct sim *sim)
{
    const struct sim_local *l = sim->local;
    const uint64_t *c = l->logic.counters;
    uint64_t by_rule = 0;
    for (int i = 0; i < NIB_ERR_COUNT; i++)
        by_rule += l->logic.malformed[i];
    expect(sim, "received", c[NIB_LOCAL_RECEIVED], l->fed);
    expect(sim, "dropped_malformed", c[NIB_LOCAL_DROPPED_MALFORMED], l->fed_malformed);
    expect(sim, "malformed by rule", by_rule, l->fed_malformed);
    expect(sim, "dropped_response", c[NIB_LOCAL_DROPPED_RESPONSE], l->fed_responses);
    expect(sim, "dropped_repeat", c[NIB_LOCAL_DROPPED_REPEAT], l->fed_repeats);
    expect(sim, "dropped_unsent", c[NIB_LOCAL_DROPPED_UNSENT], l->unsent);
    expect(sim, "answered", c[NIB_LOCAL_ANSWERED], l->answers - l->unsent);
    expect(sim, "found, not found and failure",
        c[NIB_LOCAL_FOUND] + c[NIB_LOCAL_NOT_FOUND] + c[NIB_LOCAL_FAILURE], l->answers);
    expect(sim, "received, less what was answered, waits or was dropped",
        c[NIB_LOCAL_RECEIVED] - c[NIB_LOCAL_ANSWERED] - c[NIB_LOCAL_DROPPED_MALFORMED] -
            c[NIB_LOCAL_DROPPED_RESPONSE] - c[NIB_LOCAL_DROPPED_REPEAT] -
            c[NIB_LOCAL_DROPPED_UNSENT] - l->logic.pending.n_requests,
        0);
    expect(sim, "upstream_questions", c[NIB_LOCAL_FETCHES], l->next_id);
    expect(sim, "upstream_datagrams", c[NIB_LOCAL_DATAGRAMS], l->sent);
    expect(sim, "upstream answers and those discarded",
        c[NIB_LOCAL_ANSWERS] + c[NIB_LOCAL_REFERRALS] + c[NIB_LOCAL_UP_LATE] +
            c[NIB_LOCAL_UP_MALFORMED] + c[NIB_LOCAL_UP_FLAG] + c[NIB_LOCAL_UP_ID] +
            c[NIB_LOCAL_UP_QUESTION] + c[NIB_LOCAL_UP_ANSWER],
        l->replies);
}
