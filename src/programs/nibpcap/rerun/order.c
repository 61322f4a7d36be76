#include "nibpcap/rerun/local.h"

/*
 * In which order the server took up what arrived. What came to one socket it took up in the order
 * of arrival; between sockets nothing is known but what it sent: it reads many datagrams of one
 * socket at a time, and answers wait for the end of such a batch. So nothing is fed before the
 * capture shows a consequence (or --late has passed), and then only what that consequence needs:
 *
 *     query upstream       the reply that ended the one before it; the reply with an alias that
 * leads to it; else the next requests answer               the requests up to its own; then the
 * reply to the fetch it waits on
 *
 * A request for what is being asked while a reply is there unread comes before that reply, unless a
 * new fetch follows whose reply comes before the request's answer.
 */

static bool decode(const struct local_run *run, const struct event *e, struct nib_message *m)
{
    size_t bad;
    return nib_message_decode(m, event_octets(&run->rerun->events, e), e->len, &bad) == NIB_OK;
}

/* ---- what waits to be fed ---- */

static const struct event *event_at(
    const struct local_run *run, const struct local_queue *queue, size_t place)
{
    size_t i = queue->events[place];
    return i == EVENT_NONE ? NULL : &run->rerun->events.items[i];
}

static const struct event *oldest(const struct local_run *run, struct local_queue *queue)
{
    while (queue->begin < queue->end && queue->events[queue->begin] == EVENT_NONE)
        queue->begin++;
    return queue->begin == queue->end ? NULL : event_at(run, queue, queue->begin);
}

static bool is_alias(const struct local_run *run, const struct event *e)
{
    struct nib_message m;
    return !e->refused && decode(run, e, &m) && m.flag == NIB_RESPONSE && m.atype == NIB_CNAME &&
           m.qtype != NIB_CNAME && m.outcome == NIB_FOUND;
}

static bool is_referral(const struct nib_message *m)
{
    return m->flag == NIB_RESPONSE && m->atype == NIB_NS && m->outcome == NIB_FOUND &&
           (m->qtype != NIB_NS || m->aname.len != m->qname.len);
}

static void queue_reply(
    struct local_run *run, const struct event *e, struct upstream_socket *socket)
{
    struct local_queue *replies = &run->replies;
    size_t place = replies->end++;
    replies->events[place] = (size_t)(e - run->rerun->events.items);
    replies->next[place] = EVENT_NONE;
    *(socket->first == EVENT_NONE ? &socket->first : &replies->next[socket->last]) = place;
    socket->last = place;
    struct nib_message m;
    run->walks = run->walks || (!e->refused && decode(run, e, &m) && is_referral(&m));
    if (is_alias(run, e))
        run->aliases.events[run->aliases.end++] = place;
}

void local_arrive(struct local_run *run, const struct event *e)
{
    bool in = !e->refused && nib_addr_equal(&e->dst, &run->at);
    struct upstream_socket *socket = in           ? NULL
                                     : e->refused ? local_met(run, &e->src, &e->dst)
                                                  : local_met(run, &e->dst, &e->src);
    if (!in && socket == NULL)
        return;
    if (in && e->unheard)
        run->rerun->unheard++;
    else if (e->cut)
        run->rerun->cut++;
    else if (in)
        run->requests.events[run->requests.end++] = (size_t)(e - run->rerun->events.items);
    else
        queue_reply(run, e, socket);
}

static void feed_at(struct local_run *run, size_t place)
{
    const struct event *e = event_at(run, &run->replies, place);
    run->replies.events[place] = EVENT_NONE;
    if (e->refused)
        local_feed_refusal(run, e);
    else
        local_feed_reply(run, e);
}

