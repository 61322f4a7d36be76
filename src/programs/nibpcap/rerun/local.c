#include <stdlib.h>

#include "nibdns/os/memory.h"
#include "nibpcap/rerun/local.h"

/*
 * The local server. Its listening socket is known; the sockets of its questions are not: each is
 * met when the capture shows a question that the logic has sent from a socket not met yet.
 */

/* ---- what the logic sends ---- */

static uint8_t *room(void *ctx)
{
    struct local_run *run = ctx;
    return run->room;
}

static struct rerun_output *note(struct local_run *run, struct rerun_output *output)
{
    output->frame = run->frame;
    output->time_ns = run->time_ns;
    output->timed = run->timed;
    return output;
}

static void answer(void *ctx, const struct nib_path *path, size_t len)
{
    struct local_run *run = ctx;
    (void)note(run, rerun_expect(run->rerun, &path->self, &path->peer, run->room, len));
}

static enum nib_send_status ask(
    void *ctx, uint32_t slot, const struct nib_addr *to, const uint8_t *octets, size_t len)
{
    struct local_run *run = ctx;
    struct upstream_socket *socket = &run->sockets[slot];
    if (!socket->open)
        *socket = (struct upstream_socket){.open = true, .number = ++run->numbers, .to = *to};
    struct rerun_output *output =
        note(run, rerun_expect(run->rerun, &socket->self, to, octets, len));
    output->socket = socket->number;
    return NIB_SEND_SENT;
}

static void close_fetch(void *ctx, uint32_t slot)
{
    struct local_run *run = ctx;
    if (run->sockets[slot].met)
        run->by_port[run->sockets[slot].self.port] = 0;
    run->sockets[slot].open = run->sockets[slot].met = false;
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
    for (uint32_t slot = 0; slot < run->pending.used_fetches; slot++) {
        const struct nib_fetch *q = nib_pending_at(&run->pending, slot);
        if (q == NULL || !run->sockets[slot].met || !local_leads_to(run, q, e, &m))
            continue;
        if (m.flag == NIB_QUERY ? nib_addr_equal(&q->servers[q->server], &e->dst)
                                : m.outcome != NIB_FAILURE)
            continue;
        run->rerun->guessed++;
        local_feed_sharers(run, q);
        local_begin(run, e);
        nib_local_unreachable(&run->logic, run->now, slot);
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

void rerun_local(struct rerun *rerun)
{
    struct local_run *run = nib_memory_map(sizeof *run);
    void *pending = nib_memory_map(nib_pending_bytes(LOCAL_QUESTIONS, LOCAL_REQUESTS));
    if (run == NULL || pending == NULL)
        exit(nibpcap_complain("no memory left"));
    run->rerun = rerun;
    run->at = rerun->options.at;
    const struct nib_local_host host = {run, room, answer, ask, close_fetch};
    const struct nib_local_config config = {.static_ttl_s = rerun->options.ttl_s,
        .max_ttl_s = rerun->options.max_ttl_s,
        .timeout_ms = rerun->options.timeout_ms,
        .tries = rerun->options.tries,
        .upstream_port = rerun->options.upstream_port,
        .own = &run->at,
        .n_own = 1};
    nib_pending_init(&run->pending, pending, LOCAL_QUESTIONS, LOCAL_REQUESTS, 0);
    nib_local_init(&run->logic, &rerun->table, &run->pending, &host, &config);
    set_first_id(run);
    run->requests.events = nibpcap_allocate(NULL, (rerun->n + 1) * sizeof(size_t));
    run->replies.events = nibpcap_allocate(NULL, (rerun->n + 1) * sizeof(size_t));
    for (size_t i = 0; i < rerun->n; i++)
        take(run, &rerun->events[run->current = i]);
    local_force(run, INT64_MAX);
    rerun_leftover(rerun);
    free(run->requests.events);
    free(run->replies.events);
    nib_memory_unmap(pending, nib_pending_bytes(LOCAL_QUESTIONS, LOCAL_REQUESTS));
    nib_memory_unmap(run, sizeof *run);
}
