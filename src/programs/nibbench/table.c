#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nibbench/base/clock.h"
#include "nibbench/base/common_options.h"
#include "nibbench/base/random.h"
#include "nibbench/base/report.h"
#include "nibbench/commands.h"
#include "nibdns/cache.h"
#include "nibdns/os/memory.h"
#include "nibdns/records.h"
#include "nibdns/table.h"

/*
 * Lookups come in random order from texts that lie in that same order, so what waits for memory is
 * the table and not the benchmark. Each includes the hash of its name, as in the servers.
 */

enum {
    ROUNDS_MAX = 101,
    CALLS = 1 << 17,
    NAME_CAP = 32,
    EXPIRE_STEP = 64,
    BATCH = 64,
    DAY_S = 86400
};

/* What is measured: symbol, key in JSON, words. */
#define MEASURES(X)                                                                                \
    X(HASH, "hash_ns", "hash of a name")                                                           \
    X(ZONE_LOAD, "zone_load_ns", "static: load, a record of the file")                             \
    X(ZONE_HIT, "zone_hit_ns", "static: lookup, found")                                            \
    X(ZONE_MISS, "zone_miss_ns", "static: lookup, not found")                                      \
    X(ZONE_BATCH, "zone_batch_ns", "static: lookup, found, in batches of 64")                      \
    X(CACHE_INSERT, "cache_insert_ns", "dynamic: insert")                                          \
    X(CACHE_HIT, "cache_hit_ns", "dynamic: lookup, found")                                         \
    X(CACHE_MISS, "cache_miss_ns", "dynamic: lookup, not found")                                   \
    X(CACHE_EXPIRE, "cache_expire_ns", "dynamic: expiry")                                          \
    X(PRINT, "print_ns", "static: made into printed text, a row")                                  \
    X(WRITE, "write_ns", "  writing that text to a file, a row")

enum what {
#define X(symbol, key, words) symbol,
    MEASURES(X)
#undef X
        WHATS
};

static const struct {
    const char *key, *words;
} labels[WHATS] = {
#define X(symbol, key, words) [symbol] = {key, words},
    MEASURES(X)
#undef X
};

struct bench_names {
    char (*text)[NAME_CAP];
    uint8_t *len;
    uint32_t n, next;
};

struct tables {
    struct nib_text file; /* a records file with all names */
    struct bench_names hits, misses;
    struct nib_zone zone;
    void *zone_memory, *cache_memory;
    size_t zone_octets, cache_octets, found;
    struct nib_cache cache;
    nib_ms now;
    char *text; /* the printed table */
    size_t text_len, text_cap;
    FILE *written;
    double ns[WHATS][ROUNDS_MAX];
};

static void *need(size_t n)
{
    void *memory = nib_memory_map(n);
    if (memory == NULL)
        usage_error("nibbench table", "not enough memory; choose a smaller --names");
    return memory;
}

/* ---- names ---- */

static struct bench_names make_names(const char *prefix, uint32_t n, uint64_t random)
{
    struct bench_names names = {need((size_t)n * NAME_CAP), need(n), n, 0};
    uint32_t *order = need(n * sizeof *order);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t j = bench_random_below(&random, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    for (uint32_t i = 0; i < n; i++)
        names.len[i] = (uint8_t)snprintf(
            names.text[i], NAME_CAP, "%s%u.amazone.com", prefix, (unsigned)order[i]);
    nib_memory_unmap(order, n * sizeof *order);
    return names;
}

static struct nib_text next_name(struct bench_names *names)
{
    uint32_t i = names->next;
    names->next = i + 1 == names->n ? 0 : i + 1;
    return (struct nib_text){names->text[i], names->len[i]};
}

static struct nib_text make_file(uint32_t n)
{
    enum { LINE_MAX_OCTETS = 80 };
    size_t len = 0, cap = ((size_t)n + 1) * LINE_MAX_OCTETS;
    char *text = need(cap);
    len += (size_t)snprintf(text, cap, NIB_RR_HEADER "\n");
    for (unsigned i = 0; i < n; i++)
        len +=
            (size_t)snprintf(text + len, cap - len, "%u,host%u.amazone.com,A,10.%u.%u.%u,None,1\n",
                i, i, i >> 16 & 255, i >> 8 & 255, i & 255);
    return (struct nib_text){text, len};
}

/* ---- measures: each returns how many calls it made ---- */

static size_t hash(struct tables *t)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < CALLS; i++)
        sum += nib_name_hash(next_name(&t->hits), sum);
    t->found += sum & 1;
    return CALLS;
}

