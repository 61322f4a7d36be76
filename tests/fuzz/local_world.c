#include "fuzz/local_world.h"

#include <stdlib.h>

static const struct nib_addr own[] = {{.ip = {127, 0, 0, 9}, .port = 22000, .family = 4},
    {.ip = {127, 0, 0, 1}, .port = 21000, .family = 4}};

/* NIB-8.9: whatever its records say, it never asks these. */
static bool is_own(const struct nib_addr *addr)
{
    return nib_addr_equal(addr, &own[0]) || nib_addr_equal(addr, &own[1]);
}

/* ---- what the server's host does ---- */

/* The answer must be owed to somebody, who then is owed no more (NIB-6.4). */
static struct world_query *owed_to(
    struct world *w, const struct nib_path *path, const struct nib_message *m)
{
    for (size_t i = 0; i < w->n_queries; i++) {
        struct world_query *q = &w->queries[i];
        if (nib_addr_equal(&q->path.peer, &path->peer) &&
            nib_addr_equal(&q->path.self, &path->self) && q->path.listener == path->listener &&
            q->id == m->id && q->type == m->qtype && nib_text_same(q->name, m->qname))
            return q;
    }
    return NULL;
}

/*
 * Where static records lead is where the answer is (NIB-7.3), over 8 CNAMEs at most (NIB-8.6).
 * Where they lead out of the zone, others have their say.
 */
static void check_static(const struct world *w, const struct nib_message *m)
{
    const struct nib_zone *zone = w->table.zone;
    struct nib_key key = nib_key_of(m->qname, zone->seed);
    struct nib_rr rr;
    int cnames = 0;
    while (!w->reloaded && !nib_zone_find(zone, key, m->qtype, &rr)) {
        if (!nib_zone_find(zone, key, NIB_CNAME, &rr))
            return;
        key = nib_key_of(rr.result, zone->seed);
        if (++cnames <= NIB_CNAMES_MAX)
            continue;
        INVARIANT(m->outcome == NIB_FAILURE);
        return;
    }
    INVARIANT(w->reloaded || (nib_text_same(m->result, rr.result) && m->ttl_s == WORLD_STATIC_TTL));
}

static void answer(struct world *w, const struct nib_output *o)
{
    const struct nib_path *path = &o->path;
    size_t len = o->len;
    struct nib_message m;
    uint8_t again[NIB_MESSAGE_MAX];
    size_t bad;
    uint8_t *block = fuzz_block(o->octets, len);
    INVARIANT(nib_message_decode(&m, block, len, &bad) == NIB_OK && m.flag == NIB_RESPONSE);
    INVARIANT(nib_message_encode(again, sizeof again, &m) == len && memcmp(again, block, len) == 0);
    INVARIANT(nib_text_same(m.qname, m.aname) && m.qtype == m.atype); /* NIB-8.14 */
    INVARIANT(m.ttl_s <= WORLD_MAX_TTL);
    struct world_query *q = owed_to(w, path, &m);
    INVARIANT(q != NULL);
    check_static(w, &m);
    free(q->name_block);
    *q = w->queries[--w->n_queries];
    w->answers++;
    w->zero_found = w->zero_found || (m.outcome == NIB_FOUND && m.ttl_s == 0);
    free(block);
}

/* NIB-8.10, NIB-9.3, NIB-9.4: a retry is the same octets to the same address, all else has a new
 * ID. */
static void ask(struct world *w, const struct nib_output *o)
{
    const struct nib_addr *to = &o->path.peer;
    struct nib_message m;
    size_t bad;
    INVARIANT(o->slot.index < WORLD_QUESTIONS && !is_own(to));
    INVARIANT(to->port == 22000 || (to->port == 21000 && w->local.config.n_forwarders > 0));
    INVARIANT(nib_message_decode(&m, o->octets, o->len, &bad) == NIB_OK && m.flag == NIB_QUERY);
    struct world_socket *s = &w->sockets[o->slot.index];
    if (s->open)
        INVARIANT(s->serial == o->slot.serial && nib_addr_equal(&s->to, to) && s->len == o->len &&
                  memcmp(s->octets, o->octets, o->len) == 0);
    else if (s->closed_in != w->drains || m.id != s->id || m.qname.len + NIB_AT_QNAME != s->len)
        INVARIANT(m.id == w->next_id++); /* else it is begun anew */
    unsigned trouble = w->trouble & 3;
    w->trouble >>= 2;
    if (trouble == 2 || (trouble == 3 && !s->open)) {
        (void)nib_local_query_unsent(&w->local, w->now, o->slot, trouble == 3, &w->outputs);
        return;
    }
    s->open = true;
    s->serial = o->slot.serial;
    s->to = *to;
    s->len = o->len;
    s->id = m.id;
    memcpy(s->octets, o->octets, o->len);
}

