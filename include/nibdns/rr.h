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
    uint8_t marks;  /* of a dynamic record: how it was learnt */
    uint32_t ttl_s; /* of a dynamic record: what is left, 1 or more */
};

/* How a dynamic record was learnt, which no table shows. */
enum nib_mark {
    NIB_MARK_REMOTE = 1,    /* from a server that is not on loopback (NIB-8.22) */
    NIB_MARK_FORWARDED = 2, /* from a forwarder: an NS record makes no known domain (NIB-8.26) */
    NIB_MARK_SEVERAL = 4,   /* of an NS record: another server was named for that domain, too */
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
