/*
 * The local DNS server of the CSUSM campus: options and wiring.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/streams.h"
#include "nibdns/builtin.h"
#include "nibdns/local.h"
#include "nibdns/os/memory.h"
#include "nibdns/os/udp.h"
#include "server/serve.h"

enum {
    OWN_MAX = 256,          /* addresses of this machine that are known as this server */
    REQUESTS_PER_FETCH = 4, /* clients that may wait, for each question that may be under way */
};

struct local {
    struct serve serve;
    struct nib_local_config config;
    struct nib_addr own[OWN_MAX];
    uint32_t max_records, max_pending;
    struct nib_cache cache;
    struct nib_pending pending;
    struct nib_local logic;
};

/* ---- the service: one logic for all workers, who take turns ---- */

static struct nib_local *logic_for(void *ctx, struct nib_worker *worker)
{
    struct local *l = ctx;
    l->logic.host = nib_worker_host(worker);
    return &l->logic;
}

static void input(void *ctx, struct nib_worker *worker, nib_ms now,
    const struct nib_datagram *datagrams, size_t n)
{
    struct nib_local *logic = logic_for(ctx, worker);
    for (size_t i = 0; i < n; i++) {
        const struct nib_datagram *d = &datagrams[i];
        nib_local_input(logic, now, d->path, d->octets, d->len);
    }
}

static void reply(void *ctx, struct nib_worker *worker, nib_ms now, uint32_t slot,
    const uint8_t *octets, size_t len)
{
    nib_local_reply(logic_for(ctx, worker), now, slot, octets, len);
}

static void unreachable(void *ctx, struct nib_worker *worker, nib_ms now, uint32_t slot)
{
    nib_local_unreachable(logic_for(ctx, worker), now, slot);
}

static void tick(void *ctx, struct nib_worker *worker, nib_ms now)
{
    nib_local_tick(logic_for(ctx, worker), now);
}

static nib_ms deadline(void *ctx)
{
    const struct local *l = ctx;
    return nib_local_deadline(&l->logic);
}

static void unsent(void *ctx, struct nib_worker *worker)
{
    nib_local_unsent(logic_for(ctx, worker));
}

static void reload(void *ctx)
{
    struct local *l = ctx;
    serve_reload(&l->serve);
}

static void counters(void *ctx, struct nib_writer *w)
{
    const struct local *l = ctx;
    nib_local_counters(&l->logic, w);
}

/* ---- wiring ---- */

static const struct option_row rows[] = {
    OPTION_CALL('l', "listen", "ADDR[:PORT]", serve_take_listen,
        "listen there (127.0.0.1:21000); may be given again"),
    OPTION_NUMBER(0, "upstream-port", "PORT", struct local, config.upstream_port, 1, 65535,
        "where authoritative servers listen (22000)"),
    OPTION_NUMBER(0, "timeout", "MS", struct local, config.timeout_ms, 1, 3600000,
        "of the first try upstream, doubling (500)"),
    OPTION_NUMBER(0, "tries", "N", struct local, config.tries, 1, 16,
        "how often each authoritative server is asked (3)"),
    OPTION_NUMBER(0, "max-records", "N", struct local, max_records, 0, 100000000,
        "dynamic records kept (100000)"),
    OPTION_NUMBER(
        0, "max-pending", "N", struct local, max_pending, 1, 1000000, "questions under way (4096)"),
    OPTION_NUMBER(0, "max-ttl", "SECONDS", struct local, config.max_ttl_s, 0, NIB_TTL_MAX,
        "longer TTLs are cut to this (86400)"),
};

static const struct option_program command_line = {
    .name = "localserver",
    .usage = "[options]",
    .about = "The local DNS server of the CSUSM campus, on UDP port 21000.",
    .notes = SERVE_NOTES,
    .tables = {OPTION_ROWS(rows), &serve_rows},
};

/* All addresses that reach this server, so that it never asks itself. */
static void know_oneself(struct local *l, const struct nib_addr *listening, size_t n)
{
    size_t known = 0;
    for (size_t i = 0; i < n && known < OWN_MAX; i++) {
        size_t found = nib_udp_own_addresses(&listening[i], l->own + known, OWN_MAX - known);
        known += found < OWN_MAX - known ? found : OWN_MAX - known;
    }
    l->config.own = l->own;
    l->config.n_own = known;
}

static bool accept_zone(
    struct serve *serve, const struct nib_zone *zone, const struct nib_complaints *complaints)
{
    struct local *l = (struct local *)(void *)serve;
    struct nib_rr ns;
    char line[2 * NIB_NAME_MAX + 128];
    if (!nib_local_asks_itself(&l->config, zone, &ns))
        return true;
    (void)snprintf(line, sizeof line,
        "the name server %.*s of %.*s is this server itself: change the NS record, its address, "
        "--listen or --upstream-port",
        (int)ns.result.len, ns.result.ptr, (int)ns.name.len, ns.name.ptr);
    complaints->say(complaints->ctx, line);
    return false;
}

/* All memory that the tables will ever use. */
static void make_tables(struct local *l)
{
    uint32_t requests = l->max_pending * REQUESTS_PER_FETCH;
    void *cache = nib_memory_map(nib_cache_bytes(l->max_records));
    void *pending = nib_memory_map(nib_pending_bytes(l->max_pending, requests));
    if (cache == NULL || pending == NULL)
        usage_error(l->serve.config.program,
            "not enough memory: choose smaller --max-records or --max-pending");
    nib_cache_init(&l->cache, cache, l->max_records, l->serve.seed);
    nib_pending_init(&l->pending, pending, l->max_pending, requests, l->serve.seed);
    l->serve.table.cache = &l->cache;
}

int main(int argc, char **argv)
{
    static struct local l = {
        .serve = {.config = {.program = "localserver", .banner = "[LocalDNS]"},
            .builtin = NIB_BUILTIN_LOCAL,
            .ttl_s = 60,
            .default_port = NIB_PORT_LOCAL,
            .accept = accept_zone},
        .config = {.max_ttl_s = 86400,
            .timeout_ms = 500,
            .tries = 3,
            .upstream_port = NIB_PORT_AUTHORITATIVE},
        .max_records = 100000,
        .max_pending = 4096,
    };
    struct nib_server_config *config = &l.serve.config;
    keep_standard_streams();
    serve_options(&l.serve, &command_line, argc, argv);
    know_oneself(&l, config->listen, config->n_listen);
    l.config.static_ttl_s = l.serve.ttl_s;
    make_tables(&l);
    serve_read_records(&l.serve);
    config->max_slots = l.max_pending;
    config->table_cap = serve_table_cap(&l.serve, l.max_records);
    l.serve.server = nib_server_open(config);
    if (l.serve.server == NULL)
        return NIB_EXIT_USAGE;
    size_t n;
    const struct nib_addr *listening = nib_server_listening(l.serve.server, &n);
    know_oneself(&l, listening, n);
    const struct nib_local_host none = {0}; /* each call has its worker's */
    nib_local_init(&l.logic, &l.serve.table, &l.pending, &none, &l.config);
    const struct nib_service service = {.ctx = &l,
        .shared = true,
        .input = input,
        .reply = reply,
        .unreachable = unreachable,
        .tick = tick,
        .deadline = deadline,
        .unsent = unsent,
        .reload = reload,
        .counters = counters,
        .table = &l.serve.table};
    return nib_server_run(l.serve.server, &service);
}
