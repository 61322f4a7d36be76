#include <stdlib.h>

#include "nibdns/os/memory.h"
#include "nibpcap/rerun/local.h"

/*
 * The local server. Its listening socket is known; the sockets of its questions are not: each is
 * met when the capture shows a question that the logic has sent from a socket not met yet.
 */

/* ---- what the logic sends ---- */

static struct rerun_output *note(struct local_run *run, struct rerun_output *output)
{
    output->frame = run->frame;
    output->time_ns = run->time_ns;
    output->timed = run->timed;
    return output;
}

static void close_socket(struct local_run *run, struct nib_slot slot)
{
    struct upstream_socket *socket = &run->sockets[slot.index];
    if (socket->met)
        run->by_port[socket->self.port] = 0;
    socket->open = socket->met = false;
}

static void note_query(struct local_run *run, const struct nib_output *o)
{
    struct upstream_socket *socket = &run->sockets[o->slot.index];
    const struct nib_addr *to = &o->path.peer;
    if (!socket->open)
        *socket = (struct upstream_socket){
            .open = true, .number = ++run->numbers, .serial = o->slot.serial, .to = *to};
    struct rerun_output *output =
        note(run, rerun_expect(run->rerun, &socket->self, to, o->octets, o->len));
    output->socket = socket->number;
}

void local_drain(struct local_run *run)
{
    for (uint32_t i = 0; i < run->outputs.n; i++) {
        const struct nib_output *o = &run->outputs.items[i];
        if (o->kind == NIB_OUTPUT_ANSWER)
            (void)note(
                run, rerun_expect(run->rerun, &o->path.self, &o->path.peer, o->octets, o->len));
        else if (o->kind == NIB_OUTPUT_QUERY)
            note_query(run, o);
        else
            close_socket(run, o->slot);
    }
    nib_outputs_clear(&run->outputs);
}

/* ---- what the capture says was sent ---- */

static struct rerun_output *find_answer(struct local_run *run, const struct rerun_event *e)
{
    struct rerun_output *any = NULL;
    for (struct rerun_output *o = run->rerun->outputs; o != NULL; o = o->next) {
        if (o->socket != 0 || !nib_addr_equal(&o->to, &e->dst))
            continue;
        if (rerun_same(run->rerun, o, e))
            return o;
        if (any == NULL ||
            (e->len >= 4 && memcmp(any->octets, rerun_octets(run->rerun, e), 4) != 0 &&
                memcmp(o->octets, rerun_octets(run->rerun, e), 4) == 0))
            any = o;
    }
    return any;
}

/* From a socket that was met only its own questions; else of the others, the same octets first. */
static struct rerun_output *find_question(struct local_run *run, const struct rerun_event *e)
{
    const struct upstream_socket *socket = local_met(run, &e->src, &e->dst);
    struct rerun_output *any = NULL;
    for (struct rerun_output *o = run->rerun->outputs; o != NULL; o = o->next) {
        if (o->socket == 0 || !nib_addr_equal(&o->to, &e->dst))
            continue;
        if (socket != NULL ? o->socket != socket->number
                           : o->from.port != 0 && o->from.port != e->src.port)
            continue;
        if (rerun_same(run->rerun, o, e))
            return o;
        any = any == NULL ? o : any;
    }
    return any;
}

static void meet_socket(struct local_run *run, uint32_t number, const struct nib_addr *self)
{
    for (uint32_t slot = 0; slot < LOCAL_QUESTIONS; slot++) {
        struct upstream_socket *socket = &run->sockets[slot];
        if (!socket->open || socket->met || socket->number != number)
            continue;
        socket->met = true;
        socket->self = *self;
        run->by_port[self->port] = slot + 1;
    }
    for (struct rerun_output *o = run->rerun->outputs; o != NULL; o = o->next)
        if (o->socket == number)
            o->from = *self;
}

/*
 * A capture that a program wrote of itself, or one of UDP alone, has no ICMP errors. Where it shows
 * what only a refusal could have caused, there was one.
 */
