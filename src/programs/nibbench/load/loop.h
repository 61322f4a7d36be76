/*
 * Layer 7: the load generator's loop. Each socket has a window of queries under way; an answer
 * (or its time limit) frees a place. Closed loop: a free place is used at once. Open loop:
 * queries leave when the rate says so, and latency counts from then, whether or not there was a
 * place. A loop that spins never sleeps, so that how fast it wakes is not measured, and notices when
 * it was kept from its core.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_LOOP_H
#define NIBDNS_PROGRAMS_BENCH_LOOP_H

#include "nibbench/load/histogram.h"
#include "nibbench/load/process.h"
#include "nibbench/load/queries.h"
#include "nibbench/load/verdict.h"
#include "nibdns/addr.h"

struct bench_loop_config {
    struct nib_addr to;
    struct bench_queries *queries;
    uint32_t sockets, window; /* window: places of each socket */
    uint64_t rate;            /* queries a second; 0: closed loop */
    int64_t seconds_us, warmup_us, timeout_ms;
    bool segments, spin;
    struct bench_pids pids;
};

struct bench_loop_result {
    uint64_t issued; /* from the first on, while warming up too */
    uint64_t sent, answered, lost, unexpected, refused, behind;
    uint64_t own_stalls, unknown; /* of a loop that spins: how often it stood still; answers then */
    uint64_t query_octets, answer_octets;
    uint64_t verdicts[BENCH_VERDICT_COUNT];
    struct bench_histogram latency;
    double elapsed_ns;
    int64_t own_cpu_ns;
    struct bench_usage before, after; /* of the processes, while it was measured */
    bool usage_known;
};

/* False, with errno set, when sockets or memory cannot be had: the program ends then. */
bool bench_loop(const struct bench_loop_config *config, struct bench_loop_result *result);

#endif
