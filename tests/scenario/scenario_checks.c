/* The invariants that hold after every step of a scenario. */
#include "scenario/scenario_world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The counters as the program would write them, terminated. */
static void counters_text(const struct world *world, char out[WORLD_COUNTERS_MAX])
{
    struct nib_writer w = nib_writer_init((uint8_t *)out, WORLD_COUNTERS_MAX - 1);
    nib_local_counters(&world->local, &w);
    out[nib_writer_done(&w)] = '\0';
}

static bool value_in(const char *text, const char *name, uint64_t *value)
{
    size_t len = strlen(name);
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (strncmp(line, name, len) != 0 || strncmp(line + len, ": ", 2) != 0)
            continue;
        *value = strtoull(line + len + 2, NULL, 10);
        return true;
    }
    return false;
}

bool world_counter(const struct world *world, const char *name, uint64_t *value)
{
    static const char *const names[] = {
#define X(symbol, word) word,
        NIB_LOCAL_COUNTERS(X)
#undef X
    };
    char text[WORLD_COUNTERS_MAX];
    bool known = strncmp(name, "malformed_", 10) == 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        known = known || strcmp(names[i], name) == 0;
    counters_text(world, text);
    *value = 0; /* what is 0 is left out */
    (void)value_in(text, name, value);
    return known;
}

/* The sum of all counters whose names begin so. */
static uint64_t sum_of(const char *text, const char *prefix)
{
    uint64_t sum = 0;
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
        if (strncmp(line, prefix, strlen(prefix)) == 0)
            sum += strtoull(strstr(line, ": ") + 2, NULL, 10);
    return sum;
}

static void same(struct world *world, uint64_t got, uint64_t want, const char *what)
{
    char text[160];
    if (got == want)
        return;
    snprintf(text, sizeof text, "%s: %" PRIu64 ", not %" PRIu64, what, got, want);
    world->broken(text);
}

static uint64_t count(const char *text, const char *name)
{
    uint64_t value = 0;
    (void)value_in(text, name, &value); /* what is 0 is left out */
    return value;
}

static void counters_add_up(struct world *world)
{
    char text[WORLD_COUNTERS_MAX];
    counters_text(world, text);
    uint64_t answered = count(text, "answered"), lost = count(text, "dropped_unsent");
    same(world, count(text, "received"),
        answered + count(text, "waiting") + sum_of(text, "dropped_"),
        "received is not answered + waiting + dropped");
    same(world, count(text, "received"), world->received, "received, and what came in");
    same(world, answered, world->answered, "answered, and what went out");
    same(world, lost, world->lost, "dropped_unsent, and what was lost");
    same(world,
        count(text, "answered_found") + count(text, "answered_not_found") +
            count(text, "answered_failure"),
        answered + lost, "the kinds of answers, and all answers");
    same(world, sum_of(text, "malformed_"), count(text, "dropped_malformed"),
        "the rules broken, and dropped_malformed");
    same(world, count(text, "upstream_datagrams"), world->asks,
        "upstream_datagrams, and what went upstream");
    same(world, (uint32_t)(count(text, "upstream_questions") + world->settings.next_id),
        world->next_id, "upstream_questions, and the IDs that were used");
}

void world_check(struct world *world)
{
    counters_add_up(world);
    same(world, world->n_open, world->local.pending.n_fetches,
        "open sockets, and fetches under way");
    if (world->local.pending.n_requests > 0 && world->local.pending.n_fetches == 0)
        world->broken("a request waits, but no fetch is under way");
    if ((world->local.pending.n_fetches > 0) != (nib_local_deadline(&world->local) != NIB_NEVER))
        world->broken("a fetch without a deadline, or a deadline without a fetch");
}

void world_finish(struct world *world)
{
    enum { ENOUGH = 100000 };
    for (int i = 0; nib_local_deadline(&world->local) != NIB_NEVER; i++) {
        (void)world_go(world, nib_local_deadline(&world->local), true);
        while (world_sent(world) != NULL)
            world_took(world);
        if (i == ENOUGH)
            world->broken("fetches that never end");
    }
    same(world, world->local.pending.n_requests, 0, "requests that wait at the end");
    same(world, world->n_open, 0, "sockets open at the end");
    /* of what was asked, only repeats have no answer of their own */
    uint64_t repeats = 0;
    (void)world_counter(world, "dropped_repeat", &repeats);
    same(world, world->n_asked, repeats, "queries without an answer, and repeats");
}
