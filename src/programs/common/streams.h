/*
 * Layer 7: the standard streams of a program.
 */
#ifndef NIBDNS_PROGRAMS_STREAMS_H
#define NIBDNS_PROGRAMS_STREAMS_H

#include "nibdns/table.h"

/*
 * Gives standard streams that are closed a place, so that no file or socket that is opened later
 * takes theirs: input ends at once, output fails. To be called first.
 */
void keep_standard_streams(void);

/*
 * The last thing before a program ends with that status: what it printed is passed on. The status,
 * or 2 with a line on standard error when output was lost.
 */
int end_output(const char *program, int status);

/* How --pretty prints: in colour at a terminal that knows it, unless NO_COLOR says otherwise. */
enum nib_table_form option_pretty_form(void);

#endif
