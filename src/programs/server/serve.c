#include "server/serve.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/options.h"
#include "nibdns/os/random.h"

static void add_listen(struct serve *serve, const char *argument)
{
    struct nib_server_config *config = &serve->config;
    if (config->n_listen == NIB_LISTEN_MAX)
        usage_error(config->program, "--listen can be given %d times at most", NIB_LISTEN_MAX);
    config->listen[config->n_listen++] =
        option_addr(config->program, "--listen", argument, serve->default_port);
}

static void add_records(struct serve *serve, const char *argument)
{
    if (serve->n_records == RECORDS_FILES_MAX)
        usage_error(
            serve->config.program, "--records can be given %d times at most", RECORDS_FILES_MAX);
    serve->records[serve->n_records++] = argument;
}

void serve_option(struct serve *serve, int option, const char *argument, const char *help)
{
    const char *program = serve->config.program;
    switch (option) {
    case 'l':
        add_listen(serve, argument);
        break;
    case 'r':
        add_records(serve, argument);
        break;
    case 't':
        serve->ttl_s = (uint32_t)option_number(program, "--ttl", argument, 0, NIB_TTL_MAX);
        break;
    case 'q':
        serve->config.quiet = true;
        break;
    case 'p':
        serve->config.form = option_pretty_form();
        break;
    case 'w':
        serve->config.write = argument;
        break;
    case 'c':
        serve->check = true;
        break;
    case 'n':
        serve->config.workers =
            (uint32_t)option_number(program, "--workers", argument, 1, NIB_WORKERS_MAX);
        break;
    case 'h':
        print_and_exit(help);
    case 'V':
        print_version(program);
    default:
        break;
    }
}

void serve_options_done(struct serve *serve, int argc, char **argv)
{
    if (optind < argc)
        usage_error(serve->config.program, "unexpected '%s': this program takes only options",
            argv[optind]);
    if (serve->config.workers == 0)
        serve->config.workers = 1;
    if (serve->config.n_listen == 0)
        serve->config.listen[serve->config.n_listen++] =
            (struct nib_addr){.ip = {127, 0, 0, 1}, .port = serve->default_port, .family = 4};
    serve->seed = nib_random_u64();
}

static void log_line(struct serve *serve, enum nib_log_level rank, const char *line)
{
    if (serve->server != NULL)
        nib_server_say(serve->server, rank, "%s", line);
    else
        fprintf(stderr, "%s%s\n", nib_log_prefix(rank), line);
}

static void complain(void *ctx, const char *line)
{
    log_line(ctx, NIB_LOG_WARNING, line);
}

static void say_of_records(struct serve *serve, enum nib_log_level rank, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say_of_records(struct serve *serve, enum nib_log_level rank, const char *format, ...)
{
    char line[256];
    va_list args;
    int n = snprintf(line, sizeof line, "%s: ", serve->config.program);
    va_start(args, format);
    (void)vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    va_end(args);
    log_line(serve, rank, line);
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

size_t serve_table_cap(const struct serve *serve, uint32_t max_dynamic)
{
    enum { SMALL = 1 << 20, DYNAMIC_ROW = 2 * 253 + 48 };
    enum nib_table_form form = serve->config.form;
    size_t row = DYNAMIC_ROW + (form == NIB_TABLE_CSV ? 0 : NIB_TABLE_PRETTY_ROW);
    return SMALL + 2 * nib_table_form_max(&serve->table, form) + max_dynamic * row;
}

/* What a reload does while no worker is in the service. */
struct change {
    struct nib_table *table;
    const struct nib_zone *zone;
    uint32_t n_new;
    uint64_t first_no;
};

static void take_numbers(void *ctx)
{
    struct change *change = ctx;
    change->first_no = nib_table_take_numbers(change->table, change->n_new);
}

static void swap_zone(void *ctx)
{
    struct change *change = ctx;
    nib_table_swap_zone(change->table, change->zone);
}

void serve_reload(struct serve *serve)
{
    struct nib_zonefile *old = &serve->zonefiles[serve->current];
    struct nib_zonefile *fresh = &serve->zonefiles[1 - serve->current];
    if (!read_zone(serve, fresh)) {
        say_of_records(serve, NIB_LOG_WARNING, "the records have faults: the old ones stay");
        return;
    }
    struct change change = {.table = &serve->table,
        .zone = &fresh->zone,
        .n_new = nib_zone_count_new(&fresh->zone, &old->zone)};
    nib_server_with_all_locks(serve->server, take_numbers, &change);
    (void)nib_zone_number(&fresh->zone, &old->zone, change.first_no);
    nib_server_with_all_locks(serve->server, swap_zone, &change);
    nib_zonefile_free(old);
    serve->current = 1 - serve->current;
    say_of_records(serve, NIB_LOG_INFO, "%u records read again", fresh->zone.n);
}
