#define _POSIX_C_SOURCE 200809L
#include "server/serve.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/address.h"
#include "common/streams.h"
#include "nibdns/os/background.h"
#include "nibdns/os/random.h"
#include "nibdns/os/signals.h"

void serve_take_listen(const struct option_use *use)
{
    struct serve *serve = use->settings;
    struct nib_server_config *config = &serve->config;
    struct nib_addr *addr = &config->listen[config->n_listen];
    if (config->n_listen == NIB_LISTEN_MAX)
        option_wrong(use, "is one too many; give %d at most", NIB_LISTEN_MAX);
    const char *why = address_parse(use->text, serve->default_port, addr);
    if (why != NULL)
        option_wrong(use, "%s", why);
    config->n_listen++;
}

static void add_records(const struct option_use *use)
{
    struct serve *serve = use->settings;
    if (serve->n_records == RECORDS_FILES_MAX)
        option_wrong(use, "is one too many; give %d at most", RECORDS_FILES_MAX);
    serve->records[serve->n_records++] = use->text;
}

static void set_pretty(const struct option_use *use)
{
    struct serve *serve = use->settings;
    serve->config.form = option_pretty_form();
}

static const struct option_row rows[] = {
    OPTION_CALL('r', "records", "FILE", add_records,
        "records instead of the built-in ones; may be given again"),
    OPTION_NUMBER('t', "ttl", "SECONDS", struct serve, ttl_s, 0, NIB_TTL_MAX,
        "TTL of answers from static records (60)"),
    OPTION_NUMBER(0, "workers", "N", struct serve, config.workers, 1, NIB_WORKERS_MAX,
        "threads that answer, one for each core at most (1)"),
    OPTION_CALL(0, "pretty", NULL, set_pretty, "print tables whose columns line up"),
    OPTION_FLAG('q', "quiet", struct serve, config.quiet, "print no tables"),
    OPTION_FLAG(0, "trace", struct serve, config.trace, "say what is decided about each datagram"),
    OPTION_TEXT('w', "write", "FILE.pcap", struct serve, config.write,
        "write a capture of the traffic (FILE.pcapng: with what was decided)"),
    OPTION_FLAG('c', "check", struct serve, check, "read the records, say what is wrong, end"),
};

const struct option_table serve_rows = OPTION_TABLE(rows);

/* Two addresses that cannot be listened on at the same time are no other program's fault. */
static void check_listen(const struct nib_server_config *config)
{
    char first[NIB_ADDR_TEXT_MAX], second[NIB_ADDR_TEXT_MAX];
    for (size_t i = 1; i < config->n_listen; i++) {
        for (size_t k = 0; k < i; k++) {
            const struct nib_addr *a = &config->listen[k], *b = &config->listen[i];
            if (a->port != b->port || a->port == 0 || a->family != b->family ||
                !(nib_ip_equal(a, b) || nib_addr_is_wildcard(a) || nib_addr_is_wildcard(b)))
                continue;
            (void)nib_addr_format(a, first);
            (void)nib_addr_format(b, second);
            if (nib_ip_equal(a, b))
                usage_error(config->program, "--listen %s is there twice; give it once", first);
            usage_error(
                config->program, "--listen %s and %s overlap; give one of them", first, second);
        }
    }
}

void serve_options(
    struct serve *serve, const struct option_program *command_line, int argc, char **argv)
{
    nib_signals_hold();
    (void)options_read(command_line, serve, argc, argv);
    if (serve->config.workers == 0)
        serve->config.workers = 1;
    if (serve->config.n_listen == 0)
        serve->config.listen[serve->config.n_listen++] =
            (struct nib_addr){.ip = {127, 0, 0, 1}, .port = serve->default_port, .family = 4};
    check_listen(&serve->config);
    serve->config.records = serve->records;
    serve->config.n_records = serve->n_records;
    serve->seed = nib_random_u64();
}

static void log_line(struct serve *serve, enum nib_log_level level, const char *line)
{
    if (serve->server != NULL)
        nib_server_say(serve->server, level, "%s", line);
    else
        fprintf(stderr, "%s%s\n", nib_log_prefix(level), line);
}

static void complain(void *ctx, const char *line)
{
    log_line(ctx, NIB_LOG_WARNING, line);
}

