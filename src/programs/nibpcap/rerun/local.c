#include <stdio.h>
#include <stdlib.h>

#include "nibdns/name.h"
#include "nibdns/os/memory.h"
#include "nibpcap/base/memory.h"
#include "nibpcap/base/status.h"
#include "nibpcap/rerun/local.h"

/*
 * The local server. Its listening socket is known; the sockets of its questions are not: each is
 * met when the capture shows a query that the logic has sent from a socket not met yet.
 */

/* ---- what the capture says was sent ---- */

static struct output *find_answer(struct local_run *run, const struct event *e)
{
    return outputs_find(&run->rerun->outputs, &e->dst, 0, e, event_octets(&run->rerun->events, e));
}

/* From a socket that was met only its own questions; else of the others, the same octets first. */
static struct output *find_question(struct local_run *run, const struct event *e)
{
    const struct upstream_socket *socket = local_met(run, &e->src, &e->dst);
    const uint8_t *octets = event_octets(&run->rerun->events, e);
    if (socket != NULL)
        return outputs_find(&run->rerun->outputs, &e->dst, socket->number, e, octets);
    return outputs_find_unmet(&run->rerun->outputs, e, octets);
}

static void meet_socket(
    struct local_run *run, const struct output *output, const struct nib_addr *self)
{
    struct upstream_socket *socket = &run->sockets[output->slot];
    if (socket->open && !socket->met && socket->number == output->socket) {
        socket->met = true;
        socket->self = *self;
        run->by_port[self->port] = output->slot + 1;
    }
    outputs_meet(&run->rerun->outputs, &output->to, output->socket, self);
}

/* The fetch under way that an answer would come from, or that asks that question; NULL: none. */
static const struct nib_fetch *fetch_behind(
    const struct local_run *run, const struct event *e, const struct nib_message *m)
{
    const struct nib_pending *pending = &run->logic.pending;
    if (m->flag == NIB_QUERY)
        return nib_pending_any(
            pending, nib_key_of(m->qname, run->rerun->table.zone->seed), m->qtype);
    for (uint32_t slot = 0; slot < pending->used_fetches; slot++) {
        const struct nib_fetch *q = nib_pending_at(pending, slot);
        if (q != NULL && run->sockets[slot].met && local_leads_to(run, q, e, m))
            return q;
    }
    return NULL;
}

/*
 * A capture that a program wrote of itself, or one of UDP alone, has no ICMP errors. Where it shows
 * what only a refusal could have caused, there was one.
 */
static bool guess_refusal(struct local_run *run, const struct event *e)
{
    struct nib_message m;
    size_t bad;
    if (run->rerun->events.has_errors ||
        nib_message_decode(&m, event_octets(&run->rerun->events, e), e->len, &bad) != NIB_OK ||
        (m.flag == NIB_RESPONSE && m.outcome != NIB_FAILURE))
        return false;
    const struct nib_fetch *q = fetch_behind(run, e, &m);
    if (q == NULL)
        return false;
    struct nib_slot slot = nib_pending_slot(&run->logic.pending, q);
    if (!run->sockets[slot.index].met ||
        (m.flag == NIB_QUERY && (!nib_name_equal(nib_fetch_name(q), m.qname) ||
                                    nib_addr_equal(&q->servers[q->server], &e->dst))))
        return false;
    run->rerun->guessed++;
    local_feed_sharers(run, q);
    local_begin(run, e);
    (void)nib_local_unreachable(&run->logic, run->now, slot, &run->outputs);
    local_drain(run);
    return true;
}

/* Whether an answer is to a request that the logic asked upstream for. */
static bool went_upstream(const struct local_run *run, const struct event *answer)
{
    const struct events *events = &run->rerun->events;
    return answer->query != EVENT_NONE && events->items[answer->query].upstream;
}

/* The letters that the capture shows are those that the logic drew. */
static void take_letters(struct local_run *run, const struct output *output, const struct event *e)
{
    struct nib_message m;
    size_t bad;
    struct nib_slot slot = {output->slot, run->sockets[output->slot].serial};
    if (nib_message_decode(&m, event_octets(&run->rerun->events, e), e->len, &bad) == NIB_OK)
        nib_local_set_letters(&run->logic, slot, m.qname);
}

/*
 * Finds what the logic sends there. Where there is nothing yet, it is given what it must have had:
 * what arrived before, then timers that are due, then a refusal that the capture does not show.
 */
static void take_sent(struct local_run *run, const struct event *e,
    struct output *(*find)(struct local_run *run, const struct event *e))
{
    struct rerun *rerun = run->rerun;
    struct output *output = find(run, e);
    nib_ms latest = rerun_ms(rerun, e->time_ns) + RERUN_SLACK_MS;
    while (output == NULL || !rerun_same(rerun, output, e)) {
        if (!local_step(run, e)) {
            nib_ms due = nib_local_deadline(&run->logic);
            if (due <= latest)
                local_tick(run, due);
            else if (run->blind || !guess_refusal(run, e))
                break;
        }
        output = find(run, e);
    }
    if (run->blind && went_upstream(run, e)) {
        rerun->unknown++;
        return;
    }
    if (output != NULL && output->socket != 0)
        meet_socket(run, output, &e->src);
    if (output != NULL && output->any_case && rerun_same(rerun, output, e))
        take_letters(run, output, e);
    if (output != NULL && output->record > 0 && !output->timed) {
        nib_ms delay = (e->time_ns - output->time_ns + 999999) / 1000000;
        nib_ms *kept = &run->delays[(output->record - 1) % LOCAL_DELAYS];
        *kept = delay > *kept ? delay : *kept;
        run->most_delay = delay > run->most_delay ? delay : run->most_delay;
    }
    rerun_meet(rerun, output, e);
}