static void close_socket(struct world *w, struct nib_slot slot)
{
    INVARIANT(slot.index < WORLD_QUESTIONS);
    struct world_socket *s = &w->sockets[slot.index];
    INVARIANT(!s->open || s->serial == slot.serial);
    s->open = false;
    s->closed_in = w->drains;
}

/* The list may grow while it is carried out, but not to its end. */
void world_drain(struct world *w)
{
    w->drains++;
    for (uint32_t i = 0; i < w->outputs.n; i++) {
        const struct nib_output o = w->outputs.items[i];
        if (o.kind == NIB_OUTPUT_ANSWER)
            answer(w, &o);
        else if (o.kind == NIB_OUTPUT_QUERY)
            ask(w, &o);
        else
            close_socket(w, o.slot);
    }
    INVARIANT(w->outputs.n < w->outputs.cap);
    nib_outputs_clear(&w->outputs);
}

/* ---- the world ---- */

#define HEADER "record_no,name,type,result,ttl,static\n"
static const char *const records[WORLD_FILES] = {
    HEADER ",www.csusm.edu,A,144.37.5.45,None,1\n"
           ",amazone.com,NS,dns.amazone.com,None,1\n"
           ",dns.amazone.com,A,127.0.0.1,None,1\n"
           ",other.org,NS,ns1.other.org,None,1\n"
           ",other.org,NS,ns2.other.org,None,1\n"
           ",other.org,NS,ns3.other.org,None,1\n"
           ",ns1.other.org,A,10.0.0.1,None,1\n"
           ",ns2.other.org,A,10.0.0.2,None,1\n"
           ",ns2.other.org,AAAA,2001:db8::2,None,1\n"
           ",ns3.other.org,A,127.0.0.9,None,1\n"
           ",alias.csusm.edu,CNAME,WWW.csusm.edu,None,1\n"
           ",far.csusm.edu,CNAME,shop.amazone.com,None,1\n"
           ",loop1.csusm.edu,CNAME,loop2.csusm.edu,None,1\n"
           ",loop2.csusm.edu,CNAME,loop1.csusm.edu,None,1\n"
           ",chain1.csusm.edu,CNAME,www.csusm.edu,None,1\n"
           ",chain2.csusm.edu,CNAME,chain1.csusm.edu,None,1\n"
           ",chain3.csusm.edu,CNAME,chain2.csusm.edu,None,1\n"
           ",chain4.csusm.edu,CNAME,chain3.csusm.edu,None,1\n"
           ",chain5.csusm.edu,CNAME,chain4.csusm.edu,None,1\n"
           ",chain6.csusm.edu,CNAME,chain5.csusm.edu,None,1\n"
           ",chain7.csusm.edu,CNAME,chain6.csusm.edu,None,1\n"
           ",chain8.csusm.edu,CNAME,chain7.csusm.edu,None,1\n"
           ",chain9.csusm.edu,CNAME,chain8.csusm.edu,None,1\n"
           ",self.net,NS,ns.self.net,None,1\n"
           ",ns.self.net,AAAA,::ffff:127.0.0.9,None,1\n"
           ",noaddr.org,NS,ns.noaddr.org,None,1\n"
           ",dead.net,NS,ns.dead.net,None,1\n"
           ",ns.dead.net,A,0.0.0.0,None,1\n",
    HEADER ",www.csusm.edu,A,144.37.5.46,None,1\n"
           ",other.org,NS,ns1.other.org,None,1\n"
           ",ns1.other.org,AAAA,2001:db8::1,None,1\n"
           ",shop.amazone.com,CNAME,x.other.org,None,1\n"
           ",nowhere,NS,a.amazone.com,None,1\n"
           ",y.other.org,A,1.2.3.4,None,1\n",
};

enum { TABLES, OUTPUTS, ZONE };
static const uint64_t seed = 0x0123456789abcdef;

