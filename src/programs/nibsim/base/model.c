#include "nibsim/base/model.h"

#include <stdio.h>
#include <stdlib.h>

#include "nibdns/local.h"

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

bool sim_is_under(struct nib_text name, struct nib_text domain)
{
    if (name.len < domain.len)
        return false;
    size_t cut = name.len - domain.len;
    struct nib_text tail = {name.ptr + cut, domain.len};
    return sim_same_name(tail, domain) && (cut == 0 || name.ptr[cut - 1] == '.');
}

const struct sim_record *sim_model_record(
    const struct sim_world *world, int owner, struct nib_text name, enum nib_type type)
{
    for (int i = 0; i < world->n_records; i++) {
        const struct sim_record *r = &world->records[i];
        if (r->owner == owner && r->type == type && sim_same_name(r->name, name))
            return r;
    }
    return NULL;
}

int sim_model_domain(const struct sim_world *world, struct nib_text name)
{
    int best = -1;
    for (int d = 0; d < world->n_domains; d++) {
        const struct sim_domain *domain = &world->domains[d];
        if (!domain->hidden && sim_is_under(name, domain->name) &&
            (best < 0 || domain->name.len > world->domains[best].name.len))
            best = d;
    }
    return best;
}

/* A hidden domain's servers may be asked too: whoever asked for its NS record made them known. */
bool sim_model_may_ask(
    const struct sim_world *world, struct nib_text name, const struct nib_addr *to)
{
    int best = sim_model_domain(world, name);
    for (int i = 0; i < world->n_authorities; i++) {
        const struct sim_authority *a = &world->authorities[i];
        const struct sim_domain *domain = &world->domains[a->domain];
        bool concerned = a->domain == best || (domain->hidden && sim_is_under(name, domain->name));
        if (concerned && (nib_addr_equal(&a->ip4, to) || nib_addr_equal(&a->ip6, to)))
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
        *made = (struct sim_record){domain, NIB_CNAME, name, target};
        return made;
    }
    const struct sim_record *r = sim_model_record(world, d->data, name, type);
    return r != NULL ? r : sim_model_record(world, d->data, name, NIB_CNAME);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* One step of the way: the record for a name, by hand or said by its domain. */
static const struct sim_record *step(const struct sim_world *world, struct nib_text name,
    enum nib_type type, struct sim_expected *expected, struct sim_record *made)
{
    const struct sim_record *r = sim_model_record(world, SIM_LOCAL, name, type);
    uint32_t ttl_s = world->static_ttl_s;
    if (r == NULL)
        r = sim_model_record(world, SIM_LOCAL, name, NIB_CNAME);
    if (r == NULL) {
        int d = sim_model_domain(world, name);
        if (d < 0)
            return NULL;
        expected->may_fail = expected->may_fail || world->domains[d].usable == 0;
        r = sim_model_said(world, d, name, type, expected, made);
        uint32_t said_s = least(world->domains[d].ttl_s, world->max_ttl_s);
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
    while (expected->cnames <= NIB_CNAMES_MAX) {
        const struct sim_record *r = step(world, name, type, expected, &made);
        if (r == NULL) {
            expected->kind = SIM_EXPECT_MISS;
            return;
        }
        if (r->type == type) {
            expected->kind = SIM_EXPECT_RECORD;
            expected->result = r->result;
            return;
        }
        expected->cnames++;
        name = r->result;
    }
}
