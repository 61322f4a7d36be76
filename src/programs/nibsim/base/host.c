#include "nibsim/base/host.h"

#include "nibsim/base/events.h"

nib_ms sim_clock(const struct sim *sim, const struct sim_host *host)
{
    return sim->now / 1000 + host->boot;
}

sim_us sim_when(const struct sim_host *host, nib_ms at)
{
    return (at - host->boot) * 1000;
}

void sim_wake(struct sim *sim, uint32_t no, sim_us at)
{
    struct sim_host *host = &sim->hosts[no];
    if (at < host->busy_until)
        at = host->busy_until;
    if (at < sim->now)
        at = sim->now;
    if (!host->up || at >= host->wake_at)
        return;
    host->wake_at = at;
    sim_push(sim, at, SIM_WAKE, no, NULL);
}

struct sim_host *sim_host_at(struct sim *sim, const struct nib_addr *addr)
{
    for (uint32_t i = 0; i < sim->n_hosts; i++) {
        struct sim_host *host = &sim->hosts[i];
        if (nib_ip_equal(&host->ip4, addr) || nib_ip_equal(&host->ip6, addr))
            return host;
    }
    return NULL;
}
