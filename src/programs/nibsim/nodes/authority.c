#include "nibsim/nodes/authority.h"

#include <stdlib.h>

#include "nibsim/base/model.h"
#include "nibsim/base/net.h"
#include "nibsim/base/trace.h"

static void start(struct sim *sim, struct sim_host *host)
{
    uint32_t no = host->no;
    struct sim_name_server *s = &sim->name_servers[no];
    uint64_t seed = sim_draw(&sim->chaos);
    memset(s, 0, sizeof *s);
    s->what = &sim->world.authorities[no];
    sim_world_zone(&sim->world, s->what->domain, NULL, seed, &s->zones[0]);
    nib_table_set_zone(&s->table, &s->zones[0].zone);
    s->logic.table = &s->table;
    s->logic.zones = &sim->world.domains[s->what->domain].name;
    s->logic.n_zones = sim->world.domains[s->what->domain].zoned;
    s->outputs_block = sim_block_make(nib_outputs_bytes(1));
    nib_outputs_init(&s->outputs, s->outputs_block.at, 1);
    s->logic.ttl_s = s->what->ttl_s;
}

static void stop(struct sim *sim, struct sim_host *host)
{
    uint32_t no = host->no;
    struct sim_name_server *s = &sim->name_servers[no];
    sim_block_free(&s->zones[s->current].block);
    sim_block_free(&s->outputs_block);
}

void sim_authority_reload(struct sim *sim, uint32_t no)
{
    struct sim_name_server *s = &sim->name_servers[no];
    struct sim_zone *old = &s->zones[s->current], *fresh = &s->zones[1 - s->current];
    sim_world_zone(&sim->world, s->what->domain, NULL, old->zone.seed, fresh);
    nib_table_set_zone(&s->table, &fresh->zone);
    sim_block_free(&old->block);
    s->current = 1 - s->current;
}

/* ---- the real one ---- */

/* NIB-8.17, 8.18: of a name in no zone of its own it knows nothing; below a domain that it
 * delegates it refers. */
static bool is_right_in_zones(struct sim *sim, const struct sim_name_server *s,
    const struct nib_message *query, const struct nib_message *m)
{
    int d = s->what->domain;
    if (!sim_is_under(query->qname, sim->world.domains[d].name))
        return m->outcome == NIB_FAILURE;
    const struct sim_record *r = sim_model_referral(&sim->world, d, query->qname, query->id);
    if (r == NULL)
        return m->outcome == NIB_NOT_FOUND;
    return m->atype == NIB_NS && sim_same_name(m->aname, r->name) &&
           nib_text_same(m->result, r->result) && m->ttl_s == s->what->ttl_s;
}

/* Its answer is the record, the CNAME, a referral or a miss: NIB-8.1. */
static void check_answer(struct sim *sim, const struct sim_name_server *s,
    const struct nib_message *query, const uint8_t *out, size_t len)
{
    struct nib_message m;
    struct sim_expected expected;
    struct sim_record made;
    size_t bad;
    const struct sim_domain *domain = &sim->world.domains[s->what->domain];
    if (nib_message_decode(&m, out, len, &bad) != NIB_OK ||
        (nib_message_fits(query, &m) != NIB_FITS && !nib_message_is_referral(query, &m)))
        sim_break(sim, SIM_ONCE, "the answer of an authoritative server does not fit");
    const struct sim_record *r =
        sim_model_said(&sim->world, s->what->domain, query->qname, query->qtype, &expected, &made);
    if (domain->hidden)
        return; /* it has a part of its parent's records */
    bool right = false;
    if (r != NULL && (!domain->zoned || sim_is_under(query->qname, domain->name)))
        right = m.atype == r->type && m.ttl_s == s->what->ttl_s &&
                (nib_text_same(m.result, r->result) || r->type == NIB_NS);
    else if (domain->zoned)
        right = is_right_in_zones(sim, s, query, &m);
    else
        right = m.outcome == NIB_NOT_FOUND && m.ttl_s == 0;
    if (!right)
        sim_break(sim, SIM_TRUE, "an authoritative server says that %.*s %s is %.*s",
            (int)m.qname.len, m.qname.ptr, nib_type_name(m.qtype), (int)m.result.len, m.result.ptr);
}