void world_init(struct world *w, struct fuzz_input *in)
{
    unsigned how = fuzz_u8(in);
    *w = (struct world){.now = 1000000, .next_id = how % 8 == 7 ? UINT32_MAX : 0};
    world_reload(w, 0, false);
    w->reloaded = false;
    struct nib_local_config config = {.limits = {WORLD_RECORDS, WORLD_QUESTIONS, WORLD_REQUESTS},
        .seed = seed,
        .static_ttl_s = WORLD_STATIC_TTL,
        .max_ttl_s = WORLD_MAX_TTL,
        .max_ns_ttl_s = WORLD_MAX_NS_TTL,
        .deadline_ms = 6000,
        .mix = (enum nib_mix)(how >> 3 & 3) % 3,
        .forwarders = {{.ip = {10, 0, 0, 50}, .port = 21000, .family = 4},
            {.ip = {127, 0, 0, 1}, .port = 21000, .family = 4}, /* itself */
            {.ip = {10, 0, 0, 51}, .port = 21000, .family = 4}},
        .n_forwarders = how >> 5 & 1 ? 3 : 0,
        .walks = (how >> 6 & 1) != 0,
        .timeout_ms = 1 + fuzz_u8(in),
        .tries = 1 + fuzz_below(in, 16),
        .upstream_port = 22000};
    w->memory[TABLES] = fuzz_zeroed(nib_local_bytes(&config.limits));
    nib_local_open(&w->local, &w->table, w->memory[TABLES], &config);
    nib_local_set_own(&w->local, own, sizeof own / sizeof own[0]);
    uint32_t outputs = 2 * nib_local_outputs_max(&config.limits, 1);
    w->memory[OUTPUTS] = fuzz_zeroed(nib_outputs_bytes(outputs));
    nib_outputs_init(&w->outputs, w->memory[OUTPUTS], outputs);
    w->local.next_id = w->next_id;
}

void world_reset(struct world *w)
{
    while (w->n_queries > 0)
        free(w->queries[--w->n_queries].name_block);
    for (size_t i = 0; i < sizeof w->memory / sizeof w->memory[0]; i++)
        free(w->memory[i]);
}

static void give_way_in_steps(struct nib_table *table, const struct nib_zone *zone)
{
    struct nib_table_way way = {0};
    while (nib_table_give_way(table, zone, &way, 2))
        ;
}

void world_reload(struct world *w, uint32_t file, bool in_steps)
{
    uint32_t next = 1 - w->zone;
    w->memory[ZONE + next] = fuzz_zone(&w->zones[next], records[file], seed);
    if (in_steps) {
        uint32_t n = nib_zone_count_new(&w->zones[next], w->table.zone);
        uint64_t first = nib_table_take_numbers(&w->table, n);
        INVARIANT(nib_zone_number(&w->zones[next], w->table.zone, first) == first + n);
        give_way_in_steps(&w->table, &w->zones[next]);
        nib_table_swap_zone(&w->table, &w->zones[next]);
        give_way_in_steps(&w->table, &w->zones[next]);
    } else {
        nib_table_set_zone(&w->table, &w->zones[next]);
    }
    free(w->memory[ZONE + w->zone]); /* nothing may look there any more */
    w->memory[ZONE + w->zone] = NULL;
    w->zone = next;
    w->reloaded = true;
    w->file = file;
}

void world_input(struct world *w, const struct nib_path *path, const uint8_t *octets, size_t len)
{
    struct nib_message m;
    size_t bad, before = w->n_queries;
    bool query = nib_message_decode(&m, octets, len, &bad) == NIB_OK && m.flag == NIB_QUERY;
    bool repeat = false;
    for (size_t i = 0; query && i < w->n_queries; i++) {
        const struct world_query *q = &w->queries[i];
        repeat = repeat || (nib_addr_equal(&q->path.peer, &path->peer) && q->id == m.id &&
                               q->type == m.qtype && nib_text_same(q->name, m.qname));
    }
    if (query && !repeat) {
        uint8_t *name = fuzz_block((const uint8_t *)m.qname.ptr, m.qname.len);
        w->queries[w->n_queries++] =
            (struct world_query){*path, m.id, m.qtype, {(const char *)name, m.qname.len}, name};
    }
    uint64_t answers = w->answers;
    w->received++;
    w->zero_found = false;
    (void)nib_local_input(&w->local, w->now, path, octets, len, &w->outputs);
    world_drain(w);
    /* one answer at most, and only for this query: nobody else's fate hangs on it */
    INVARIANT(w->answers <= answers + (query && !repeat));
    INVARIANT(w->n_queries >= before);
    INVARIANT(!w->zero_found); /* NIB-7.4: what comes out of the table has a second to live */
}

void world_unsent(struct world *w)
{
    if (w->local.counters[NIB_LOCAL_ANSWERED] > 0)
        nib_local_answer_unsent(&w->local);
}

/* ---- between two events ---- */

