/*
 * Layer 7: what nibbench's sub-commands share: a clock that is fine enough, medians, a report as
 * text or JSON, random numbers that are the same each time, one core to stay on.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_H
#define NIBDNS_PROGRAMS_BENCH_H

#include <getopt.h>
#include <signal.h>

#include "nibdns/base.h"

enum { BENCH_LINES = 64 };

/* Of several rounds. */
struct bench_stat {
    double median, min, max;
};

struct bench_line {
    const char *key;   /* in JSON: small letters, the unit at the end */
    const char *words; /* to a person; NULL: in JSON only */
    const char *unit;
    int decimals;
    bool spread; /* more than one round: min and max are shown */
    struct bench_stat stat;
};

struct bench_report {
    struct bench_line lines[BENCH_LINES];
    size_t n;
};

/* Nanoseconds on the monotonic clock. */
int64_t bench_now_ns(void);

/* Sorts the values. n is at least 1. */
struct bench_stat bench_stat_of(double *values, size_t n);

void bench_report_stat(struct bench_report *report, const char *key, const char *words,
    const char *unit, int decimals, struct bench_stat stat);
void bench_report_value(struct bench_report *report, const char *key, const char *words,
    const char *unit, int decimals, double value);

/* To standard output: aligned lines, or one JSON object on one line. Returns the exit status. */
int bench_report_print(const struct bench_report *report, bool json, int status);

/* xorshift64*: *state must not be 0. */
static inline uint64_t bench_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

/* A number below n, which is at least 1 and below 2^32. */
static inline uint32_t bench_random_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)((bench_random(state) >> 32) * n >> 32);
}

/* Makes the compiler believe that memory is read and written here. */
static inline void bench_barrier(void)
{
    __asm__ volatile("" ::: "memory");
}

/*
 * Options that every sub-command has, at the end of each one's list: --cpu N (stays on that core
 * from now on; ends the program when there is none such), --json, --help and --version.
 */
enum { BENCH_CPU = 1000, BENCH_JSON };
#define BENCH_COMMON_OPTIONS                                                                       \
    {"cpu", required_argument, NULL, BENCH_CPU}, {"json", no_argument, NULL, BENCH_JSON},          \
        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'},                     \
    {                                                                                              \
        NULL, 0, NULL, 0                                                                           \
    }
void bench_common_option(
    const char *program, int option, const char *text, const char *help, bool *json);

/* Seconds, 0 to a day. Ends the program where it is none such. */
double bench_option_seconds(const char *program, const char *option, const char *text);

/* SIGINT and SIGTERM set the flag and interrupt what waits. */
const volatile sig_atomic_t *bench_stop_on_signals(void);

/* The sub-commands; argv[0] is the name to complain under. They return the exit status. */
int bench_codec(int argc, char **argv);
int bench_table(int argc, char **argv);
int bench_load(int argc, char **argv);
int bench_echo(int argc, char **argv);
int bench_flood(int argc, char **argv);

#endif
