#include "nibsim/base/tree.h"

#include "nibsim/base/build.h"

enum { DEEP = 11 }; /* more levels than referrals may be followed */

/* Marks the records added since the first n as a domain's delegation. */
static void mark(struct sim_world *world, int n, int domain)
{
    for (int i = n; i < world->n_records; i++)
        world->records[i].delegation = domain;
}

/*
 * What a name server is called: mostly a name in the domain itself, with its address at the parent
 * as glue; else one in some other domain, which has to be asked for the address.
 */
static struct nib_text draw_host(struct sim_world *world, int d, int *owner)
{
    struct sim_rng *rng = &world->rng;
    int other = (int)sim_below(rng, (uint32_t)world->n_domains);
    const struct sim_domain *o = &world->domains[other];
    bool glueless = sim_one_in(rng, 4) && other != d && !o->endless && !o->hidden && !o->forwarded;
    *owner = glueless ? other : d;
    const struct nib_text in = world->domains[*owner].name;
    return sim_keep(
        world, "%s%d.%.*s", glueless ? "g" : "ns", world->n_authorities + 1, (int)in.len, in.ptr);
}

static void add_server(struct sim_world *world, int d)
{
    struct sim_domain *domain = &world->domains[d];
    int owner;
    if (world->n_authorities == SIM_AUTHORITIES)
        return;
    struct sim_authority *a = &world->authorities[world->n_authorities];
    *a = (struct sim_authority){
        .domain = d, .behaviour = sim_draw_behaviour(&world->rng), .ttl_s = domain->ttl_s};
    sim_draw_addresses(world, a);
    if (a->ip4.family == 4 && sim_one_in(&world->rng, 16)) /* it sends the local server home */
        memcpy(a->ip4.ip, (const uint8_t[]){127, 0, 0, 53}, 4);
    a->host = draw_host(world, d, &owner);
    world->n_authorities++;
    int first = world->n_records;
    sim_add(world, domain->parent, NIB_NS, domain->name, a->host);
    if (owner == d) {
        sim_add_address(world, domain->parent, a->host, &a->ip4);
        sim_add_address(world, domain->parent, a->host, &a->ip6);
    }
    if (world->domains[domain->parent].delegated && sim_one_in(&world->rng, 4)) /* out of place */
        sim_add(world, world->domains[domain->parent].parent, NIB_NS, domain->name, a->host);
    mark(world, first, d);
    sim_add(world, d, NIB_NS, domain->name, a->host);
    sim_add_address(world, owner, a->host, &a->ip4);
    sim_add_address(world, owner, a->host, &a->ip6);
    sim_ask_for(world, a->host);
}

/* A domain below another one, whose servers refer to it. */
static int add_domain(struct sim_world *world, int parent, bool zoned)
{
    static const uint32_t ttls[] = {0, 1, 2, 5, 30, 60, 60, 300, 3600, 100000};
    struct sim_rng *rng = &world->rng;
    const struct nib_text above = world->domains[parent].name;
    int d = world->n_domains++;
    struct sim_domain *domain = &world->domains[d];
    *domain = (struct sim_domain){.data = d,
        .ttl_s = SIM_PICK(rng, ttls),
        .zoned = zoned,
        .delegated = true,
        .flickers = sim_one_in(rng, 5),
        .parent = parent,
        .usable = 1};
    domain->name = sim_keep(world, "tree%d.%.*s", d, (int)above.len, above.ptr);
    for (uint32_t n = 1 + sim_below(rng, 3); n > 0; n--)
        add_server(world, d);
    return d;
}

/* The top of a tree, which the local server knows: one of the world's domains. */
static int draw_top(struct sim_world *world)
{
    for (int tries = 0; tries < 20; tries++) {
        int d = (int)sim_below(&world->rng, (uint32_t)world->n_domains);
        if (!world->domains[d].hidden && !world->domains[d].endless && !world->domains[d].forwarded)
            return d;
    }
    return -1;
}

/* Servers that give referrals must not have records of hidden domains, which they would refer to.
 */
static bool has_hidden(const struct sim_world *world, int d)
{
    for (int i = 0; i < world->n_domains; i++)
        if (world->domains[i].hidden && world->domains[i].data == d)
            return true;
    return false;
}

static void add_forwarder(struct sim_world *world, int d)
{
    struct sim_authority *a = &world->authorities[world->n_authorities];
    if (world->n_authorities == SIM_AUTHORITIES)
        return;
    *a = (struct sim_authority){.domain = d, .ttl_s = world->domains[d].ttl_s};
    do
        a->behaviour = sim_draw_behaviour(&world->rng);
    while (a->behaviour == SIM_SELF);
    do
        sim_draw_addresses(world, a);
    while (a->ip4.family == 0 && a->ip6.family == 0);
    a->ip4.port = a->ip6.port = NIB_PORT_LOCAL;
    a->host = sim_keep(world, "forwarder%d", ++world->n_authorities);
}

/* Names of no known domain, for which other local servers are asked; an NS record among them. */
static void add_forwarders(struct sim_world *world)
{
    static const uint32_t ttls[] = {0, 1, 60, 60, 3600};
    int d = world->n_domains++;
    world->domains[d] = (struct sim_domain){.data = d,
        .name = sim_keep(world, "world.example"),
        .ttl_s = SIM_PICK(&world->rng, ttls),
        .usable = 1,
        .forwarded = true};
    struct nib_text below = sim_keep(world, "below.world.example");
    struct nib_text host = sim_keep(world, "ns.world.example");
    sim_add(world, d, NIB_NS, below, host);
    sim_add(world, d, NIB_A, host, sim_keep(world, "192.0.2.250"));
    sim_ask_for(world, below);
    sim_ask_for(world, sim_keep(world, "www.below.world.example"));
    for (uint32_t n = 1 + sim_below(&world->rng, 3); n > 0; n--)
        add_forwarder(world, d);
}

void sim_tree_make(struct sim_world *world, uint64_t seed)
{
    struct sim_rng kept = world->rng;
    world->rng = sim_rng_of(seed, 8);
    struct sim_rng *rng = &world->rng;
    int top = sim_one_in(rng, 2) ? draw_top(world) : -1;
    if (top >= 0 && !has_hidden(world, top)) {
        bool deep = sim_one_in(rng, 8);
        uint32_t n = deep ? DEEP : 1 + sim_below(rng, 7);
        int parents[SIM_DOMAINS] = {top};
        uint32_t n_parents = 1;
        world->domains[top].zoned = true;
        for (; n > 0 && world->n_domains < SIM_DOMAINS; n--) {
            uint32_t at = deep ? n_parents - 1 : sim_below(rng, n_parents);
            bool zoned = deep || !sim_one_in(rng, 3);
            int d = add_domain(world, parents[at], zoned);
            if (zoned)
                parents[n_parents++] = d;
        }
    }
    if (sim_one_in(rng, 3) && world->n_domains < SIM_DOMAINS)
        add_forwarders(world);
    world->rng = kept;
}
