#define _GNU_SOURCE
#include "nibbench/base/bench.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/options.h"

int64_t bench_now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct bench_stat bench_stat_of(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
    double median = n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
    return (struct bench_stat){median, values[0], values[n - 1]};
}

static struct bench_line *add(
    struct bench_report *report, const char *key, const char *words, const char *unit, int decimals)
{
    if (report->n == BENCH_LINES)
        abort();
    struct bench_line *line = &report->lines[report->n++];
    *line = (struct bench_line){.key = key, .words = words, .unit = unit, .decimals = decimals};
    return line;
}

void bench_report_stat(struct bench_report *report, const char *key, const char *words,
    const char *unit, int decimals, struct bench_stat stat)
{
    struct bench_line *line = add(report, key, words, unit, decimals);
    line->spread = true;
    line->stat = stat;
}

void bench_report_value(struct bench_report *report, const char *key, const char *words,
    const char *unit, int decimals, double value)
{
    add(report, key, words, unit, decimals)->stat = (struct bench_stat){value, value, value};
}

static void print_json(const struct bench_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        const struct bench_line *l = &report->lines[i];
        printf("%s\"%s\":%.*f", i == 0 ? "{" : ",", l->key, l->decimals, l->stat.median);
        if (l->spread)
            printf(",\"%s_min\":%.*f,\"%s_max\":%.*f", l->key, l->decimals, l->stat.min, l->key,
                l->decimals, l->stat.max);
    }
    printf("}\n");
}

static void print_text(const struct bench_report *report)
{
    int wide = 0;
    for (size_t i = 0; i < report->n; i++) {
        const char *words = report->lines[i].words;
        if (words != NULL && (int)strlen(words) > wide)
            wide = (int)strlen(words);
    }
    for (size_t i = 0; i < report->n; i++) {
        const struct bench_line *l = &report->lines[i];
        if (l->words == NULL)
            continue;
        printf("%-*s %12.*f", wide, l->words, l->decimals, l->stat.median);
        if (l->unit[0] != '\0')
            printf(" %s", l->unit);
        if (l->spread)
            printf("  [%.*f-%.*f]", l->decimals, l->stat.min, l->decimals, l->stat.max);
        printf("\n");
    }
}

int bench_report_print(const struct bench_report *report, bool json, int status)
{
    if (json)
        print_json(report);
    else
        print_text(report);
    return fflush(stdout) != 0 && status == 0 ? EXIT_FAILURE : status;
}

static void stay_on_cpu(const char *program, const char *text)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)option_number(program, "--cpu", text, 0, CPU_SETSIZE - 1), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        usage_error(program, "--cpu %s: there is no such core to run on", text);
}

void bench_common_option(
    const char *program, int option, const char *text, const char *help, bool *json)
{
    switch (option) {
    case BENCH_CPU:
        stay_on_cpu(program, text);
        break;
    case BENCH_JSON:
        *json = true;
        break;
    case 'h':
        print_and_exit(help);
    case 'V':
        print_version("nibbench");
    default:
        break;
    }
}

double bench_option_seconds(const char *program, const char *option, const char *text)
{
    char *end;
    double s = strtod(text, &end);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || !(s <= 86400))
        usage_error(program, "%s takes seconds, 0 to 86400: 3 or 0.5", option);
    return s;
}

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

const volatile sig_atomic_t *bench_stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = stop};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    return &stopped;
}
