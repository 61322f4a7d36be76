/*
 * Layer 7: memory behind which a guard shows whether it was kept to.
 */
#ifndef NIBDNS_PROGRAMS_SIM_BLOCK_H
#define NIBDNS_PROGRAMS_SIM_BLOCK_H

#include "nibdns/base.h"

struct sim_block {
    unsigned char *at;
    size_t n;
};

struct sim_block sim_block_make(size_t n);
bool sim_block_whole(const struct sim_block *block);
void sim_block_free(struct sim_block *block);

#endif
