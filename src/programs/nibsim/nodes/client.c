#include "nibsim/nodes/client.h"

#include <stdlib.h>

#include "nibsim/base/events.h"
#include "nibsim/base/host.h"
#include "nibsim/base/model.h"
#include "nibsim/base/net.h"
#include "nibsim/base/trace.h"
#include "nibsim/nodes/requests.h"
#include "nibsim/nodes/table.h"

enum { JITTER_MS = 10 };

static void plan(struct sim *sim, uint32_t who)
{
    sim_us pause = sim_between(&sim->work, 0, 2 * sim->mix.think);
    if (sim_one_in(&sim->work, 4))
        pause = 0;
    else if (sim_one_in(&sim->work, 60))
        pause *= 100;
    if (sim->now + pause < sim->mix.length)
        sim_push(sim, sim->now + pause, SIM_LOOKUP, who, NULL);
}

static void start(struct sim *sim, struct sim_host *host)
{
    uint32_t no = host->no;
    static const uint32_t records[] = {0, 1, 3, 50, 200, 200};
    static const nib_ms timeouts[] = {1000, 1000, 1000, 200, 3000};
    static const uint32_t tries[] = {3, 3, 3, 1, 2, 5};
    struct sim_client *c = &sim->clients[no];
    struct sim_rng rng = sim_rng_of(sim->seed, 100 + no);
    c->active = false;
    c->next_id = 0;
    c->timeout_ms = SIM_PICK(&rng, timeouts);
    c->tries = SIM_PICK(&rng, tries);
    c->max_records = SIM_PICK(&rng, records);
    c->self = host->ip4.family != 0 ? host->ip4 : host->ip6;
    c->self.port = (uint16_t)(SIM_FIRST_PORT + sim_below(&sim->chaos, sim->mix.ports));
    sim_table_start(sim, &c->table, (int)no, c->max_records, NIB_TTL_MAX, 0);
    nib_client_init(&c->logic, &c->table.table,
        c->self.family == 4 ? &sim->world.local4 : &sim->world.local6, c->timeout_ms, c->tries);
    c->outputs_block = sim_block_make(nib_outputs_bytes(NIB_CLIENT_OUTPUTS));
    nib_outputs_init(&c->outputs, c->outputs_block.at, NIB_CLIENT_OUTPUTS);
    plan(sim, 1 + no);
}

static void stop(struct sim *sim, struct sim_host *host)
{
    struct sim_client *c = &sim->clients[host->no];
    sim->counts.cut_off += c->active;
    c->active = false;
    sim_table_free(&c->table);
    sim_block_free(&c->outputs_block);
}

/* ---- the end of a lookup ---- */

static nib_ms total_ms(const struct sim_client *c)
{
    return (c->timeout_ms << c->tries) - c->timeout_ms;
}

/* No answer has a reason: something went wrong, or the way is longer than anybody would wait. */
static void check_silence(struct sim *sim, const struct sim_client *c)
{
    nib_ms way_ms = 2 * (sim->mix.delay_max / 1000 + JITTER_MS);
    for (uint32_t i = 0; i < sim->n_hosts; i++)
        if (sim->hosts[i].busy_until > c->began)
            return;
    if (sim->trouble == c->trouble && total_ms(c) > way_ms * (1 + NIB_DATAGRAMS_MAX))
        sim_break(sim, SIM_HONEST, "%s has no answer, though nothing went wrong", c->name);
}

static void check_outcome(struct sim *sim, const struct sim_client *c)
{
    const struct nib_client *logic = &c->logic;
    struct sim_expected expected;
    struct nib_text result = {logic->result, logic->result_len};
    sim_model_answer(&sim->world, logic->name, logic->type, &expected);
    switch (logic->status) {
    case NIB_CLIENT_FOUND:
        if (logic->atype != logic->type || !sim_model_allows(&sim->world, &expected, result))
            sim_break(sim, SIM_TRUE, "client learns of %s: %.*s, which is not true", c->name,
                (int)result.len, result.ptr);
        if (logic->ttl_s > expected.ttl_s)
            sim_break(sim, SIM_TTL, "client learns of %s: TTL %u, at most %u is true", c->name,
                (unsigned)logic->ttl_s, (unsigned)expected.ttl_s);
        break;
    case NIB_CLIENT_NOT_FOUND:
        if (expected.kind != SIM_EXPECT_MISS && !expected.may_miss)
            sim_break(sim, SIM_TRUE, "client learns that %s is not there, but it is", c->name);
        break;
    case NIB_CLIENT_NO_ANSWER:
        check_silence(sim, c);
        break;
    case NIB_CLIENT_FAILURE: /* checked where the local server said it */
        break;
    }
}

