#include "nibsim/nodes/local.h"

#include <stdlib.h>

#include "nibsim/base/host.h"
#include "nibsim/base/model.h"
#include "nibsim/base/trace.h"
#include "nibsim/nodes/health.h"
#include "nibsim/nodes/replies.h"
#include "nibsim/nodes/requests.h"
#include "nibsim/nodes/sockets.h"
#include "nibsim/nodes/step.h"
#include "nibsim/nodes/table.h"

/* ---- its turns ---- */

static void read_request(struct sim *sim, struct sim_host *host, const struct sim_packet *p)
{
    struct sim_local *l = sim->local;
    struct nib_path path = {.peer = p->src, .self = p->dst, .listener = p->dst.family == 4 ? 0 : 1};
    struct nib_message m;
    size_t bad;
    sim_local_begin(sim);
    l->fed++;
    enum nib_err err = nib_message_decode(&m, p->octets, p->len, &bad);
    if (err == NIB_OK && m.flag == NIB_QUERY) {
        sim_requests_query(sim, &path, &m);
    } else {
        l->fed_malformed += err != NIB_OK;
        l->fed_responses += err == NIB_OK;
        l->mute = SIM_SILENT;
    }
    sim_capture(sim, &p->src, &p->dst, p->octets, p->len);
    (void)nib_local_input(&l->logic, sim_clock(sim, host), &path, p->octets, p->len, &l->outputs);
    sim_local_end(sim, host, NULL, false);
}

/* What came to a socket: lost when that was closed, or (at times) read too late. */
static void read_socket(struct sim *sim, struct sim_host *host, const struct sim_packet *p)
{
    struct sim_local *l = sim->local;
    uint32_t slot = 0;
    while (slot < SIM_SLOTS && l->slots[slot].socket != p->socket)
        slot++;
    struct sim_slot *s = &l->slots[slot < SIM_SLOTS ? slot : 0];
    if (slot == SIM_SLOTS || !s->open) {
        if (!sim->mix.late || p->refusal || slot == SIM_SLOTS || !sim_one_in(&sim->chaos, 4))
            return;
        sim->counts.late++;
    }
    if (!p->refusal) {
        sim_local_reply(sim, host, p, slot);
    } else if (s->refused) {
        sim_local_begin(sim);
        sim->trouble++;
        s->refused = false;
        sim_health_failed(sim, &s->peer);
        (void)nib_local_unreachable(
            &l->logic, sim_clock(sim, host), (struct nib_slot){slot, s->serial}, &l->outputs);
        sim_local_end(sim, host, NULL, false);
    }
}

static void turn(struct sim *sim, struct sim_host *host)
{
    struct sim_local *l = sim->local;
    nib_ms now = sim_clock(sim, host);
    sim_table_check(sim, &l->table, host, NULL, false);
    for (uint32_t i = 0; i < host->n_inbox; i++) {
        struct sim_packet *p = host->inbox[i];
        if (p->dst.port == NIB_PORT_LOCAL)
            read_request(sim, host, p);
        else
            read_socket(sim, host, p);
        free(p);
    }
    host->n_inbox = 0;
    sim_local_begin(sim);
    if (nib_local_deadline(&l->logic) <= now)
        sim->trouble++; /* somebody did not answer in time */
    sim_health_overdue(sim, now);
    nib_local_tick(&l->logic, now, &l->outputs);
    sim_local_end(sim, host, NULL, false);
    nib_ms due = nib_local_deadline(&l->logic);
    if (due <= now)
        sim_break(sim, SIM_PACE, "after a tick something is still due");
    if (due != NIB_NEVER) {
        sim_us jitter = sim_one_in(&sim->chaos, 4) ? 3000 : 0;
        sim_wake(sim, 0, sim_when(host, due) + jitter);
    }
}

/* ---- its life ---- */

