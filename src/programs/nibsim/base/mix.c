#include "nibsim/base/mix.h"

enum { SECOND_US = 1000000 };

/* Nothing in half of the runs, else up to a limit, more often little than much. */
static uint32_t draw_chance(struct sim_rng *rng, uint32_t most)
{
    uint32_t limit = sim_below(rng, most) + 1;
    return sim_one_in(rng, 2) ? 0 : sim_below(rng, limit);
}

static void draw_faults(struct sim *sim, struct sim_rng *rng)
{
    struct sim_mix *mix = &sim->mix;
    mix->loss = draw_chance(rng, 500000);
    mix->duplicate = draw_chance(rng, 400000);
    mix->corrupt = draw_chance(rng, 300000);
    mix->slow = draw_chance(rng, 100000);
    mix->spoof = sim_one_in(rng, 2);
    mix->crash = sim_one_in(rng, 4);
    mix->pause = sim_one_in(rng, 3);
    mix->cut = sim_one_in(rng, 3);
    mix->reload = sim_one_in(rng, 3);
    mix->knows = sim_one_in(rng, 3);
    mix->late = sim_one_in(rng, 3);
    mix->unsent = sim_one_in(rng, 6);
    mix->exhausted = sim_one_in(rng, 6);
}

/* Given on the command line, a fault is there; the others then are not. */
static bool told_faults(struct sim *sim)
{
    const struct sim_options *o = &sim->options;
    struct sim_mix *mix = &sim->mix;
    if (o->loss < 0 && o->duplicate < 0 && o->corrupt < 0 && o->delay_min < 0 && !o->spoof &&
        !o->crash)
        return false;
    mix->loss = o->loss < 0 ? 0 : (uint32_t)o->loss;
    mix->duplicate = o->duplicate < 0 ? 0 : (uint32_t)o->duplicate;
    mix->corrupt = o->corrupt < 0 ? 0 : (uint32_t)o->corrupt;
    mix->spoof = o->spoof;
    mix->knows = o->spoof && sim->seed % 2 == 0;
    mix->crash = o->crash;
    return true;
}

/* Mostly less than the first try waits. */
static void draw_delay(struct sim *sim, struct sim_rng *rng)
{
    static const sim_us near[] = {0, 50, 1000}, far[] = {20000, 100000, 300000};
    static const sim_us spread[] = {0, 100, 5000, 30000};
    struct sim_mix *mix = &sim->mix;
    bool is_far = sim_one_in(rng, 4);
    mix->delay_min = is_far ? SIM_PICK(rng, far) : SIM_PICK(rng, near);
    sim_us more = SIM_PICK(rng, spread);
    mix->delay_max = mix->delay_min + (is_far ? 20 * more : more);
    if (sim->options.delay_min >= 0) {
        mix->delay_min = sim->options.delay_min;
        mix->delay_max = sim->options.delay_max;
    }
}

void sim_mix_draw(struct sim *sim)
{
    static const sim_us thinks[] = {2000, 50000, 200000, 1000000, 1000000, 5000000};
    static const uint32_t ports[] = {8, 64, 1000, 28232, 28232};
    struct sim_rng rng = sim_rng_of(sim->seed, 6);
    struct sim_mix *mix = &sim->mix;
    bool calm = sim_one_in(&rng, 8); /* nothing goes wrong at all */
    if (!told_faults(sim) && !calm)
        draw_faults(sim, &rng);
    draw_delay(sim, &rng);
    mix->ports = SIM_PICK(&rng, ports);
    bool crowd = sim_one_in(&rng, 8);
    mix->clients = 1 + sim_below(&rng, crowd ? SIM_CLIENTS : 10);
    mix->think = SIM_PICK(&rng, thinks);
    mix->length = mix->think * sim_between(&rng, 30, 150);
    if (sim->options.clients >= 0)
        mix->clients = (uint32_t)sim->options.clients;
    if (sim->options.length_s >= 0)
        mix->length = sim->options.length_s * SECOND_US;
}
