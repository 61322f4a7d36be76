/*
 * Layer 2: one resource record as the tables show it, and the key that finds it.
 */
#ifndef NIBDNS_RR_H
#define NIBDNS_RR_H

#include "nibdns/name.h"
#include "nibdns/protocol.h"

/* NIB-7.1: the first line of a printed table and of a records file. */
#define NIB_RR_HEADER "record_no,name,type,result,ttl,static"

/* NIB-7.1: a view of a record in a table; texts stay the table's and live until the table next
 * changes. */
struct nib_rr {
    uint64_t no; /* record number: from 0, never used again */
    struct nib_text name;
    enum nib_type type;
    struct nib_text result;
    bool is_static; /* entered by hand: stays, and has no TTL of its own */
    uint32_t ttl_s; /* of a dynamic record: what is left, 1 or more */
};

/* A name and its hash, made once for a question and used for every table. */
struct nib_key {
    struct nib_text name;
    uint64_t hash;
};

static inline struct nib_key nib_key_of(struct nib_text name, uint64_t seed)
{
    return (struct nib_key){name, nib_name_hash(name, seed)};
}

#endif
