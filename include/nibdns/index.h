/*
 * Layer 1: a hash index: from a tag (28 bits of hash, a 4-bit kind) to a reference that the owner
 * understands. Open addressing with linear probing; tags that differ in kind only begin at the same
 * bucket, so one line of memory answers for all types of a name. Knows nothing of names or records:
 * the owner compares what a reference stands for.
 */
#ifndef NIBDNS_INDEX_H
#define NIBDNS_INDEX_H

#include "nibdns/base.h"

struct nib_bucket {
    uint32_t tag;
    uint32_t ref; /* 0: empty */
};

struct nib_index {
    struct nib_bucket *buckets;
    uint32_t n; /* always more than there are entries */
};

/* How many buckets hold that many entries with a load of two thirds. */
static inline size_t nib_index_buckets(size_t entries)
{
    return entries + entries / 2 + 2;
}

static inline uint32_t nib_index_tag(uint64_t hash, unsigned kind)
{
    return ((uint32_t)(hash >> 32) & ~(uint32_t)15) | kind;
}

static inline uint32_t nib_index_home(const struct nib_index *index, uint32_t tag)
{
    return (uint32_t)((uint64_t)(tag & ~(uint32_t)15) * index->n >> 32);
}

/* Where a walk over the entries of one tag stands. Begins with nib_index_begin(). */
struct nib_probe {
    uint32_t bucket;
};

static inline struct nib_probe nib_index_begin(const struct nib_index *index, uint32_t tag)
{
    return (struct nib_probe){nib_index_home(index, tag)};
}

/* The next reference whose tag is that one in all bits of the mask; 0: no more. */
static inline uint32_t nib_index_next_masked(
    const struct nib_index *index, uint32_t tag, uint32_t mask, struct nib_probe *probe)
{
    for (;;) {
        struct nib_bucket b = index->buckets[probe->bucket];
        if (b.ref == 0)
            return 0;
        probe->bucket = probe->bucket + 1 == index->n ? 0 : probe->bucket + 1;
        if (((b.tag ^ tag) & mask) == 0)
            return b.ref;
    }
}

/*
 * The next reference under that tag, in the order of insertion while nothing is removed; 0: no
 * more.
 */
static inline uint32_t nib_index_next(
    const struct nib_index *index, uint32_t tag, struct nib_probe *probe)
{
    return nib_index_next_masked(index, tag, UINT32_MAX, probe);
}

/* The same under tags of any kind. */
static inline uint32_t nib_index_next_any(
    const struct nib_index *index, uint32_t tag, struct nib_probe *probe)
{
    return nib_index_next_masked(index, tag, ~(uint32_t)15, probe);
}

/* The buckets must be zero to begin with, and at least one stays empty: that is the owner's bound.
 */
void nib_index_insert(struct nib_index *index, uint32_t tag, uint32_t ref);

/* Removes the entry with that tag and reference, which must be there. */
void nib_index_remove(struct nib_index *index, uint32_t tag, uint32_t ref);

#endif
