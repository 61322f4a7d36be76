#include "nibsim/base/generate.h"

#include "nibsim/base/build.h"
#include "nibsim/base/model.h"
#include "nibsim/base/tree.h"

static struct nib_text draw_ip(struct sim_world *world, enum nib_type type)
{
    unsigned a = sim_below(&world->rng, 256), b = sim_below(&world->rng, 65536);
    if (type == NIB_A)
        return sim_keep(world, "10.%u.%u.%u", a, b >> 8, b & 255);
    return sim_keep(world, "2001:db8:%x::%x", a, b);
}

/* A name in a domain: often a plain one, at times as long as names get. */
static struct nib_text draw_name(struct sim_world *world, struct nib_text domain)
{
    static const char *const labels[] = {"www", "mail", "a", "b-1", "_sip._udp", "x.y.z", "News",
        "xn--bcher-kva", "a-label-of-sixty-two-octets-and-a-digit-is-as-long-as-labels-g"};
    unsigned n = sim_below(&world->rng, 20);
    const char *label = labels[n % (sizeof labels / sizeof labels[0])];
    char fill[NIB_NAME_MAX + 1];
    if (n < 19 || domain.len > 200)
        return sim_keep(world, "%s%u.%.*s", n < 9 ? label : "n",
            n < 9 ? 0 : sim_below(&world->rng, 40), (int)domain.len, domain.ptr);
    size_t len = NIB_NAME_MAX - domain.len - 1;
    len -= len % 64 == 61; /* the last label would have 64 octets */
    for (size_t i = 0; i < len; i++)
        fill[i] = i % 64 == 60 && i + 1 < len ? '.' : 'l';
    return sim_keep(world, "%.*s.%.*s", (int)len, fill, (int)domain.len, domain.ptr);
}

/* Where a CNAME goes: mostly to something that is there. */
static struct nib_text draw_target(struct sim_world *world)
{
    struct sim_rng *rng = &world->rng;
    uint32_t n = sim_below(rng, 16);
    if (n == 0)
        return sim_keep(world, "no-such-name.%s", "nowhere.invalid");
    if (n == 1 || world->n_names == 0)
        return draw_name(world, world->domains[sim_below(rng, (uint32_t)world->n_domains)].name);
    return world->names[sim_below(rng, (uint32_t)world->n_names)];
}

/* ---- domains ---- */

/* One name server more for a domain; its NS record and addresses go to who has to know them. */
static void add_authority(struct sim_world *world, int d, enum sim_behaviour behaviour, bool both)
{
    struct sim_domain *domain = &world->domains[d];
    if (world->n_authorities == SIM_AUTHORITIES)
        return;
    struct sim_authority *a = &world->authorities[world->n_authorities];
    *a = (struct sim_authority){.domain = d, .behaviour = behaviour, .ttl_s = domain->ttl_s};
    do {
        sim_draw_addresses(world, a);
    } while (both && (a->ip4.family == 0 || a->ip6.family == 0));
    if (domain->hidden && !both && sim_one_in(&world->rng, 2))
        a->ip4 = a->ip6 = (struct nib_addr){0};
    if (sim_one_in(&world->rng, 4))
        a->ttl_s /= 2;
    world->n_authorities++;
    int owner = domain->hidden ? domain->data : SIM_LOCAL;
    struct nib_text host = a->host =
        sim_keep(world, "ns%d.%.*s", world->n_authorities, (int)domain->name.len, domain->name.ptr);
    sim_add(world, owner, NIB_NS, domain->name, host);
    sim_add_address(world, owner, host, &a->ip4);
    sim_add_address(world, owner, host, &a->ip6);
    sim_ask_for(world, host);
    if (behaviour != SIM_SELF)
        domain->usable += (uint32_t)(a->ip4.family != 0) + (a->ip6.family != 0);
}

static void add_authorities(struct sim_world *world, int d)
{
    struct sim_rng *rng = &world->rng;
    bool hopeless = sim_one_in(rng, 12); /* more silent addresses than anybody may ask */
    uint32_t n = hopeless ? 4 : 1 + sim_below(rng, 4);
    for (uint32_t i = 0; i < n; i++)
        add_authority(world, d, hopeless ? SIM_DEAD : sim_draw_behaviour(rng), hopeless);
}

/* A domain of its own, or one inside another, known to the local server or to that one alone. */
static void add_domain(struct sim_world *world)
{
    static const uint32_t ttls[] = {0, 1, 2, 3, 5, 10, 60, 60, 300, 3600, 100000, NIB_TTL_MAX};
    struct sim_rng *rng = &world->rng;
    int d = world->n_domains++;
    struct sim_domain *domain = &world->domains[d], *parent = NULL;
    if (d > 0 && sim_one_in(rng, 3))
        parent = &world->domains[sim_below(rng, (uint32_t)d)];
    *domain = (struct sim_domain){.data = d, .ttl_s = SIM_PICK(rng, ttls)};
    if (d == 0)
        domain->name = sim_keep(world, "amazone.com");
    else if (parent == NULL)
        domain->name = sim_keep(world, d % 2 == 0 ? "d%d.test" : "Domain%d.Example", d);
    else
        domain->name = sim_keep(world, "sub%d.%.*s", d, (int)parent->name.len, parent->name.ptr);
    domain->hidden = parent != NULL && !parent->hidden && !parent->endless && sim_one_in(rng, 2);
    if (domain->hidden) {
        domain->data = (int)(parent - world->domains);
        domain->ttl_s = parent->ttl_s;
    }
    domain->endless = !domain->hidden && d > 0 && sim_one_in(rng, 8);
    add_authorities(world, d);
}

