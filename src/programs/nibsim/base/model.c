#include "nibsim/base/model.h"

#include <stdio.h>
#include <stdlib.h>

#include "nibdns/local.h"

/* ---- names, once more and plainly ---- */

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

size_t sim_letters(struct nib_text name)
{
    size_t n = 0;
    for (size_t i = 0; i < name.len; i++)
        n += lower(name.ptr[i]) >= 'a' && lower(name.ptr[i]) <= 'z';
    return n;
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

bool sim_is_under(struct nib_text name, struct nib_text domain)
{
    if (name.len < domain.len)
        return false;
    size_t cut = name.len - domain.len;
    struct nib_text tail = {name.ptr + cut, domain.len};
    return sim_same_name(tail, domain) && (cut == 0 || name.ptr[cut - 1] == '.');
}

/* Whether a record is there now: one of a delegation that is away is not. */
static bool is_there(const struct sim_world *world, const struct sim_record *r)
{
    return r->delegation < 0 || r->owner != world->domains[r->delegation].parent ||
           !world->domains[r->delegation].away;
}

const struct sim_record *sim_model_record(
    const struct sim_world *world, int owner, struct nib_text name, enum nib_type type)
{
    for (int i = 0; i < world->n_records; i++) {
        const struct sim_record *r = &world->records[i];
        if (r->owner == owner && r->type == type && sim_same_name(r->name, name) &&
            is_there(world, r))
            return r;
    }
    return NULL;
}

int sim_model_domain(const struct sim_world *world, struct nib_text name)
{
    int best = -1;
    for (int d = 0; d < world->n_domains; d++) {
        const struct sim_domain *domain = &world->domains[d];
        if (!domain->hidden && !domain->delegated && !domain->forwarded &&
            sim_is_under(name, domain->name) &&
            (best < 0 || domain->name.len > world->domains[best].name.len))
            best = d;
    }
    return best;
}

int sim_model_delegated(const struct sim_world *world, int above, struct nib_text name)
{
    int best = -1;
    for (int d = 0; d < world->n_domains; d++) {
        const struct sim_domain *domain = &world->domains[d];
        if (domain->delegated && domain->parent == above && sim_is_under(name, domain->name) &&
            (best < 0 || domain->name.len < world->domains[best].name.len))
            best = d;
    }
    return best;
}

bool sim_model_may_ask(
    const struct sim_world *world, struct nib_text domain, const struct nib_addr *to)
{
    for (int i = 0; i < world->n_authorities; i++) {
        const struct sim_authority *a = &world->authorities[i];
        const struct sim_domain *d = &world->domains[a->domain];
        if ((d->forwarded ? domain.len == 0 : sim_same_name(d->name, domain)) &&
            (nib_addr_equal(&a->ip4, to) || nib_addr_equal(&a->ip6, to)))
            return true;
    }
    return false;
}

struct nib_text sim_model_endless(
    const struct sim_domain *domain, struct nib_text name, char out[NIB_NAME_MAX + 1])
{
    unsigned long number = 0;
    if (name.len > 1 && lower(name.ptr[0]) == 'e')
        number = strtoul(name.ptr + 1, NULL, 10) % 1000000;
    int n = snprintf(
        out, NIB_NAME_MAX + 1, "e%lu.%.*s", number + 1, (int)domain->name.len, domain->name.ptr);
    return (struct nib_text){out, (size_t)n};
}

/* ---- what is true ---- */

const struct sim_record *sim_model_said(const struct sim_world *world, int domain,
    struct nib_text name, enum nib_type type, struct sim_expected *expected,
    struct sim_record *made)
{
    const struct sim_domain *d = &world->domains[domain];
    if (d->endless) {
        struct nib_text target = sim_model_endless(d, name, expected->buffer);
        *made = (struct sim_record){domain, NIB_CNAME, name, target, -1};
        return made;
    }
    const struct sim_record *r = sim_model_record(world, d->data, name, type);
    return r != NULL ? r : sim_model_record(world, d->data, name, NIB_CNAME);
}

const struct sim_record *sim_model_referral(
    const struct sim_world *world, int domain, struct nib_text name, uint32_t id)
{
    const struct sim_record *at[SIM_AUTHORITIES];
    struct nib_text zone = world->domains[domain].name;
    uint32_t n = 0;
    for (int i = 0; i < world->n_records; i++) {
        const struct sim_record *r = &world->records[i];
        if (r->owner != domain || r->type != NIB_NS || r->name.len <= zone.len ||
            !is_there(world, r) || !sim_is_under(name, r->name))
            continue;
        if (n > 0 && r->name.len < at[0]->name.len)
            n = 0;
        if (n == 0 || r->name.len == at[0]->name.len)
            at[n++] = r;
    }
    return n == 0 ? NULL : at[id % n];
}

/* ---- what it takes to find out ---- */

/* Datagrams, referrals and lookups inside each other, when nothing goes wrong. */
struct effort {
    uint32_t datagrams, referrals, depth;
    bool hopeless; /* a server has no address that may be asked */
};

enum { INSIDE_MAX = 4 }; /* lookups inside each other that are looked into */

static void add_effort(
    const struct sim_world *world, struct nib_text name, uint32_t inside, struct effort *effort);

/* Whether what was learnt of a domain, and of those above, may be gone when it is needed next. */
static bool is_forgotten(const struct sim_world *world, int d)
{
    bool forgotten = world->forgets;
    for (; world->domains[d].delegated; d = world->domains[d].parent)
        forgotten = forgotten || world->domains[d].ttl_s < 60;
    return forgotten || world->domains[d].ttl_s < 60;
}

/* The address of a name server: asked for above the domain, or wherever its name belongs. */
static void add_server(const struct sim_world *world, const struct sim_authority *a,
    uint32_t inside, struct effort *effort)
{
    const struct sim_domain *domain = &world->domains[a->domain];
    bool glue = sim_is_under(a->host, domain->name);
    effort->hopeless = effort->hopeless || a->behaviour == SIM_SELF || a->ip4.ip[0] == 127 ||
                       (a->ip4.family == 0 && a->ip6.family == 0);
    effort->depth = inside > effort->depth ? inside : effort->depth;
    effort->datagrams += 4; /* A and AAAA, each asked twice where its letters are few */
    if (inside < INSIDE_MAX && !glue)
        add_effort(world, a->host, inside, effort);
    else if (inside < INSIDE_MAX && is_forgotten(world, domain->parent))
        add_effort(world, world->domains[domain->parent].name, inside, effort);
}

static void add_effort(
    const struct sim_world *world, struct nib_text name, uint32_t inside, struct effort *effort)
{
    int d = sim_model_domain(world, name);
    effort->datagrams += 2;
    effort->hopeless = effort->hopeless || (inside > 0 && (d < 0 || world->domains[d].usable == 0));
    while (d >= 0 && (d = sim_model_delegated(world, d, name)) >= 0) {
        effort->referrals++;
        effort->datagrams += 2;
        effort->hopeless = effort->hopeless || (inside > 0 && world->domains[d].flickers);
        for (int i = 0; i < world->n_authorities; i++)
            if (world->authorities[i].domain == d)
                add_server(world, &world->authorities[i], inside + 1, effort);
    }
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The domain that forwarders are asked about, or -1: there are none. */
static int forwarded(const struct sim_world *world)
{
    for (int d = 0; d < world->n_domains; d++)
        if (world->domains[d].forwarded)
            return d;
    return -1;
}

/* The domain whose servers have the last word on a name; what they and those above say lives so
 * long. */
static int follow(const struct sim_world *world, struct nib_text name, uint32_t *ttl_s,
    struct sim_expected *expected)
{
    int d = sim_model_domain(world, name), next;
    if (d < 0)
        d = forwarded(world);
    *ttl_s = d < 0 ? 0 : world->domains[d].ttl_s;
    expected->may_fail = expected->may_fail || (d >= 0 && world->domains[d].usable == 0);
    while (d >= 0 && (next = sim_model_delegated(world, d, name)) >= 0) {
        d = next;
        expected->may_miss = expected->may_miss || world->domains[d].flickers;
        if (world->domains[d].ttl_s > *ttl_s)
            *ttl_s = world->domains[d].ttl_s;
    }
    return d;
}

/* One step of the way: the record for a name, by hand or said by its domain. */
static const struct sim_record *step(const struct sim_world *world, struct nib_text name,
    enum nib_type type, struct sim_expected *expected, struct sim_record *made)
{
    const struct sim_record *r = sim_model_record(world, SIM_LOCAL, name, type);
    uint32_t ttl_s = world->static_ttl_s, said_s;
    if (r == NULL)
        r = sim_model_record(world, SIM_LOCAL, name, NIB_CNAME);
    if (r == NULL) {
        int d = follow(world, name, &said_s, expected);
        if (d < 0)
            return NULL;
        r = sim_model_said(world, d, name, type, expected, made);
        said_s = least(said_s, world->max_ttl_s);
        if (said_s > ttl_s) /* the other one holds while a reload makes the record static */
            ttl_s = said_s;
    }
    expected->ttl_s = least(expected->ttl_s, ttl_s);
    return r;
}

void sim_model_answer(const struct sim_world *world, struct nib_text name, enum nib_type type,
    struct sim_expected *expected)
{
    struct sim_record made;
    *expected = (struct sim_expected){.kind = SIM_EXPECT_FAILURE, .ttl_s = NIB_TTL_MAX};
    struct effort effort = {0};
    while (expected->cnames <= NIB_CNAMES_MAX) {
        add_effort(world, name, 0, &effort);
        expected->datagrams = effort.datagrams;
        expected->may_fail = expected->may_fail || effort.hopeless || effort.depth > 2 ||
                             effort.referrals > NIB_REFERRALS_MAX ||
                             effort.datagrams > NIB_DATAGRAMS_MAX;
        const struct sim_record *r = step(world, name, type, expected, &made);
        if (r == NULL) {
            expected->kind = SIM_EXPECT_MISS;
            return;
        }
        if (r->type == type) {
            expected->kind = SIM_EXPECT_RECORD;
            expected->result = r->result;
            expected->name = r->name;
            expected->type = type;
            return;
        }
        expected->cnames++;
        name = r->result;
    }
}

bool sim_model_allows(
    const struct sim_world *world, const struct sim_expected *expected, struct nib_text result)
{
    if (expected->kind != SIM_EXPECT_RECORD)
        return false;
    if (nib_text_same(result, expected->result))
        return true;
    for (int i = 0; expected->type == NIB_NS && i < world->n_records; i++) {
        const struct sim_record *r = &world->records[i];
        if (r->type == NIB_NS && sim_same_name(r->name, expected->name) &&
            nib_text_same(r->result, result))
            return true;
    }
    return false;
}