static void answer_truly(struct sim *sim, struct sim_name_server *s, const struct sim_packet *p)
{
    struct nib_path path = {.peer = p->src, .self = p->dst};
    struct nib_message m;
    size_t bad;
    const uint64_t *c = s->logic.counters;
    s->fed++;
    (void)nib_authoritative_input(&s->logic, &path, p->octets, p->len, &s->outputs);
    bool query = nib_message_decode(&m, p->octets, p->len, &bad) == NIB_OK && m.flag == NIB_QUERY;
    if (query != (s->outputs.n > 0))
        sim_break(sim, SIM_SILENT, "an authoritative server answers what it must not, or not");
    s->answered += s->outputs.n;
    if (c[NIB_AUTH_RECEIVED] != s->fed || c[NIB_AUTH_ANSWERED] != s->answered ||
        c[NIB_AUTH_RECEIVED] != c[NIB_AUTH_ANSWERED] + c[NIB_AUTH_DROPPED_MALFORMED] +
                                    c[NIB_AUTH_DROPPED_RESPONSE] + c[NIB_AUTH_DROPPED_UNSENT])
        sim_break(sim, SIM_COUNTERS, "the counters of an authoritative server do not add up");
    for (uint32_t i = 0; i < s->outputs.n; i++) {
        const struct nib_output *o = &s->outputs.items[i];
        check_answer(sim, s, &m, o->octets, o->len);
        sim_send(sim, &o->path.self, &o->path.peer, o->octets, o->len, SIM_GENUINE);
    }
    nib_outputs_clear(&s->outputs);
}

/* ---- those that only look like one ---- */

static void reply(struct sim *sim, const struct sim_packet *p, const struct nib_message *m,
    enum sim_origin origin)
{
    uint8_t out[NIB_MESSAGE_MAX];
    size_t len = nib_message_encode(out, sizeof out, m);
    sim_send(sim, &p->dst, &p->src, out, len, origin);
}

/* An answer that has one thing wrong with it, so that nobody may take it. */
static void send_mismatch(struct sim *sim, const struct sim_name_server *s,
    const struct sim_packet *p, struct nib_message *m)
{
    uint8_t out[NIB_MESSAGE_MAX + 1];
    struct nib_text other = NIB_TEXT("other.test");
    size_t domain_len = sim->world.domains[s->what->domain].name.len;
    uint32_t how = sim_below(&sim->chaos, 9);
    m->ttl_s = 60;
    m->result = sim_lie(m->atype, NIB_TEXT("lie.test"));
    if (how == 0)
        m->id += 1 + sim_below(&sim->chaos, 3);
    else if (how == 1)
        m->flag = NIB_QUERY;
    else if (how == 2)
        m->qname = other;
    else if (how == 3)
        m->aname = other;
    else if (how == 4)
        m->qtype = m->qtype == NIB_A ? NIB_NS : NIB_A;
    else if (how == 5)
        m->ttl_s = (uint32_t)NIB_TTL_MAX + 1 + sim_below(&sim->chaos, 1000);
    else if (how == 6)
        m->result = NIB_TEXT_NOT_FOUND;                /* with a TTL */
    else if (how == 8 && m->qname.len >= domain_len) { /* a referral that leads nowhere */
        m->atype = NIB_NS;
        m->aname = (struct nib_text){m->qname.ptr + m->qname.len - domain_len, domain_len};
        m->result = NIB_TEXT("lie.test");
    }
    size_t len = nib_message_encode(out, NIB_MESSAGE_MAX, m);
    if (how == 7)
        out[len++] = 0;
    sim_send(sim, &p->dst, &p->src, out, len, SIM_WRONG);
}

static void pretend(struct sim *sim, const struct sim_name_server *s, const struct sim_packet *p)
{
    struct nib_message m;
    char target[NIB_NAME_MAX + 1];
    size_t bad;
    if (nib_message_decode(&m, p->octets, p->len, &bad) != NIB_OK || m.flag != NIB_QUERY)
        return;
    m.flag = NIB_RESPONSE;
    m.atype = m.qtype;
    m.aname = m.qname;
    if (s->what->behaviour == SIM_MISMATCHING) {
        sim->trouble++;
        send_mismatch(sim, s, p, &m);
    } else if (s->what->behaviour == SIM_LAME) {
        sim->trouble++;
        m.result = NIB_TEXT_FAILURE;
        reply(sim, p, &m, SIM_GENUINE);
    } else {
        const struct sim_domain *domain = &sim->world.domains[s->what->domain];
        m.atype = NIB_CNAME;
        m.ttl_s = s->what->ttl_s;
        m.result = sim_model_endless(domain, m.qname, target);
        reply(sim, p, &m, SIM_GENUINE);
    }
}

static void turn(struct sim *sim, struct sim_host *host)
{
    struct sim_name_server *s = &sim->name_servers[host->no];
    bool real = s->what->behaviour == SIM_REAL && !sim->world.domains[s->what->domain].endless;
    for (uint32_t i = 0; i < host->n_inbox; i++) {
        sim->step++;
        if (host->inbox[i]->refusal)
            ;
        else if (real)
            answer_truly(sim, s, host->inbox[i]);
        else
            pretend(sim, s, host->inbox[i]);
        free(host->inbox[i]);
    }
    host->n_inbox = 0;
}

static bool takes(struct sim *sim, struct sim_host *host, struct sim_packet *p)
{
    const struct sim_authority *a = &sim->world.authorities[host->no];
    return p->dst.port == (p->dst.family == 4 ? a->ip4.port : a->ip6.port) &&
           a->behaviour != SIM_CLOSED;
}

const struct sim_program sim_authority_program = {start, stop, turn, takes};