static void add_forwarder(struct nib_local_config *config, const struct nib_addr *addr)
{
    if (addr->family != 0 && config->n_forwarders < NIB_FORWARDERS_MAX)
        config->forwarders[config->n_forwarders++] = *addr;
}

static void set_forwarders(struct sim *sim)
{
    const struct sim_world *world = &sim->world;
    for (int i = 0; i < world->n_authorities; i++) {
        const struct sim_authority *a = &world->authorities[i];
        if (!world->domains[a->domain].forwarded)
            continue;
        add_forwarder(&sim->local->config, &a->ip4);
        add_forwarder(&sim->local->config, &a->ip6);
    }
}

static void draw_config(struct sim *sim)
{
    static const uint32_t records[] = {0, 1, 2, 4, 8, 30, 200, 200};
    static const uint32_t fetches[] = {1, 2, 4, 16, SIM_SLOTS, SIM_SLOTS, SIM_SLOTS};
    static const nib_ms timeouts[] = {500, 500, 500, 500, 50, 2000, 2000, 1};
    static const uint32_t tries[] = {3, 3, 3, 1, 2, 5, 16};
    static const nib_ms deadlines[] = {6000, 6000, 6000, 6000, 1000, 30000};
    static const uint32_t max_ns_ttls[] = {3600, 3600, 3600, 10, 1, 0};
    static const enum nib_mix mixes[] = {NIB_MIX_AUTO, NIB_MIX_AUTO, NIB_MIX_ALWAYS, NIB_MIX_NEVER};
    struct sim_local *l = sim->local;
    struct sim_rng rng = sim_rng_of(sim->seed, 7);
    struct nib_local_limits limits;
    limits.records = SIM_PICK(&rng, records);
    limits.fetches = SIM_PICK(&rng, fetches);
    limits.requests = limits.fetches * (sim_one_in(&rng, 4) ? 1 : 4);
    l->config = (struct nib_local_config){.limits = limits,
        .static_ttl_s = sim->world.static_ttl_s,
        .max_ttl_s = sim->world.max_ttl_s,
        .timeout_ms = SIM_PICK(&rng, timeouts),
        .upstream_port = sim->world.upstream_port};
    l->config.tries = SIM_PICK(&rng, tries);
    l->config.deadline_ms = SIM_PICK(&rng, deadlines);
    l->config.max_ns_ttl_s = SIM_PICK(&rng, max_ns_ttls);
    l->config.mix = SIM_PICK(&rng, mixes);
    l->config.letters_seed = sim_draw(&rng);
    set_forwarders(sim);
    sim->world.forgets =
        limits.records < 100 || l->config.max_ttl_s < 60 || l->config.max_ns_ttl_s < 60;
}

static void start(struct sim *sim, struct sim_host *host)
{
    (void)host;
    struct sim_local *l = sim->local;
    const struct nib_addr own[] = {sim->world.local4, sim->world.local6};
    uint64_t sockets = l->sockets;
    memset(l, 0, sizeof *l);
    l->sockets = sockets;
    draw_config(sim);
    sim_table_start(sim, &l->table, SIM_LOCAL, 0, l->config.max_ttl_s, 0);
    l->table.max_ns_ttl_s = l->config.max_ns_ttl_s;
    l->config.seed = l->table.table.zone->seed;
    l->block = sim_block_make(nib_local_bytes(&l->config.limits));
    nib_local_open(&l->logic, &l->table.table, l->block.at, &l->config);
    nib_local_set_own(&l->logic, own, sizeof own / sizeof own[0]);
    uint32_t outputs = 2 * nib_local_outputs_max(&l->config.limits, 1);
    l->outputs_block = sim_block_make(nib_outputs_bytes(outputs));
    nib_outputs_init(&l->outputs, l->outputs_block.at, outputs);
}

