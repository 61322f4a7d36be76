#include "nibdns/client.h"
#include "nibpcap/rerun/rerun.h"

/*
 * A client. What it looks up is what its queries show: a query that is not the one under way begins
 * a lookup; the one under way again is a retry, which must come from the logic's own timer.
 */

struct client_run {
    struct rerun *rerun;
    struct nib_client logic;
    struct nib_addr self;
    uint64_t frame; /* of the lookup's first query */
    bool waiting;
};

/* The logic sends its query, because of what happened at that time. */
static void expect_query(struct client_run *run, nib_ms due, bool timed)
{
    struct rerun_output *output = rerun_expect(
        run->rerun, &run->self, &run->logic.server, run->logic.query, run->logic.query_len);
    output->frame = run->frame;
    output->timed = timed;
    output->time_ns = rerun_ns(run->rerun, due);
}

/* Lets the timer go off. */
static void tick(struct client_run *run)
{
    nib_ms due = nib_client_deadline(&run->logic);
    enum nib_client_step step = nib_client_tick(&run->logic, due);
    if (step == NIB_CLIENT_SEND)
        expect_query(run, due, true);
    run->waiting = step != NIB_CLIENT_DONE;
}

static bool is_retry(const struct client_run *run, const struct rerun_event *e)
{
    return run->waiting && e->len == run->logic.query_len &&
           memcmp(rerun_octets(run->rerun, e), run->logic.query, e->len) == 0;
}

static void begin_lookup(
    struct client_run *run, const struct rerun_event *e, const struct nib_message *m)
{
    nib_ms now = rerun_ms(run->rerun, e->time_ns);
    while (run->waiting && nib_client_deadline(&run->logic) <= now + RERUN_SLACK_MS)
        tick(run);
    if (run->waiting && !run->rerun->has_errors) { /* so a refusal would not be seen */
        run->rerun->guessed++;
        run->waiting = nib_client_unreachable(&run->logic) != NIB_CLIENT_DONE;
    }
    if (run->waiting) {
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
    enum nib_client_step step = nib_client_start(&run->logic, now, m->qname, m->qtype);
    if (step != NIB_CLIENT_SEND) { /* a record that was just about to go */
        step = nib_client_start(&run->logic, now + RERUN_SLACK_MS, m->qname, m->qtype);
        run->rerun->clock_used += step == NIB_CLIENT_SEND;
        if (step == NIB_CLIENT_SEND && run->rerun->most_clock_ms < RERUN_SLACK_MS)
            run->rerun->most_clock_ms = RERUN_SLACK_MS;
    }
    run->waiting = step == NIB_CLIENT_SEND;
    if (run->waiting)
        expect_query(run, now, false);
}

static void take_query(struct client_run *run, const struct rerun_event *e)
{
    struct nib_message m;
    size_t bad;
    nib_ms now = rerun_ms(run->rerun, e->time_ns);
    if (is_retry(run, e)) {
        if (run->rerun->outputs == NULL && nib_client_deadline(&run->logic) <= now + RERUN_SLACK_MS)
            tick(run);
    } else if (nib_message_decode(&m, rerun_octets(run->rerun, e), e->len, &bad) == NIB_OK) {
        begin_lookup(run, e, &m);
    }
    struct rerun_output *output = run->rerun->outputs;
    while (output != NULL && output->next != NULL && !rerun_same(run->rerun, output, e))
        output = output->next;
    rerun_meet(run->rerun, output, e);
}

static void take(struct client_run *run, const struct rerun_event *e)
{
    nib_ms now = rerun_ms(run->rerun, e->time_ns);
    while (run->waiting && nib_client_deadline(&run->logic) < now - run->rerun->options.late_ms)
        tick(run);
    rerun_expire(run->rerun, e->time_ns);
    if (!e->refused && nib_addr_equal(&e->src, &run->self)) {
        if (nib_addr_equal(&e->dst, &run->logic.server))
            take_query(run, e);
    } else if (e->refused && nib_addr_equal(&e->src, &run->self)) {
        run->rerun->in++;
        if (run->waiting)
            run->waiting = nib_client_unreachable(&run->logic) != NIB_CLIENT_DONE;
    } else if (nib_addr_equal(&e->dst, &run->self)) {
        run->rerun->in++;
        run->rerun->cut += e->cut;
        if (run->waiting && !e->cut)
            run->waiting = nib_client_input(&run->logic, now, &e->src, rerun_octets(run->rerun, e),
                               e->len) != NIB_CLIENT_DONE;
    }
}

static bool is_first_query(const struct rerun *rerun, const struct nib_addr *client, size_t i)
{
    const struct rerun_event *e = &rerun->events[i];
    return !e->refused && nib_addr_equal(&e->src, client) && e->len >= 4;
}

void rerun_client(struct rerun *rerun, const struct nib_addr *client)
{
    struct client_run run = {.rerun = rerun, .self = *client};
    size_t i = 0;
    while (i < rerun->n && !is_first_query(rerun, client, i))
        i++;
    if (i == rerun->n)
        return;
    nib_client_init(&run.logic, &rerun->table, &rerun->events[i].dst, rerun->options.timeout_ms,
        rerun->options.tries);
    struct nib_reader r = nib_reader_init(rerun_octets(rerun, &rerun->events[i]), 4);
    run.logic.next_id = nib_reader_u32(&r);
    if (run.logic.next_id != 0)
        printf(
            "the first query has ID %lu: taken for the start\n", (unsigned long)run.logic.next_id);
    for (; i < rerun->n; i++)
        take(&run, &rerun->events[i]);
    rerun_leftover(rerun);
}
