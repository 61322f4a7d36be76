#include "nibpcap/rerun/local.h"

void local_begin(struct local_run *run, const struct event *e)
{
    run->frame = e->frame;
    run->time_ns = e->time_ns;
    run->timed = false;
    nib_ms now = rerun_ms(run->rerun, e->time_ns);
    run->now = now > run->now ? now : run->now;
}

void local_tick(struct local_run *run, nib_ms due)
{
    run->timed = true;
    run->time_ns = rerun_ns(run->rerun, due);
    run->now = due > run->now ? due : run->now;
    nib_local_tick(&run->logic, due, &run->outputs);
    local_drain(run);
}

void local_feed_request(struct local_run *run, const struct event *e)
{
    struct rerun *rerun = run->rerun;
    struct nib_path path = {.peer = e->src, .self = e->dst};
    struct nib_message query;
    size_t bad;
    const uint8_t *octets = event_octets(&rerun->events, e);
    local_begin(run, e);
    nib_ms now = run->now, nominal = now;
    if (nib_message_decode(&query, octets, e->len, &bad) == NIB_OK && query.flag == NIB_QUERY)
        now = rerun_clock(run, e, &query);
    run->now = now > nominal ? now : nominal; /* it had come that far, at least */
    nib_ms moved = now < nominal ? nominal - now : now - nominal;
    rerun->clock_used += moved > 0;
    rerun->most_clock_ms = moved > rerun->most_clock_ms ? moved : rerun->most_clock_ms;
    rerun->in++;
    run->went_upstream = false;
    (void)nib_local_input(&run->logic, now, &path, octets, e->len, &run->outputs);
    local_drain(run);
    rerun->events.items[e - rerun->events.items].upstream = run->went_upstream;
}

void local_feed_reply(struct local_run *run, const struct event *e)
{
    struct rerun *rerun = run->rerun;
    const struct upstream_socket *socket = local_met(run, &e->dst, &e->src);
    if (socket == NULL)
        return;
    struct nib_slot slot = {(uint32_t)(socket - run->sockets), socket->serial};
    uint64_t no = rerun->table.next_no;
    struct output **end = rerun->outputs.all.first == NULL ? NULL : rerun->outputs.all.end;
    rerun->in++;
    local_begin(run, e);
    (void)nib_local_reply(
        &run->logic, run->now, slot, event_octets(&rerun->events, e), e->len, &run->outputs);
    local_drain(run);
    if (rerun->table.next_no == no)
        return;
    run->delays[no % LOCAL_DELAYS] = 0;
    struct output *o = end == NULL ? rerun->outputs.all.first : *end;
    for (; o != NULL; o = o->links[OUTPUTS_ALL].next)
        o->record = no + 1;
}

void local_feed_refusal(struct local_run *run, const struct event *e)
{
    const struct upstream_socket *socket = local_met(run, &e->src, &e->dst);
    if (socket == NULL)
        return;
    run->rerun->in++;
    local_begin(run, e);
    struct nib_slot slot = {(uint32_t)(socket - run->sockets), socket->serial};
    (void)nib_local_unreachable(&run->logic, run->now, slot, &run->outputs);
    local_drain(run);
}
