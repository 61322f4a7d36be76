/*
 * Layer 7: the queries of a load, with the answers that are expected.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_QUERIES
#define NIBDNS_PROGRAMS_BENCH_QUERIES

#include "nibdns/dns.h"

enum bench_mode { BENCH_NIB, BENCH_DNS, BENCH_ECHO };

enum { BENCH_QUERY_CAP = NIB_DNS_QUERY_MAX }; /* octets: the longest query, ours or DNS */

/* What is sent, and what shall come back: octets of the datagram (ID zero), then the result. */
struct bench_query {
    uint32_t at;
    uint16_t len;
    uint8_t type, name_len;
    uint8_t expect_len; /* 0: any result that is found will do */
};

struct bench_queries {
    enum bench_mode mode;
    struct bench_query *list; /* in random order */
    uint32_t n, next;
    uint64_t random;
    uint8_t *octets;
    size_t used, cap;
};

/*
 * Reads `name [type [result]]` a line from a file (NULL: the two records that amazoneserver is born
 * with). Ends the program, with the line, where something is wrong.
 */
void bench_queries_read(
    struct bench_queries *q, const char *program, enum bench_mode mode, const char *path);

/* The next n queries; those of one length side by side when they are to be segments. */
void bench_queries_draw(
    struct bench_queries *q, const struct bench_query **out, size_t n, bool segments);

static inline const uint8_t *bench_query(
    const struct bench_queries *q, const struct bench_query *one)
{
    return q->octets + one->at;
}

static inline struct nib_text bench_expected(
    const struct bench_queries *q, const struct bench_query *one)
{
    return (struct nib_text){(const char *)q->octets + one->at + one->len, one->expect_len};
}

#endif
