#include "nibsim/base/sim.h"

enum { FIRST_PORT = 32768 };

struct sim_slot *sim_local_socket(struct sim *sim, uint16_t port)
{
    for (int i = 0; i < SIM_SLOTS; i++)
        if (sim->local.slots[i].open && sim->local.slots[i].self.port == port)
            return &sim->local.slots[i];
    return NULL;
}

/* ---- what the logic asks for ---- */

static uint8_t *room(void *ctx)
{
    struct sim *sim = ctx;
    return sim->local.out;
}

static void answer(void *ctx, const struct nib_path *path, size_t len)
{
    struct sim *sim = ctx;
    struct sim_local *l = &sim->local;
    struct nib_message m;
    size_t bad;
    if (l->mute != SIM_PROMISE_COUNT)
        sim_break(sim, l->mute, "the local server answers what it must not answer");
    if (nib_message_decode(&m, l->out, len, &bad) != NIB_OK || m.flag != NIB_RESPONSE)
        sim_break(sim, SIM_ONCE, "an answer is no response");
    sim_ledger_answer(sim, path, &m);
    l->answers++;
    sim->counts.answers++;
    if (sim->mix.unsent && sim_one_in(&sim->chaos, 50)) {
        sim->trouble++;
        l->to_fail++;
        return;
    }
    sim_capture(sim, &path->self, &path->peer, l->out, len);
    sim_send(sim, &path->self, &path->peer, l->out, len, SIM_SAID);
}

static void close_fetch(void *ctx, uint32_t slot)
{
    struct sim *sim = ctx;
    struct sim_slot *s = &sim->local.slots[slot];
    if (s->unbilled > 0)
        sim_break(sim, SIM_BOUNDS, "a question went out that nobody could wait for");
    s->open = s->refused = false;
    s->closed_in = sim->step;
    s->unbilled = 0;
}

/* A new question: its ID, whom it goes to, and that nobody asks the same already. */
static void check_question(struct sim *sim, const struct sim_slot *s, const struct nib_addr *to,
    const struct nib_message *m)
{
    struct sim_local *l = &sim->local;
    if (m->id != (uint32_t)l->next_id)
        sim_break(sim, SIM_IDS, "a new question has ID %u, %u is next", (unsigned)m->id,
            (unsigned)l->next_id);
    l->next_id++;
    if (!sim_world_may_ask(&sim->world, m->qname, to) || nib_addr_equal(to, &l->own[0]) ||
        nib_addr_equal(to, &l->own[1]))
        sim_break(sim, SIM_ASKED, "a question for %.*s goes to a stranger", (int)m->qname.len,
            m->qname.ptr);
    for (int i = 0; i < SIM_SLOTS; i++) {
        const struct sim_slot *other = &l->slots[i];
        struct nib_text name = {
            (const char *)other->query + NIB_AT_QNAME, other->len - NIB_AT_QNAME};
        if (other != s && other->open && other->query[NIB_AT_FLAG_TYPE] == m->qtype &&
            sim_same_name(name, m->qname))
            sim_break(sim, SIM_SHARED, "%.*s %s is asked twice at a time", (int)m->qname.len,
                m->qname.ptr, nib_type_name(m->qtype));
    }
}

/* A further try: the same octets, to the same server, not too soon and not too often. */
static void check_retry(struct sim *sim, const struct sim_slot *s, const struct nib_addr *to,
    const uint8_t *octets, size_t len)
{
    const struct nib_local_config *c = &sim->local.config;
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
        port = (uint16_t)(FIRST_PORT + sim_below(&sim->chaos, sim->mix.ports));
        if (sim_local_socket(sim, port) != NULL)
            port = 0;
    }
    if (port == 0)
        return false;
    s->open = true;
    s->socket = ++sim->local.sockets;
    s->self = *self;
    s->self.port = port;
    s->peer = *to;
    s->tries = s->unbilled = 0;
    return true;
}

/* Whether the network knows no way to an address. */
static bool no_route(struct sim *sim, const struct nib_addr *to)
{
    const struct sim_host *host = sim_host_at(sim, to);
    return host != NULL && host->role == SIM_AUTHORITY &&
           sim->world.authorities[host->no].behaviour == SIM_NO_ROUTE;
}

/* The trouble that counts for a question is all since it began, whichever server it is at now. */
static void keep_query(struct sim *sim, struct sim_slot *s, const struct nib_addr *to,
    const uint8_t *octets, size_t len)
{
    bool goes_on =
        s->closed_in == sim->step && s->len == len &&
        memcmp(s->query + NIB_AT_FLAG_TYPE, octets + NIB_AT_FLAG_TYPE, len - NIB_AT_FLAG_TYPE) == 0;
    if (!goes_on) {
        s->trouble = sim->trouble;
        struct nib_text name = {(const char *)octets + NIB_AT_QNAME, len - NIB_AT_QNAME};
        sim_health_check(sim, name, to);
    }
    memcpy(s->query, octets, len);
    s->len = len;
}

static enum nib_send_status fail(struct sim *sim, enum nib_send_status how)
{
    sim->trouble++;
    sim->counts.no_socket++;
    return how;
}

static enum nib_send_status ask(
    void *ctx, uint32_t slot, const struct nib_addr *to, const uint8_t *octets, size_t len)
{
    struct sim *sim = ctx;
    struct sim_local *l = &sim->local;
    struct sim_slot *s = &l->slots[slot];
    struct nib_message m;
    size_t bad;
    l->asked = true;
    if (l->mute != SIM_PROMISE_COUNT)
        sim_break(sim, l->mute, "the local server asks for what it must pass over");
    if (nib_message_decode(&m, octets, len, &bad) != NIB_OK || m.flag != NIB_QUERY)
        sim_break(sim, SIM_ASKED, "a question is no query");
    if (!s->open) {
        check_question(sim, s, to, &m);
        keep_query(sim, s, to, octets, len);
        if (no_route(sim, to)) {
            sim_health_failed(sim, to);
            return fail(sim, NIB_SEND_UNREACHABLE);
        }
        if (!open_socket(sim, s, to))
            return fail(sim, NIB_SEND_EXHAUSTED);
    } else {
        check_retry(sim, s, to, octets, len);
        if (s->refused) { /* the system tells of it when the next datagram is sent, too */
            s->refused = false;
            sim_health_failed(sim, to);
            return fail(sim, NIB_SEND_UNREACHABLE);
        }
    }
    s->tries++;
    s->sent_at = sim->now;
    l->sent++;
    sim->counts.upstream++;
    sim_ledger_bill(sim, slot);
    sim_capture(sim, &s->self, to, octets, len);
    sim_send(sim, &s->self, to, octets, len, SIM_SAID);
    return NIB_SEND_SENT;
}

struct nib_local_host sim_local_calls(struct sim *sim)
{
    return (struct nib_local_host){sim, room, answer, ask, close_fetch};
}
