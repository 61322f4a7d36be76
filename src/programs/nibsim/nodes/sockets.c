#include "nibsim/nodes/sockets.h"

#include "nibsim/base/host.h"
#include "nibsim/base/model.h"
#include "nibsim/base/net.h"
#include "nibsim/base/trace.h"
#include "nibsim/nodes/health.h"
#include "nibsim/nodes/requests.h"

/* So many that chance is out of the question: for each fetch, for the few that begin anew. */
enum { MANY_LETTERS = 32, SOME_LETTERS = 24 };

struct sim_slot *sim_local_socket(struct sim *sim, uint16_t port)
{
    for (int i = 0; i < SIM_SLOTS; i++)
        if (sim->local->slots[i].open && sim->local->slots[i].self.port == port)
            return &sim->local->slots[i];
    return NULL;
}

/* ---- what the logic asks for ---- */

static void answer(struct sim *sim, const struct nib_output *o)
{
    struct sim_local *l = sim->local;
    const struct nib_path *path = &o->path;
    struct nib_message m;
    size_t bad;
    if (l->mute != SIM_INVARIANT_COUNT)
        sim_break(sim, l->mute, "the local server answers what it must not answer");
    if (nib_message_decode(&m, o->octets, o->len, &bad) != NIB_OK || m.flag != NIB_RESPONSE)
        sim_break(sim, SIM_ONCE, "an answer is no response");
    if (l->unbelieved && m.outcome != NIB_FAILURE)
        sim_break(sim, SIM_TWICE, "an answer follows from a response that came once");
    sim_requests_answer(sim, path, &m);
    l->answers++;
    sim->counts.answers++;
    if (sim->mix.unsent && sim_one_in(&sim->chaos, 50)) {
        sim->trouble++;
        l->to_fail++;
        return;
    }
    sim_capture(sim, &path->self, &path->peer, o->octets, o->len);
    sim_send(sim, &path->self, &path->peer, o->octets, o->len, SIM_GENUINE);
}

static void close_socket(struct sim *sim, struct nib_slot slot)
{
    struct sim_slot *s = &sim->local->slots[slot.index];
    if (s->open && s->serial != slot.serial)
        sim_break(sim, SIM_IDS, "a socket is closed that is another's");
    s->open = s->refused = false;
    s->closed_in = sim->step;
}

static struct nib_text name_in(const struct sim_slot *s)
{
    return (struct nib_text){(const char *)s->query + NIB_AT_QNAME, s->len - NIB_AT_QNAME};
}

/* The domain whose servers a fetch asks: the end of its name. */
static struct nib_text domain_of(const struct nib_fetch *fetch, struct nib_text name)
{
    return (struct nib_text){name.ptr + name.len - fetch->domain_len, fetch->domain_len};
}

/* A new fetch has the next ID; one that begins anew, or is asked twice, keeps its own. */
static void check_id(struct sim *sim, const struct sim_slot *s, const struct nib_output *o,
    const struct nib_message *m)
{
    struct sim_local *l = sim->local;
    uint32_t id = (uint32_t)l->next_id;
    bool anew = o->decision.what == NIB_ASKED_ANEW || o->decision.what == NIB_ASKED_TWICE;
    if (anew && s->len > 0)
        id = (uint32_t)s->query[0] << 24 | (uint32_t)s->query[1] << 16 |
             (uint32_t)s->query[2] << 8 | s->query[3];
    if (m->id != id)
        sim_break(sim, SIM_IDS, "a fetch has ID %u, %u is right", (unsigned)m->id, (unsigned)id);
    l->next_id += !anew;
}

/* NIB-8.28: names of many letters are never sent as somebody wrote them, nor twice alike. */
static void check_letters(struct sim *sim, const struct sim_slot *s, const struct nib_fetch *fetch,
    const struct nib_output *o, struct nib_text name)
{
    bool anew = o->decision.what == NIB_ASKED_ANEW || o->decision.what == NIB_ASKED_TWICE;
    size_t letters = sim_letters(name);
    if (sim->local->config.mix == NIB_MIX_NEVER)
        return;
    if ((letters >= MANY_LETTERS && memcmp(fetch->name, name.ptr, name.len) == 0) ||
        (anew && letters >= SOME_LETTERS && nib_text_same(name_in(s), name)))
        sim_break(sim, SIM_LETTERS, "%.*s is asked in letters that can be foretold", (int)name.len,
            name.ptr);
}

