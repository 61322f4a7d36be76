/*
 * nibgate nibdns: options and wiring.
 */
#include "nibdns/gate_nibdns.h"
#include "nibgate/bridge.h"
#include "nibgate/resolv.h"

struct direction {
    struct bridge bridge;
    struct nib_gate_nibdns logic;
};

static void input(void *ctx, uint32_t worker, nib_ms now, const struct nib_datagram *datagrams,
    size_t n, struct nib_decision *decisions, struct nib_outputs *out)
{
    struct direction *d = ctx;
    (void)worker;
    for (size_t i = 0; i < n; i++)
        decisions[i] = nib_gate_nibdns_input(
            &d->logic, now, datagrams[i].path, datagrams[i].octets, datagrams[i].len, out);
}

static struct nib_decision reply(void *ctx, nib_ms now, struct nib_slot slot, const uint8_t *octets,
    size_t len, struct nib_outputs *out)
{
    struct direction *d = ctx;
    return nib_gate_nibdns_reply(&d->logic, now, slot, octets, len, out);
}

static struct nib_decision unreachable(
    void *ctx, nib_ms now, struct nib_slot slot, struct nib_outputs *out)
{
    struct direction *d = ctx;
    (void)now;
    return nib_gate_nibdns_unreachable(&d->logic, slot, out);
}

static void query_unsent(
    void *ctx, nib_ms now, struct nib_slot slot, bool exhausted, struct nib_outputs *out)
{
    (void)exhausted;
    (void)unreachable(ctx, now, slot, out);
}

static void answer_unsent(void *ctx, uint32_t worker)
{
    struct direction *d = ctx;
    (void)worker;
    nib_gate_nibdns_answer_unsent(&d->logic);
}

static void tick(void *ctx, nib_ms now, struct nib_outputs *out)
{
    struct direction *d = ctx;
    nib_gate_nibdns_tick(&d->logic, now, out);
}

static nib_ms deadline(void *ctx)
{
    const struct direction *d = ctx;
    return nib_gate_nibdns_deadline(&d->logic);
}

static void counters(void *ctx, struct nib_writer *w)
{
    const struct direction *d = ctx;
    nib_gate_nibdns_counters(&d->logic, w);
}

static const struct option_row rows[] = {
    OPTION_CALL('l', "listen", "ADDR[:PORT]", bridge_take_listen,
        "listen there (127.0.0.1:22053); may be given again"),
    OPTION_PEER('r', "resolver", struct bridge, asked, PORT_DNS,
        "the resolver to ask (the first of /etc/resolv.conf)"),
    OPTION_NUMBER(0, "timeout", "MS", struct bridge, timeout_ms, 1, 3600000,
        "of the first try, doubling (800)"),
};

static const struct option_program command_line = {
    .name = "nibgate nibdns",
    .usage = "[options]",
    .about = "The bridge to the real DNS: answers nibdns clients and servers from a resolver.",
    .notes = BRIDGE_NOTES,
    .tables = {OPTION_ROWS(rows), &bridge_rows},
};

int bridge_nibdns(int argc, char **argv)
{
    static struct direction d = {
        .bridge = {
            .config = {.program = "nibgate nibdns",
                .banner = "[nibgate nibdns]",
                .capture_names = {"nibdns nibgate nibdns " NIB_VERSION, "gate", "client", NULL}},
            .port = 22053,
            .timeout_ms = 800,
            .tries = 3}};
    struct bridge *bridge = &d.bridge;
    (void)options_read(&command_line, &d, argc, argv);
    if (bridge->asked.family == 0)
        bridge->asked = resolv_first(command_line.name);
    bridge_options_done(bridge);
    const struct nib_gate_nibdns_config config = {bridge->asked, bridge->timeout_ms, bridge->tries};
    const struct nib_service service = {.ctx = &d,
        .input = input,
        .reply = reply,
        .unreachable = unreachable,
        .query_unsent = query_unsent,
        .answer_unsent = answer_unsent,
        .tick = tick,
        .deadline = deadline,
        .counters = counters};
    nib_gate_nibdns_init(&d.logic, &bridge->table, &config);
    return bridge_run(bridge, &service);
}
