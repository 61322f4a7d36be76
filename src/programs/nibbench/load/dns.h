/*
 * Layer 7: the real DNS as far as the generator needs it.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_DNS
#define NIBDNS_PROGRAMS_BENCH_DNS

#include "nibbench/load/verdict.h"
#include "nibdns/protocol.h"

/* The query for a valid name, 0 when it does not fit. */
size_t bench_dns_query(struct nib_text name, enum nib_type type, uint8_t *out, size_t cap);

/* A result as RDATA, a miss as one octet; no result, or none that is valid: 0. */
size_t bench_dns_rdata(enum nib_type type, struct nib_text result, uint8_t out[256]);

/* An answer against its query and the RDATA that is expected (empty: any). */
enum bench_verdict bench_dns_check(struct nib_text query, enum nib_type type, struct nib_text rdata,
    const uint8_t *octets, size_t len);

#endif
