#include "nibsim/base/net.h"

#include <stdlib.h>

#include "nibdns/message.h"
#include "nibsim/base/events.h"
#include "nibsim/base/host.h"
#include "nibsim/base/model.h"
#include "nibsim/base/trace.h"

/* The answer's end, from its TTL on: octets enough and none too many, nothing that is out of
 * bounds. */
static bool ends_well(const uint8_t *p, size_t len)
{
    bool no_ttl = len > 5 && (p[0] | p[1] | p[2] | p[3]) == 0;
    bool miss = len == 5 + 16 && memcmp(p + 5, "Record not found", 16) == 0;
    miss = miss || (len == 5 + 14 && memcmp(p + 5, "Server failure", 14) == 0);
    return len > 5 && p[0] < 0x80 && len == 5 + (size_t)p[4] && (no_ttl || !miss);
}

/* Told once more, octet by octet, so that a fault in the code under test does not hide itself. */
bool sim_fits(const struct sim_packet *packet, const uint8_t *query, size_t len)
{
    const uint8_t *p = packet->octets;
    struct nib_message m;
    size_t bad, name_len = len - NIB_AT_QNAME, end = len + 2 + name_len;
    return packet->len > end && memcmp(p, query, 4) == 0 &&
           p[NIB_AT_FLAG_TYPE] == (0x10 | query[NIB_AT_FLAG_TYPE]) &&
           memcmp(p + NIB_AT_QNAME_LEN, query + NIB_AT_QNAME_LEN, 1 + name_len) == 0 &&
           (p[len] == query[NIB_AT_FLAG_TYPE] || p[len] == NIB_CNAME) &&
           memcmp(p + len + 1, query + NIB_AT_QNAME_LEN, 1 + name_len) == 0 &&
           ends_well(p + end, packet->len - end) &&
           nib_message_decode(&m, p, packet->len, &bad) == NIB_OK;
}

bool sim_refers(
    const struct sim_packet *packet, const uint8_t *query, size_t len, size_t domain_len)
{
    const uint8_t *p = packet->octets, *name = query + NIB_AT_QNAME;
    struct nib_message m;
    size_t bad, name_len = len - NIB_AT_QNAME;
    if (packet->len <= len + 2 || memcmp(p, query, 4) != 0 ||
        p[NIB_AT_FLAG_TYPE] != (0x10 | query[NIB_AT_FLAG_TYPE]) ||
        memcmp(p + NIB_AT_QNAME_LEN, query + NIB_AT_QNAME_LEN, 1 + name_len) != 0 ||
        nib_message_decode(&m, p, packet->len, &bad) != NIB_OK)
        return false;
    size_t cut = name_len - m.aname.len;
    return m.atype == NIB_NS && m.outcome == NIB_FOUND && m.aname.len > domain_len &&
           m.aname.len <= name_len && memcmp(name + cut, m.aname.ptr, m.aname.len) == 0 &&
           (cut == 0 ? m.qtype != NIB_NS : name[cut - 1] == '.');
}

/* ---- on the way ---- */

/* Whether a damaged response says something else than the one that was sent. */
static bool lies(const struct nib_message *was, const struct nib_message *is)
{
    if (is->flag != NIB_RESPONSE)
        return false;
    return is->atype != was->atype || is->ttl_s != was->ttl_s ||
           !nib_text_same(is->result, was->result) ||
           (!nib_text_same(is->qname, was->qname) && nib_text_same(is->qname, is->aname)) ||
           (!nib_text_same(is->aname, was->aname) && sim_is_under(is->qname, is->aname));
}

static void damage(struct sim_rng *rng, struct sim_packet *p)
{
    uint32_t how = sim_below(rng, 16);
    if (how == 0) {
        p->len = sim_below(rng, (uint32_t)p->len + 1);
    } else if (how == 1 && p->len < SIM_OCTETS) {
        p->octets[p->len++] = (uint8_t)sim_below(rng, 256);
    } else if (p->len > 0) {
        for (uint32_t flips = 1 + how / 8; flips > 0; flips--) {
            uint32_t at = sim_below(rng, (uint32_t)p->len);
            p->octets[at] ^= (uint8_t)(1u << sim_below(rng, 8));
        }
    }
}

/*
 * Bits that fall over. What no receiver could tell from the truth (another result, another TTL) is
 * left to the UDP checksum: such a datagram is lost. Everything else arrives, as if there were
 * none.
 */