static void say_of_records(struct serve *serve, enum nib_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say_of_records(struct serve *serve, enum nib_log_level level, const char *format, ...)
{
    char line[256];
    va_list args;
    int n = snprintf(line, sizeof line, "%s: ", serve->config.program);
    va_start(args, format);
    (void)vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    va_end(args);
    log_line(serve, level, line);
}

static bool read_zone(struct serve *serve, struct nib_zonefile *file)
{
    const struct nib_complaints complaints = {
        .ctx = serve, .say = complain, .show_progress = serve->server == NULL};
    if (!nib_zonefile_read(
            file, serve->records, serve->n_records, serve->builtin, serve->seed, &complaints))
        return false;
    if (serve->accept == NULL || serve->accept(serve, &file->zone, &complaints))
        return true;
    nib_zonefile_free(file);
    return false;
}

void serve_read_records(struct serve *serve)
{
    struct nib_zonefile *file = &serve->zonefiles[serve->current];
    if (!read_zone(serve, file))
        exit(NIB_EXIT_USAGE);
    nib_table_set_zone(&serve->table, &file->zone);
    if (serve->check) {
        say_of_records(serve, NIB_LOG_INFO, "%u records, no fault", file->zone.n);
        exit(EXIT_SUCCESS);
    }
}

void serve_size_tables(struct serve *serve, uint32_t max_dynamic)
{
    enum { SMALL = 2 << 20, DYNAMIC_ROW = 2 * 253 + 48, BURST = 4096, BURST_MAX = 64 << 20 };
    struct nib_server_config *config = &serve->config;
    size_t fixed = nib_table_form_max(&serve->table, config->form);
    size_t row = DYNAMIC_ROW + (config->form == NIB_TABLE_CSV ? 0 : NIB_TABLE_PRETTY_ROW);
    size_t burst = fixed < BURST_MAX / BURST ? fixed * BURST : BURST_MAX;
    config->text_cap = SMALL + 2 * fixed + max_dynamic * row;
    config->table_cap = config->text_cap + burst;
}

/* ---- reading again ---- */

struct reload {
    struct serve *serve;
    struct nib_zonefile *old, *fresh;
    bool good;
    uint32_t n_new;
    uint64_t first_no;
    struct nib_table_way way;
    bool more;
};

/* In the background: the new records beside the old ones, in which nothing changes meanwhile. */

static void read_fresh(void *ctx)
{
    struct reload *r = ctx;
    r->good = read_zone(r->serve, r->fresh);
    if (r->good)
        r->n_new = nib_zone_count_new(&r->fresh->zone, &r->old->zone);
}

static void number_fresh(void *ctx)
{
    struct reload *r = ctx;
    (void)nib_zone_number(&r->fresh->zone, &r->old->zone, r->first_no);
}

static void free_old(void *ctx)
{
    struct reload *r = ctx;
    nib_zonefile_free(r->old);
}

/* While no worker is in the service. */

static void take_numbers(void *ctx)
{
    struct reload *r = ctx;
    r->first_no = nib_table_take_numbers(&r->serve->table, r->n_new);
}

static void swap_zone(void *ctx)
{
    struct reload *r = ctx;
    nib_table_swap_zone(&r->serve->table, &r->fresh->zone);
}

static void give_way(void *ctx)
{
    enum { STEP = 256 }; /* records, a small part of a millisecond */
    struct reload *r = ctx;
    r->more = nib_table_give_way(&r->serve->table, &r->fresh->zone, &r->way, STEP);
}

/*
 * Step by step. Between two of them the service goes on: who waits for a lock gets it only when
 * this thread leaves it alone for a moment.
 */
static void make_way(struct reload *r)
{
    const struct timespec moment = {.tv_nsec = 1};
    r->way = (struct nib_table_way){0};
    for (;;) {
        nib_server_with_all_locks(r->serve->server, give_way, r);
        if (!r->more)
            return;
        (void)nanosleep(&moment, NULL);
    }
}

bool serve_reload(struct serve *serve)
{
    struct reload r = {.serve = serve,
        .old = &serve->zonefiles[serve->current],
        .fresh = &serve->zonefiles[1 - serve->current]};
    nib_background_do(read_fresh, &r);
    if (!r.good) {
        say_of_records(serve, NIB_LOG_WARNING, "the records have faults: the old ones stay");
        return false;
    }
    nib_server_with_all_locks(serve->server, take_numbers, &r);
    nib_background_do(number_fresh, &r);
    make_way(&r);
    nib_server_with_all_locks(serve->server, swap_zone, &r);
    make_way(&r); /* for what was learnt meanwhile */
    nib_background_do(free_old, &r);
    serve->current = 1 - serve->current;
    say_of_records(serve, NIB_LOG_INFO, "%u records read again", r.fresh->zone.n);
    return true;
}
