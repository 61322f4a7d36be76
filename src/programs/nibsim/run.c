#include "nibsim/run.h"

#include <stdlib.h>

#include "nibsim/base/events.h"
#include "nibsim/base/generate.h"
#include "nibsim/base/host.h"
#include "nibsim/base/mix.h"
#include "nibsim/base/net.h"
#include "nibsim/base/trace.h"
#include "nibsim/nodes/attacker.h"
#include "nibsim/nodes/authority.h"
#include "nibsim/nodes/client.h"
#include "nibsim/nodes/local.h"

enum { PROGRESS_EVENTS = 65536 }; /* between looks at how far it is */

/* ---- hosts and their time ---- */

/* At times a host gets no turn for a while, and all that is for it has to wait. */
static bool pauses(struct sim *sim, struct sim_host *host)
{
    if (!sim->mix.pause || sim->closing || !sim_one_in(&sim->chaos, 500))
        return false;
    sim_us length = sim_between(&sim->chaos, 1000, 10000000);
    host->busy_until = sim->now + length;
    host->paused += length;
    sim->trouble++;
    sim->counts.pauses++;
    sim_note(sim, "host %u gets no time for %lld ms", (unsigned)(host - sim->hosts),
        (long long)(length / 1000));
    return true;
}

static void wake(struct sim *sim, uint32_t no, sim_us at)
{
    struct sim_host *host = &sim->hosts[no];
    if (!host->up || host->wake_at != at)
        return;
    host->wake_at = SIM_NEVER;
    if (sim->now < host->busy_until || pauses(sim, host)) {
        sim_wake(sim, no, host->busy_until);
        return;
    }
    host->program->turn(sim, host);
}

static void start(struct sim *sim, uint32_t no)
{
    static const nib_ms boots[] = {0, 0, 1, 3000000000, (nib_ms)1 << 50};
    struct sim_host *host = &sim->hosts[no];
    host->up = true;
    host->wake_at = SIM_NEVER;
    host->busy_until = 0;
    host->boot = SIM_PICK(&sim->chaos, boots);
    host->program->start(sim, host);
}

static void stop(struct sim *sim, uint32_t no)
{
    struct sim_host *host = &sim->hosts[no];
    for (; host->n_inbox > 0; host->n_inbox--)
        free(host->inbox[host->n_inbox - 1]);
    host->up = false;
    host->program->stop(sim, host);
}

/* ---- what goes wrong now and then ---- */

static void again(struct sim *sim, enum sim_kind kind, sim_us min, sim_us max)
{
    sim_us at = sim->now + sim_between(&sim->chaos, min, max);
    if (at < sim->mix.length)
        sim_push(sim, at, kind, 0, NULL);
}

static void crash(struct sim *sim)
{
    uint32_t no = sim_one_in(&sim->chaos, 3) ? 0 : sim_below(&sim->chaos, sim->n_hosts);
    again(sim, SIM_STOP, 100000, sim->mix.length / 4 + 200000);
    if (!sim->hosts[no].up)
        return;
    sim->trouble++;
    sim->counts.crashes++;
    sim_note(sim, "host %u stops, and forgets all", (unsigned)no);
    stop(sim, no);
    sim_us length = sim_between(&sim->chaos, 0, 20000000);
    sim_push(sim, sim->now + length, SIM_RETURN, no, NULL);
}

static void cut(struct sim *sim)
{
    again(sim, SIM_CUT, 100000, sim->mix.length / 4 + 200000);
    sim->cut_a = sim_one_in(&sim->chaos, 2) ? 0 : sim_below(&sim->chaos, sim->n_hosts);
    sim->cut_b = sim_below(&sim->chaos, sim->n_hosts);
    sim_us length = sim_between(&sim->chaos, 1000, 30000000);
    sim->cut_until = sim->now + length;
    sim->counts.cuts++;
    sim_note(sim, "the link between host %u and host %u is cut for %lld ms", (unsigned)sim->cut_a,
        (unsigned)sim->cut_b, (long long)(length / 1000));
}

/* A delegation comes or goes: the servers above read their records again. */
static void delegate(struct sim *sim)
{
    struct sim_world *world = &sim->world;
    int d = (int)sim_below(&sim->chaos, (uint32_t)world->n_domains);
    struct sim_domain *domain = &world->domains[d];
    again(sim, SIM_DELEGATE, 100000, sim->mix.length / 8 + 200000);
    if (!domain->flickers)
        return;
    domain->away = !domain->away;
    sim->counts.delegations++;
    sim_note(sim, "%.*s is %s", (int)domain->name.len, domain->name.ptr,
        domain->away ? "delegated no more" : "delegated again");
    for (uint32_t i = 0; i < sim->n_hosts; i++) {
        const struct sim_host *host = &sim->hosts[i];
        if (host->role == SIM_AUTHORITY && host->up &&
            world->authorities[host->no].domain == domain->parent)
            sim_authority_reload(sim, host->no);
    }
}

static bool has_flickering(const struct sim_world *world)
{
    for (int d = 0; d < world->n_domains; d++)
        if (world->domains[d].flickers)
            return true;
    return false;
}

