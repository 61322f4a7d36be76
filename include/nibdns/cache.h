/*
 * Layer 3: the dynamic records of a program: learnt from answers, gone when their TTL is used up
 * (NIB-7.4). Key is name and type. Bounded: when `max` records live, the one that would expire
 * first makes room (NIB-7.8). Lookup is O(1), insert and expiry O(log n); nothing is allocated
 * after init.
 *
 * A record that has expired is never found or shown, whether or not nib_cache_expire() came by.
 */
#ifndef NIBDNS_CACHE_H
#define NIBDNS_CACHE_H

#include "nibdns/heap.h"
#include "nibdns/index.h"
#include "nibdns/rr.h"

/* Texts (name and result together) live in slots of these sizes, each class with room for all. */
enum { NIB_CACHE_CLASSES = 4 };

struct nib_cache_pool {
    unsigned char *slots;
    uint32_t used; /* slots that were ever taken */
    uint32_t free; /* the first of the freed ones plus one; 0: none */
};

struct nib_cache {
    uint64_t seed;
    uint32_t max, n;
    struct nib_cache_record *records; /* item i + 1 is reference i + 1 */
    uint32_t used, free;              /* as in a pool */
    uint32_t oldest, newest;          /* ends of the list in order of record number; 0: empty */
    struct nib_index index;
    struct nib_heap expiry;
    struct nib_cache_pool pools[NIB_CACHE_CLASSES];
    size_t text_octets; /* of all names and results */
    uint64_t evicted;   /* records that had to go before their time */
};

/*
 * Octets of memory for that many records: about 850 each in the worst case, of which a record of
 * short texts touches about 100. The memory handed to init must be zero and aligned for 64 octets.
 */
size_t nib_cache_bytes(uint32_t max);
void nib_cache_init(struct nib_cache *cache, void *memory, uint32_t max, uint64_t seed);

/* The record of that key that lives at `now`. False, *rr untouched, when there is none. */
bool nib_cache_find(const struct nib_cache *cache, nib_ms now, struct nib_key key,
    enum nib_type type, struct nib_rr *rr);

/*
 * A hint, for a batch of lookups: fetches the bucket into the processor's cache. It looks at nothing
 * that changes after init, so it needs no lock.
 */
void nib_cache_fetch_bucket(const struct nib_cache *cache, struct nib_key key);

/*
 * Stores a copy of a record (number, name, type, result, ttl_s of at least 1, marks count), unless
 * one with that key lives: that one stays as it is (NIB-7.5). Returns whether it was stored. The
 * names and results must have passed their checks.
 */
bool nib_cache_store(struct nib_cache *cache, nib_ms now, const struct nib_rr *rr);

/* Adds a mark to the record of that key, if there is one. */
void nib_cache_mark(
    struct nib_cache *cache, struct nib_key key, enum nib_type type, enum nib_mark mark);

/* Removes the record of that key, if there is one. */
void nib_cache_remove(struct nib_cache *cache, struct nib_key key, enum nib_type type);

/* Removes up to `most` records that have expired. Returns how many it removed. */
uint32_t nib_cache_expire(struct nib_cache *cache, nib_ms now, uint32_t most);

/* All records that live at `now`, in the order of their numbers: *at starts as 0. */
bool nib_cache_walk(const struct nib_cache *cache, nib_ms now, uint32_t *at, struct nib_rr *rr);

/* The same with those that have expired and are still there: their ttl_s is 0. */
bool nib_cache_walk_all(const struct nib_cache *cache, nib_ms now, uint32_t *at, struct nib_rr *rr);

/*
 * Where the cache has changed since a walk showed the record with number `no`, and left *at there:
 * moves *at to that record if it still lives, else to the one before it.
 */
void nib_cache_resume(const struct nib_cache *cache, uint32_t *at, uint64_t no);

#endif
