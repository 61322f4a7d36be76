#include "nibsim/nodes/attacker.h"

#include "nibsim/base/model.h"
#include "nibsim/base/net.h"

enum { BURST = 20 }; /* forged datagrams at one fetch, at a time */

/*
 * Whoever guesses all of them right cannot be told from the true server by this protocol; such a
 * datagram is taken back where it arrives.
 */

/* The query that somebody waits on, as an answer with a lie in it. */
static size_t forge(struct sim *sim, const uint8_t *query, size_t query_len, uint8_t *out)
{
    struct sim_rng *rng = &sim->attack;
    struct nib_message m;
    size_t bad;
    if (nib_message_decode(&m, query, query_len, &bad) != NIB_OK)
        return 0;
    m.flag = NIB_RESPONSE;
    m.atype = sim_one_in(rng, 3) ? NIB_CNAME : m.qtype;
    m.aname = m.qname;
    m.ttl_s = sim_one_in(rng, 2) ? NIB_TTL_MAX : 300;
    m.result = sim_lie(m.atype, NIB_TEXT("evil.test"));
    uint32_t wrong = sim_below(rng, 8);
    if (wrong < 3)
        m.id += (uint32_t)sim_between(rng, 1, 3) - 2;
    else if (wrong == 3)
        m.qname = NIB_TEXT("other.test");
    else if (wrong == 4)
        m.aname = NIB_TEXT("other.test");
    else if (wrong == 5)
        m.qtype = m.qtype == NIB_A ? NIB_AAAA : NIB_A;
    return nib_message_encode(out, NIB_MESSAGE_MAX, &m);
}

static struct nib_addr guess_source(struct sim *sim, const struct nib_addr *right)
{
    struct nib_addr addr = *right;
    uint32_t how = sim_below(&sim->attack, 4);
    if (how == 0)
        addr.ip[addr.family == 4 ? 3 : 15] ^= 1;
    else if (how == 1)
        addr.port++;
    return addr;
}

/* In letters of random case: what is asked is known, the letters are not. */
static void draw_letters(struct sim_rng *rng, char *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char letter = (char)(name[i] | 0x20);
        if (letter >= 'a' && letter <= 'z' && sim_one_in(rng, 2))
            name[i] ^= 0x20;
    }
}

/* The chance that it fits, in millionths, is added up, too. */
static void count_aimed(struct sim *sim, struct nib_text name, bool knows_port)
{
    uint64_t chance = 1000000 / (knows_port ? 1 : sim->mix.ports);
    size_t letters = sim_letters(name);
    if (sim->local->config.mix == NIB_MIX_NEVER) {
        sim->counts.aimed_plain++;
        sim->counts.expected_plain += chance;
    } else {
        sim->counts.aimed_mixed++;
        sim->counts.expected_mixed += letters < 64 ? chance >> letters : 0;
    }
}

/*
 * All that can be known is right: the ID, the type, the name but for its letters, who is asked. The
 * port is one of those that sockets have, or the right one, found by many guesses before.
 */
static void at_fetch_knowing(struct sim *sim, const struct sim_slot *s, bool knows_port)
{
    struct sim_rng *rng = &sim->attack;
    uint8_t out[NIB_MESSAGE_MAX];
    char name[NIB_NAME_MAX];
    struct nib_addr dst = s->self;
    struct nib_message m;
    size_t bad;
    if (nib_message_decode(&m, s->query, s->len, &bad) != NIB_OK)
        return;
    memcpy(name, m.qname.ptr, m.qname.len);
    if (sim->local->config.mix != NIB_MIX_NEVER)
        draw_letters(rng, name, m.qname.len);
    m.qname.ptr = name;
    m.flag = NIB_RESPONSE;
    m.atype = m.qtype;
    m.aname = m.qname;
    m.ttl_s = NIB_TTL_MAX;
    m.result = sim_lie(m.atype, NIB_TEXT("evil.test"));
    const char *dot = memchr(name, '.', m.qname.len);
    bool is_referral = dot != NULL && sim_one_in(rng, 3);
    if (is_referral) { /* to the domain above */
        size_t cut = (size_t)(dot - name) + 1;
        m.atype = NIB_NS;
        m.aname = (struct nib_text){name + cut, m.qname.len - cut};
        m.result = NIB_TEXT("evil.test");
    }
    if (!knows_port)
        dst.port = (uint16_t)(SIM_FIRST_PORT + sim_below(rng, sim->mix.ports));
    size_t len = nib_message_encode(out, NIB_MESSAGE_MAX, &m);
    if (len == 0)
        return;
    if (!is_referral)
        count_aimed(sim, m.qname, knows_port);
    sim_send(sim, &s->peer, &dst, out, len, is_referral ? SIM_FORGED : SIM_AIMED);
}

