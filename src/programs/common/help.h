/*
 * Layer 7: what --help and --version print to standard output; then status 0.
 */
#ifndef NIBDNS_PROGRAMS_HELP_H
#define NIBDNS_PROGRAMS_HELP_H

#include "common/options.h"

/* With the program's n options in their order. */
_Noreturn void option_print_help(
    const struct option_program *program, const struct option_row *const *rows, size_t n);

_Noreturn void option_print_version(const char *program);

#endif
