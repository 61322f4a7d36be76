#include "nibsim/base/zone.h"

#include "nibsim/base/model.h"

/* A domain's servers have its data; those of a hidden one what their parent has of it. */
static bool belongs(const struct sim_world *world, int owner, const struct sim_record *r)
{
    if (owner == SIM_LOCAL)
        return r->owner == SIM_LOCAL;
    const struct sim_domain *domain = &world->domains[owner];
    bool away = r->delegation >= 0 && world->domains[r->delegation].away &&
                world->domains[r->delegation].parent == owner;
    return r->owner == domain->data && !away &&
           (!domain->hidden || sim_is_under(r->name, domain->name));
}

void sim_world_zone(const struct sim_world *world, int owner, const struct sim_record *pin,
    uint64_t seed, struct sim_zone *out)
{
    size_t octets = 2 * (size_t)NIB_NAME_MAX, n = 1;
    for (int i = 0; i < world->n_records; i++) {
        if (!belongs(world, owner, &world->records[i]))
            continue;
        octets += world->records[i].name.len + world->records[i].result.len;
        n++;
    }
    out->block = sim_block_make(nib_zone_bytes(n, octets));
    nib_zone_init(&out->zone, out->block.at, n, octets, seed);
    for (int i = -1; i < world->n_records; i++) {
        const struct sim_record *r = i < 0 ? pin : &world->records[i];
        if (r == NULL || (i >= 0 && !belongs(world, owner, r)))
            continue;
        struct nib_rr rr = {.name = r->name, .type = r->type, .result = r->result};
        (void)nib_zone_add(&out->zone, &rr);
    }
}
