#include "local_private.h"

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

bool local_is_loopback(const struct nib_addr *addr)
{
    static const uint8_t one[16] = {[15] = 1};
    return addr->family == 4 ? addr->ip[0] == 127 : memcmp(addr->ip, one, sizeof one) == 0;
}

/* Who listens everywhere is reached at all of 127.0.0.0/8, which no list of addresses names. */
bool nib_local_is_own(const struct nib_local *local, const struct nib_addr *addr)
{
    bool loopback = addr->family == 4 && local_is_loopback(addr);
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

/* ---- addresses ---- */

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

bool local_server_addr(struct nib_local *local, const struct nib_rr *rr, struct nib_addr *addr)
{
    struct nib_addr found = server_addr(&local->config, rr);
    bool self = nib_local_is_own(local, &found); /* NIB-8.9 */
    bool lie = !rr->is_static && (rr->marks & NIB_MARK_REMOTE) != 0 &&
               local_is_loopback(&found); /* NIB-8.22 */
    if (self)
        local_count(local, NIB_LOCAL_SELF);
    else if (lie)
        local_count(local, NIB_LOCAL_LOOPBACK);
    if (self || lie)
        return false;
    *addr = found;
    return true;
}

static bool has(const struct nib_addr *addrs, uint8_t n, const struct nib_addr *addr)
{
    for (uint8_t i = 0; i < n; i++)
        if (nib_addr_equal(&addrs[i], addr))
            return true;
    return false;
}

static void add(struct servers *servers, const struct nib_addr *addr)
{
    if (servers->n < NIB_SERVERS_MAX && !has(servers->addr, servers->n, addr))
        servers->addr[servers->n++] = *addr;
}

/* The addresses of a server in the table, A before AAAA; static ones alone, if so wanted. */
static void add_server(
    struct event *e, struct nib_text server, bool only_static, struct servers *servers)
{
    static const enum nib_type types[] = {NIB_A, NIB_AAAA};
    struct nib_local *local = e->local;
    struct nib_key key = nib_key_of(server, local->config.seed);
    struct nib_rr rr;
    struct nib_addr addr;
    for (int i = 0; i < 2; i++)
        if (nib_table_find(local->table, e->now, key, types[i], &rr) &&
            (rr.is_static || !only_static) && local_server_addr(local, &rr, &addr))
            add(servers, &addr);
}

void local_prefer_healthy(struct nib_local *local, nib_ms now, struct servers *servers)
{
    struct nib_addr bad[NIB_SERVERS_MAX];
    uint8_t good_n = 0, bad_n = 0;
    for (uint8_t i = 0; i < servers->n; i++) {
        if (is_bad(local, now, &servers->addr[i]))
            bad[bad_n++] = servers->addr[i];
        else
            servers->addr[good_n++] = servers->addr[i];
    }
    memcpy(servers->addr + good_n, bad, bad_n * sizeof bad[0]);
}

/* NIB-8.23: where a domain has failed, no learnt address below it is used. */
bool local_is_stale(const struct nib_lookup *lookup, struct nib_text server)
{
    for (uint8_t i = 0; i < lookup->n_rescues; i++)
        if (nib_name_is_under(server, local_end_of(nib_lookup_name(lookup), lookup->rescues[i])))
            return true;
    return false;
}

struct servers local_addresses_of(
    struct event *e, const struct nib_lookup *lookup, struct nib_text server)
{
    struct servers all = {0}, usable = {0};
    if (lookup->found.family != 0)
        add(&all, &lookup->found);
    add_server(e, server, local_is_stale(lookup, server), &all);
    for (uint8_t i = 0; i < all.n; i++)
        if (lookup->tried_len != lookup->domain_len ||
            !has(lookup->tried, lookup->n_tried, &all.addr[i]))
            add(&usable, &all.addr[i]);
    local_prefer_healthy(e->local, e->now, &usable);
    return usable;
}

/* ---- domains ---- */

bool local_is_passed_over(const struct nib_request *request, uint8_t depth, uint8_t domain_len)
{
    struct nib_text domain = local_end_of(nib_lookup_name(&request->lookups[depth]), domain_len);
    for (uint8_t i = 0; i < depth; i++) {
        const struct nib_lookup *outer = &request->lookups[i];
        if (nib_name_is_under(domain, local_end_of(nib_lookup_name(outer), outer->domain_len)))
            return true;
    }
    return false;
}

/* The static name servers of a domain. False: it has none. */
static bool find_static(struct event *e, struct nib_key key, struct domain *domain)
{
    const struct nib_zone *zone = e->local->table->zone;
    struct nib_probe probe = nib_zone_begin(zone, key, NIB_NS);
    struct nib_rr rr;
    while (nib_zone_next(zone, key, NIB_NS, &probe, &rr)) {
        domain->is_static = true;
        add_server(e, rr.result, false, &domain->servers);
    }
    return domain->is_static;
}

/* The learnt name server of a domain. NS records that forwarders told of do not count. */
static bool find_learnt(struct event *e, struct nib_key key, struct domain *domain)
{
    struct nib_rr rr;
    if (!nib_cache_find(&e->local->cache, e->now, key, NIB_NS, &rr) ||
        (rr.marks & NIB_MARK_FORWARDED) != 0)
        return false;
    domain->server = rr.result;
    domain->several = (rr.marks & NIB_MARK_SEVERAL) != 0;
    return true;
}

struct domain local_domain_of(
    struct event *e, const struct nib_request *request, uint8_t depth, uint8_t below)
{
    struct domain domain = {0};
    struct nib_text name = nib_lookup_name(&request->lookups[depth]);
    for (; name.len > 0; name = nib_name_parent(name)) {
        struct nib_key key = nib_key_of(name, e->local->config.seed);
        if ((below > 0 && name.len >= below) ||
            local_is_passed_over(request, depth, (uint8_t)name.len))
            continue;
        if (find_static(e, key, &domain) || find_learnt(e, key, &domain))
            break;
    }
    domain.len = (uint8_t)name.len;
    local_prefer_healthy(e->local, e->now, &domain.servers);
    return domain;
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
            if (nib_local_is_own(local, &addr))
                return true;
        }
    }
    return false;
}
