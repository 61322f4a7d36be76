/*
 * Layer 1: cutting one piece of memory, handed in by a program, into arrays. A module's `bytes`
 * function and its `init` make the same cuts in the same order, the first without memory.
 */
#ifndef NIBDNS_ARENA_H
#define NIBDNS_ARENA_H

#include "nibdns/base.h"

struct nib_arena {
    unsigned char *memory; /* NULL: only measuring */
    size_t used;
};

/* The next n octets, aligned for anything up to 64 octets; NULL while measuring. */
static inline void *nib_arena_take(struct nib_arena *arena, size_t n)
{
    size_t at = (arena->used + 63) & ~(size_t)63;
    arena->used = at + n;
    return arena->memory == NULL ? NULL : arena->memory + at;
}

#endif
