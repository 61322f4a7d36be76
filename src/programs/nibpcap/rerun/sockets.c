#include "nibpcap/rerun/local.h"

/* Which of the server's sockets and fetches an event of the capture belongs to. */

static bool is_forwarder(const struct local_run *run, const struct nib_addr *addr)
{
    const struct rerun_options *o = &run->rerun->options;
    for (uint8_t i = 0; i < o->n_forwarders; i++)
        if (nib_addr_equal(addr, &o->forwarders[i]))
            return true;
    return false;
}

bool local_is_question(const struct local_run *run, const struct event *e)
{
    if (e->dst.port != run->rerun->options.upstream_port && !is_forwarder(run, &e->dst))
        return false;
    return nib_ip_equal(&e->src, &run->at) ||
           (run->at.family == 4 && run->at.ip[0] == 127 && e->dst.ip[0] != 127);
}

struct upstream_socket *local_met(
    struct local_run *run, const struct nib_addr *self, const struct nib_addr *peer)
{
    uint32_t slot = run->by_port[self->port];
    if (slot == 0)
        return NULL;
    struct upstream_socket *socket = &run->sockets[slot - 1];
    return nib_addr_equal(&socket->self, self) && nib_addr_equal(&socket->to, peer) ? socket : NULL;
}

bool local_leads_to(const struct local_run *run, const struct nib_fetch *q, const struct event *e,
    const struct nib_message *m)
{
    if (m->flag == NIB_QUERY)
        return q->type == m->qtype && nib_name_equal(nib_fetch_name(q), m->qname);
    for (uint32_t ref = q->first; ref != 0; ref = run->logic.pending.requests[ref - 1].next) {
        const struct nib_request *r = &run->logic.pending.requests[ref - 1];
        if (r->id == m->id && nib_addr_equal(&r->path.peer, &e->dst))
            return true;
    }
    return false;
}
