#include "nibdns/authoritative.h"
#include "nibpcap/rerun/rerun.h"

static void take_amazone(
    struct rerun *rerun, struct nib_authoritative *server, const struct event *e)
{
    _Alignas(64) unsigned char memory[NIB_OUTPUTS_BYTES(1)];
    const struct nib_path path = {.peer = e->src, .self = e->dst};
    struct nib_outputs out;
    if (e->unheard && nib_addr_equal(&e->dst, &rerun->options.at)) {
        rerun->unheard++;
    } else if (nib_addr_equal(&e->dst, &rerun->options.at) && !e->refused) {
        rerun->in++;
        rerun->cut += e->cut;
        nib_outputs_init(&out, memory, 1);
        if (!e->cut)
            (void)nib_authoritative_input(
                server, &path, event_octets(&rerun->events, e), e->len, &out);
        if (out.n == 0)
            return;
        struct output *output =
            rerun_expect(rerun, &e->dst, &e->src, 0, out.items[0].octets, out.items[0].len);
        output->frame = e->frame;
        output->time_ns = e->time_ns;
    } else if (nib_addr_equal(&e->src, &rerun->options.at) && !e->refused) {
        struct output *output =
            outputs_find(&rerun->outputs, &e->dst, 0, e, event_octets(&rerun->events, e));
        rerun_meet(rerun, output, e);
    }
}

void rerun_amazone(struct rerun *rerun)
{
    struct nib_authoritative server = {.table = &rerun->table,
        .ttl_s = rerun->options.ttl_s,
        .zones = rerun->options.zones,
        .n_zones = rerun->options.n_zones};
    for (size_t i = 0; i < rerun->events.n; i++) {
        rerun_expire(rerun, rerun->events.items[i].time_ns);
        take_amazone(rerun, &server, &rerun->events.items[i]);
    }
    rerun_leftover(rerun);
}