/* Nobody asks the same of the same domain already, unless that one asks other servers. */
static void check_shared(struct sim *sim, const struct sim_slot *s, const struct nib_fetch *fetch,
    const struct nib_message *m)
{
    const struct sim_local *l = sim->local;
    for (uint32_t i = 0; i < l->config.limits.fetches; i++) {
        const struct sim_slot *other = &l->slots[i];
        const struct nib_fetch *f =
            nib_pending_of(&l->logic.pending, (struct nib_slot){i, other->serial});
        if (other != s && other->open && f != NULL && f->variant == 0 && fetch->variant == 0 &&
            other->query[NIB_AT_FLAG_TYPE] == m->qtype && f->domain_len == fetch->domain_len &&
            sim_same_name(name_in(other), m->qname))
            sim_break(sim, SIM_SHARED, "%.*s %s is asked twice at a time", (int)m->qname.len,
                m->qname.ptr, nib_type_name(m->qtype));
    }
}

/* A query from a new socket: its ID, whom it goes to, its letters. */
static void check_fetch(struct sim *sim, const struct sim_slot *s, const struct nib_output *o,
    const struct nib_message *m)
{
    struct sim_local *l = sim->local;
    const struct nib_addr *to = &o->path.peer;
    const struct nib_fetch *fetch = nib_pending_of(&l->logic.pending, o->slot);
    check_id(sim, s, o, m);
    if (fetch == NULL) /* it was closed again in the same step */
        return;
    if (fetch->domain_len > m->qname.len ||
        !sim_model_may_ask(&sim->world, domain_of(fetch, m->qname), to) ||
        (to->family == 4 && to->ip[0] == 127) || nib_addr_equal(to, &l->logic.own[0]) ||
        nib_addr_equal(to, &l->logic.own[1]))
        sim_break(
            sim, SIM_ASKED, "a fetch for %.*s goes to a stranger", (int)m->qname.len, m->qname.ptr);
    check_letters(sim, s, fetch, o, m->qname);
    check_shared(sim, s, fetch, m);
}

/* A further try: the same octets, to the same server, not too soon and not too often. */
static void check_retry(struct sim *sim, const struct sim_slot *s, const struct nib_addr *to,
    const uint8_t *octets, size_t len)
{
    const struct nib_local_config *c = &sim->local->config;
    nib_ms waited = sim->now / 1000 - s->sent_at / 1000;
    if (len != s->len || memcmp(octets, s->query, len) != 0 || !nib_addr_equal(to, &s->peer))
        sim_break(sim, SIM_IDS, "a retry differs from its first try");
    if (s->tries >= c->tries || waited < c->timeout_ms << (s->tries - 1))
        sim_break(sim, SIM_PACE, "try %u comes %lld ms after the one before",
            (unsigned)s->tries + 1, (long long)waited);
}

/* A socket of its own at a random port; false: there is none to be had. */
static bool open_socket(struct sim *sim, struct sim_slot *s, const struct nib_addr *to)
{
    const struct nib_addr *self = to->family == 4 ? &sim->world.local4 : &sim->world.local6;
    uint16_t port = 0;
    bool failed = sim->mix.exhausted && sim_one_in(&sim->chaos, 20);
    for (int i = 0; i < 50 && port == 0 && !failed; i++) {
        port = (uint16_t)(SIM_FIRST_PORT + sim_below(&sim->chaos, sim->mix.ports));
        if (sim_local_socket(sim, port) != NULL)
            port = 0;
    }
    if (port == 0)
        return false;
    s->open = true;
    s->socket = ++sim->local->sockets;
    s->self = *self;
    s->self.port = port;
    s->peer = *to;
    s->tries = 0;
    return true;
}

/* Whether the network knows no way to an address. */
static bool no_route(struct sim *sim, const struct nib_addr *to)
{
    const struct sim_host *host = sim_host_at(sim, to);
    return host != NULL && host->role == SIM_AUTHORITY &&
           sim->world.authorities[host->no].behaviour == SIM_NO_ROUTE;
}

