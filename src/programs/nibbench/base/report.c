#include "nibbench/base/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/streams.h"

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

static void add_number(
    struct nib_writer *w, const struct bench_line *l, const char *end, double number)
{
    char key[80];
    double unit = 1;
    for (int i = 0; i < l->decimals; i++)
        unit *= 10;
    (void)snprintf(key, sizeof key, "%s%s", l->key, end);
    json_fixed(w, key, (int64_t)(number * unit + (number < 0 ? -0.5 : 0.5)), l->decimals);
}

static void print_json(const struct bench_report *report)
{
    uint8_t line[BENCH_LINES * 256];
    struct nib_writer w = nib_writer_init(line, sizeof line);
    json_open(&w, NULL, '{');
    for (size_t i = 0; i < report->n; i++) {
        const struct bench_line *l = &report->lines[i];
        add_number(&w, l, "", l->stat.median);
        if (!l->spread)
            continue;
        add_number(&w, l, "_min", l->stat.min);
        add_number(&w, l, "_max", l->stat.max);
    }
    json_close(&w, '}');
    nib_writer_u8(&w, '\n');
    (void)fwrite(line, 1, w.off, stdout);
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
    return end_output("nibbench", status);
}
