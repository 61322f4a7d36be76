/*
 * Layer 7: options read one by one, for the programs that have no table of them yet.
 */
#ifndef NIBDNS_PROGRAMS_NEXT_H
#define NIBDNS_PROGRAMS_NEXT_H

#include <getopt.h>

#include "nibdns/addr.h"

/* getopt_long, for which a wrong option is a usage error. The short options begin with a colon. */
int option_next(const char *program, int argc, char **argv, const char *short_options,
    const struct option *options);

/* A whole number from min to max, without sign. */
uint64_t option_number(
    const char *program, const char *option, const char *text, uint64_t min, uint64_t max);

struct nib_addr option_addr(
    const char *program, const char *option, const char *text, uint16_t default_port);

_Noreturn void print_version(const char *program);

#endif
