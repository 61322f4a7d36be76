#include <stdlib.h>

#include "nibdns/local.h"
#include "nibdns/os/memory.h"
#include "nibpcap_rerun.h"

/*
 * The local server. Its listening socket is known; the sockets of its questions are not: each is
 * met when the capture shows a question that the logic has sent from a socket not met yet.
 *
 * Clocks. A request is fed at its arrival in the capture. The server read its clock somewhere
 * between that and the departure of the answer, and it stored a record somewhere between the
 * arrival of what it learnt it from and the departure of what that caused. So where the TTL that is
 * left in the capture's answer is not the one at the arrival, the request is fed at that moment of
 * the window
 *
 *     [arrival - slack - delay of the record, departure + slack]
 *
 * at which it is, if there is one. A timer is let go off when the capture shows what it sends, or
 * when it is overdue by more than --late.
 */

enum { MAX_RECORDS = 100000, MAX_PENDING = 4096, MAX_REQUESTS = 4 * MAX_PENDING, DELAYS = 131072 };

struct upstream_socket {
    bool open, met;
    uint32_t number; /* unlike that of any other socket */
    struct nib_addr self, to;
};

struct local_run {
    struct rerun *rerun;
    struct nib_local logic;
    struct nib_pending pending;
    struct nib_addr at;
    struct upstream_socket sockets[MAX_PENDING];
    uint32_t by_port[65536]; /* slot plus one of a socket that was met */
    uint32_t numbers;
    nib_ms delays[DELAYS]; /* of a record, by its number: how much later it may have been stored */
    nib_ms most_delay;
    uint8_t room[NIB_MESSAGE_MAX];
    /* what the logic is busy with */
    uint64_t frame;
    int64_t time_ns;
    bool timed;
};

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

/* ---- the clock of a request ---- */

/*
 * The TTL that the table's answer to a question would carry, -1 when it has none; *delay is the
 * longest of the records on the way.
 */
static int64_t table_ttl(
    struct local_run *run, const struct nib_message *m, nib_ms now, nib_ms *delay)
{
    const struct nib_table *table = &run->rerun->table;
    struct nib_key key = nib_key_of(m->qname, table->zone->seed);
    int64_t ttl = NIB_TTL_MAX;
    *delay = 0;
    for (int i = 0; i <= NIB_CNAMES_MAX; i++) {
        struct nib_rr rr;
        bool found = nib_table_find(table, now, key, m->qtype, &rr);
        if (!found && !nib_table_find(table, now, key, NIB_CNAME, &rr))
            return -1;
        int64_t left = rr.is_static ? run->rerun->options.ttl_s : rr.ttl_s;
        nib_ms record_delay = rr.is_static ? 0 : run->delays[rr.no % DELAYS];
        ttl = left < ttl ? left : ttl;
        *delay = record_delay > *delay ? record_delay : *delay;
        if (found)
            return ttl;
        key = nib_key_of(rr.result, table->zone->seed);
    }
    return -1;
}

/* Whether at that moment the table would say what the capture's answer says. */
static bool explains(struct local_run *run, const struct nib_message *query, nib_ms now,
    nib_ms arrival, int64_t want)
{
    nib_ms delay;
    int64_t ttl = table_ttl(run, query, now, &delay);
    if (ttl >= 0 && now < arrival - RERUN_SLACK_MS - delay)
        return false; /* that much later this record was not stored */
    return ttl == want;
}

static nib_ms clock_of(
    struct local_run *run, const struct rerun_event *e, const struct nib_message *query)
{
    struct rerun *rerun = run->rerun;
    struct nib_message said;
    size_t bad;
    nib_ms delay, arrival = rerun_ms(rerun, e->time_ns);
    if (e->answer == RERUN_NONE)
        return arrival;
    const struct rerun_event *back = &rerun->events[e->answer];
    if (nib_message_decode(&said, rerun_octets(rerun, back), back->len, &bad) != NIB_OK ||
        said.flag != NIB_RESPONSE || said.outcome != NIB_FOUND)
        return arrival;
    int64_t ttl = table_ttl(run, query, arrival, &delay);
    if (ttl == said.ttl_s)
        return arrival;
    nib_ms first = arrival - RERUN_SLACK_MS - run->most_delay;
    nib_ms last = rerun_ms(rerun, back->time_ns) + RERUN_SLACK_MS;
    for (nib_ms now = arrival; now >= first; now--)
        if (explains(run, query, now, arrival, said.ttl_s))
            return now;
    for (nib_ms now = arrival; now <= last; now++)
        if (explains(run, query, now, arrival, said.ttl_s))
            return now;
    /* a record that was just about to go: with it gone the server asked anew */
    if (ttl >= 0 && table_ttl(run, query, last, &delay) < 0 &&
        table_ttl(run, query, arrival + RERUN_SLACK_MS, &delay) < 0)
        return arrival + RERUN_SLACK_MS;
    return arrival;
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
        now = clock_of(run, e, &query);
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
    run->delays[no % DELAYS] = 0;
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
    for (uint32_t slot = 0; slot < MAX_PENDING; slot++) {
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
    if (output != NULL && output->socket != 0)
        meet_socket(run, output->socket, &e->src);
    if (output != NULL && output->record > 0 && !output->timed) {
        nib_ms delay = (e->time_ns - output->time_ns + 999999) / 1000000;
        nib_ms *kept = &run->delays[(output->record - 1) % DELAYS];
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
    void *pending = nib_memory_map(nib_pending_bytes(MAX_PENDING, MAX_REQUESTS));
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
    nib_pending_init(&run->pending, pending, MAX_PENDING, MAX_REQUESTS, 0);
    nib_local_init(&run->logic, &rerun->table, &run->pending, &host, &config);
    set_first_id(run);
    for (size_t i = 0; i < rerun->n; i++)
        take(run, &rerun->events[i]);
    rerun_leftover(rerun);
    nib_memory_unmap(pending, nib_pending_bytes(MAX_PENDING, MAX_REQUESTS));
    nib_memory_unmap(run, sizeof *run);
}
