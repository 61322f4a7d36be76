#include "local_private.h"

/*
 * A request's way, as a machine: each step of the lookup on top either goes on, waits on a fetch,
 * or ends the request. What a lookup of a name server's address brings goes to the one below it.
 *
 *     top lookup   event                        then
 *     ----------   --------------------------   -------------------------------------
 *     any          its record is in the table   found
 *     any          its alias is in the table    on with its target; a server: no address
 *     any          its domain's server has      a lookup more, for the address
 *                  no address known
 *     any          a domain with addresses      waits on a fetch from them
 *     waits        an answer                    found, alias, or miss
 *     waits        a referral                   on with the domain that it names
 *     waits        the servers failed           the domain above, once (NIB-8.23)
 *     waits        a learnt server is slow      the domain above (NIB-8.24), then on
 *
 * It ends: a referral is followed 8 times at most, an alias 8 times, 32 datagrams are paid for,
 * each domain is rescued once, and lookups stand 3 deep. Each step without a fetch uses one of
 * these up, or takes a lookup off.
 */

struct walk local_walk_of(struct event *e, struct nib_request *request)
{
    return (struct walk){e, request, &request->lookups[request->depth], {0}};
}

/* ---- the ends of a request ---- */

enum next local_walk_fail(struct walk *w, enum nib_decided why, uint64_t number)
{
    w->decision = (struct nib_decision){.what = why, .number = number};
    local_fail(w->e, w->request, why, number);
    return ENDED;
}

enum next local_walk_answer(
    struct walk *w, struct nib_text result, uint32_t ttl_s, enum nib_decided why, uint64_t number)
{
    struct answer answer = {.result = result,
        .ttl_s = local_least(ttl_s, w->request->ttl_s),
        .decision = {.what = why, .number = number}};
    if (nib_result_outcome(result) != NIB_FOUND)
        answer.ttl_s = 0;
    w->decision = answer.decision;
    local_answer(w->e, w->request, &answer);
    return ENDED;
}

/* ---- lookups inside each other ---- */

static void begin_lookup(struct nib_lookup *lookup, struct nib_text name, enum nib_type type)
{
    memset(lookup, 0, offsetof(struct nib_lookup, rescues));
    lookup->type = type;
    lookup->name_len = (uint8_t)name.len;
    memmove(lookup->name, name.ptr, name.len);
}

/* Back to the lookup that needs the address. */
enum next local_pop(struct walk *w, const struct nib_addr *found)
{
    w->request->depth--;
    w->top = &w->request->lookups[w->request->depth];
    w->top->looked_up = true;
    if (found != NULL)
        w->top->found = *found;
    return GO_ON;
}

/* A name server without an A record may have an AAAA record (NIB-8.20). */
enum next local_no_such_address(struct walk *w)
{
    if (w->top->type != NIB_A)
        return local_pop(w, NULL);
    begin_lookup(w->top, nib_lookup_name(w->top), NIB_AAAA);
    return GO_ON;
}

/* NIB-8.21: two inside each other at most, and none that needs itself. */
static bool may_push(const struct nib_request *request, struct nib_text name)
{
    if (request->depth + 1 == NIB_LOOKUPS_MAX)
        return false;
    for (uint8_t i = 1; i <= request->depth; i++)
        if (nib_name_equal(nib_lookup_name(&request->lookups[i]), name))
            return false;
    return true;
}

static enum next push(struct walk *w, struct nib_text name)
{
    local_count(w->e->local, NIB_LOCAL_ADDRESSES);
    w->request->depth++;
    w->top = &w->request->lookups[w->request->depth];
    begin_lookup(w->top, name, NIB_A);
    return GO_ON;
}

/* The lookup on top has no answer: of a name server, it has no address. */
static enum next lookup_failed(struct walk *w, enum nib_decided why, uint64_t number)
{
    return w->request->depth > 0 ? local_pop(w, NULL) : local_walk_fail(w, why, number);
}

/* ---- what the table has ---- */

