/*
 * The authoritative server of amazone.com: options and wiring.
 */
#include <string.h>

#include "common/streams.h"
#include "nibdns/authoritative.h"
#include "nibdns/builtin.h"
#include "server/serve.h"

/* What each worker has for itself: its counters, and the queries of the batch in hand. */
struct worker {
    struct nib_authoritative logic;
    struct nib_authoritative_query queries[NIB_BATCH];
};

enum { ZONES_MAX = 64 };

struct amazone {
    struct serve serve;
    struct nib_text zones[ZONES_MAX];
    size_t n_zones;
    struct worker workers[NIB_WORKERS_MAX];
};

static void take_zone(const struct option_use *use)
{
    struct amazone *a = use->settings;
    struct nib_text name = {use->text, strlen(use->text)};
    size_t bad;
    if (name.len > 1 && name.ptr[name.len - 1] == '.')
        name.len--;
    enum nib_err err = nib_name_check(name, &bad);
    if (err != NIB_OK)
        option_wrong(use, "is no domain: %s", nib_err_words(err));
    if (a->n_zones == ZONES_MAX)
        option_wrong(use, "is one too many; give %d at most", ZONES_MAX);
    a->zones[a->n_zones++] = name;
}

static const struct option_row rows[] = {
    OPTION_CALL('l', "listen", "ADDR[:PORT]", serve_take_listen,
        "listen there (127.0.0.1:22000); may be given again"),
    OPTION_CALL(0, "zone", "NAME", take_zone,
        "answer below NAME alone, refer to what is below it; may be given again"),
};

static const struct option_program command_line = {
    .name = "amazoneserver",
    .usage = "[options]",
    .about = "The authoritative server of amazone.com, on UDP port 22000.",
    .notes = SERVE_NOTES,
    .tables = {OPTION_ROWS(rows), &serve_rows},
};

static void input(void *ctx, uint32_t index, nib_ms now, const struct nib_datagram *datagrams,
    size_t n, struct nib_decision *decisions, struct nib_outputs *out)
{
    struct amazone *a = ctx;
    struct worker *worker = &a->workers[index];
    struct nib_authoritative *logic = &worker->logic;
    (void)now;
    for (size_t i = 0; i < n; i++) {
        const struct nib_datagram *d = &datagrams[i];
        decisions[i] =
            nib_authoritative_begin(logic, d->path, d->octets, d->len, &worker->queries[i]);
    }
    for (size_t i = 0; i < n; i++)
        if (decisions[i].what == NIB_DECIDED_NOTHING)
            nib_authoritative_seek(logic, &worker->queries[i]);
    for (size_t i = 0; i < n; i++)
        if (decisions[i].what == NIB_DECIDED_NOTHING)
            decisions[i] = nib_authoritative_finish(logic, &worker->queries[i], out);
}

static void answer_unsent(void *ctx, uint32_t index)
{
    struct amazone *a = ctx;
    nib_authoritative_answer_unsent(&a->workers[index].logic);
}

static bool reload(void *ctx)
{
    struct amazone *a = ctx;
    return serve_reload(&a->serve);
}

static void counters(void *ctx, struct nib_writer *w)
{
    const struct amazone *a = ctx;
    struct nib_authoritative all = {0};
    for (uint32_t i = 0; i < a->serve.config.workers; i++)
        nib_authoritative_add_counters(&all, &a->workers[i].logic);
    nib_authoritative_counters(&all, w);
}

int main(int argc, char **argv)
{
    static struct amazone a = {.serve = {.config = {.program = "amazoneserver",
                                             .banner = "[AmazoneDNS]",
                                             .capture_names = {"nibdns amazoneserver " NIB_VERSION,
                                                 "amazone", "local", NULL}},
                                   .builtin = NIB_BUILTIN_AMAZONE,
                                   .ttl_s = 60,
                                   .default_port = NIB_PORT_AUTHORITATIVE}};
    keep_standard_streams();
    serve_options(&a.serve, &command_line, argc, argv);
    serve_read_records(&a.serve);
    a.serve.config.outputs_max = NIB_BATCH;
    serve_size_tables(&a.serve, 0);
    a.serve.server = nib_server_open(&a.serve.config);
    if (a.serve.server == NULL)
        return 2;
    for (uint32_t i = 0; i < a.serve.config.workers; i++)
        a.workers[i].logic = (struct nib_authoritative){.table = &a.serve.table,
            .ttl_s = a.serve.ttl_s,
            .zones = a.zones,
            .n_zones = a.n_zones};
    const struct nib_service service = {.ctx = &a,
        .input = input,
        .answer_unsent = answer_unsent,
        .reload = reload,
        .counters = counters,
        .table = &a.serve.table};
    return nib_server_run(a.serve.server, &service);
}
