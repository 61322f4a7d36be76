#include "nibsim/base/block.h"

#include <stdlib.h>

enum { GUARD = 64, GUARD_OCTET = 0xa5 };

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
