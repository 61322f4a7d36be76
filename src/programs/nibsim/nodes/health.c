#include "nibsim/nodes/health.h"

#include "nibsim/base/model.h"
#include "nibsim/base/trace.h"

/* With more addresses than that, the local server may forget some. */
enum { REMEMBERED = 8 };

static struct sim_health *health_of(struct sim *sim, const struct nib_addr *addr)
{
    for (int i = 0; i < sim->world.n_authorities; i++) {
        if (nib_addr_equal(&sim->world.authorities[i].ip4, addr))
            return &sim->local->health[i][0];
        if (nib_addr_equal(&sim->world.authorities[i].ip6, addr))
            return &sim->local->health[i][1];
    }
    return NULL;
}

void sim_health_failed(struct sim *sim, const struct nib_addr *addr)
{
    struct sim_health *health = health_of(sim, addr);
    if (health != NULL)
        *health = (struct sim_health){.failed = true, .at = sim->now};
}

void sim_health_answered(struct sim *sim, const struct nib_addr *addr)
{
    struct sim_health *health = health_of(sim, addr);
    if (health != NULL)
        health->failed = health->perhaps = false;
}

static bool is_bad(const struct sim *sim, const struct sim_health *health)
{
    return health->failed && sim->now / 1000 - health->at / 1000 < NIB_DEAD_MS;
}

/*
 * The servers whose time is up at the tick that comes now. Where a request's time is up too, its
 * fetch may end before its server is blamed.
 */
void sim_health_overdue(struct sim *sim, nib_ms now)
{
    const struct sim_local *l = sim->local;
    bool perhaps = nib_heap_due(&l->logic.pending.deadlines) <= now;
    for (uint32_t i = 0; i < l->config.limits.fetches; i++) {
        if (!l->slots[i].open || l->logic.pending.fetches[i].retry.due > now ||
            l->logic.pending.fetches[i].domain_len == 0)
            continue;
        struct sim_health *health = health_of(sim, &l->slots[i].peer);
        if (!perhaps) {
            sim_health_failed(sim, &l->slots[i].peer);
        } else if (health != NULL) {
            health->perhaps = true;
            health->perhaps_at = sim->now;
        }
    }
}

static bool is_good(const struct sim *sim, const struct sim_health *health)
{
    return !is_bad(sim, health) &&
           !(health->perhaps && sim->now / 1000 - health->perhaps_at / 1000 < NIB_DEAD_MS);
}

/* Some address of that domain, known from the start, that did not fail lately. */
static bool has_good(struct sim *sim, int domain)
{
    for (int i = 0; i < sim->world.n_authorities; i++) {
        const struct sim_authority *a = &sim->world.authorities[i];
        const struct sim_health *health = sim->local->health[i];
        if (a->domain == domain && a->behaviour != SIM_SELF &&
            ((a->ip4.family != 0 && is_good(sim, &health[0])) ||
                (a->ip6.family != 0 && is_good(sim, &health[1]))))
            return true;
    }
    return false;
}

void sim_health_check(struct sim *sim, struct nib_text asked, const struct nib_addr *chosen)
{
    int domain = sim_model_domain(&sim->world, asked), addresses = 0;
    const struct sim_health *health = health_of(sim, chosen);
    const struct sim_packet *p = sim->local->packet;
    if (domain < 0 || !sim_same_name(sim->world.domains[domain].name, asked))
        return; /* of a domain that was learnt, with one server at a time */
    for (int i = 0; i < sim->world.n_authorities; i++) {
        const struct sim_authority *a = &sim->world.authorities[i];
        addresses += (a->ip4.family != 0) + (a->ip6.family != 0);
    }
    if (addresses > REMEMBERED || health == NULL || !is_bad(sim, health) ||
        (p != NULL && nib_addr_equal(&p->src, chosen)))
        return;
    if (has_good(sim, domain))
        sim_break(sim, SIM_PREFERRED, "%.*s is asked first of a server that failed %lld ms ago",
            (int)asked.len, asked.ptr, (long long)((sim->now - health->at) / 1000));
}