static void no_fault(void *ctx, size_t line, size_t column, const char *words)
{
    (void)ctx;
    fprintf(stderr, "nibbench table: line %zu, column %zu: %s\n", line, column, words);
    abort();
}

static size_t zone_load(struct tables *t)
{
    struct nib_faults faults = {.fault = no_fault};
    nib_memory_unmap(t->zone_memory, t->zone_octets);
    size_t records = nib_records_count(t->file);
    t->zone_octets = nib_zone_bytes(records, t->file.len);
    t->zone_memory = need(t->zone_octets);
    nib_zone_init(&t->zone, t->zone_memory, records, t->file.len, 1);
    (void)nib_records_read(t->file, &t->zone, &faults);
    (void)nib_zone_number(&t->zone, NULL, 0);
    return t->zone.n;
}

static size_t zone_find(struct tables *t, struct bench_names *names)
{
    struct nib_rr rr;
    for (size_t i = 0; i < CALLS; i++)
        t->found += nib_zone_find(&t->zone, nib_key_of(next_name(names), 1), NIB_A, &rr) &&
                    rr.result.ptr[0] == '1';
    return CALLS;
}

/* As the authoritative server does: the memory of a whole batch is fetched before it is used. */
static size_t zone_find_batches(struct tables *t)
{
    struct nib_key keys[BATCH];
    struct nib_rr rr;
    for (size_t i = 0; i < CALLS; i += BATCH) {
        for (size_t k = 0; k < BATCH; k++) {
            keys[k] = nib_key_of(next_name(&t->hits), 1);
            nib_zone_fetch_bucket(&t->zone, keys[k]);
        }
        for (size_t k = 0; k < BATCH; k++)
            nib_zone_fetch_record(&t->zone, keys[k], NIB_A);
        for (size_t k = 0; k < BATCH; k++)
            t->found += nib_zone_find(&t->zone, keys[k], NIB_A, &rr) && rr.result.ptr[0] == '1';
    }
    return CALLS;
}

static size_t cache_find(struct tables *t, struct bench_names *names)
{
    struct nib_rr rr;
    for (size_t i = 0; i < CALLS; i++)
        t->found +=
            nib_cache_find(&t->cache, t->now, nib_key_of(next_name(names), 1), NIB_A, &rr) &&
            rr.result.ptr[0] == '1';
    return CALLS;
}

static size_t cache_insert(struct tables *t)
{
    uint64_t random = 3;
    struct nib_rr rr = {.type = NIB_A, .result = NIB_TEXT("144.37.5.45")};
    for (uint32_t i = 0; i < t->hits.n; i++) {
        rr.no = i;
        rr.name = next_name(&t->hits);
        rr.ttl_s = 1 + bench_random_below(&random, DAY_S);
        t->found += nib_cache_store(&t->cache, t->now, &rr);
    }
    return t->hits.n;
}

/* All of them, in steps as the local server takes them. */
static size_t cache_expire(struct tables *t)
{
    size_t n = 0;
    uint32_t step;
    t->now += (nib_ms)DAY_S * 1000;
    while ((step = nib_cache_expire(&t->cache, t->now, EXPIRE_STEP)) > 0)
        n += step;
    return n;
}

/* What a server does for each request unless it is quiet, and what the system does with it then. */
static size_t print(struct tables *t)
{
    const struct nib_table table = {.zone = &t->zone};
    t->text_len = nib_table_text(&table, t->now, t->text, t->text_cap);
    return t->zone.n;
}

static size_t write_text(struct tables *t)
{
    int fd = fileno(t->written);
    if (pwrite(fd, t->text, t->text_len, 0) != (ssize_t)t->text_len)
        usage_error("nibbench table", "cannot write %zu octets to a temporary file", t->text_len);
    return t->zone.n;
}

static size_t call(struct tables *t, enum what what)
{
    switch (what) {
    case HASH:
        return hash(t);
    case ZONE_LOAD:
        return zone_load(t);
    case ZONE_HIT:
        return zone_find(t, &t->hits);
    case ZONE_MISS:
        return zone_find(t, &t->misses);
    case ZONE_BATCH:
        return zone_find_batches(t);
    case CACHE_INSERT:
        return cache_insert(t);
    case CACHE_HIT:
        return cache_find(t, &t->hits);
    case CACHE_MISS:
        return cache_find(t, &t->misses);
    case CACHE_EXPIRE:
        return cache_expire(t);
    case PRINT:
        return print(t);
    case WRITE:
    case WHATS:
        break;
    }
    return write_text(t);
}

