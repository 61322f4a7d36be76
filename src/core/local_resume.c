#include "local_private.h"

/*
 * What a fetch brought for one of the requests that waited on it: the request goes on from there.
 */

static enum next take_answer(
    struct walk *w, const struct nib_fetch *fetch, const struct nib_message *m)
{
    bool near = local_is_loopback(&fetch->servers[fetch->server]);
    struct nib_rr rr = {.type = m->atype, .result = m->result, .marks = near ? 0 : NIB_MARK_REMOTE};
    struct nib_addr addr;
    if (m->outcome == NIB_FOUND && m->atype != w->top->type)
        return local_follow(w, m->result, m->ttl_s);
    if (w->request->depth == 0)
        return local_walk_answer(w, m->result, m->ttl_s, NIB_ANSWERED_FETCH, m->id);
    if (m->outcome == NIB_FOUND && local_server_addr(w->e->local, &rr, &addr))
        return local_pop(w, &addr);
    return local_no_such_address(w);
}

/* NIB-8.19, NIB-8.21 */
static enum next take_referral(struct walk *w, const struct nib_message *m)
{
    struct nib_key key = nib_key_of(m->aname, w->e->local->config.seed);
    uint8_t domain_len = (uint8_t)m->aname.len;
    struct nib_rr rr;
    if (local_is_passed_over(w->request, w->request->depth, domain_len))
        return local_no_such_address(w);
    if (++w->request->referrals > NIB_REFERRALS_MAX)
        return local_walk_fail(w, NIB_FAILED_REFERRALS, 0);
    bool several = nib_cache_find(&w->e->local->cache, w->e->now, key, NIB_NS, &rr) &&
                   (rr.marks & NIB_MARK_SEVERAL) != 0;
    local_choose_learnt(w->top, domain_len, m->result, several);
    w->top->n_detours = 0;
    w->top->no_more_detour = local_was_rescued(w->top, domain_len);
    return GO_ON;
}

static void note_tried(struct nib_lookup *lookup, const struct nib_addr *addrs, uint8_t n)
{
    if (lookup->tried_len != lookup->domain_len)
        lookup->n_tried = 0;
    lookup->tried_len = lookup->domain_len;
    for (uint8_t i = 0; i < n && lookup->n_tried < NIB_SERVERS_MAX; i++)
        lookup->tried[lookup->n_tried++] = addrs[i];
}

/* NIB-8.24: the domain above, where its servers' addresses are known. */
static enum next ask_above(struct walk *w)
{
    struct nib_lookup *top = w->top;
    struct domain above = local_domain_of(w->e, w->request, w->request->depth, top->domain_len);
    struct nib_lookup plain = {0};
    if (above.len > 0 && !above.is_static)
        above.servers = local_addresses_of(w->e, &plain, above.server);
    if (above.len == 0 && w->e->local->config.walks)
        above.servers = local_top_servers(w);
    if (above.servers.n == 0 || top->n_detours == NIB_DETOURS_MAX || top->no_more_detour) {
        top->no_more_detour = true;
        return GO_ON;
    }
    local_count(w->e->local, NIB_LOCAL_ABOVE);
    top->n_detours++;
    top->detour = true;
    return local_fetch_from(w, above.len, &above.servers, 0);
}

/* What the domain above said of a slow server's domain. */
static enum next end_detour(
    struct walk *w, enum local_end how, const struct nib_fetch *fetch, const struct nib_message *m)
{
    struct nib_lookup *top = w->top;
    struct nib_text server = {top->server, top->server_len};
    top->detour = false;
    if (how == LOCAL_ENDED_ANSWER)
        return take_answer(w, fetch, m);
    if (how == LOCAL_ENDED_REFERRAL && m->aname.len != top->domain_len)
        return take_referral(w, m);
    if (how == LOCAL_ENDED_REFERRAL && nib_name_equal(m->result, server))
        return ask_above(w); /* with a new ID */
    top->no_more_detour = true;
    if (how == LOCAL_ENDED_REFERRAL) {
        if (++w->request->referrals > NIB_REFERRALS_MAX)
            return local_walk_fail(w, NIB_FAILED_REFERRALS, 0);
        struct servers slow = local_addresses_of(w->e, top, server);
        note_tried(top, slow.addr, slow.n);
        local_choose_learnt(top, top->domain_len, m->result, true);
    }
    return GO_ON;
}

static enum next take_end(
    struct walk *w, enum local_end how, const struct nib_fetch *fetch, const struct nib_message *m)
{
    if (how == LOCAL_ENDED_REFUSED)
        return local_walk_fail(w, NIB_FAILED_ANEW, fetch->id);
    if (w->top->detour)
        return end_detour(w, how, fetch, m);
    switch (how) {
    case LOCAL_ENDED_ANSWER:
        return take_answer(w, fetch, m);
    case LOCAL_ENDED_REFERRAL:
        return take_referral(w, m);
    case LOCAL_ENDED_MISSED:
        w->top->round = fetch->round;
        return ask_above(w);
    case LOCAL_ENDED_FAILED:
    case LOCAL_ENDED_REFUSED:
        break;
    }
    note_tried(w->top, fetch->servers, fetch->n_servers);
    return local_domain_failed(w, NIB_FAILED_SERVERS, fetch->id);
}

void local_resume(struct event *e, struct nib_request *request, enum local_end how,
    const struct nib_fetch *fetch, const struct nib_message *m)
{
    struct walk w = local_walk_of(e, request);
    bool answered;
    (void)local_run(&w, take_end(&w, how, fetch, m), &answered);
}