/* NIB-8.3: one CNAME further; the name of a server must be none (NIB-8.21). */
enum next local_follow(struct walk *w, struct nib_text target, uint32_t ttl_s)
{
    if (w->request->depth > 0)
        return local_pop(w, NULL);
    w->request->ttl_s = local_least(w->request->ttl_s, ttl_s);
    if (++w->request->cnames > NIB_CNAMES_MAX)
        return local_walk_fail(w, NIB_FAILED_CNAMES, 0);
    begin_lookup(w->top, target, w->top->type);
    return GO_ON;
}

/* A record of the lookup's own name and type. */
static enum next found_in_table(struct walk *w, const struct nib_rr *rr)
{
    struct nib_addr addr;
    if (w->request->depth == 0)
        return local_walk_answer(
            w, rr->result, local_ttl_of(w->e->local, rr), NIB_ANSWERED_RECORD, rr->no);
    if (local_server_addr(w->e->local, rr, &addr))
        return local_pop(w, &addr);
    return local_no_such_address(w);
}

/* Whether the table's record may be used: not of a server whose domain failed. */
static bool is_usable(const struct walk *w, const struct nib_rr *rr)
{
    return w->request->depth == 0 || rr->is_static ||
           !local_is_stale(w->top - 1, nib_lookup_name(w->top));
}

static bool look_in_table(struct walk *w, enum next *next)
{
    struct nib_local *local = w->e->local;
    struct nib_key key = nib_key_of(nib_lookup_name(w->top), local->config.seed);
    struct nib_rr rr;
    if (nib_table_find(local->table, w->e->now, key, w->top->type, &rr) && is_usable(w, &rr))
        *next = found_in_table(w, &rr);
    else if (w->top->type != NIB_CNAME &&
             nib_table_find(local->table, w->e->now, key, NIB_CNAME, &rr))
        *next = local_follow(w, rr.result, local_ttl_of(local, &rr));
    else
        return false;
    return true;
}

/* ---- fetches ---- */

/* Which other servers than the table's are asked, for those that ask the same ones. */
static uint32_t variant_of(const struct walk *w, uint8_t domain_len, const struct servers *servers)
{
    uint64_t hash = w->e->local->config.seed;
    if (w->top->n_tried == 0 || w->top->tried_len != domain_len)
        return 0;
    for (uint8_t i = 0; i < servers->n; i++)
        hash = nib_addr_hash(&servers->addr[i], hash);
    return (uint32_t)(hash >> 32) | 1;
}

static uint8_t learnt_of(const struct nib_lookup *lookup)
{
    if (lookup->server_len == 0 || lookup->detour)
        return NIB_LEARNT_NOT;
    if (lookup->no_more_detour)
        return NIB_LEARNT_DONE;
    return lookup->several ? NIB_LEARNT_SEVERAL : NIB_LEARNT;
}

/* Waits on a fetch of the lookup on top from a domain's servers. */
enum next local_fetch_from(
    struct walk *w, uint8_t domain_len, const struct servers *servers, uint8_t round)
{
    struct nib_request *request = w->request;
    nib_ms deadline = w->e->now + w->e->local->config.deadline_ms;
    struct wanted wanted = {.key = nib_key_of(nib_lookup_name(w->top), w->e->local->config.seed),
        .type = w->top->type,
        .domain_len = domain_len,
        .round = round,
        .learnt = learnt_of(w->top),
        .variant = variant_of(w, domain_len, servers),
        .for_address = request->depth > 0,
        .n = servers->n};
    bool joined;
    memcpy(wanted.servers, servers->addr, servers->n * sizeof servers->addr[0]);
    if (request->spent >= NIB_DATAGRAMS_MAX)
        return local_walk_fail(w, NIB_FAILED_DATAGRAMS, 0);
    struct nib_fetch *fetch = local_fetch(w->e, request, &wanted, &joined);
    if (fetch != NULL && request->spent + fetch->sent > NIB_DATAGRAMS_MAX)
        return local_walk_fail(w, NIB_FAILED_DATAGRAMS, 0);
    if (fetch == NULL || !nib_pending_wait(&w->e->local->pending, fetch, request, deadline)) {
        local_count(w->e->local, NIB_LOCAL_PENDING_FULL);
        return local_walk_fail(w, NIB_FAILED_FULL, 0);
    }
    w->decision = local_fetch_decision(joined ? NIB_JOINED : NIB_ASKED, fetch);
    return WAITS;
}

