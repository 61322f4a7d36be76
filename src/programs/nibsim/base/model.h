/*
 * Layer 7: what is true in a world, found by the rules of the protocol's section 8 on a plain list
 * of records, without a line of the code under test.
 */
#ifndef NIBDNS_PROGRAMS_SIM_MODEL_H
#define NIBDNS_PROGRAMS_SIM_MODEL_H

#include "nibsim/base/world.h"

/* The closest enclosing domain for which the local server has NS records from the start, or -1. */
int sim_model_domain(const struct sim_world *world, struct nib_text name);

/* The topmost domain that encloses the name of those that another one's servers refer to, or -1. */
int sim_model_delegated(const struct sim_world *world, int above, struct nib_text name);

/*
 * The record that servers with zones answer a query of that ID with as a referral (NIB-8.18), or
 * NULL: no domain below theirs encloses the name.
 */
const struct sim_record *sim_model_referral(
    const struct sim_world *world, int domain, struct nib_text name, uint32_t id);

/* The record of that owner, name and type, or NULL. */
const struct sim_record *sim_model_record(
    const struct sim_world *world, int owner, struct nib_text name, enum nib_type type);

/* Where an endless domain's CNAME for a name points to, into out. */
struct nib_text sim_model_endless(
    const struct sim_domain *domain, struct nib_text name, char out[NIB_NAME_MAX + 1]);

/* Whether an address is one of those of a domain's servers; of no domain: of the forwarders. */
bool sim_model_may_ask(
    const struct sim_world *world, struct nib_text domain, const struct nib_addr *to);

enum sim_expected_kind { SIM_EXPECT_RECORD, SIM_EXPECT_MISS, SIM_EXPECT_FAILURE };

struct sim_expected {
    enum sim_expected_kind kind;
    bool may_fail;      /* for want of an address, or because the way is too long */
    bool may_miss;      /* its domain's delegation comes and goes */
    uint32_t datagrams; /* that it takes at most, when nothing goes wrong */
    struct nib_text result, name;
    enum nib_type type;
    uint32_t ttl_s; /* at most */
    int cnames;
    char buffer[NIB_NAME_MAX + 1]; /* of result, where it belongs to no record */
};

/* What the answer for a name and type is, when nothing goes wrong. */
void sim_model_answer(const struct sim_world *world, struct nib_text name, enum nib_type type,
    struct sim_expected *expected);

/* Whether a result is what is expected: of several NS records of a name, any. */
bool sim_model_allows(
    const struct sim_world *world, const struct sim_expected *expected, struct nib_text result);

/* The record that a domain's servers answer with: of that type or a CNAME; NULL: a miss. */
const struct sim_record *sim_model_said(const struct sim_world *world, int domain,
    struct nib_text name, enum nib_type type, struct sim_expected *expected,
    struct sim_record *made);

/* Whether a name is a domain or lies under it, by whole labels. */
bool sim_is_under(struct nib_text name, struct nib_text domain);

/* How many letters a name has. */
size_t sim_letters(struct nib_text name);

/* Same name, whatever the case; told once more, without the code under test. */
bool sim_same_name(struct nib_text a, struct nib_text b);

#endif
