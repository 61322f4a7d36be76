/*
 * The local DNS server of the CSUSM campus: options and wiring.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "common/streams.h"
#include "nibdns/builtin.h"
#include "nibdns/local.h"
#include "nibdns/os/memory.h"
#include "nibdns/os/random.h"
#include "server/serve.h"

enum {
    REQUESTS_PER_FETCH = 4, /* clients that may wait, for each fetch that may be under way */
};

struct local {
    struct serve serve;
    struct nib_local_config config;
    struct nib_local logic;
    struct nib_local_query queries[NIB_WORKERS_MAX][NIB_BATCH]; /* in each worker's hand */
};

/* ---- the service: one logic for all workers, who take turns ---- */

static void read_queries(void *ctx, uint32_t worker, const struct nib_datagram *datagrams, size_t n)
{
    struct local *l = ctx;
    for (size_t i = 0; i < n; i++)
        nib_local_read(&l->logic, &l->queries[worker][i], datagrams[i].octets, datagrams[i].len);
}

static void input(void *ctx, uint32_t worker, nib_ms now, const struct nib_datagram *datagrams,
    size_t n, struct nib_decision *decisions, struct nib_outputs *out)
{
    struct local *l = ctx;
    for (size_t i = 0; i < n; i++)
        decisions[i] =
            nib_local_take(&l->logic, now, datagrams[i].path, &l->queries[worker][i], out);
}

static struct nib_decision reply(void *ctx, nib_ms now, struct nib_slot slot, const uint8_t *octets,
    size_t len, struct nib_outputs *out)
{
    struct local *l = ctx;
    return nib_local_reply(&l->logic, now, slot, octets, len, out);
}

static struct nib_decision unreachable(
    void *ctx, nib_ms now, struct nib_slot slot, struct nib_outputs *out)
{
    struct local *l = ctx;
    return nib_local_unreachable(&l->logic, now, slot, out);
}

static void query_unsent(
    void *ctx, nib_ms now, struct nib_slot slot, bool exhausted, struct nib_outputs *out)
{
    struct local *l = ctx;
    (void)nib_local_query_unsent(&l->logic, now, slot, exhausted, out);
}

static void answer_unsent(void *ctx, uint32_t worker)
{
    struct local *l = ctx;
    (void)worker;
    nib_local_answer_unsent(&l->logic);
}

static void tick(void *ctx, nib_ms now, struct nib_outputs *out)
{
    struct local *l = ctx;
    nib_local_tick(&l->logic, now, out);
}

static nib_ms deadline(void *ctx)
{
    const struct local *l = ctx;
    return nib_local_deadline(&l->logic);
}

static bool reload(void *ctx)
{
    struct local *l = ctx;
    return serve_reload(&l->serve);
}

static void counters(void *ctx, struct nib_writer *w)
{
    const struct local *l = ctx;
    nib_local_counters(&l->logic, w);
}

/* ---- wiring ---- */

static void take_forwarder(const struct option_use *use)
{
    struct local *l = use->settings;
    struct nib_local_config *config = &l->config;
    struct nib_addr addr;
    const char *why = address_parse(use->text, NIB_PORT_LOCAL, &addr);
    if (why != NULL)
        option_wrong(use, "%s", why);
    if (addr.port == 0)
        option_wrong(use, "has port 0; give one from 1 to 65535");
    if (config->n_forwarders == NIB_FORWARDERS_MAX)
        option_wrong(use, "is one too many; give %d at most", NIB_FORWARDERS_MAX);
    address_to_ask(&addr);
    config->forwarders[config->n_forwarders++] = addr;
}

static void take_mix(const struct option_use *use)
{
    static const char *const names[] = {
        [NIB_MIX_AUTO] = "auto", [NIB_MIX_ALWAYS] = "always", [NIB_MIX_NEVER] = "never"};
    struct local *l = use->settings;
    for (int mix = NIB_MIX_AUTO; mix <= NIB_MIX_NEVER; mix++) {
        if (strcmp(use->text, names[mix]) != 0)
            continue;
        l->config.mix = (enum nib_mix)mix;
        return;
    }
    option_wrong(use, "is none of auto, always, never");
}