static void happen(struct sim *sim, const struct sim_event *event)
{
    switch (event->kind) {
    case SIM_ARRIVE:
        sim_arrive(sim, event->packet);
        break;
    case SIM_WAKE:
        wake(sim, event->who, event->at);
        break;
    case SIM_LOOKUP:
        sim_client_look_up(sim, &sim->hosts[event->who]);
        break;
    case SIM_STOP:
        crash(sim);
        break;
    case SIM_RETURN:
        sim_note(sim, "host %u comes back", (unsigned)event->who);
        start(sim, event->who);
        break;
    case SIM_CUT:
        cut(sim);
        break;
    case SIM_ATTACK:
        again(sim, SIM_ATTACK, 1000, sim->mix.think);
        sim_attack(sim);
        break;
    case SIM_RELOAD:
        again(sim, SIM_RELOAD, 100000, sim->mix.length / 8 + 200000);
        sim_local_reload(sim);
        break;
    case SIM_DELEGATE:
        delegate(sim);
        break;
    case SIM_PROBE:
        sim_wake(sim, event->who, sim->now);
        break;
    }
}

/* ---- a run ---- */

static uint32_t add_host(struct sim *sim, enum sim_role role, uint32_t no)
{
    struct sim_host *host = &sim->hosts[sim->n_hosts];
    static const struct sim_program *const programs[] = {[SIM_LOCAL_SERVER] = &sim_local_program,
        [SIM_CLIENT] = &sim_client_program,
        [SIM_AUTHORITY] = &sim_authority_program};
    *host = (struct sim_host){.role = role, .no = no, .program = programs[role]};
    switch (role) {
    case SIM_LOCAL_SERVER:
        host->ip4 = sim->world.local4;
        host->ip6 = sim->world.local6;
        break;
    case SIM_CLIENT:
        if (no % 4 == 3)
            host->ip6 =
                (struct nib_addr){.ip = {0xfd, [14] = 1, [15] = (uint8_t)(no + 1)}, .family = 6};
        else
            host->ip4 = (struct nib_addr){.ip = {10, 0, 1, (uint8_t)(no + 1)}, .family = 4};
        break;
    case SIM_AUTHORITY:
        host->ip4 = sim->world.authorities[no].ip4;
        host->ip6 = sim->world.authorities[no].ip6;
        break;
    }
    return sim->n_hosts++;
}

static void begin(struct sim *sim)
{
    (void)add_host(sim, SIM_LOCAL_SERVER, 0);
    for (uint32_t i = 0; i < sim->mix.clients; i++)
        (void)add_host(sim, SIM_CLIENT, i);
    for (int i = 0; i < sim->world.n_authorities; i++)
        if (sim->world.authorities[i].behaviour != SIM_SELF)
            (void)add_host(sim, SIM_AUTHORITY, (uint32_t)i);
    for (uint32_t i = 0; i < sim->n_hosts; i++)
        start(sim, i);
    if (sim->mix.crash)
        again(sim, SIM_STOP, 0, sim->mix.length);
    if (sim->mix.cut)
        again(sim, SIM_CUT, 0, sim->mix.length);
    if (sim->mix.spoof)
        again(sim, SIM_ATTACK, 0, sim->mix.think);
    if (sim->mix.reload)
        again(sim, SIM_RELOAD, 0, sim->mix.length);
    if (has_flickering(&sim->world))
        again(sim, SIM_DELEGATE, 0, sim->mix.length);
}

/* When all is quiet nothing may be left over. */
static void end(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->mix.clients; i++)
        sim_client_quiet(sim, i);
    sim_local_quiet(sim);
    for (uint32_t i = 0; i < sim->n_hosts; i++)
        stop(sim, i);
}

void sim_run(struct sim *sim, uint64_t seed)
{
    static struct sim_local local;
    static struct sim_client clients[SIM_CLIENTS];
    static struct sim_name_server name_servers[SIM_AUTHORITIES];
    sim->local = &local;
    sim->clients = clients;
    sim->name_servers = name_servers;
    memset(&sim->mix, 0, sizeof sim->mix);
    sim->seed = seed;
    sim->now = sim->cut_until = 0;
    sim->event_no = sim->step = sim->trouble = 0;
    sim->n_hosts = 0;
    sim->closing = false;
    sim_trace_run(sim);
    sim_world_make(&sim->world, seed);
    sim->net = sim_rng_of(seed, 2);
    sim->work = sim_rng_of(seed, 3);
    sim->chaos = sim_rng_of(seed, 4);
    sim->attack = sim_rng_of(seed, 5);
    sim_mix_draw(sim);
    begin(sim);
    while (sim->n_queue > 0) {
        struct sim_event event = sim_pop(sim);
        sim->now = event.at;
        sim->closing = sim->closing || sim->now >= sim->mix.length;
        sim->counts.events++;
        happen(sim, &event);
        if (sim->counts.events % PROGRESS_EVENTS == 0)
            nib_progress_at(&sim->progress,
                sim->runs * 1000 + (uint64_t)(sim->now * 1000 / sim->mix.length) % 1000);
    }
    end(sim);
}
