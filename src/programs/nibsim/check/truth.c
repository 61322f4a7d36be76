#include <stdio.h>
#include <stdlib.h>

#include "nibdns/local.h"
#include "nibsim/base/world.h"

enum { GUARD = 64, GUARD_OCTET = 0xa5 };

/* ---- names, once more and plainly ---- */

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

bool sim_same_name(struct nib_text a, struct nib_text b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

static bool is_under(struct nib_text name, struct nib_text domain)
{
    if (name.len < domain.len)
        return false;
    size_t cut = name.len - domain.len;
    struct nib_text tail = {name.ptr + cut, domain.len};
    return sim_same_name(tail, domain) && (cut == 0 || name.ptr[cut - 1] == '.');
}

const struct sim_record *sim_world_record(
    const struct sim_world *world, int owner, struct nib_text name, enum nib_type type)
{
    for (int i = 0; i < world->n_records; i++) {
        const struct sim_record *r = &world->records[i];
        if (r->owner == owner && r->type == type && sim_same_name(r->name, name))
            return r;
    }
    return NULL;
}

int sim_world_domain(const struct sim_world *world, struct nib_text name)
{
    int best = -1;
    for (int d = 0; d < world->n_domains; d++) {
        const struct sim_domain *domain = &world->domains[d];
        if (!domain->hidden && is_under(name, domain->name) &&
            (best < 0 || domain->name.len > world->domains[best].name.len))
            best = d;
    }
    return best;
}

/* A hidden domain's servers may be asked too: whoever asked for its NS record made them known. */
bool sim_world_may_ask(
    const struct sim_world *world, struct nib_text name, const struct nib_addr *to)
{
    int best = sim_world_domain(world, name);
    for (int i = 0; i < world->n_authorities; i++) {
        const struct sim_authority *a = &world->authorities[i];
        const struct sim_domain *domain = &world->domains[a->domain];
        bool concerned = a->domain == best || (domain->hidden && is_under(name, domain->name));
        if (concerned && (nib_addr_equal(&a->ip4, to) || nib_addr_equal(&a->ip6, to)))
            return true;
    }
    return false;
}

struct nib_text sim_world_endless(
    const struct sim_domain *domain, struct nib_text name, char out[NIB_NAME_MAX + 1])
{
    unsigned long number = 0;
    if (name.len > 1 && lower(name.ptr[0]) == 'e')
        number = strtoul(name.ptr + 1, NULL, 10) % 1000000;
    int n = snprintf(
        out, NIB_NAME_MAX + 1, "e%lu.%.*s", number + 1, (int)domain->name.len, domain->name.ptr);
    return (struct nib_text){out, (size_t)n};
}

/* ---- the truth ---- */

const struct sim_record *sim_world_said(const struct sim_world *world, int domain,
    struct nib_text name, enum nib_type type, struct sim_truth *truth, struct sim_record *made)
{
    const struct sim_domain *d = &world->domains[domain];
    if (d->endless) {
        struct nib_text target = sim_world_endless(d, name, truth->buffer);
        *made = (struct sim_record){domain, NIB_CNAME, name, target};
        return made;
    }
    const struct sim_record *r = sim_world_record(world, d->data, name, type);
    return r != NULL ? r : sim_world_record(world, d->data, name, NIB_CNAME);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* One step of the way: the record for a name, by hand or said by its domain. */
static const struct sim_record *step(const struct sim_world *world, struct nib_text name,
    enum nib_type type, struct sim_truth *truth, struct sim_record *made)
{
    const struct sim_record *r = sim_world_record(world, SIM_LOCAL, name, type);
    uint32_t ttl_s = world->static_ttl_s;
    if (r == NULL)
        r = sim_world_record(world, SIM_LOCAL, name, NIB_CNAME);
    if (r == NULL) {
        int d = sim_world_domain(world, name);
        if (d < 0)
            return NULL;
        truth->may_fail = truth->may_fail || world->domains[d].usable == 0;
        r = sim_world_said(world, d, name, type, truth, made);
        uint32_t said_s = least(world->domains[d].ttl_s, world->max_ttl_s);
        if (said_s > ttl_s) /* the other one holds while a reload makes the record static */
            ttl_s = said_s;
    }
    truth->ttl_s = least(truth->ttl_s, ttl_s);
    return r;
}

void sim_world_truth(const struct sim_world *world, struct nib_text name, enum nib_type type,
    struct sim_truth *truth)
{
    struct sim_record made;
    *truth = (struct sim_truth){.kind = SIM_TRUE_FAILURE, .ttl_s = NIB_TTL_MAX};
    while (truth->cnames <= NIB_CNAMES_MAX) {
        const struct sim_record *r = step(world, name, type, truth, &made);
        if (r == NULL) {
            truth->kind = SIM_TRUE_MISS;
            return;
        }
        if (r->type == type) {
            truth->kind = SIM_TRUE_RECORD;
            truth->result = r->result;
            return;
        }
        truth->cnames++;
        name = r->result;
    }
}

/* ---- zones ---- */

struct sim_block sim_block_make(size_t n)
{
    size_t whole = (n + 63) / 64 * 64 + GUARD;
    struct sim_block block = {aligned_alloc(64, whole), n};
    if (block.at == NULL)
        abort();
    memset(block.at, 0, n);
    memset(block.at + n, GUARD_OCTET, whole - n);
    return block;
}

bool sim_block_whole(const struct sim_block *block)
{
    size_t whole = (block->n + 63) / 64 * 64 + GUARD;
    for (size_t i = block->n; i < whole; i++)
        if (block->at[i] != GUARD_OCTET)
            return false;
    return true;
}

void sim_block_free(struct sim_block *block)
{
    if (block->at != NULL)
        memset(block->at, GUARD_OCTET, block->n);
    free(block->at);
    block->at = NULL;
}

/* A domain's servers have its data; those of a hidden one what their parent has of it. */
static bool belongs(const struct sim_world *world, int owner, const struct sim_record *r)
{
    if (owner == SIM_LOCAL)
        return r->owner == SIM_LOCAL;
    const struct sim_domain *domain = &world->domains[owner];
    return r->owner == domain->data && (!domain->hidden || is_under(r->name, domain->name));
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
