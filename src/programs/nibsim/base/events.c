#include "nibsim/base/events.h"

#include <stdlib.h>

/* A binary heap. */
static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->no < b->no;
}

void sim_push(struct sim *sim, sim_us at, enum sim_kind kind, uint32_t who, struct sim_packet *p)
{
    if (sim->n_queue == sim->cap_queue) {
        sim->cap_queue = sim->cap_queue * 2 + 64;
        sim->queue = realloc(sim->queue, sim->cap_queue * sizeof *sim->queue);
        if (sim->queue == NULL)
            abort();
    }
    struct sim_event event = {at, sim->event_no++, kind, who, p};
    size_t i = sim->n_queue++;
    for (; i > 0 && before(&event, &sim->queue[(i - 1) / 2]); i = (i - 1) / 2)
        sim->queue[i] = sim->queue[(i - 1) / 2];
    sim->queue[i] = event;
}

struct sim_event sim_pop(struct sim *sim)
{
    struct sim_event first = sim->queue[0], last = sim->queue[--sim->n_queue];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < sim->n_queue && before(&sim->queue[child + 1], &sim->queue[child]))
            child++;
        if (child >= sim->n_queue || before(&last, &sim->queue[child]))
            break;
        sim->queue[i] = sim->queue[child];
        i = child;
    }
    sim->queue[i] = last;
    return first;
}
