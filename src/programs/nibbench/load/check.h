/*
 * Layer 7: the check of an answer.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_CHECK
#define NIBDNS_PROGRAMS_BENCH_CHECK

#include "nibbench/load/queries.h"
#include "nibbench/load/verdict.h"

/* What to make of a datagram that has the ID of that query. */
enum bench_verdict bench_check(const struct bench_queries *q, const struct bench_query *one,
    uint32_t id, const uint8_t *octets, size_t len);

#endif