static void at_fetch(struct sim *sim)
{
    struct sim_rng *rng = &sim->attack;
    uint8_t out[NIB_MESSAGE_MAX];
    const struct sim_slot *s = &sim->local->slots[sim_below(rng, SIM_SLOTS)];
    for (uint32_t i = 0; i < SIM_SLOTS && !s->open; i++)
        s = &sim->local->slots[i];
    if (s->len == 0)
        return;
    if (sim->mix.knows) {
        bool knows_port = sim_one_in(rng, 4);
        for (uint32_t i = 0; i < BURST; i++)
            at_fetch_knowing(sim, s, knows_port);
        return;
    }
    struct nib_addr src = guess_source(sim, &s->peer), dst = s->self;
    if (sim_one_in(rng, 2))
        dst.port = (uint16_t)(dst.port + 1);
    size_t len = forge(sim, s->query, s->len, out);
    if (len > 0)
        sim_send(sim, &src, &dst, out, len, SIM_FORGED);
}

static void at_client(struct sim *sim)
{
    uint8_t out[NIB_MESSAGE_MAX];
    uint32_t no = sim_below(&sim->attack, sim->mix.clients);
    const struct sim_client *c = &sim->clients[no];
    if (c->logic.query_len == 0)
        return;
    struct nib_addr src = guess_source(sim, &c->logic.server);
    size_t len = forge(sim, c->logic.query, c->logic.query_len, out);
    if (len > 0)
        sim_send(sim, &src, &c->self, out, len, SIM_FORGED);
}

/* To a server's own port: noise, an answer, or a query in somebody else's name. */
static void at_server(struct sim *sim)
{
    struct sim_rng *rng = &sim->attack;
    uint8_t out[SIM_OCTETS];
    const struct sim_host *from = &sim->hosts[sim_below(rng, sim->n_hosts)];
    const struct sim_host *to = &sim->hosts[sim_below(rng, sim->n_hosts)];
    if (sim_one_in(rng, 2))
        to = &sim->hosts[0];
    struct nib_addr src = from->ip4, dst = to->ip4;
    if (src.family == 0 || dst.family == 0)
        return;
    src.port = sim_one_in(rng, 2) ? sim->world.upstream_port : NIB_PORT_LOCAL;
    dst.port = to->role == SIM_LOCAL_SERVER ? NIB_PORT_LOCAL : sim->world.upstream_port;
    const struct sim_client *c = &sim->clients[sim_below(rng, sim->mix.clients)];
    size_t len = c->logic.query_len;
    memcpy(out, c->logic.query, len);
    uint32_t how = sim_below(rng, 4);
    if (how == 0 && len > 0)
        len = forge(sim, c->logic.query, c->logic.query_len, out);
    else if (how == 1)
        for (len = 0; len < SIM_OCTETS && !sim_one_in(rng, 100); len++)
            out[len] = (uint8_t)sim_below(rng, 256);
    else if (how == 2 && len > 0)
        len = sim_below(rng, (uint32_t)len);
    sim_send(sim, &src, &dst, out, len, SIM_FORGED);
}

void sim_attack(struct sim *sim)
{
    uint32_t n = 1 + sim_below(&sim->attack, 4);
    for (; n > 0; n--) {
        uint32_t where = sim_below(&sim->attack, 5);
        if (where < 2)
            at_fetch(sim);
        else if (where < 4)
            at_client(sim);
        else
            at_server(sim);
    }
}
