/*
 * Layer 7: options that every command has, and kinds of option that several have.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_COMMON_OPTIONS
#define NIBDNS_PROGRAMS_BENCH_COMMON_OPTIONS

#include <stdbool.h>

#include "common/options.h"

/* The settings of a command begin with these. */
struct bench_common {
    bool json;
};

/* --cpu, which takes effect at once, and --json. */
extern const struct option_table bench_common_rows;

/* Seconds, 0 to a day, into an int64_t of microseconds. */
#define BENCH_SECONDS(name, type, field, words)                                                    \
    OPTION_DECIMAL(0, name, "S", type, field, 0, (int64_t)86400 * 1000000, words)

#endif
