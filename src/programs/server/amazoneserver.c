/*
 * The authoritative server of amazone.com: options and wiring.
 */
#include <stdio.h>

#include "common/streams.h"
#include "nibdns/authoritative.h"
#include "nibdns/builtin.h"
#include "server/serve.h"

static const struct option_row rows[] = {
    OPTION_CALL('l', "listen", "ADDR[:PORT]", serve_take_listen,
        "listen there (127.0.0.1:22000); may be given again"),
};

static const struct option_program command_line = {
    .name = "amazoneserver",
    .usage = "[options]",
    .about = "The authoritative server of amazone.com, on UDP port 22000.",
    .notes = SERVE_NOTES,
    .tables = {OPTION_ROWS(rows), &serve_rows},
};

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
    static struct amazone a = {
        .serve = {.config = {.program = "amazoneserver", .banner = "[AmazoneDNS]"},
            .builtin = NIB_BUILTIN_AMAZONE,
            .ttl_s = 60,
            .default_port = NIB_PORT_AUTHORITATIVE}};
    keep_standard_streams();
    serve_options(&a.serve, &command_line, argc, argv);
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
