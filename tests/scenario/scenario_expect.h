/*
 * What a scenario expects of its world. Each call fails the scenario, through world->broken, when
 * something else is the case.
 */
#ifndef NIBDNS_TESTS_SCENARIO_EXPECT_H
#define NIBDNS_TESTS_SCENARIO_EXPECT_H

#include "scenario/scenario_world.h"

/* The line behind the word `expect`, but for tables and times. */
void expect(struct world *world, const char *rest);

/* The printed table has these rows, each ending in a newline. */
void expect_table(struct world *world, struct nib_text rows);

/* Nothing was sent that no line has expected. */
void expect_no_more(struct world *world);

/* The query that a line has named q1, q2, ... */
const struct line_out *expect_known(struct world *world, uint32_t label);

#endif
