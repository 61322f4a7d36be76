/*
 * Layer 7: the real DNS as far as the generator needs it.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_DNS
#define NIBDNS_PROGRAMS_BENCH_DNS

#include "nibbench/load/verdict.h"
#include "nibdns/protocol.h"

/* The query for a valid name; room for NIB_DNS_QUERY_MAX octets. Its length. */
size_t bench_dns_query(struct nib_text name, enum nib_type type, uint8_t *out);

/* An answer against its query's octets and the result that is expected (empty: any). */
enum bench_verdict bench_dns_check(struct nib_text query, enum nib_type type,
    struct nib_text expected, const uint8_t *octets, size_t len);

#endif