static void check_deadline(struct sim *sim, const struct sim_host *host, const struct sim_client *c)
{
    nib_ms took = (sim->now - c->began - (host->paused - c->paused)) / 1000;
    if (took > total_ms(c) + (nib_ms)JITTER_MS * c->tries)
        sim_break(sim, SIM_DEADLINE, "the lookup of %s took %lld ms, %lld are allowed", c->name,
            (long long)took, (long long)total_ms(c));
}

static void note_end(struct sim *sim, const struct sim_client *c, uint32_t no)
{
    const struct nib_client *logic = &c->logic;
    struct sim_counts *counts = &sim->counts;
    switch (logic->status) {
    case NIB_CLIENT_FOUND:
        counts->found++;
        counts->from_table += logic->from_table;
        sim_note(sim, "client %u: %s: %s -> %.*s", (unsigned)no + 1,
            logic->from_table ? "Cached result" : "Record found", c->name, (int)logic->result_len,
            logic->result);
        break;
    case NIB_CLIENT_NOT_FOUND:
        counts->not_found++;
        sim_note(sim, "client %u: Record not found for %s", (unsigned)no + 1, c->name);
        break;
    case NIB_CLIENT_NO_ANSWER:
        counts->no_answer++;
        sim_note(sim, "client %u: No answer for %s", (unsigned)no + 1, c->name);
        break;
    case NIB_CLIENT_FAILURE:
        counts->failure++;
        sim_note(sim, "client %u: Server failure for %s", (unsigned)no + 1, c->name);
        break;
    }
}

static void finish(struct sim *sim, struct sim_host *host, struct sim_client *c)
{
    check_deadline(sim, host, c);
    check_outcome(sim, c);
    note_end(sim, c, host->no);
    c->active = false;
    plan(sim, 1 + host->no);
}

/* ---- steps ---- */

static void check_try(struct sim *sim, const struct sim_client *c, const struct nib_output *o)
{
    struct nib_message m;
    size_t bad;
    nib_ms waited = sim->now / 1000 - c->sent_at / 1000;
    if (nib_message_decode(&m, o->octets, o->len, &bad) != NIB_OK ||
        !nib_addr_equal(&o->path.peer, &c->logic.server) || m.flag != NIB_QUERY ||
        m.qname.len != strlen(c->name) || memcmp(m.qname.ptr, c->name, m.qname.len) != 0)
        sim_break(sim, SIM_ASKED, "the client asks something else than %s", c->name);
    if (m.id != c->next_id)
        sim_break(sim, SIM_IDS, "a client's query has ID %u, %u is next", (unsigned)m.id,
            (unsigned)c->next_id);
    if (c->asked >= c->tries || (c->asked > 0 && waited < c->timeout_ms << (c->asked - 1)))
        sim_break(sim, SIM_PACE, "try %u of a client comes %lld ms after the one before",
            (unsigned)c->asked + 1, (long long)waited);
}

static void drain(struct sim *sim, struct sim_client *c)
{
    for (uint32_t i = 0; i < c->outputs.n; i++) {
        const struct nib_output *o = &c->outputs.items[i];
        if (o->kind != NIB_OUTPUT_QUERY)
            continue;
        check_try(sim, c, o);
        c->asked++;
        c->sent_at = sim->now;
        sim_send(sim, &c->self, &o->path.peer, o->octets, o->len, SIM_GENUINE);
    }
    nib_outputs_clear(&c->outputs);
}

/* After each step of the logic: what it wants sent, and whether its table is right. */
static void after(struct sim *sim, struct sim_host *host, const struct sim_packet *packet)
{
    struct sim_client *c = &sim->clients[host->no];
    bool ended = nib_client_deadline(&c->logic) == NIB_NEVER;
    bool took = ended && packet != NULL && c->logic.status == NIB_CLIENT_FOUND;
    sim->step++;
    sim_table_check(sim, &c->table, host, packet, took);
    drain(sim, c);
    if (!ended)
        return;
    c->next_id += c->asked > 0;
    finish(sim, host, c);
}

/* The next datagram; the packet stays the caller's. */
static void read_packet(struct sim *sim, struct sim_host *host, const struct sim_packet *p)
{
    struct sim_client *c = &sim->clients[host->no];
    if (p->refusal) {
        sim->trouble++;
        (void)nib_client_unreachable(&c->logic, sim_clock(sim, host), &c->outputs);
        after(sim, host, NULL);
        return;
    }
    if (!p->genuine && nib_addr_equal(&p->src, &c->logic.server) &&
        sim_fits(p, c->logic.query, c->logic.query_len)) {
        sim->counts.withdrawn++;
        return;
    }
    (void)nib_client_input(
        &c->logic, sim_clock(sim, host), &p->src, p->octets, p->len, &c->outputs);
    after(sim, host, p);
}

