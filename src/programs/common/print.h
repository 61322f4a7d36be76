/*
 * Layer 7: lines written to a file of libc's.
 */
#ifndef NIBDNS_PROGRAMS_PRINT_H
#define NIBDNS_PROGRAMS_PRINT_H

#include <stdio.h>

#include "common/line.h"

/* The line as it is, and the line with a newline. */
void print_part(const struct line *line, FILE *out);
void print_line(struct line *line, FILE *out);

#endif
