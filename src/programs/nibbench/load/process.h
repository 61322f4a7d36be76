/*
 * Layer 7: another process's CPU time and memory.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_PROCESS
#define NIBDNS_PROGRAMS_BENCH_PROCESS

#include <stdbool.h>
#include <stddef.h>

enum { BENCH_PIDS_MAX = 16 };

struct bench_pids {
    int pid[BENCH_PIDS_MAX];
    size_t n;
};

/*
 * CPU time of all threads: the sum to the nanosecond; the user's share of it is the kernel's, by
 * ticks. Memory in KiB: resident, and in proportion to how many share it.
 */
struct bench_usage {
    double cpu_ns, user, system;
    double rss_kib, pss_kib;
};

/* False when one of the processes is not there. */
bool bench_usage_read(const struct bench_pids *pids, struct bench_usage *usage);

#endif
