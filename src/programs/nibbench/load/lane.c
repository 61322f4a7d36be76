#include "nibbench/load/lane.h"

#include <stdlib.h>

bool bench_lane_open(struct bench_lane *lane, uint32_t window)
{
    *lane = (struct bench_lane){
        .places = calloc(window, sizeof *lane->places), .free = calloc(window, sizeof *lane->free)};
    if (lane->places == NULL || lane->free == NULL)
        return false;
    for (uint32_t p = 0; p < window; p++)
        lane->free[lane->n_free++] = window - 1 - p;
    return true;
}

void bench_lane_close(struct bench_lane *lane)
{
    free(lane->places);
    free(lane->free);
}

void bench_lane_free(struct bench_lane *lane, struct bench_place *place)
{
    place->waiting = false;
    lane->free[lane->n_free++] = (uint32_t)(place - lane->places);
}
