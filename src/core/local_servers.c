#include "local_servers.h"

/* A server's place among the few that its address may have: its own, or the least bad one's. */
static struct nib_health *health_of(struct nib_local *local, const struct nib_addr *addr)
{
    uint64_t home = nib_addr_hash(addr, local->config.seed) >> 32;
    struct nib_health *least_bad = NULL;
    for (uint64_t i = 0; i < NIB_SERVERS_MAX; i++) {
        struct nib_health *health = &local->health[(home + i) & (NIB_HEALTH_SLOTS - 1)];
        if (nib_addr_equal(&health->addr, addr))
            return health;
        if (least_bad == NULL || health->bad_until < least_bad->bad_until)
            least_bad = health;
    }
    return least_bad;
}

static bool is_bad(struct nib_local *local, nib_ms now, const struct nib_addr *addr)
{
    const struct nib_health *health = health_of(local, addr);
    return health->bad_until > now && nib_addr_equal(&health->addr, addr);
}

void local_set_health(struct nib_local *local, const struct nib_addr *addr, nib_ms bad_until)
{
    struct nib_health *health = health_of(local, addr);
    if (bad_until > 0 || nib_addr_equal(&health->addr, addr))
        *health = (struct nib_health){*addr, bad_until};
}

static const uint8_t any[16]; /* 0.0.0.0 and :: */

/* Who listens everywhere is reached at all of 127.0.0.0/8, which no list of addresses names. */
static bool is_own(const struct nib_local *local, const struct nib_addr *addr)
{
    bool loopback = addr->family == 4 && addr->ip[0] == 127;
    for (size_t i = 0; i < local->n_own; i++) {
        const struct nib_addr *own = &local->own[i];
        bool everywhere = own->family == 4 && memcmp(own->ip, any, sizeof any) == 0;
        if (nib_addr_equal(own, addr) || (everywhere && loopback && own->port == addr->port))
            return true;
    }
    return false;
}

/* Where datagrams to an address go: IPv4 inside IPv6 is IPv4, and `any` is this host. */
static void normalize(struct nib_addr *addr)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (addr->family == 6 && memcmp(addr->ip, mapped, sizeof mapped) == 0) {
        memmove(addr->ip, addr->ip + sizeof mapped, 4);
        memset(addr->ip + 4, 0, sizeof mapped);
        addr->family = 4;
    }
    if (memcmp(addr->ip, any, sizeof any) != 0)
        return;
    if (addr->family == 4)
        addr->ip[0] = 127;
    addr->ip[addr->family == 4 ? 3 : 15] = 1;
}

/* The address that an A or AAAA record gives a name server. */
static struct nib_addr server_addr(const struct nib_local_config *config, const struct nib_rr *rr)
{
    struct nib_addr addr = {.port = config->upstream_port};
    addr.family = rr->type == NIB_A ? 4 : 6;
    if (rr->type == NIB_A)
        (void)nib_ipv4_parse(rr->result, addr.ip);
    else
        (void)nib_ipv6_parse(rr->result, addr.ip);
    normalize(&addr);
    return addr;
}

static void add_server(
    struct nib_local *local, nib_ms now, struct local_delegation *d, struct nib_text host)
{
    static const enum nib_type types[] = {NIB_A, NIB_AAAA};
    struct nib_key key = nib_key_of(host, local->config.seed);
    struct nib_rr rr;
    for (int i = 0; i < 2; i++) {
        if (d->n == NIB_SERVERS_MAX || !nib_table_find(local->table, now, key, types[i], &rr))
            continue;
        d->servers[d->n] = server_addr(&local->config, &rr);
        if (is_own(local, &d->servers[d->n]))
            local->counters[NIB_LOCAL_SELF]++;
        else
            d->n++;
    }
}

/* NIB-8.8: servers that lately failed go behind those that did not; otherwise the order stays. */
static void prefer_healthy(struct nib_local *local, nib_ms now, struct local_delegation *d)
{
    struct nib_addr bad[NIB_SERVERS_MAX];
    uint8_t good_n = 0, bad_n = 0;
    for (uint8_t i = 0; i < d->n; i++) {
        if (is_bad(local, now, &d->servers[i]))
            bad[bad_n++] = d->servers[i];
        else
            d->servers[good_n++] = d->servers[i];
    }
    memcpy(d->servers + good_n, bad, bad_n * sizeof bad[0]);
}

/* NIB-8.4: the NS records of the closest enclosing domain, static before dynamic. */
struct local_delegation local_delegation_of(
    struct nib_local *local, nib_ms now, struct nib_text name)
{
    const struct nib_zone *zone = local->table->zone;
    struct local_delegation d = {0};
    for (; name.len > 0 && !d.found; name = nib_name_parent(name)) {
        struct nib_key key = nib_key_of(name, local->config.seed);
        struct nib_probe probe = nib_zone_begin(zone, key, NIB_NS);
        struct nib_rr rr;
        while (nib_zone_next(zone, key, NIB_NS, &probe, &rr)) {
            d.found = true;
            add_server(local, now, &d, rr.result);
        }
        if (!d.found && nib_table_find(local->table, now, key, NIB_NS, &rr)) {
            d.found = true;
            add_server(local, now, &d, rr.result);
        }
    }
    prefer_healthy(local, now, &d);
    return d;
}

bool nib_local_asks_itself(
    const struct nib_local *local, const struct nib_zone *zone, struct nib_rr *ns)
{
    static const enum nib_type types[] = {NIB_A, NIB_AAAA};
    struct nib_zone_walk at = {0};
    struct nib_rr rr;
    while (nib_zone_walk(zone, &at, ns)) {
        if (ns->type != NIB_NS)
            continue;
        struct nib_key key = nib_key_of(ns->result, zone->seed);
        for (int i = 0; i < 2; i++) {
            if (!nib_zone_find(zone, key, types[i], &rr))
                continue;
            struct nib_addr addr = server_addr(&local->config, &rr);
            if (is_own(local, &addr))
                return true;
        }
    }
    return false;
}