static void stop(struct sim *sim, struct sim_host *host)
{
    (void)host;
    struct sim_local *l = sim->local;
    const uint64_t *c = l->logic.counters;
    sim->counts.fetches += c[NIB_LOCAL_FETCHES];
    sim->counts.shared += c[NIB_LOCAL_SHARED];
    sim->counts.full += c[NIB_LOCAL_PENDING_FULL];
    for (int i = 0; i < SIM_SLOTS; i++)
        l->slots[i].open = false;
    l->n_requests = 0;
    sim_table_free(&l->table);
    sim_block_free(&l->block);
    sim_block_free(&l->outputs_block);
}

static bool takes(struct sim *sim, struct sim_host *host, struct sim_packet *p)
{
    (void)host;
    if (p->dst.port == NIB_PORT_LOCAL)
        return true;
    struct sim_slot *slot = sim_local_socket(sim, p->dst.port);
    if (slot == NULL || !nib_addr_equal(&slot->peer, &p->src) ||
        !nib_addr_equal(&slot->self, &p->dst))
        return false;
    p->socket = slot->socket;
    slot->refused = slot->refused || p->refusal;
    return true;
}

const struct sim_program sim_local_program = {start, stop, turn, takes};

static bool is_asked(const struct sim *sim, const struct sim_record *r)
{
    for (int i = 0; i < SIM_SLOTS; i++) {
        const struct sim_slot *s = &sim->local->slots[i];
        struct nib_text name = {(const char *)s->query + NIB_AT_QNAME, s->len - NIB_AT_QNAME};
        if (s->open && s->query[NIB_AT_FLAG_TYPE] == r->type && sim_same_name(name, r->name))
            return true;
    }
    return false;
}

/*
 * The records are read again: with one more of a domain's own, best of a name that is just being
 * asked for, or as they were.
 */
void sim_local_reload(struct sim *sim)
{
    struct sim_local *l = sim->local;
    struct sim_host *host = &sim->hosts[0];
    const struct sim_world *world = &sim->world;
    if (!host->up)
        return;
    l->pin = NULL;
    for (int i = 0; i < world->n_records && l->pin == NULL; i++) {
        const struct sim_record *r = &world->records[i];
        bool goes_home = r->result.len > 4 && memcmp(r->result.ptr, "127.", 4) == 0;
        if (r->owner >= 0 && !goes_home && r->type != NIB_NS &&
            sim_model_domain(world, r->name) == r->owner &&
            sim_model_record(world, SIM_LOCAL, r->name, r->type) == NULL &&
            (is_asked(sim, r) || sim_one_in(&sim->chaos, 100)))
            l->pin = r;
    }
    sim->counts.reloads++;
    sim_note(sim, "local reads its records again, with %.*s %s",
        l->pin == NULL ? 7 : (int)l->pin->name.len, l->pin == NULL ? "no more" : l->pin->name.ptr,
        l->pin == NULL ? "" : nib_type_name(l->pin->type));
    sim_local_begin(sim);
    sim_table_reload(sim, &l->table, l->pin);
    sim_local_end(sim, host, NULL, false);
}

/* What the counters say as text is what they are. */
static void check_text(struct sim *sim)
{
    uint8_t text[8192];
    struct nib_writer w = nib_writer_init(text, sizeof text - 1);
    nib_local_counters(&sim->local->logic, &w);
    text[w.off] = '\0';
    if (w.full || strstr((const char *)text, "\nwaiting: 0\n") == NULL)
        sim_break(sim, SIM_COUNTERS, "the counters' text does not say that nobody waits");
}

void sim_local_quiet(struct sim *sim)
{
    struct sim_local *l = sim->local;
    struct sim_host *host = &sim->hosts[0];
    if (l->logic.pending.n_fetches != 0 || l->logic.pending.n_requests != 0 || l->n_requests != 0 ||
        nib_local_deadline(&l->logic) != NIB_NEVER)
        sim_break(sim, SIM_QUIET, "%u fetches and %u requests are left",
            (unsigned)l->logic.pending.n_fetches, (unsigned)l->logic.pending.n_requests);
    check_text(sim);
    sim_table_empty(sim, &l->table, sim_clock(sim, host));
}
