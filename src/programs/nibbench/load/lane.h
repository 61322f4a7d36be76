/*
 * Layer 7: a window of queries under way on one socket.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_LANE_H
#define NIBDNS_PROGRAMS_BENCH_LANE_H

#include <stdbool.h>

#include "nibbench/load/queries.h"

/* A place in a window. Its ID on the wire is `uses` above `bits` bits of its own number. */
struct bench_place {
    int64_t due_ns, sent_ns; /* when it should have left, and did */
    const struct bench_query *query;
    uint32_t id;
    bool waiting;
};

struct bench_lane {
    struct bench_place *places;
    uint32_t *free; /* the numbers of those that are */
    uint32_t n_free, uses;
};

/* All places free. False when there is no memory; it is to be closed all the same. */
bool bench_lane_open(struct bench_lane *lane, uint32_t window);
void bench_lane_close(struct bench_lane *lane);

/* Nothing is waited for at that place any more. */
void bench_lane_free(struct bench_lane *lane, struct bench_place *place);

#endif