/* The trouble that counts for a fetch is all since it began, whichever server it is at now. */
static void keep_query(struct sim *sim, struct sim_slot *s, const struct nib_output *o)
{
    const struct nib_fetch *fetch = nib_pending_of(&sim->local->logic.pending, o->slot);
    struct nib_text name = {(const char *)o->octets + NIB_AT_QNAME, o->len - NIB_AT_QNAME};
    bool goes_on = s->closed_in == sim->step && s->len == o->len &&
                   s->query[NIB_AT_FLAG_TYPE] == o->octets[NIB_AT_FLAG_TYPE] &&
                   sim_same_name(name_in(s), name);
    if (!goes_on || fetch == NULL || fetch->sent == 1) {
        s->first.there = false;
        s->anew = 0;
    }
    s->anew += o->decision.what == NIB_ASKED_ANEW;
    if (s->anew > NIB_ANEW_MAX)
        sim_break(sim, SIM_ANEW, "a fetch is begun anew %u times", (unsigned)s->anew);
    if (!goes_on) {
        s->trouble = sim->trouble;
        if (fetch != NULL && fetch->variant == 0)
            sim_health_check(sim, domain_of(fetch, name), &o->path.peer);
    }
    s->strikes = 0;
    memcpy(s->query, o->octets, o->len);
    s->len = o->len;
}

/* The logic hears that a query was not sent; what it does about it is in the list. */
static void fail(struct sim *sim, const struct nib_output *o, bool exhausted)
{
    struct sim_local *l = sim->local;
    sim->trouble++;
    sim->counts.no_socket++;
    if (!exhausted && nib_pending_of(&l->logic.pending, o->slot) != NULL)
        sim_health_failed(sim, &o->path.peer);
    (void)nib_local_query_unsent(
        &l->logic, sim_clock(sim, &sim->hosts[0]), o->slot, exhausted, &l->outputs);
}

/* Whether the system takes it: false, and the logic was told. */
static bool prepare(
    struct sim *sim, struct sim_slot *s, const struct nib_output *o, const struct nib_message *m)
{
    const struct nib_addr *to = &o->path.peer;
    if (!s->open) {
        check_fetch(sim, s, o, m);
        keep_query(sim, s, o);
        if (no_route(sim, to)) {
            fail(sim, o, false);
            return false;
        }
        if (open_socket(sim, s, to))
            return true;
        fail(sim, o, true);
        return false;
    }
    check_retry(sim, s, to, o->octets, o->len);
    if (!s->refused)
        return true;
    s->refused = false; /* the system tells of it when the next datagram is sent, too */
    fail(sim, o, false);
    return false;
}

static void ask(struct sim *sim, const struct nib_output *o)
{
    struct sim_local *l = sim->local;
    struct sim_slot *s = &l->slots[o->slot.index];
    struct nib_message m;
    size_t bad;
    l->asked = true;
    if (l->mute != SIM_INVARIANT_COUNT)
        sim_break(sim, l->mute, "the local server asks for what it must pass over");
    if (nib_message_decode(&m, o->octets, o->len, &bad) != NIB_OK || m.flag != NIB_QUERY)
        sim_break(sim, SIM_ASKED, "what is asked is no query");
    if (s->open && s->serial != o->slot.serial)
        sim_break(sim, SIM_IDS, "a new socket takes the place of one that is open");
    s->serial = o->slot.serial;
    if (!prepare(sim, s, o, &m))
        return;
    s->tries++;
    s->sent_at = sim->now;
    l->sent++;
    sim->counts.upstream++;
    sim_requests_charge(sim, o->slot);
    sim_capture(sim, &s->self, &o->path.peer, o->octets, o->len);
    sim_send(sim, &s->self, &o->path.peer, o->octets, o->len, SIM_GENUINE);
}

void sim_local_drain(struct sim *sim)
{
    struct nib_outputs *outputs = &sim->local->outputs;
    for (uint32_t i = 0; i < outputs->n; i++) { /* the list may grow meanwhile */
        const struct nib_output o = outputs->items[i];
        if (o.kind == NIB_OUTPUT_ANSWER)
            answer(sim, &o);
        else if (o.kind == NIB_OUTPUT_QUERY)
            ask(sim, &o);
        else
            close_socket(sim, o.slot);
    }
    nib_outputs_clear(outputs);
    if (!sim_block_whole(&sim->local->outputs_block))
        sim_break(sim, SIM_BOUNDS, "the list of outputs goes past its memory");
}
