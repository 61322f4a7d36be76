#include "nibsim/nodes/replies.h"

#include "nibsim/base/host.h"
#include "nibsim/base/model.h"
#include "nibsim/base/net.h"
#include "nibsim/base/trace.h"
#include "nibsim/nodes/health.h"
#include "nibsim/nodes/step.h"

/* What a response is to a fetch's socket, told without the logic. */
enum meaning { MEANS_NOTHING, MEANS_ANSWER, MEANS_REFERRAL };

static enum meaning meaning_of(
    const struct sim *sim, uint32_t slot, const struct sim_packet *p, struct nib_message *m)
{
    const struct sim_slot *s = &sim->local->slots[slot];
    const struct nib_fetch *fetch = &sim->local->logic.pending.fetches[slot];
    size_t bad;
    if (!s->open || nib_message_decode(m, p->octets, p->len, &bad) != NIB_OK)
        return MEANS_NOTHING;
    if (sim_fits(p, s->query, s->len))
        return MEANS_ANSWER;
    if (fetch->domain_len == 0) /* of a forwarder only an answer fits */
        return MEANS_NOTHING;
    return sim_refers(p, s->query, s->len, fetch->domain_len) ? MEANS_REFERRAL : MEANS_NOTHING;
}

static bool needs_two(const struct sim *sim, const struct sim_slot *s)
{
    struct nib_text name = {(const char *)s->query + NIB_AT_QNAME, s->len - NIB_AT_QNAME};
    return sim->local->config.mix != NIB_MIX_NEVER && sim_letters(name) < NIB_LETTERS_ENOUGH;
}

static bool agrees(const struct sim_first *first, const struct nib_message *m)
{
    return first->there && first->atype == m->atype && first->aname_len == m->aname.len &&
           nib_text_same((struct nib_text){first->result, first->result_len}, m->result);
}

static void keep_first(struct sim_first *first, const struct nib_message *m)
{
    *first = (struct sim_first){.there = true,
        .atype = m->atype,
        .ttl_s = m->ttl_s,
        .aname_len = m->aname.len,
        .result_len = m->result.len};
    memcpy(first->result, m->result.ptr, m->result.len);
}

/*
 * A lie that would be believed is taken back: no protocol like this one could tell. The first of
 * two is not believed, and comes through.
 */
static bool withdraw(struct sim *sim, uint32_t slot, const struct sim_packet *p)
{
    const struct sim_slot *s = &sim->local->slots[slot];
    struct nib_message m;
    if (p->genuine || meaning_of(sim, slot, p, &m) == MEANS_NOTHING ||
        (needs_two(sim, s) && !agrees(&s->first, &m)))
        return false;
    sim->counts.withdrawn++;
    return true;
}

static void note_aimed(struct sim *sim, uint32_t slot, const struct sim_packet *p)
{
    struct nib_message m;
    if (!p->aimed || meaning_of(sim, slot, p, &m) == MEANS_NOTHING)
        return;
    if (sim->local->config.mix == NIB_MIX_NEVER)
        sim->counts.fit_plain++;
    else
        sim->counts.fit_mixed++;
}

/* What is wrong with a response to an open socket is a reason for a failure, and counts. */
static void note_strike(struct sim *sim, uint32_t slot, const struct sim_packet *p)
{
    struct sim_slot *s = &sim->local->slots[slot];
    struct nib_message m;
    size_t bad;
    if (!s->open)
        return;
    sim->trouble++;
    if (nib_message_decode(&m, p->octets, p->len, &bad) == NIB_OK && m.flag == NIB_RESPONSE &&
        sim->local->config.mix != NIB_MIX_NEVER)
        s->strikes++;
}

/* NIB-8.29: nobody has more than 16 guesses at one socket. */
static void check_strikes(struct sim *sim, uint32_t slot, uint64_t socket)
{
    const struct sim_slot *s = &sim->local->slots[slot];
    if (s->open && s->socket == socket && s->strikes >= NIB_STRIKES_MAX)
        sim_break(
            sim, SIM_ANEW, "%u responses that do not fit came to one socket", (unsigned)s->strikes);
}

void sim_local_reply(
    struct sim *sim, struct sim_host *host, const struct sim_packet *p, uint32_t slot)
{
    struct sim_local *l = sim->local;
    struct sim_slot *s = &l->slots[slot];
    struct nib_message m;
    note_aimed(sim, slot, p);
    if (withdraw(sim, slot, p))
        return;
    sim_local_begin(sim);
    l->replies++;
    l->packet = p;
    enum meaning meaning = meaning_of(sim, slot, p, &m);
    bool is_first = meaning != MEANS_NOTHING && needs_two(sim, s) && !agrees(&s->first, &m);
    uint64_t socket = s->socket;
    if (meaning != MEANS_NOTHING && needs_two(sim, s) && !is_first)
        l->table.first_ttl_s = s->first.ttl_s;
    if (meaning == MEANS_NOTHING)
        note_strike(sim, slot, p);
    l->unbelieved = is_first;
    if (is_first && s->first.there) { /* one of the two lies */
        sim->trouble++;
        s->first.there = false;
    } else if (is_first) {
        keep_first(&s->first, &m);
    }
    sim_capture(sim, &p->src, &p->dst, p->octets, p->len);
    struct nib_slot from = {slot, s->serial};
    struct nib_decision decision =
        nib_local_reply(&l->logic, sim_clock(sim, host), from, p->octets, p->len, &l->outputs);
    bool took = decision.what == NIB_TOOK_ANSWER || decision.what == NIB_TOOK_FAILURE ||
                decision.what == NIB_TOOK_REFERRAL;
    if (took && (meaning == MEANS_NOTHING || is_first))
        sim_break(sim, is_first ? SIM_TWICE : SIM_TRUE, "a response is taken that is not to be");
    if (took && m.outcome != NIB_FAILURE)
        sim_health_answered(sim, &p->src);
    sim_local_end(sim, host, p, took && m.outcome == NIB_FOUND);
    l->table.first_ttl_s = NIB_TTL_MAX;
    check_strikes(sim, slot, socket);
}
