#include <stdlib.h>

#include "nibdns/os/memory.h"
#include "nibpcap_rerun_local.h"

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

static enum nib_ask ask(
    void *ctx, uint32_t slot, const struct nib_addr *to, const uint8_t *octets, size_t len)
{
    struct local_run *run = ctx;
    struct upstream_socket *socket = &run->sockets[slot];
    if (!socket->open)
        *socket = (struct upstream_socket){.open = true, .number = ++run->numbers, .to = *to};
    struct rerun_output *output =
        note(run, rerun_expect(run->rerun, &socket->self, to, octets, len));
    output->socket = socket->number;
    return NIB_ASK_SENT;
}

static void hang_up(void *ctx, uint32_t slot)
{
    struct local_run *run = ctx;
    if (run->sockets[slot].met)
        run->by_port[run->sockets[slot].self.port] = 0;
    run->sockets[slot].open = run->sockets[slot].met = false;
}

/* Says what the logic is about to be busy with. */
static void begin(struct local_run *run, const struct rerun_event *e)
{
    run->frame = e->frame;
    run->time_ns = e->time_ns;
    run->timed = false;
}

static void tick(struct local_run *run, nib_ms due)
{
    run->timed = true;
    run->time_ns = rerun_ns(run->rerun, due);
    nib_local_tick(&run->logic, due);
}

static void take_request(struct local_run *run, const struct rerun_event *e)
{
    struct rerun *rerun = run->rerun;
    struct nib_path path = {.peer = e->src, .self = e->dst};
    struct nib_message query;
    size_t bad;
    const uint8_t *octets = rerun_octets(rerun, e);
    nib_ms arrival = rerun_ms(rerun, e->time_ns), now = arrival;
    if (nib_message_decode(&query, octets, e->len, &bad) == NIB_OK && query.flag == NIB_QUERY)
        now = rerun_clock(run, e, &query);
    nib_ms moved = now < arrival ? arrival - now : now - arrival;
    rerun->clock_used += moved > 0;
    rerun->most_clock_ms = moved > rerun->most_clock_ms ? moved : rerun->most_clock_ms;
    rerun->in++;
    begin(run, e);
    nib_local_input(&run->logic, now, &path, octets, e->len);
}

/* ---- the other events ---- */

static struct upstream_socket *met_socket(
    struct local_run *run, const struct nib_addr *self, const struct nib_addr *peer)
{
    uint32_t slot = run->by_port[self->port];
    if (slot == 0)
        return NULL;
    struct upstream_socket *socket = &run->sockets[slot - 1];
    return nib_addr_equal(&socket->self, self) && nib_addr_equal(&socket->to, peer) ? socket : NULL;
}

static void take_reply(struct local_run *run, const struct rerun_event *e)
{
    struct rerun *rerun = run->rerun;
    const struct upstream_socket *socket = met_socket(run, &e->dst, &e->src);
    if (socket == NULL)
        return;
    uint32_t slot = (uint32_t)(socket - run->sockets);
    uint64_t no = rerun->table.next_no;
    struct rerun_output *last = rerun->outputs;
    while (last != NULL && last->next != NULL)
        last = last->next;
    rerun->in++;
    begin(run, e);
    nib_local_reply(&run->logic, rerun_ms(rerun, e->time_ns), slot, rerun_octets(rerun, e), e->len);
    if (rerun->table.next_no == no)
        return;
    run->delays[no % LOCAL_DELAYS] = 0;
    for (last = last == NULL ? rerun->outputs : last->next; last != NULL; last = last->next)
        last->record = no + 1;
}

