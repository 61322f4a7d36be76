/*
 * Layer 3: the static records of a server, read from a records file and then unchanged (a reload
 * makes a new zone and swaps it in). Key is name and type (NIB-7.2); several NS records may
 * stand, every other key stands once, a name with a CNAME has no other record (NIB-7.7).
 *
 * A record costs 11 octets and its two texts, padded to 8, 12 octets of index, and 4 more once a
 * reload keeps old numbers. A lookup waits for memory twice: the bucket, the record.
 */
#ifndef NIBDNS_ZONE_H
#define NIBDNS_ZONE_H

#include "nibdns/index.h"
#include "nibdns/rr.h"

struct nib_zone {
    uint64_t seed;
    struct nib_index index;
    unsigned char *records; /* one behind the other, each on a boundary of 8 octets */
    uint32_t *order;        /* references by record number, once `reordered` */
    bool reordered;         /* the numbers' order is not the file's: a reload kept old numbers */
    size_t used, cap;       /* octets of records */
    size_t text_octets;     /* of all names and results */
    uint32_t n, max;
};

enum nib_zone_add {
    NIB_ZONE_ADDED,
    NIB_ZONE_TWICE, /* that key, or that very NS record, stands already */
    NIB_ZONE_CNAME, /* the name would have a CNAME and another record */
    NIB_ZONE_FULL,  /* more than init made room for */
};

/*
 * Octets of memory for that many records with that many octets of names and results in all. The
 * memory handed to init must be zero and aligned for 64 octets; it stays the caller's.
 */
size_t nib_zone_bytes(size_t records, size_t text_octets);
void nib_zone_init(
    struct nib_zone *zone, void *memory, size_t records, size_t text_octets, uint64_t seed);

/* Adds a copy of a record (name, type, result count) whose texts have passed their checks. */
enum nib_zone_add nib_zone_add(struct nib_zone *zone, const struct nib_rr *rr);

/* The same where nib_name_hash() of the name and the zone's seed is known already. */
enum nib_zone_add nib_zone_add_hashed(
    struct nib_zone *zone, const struct nib_rr *rr, uint64_t hash);

/*
 * Gives every record its number: one that stood in `old` (NULL: none did) with the same name, type
 * and result keeps its own, the others get the next ones in the order of the file. Returns the next
 * number not yet used.
 */
uint64_t nib_zone_number(struct nib_zone *zone, const struct nib_zone *old, uint64_t next_no);

/* How many records did not stand in `old` with the same name, type and result. */
uint32_t nib_zone_count_new(const struct nib_zone *zone, const struct nib_zone *old);

/* The first record of that key. False, *rr untouched, when there is none. */
bool nib_zone_find(
    const struct nib_zone *zone, struct nib_key key, enum nib_type type, struct nib_rr *rr);

/*
 * Two hints for a batch of lookups: first for all keys the bucket, then for all the record are
 * fetched into the processor's cache, so that their waits for memory overlap.
 */
void nib_zone_fetch_bucket(const struct nib_zone *zone, struct nib_key key);
void nib_zone_fetch_record(const struct nib_zone *zone, struct nib_key key, enum nib_type type);

/* All records of a key, one a call: begin, then next until it says false. */
struct nib_probe nib_zone_begin(
    const struct nib_zone *zone, struct nib_key key, enum nib_type type);
bool nib_zone_next(const struct nib_zone *zone, struct nib_key key, enum nib_type type,
    struct nib_probe *probe, struct nib_rr *rr);

/* All records in the order of their numbers: start with {0}, then until it says false. */
struct nib_zone_walk {
    uint32_t i;    /* how many were shown */
    uint32_t next; /* what stands behind the last one in the file's order */
};
bool nib_zone_walk(const struct nib_zone *zone, struct nib_zone_walk *walk, struct nib_rr *rr);

#endif