/* Feeds the oldest reply by which a fetch for another name becomes one for this name. */
static bool feed_alias_of(struct local_run *run, struct nib_text name, enum nib_type type)
{
    struct local_queue *aliases = &run->aliases;
    while (aliases->begin < aliases->end &&
           event_at(run, &run->replies, aliases->events[aliases->begin]) == NULL)
        aliases->begin++;
    for (size_t i = aliases->begin; i < aliases->end; i++) {
        struct nib_message m;
        const struct event *e = event_at(run, &run->replies, aliases->events[i]);
        if (e == NULL || !decode(run, e, &m) || m.qtype != type || !nib_name_equal(m.result, name))
            continue;
        feed_at(run, aliases->events[i]);
        return true;
    }
    return false;
}

/* Whether a request that waits on a fetch needs that name on its way down the tree. */
static bool is_on_the_way(
    const struct local_run *run, const struct nib_fetch *q, struct nib_text name)
{
    const struct nib_request *requests = run->logic.pending.requests;
    for (uint32_t ref = q->first; ref != 0; ref = requests[ref - 1].next)
        for (uint8_t i = 0; i <= requests[ref - 1].depth; i++)
            if (nib_name_equal(nib_lookup_name(&requests[ref - 1].lookups[i]), name))
                return true;
    return false;
}

/*
 * Feeds the oldest reply that leads to a query for that name: a referral to a server of that name,
 * or what the lookup of an address has waited for.
 */
static bool feed_step_to(struct local_run *run, struct nib_text name)
{
    for (size_t i = run->replies.begin; run->walks && i < run->replies.end; i++) {
        struct nib_message m;
        const struct event *e = event_at(run, &run->replies, i);
        if (e == NULL || e->refused || !decode(run, e, &m))
            continue;
        const struct upstream_socket *socket = local_met(run, &e->dst, &e->src);
        const struct nib_fetch *q =
            socket == NULL ? NULL
                           : nib_pending_at(&run->logic.pending, (uint32_t)(socket - run->sockets));
        bool names = is_referral(&m) && nib_name_equal(m.result, name);
        if (q == NULL || !(names || is_on_the_way(run, q, name)))
            continue;
        feed_at(run, i);
        return true;
    }
    return false;
}

/* The fetch under way that a request would wait on, along the aliases that are known. */
static struct nib_fetch *question_of(struct local_run *run, const struct nib_message *m)
{
    const struct nib_table *table = &run->rerun->table;
    struct nib_key key = nib_key_of(m->qname, table->zone->seed);
    for (int i = 0; i < NIB_CNAMES_MAX; i++) {
        struct nib_rr rr;
        if (m->qtype == NIB_CNAME || !nib_table_find(table, run->now, key, NIB_CNAME, &rr))
            break;
        key = nib_key_of(rr.result, table->zone->seed);
    }
    return nib_pending_any(&run->logic.pending, key, m->qtype);
}

/* Whether that fetch is begun anew, from here on, and replied to before the request's answer. */
static bool is_asked_anew(
    const struct local_run *run, const struct event *request, const struct nib_fetch *q)
{
    for (size_t i = run->current; request->answer != EVENT_NONE && i < request->answer; i++) {
        struct nib_message m;
        const struct event *e = &run->rerun->events.items[i];
        if (!e->refused && e->answer < request->answer && local_is_question(run, e) &&
            decode(run, e, &m) && m.qtype == q->type && m.id != q->id &&
            nib_name_equal(m.qname, nib_fetch_name(q)))
            return true;
    }
    return false;
}

static bool leaves_record(const struct local_run *run, const struct event *e)
{
    struct nib_message m;
    return !e->refused && decode(run, e, &m) && m.outcome == NIB_FOUND && m.ttl_s > 0;
}

static void feed_first_request(struct local_run *run)
{
    const struct event *e = oldest(run, &run->requests);
    run->requests.begin++;
    local_feed_request(run, e);
}