static bool corrupt(struct sim *sim, struct sim_packet *p)
{
    struct sim_packet sent = *p;
    struct nib_message was, is;
    size_t bad;
    damage(&sim->net, p);
    sim->trouble++;
    sim->counts.corrupted++;
    if (nib_message_decode(&was, sent.octets, sent.len, &bad) != NIB_OK ||
        nib_message_decode(&is, p->octets, p->len, &bad) != NIB_OK || !lies(&was, &is))
        return true;
    sim->counts.caught++;
    return false;
}

static bool is_cut(struct sim *sim, const struct sim_packet *p)
{
    if (sim->now >= sim->cut_until)
        return false;
    const struct sim_host *from = sim_host_at(sim, &p->src), *to = sim_host_at(sim, &p->dst);
    const struct sim_host *a = &sim->hosts[sim->cut_a], *b = &sim->hosts[sim->cut_b];
    return (from == a && to == b) || (from == b && to == a);
}

static void lose(struct sim *sim, struct sim_packet *p, const char *why)
{
    sim->trouble++;
    sim->counts.lost++;
    sim_note_packet(sim, p, why);
    free(p);
}

/* One copy sets out. */
static void launch(struct sim *sim, const struct sim_packet *packet, const char *remark)
{
    struct sim_packet *p = malloc(sizeof *p);
    if (p == NULL)
        abort();
    *p = *packet;
    if (is_cut(sim, p)) {
        lose(sim, p, "lost: the link is cut");
        return;
    }
    if (sim_chance(&sim->net, sim->mix.loss)) {
        lose(sim, p, "lost");
        return;
    }
    if (!p->refusal && sim_chance(&sim->net, sim->mix.corrupt)) {
        remark = "damaged";
        if (!corrupt(sim, p)) {
            lose(sim, p, "lost: damaged, and the checksum shows it");
            return;
        }
    }
    sim_us delay = sim_between(&sim->net, sim->mix.delay_min, sim->mix.delay_max);
    if (sim_chance(&sim->net, sim->mix.slow)) {
        delay += sim_between(&sim->net, 0, 10000000);
        sim->trouble++;
        sim->counts.slow++;
        remark = "slow";
    }
    sim_note_packet(sim, p, remark);
    sim_push(sim, sim->now + delay, SIM_ARRIVE, 0, p);
}

void sim_send(struct sim *sim, const struct nib_addr *src, const struct nib_addr *dst,
    const uint8_t *octets, size_t len, enum sim_origin origin)
{
    struct sim_packet p = {.src = *src,
        .dst = *dst,
        .len = len,
        .genuine = origin == SIM_GENUINE,
        .spoofed = origin == SIM_FORGED || origin == SIM_AIMED,
        .aimed = origin == SIM_AIMED};
    memcpy(p.octets, octets, len);
    sim->counts.datagrams++;
    sim->counts.spoofed += p.spoofed;
    launch(sim, &p, p.spoofed ? "spoofed" : "");
    if (!sim_chance(&sim->net, sim->mix.duplicate))
        return;
    sim->counts.duplicated++;
    launch(sim, &p, "duplicate");
}

/* ---- arrival ---- */

/* Nobody listens: the sender is told. A refusal is not refused. */
static void refuse(struct sim *sim, struct sim_packet *p)
{
    struct sim_packet told = {.src = p->dst, .dst = p->src, .refusal = true};
    if (!p->refusal) {
        sim->counts.refused++;
        launch(sim, &told, "");
    }
    free(p);
}

static bool is_silent(const struct sim *sim, const struct sim_host *host)
{
    return host->role == SIM_AUTHORITY &&
           (sim->world.authorities[host->no].behaviour == SIM_DEAD ||
               sim->world.authorities[host->no].behaviour == SIM_NO_ROUTE);
}

void sim_arrive(struct sim *sim, struct sim_packet *p)
{
    struct sim_host *host = sim_host_at(sim, &p->dst);
    if (host == NULL || !host->up || is_silent(sim, host)) {
        lose(sim, p, "lost: nobody is there");
    } else if (!host->program->takes(sim, host, p)) {
        refuse(sim, p);
    } else if (host->n_inbox == SIM_INBOX) {
        sim->counts.overflown++;
        lose(sim, p, "lost: the buffer is full");
    } else {
        host->inbox[host->n_inbox++] = p;
        sim_us latency = sim_between(&sim->net, 0, sim_one_in(&sim->chaos, 16) ? 5000 : 100);
        sim_wake(sim, (uint32_t)(host - sim->hosts), sim->now + latency);
    }
}

struct nib_text sim_lie(enum nib_type type, struct nib_text name)
{
    switch (type) {
    case NIB_A:
        return NIB_TEXT("6.6.6.6");
    case NIB_AAAA:
        return NIB_TEXT("2001:db8::6");
    case NIB_CNAME:
    case NIB_NS:
        break;
    }
    return name;
}