/* Those to ask for names of no known domain, but for this server itself. */
struct servers local_top_servers(struct walk *w)
{
    const struct nib_local_config *config = &w->e->local->config;
    struct servers servers = {0};
    for (uint8_t i = 0; i < config->n_forwarders; i++) {
        if (nib_local_is_own(w->e->local, &config->forwarders[i]))
            local_count(w->e->local, NIB_LOCAL_SELF);
        else
            servers.addr[servers.n++] = config->forwarders[i];
    }
    local_prefer_healthy(w->e->local, w->e->now, &servers);
    return servers;
}

/* NIB-8.5: no known domain. */
static enum next ask_top(struct walk *w)
{
    struct servers servers = local_top_servers(w);
    w->top->domain_len = 0;
    w->top->server_len = 0;
    if (servers.n > 0)
        return local_fetch_from(w, 0, &servers, 0);
    if (w->e->local->config.n_forwarders > 0 || w->top->n_rescues > 0)
        return lookup_failed(w, NIB_FAILED_NO_SERVER, 0);
    if (w->request->depth > 0)
        return local_pop(w, NULL);
    return local_walk_answer(w, NIB_TEXT_NOT_FOUND, 0, NIB_ANSWERED_NOT_FOUND, 0);
}

/* ---- domains ---- */

/* On with a learnt domain and the server that was named for it. */
void local_choose_learnt(
    struct nib_lookup *lookup, uint8_t domain_len, struct nib_text server, bool several)
{
    lookup->domain_len = domain_len;
    lookup->server_len = (uint8_t)server.len;
    memcpy(lookup->server, server.ptr, server.len);
    lookup->several = several;
    lookup->looked_up = false;
    lookup->found = (struct nib_addr){0};
    lookup->round = 0;
}

bool local_was_rescued(const struct nib_lookup *lookup, uint8_t domain_len)
{
    for (uint8_t i = 0; i < lookup->n_rescues; i++)
        if (lookup->rescues[i] == domain_len)
            return true;
    return false;
}

/*
 * NIB-8.23: a learnt domain's servers failed: the domain above is asked, in one such round for each
 * domain.
 */
enum next local_domain_failed(struct walk *w, enum nib_decided why, uint64_t number)
{
    struct nib_lookup *top = w->top;
    if (top->server_len == 0 || top->n_rescues == NIB_RESCUES_MAX ||
        local_was_rescued(top, top->domain_len))
        return lookup_failed(w, why, number);
    local_count(w->e->local, NIB_LOCAL_ABOVE);
    top->rescues[top->n_rescues++] = top->domain_len;
    top->below = top->domain_len;
    top->server_len = 0;
    return GO_ON;
}

static enum next ask_learnt(struct walk *w)
{
    struct nib_text server = {w->top->server, w->top->server_len};
    struct servers servers = local_addresses_of(w->e, w->top, server);
    if (servers.n > 0)
        return local_fetch_from(w, w->top->domain_len, &servers, w->top->round);
    if (w->top->looked_up || !may_push(w->request, server))
        return local_domain_failed(w, NIB_FAILED_NO_SERVER, 0);
    return push(w, server);
}

static enum next step(struct walk *w)
{
    enum next next;
    if (look_in_table(w, &next))
        return next;
    if (w->top->server_len > 0)
        return ask_learnt(w);
    struct domain domain = local_domain_of(w->e, w->request, w->request->depth, w->top->below);
    if (domain.len == 0)
        return ask_top(w);
    if (!domain.is_static) {
        local_choose_learnt(w->top, domain.len, domain.server, domain.several);
        return ask_learnt(w);
    }
    w->top->domain_len = domain.len;
    if (domain.servers.n == 0)
        return lookup_failed(w, NIB_FAILED_NO_SERVER, 0);
    return local_fetch_from(w, domain.len, &domain.servers, 0);
}

struct nib_decision local_run(struct walk *w, enum next next, bool *answered)
{
    while (next == GO_ON)
        next = step(w);
    *answered = next == ENDED;
    return w->decision;
}

struct nib_decision local_walk(struct event *e, struct nib_request *request, bool *answered)
{
    struct walk w = local_walk_of(e, request);
    return local_run(&w, GO_ON, answered);
}
