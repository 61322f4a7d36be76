/*
 * Layer 7: what the programs' option parsers share. Each says one line on standard error and ends
 * the program with status 2 when the user got it wrong.
 */
#ifndef NIBDNS_PROGRAMS_OPTIONS_H
#define NIBDNS_PROGRAMS_OPTIONS_H

#include <getopt.h>

#include "nibdns/addr.h"
#include "nibdns/table.h"

#define NIB_VERSION "0.1.0"

enum { NIB_EXIT_USAGE = 2 };

/* `program: ` and printf's format, then status 2. */
_Noreturn void usage_error(const char *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Gives standard streams that are closed a place, so that no file or socket that is opened later
 * takes theirs: input ends at once, output fails. To be called first.
 */
void keep_standard_streams(void);

/* getopt_long, for which a wrong option is a usage error. The short options begin with a colon. */
int option_next(const char *program, int argc, char **argv, const char *short_options,
    const struct option *options);

/* A whole number from min to max, without sign. */
uint64_t option_number(
    const char *program, const char *option, const char *text, uint64_t min, uint64_t max);

struct nib_addr option_addr(
    const char *program, const char *option, const char *text, uint16_t default_port);

/* How --pretty prints: in colour at a terminal that knows it, unless NO_COLOR says otherwise. */
enum nib_table_form option_pretty_form(void);

/* The help text, or name and version, to standard output; then status 0. */
_Noreturn void print_and_exit(const char *text);
_Noreturn void print_version(const char *program);

#endif