void local_feed_sharers(struct local_run *run, const struct nib_fetch *q)
{
    size_t end = run->requests.begin;
    for (size_t i = run->requests.begin; i < run->requests.end; i++) {
        struct nib_message m;
        const struct event *e = event_at(run, &run->requests, i);
        if (decode(run, e, &m) && m.flag == NIB_QUERY && question_of(run, &m) == q &&
            e->answer != EVENT_NONE && !is_asked_anew(run, e, q))
            end = i + 1;
    }
    while (run->requests.begin < end)
        feed_first_request(run);
}

/*
 * Feeds the oldest reply on a fetch's socket. False: there is none. A reply that leaves nothing
 * in the table comes behind the requests that it is known to have answered.
 */
static bool feed_reply_to(struct local_run *run, const struct nib_fetch *q)
{
    struct upstream_socket *socket = &run->sockets[nib_pending_slot(&run->logic.pending, q).index];
    for (; socket->first != EVENT_NONE; socket->first = run->replies.next[socket->first]) {
        size_t place = socket->first;
        const struct event *e = event_at(run, &run->replies, place);
        if (e == NULL || (e->refused ? local_met(run, &e->src, &e->dst)
                                     : local_met(run, &e->dst, &e->src)) != socket)
            continue;
        if (!leaves_record(run, e) && feed_alias_of(run, nib_fetch_name(q), q->type))
            return true; /* and then, the next time, this one */
        if (!leaves_record(run, e))
            local_feed_sharers(run, q);
        feed_at(run, place);
        return true;
    }
    return false;
}

static bool feed_next_request(struct local_run *run)
{
    const struct event *e = oldest(run, &run->requests);
    struct nib_message m;
    if (e == NULL)
        return false;
    if (decode(run, e, &m) && m.flag == NIB_QUERY) {
        const struct nib_fetch *q = question_of(run, &m);
        if (q != NULL && is_asked_anew(run, e, q) && feed_reply_to(run, q))
            return true;
    }
    feed_first_request(run);
    return true;
}

/* ---- what a consequence needs ---- */

static bool step_to_question(struct local_run *run, const struct nib_message *m)
{
    struct nib_key key = nib_key_of(m->qname, run->rerun->table.zone->seed);
    const struct nib_fetch *q = nib_pending_any(&run->logic.pending, key, m->qtype);
    if (q != NULL)
        return feed_reply_to(run, q);
    if (feed_alias_of(run, m->qname, m->qtype) || feed_step_to(run, m->qname))
        return true;
    run->wanted = m;
    bool fed = feed_next_request(run);
    run->wanted = NULL;
    return fed;
}

static bool step_to_answer(
    struct local_run *run, const struct event *e, const struct nib_message *m)
{
    for (size_t i = run->requests.begin; i < run->requests.end; i++) {
        struct nib_message asked;
        const struct event *r = event_at(run, &run->requests, i);
        if (nib_addr_equal(&r->src, &e->dst) && decode(run, r, &asked) && asked.id == m->id)
            return feed_next_request(run);
    }
    uint32_t fetches = oldest(run, &run->replies) == NULL ? 0 : run->logic.pending.used_fetches;
    for (uint32_t slot = 0; slot < fetches; slot++) {
        const struct nib_fetch *q = nib_pending_at(&run->logic.pending, slot);
        if (q != NULL && local_leads_to(run, q, e, m) && feed_reply_to(run, q))
            return true;
    }
    return false;
}

bool local_step(struct local_run *run, const struct event *e)
{
    struct nib_message m;
    if (!decode(run, e, &m))
        return feed_next_request(run);
    return m.flag == NIB_QUERY ? step_to_question(run, &m) : step_to_answer(run, e, &m);
}

void local_force(struct local_run *run, int64_t before_ns)
{
    for (;;) {
        const struct event *request = oldest(run, &run->requests);
        const struct event *reply = oldest(run, &run->replies);
        bool first = reply == NULL || (request != NULL && request->frame < reply->frame);
        const struct event *e = first ? request : reply;
        if (e == NULL || e->time_ns >= before_ns)
            return;
        if (first)
            (void)feed_next_request(run);
        else
            feed_at(run, run->replies.begin);
    }
}
