/*
 * Layer 7: a program's table, compared after each step with the rows that it must have.
 */
#ifndef NIBDNS_PROGRAMS_SIM_TABLE_H
#define NIBDNS_PROGRAMS_SIM_TABLE_H

#include "nibsim/nodes/state.h"

void sim_table_start(struct sim *sim, struct sim_table *table, int owner, uint32_t max,
    uint32_t max_ttl_s, uint64_t next_no);
void sim_table_free(struct sim_table *table);

/* Puts a zone with one static record more in the place of the one before (NULL: none more). */
void sim_table_reload(struct sim *sim, struct sim_table *table, const struct sim_record *pin);

/*
 * Compares a table with the rows that it must have, after a step that read a packet (NULL: none).
 * `took` says that the logic took the packet for the answer that it waited for.
 */
void sim_table_check(struct sim *sim, struct sim_table *table, struct sim_host *host,
    const struct sim_packet *packet, bool took);

/* The living row of that key, or NULL. */
const struct sim_row *sim_table_row(
    const struct sim_table *table, nib_ms now, struct nib_text name, enum nib_type type);

/* All rows are gone once their time is over. */
void sim_table_empty(struct sim *sim, struct sim_table *table, nib_ms now);

#endif