static const struct option_row rows[] = {
    OPTION_CALL('l', "listen", "ADDR[:PORT]", serve_take_listen,
        "listen there (127.0.0.1:21000); may be given again"),
    OPTION_NUMBER(0, "upstream-port", "PORT", struct local, config.upstream_port, 1, 65535,
        "where authoritative servers listen (22000)"),
    OPTION_NUMBER(0, "timeout", "MS", struct local, config.timeout_ms, 1, 3600000,
        "of the first try upstream, doubling (500)"),
    OPTION_NUMBER(0, "tries", "N", struct local, config.tries, 1, 16,
        "how often each authoritative server is asked (3)"),
    OPTION_NUMBER(0, "max-records", "N", struct local, config.limits.records, 0, 100000000,
        "dynamic records kept (100000)"),
    OPTION_NUMBER(0, "max-pending", "N", struct local, config.limits.fetches, 1, 1000000,
        "fetches under way (4096)"),
    OPTION_NUMBER(0, "deadline", "MS", struct local, config.deadline_ms, 1, 3600000,
        "what has waited so long is answered Server failure (6000)"),
    OPTION_CALL(0, "forward", "ADDR[:PORT]", take_forwarder,
        "another local server, for names of no known domain; may be given again"),
    OPTION_NUMBER(0, "max-ttl", "SECONDS", struct local, config.max_ttl_s, 0, NIB_TTL_MAX,
        "longer TTLs are cut to this (86400)"),
    OPTION_NUMBER(0, "max-ns-ttl", "SECONDS", struct local, config.max_ns_ttl_s, 0, NIB_TTL_MAX,
        "likewise of learnt NS records (3600)"),
    OPTION_CALL(0, "mix-case", "auto|always|never", take_mix,
        "ask in letters of random case; auto: not on this machine (auto)"),
};

static const struct option_program command_line = {
    .name = "localserver",
    .usage = "[options]",
    .about = "The local DNS server of the CSUSM campus, on UDP port 21000.",
    .notes = SERVE_NOTES,
    .tables = {OPTION_ROWS(rows), &serve_rows},
};

/* All addresses that reach this server, so that it never asks itself. */
static size_t own_addresses(const struct local *l, struct nib_addr own[NIB_OWN_MAX])
{
    const struct nib_server_config *config = &l->serve.config;
    const struct nib_addr *listening = config->listen;
    size_t known = 0, n = config->n_listen;
    if (l->serve.server != NULL)
        listening = nib_server_listening(l->serve.server, &n);
    for (size_t i = 0; i < n; i++)
        known += nib_addresses_reaching(
            config->addresses, &listening[i], own + known, NIB_OWN_MAX - known);
    return known;
}

struct own {
    struct nib_local *logic;
    struct nib_addr addrs[NIB_OWN_MAX];
    size_t n;
};

static void set_own(void *ctx)
{
    const struct own *own = ctx;
    nib_local_set_own(own->logic, own->addrs, own->n);
}

static void readdress(void *ctx)
{
    struct local *l = ctx;
    struct own own = {.logic = &l->logic};
    own.n = own_addresses(l, own.addrs);
    nib_server_with_all_locks(l->serve.server, set_own, &own);
}

/* Before the server runs: its addresses now, and those that come later where the system says so. */
static void know_oneself(struct local *l)
{
    struct nib_server_config *config = &l->serve.config;
    struct nib_addr own[NIB_OWN_MAX];
    bool everywhere = false;
    for (size_t i = 0; i < config->n_listen; i++)
        everywhere = everywhere || nib_addr_is_wildcard(&config->listen[i]);
    if (everywhere && config->addresses == NULL && l->serve.server == NULL) {
        config->addresses = nib_addresses_open();
        if (config->addresses == NULL)
            fprintf(stderr,
                "%s%s: this system does not tell its addresses: %s; a name server that is this "
                "server is asked all the same; give --listen each address instead\n",
                nib_log_prefix(NIB_LOG_WARNING), config->program, strerror(errno));
    }
    nib_local_set_own(&l->logic, own, own_addresses(l, own));
}

