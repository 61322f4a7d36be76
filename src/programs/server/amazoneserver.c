/*
 * The authoritative server of amazone.com: options and wiring.
 */
#include <stdio.h>

#include "common/options.h"
#include "nibdns/authoritative.h"
#include "nibdns/builtin.h"
#include "server/serve.h"

static const char help[] =
    "Usage: amazoneserver [options]\n"
    "The authoritative server of amazone.com, on UDP port 22000.\n"
    "\n"
    "  -l, --listen ADDR[:PORT]  listen there (127.0.0.1:22000); may be given again\n"
    "  -r, --records FILE        records instead of the built-in ones; may be given again\n"
    "  -t, --ttl SECONDS         TTL that answers carry (60)\n"
    "      --workers N           threads that answer, one for each core at most (1)\n"
    "      --pretty              print tables whose columns line up\n"
    "  -q, --quiet               print no tables\n"
    "  -w, --write FILE.pcap     write a capture of the traffic\n"
    "  -c, --check               read the records, say what is wrong, end\n"
    "  -h, --help                this text\n"
    "  -V, --version             the version\n"
    "\n"
    "The table goes to standard output after each answer, messages to standard error.\n"
    "SIGHUP reads the records again, SIGUSR1 says the counters, SIGINT and SIGTERM end.\n"
    "Status: 0 ended by a signal (or nothing to complain of with --check), 2 wrong use.\n";

/* What each worker has for itself: its counters, and the queries of the batch in hand. */
struct desk {
    struct nib_authoritative logic;
    struct nib_authoritative_query queries[NIB_BATCH];
    const struct nib_path *paths[NIB_BATCH];
};

struct amazone {
    struct serve serve;
    struct desk desks[NIB_WORKERS_MAX];
};

static void input(void *ctx, struct nib_worker *worker, nib_ms now,
    const struct nib_datagram *datagrams, size_t n)
{
    struct amazone *a = ctx;
    struct desk *desk = &a->desks[nib_worker_index(worker)];
    struct nib_authoritative *logic = &desk->logic;
    struct nib_local_host host = nib_worker_host(worker);
    size_t n_queries = 0;
    (void)now;
    for (size_t i = 0; i < n; i++) {
        const struct nib_datagram *d = &datagrams[i];
        desk->paths[n_queries] = d->path;
        n_queries += nib_authoritative_begin(logic, d->octets, d->len, &desk->queries[n_queries]);
    }
    for (size_t i = 0; i < n_queries; i++)
        nib_authoritative_seek(logic, &desk->queries[i]);
    for (size_t i = 0; i < n_queries; i++) {
        uint8_t *out = host.room(host.ctx);
        size_t len = nib_authoritative_finish(logic, &desk->queries[i], out);
        host.answer(host.ctx, desk->paths[i], len);
    }
}

static void unsent(void *ctx, struct nib_worker *worker)
{
    struct amazone *a = ctx;
    nib_authoritative_unsent(&a->desks[nib_worker_index(worker)].logic);
}

static void reload(void *ctx)
{
    struct amazone *a = ctx;
    serve_reload(&a->serve);
}

static void counters(void *ctx, struct nib_writer *w)
{
    const struct amazone *a = ctx;
    struct nib_authoritative all = {0};
    for (uint32_t i = 0; i < a->serve.config.workers; i++)
        nib_authoritative_add_counters(&all, &a->desks[i].logic);
    nib_authoritative_counters(&all, w);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {SERVE_OPTIONS};
    static struct amazone a = {
        .serve = {.config = {.program = "amazoneserver", .banner = "[AmazoneDNS]"},
            .builtin = NIB_BUILTIN_AMAZONE,
            .ttl_s = 60,
            .default_port = NIB_PORT_AUTHORITATIVE}};
    int option;
    keep_standard_streams();
    while ((option = option_next(a.serve.config.program, argc, argv, SERVE_SHORT, options)) != -1)
        serve_option(&a.serve, option, optarg, help);
    serve_options_done(&a.serve, argc, argv);
    serve_read_records(&a.serve);
    a.serve.config.table_cap = serve_table_cap(&a.serve, 0);
    a.serve.server = nib_server_open(&a.serve.config);
    if (a.serve.server == NULL)
        return 2;
    for (uint32_t i = 0; i < a.serve.config.workers; i++)
        a.desks[i].logic =
            (struct nib_authoritative){.table = &a.serve.table, .ttl_s = a.serve.ttl_s};
    const struct nib_service service = {.ctx = &a,
        .input = input,
        .unsent = unsent,
        .reload = reload,
        .counters = counters,
        .table = &a.serve.table};
    return nib_server_run(a.serve.server, &service);
}
