#include "serve.h"

#include <stdio.h>
#include <stdlib.h>

#include "nibdns/os/random.h"
#include "options.h"

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
    case 'w':
        serve->config.write = argument;
        break;
    case 'c':
        serve->check = true;
        break;
    case 'h':
        print_and_exit(help);
    case 'V':
        print_version(program);
    default:
        usage_hint(program);
    }
}

void serve_options_done(struct serve *serve, int argc, char **argv)
{
    if (optind < argc)
        usage_error(serve->config.program, "unexpected '%s': this program takes only options",
            argv[optind]);
    if (serve->config.n_listen == 0)
        serve->config.listen[serve->config.n_listen++] =
            (struct nib_addr){.ip = {127, 0, 0, 1}, .port = serve->default_port, .family = 4};
    serve->seed = nib_random_u64();
}

static void say(void *ctx, const char *line)
{
    struct serve *serve = ctx;
    if (serve->server != NULL)
        nib_server_say(serve->server, "%s", line);
    else
        fprintf(stderr, "%s\n", line);
}

static void say_format(struct serve *serve, const char *words)
{
    char line[256];
    (void)snprintf(line, sizeof line, "%s: %s", serve->config.program, words);
    say(serve, line);
}

static bool read_zone(struct serve *serve, struct nib_zonefile *file)
{
    const struct nib_complaints complaints = {serve, say};
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
    char words[64];
    struct nib_zonefile *file = &serve->zonefiles[serve->current];
    if (!read_zone(serve, file)) {
        say_format(serve, "the records have faults: mend them and start again");
        exit(NIB_EXIT_USAGE);
    }
    nib_table_set_zone(&serve->table, &file->zone);
    if (serve->check) {
        (void)snprintf(words, sizeof words, "%u records, no fault", file->zone.n);
        say_format(serve, words);
        exit(EXIT_SUCCESS);
    }
}

size_t serve_table_cap(const struct serve *serve, uint32_t max_dynamic)
{
    enum { SMALL = 1 << 20, DYNAMIC_ROW = 2 * 253 + 48 };
    return SMALL + 2 * nib_table_text_max(&serve->table) + (size_t)max_dynamic * DYNAMIC_ROW;
}

void serve_reload(struct serve *serve)
{
    char words[64];
    struct nib_zonefile *old = &serve->zonefiles[serve->current];
    struct nib_zonefile *fresh = &serve->zonefiles[1 - serve->current];
    if (!read_zone(serve, fresh)) {
        say_format(serve, "the records have faults: the old ones stay");
        return;
    }
    nib_table_set_zone(&serve->table, &fresh->zone);
    nib_zonefile_free(old);
    serve->current = 1 - serve->current;
    (void)snprintf(words, sizeof words, "%u records read again", fresh->zone.n);
    say_format(serve, words);
}
