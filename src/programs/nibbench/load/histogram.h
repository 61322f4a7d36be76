/*
 * Layer 7: latencies.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_HISTOGRAM
#define NIBDNS_PROGRAMS_BENCH_HISTOGRAM

#include <stdint.h>

enum { BENCH_SUB = 512, BENCH_POWERS = 40 }; /* 512 steps to a power of two: 0.2 % at most */
enum { BENCH_LATE_NS = 1000000 };

struct bench_histogram {
    uint64_t n, max, late; /* late: above BENCH_LATE_NS */
    uint64_t counts[BENCH_POWERS * BENCH_SUB];
};

void bench_histogram_add(struct bench_histogram *h, int64_t ns);

/* The latency in microseconds that this share of all did not exceed. */
double bench_histogram_us(const struct bench_histogram *h, double share);

#endif