static double measure(struct tables *t, enum what what)
{
    size_t before = t->found;
    int64_t start = bench_now_ns();
    size_t calls = call(t, what);
    double ns = (double)(bench_now_ns() - start) / (double)calls;
    bool hit = what == ZONE_HIT || what == ZONE_BATCH || what == CACHE_HIT || what == CACHE_INSERT;
    bool miss = what == ZONE_MISS || what == CACHE_MISS;
    if ((hit && t->found - before != calls) || (miss && t->found != before) ||
        (what == CACHE_EXPIRE && calls != t->hits.n)) {
        fprintf(stderr, "nibbench table: wrong result of: %s\n", labels[what].words);
        exit(EXIT_FAILURE);
    }
    return ns;
}

/* ---- memory ---- */

/* Octets of the pages that have been touched. */
static double resident(void *memory, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (n + page - 1) / page, touched = 0;
    unsigned char *there = need(pages);
    if (mincore(memory, n, there) != 0)
        return 0;
    for (size_t i = 0; i < pages; i++)
        touched += there[i] & 1;
    nib_memory_unmap(there, pages);
    return (double)(touched * page);
}

static void report_memory(struct bench_report *report, struct tables *t)
{
    double n = t->hits.n;
    double zone = (double)(t->zone.used + t->zone.index.n * sizeof(struct nib_bucket));
    bench_report_value(
        report, "zone_octets_record", "static: laid out, a record", "octets", 1, zone / n);
    bench_report_value(report, "zone_resident_record", "static: pages touched, a record", "octets",
        1, resident(t->zone_memory, t->zone_octets) / n);
    bench_report_value(report, "cache_octets_record", "dynamic: address space, a record", "octets",
        1, (double)t->cache_octets / n);
    bench_report_value(report, "cache_resident_record", "dynamic: pages touched, a record",
        "octets", 1, resident(t->cache_memory, t->cache_octets) / n);
    bench_report_value(report, "text_octets_record", "name and result, a record", "octets", 1,
        (double)t->zone.text_octets / n);
}

static struct bench_report run(uint32_t names, size_t rounds)
{
    static struct tables t;
    struct bench_report report = {.n = 0};
    t.file = make_file(names);
    t.hits = make_names("host", names, 1);
    t.misses = make_names("miss", names, 2);
    t.cache_octets = nib_cache_bytes(names);
    t.cache_memory = need(t.cache_octets);
    nib_cache_init(&t.cache, t.cache_memory, names, 1);
    t.text_cap = t.file.len + (size_t)names * 4 + 4096;
    t.text = need(t.text_cap);
    t.written = tmpfile();
    if (t.written == NULL)
        usage_error("nibbench table", "cannot make a temporary file");
    for (size_t round = 0; round <= rounds; round++) /* round 0 touches the memory */
        for (int what = 0; what < WHATS; what++)
            t.ns[what][round == 0 ? 0 : round - 1] = measure(&t, (enum what)what);
    bench_report_value(&report, "names", "names", "", 0, names);
    for (int what = 0; what < WHATS; what++)
        bench_report_stat(&report, labels[what].key, labels[what].words, "ns", 1,
            bench_stat_of(t.ns[what], rounds));
    bench_report_value(&report, "zone_load_ms", "static: load of all", "ms", 1,
        report.lines[1 + ZONE_LOAD].stat.median * names / 1e6);
    report_memory(&report, &t);
    return report;
}

struct settings {
    struct bench_common common;
    uint32_t names;
    size_t rounds;
};

static const struct option_row rows[] = {
    OPTION_NUMBER(
        0, "names", "N", struct settings, names, 1, 50000000, "records in each table (100000)"),
    OPTION_NUMBER(0, "rounds", "N", struct settings, rounds, 1, ROUNDS_MAX,
        "rounds of all in turn (7): median [min-max] is shown"),
};

static const struct option_program command_line = {
    .name = "nibbench table",
    .usage = "[options]",
    .about = "Nanoseconds a lookup, insert, expiry and printed row, and memory a record, of the "
             "static and\n"
             "the dynamic records, with random names.",
    .tables = {OPTION_ROWS(rows), &bench_common_rows},
};

int bench_table(int argc, char **argv)
{
    struct settings settings = {.names = 100000, .rounds = 7};
    (void)options_read(&command_line, &settings, argc, argv);
    const struct bench_report report = run(settings.names, settings.rounds);
    return bench_report_print(&report, settings.common.json, 0);
}
