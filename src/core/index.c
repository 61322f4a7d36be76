#include "nibdns/index.h"

static uint32_t after(const struct nib_index *index, uint32_t at)
{
    return at + 1 == index->n ? 0 : at + 1;
}

void nib_index_insert(struct nib_index *index, uint32_t tag, uint32_t ref)
{
    uint32_t at = nib_index_home(index, tag);
    while (index->buckets[at].ref != 0)
        at = after(index, at);
    index->buckets[at] = (struct nib_bucket){tag, ref};
}

/* How many buckets lie from one to another, going forward and round. */
static uint32_t distance(const struct nib_index *index, uint32_t from, uint32_t to)
{
    return to >= from ? to - from : to + index->n - from;
}

/*
 * Closes the gap instead of leaving a tombstone: an entry further on in the run moves into the hole
 * when the hole lies between its home and where it stands. So every run stays without holes.
 */
void nib_index_remove(struct nib_index *index, uint32_t tag, uint32_t ref)
{
    uint32_t hole = nib_index_home(index, tag);
    while (index->buckets[hole].ref != ref || index->buckets[hole].tag != tag)
        hole = after(index, hole);
    for (uint32_t at = after(index, hole); index->buckets[at].ref != 0; at = after(index, at)) {
        uint32_t home = nib_index_home(index, index->buckets[at].tag);
        if (distance(index, home, at) >= distance(index, hole, at)) {
            index->buckets[hole] = index->buckets[at];
            hole = at;
        }
    }
    index->buckets[hole] = (struct nib_bucket){0, 0};
}
