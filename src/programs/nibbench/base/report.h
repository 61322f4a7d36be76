/*
 * Layer 7: what a command measured, as lines for a person or as one JSON object.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_REPORT
#define NIBDNS_PROGRAMS_BENCH_REPORT

#include <stdbool.h>
#include <stddef.h>

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

/* Sorts the values. n is at least 1. */
struct bench_stat bench_stat_of(double *values, size_t n);

void bench_report_stat(struct bench_report *report, const char *key, const char *words,
    const char *unit, int decimals, struct bench_stat stat);
void bench_report_value(struct bench_report *report, const char *key, const char *words,
    const char *unit, int decimals, double value);

/* To standard output: aligned lines, or one JSON object on one line. Returns the exit status. */
int bench_report_print(const struct bench_report *report, bool json, int status);

#endif