static void take_refusal(struct local_run *run, const struct rerun_event *e)
{
    const struct upstream_socket *socket = met_socket(run, &e->src, &e->dst);
    if (socket == NULL)
        return;
    run->rerun->in++;
    begin(run, e);
    nib_local_unreachable(
        &run->logic, rerun_ms(run->rerun, e->time_ns), (uint32_t)(socket - run->sockets));
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
    const struct upstream_socket *socket = met_socket(run, &e->src, &e->dst);
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

/* Whether a question is what an event (an answer, or another question) would come from. */
static bool leads_to(const struct local_run *run, const struct nib_question *q,
    const struct rerun_event *e, const struct nib_message *m)
{
    if (m->flag == NIB_QUERY)
        return q->type == m->qtype && nib_text_same(nib_question_name(q), m->qname);
    for (uint32_t ref = q->first; ref != 0; ref = run->pending.requests[ref - 1].next) {
        const struct nib_request *r = &run->pending.requests[ref - 1];
        if (r->id == m->id && nib_addr_equal(&r->path.peer, &e->dst))
            return true;
    }
    return false;
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
    for (uint32_t slot = 0; slot < run->pending.used_questions; slot++) {
        const struct nib_question *q = nib_pending_at(&run->pending, slot);
        if (q == NULL || !run->sockets[slot].met || !leads_to(run, q, e, &m))
            continue;
        run->rerun->guessed++;
        begin(run, e);
        nib_local_unreachable(&run->logic, rerun_ms(run->rerun, e->time_ns), slot);
        return true;
    }
    return false;
}

/* Finds what the logic sends there; where there is nothing yet, timers that are due go off. */
static void take_sent(struct local_run *run, const struct rerun_event *e,
    struct rerun_output *(*find)(struct local_run *run, const struct rerun_event *e))
{
    struct rerun *rerun = run->rerun;
    struct rerun_output *output = find(run, e);
    nib_ms due;
    while (
        (output == NULL || !rerun_same(rerun, output, e)) &&
        (due = nib_local_deadline(&run->logic)) <= rerun_ms(rerun, e->time_ns) + RERUN_SLACK_MS) {
        tick(run, due);
        output = find(run, e);
    }
    while ((output == NULL || !rerun_same(rerun, output, e)) && guess_refusal(run, e))
        output = find(run, e);
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

/* A question upstream leaves from this host; from another of its addresses where it listens on
 * loopback. */
static bool is_question(const struct local_run *run, const struct rerun_event *e)
{
    if (e->dst.port != run->rerun->options.upstream_port)
        return false;
    return nib_ip_equal(&e->src, &run->at) ||
           (run->at.family == 4 && run->at.ip[0] == 127 && e->dst.ip[0] != 127);
}

static void take(struct local_run *run, const struct rerun_event *e)
{
    nib_ms due, now = rerun_ms(run->rerun, e->time_ns);
    while ((due = nib_local_deadline(&run->logic)) < now - run->rerun->options.late_ms)
        tick(run, due);
    rerun_expire(run->rerun, e->time_ns);
    bool in = nib_addr_equal(&e->dst, &run->at), out = nib_addr_equal(&e->src, &run->at);
    if (e->refused)
        take_refusal(run, e);
    else if (e->cut && (in || met_socket(run, &e->dst, &e->src) != NULL))
        run->rerun->cut++;
    else if (in && e->unheard)
        run->rerun->unheard++;
    else if (in)
        take_request(run, e);
    else if (out)
        take_sent(run, e, find_answer);
    else if (is_question(run, e))
        take_sent(run, e, find_question);
    else
        take_reply(run, e);
}

/* A capture that begins in the middle shows where the questions' IDs stand. */
static void set_first_id(struct local_run *run)
{
    for (size_t i = 0; i < run->rerun->n; i++) {
        const struct rerun_event *e = &run->rerun->events[i];
        if (e->refused || !is_question(run, e) || nib_addr_equal(&e->src, &run->at) || e->len < 4)
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
    const struct nib_local_host host = {run, room, answer, ask, hang_up};
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
    for (size_t i = 0; i < rerun->n; i++)
        take(run, &rerun->events[i]);
    rerun_leftover(rerun);
    nib_memory_unmap(pending, nib_pending_bytes(LOCAL_QUESTIONS, LOCAL_REQUESTS));
    nib_memory_unmap(run, sizeof *run);
}