static bool guess_refusal(struct local_run *run, const struct rerun_event *e)
{
    struct nib_message m;
    size_t bad;
    if (run->rerun->has_errors ||
        nib_message_decode(&m, rerun_octets(run->rerun, e), e->len, &bad) != NIB_OK)
        return false;
    for (uint32_t slot = 0; slot < run->logic.pending.used_fetches; slot++) {
        const struct nib_fetch *q = nib_pending_at(&run->logic.pending, slot);
        if (q == NULL || !run->sockets[slot].met || !local_leads_to(run, q, e, &m))
            continue;
        if (m.flag == NIB_QUERY ? nib_addr_equal(&q->servers[q->server], &e->dst)
                                : m.outcome != NIB_FAILURE)
            continue;
        run->rerun->guessed++;
        local_feed_sharers(run, q);
        local_begin(run, e);
        (void)nib_local_unreachable(&run->logic, run->now,
            (struct nib_slot){slot, run->sockets[slot].serial}, &run->outputs);
        local_drain(run);
        return true;
    }
    return false;
}

/*
 * Finds what the logic sends there. Where there is nothing yet, it is given what it must have had:
 * what arrived before, then timers that are due, then a refusal that the capture does not show.
 */
static void take_sent(struct local_run *run, const struct rerun_event *e,
    struct rerun_output *(*find)(struct local_run *run, const struct rerun_event *e))
{
    struct rerun *rerun = run->rerun;
    struct rerun_output *output = find(run, e);
    nib_ms latest = rerun_ms(rerun, e->time_ns) + RERUN_SLACK_MS;
    while (output == NULL || !rerun_same(rerun, output, e)) {
        if (!local_step(run, e)) {
            nib_ms due = nib_local_deadline(&run->logic);
            if (due <= latest)
                local_tick(run, due);
            else if (!guess_refusal(run, e))
                break;
        }
        output = find(run, e);
    }
    if (output != NULL && output->socket != 0)
        meet_socket(run, output->socket, &e->src);
    if (output != NULL && output->record > 0 && !output->timed) {
        nib_ms delay = (e->time_ns - output->time_ns + 999999) / 1000000;
        nib_ms *kept = &run->delays[(output->record - 1) % LOCAL_DELAYS];
        *kept = delay > *kept ? delay : *kept;
        run->most_delay = delay > run->most_delay ? delay : run->most_delay;
    }
    rerun_meet(rerun, output, e);
}

static void take(struct local_run *run, const struct rerun_event *e)
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
    for (size_t i = 0; i < run->rerun->n; i++) {
        const struct rerun_event *e = &run->rerun->events[i];
        if (e->refused || !local_is_question(run, e) || nib_addr_equal(&e->src, &run->at) ||
            e->len < 4)
            continue;
        struct nib_reader r = nib_reader_init(rerun_octets(run->rerun, e), e->len);
        run->logic.next_id = nib_reader_u32(&r);
        if (run->logic.next_id != 0)
            printf("the first question upstream has ID %lu: taken for the start\n",
                (unsigned long)run->logic.next_id);
        return;
    }
}

static void open_logic(struct local_run *run, void *memory, const struct nib_local_config *config)
{
    nib_local_open(&run->logic, &run->rerun->table, memory, config);
    nib_local_set_own(&run->logic, &run->at, 1);
}

void rerun_local(struct rerun *rerun)
{
    const struct nib_local_config config = {
        .limits = {RERUN_RECORDS_MAX, LOCAL_QUESTIONS, LOCAL_REQUESTS},
        .static_ttl_s = rerun->options.ttl_s,
        .max_ttl_s = rerun->options.max_ttl_s,
        .timeout_ms = rerun->options.timeout_ms,
        .tries = rerun->options.tries,
        .upstream_port = rerun->options.upstream_port};
    uint32_t outputs = nib_local_outputs_max(&config.limits, 1);
    struct local_run *run = nib_memory_map(sizeof *run);
    void *tables = nib_memory_map(nib_local_bytes(&config.limits));
    void *list = nib_memory_map(nib_outputs_bytes(outputs));
    if (run == NULL || tables == NULL || list == NULL)
        exit(nibpcap_complain("no memory left"));
    run->rerun = rerun;
    run->at = rerun->options.at;
    open_logic(run, tables, &config);
    nib_outputs_init(&run->outputs, list, outputs);
    set_first_id(run);
    run->requests.events = nibpcap_allocate(NULL, (rerun->n + 1) * sizeof(size_t));
    run->replies.events = nibpcap_allocate(NULL, (rerun->n + 1) * sizeof(size_t));
    for (size_t i = 0; i < rerun->n; i++)
        take(run, &rerun->events[run->current = i]);
    local_force(run, INT64_MAX);
    rerun_leftover(rerun);
    free(run->requests.events);
    free(run->replies.events);
    nib_memory_unmap(list, nib_outputs_bytes(outputs));
    nib_memory_unmap(tables, nib_local_bytes(&config.limits));
    nib_memory_unmap(run, sizeof *run);
}