/* Nothing is asked: whatever comes now comes too late. */
static void read_late(struct sim *sim, struct sim_host *host, const struct sim_packet *p)
{
    struct sim_client *c = &sim->clients[host->no];
    sim->step++;
    sim->counts.late++;
    struct nib_decision decision =
        nib_client_input(&c->logic, sim_clock(sim, host), &p->src, p->octets, p->len, &c->outputs);
    if (decision.what != NIB_DROPPED_LATE || c->outputs.n > 0)
        sim_break(sim, SIM_ONCE, "a client that asks nothing takes an answer for %s", c->name);
    sim_table_check(sim, &c->table, host, NULL, false);
}

/*
 * As the program does: datagrams wait in the socket until a lookup reads them. At times they are
 * read at once.
 */
static void turn(struct sim *sim, struct sim_host *host)
{
    struct sim_client *c = &sim->clients[host->no];
    uint32_t read = 0;
    sim_table_check(sim, &c->table, host, NULL, false);
    for (; read < host->n_inbox && !c->active && sim->mix.late; read++) {
        if (!host->inbox[read]->refusal)
            read_late(sim, host, host->inbox[read]);
        free(host->inbox[read]);
    }
    for (; read < host->n_inbox && c->active; read++) {
        read_packet(sim, host, host->inbox[read]);
        free(host->inbox[read]);
    }
    host->n_inbox -= read;
    memmove(host->inbox, host->inbox + read, host->n_inbox * sizeof(struct sim_packet *));
    if (!c->active)
        return;
    (void)nib_client_tick(&c->logic, sim_clock(sim, host), &c->outputs);
    after(sim, host, NULL);
    if (!c->active)
        return;
    nib_ms due = nib_client_deadline(&c->logic);
    if (due <= sim_clock(sim, host))
        sim_break(sim, SIM_PACE, "after a tick a client's try is still due");
    sim_wake(sim, 1 + host->no, sim_when(host, due));
}

static bool takes(struct sim *sim, struct sim_host *host, struct sim_packet *p)
{
    return nib_addr_equal(&p->dst, &sim->clients[host->no].self);
}

const struct sim_program sim_client_program = {start, stop, turn, takes};

/* ---- what is looked up ---- */

static void draw_name(struct sim *sim, struct sim_client *c)
{
    struct sim_rng *rng = &sim->work;
    uint32_t n = (uint32_t)sim->world.n_names;
    uint32_t hot = (uint32_t)(sim->now / (4 * sim->mix.think + 1)) * 7919; /* all ask for it now */
    uint32_t any = sim_below(rng, n);
    struct nib_text name = sim->world.names[sim_one_in(rng, 2) ? hot % n : any];
    bool vary = sim_one_in(rng, 4);
    memcpy(c->name, name.ptr, name.len);
    c->name[name.len] = '\0';
    for (size_t i = 0; vary && i < name.len; i++) {
        char letter = (char)(c->name[i] | 0x20);
        if (letter >= 'a' && letter <= 'z' && sim_one_in(rng, 2))
            c->name[i] ^= 0x20;
    }
}

void sim_client_look_up(struct sim *sim, struct sim_host *host)
{
    static const enum nib_type types[] = {NIB_A, NIB_A, NIB_A, NIB_A, NIB_TYPES(NIB_TYPE_SYMBOL)};
    struct sim_client *c = &sim->clients[host->no];
    if (!host->up || c->active)
        return;
    if (sim->now < host->busy_until) {
        sim_push(sim, host->busy_until, SIM_LOOKUP, 1 + host->no, NULL);
        return;
    }
    draw_name(sim, c);
    enum nib_type type = SIM_PICK(&sim->work, types);
    c->active = true;
    c->began = sim->now;
    c->paused = host->paused;
    c->trouble = sim_trouble_before(sim);
    c->asked = 0;
    sim->counts.lookups++;
    struct nib_text name = {c->name, strlen(c->name)};
    (void)nib_client_start(&c->logic, sim_clock(sim, host), name, type, &c->outputs);
    after(sim, host, NULL);
    if (c->active) /* what has waited in the socket comes first */
        sim_wake(sim, 1 + host->no,
            host->n_inbox > 0 ? sim->now : sim_when(host, nib_client_deadline(&c->logic)));
}

void sim_client_quiet(struct sim *sim, uint32_t no)
{
    struct sim_client *c = &sim->clients[no];
    if (c->active || nib_client_deadline(&c->logic) != NIB_NEVER)
        sim_break(sim, SIM_QUIET, "the lookup of %s does not end", c->name);
    sim_table_empty(sim, &c->table, sim_clock(sim, &sim->hosts[1 + no]));
}