/* ---- what is in them ---- */

static void fill_domain(struct sim_world *world, int d)
{
    static const enum nib_type types[] = {NIB_A, NIB_A, NIB_A, NIB_AAAA, NIB_CNAME, NIB_CNAME};
    struct sim_rng *rng = &world->rng;
    struct sim_domain *domain = &world->domains[d];
    uint32_t n = 3 + sim_below(rng, 8);
    for (uint32_t i = 0; i < n; i++) {
        struct nib_text name = draw_name(world, domain->name), result;
        enum nib_type type = SIM_PICK(rng, types);
        result = type == NIB_CNAME ? draw_target(world) : draw_ip(world, type);
        if (!domain->endless)
            sim_add(world, domain->data, type, name, result);
        sim_ask_for(world, name);
    }
    for (int times = domain->hidden ? 8 : 1; times > 0; times--) /* so that it is learnt */
        sim_ask_for(world, domain->name);
    sim_ask_for(world, sim_keep(world, "not%.*s", (int)domain->name.len, domain->name.ptr));
}

/* A chain of that many CNAMEs, from domain to domain, whose last link is an address or the first
 * name. */
static void add_chain(struct sim_world *world, int number, int links, bool loop)
{
    struct nib_text names[16];
    int owners[16], n = 0;
    for (int i = 0; n <= links && i < 200; i++) {
        int d = (int)sim_below(&world->rng, (uint32_t)world->n_domains);
        const struct sim_domain *domain = &world->domains[d];
        if (domain->endless)
            continue;
        owners[n] = domain->data;
        names[n] =
            sim_keep(world, "c%d-%d.%.*s", number, n, (int)domain->name.len, domain->name.ptr);
        n++;
    }
    for (int i = 0; i + 1 < n; i++)
        sim_add(world, owners[i], NIB_CNAME, names[i], names[i + 1]);
    if (n == 0)
        return;
    if (loop)
        sim_add(world, owners[n - 1], NIB_CNAME, names[n - 1], names[0]);
    else
        sim_add(world, owners[n - 1], NIB_A, names[n - 1], draw_ip(world, NIB_A));
    sim_ask_for(world, names[0]);
    sim_ask_for(world, names[n / 2]);
}

static bool is_server_name(const struct sim_world *world, struct nib_text name)
{
    for (int i = 0; i < world->n_records; i++)
        if (world->records[i].type == NIB_NS && sim_same_name(world->records[i].result, name))
            return true;
    return false;
}

/* The campus, and records by hand that say something else than the domain itself. */
static void add_local_records(struct sim_world *world)
{
    struct sim_rng *rng = &world->rng;
    struct nib_text www = sim_keep(world, "www.csusm.edu");
    struct nib_text alias = sim_keep(world, "alias.csusm.edu");
    sim_add(world, SIM_LOCAL, NIB_A, www, sim_keep(world, "144.37.5.45"));
    sim_add(world, SIM_LOCAL, NIB_CNAME, alias, draw_target(world));
    sim_ask_for(world, www);
    sim_ask_for(world, alias);
    for (uint32_t i = sim_below(rng, 4); i > 0; i--) {
        const struct sim_record *r = &world->records[sim_below(rng, (uint32_t)world->n_records)];
        if (r->owner >= 0 && r->type == NIB_A && !is_server_name(world, r->name))
            sim_add(world, SIM_LOCAL, NIB_A, r->name, draw_ip(world, NIB_A));
    }
}

void sim_world_make(struct sim_world *world, uint64_t seed)
{
    memset(world, 0, offsetof(struct sim_world, text));
    world->rng = sim_rng_of(seed, 1);
    struct sim_rng *rng = &world->rng;
    world->local4 = (struct nib_addr){.ip = {10, 0, 0, 1}, .port = NIB_PORT_LOCAL, .family = 4};
    world->local6 = (struct nib_addr){.ip = {0xfd, [15] = 1}, .port = NIB_PORT_LOCAL, .family = 6};
    static const uint32_t static_ttls[] = {60, 60, 1, 0, 3600};
    static const uint32_t max_ttls[] = {86400, 86400, 86400, 5, NIB_TTL_MAX, 0};
    world->static_ttl_s = SIM_PICK(rng, static_ttls);
    world->max_ttl_s = SIM_PICK(rng, max_ttls);
    world->upstream_port = sim_one_in(rng, 4) ? NIB_PORT_LOCAL : NIB_PORT_AUTHORITATIVE;
    for (uint32_t n = 1 + sim_below(rng, 7); n > 0; n--)
        add_domain(world);
    sim_tree_make(world, seed);
    for (int d = 0; d < world->n_domains; d++)
        fill_domain(world, d);
    for (uint32_t n = sim_below(rng, 4); n > 0; n--) {
        int links = (int)sim_between(rng, 6, 10);
        add_chain(world, (int)n, links, false);
    }
    for (uint32_t n = sim_below(rng, 3); n > 0; n--) {
        int links = (int)sim_below(rng, 4);
        add_chain(world, 10 + (int)n, links, true);
    }
    add_local_records(world);
    sim_ask_for(world, sim_keep(world, "nobody.knows.this"));
    sim_ask_for(world, sim_keep(world, "com"));
}