static void take(struct local_run *run, const struct event *e)
{
    int64_t late_ns = run->rerun->options.late_ms * 1000000;
    nib_ms due;
    local_force(run, e->time_ns - late_ns);
    while ((due = nib_local_deadline(&run->logic)) < rerun_ms(run->rerun, e->time_ns - late_ns))
        local_tick(run, due);
    rerun_expire(run->rerun, e->time_ns);
    if (!e->refused && nib_addr_equal(&e->src, &run->at))
        take_sent(run, e, find_answer);
    else if (!e->refused && !nib_addr_equal(&e->dst, &run->at) && local_is_question(run, e))
        take_sent(run, e, find_question);
    else
        local_arrive(run, e);
}

/* A capture that begins in the middle shows where the questions' IDs stand. */
static void set_first_id(struct local_run *run)
{
    for (size_t i = 0; i < run->rerun->events.n; i++) {
        const struct event *e = &run->rerun->events.items[i];
        if (e->refused || !local_is_question(run, e) || nib_addr_equal(&e->src, &run->at) ||
            e->len < 4)
            continue;
        struct nib_reader r = nib_reader_init(event_octets(&run->rerun->events, e), e->len);
        run->logic.next_id = nib_reader_u32(&r);
        if (run->logic.next_id != 0)
            printf("the first query upstream has ID %lu: taken for the start\n",
                (unsigned long)run->logic.next_id);
        return;
    }
}

static bool has_capital(struct nib_text name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z')
            return true;
    return false;
}

/* Whether the server mixed letters, where it was not told: its names upstream have capitals then.
 */
static enum nib_mix find_mix(const struct local_run *run)
{
    const struct events *events = &run->rerun->events;
    if (run->rerun->options.mix_given)
        return run->rerun->options.mix;
    for (size_t i = 0; i < events->n; i++) {
        const struct event *e = &events->items[i];
        struct nib_message m;
        size_t bad;
        if (!e->refused && !nib_addr_equal(&e->src, &run->at) && local_is_question(run, e) &&
            nib_message_decode(&m, event_octets(events, e), e->len, &bad) == NIB_OK &&
            has_capital(m.qname))
            return NIB_MIX_AUTO;
    }
    return NIB_MIX_NEVER;
}

static bool has_upstream(const struct local_run *run)
{
    for (size_t i = 0; i < run->rerun->events.n; i++) {
        const struct event *e = &run->rerun->events.items[i];
        if (local_is_question(run, e) || e->dst.port == run->rerun->options.upstream_port ||
            e->src.port == run->rerun->options.upstream_port)
            return true;
    }
    return false;
}

static void open_logic(struct local_run *run, void *memory, const struct nib_local_config *config)
{
    nib_local_open(&run->logic, &run->rerun->table, memory, config);
    nib_local_set_own(&run->logic, &run->at, 1);
}

void rerun_local(struct rerun *rerun)
{
    struct nib_local_config config = {
        .limits = {RERUN_RECORDS_MAX, LOCAL_QUESTIONS, LOCAL_REQUESTS},
        .static_ttl_s = rerun->options.ttl_s,
        .max_ttl_s = rerun->options.max_ttl_s,
        .timeout_ms = rerun->options.timeout_ms,
        .tries = rerun->options.tries,
        .max_ns_ttl_s = rerun->options.max_ns_ttl_s,
        .deadline_ms = rerun->options.deadline_ms,
        .n_forwarders = rerun->options.n_forwarders,
        .upstream_port = rerun->options.upstream_port};
    uint32_t outputs = nib_local_outputs_max(&config.limits, 1);
    memcpy(config.forwarders, rerun->options.forwarders, sizeof config.forwarders);
    struct local_run *run = nib_memory_map(sizeof *run);
    void *tables = nib_memory_map(nib_local_bytes(&config.limits));
    void *list = nib_memory_map(nib_outputs_bytes(outputs));
    if (run == NULL || tables == NULL || list == NULL)
        exit(complain("no memory left"));
    run->rerun = rerun;
    run->at = rerun->options.at;
    config.mix = find_mix(run);
    open_logic(run, tables, &config);
    nib_outputs_init(&run->outputs, list, outputs);
    run->blind = !has_upstream(run);
    set_first_id(run);
    size_t queue_bytes = (rerun->events.n + 1) * sizeof(size_t);
    run->requests.events = memory_resize(NULL, queue_bytes);
    run->replies.events = memory_resize(NULL, queue_bytes);
    run->replies.next = memory_resize(NULL, queue_bytes);
    run->aliases.events = memory_resize(NULL, queue_bytes);
    for (size_t i = 0; i < rerun->events.n; i++)
        take(run, &rerun->events.items[run->current = i]);
    local_force(run, INT64_MAX);
    rerun_leftover(rerun);
    memory_free(run->requests.events);
    memory_free(run->replies.events);
    memory_free(run->replies.next);
    memory_free(run->aliases.events);
    nib_memory_unmap(list, nib_outputs_bytes(outputs));
    nib_memory_unmap(tables, nib_local_bytes(&config.limits));
    nib_memory_unmap(run, sizeof *run);
}