static bool accept_zone(
    struct serve *serve, const struct nib_zone *zone, const struct nib_complaints *complaints)
{
    struct local *l = (struct local *)(void *)serve;
    struct nib_rr ns;
    char line[2 * NIB_NAME_MAX + 128];
    if (!nib_local_asks_itself(&l->logic, zone, &ns))
        return true;
    (void)snprintf(line, sizeof line,
        "the name server %.*s of %.*s is this server itself: change the NS record, its address, "
        "--listen or --upstream-port",
        (int)ns.result.len, ns.result.ptr, (int)ns.name.len, ns.name.ptr);
    complaints->say(complaints->ctx, line);
    return false;
}

/* NIB-8.9 */
static void refuse_oneself(const struct local *l)
{
    char text[NIB_ADDR_TEXT_MAX];
    for (uint8_t i = 0; i < l->config.n_forwarders; i++) {
        const struct nib_addr *addr = &l->config.forwarders[i];
        (void)nib_addr_format(addr, text);
        if (nib_local_is_own(&l->logic, addr))
            usage_error(l->serve.config.program,
                "--forward %s is this server itself: give another local server's address", text);
    }
}

/* All memory that the tables will ever use. */
static void open_logic(struct local *l)
{
    l->config.limits.requests = l->config.limits.fetches * REQUESTS_PER_FETCH;
    l->config.static_ttl_s = l->serve.ttl_s;
    l->config.seed = l->serve.seed;
    l->config.letters_seed = nib_random_u64();
    void *memory = nib_memory_map(nib_local_bytes(&l->config.limits));
    if (memory == NULL)
        usage_error(l->serve.config.program,
            "not enough memory: choose smaller --max-records or --max-pending");
    nib_local_open(&l->logic, &l->serve.table, memory, &l->config);
}

int main(int argc, char **argv)
{
    static struct local l = {
        .serve = {.config = {.program = "localserver",
                      .banner = "[LocalDNS]",
                      .capture_names = {"nibdns localserver " NIB_VERSION, "local", "client",
                          "amazone"}},
            .builtin = NIB_BUILTIN_LOCAL,
            .ttl_s = 60,
            .default_port = NIB_PORT_LOCAL,
            .accept = accept_zone},
        .config = {.limits = {.records = 100000, .fetches = 4096}, NIB_LOCAL_DEFAULTS},
    };
    struct nib_server_config *config = &l.serve.config;
    keep_standard_streams();
    serve_options(&l.serve, &command_line, argc, argv);
    open_logic(&l);
    know_oneself(&l);
    refuse_oneself(&l);
    serve_read_records(&l.serve);
    config->max_slots = l.config.limits.fetches;
    config->outputs_max = nib_local_outputs_max(&l.config.limits, NIB_BATCH);
    serve_size_tables(&l.serve, l.config.limits.records);
    l.serve.server = nib_server_open(config);
    if (l.serve.server == NULL)
        return NIB_EXIT_USAGE;
    know_oneself(&l); /* with the ports that it got */
    const struct nib_service service = {.ctx = &l,
        .shared = true,
        .read = read_queries,
        .input = input,
        .reply = reply,
        .unreachable = unreachable,
        .tick = tick,
        .query_unsent = query_unsent,
        .answer_unsent = answer_unsent,
        .deadline = deadline,
        .reload = reload,
        .readdress = readdress,
        .counters = counters,
        .table = &l.serve.table};
    return nib_server_run(l.serve.server, &service);
}
