#include <stdio.h>

#include "nibdns/client.h"
#include "nibpcap/rerun/rerun.h"

/*
 * A client. What it looks up is what its queries show: a query that is not the one under way begins
 * a lookup; the one under way again is a retry, which must come from the logic's own timer.
 */

struct client_run {
    _Alignas(64) unsigned char memory[NIB_OUTPUTS_BYTES(2 * NIB_CLIENT_OUTPUTS)];
    struct rerun *rerun;
    struct nib_client logic;
    struct nib_addr self;
    uint64_t frame; /* of the lookup's first query */
    struct nib_outputs outputs;
};

/* The logic may send its query, because of what happened at that time. */
static void drain(struct client_run *run, nib_ms due, bool timed)
{
    for (uint32_t i = 0; i < run->outputs.n; i++) {
        const struct nib_output *o = &run->outputs.items[i];
        if (o->kind != NIB_OUTPUT_QUERY)
            continue;
        struct output *output =
            rerun_expect(run->rerun, &run->self, &o->path.peer, 0, o->octets, o->len);
        output->frame = run->frame;
        output->timed = timed;
        output->time_ns = rerun_ns(run->rerun, due);
    }
    nib_outputs_clear(&run->outputs);
}

static bool waits(const struct client_run *run)
{
    return nib_client_deadline(&run->logic) != NIB_NEVER;
}

/* Lets the timer go off. */
static void tick(struct client_run *run)
{
    nib_ms due = nib_client_deadline(&run->logic);
    (void)nib_client_tick(&run->logic, due, &run->outputs);
    drain(run, due, true);
}

static bool is_retry(const struct client_run *run, const struct event *e)
{
    return waits(run) && e->len == run->logic.query_len &&
           memcmp(event_octets(&run->rerun->events, e), run->logic.query, e->len) == 0;
}

static void begin_lookup(struct client_run *run, const struct event *e, const struct nib_message *m)
{
    nib_ms now = rerun_ms(run->rerun, e->time_ns);
    while (waits(run) && nib_client_deadline(&run->logic) <= now + RERUN_SLACK_MS)
        tick(run);
    if (waits(run) && !run->rerun->events.has_errors) { /* so a refusal would not be seen */
        run->rerun->guessed++;
        (void)nib_client_unreachable(&run->logic, now, &run->outputs);
        nib_outputs_clear(&run->outputs);
    }
    if (waits(run)) {
        char words[120];
        (void)snprintf(words, sizeof words,
            "a lookup begins while the logic still waits for the answer to frame %llu",
            (unsigned long long)run->frame);
        rerun_differ(run->rerun, e->frame, words);
    }
    if (m->id != run->logic.next_id) {
        char words[120];
        (void)snprintf(words, sizeof words, "the lookup has ID %lu, the logic's next one is %lu",
            (unsigned long)m->id, (unsigned long)run->logic.next_id);
        rerun_differ(run->rerun, e->frame, words);
        run->logic.next_id = m->id;
    }
    run->frame = e->frame;
    (void)nib_client_start(&run->logic, now, m->qname, m->qtype, &run->outputs);
    if (!waits(run)) { /* a record that was just about to go */
        (void)nib_client_start(
            &run->logic, now + RERUN_SLACK_MS, m->qname, m->qtype, &run->outputs);
        run->rerun->clock_used += waits(run);
        if (waits(run) && run->rerun->most_clock_ms < RERUN_SLACK_MS)
            run->rerun->most_clock_ms = RERUN_SLACK_MS;
    }
    drain(run, now, false);
}

static void take_query(struct client_run *run, const struct event *e)
{
    struct nib_message m;
    size_t bad;
    nib_ms now = rerun_ms(run->rerun, e->time_ns);
    if (is_retry(run, e)) {
        if (run->rerun->outputs.all.first == NULL &&
            nib_client_deadline(&run->logic) <= now + RERUN_SLACK_MS)
            tick(run);
    } else if (nib_message_decode(&m, event_octets(&run->rerun->events, e), e->len, &bad) ==
               NIB_OK) {
        begin_lookup(run, e, &m);
    }
    struct output *output =
        outputs_find(&run->rerun->outputs, &e->dst, 0, e, event_octets(&run->rerun->events, e));
    rerun_meet(run->rerun, output, e);
}

static void take(struct client_run *run, const struct event *e)
{
    nib_ms now = rerun_ms(run->rerun, e->time_ns);
    while (waits(run) && nib_client_deadline(&run->logic) < now - run->rerun->options.late_ms)
        tick(run);
    rerun_expire(run->rerun, e->time_ns);
    if (!e->refused && nib_addr_equal(&e->src, &run->self)) {
        if (nib_addr_equal(&e->dst, &run->logic.server))
            take_query(run, e);
    } else if (e->refused && nib_addr_equal(&e->src, &run->self)) {
        run->rerun->in++;
        (void)nib_client_unreachable(&run->logic, now, &run->outputs);
        nib_outputs_clear(&run->outputs);
    } else if (nib_addr_equal(&e->dst, &run->self)) {
        run->rerun->in++;
        run->rerun->cut += e->cut;
        if (!e->cut)
            (void)nib_client_input(&run->logic, now, &e->src, event_octets(&run->rerun->events, e),
                e->len, &run->outputs);
        nib_outputs_clear(&run->outputs);
    }
}

static bool is_query(const struct event *e, const struct nib_addr *client)
{
    return !e->refused && nib_addr_equal(&e->src, client) && e->len >= 4;
}

void rerun_client(
    struct rerun *rerun, const struct nib_addr *client, const size_t *events, size_t n)
{
    struct client_run run = {.rerun = rerun, .self = *client};
    size_t i = 0;
    nib_outputs_init(&run.outputs, run.memory, 2 * NIB_CLIENT_OUTPUTS);
    while (i < n && !is_query(&rerun->events.items[events[i]], client))
        i++;
    if (i == n)
        return;
    const struct event *first = &rerun->events.items[events[i]];
    nib_client_init(
        &run.logic, &rerun->table, &first->dst, rerun->options.timeout_ms, rerun->options.tries);
    struct nib_reader r = nib_reader_init(event_octets(&rerun->events, first), 4);
    run.logic.next_id = nib_reader_u32(&r);
    if (run.logic.next_id != 0)
        printf(
            "the first query has ID %lu: taken for the start\n", (unsigned long)run.logic.next_id);
    for (; i < n; i++)
        take(&run, &rerun->events.items[events[i]]);
    rerun_leftover(rerun);
}
