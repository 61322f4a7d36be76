/*
 * Layer 7: the records of a world as the zones that the programs have.
 */
#ifndef NIBDNS_PROGRAMS_SIM_ZONE_H
#define NIBDNS_PROGRAMS_SIM_ZONE_H

#include "nibdns/zone.h"
#include "nibsim/base/block.h"
#include "nibsim/base/world.h"

struct sim_zone {
    struct nib_zone zone;
    struct sim_block block;
};

/*
 * The zone of the local server (SIM_LOCAL) or of a domain's name servers; `pin` (NULL: none) is a
 * record more.
 */
void sim_world_zone(const struct sim_world *world, int owner, const struct sim_record *pin,
    uint64_t seed, struct sim_zone *out);

#endif
