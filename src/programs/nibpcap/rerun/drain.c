#include "nibpcap/rerun/local.h"

/* What the logic sends, as outputs to be compared. */

static struct output *note(struct local_run *run, struct output *output)
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
    socket->first = EVENT_NONE;
}

static void note_query(struct local_run *run, const struct nib_output *o)
{
    struct upstream_socket *socket = &run->sockets[o->slot.index];
    const struct nib_addr *to = &o->path.peer;
    if (!socket->open)
        *socket = (struct upstream_socket){.open = true,
            .number = ++run->numbers,
            .serial = o->slot.serial,
            .to = *to,
            .first = EVENT_NONE};
    struct output *output =
        note(run, rerun_expect(run->rerun, &socket->self, to, socket->number, o->octets, o->len));
    const struct nib_fetch *fetch = nib_pending_of(&run->logic.pending, o->slot);
    output->slot = o->slot.index;
    output->any_case = fetch != NULL && fetch->mixed;
}

/*
 * Without traffic upstream nobody knows what was answered there, so each query is taken for refused
 * at once, and what is answered then is not compared.
 */
static void refuse_all(struct local_run *run)
{
    struct nib_slot slots[16];
    for (;;) {
        size_t n = 0;
        for (uint32_t i = 0; i < run->outputs.n && n < sizeof slots / sizeof slots[0]; i++)
            if (run->outputs.items[i].kind == NIB_OUTPUT_QUERY)
                slots[n++] = run->outputs.items[i].slot;
        nib_outputs_clear(&run->outputs);
        if (n == 0)
            return;
        run->went_upstream = true;
        for (size_t i = 0; i < n; i++)
            (void)nib_local_unreachable(&run->logic, run->now, slots[i], &run->outputs);
    }
}

static bool asks_upstream(const struct local_run *run)
{
    for (uint32_t i = 0; i < run->outputs.n; i++)
        if (run->outputs.items[i].kind == NIB_OUTPUT_QUERY)
            return true;
    return false;
}

void local_drain(struct local_run *run)
{
    if (run->blind && asks_upstream(run))
        refuse_all(run);
    for (uint32_t i = 0; i < run->outputs.n; i++) {
        const struct nib_output *o = &run->outputs.items[i];
        if (o->kind == NIB_OUTPUT_ANSWER)
            (void)note(
                run, rerun_expect(run->rerun, &o->path.self, &o->path.peer, 0, o->octets, o->len));
        else if (o->kind == NIB_OUTPUT_QUERY)
            note_query(run, o);
        else
            close_socket(run, o->slot);
    }
    nib_outputs_clear(&run->outputs);
}
