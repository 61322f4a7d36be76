#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nibbench/base/clock.h"
#include "nibbench/base/common_options.h"
#include "nibbench/base/random.h"
#include "nibbench/base/report.h"
#include "nibbench/base/stop.h"
#include "nibbench/commands.h"
#include "nibbench/load/net.h"
#include "nibdns/message.h"
#include "nibdns/os/udp.h"

/* What is sent: symbol, key in JSON, words. */
#define JUNK(X)                                                                                    \
    X(RANDOM, "random", "  random octets")                                                         \
    X(CUT, "cut", "  queries cut short")                                                           \
    X(RESPONSE, "responses", "  responses")                                                        \
    X(FLAGS, "flags", "  other flags and types")

enum {
#define X(symbol, key, words) symbol,
    JUNK(X)
#undef X
        KINDS
};

enum { RANDOM_MAX = 600, SOCKETS_MAX = 1024, NAP_NS = 1000000 };

struct flood {
    struct bench_common common;
    struct nib_addr to;
    int64_t seconds_us;
    uint64_t rate, random;
    uint32_t sockets;
    uint64_t made[KINDS], sent, refused;
};

/* ---- what is sent ---- */

static size_t message(uint8_t *out, enum nib_flag flag, uint32_t id)
{
    const struct nib_message m = {.id = id,
        .flag = flag,
        .qtype = NIB_A,
        .qname = NIB_TEXT("shop.amazone.com"),
        .atype = NIB_A,
        .aname = NIB_TEXT("shop.amazone.com"),
        .ttl_s = 60,
        .result = NIB_TEXT("192.0.2.66")};
    return nib_message_encode(out, NIB_MESSAGE_MAX, &m);
}

static size_t draw(struct flood *f, unsigned kind, uint8_t *out)
{
    uint32_t id = (uint32_t)bench_random(&f->random);
    size_t len;
    switch (kind) {
    case RANDOM:
        len = bench_random_below(&f->random, RANDOM_MAX + 1);
        for (size_t i = 0; i < len; i++)
            out[i] = (uint8_t)(bench_random(&f->random) >> 32);
        return len;
    case CUT:
        return bench_random_below(&f->random, (uint32_t)message(out, NIB_QUERY, id));
    case FLAGS:
        len = message(out, NIB_QUERY, id);
        out[NIB_AT_FLAG_TYPE] = (uint8_t)bench_random_below(&f->random, 256);
        return len;
    default:
        return message(out, NIB_RESPONSE, id);
    }
}

/* Chance makes a good query now and then, which would be answered: that is drawn again. */
static size_t junk(struct flood *f, unsigned kind, uint8_t *out)
{
    struct nib_message m;
    size_t len, bad;
    do
        len = draw(f, kind, out);
    while (nib_message_decode(&m, out, len, &bad) == NIB_OK && m.flag == NIB_QUERY);
    f->made[kind]++;
    return len;
}

/* ---- sending ---- */

static void send_some(struct flood *f, struct bench_net *net, int fd, size_t n)
{
    struct bench_view views[BENCH_BATCH];
    uint8_t *out = bench_net_room(net);
    for (size_t i = 0; i < n; i++) {
        views[i] = (struct bench_view){out, junk(f, (unsigned)(f->sent + i) % KINDS, out), NULL};
        out += views[i].len;
    }
    size_t sent = bench_net_send(net, fd, views, n);
    if (sent < n && errno == ECONNREFUSED)
        f->refused++;
    for (size_t i = sent; i < n; i++)
        f->made[(unsigned)(f->sent + i) % KINDS]--;
    f->sent += sent;
}

/* How many are due now. */
static size_t due(const struct flood *f, int64_t elapsed_ns)
{
    if (f->rate == 0)
        return BENCH_BATCH;
    uint64_t all = (uint64_t)((double)elapsed_ns * (double)f->rate / 1e9);
    uint64_t left = all > f->sent ? all - f->sent : 0;
    return left < BENCH_BATCH ? (size_t)left : BENCH_BATCH;
}

static double run(struct flood *f, struct bench_net *net, const int *fds)
{
    const volatile sig_atomic_t *stop = bench_stop_on_signals();
    const struct timespec nap = {0, NAP_NS};
    int64_t start = bench_now_ns(), elapsed = 0;
    uint32_t next = 0; /* whose turn it is */
    while (elapsed < f->seconds_us * 1000 && !*stop) {
        size_t n = due(f, elapsed);
        if (n == 0)
            (void)nanosleep(&nap, NULL);
        else
            send_some(f, net, fds[next], n);
        next = next + 1 < f->sockets ? next + 1 : 0;
        elapsed = bench_now_ns() - start;
    }
    return (double)elapsed;
}

/* ---- options and report ---- */

static const struct option_row rows[] = {
    OPTION_PEER(0, "to", struct flood, to, NIB_PORT_LOCAL, "the server"),
    BENCH_SECONDS("seconds", struct flood, seconds_us, "how long (3)"),
    OPTION_NUMBER(0, "rate", "N", struct flood, rate, 0, 100000000,
        "so many a second (0: as many as can be)"),
    OPTION_NUMBER(0, "sockets", "N", struct flood, sockets, 1, SOCKETS_MAX,
        "sockets, each with a port of its own (4)"),
};

static const struct option_program command_line = {
    .name = "nibbench flood",
    .usage = "--to ADDR[:PORT] [options]",
    .about =
        "Sends what no server answers, a quarter of each kind: random octets, queries cut short,\n"
        "responses, queries with other flags and types.",
    .notes = "SIGINT and SIGTERM end it early, and it says what it sent.",
    .tables = {OPTION_ROWS(rows), &bench_common_rows},
};

static int report(const struct flood *f, double elapsed_ns)
{
    static const struct {
        const char *key, *words;
    } kinds[KINDS] = {
#define X(symbol, key, words) [symbol] = {key, words},
        JUNK(X)
#undef X
    };
    struct bench_report report = {.n = 0};
    bench_report_value(&report, "sent", "sent", "", 0, (double)f->sent);
    for (int kind = 0; kind < KINDS; kind++)
        bench_report_value(
            &report, kinds[kind].key, kinds[kind].words, "", 0, (double)f->made[kind]);
    bench_report_value(
        &report, "per_second", "a second", "", 0, (double)f->sent / elapsed_ns * 1e9);
    bench_report_value(&report, "refused", f->refused > 0 ? "refused: nobody listens" : NULL, "", 0,
        (double)f->refused);
    return bench_report_print(&report, f->common.json, 0);
}

int bench_flood(int argc, char **argv)
{
    static int fds[SOCKETS_MAX];
    static const struct bench_net_config config = {.connected = true};
    struct flood f = {.seconds_us = 3000000, .sockets = 4, .random = 88172645463325252u};
    (void)options_read(&command_line, &f, argc, argv);
    if (f.to.family == 0)
        usage_error(command_line.name, "the server is missing; give it with --to 127.0.0.1:21000");
    struct bench_net *net = bench_net_new(&config);
    for (uint32_t i = 0; net != NULL && i < f.sockets; i++) {
        fds[i] = nib_udp_connect_bare(&f.to);
        if (fds[i] < 0 || !bench_net_prepare(net, fds[i]))
            usage_error(command_line.name, "cannot start: %s", strerror(errno));
    }
    if (net == NULL)
        usage_error(command_line.name, "not enough memory");
    double elapsed_ns = run(&f, net, fds);
    for (uint32_t i = 0; i < f.sockets; i++)
        (void)close(fds[i]);
    bench_net_free(net);
    return report(&f, elapsed_ns);
}