static void check_counters(const struct world *w)
{
    const uint64_t *c = w->local.counters;
    uint64_t broken = 0, dropped = c[NIB_LOCAL_DROPPED_MALFORMED] + c[NIB_LOCAL_DROPPED_RESPONSE] +
                                   c[NIB_LOCAL_DROPPED_REPEAT] + c[NIB_LOCAL_DROPPED_UNSENT];
    for (int err = 0; err < NIB_ERR_COUNT; err++)
        broken += w->local.malformed[err];
    INVARIANT(c[NIB_LOCAL_RECEIVED] == w->received);
    INVARIANT(w->received == c[NIB_LOCAL_ANSWERED] + w->local.pending.n_requests + dropped);
    INVARIANT(w->answers == c[NIB_LOCAL_ANSWERED] + c[NIB_LOCAL_DROPPED_UNSENT]);
    INVARIANT(w->answers == c[NIB_LOCAL_FOUND] + c[NIB_LOCAL_NOT_FOUND] + c[NIB_LOCAL_FAILURE]);
    INVARIANT(broken == c[NIB_LOCAL_DROPPED_MALFORMED]);
    INVARIANT(w->n_queries == w->local.pending.n_requests);
}

/* A socket is open exactly where a question is under way, and none asks beyond the limits. */
static void check_questions(const struct world *w)
{
    uint32_t open = 0;
    for (uint32_t slot = 0; slot < WORLD_QUESTIONS; slot++) {
        const struct nib_fetch *q = nib_pending_at(&w->local.pending, slot);
        INVARIANT(w->sockets[slot].open == (q != NULL));
        if (q == NULL)
            continue;
        open++;
        INVARIANT(q->first != 0 && q->sent <= NIB_DATAGRAMS_MAX); /* NIB-8.6 */
        INVARIANT(nib_addr_equal(&q->servers[q->server], &w->sockets[slot].to));
        for (uint32_t ref = q->first; ref != 0; ref = w->local.pending.requests[ref - 1].next) {
            const struct nib_request *r = &w->local.pending.requests[ref - 1];
            INVARIANT(r->spent + q->sent <= NIB_DATAGRAMS_MAX && r->cnames <= NIB_CNAMES_MAX);
            INVARIANT(r->waits && r->fetch == slot + 1 && r->depth < NIB_LOOKUPS_MAX);
            INVARIANT(r->referrals <= NIB_REFERRALS_MAX && r->deadline.due <= w->now + 6000);
            if (ref == q->last)
                break;
        }
    }
    INVARIANT(open == w->local.pending.n_fetches && open == w->local.pending.retries.n);
    INVARIANT(w->local.pending.n_requests == w->local.pending.deadlines.n);
    INVARIANT((nib_local_deadline(&w->local) == NIB_NEVER) == (open == 0));
}

/* Dynamic records live, are few, and shadow no static one. */
static void check_cache(const struct world *w)
{
    struct nib_rr rr, found;
    uint32_t at = 0;
    size_t bad;
    INVARIANT(w->local.cache.n <= WORLD_RECORDS);
    while (nib_cache_walk(&w->local.cache, w->now, &at, &rr)) {
        struct nib_key key = nib_key_of(rr.name, w->table.zone->seed);
        INVARIANT(!nib_zone_find(w->table.zone, key, rr.type, &found));
        INVARIANT(rr.ttl_s >= 1 && rr.ttl_s <= WORLD_MAX_TTL && rr.no < w->table.next_no);
        INVARIANT(rr.type != NIB_NS || rr.ttl_s <= WORLD_MAX_NS_TTL);
        INVARIANT(nib_result_check(rr.type, rr.result, &bad) == NIB_OK);
        INVARIANT(nib_result_outcome(rr.result) == NIB_FOUND);
    }
}

void world_check_table(const struct world *w)
{
    struct nib_zone_walk walk = {0};
    struct nib_rr rr, found;
    uint32_t n = 0;
    while (nib_zone_walk(w->table.zone, &walk, &rr)) {
        struct nib_key key = nib_key_of(rr.name, w->table.zone->seed);
        INVARIANT(nib_table_find(&w->table, w->now, key, rr.type, &found) && found.is_static);
        n++;
    }
    INVARIANT(n == w->table.zone->n);
    fuzz_print(&w->table, w->now);
    /* NIB-8.9: the first file has such a record, the second has none */
    INVARIANT(nib_local_asks_itself(&w->local, w->table.zone, &rr) == (w->file == 0));
}

void world_check(const struct world *w)
{
    check_counters(w);
    check_questions(w);
    check_cache(w);
}
