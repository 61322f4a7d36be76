#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/options.h"
#include "nibbench/load/loop.h"

static const char help[] =
    "Usage: nibbench load --to ADDR:PORT [options]\n"
    "Asks a server as fast as it answers (or at a rate), checks every answer.\n"
    "\n"
    "      --to ADDR:PORT  the server\n"
    "      --names FILE    'name [type [expected result]]' a line, asked in random order;\n"
    "                      without: shop.amazone.com and cloud.amazone.com\n"
    "      --seconds S     how long it is measured (3), after --warmup S (0.2)\n"
    "      --sockets N     sockets, each with a port of its own (4)\n"
    "      --window W      questions under way on each socket (32; with --rate 1024)\n"
    "      --rate QPS      open loop: so many a second; latency counts from when each was due\n"
    "      --timeout MS    an answer later than this is lost (1000)\n"
    "      --pid PID       a process of the server, for its CPU time and memory; may be repeated\n"
    "      --dns           ask in DNS, of any DNS server\n"
    "      --echo          expect what was sent, of an echo\n"
    "      --segments      send datagrams of equal length as segments of one, receive them so\n"
    "      --cpu N         stay on that core\n"
    "      --json          one JSON object\n"
    "  -h, --help          this text\n"
    "  -V, --version       the version\n"
    "\n"
    "Status: 0 all answers right, 1 wrong answers, 2 wrong use, 3 no answer.\n";

enum {
    TO = 256,
    NAMES,
    SECONDS,
    WARMUP,
    SOCKETS,
    WINDOW,
    RATE,
    TIMEOUT,
    PID,
    DNS,
    ECHO_BACK,
    SEGMENTS
};

enum { WRONG_ANSWERS = 1, NO_ANSWER = 3, DNS_WINDOW_MAX = 4096 };

struct load {
    struct bench_loop_config loop;
    struct bench_queries questions;
    struct bench_loop_result result;
    const char *program, *names;
    enum bench_mode mode;
    bool json;
};

/* ---- options ---- */

static int64_t seconds_ns(const char *program, const char *option, const char *text)
{
    return (int64_t)(bench_option_seconds(program, option, text) * 1e9);
}

static void add_pid(struct load *load, const char *text)
{
    struct bench_pids *pids = &load->loop.pids;
    if (pids->n == BENCH_PIDS_MAX)
        usage_error(load->program, "--pid can be given %d times at most", BENCH_PIDS_MAX);
    pids->pid[pids->n++] = (int)option_number(load->program, "--pid", text, 1, 4194304);
}

static void number_option(struct load *load, int option, const char *text)
{
    struct bench_loop_config *loop = &load->loop;
    const char *program = load->program;
    switch (option) {
    case SOCKETS:
        loop->sockets = (uint32_t)option_number(program, "--sockets", text, 1, 16384);
        break;
    case WINDOW:
        loop->window = (uint32_t)option_number(program, "--window", text, 1, 65536);
        break;
    case RATE:
        loop->rate = (double)option_number(program, "--rate", text, 1, 100000000);
        break;
    case TIMEOUT:
        loop->timeout_ns = (int64_t)option_number(program, "--timeout", text, 1, 3600000) * 1000000;
        break;
    case SECONDS:
        loop->seconds_ns = seconds_ns(program, "--seconds", text);
        break;
    case WARMUP:
        loop->warmup_ns = seconds_ns(program, "--warmup", text);
        break;
    default:
        bench_common_option(program, option, text, help, &load->json);
    }
}

static void take_option(struct load *load, int option, const char *text)
{
    switch (option) {
    case TO:
        load->loop.to = option_addr(load->program, "--to", text, NIB_PORT_AUTHORITATIVE);
        break;
    case NAMES:
        load->names = text;
        break;
    case PID:
        add_pid(load, text);
        break;
    case DNS:
        load->mode = BENCH_DNS;
        break;
    case ECHO_BACK:
        load->mode = BENCH_ECHO;
        break;
    case SEGMENTS:
        load->loop.segments = true;
        break;
    default:
        number_option(load, option, text);
    }
}

static void read_options(struct load *load, int argc, char **argv)
{
    static const struct option options[] = {{"to", required_argument, NULL, TO},
        {"names", required_argument, NULL, NAMES}, {"seconds", required_argument, NULL, SECONDS},
        {"warmup", required_argument, NULL, WARMUP}, {"sockets", required_argument, NULL, SOCKETS},
        {"window", required_argument, NULL, WINDOW}, {"rate", required_argument, NULL, RATE},
        {"timeout", required_argument, NULL, TIMEOUT}, {"pid", required_argument, NULL, PID},
        {"dns", no_argument, NULL, DNS}, {"echo", no_argument, NULL, ECHO_BACK},
        {"segments", no_argument, NULL, SEGMENTS}, BENCH_COMMON_OPTIONS};
    struct bench_loop_config *loop = &load->loop;
    int option;
    while ((option = option_next(argv[0], argc, argv, ":hV", options)) != -1)
        take_option(load, option, optarg);
    if (optind < argc)
        usage_error(load->program, "unexpected '%s'", argv[optind]);
    if (loop->to.family == 0)
        usage_error(load->program, "give the server: --to 127.0.0.1:22000");
    if (loop->window == 0)
        loop->window = loop->rate > 0 ? 1024 : 32;
    if (load->mode == BENCH_DNS && loop->window > DNS_WINDOW_MAX)
        usage_error(load->program, "--window is at most %d with --dns: its IDs have 16 bits",
            DNS_WINDOW_MAX);
}

/* ---- the report ---- */

static void report_verdicts(struct bench_report *report, const struct bench_loop_result *r)
{
    static const struct {
        const char *key, *words;
    } labels[] = {
#define X(symbol, key, words) {key, words},
        BENCH_VERDICTS(X)
#undef X
    };
    for (int i = 0; i < BENCH_VERDICT_COUNT; i++) {
        bool shown = r->verdicts[i] > 0 && i != BENCH_FOUND;
        bench_report_value(
            report, labels[i].key, shown ? labels[i].words : NULL, "", 0, (double)r->verdicts[i]);
    }
    bench_report_value(report, "unexpected",
        r->unexpected > 0 ? "unexpected: late, twice or with a wrong ID" : NULL, "", 0,
        (double)r->unexpected);
    bench_report_value(report, "behind",
        r->behind > 0 ? "behind: due but not sent at the end" : NULL, "", 0, (double)r->behind);
}

static void report_latency(struct bench_report *report, const struct bench_histogram *h)
{
    static const struct {
        const char *key, *words;
        double share;
    } points[] = {{"p50_us", "latency p50", 0.5}, {"p90_us", "latency p90", 0.9},
        {"p99_us", "latency p99", 0.99}, {"p999_us", "latency p99.9", 0.999},
        {"max_us", "latency max", 1}};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        bench_report_value(report, points[i].key, points[i].words, "us", 1,
            bench_histogram_us(h, points[i].share));
}

/* The sum is exact; how it splits is by the kernel's ticks, and so as good as there are many. */
static void report_usage(struct bench_report *report, const struct bench_loop_result *r)
{
    if (!r->usage_known)
        return;
    double answers = r->answered > 0 ? (double)r->answered : 1;
    double user = r->after.user - r->before.user, system = r->after.system - r->before.system;
    double cpu = (r->after.cpu_ns - r->before.cpu_ns) / 1000;
    double user_share = user + system > 0 ? user / (user + system) : 0;
    bench_report_value(report, "cpu_us", "server CPU an answer", "us", 3, cpu / answers);
    bench_report_value(report, "user_us", "  user", "us", 3, cpu * user_share / answers);
    bench_report_value(report, "system_us", "  system", "us", 3, cpu * (1 - user_share) / answers);
    bench_report_value(
        report, "server_busy", "server busy", "%", 0, cpu * 1000 / r->elapsed_ns * 100);
    bench_report_value(report, "rss_mb", "server memory", "MB", 1, r->after.rss_kib / 1024);
    bench_report_value(
        report, "pss_mb", "  in proportion to sharing", "MB", 1, r->after.pss_kib / 1024);
}

static int report(const struct load *load)
{
    const struct bench_loop_result *r = &load->result;
    struct bench_report report = {.n = 0};
    uint64_t wrong = 0;
    double answers = r->answered > 0 ? (double)r->answered : 1;
    for (int i = BENCH_MALFORMED; i < BENCH_VERDICT_COUNT; i++)
        wrong += r->verdicts[i];
    bench_report_value(&report, "answers_per_second", "answers a second", "", 0,
        (double)r->answered / r->elapsed_ns * 1e9);
    bench_report_value(&report, "sent", NULL, "", 0, (double)r->issued);
    bench_report_value(&report, "answers", "answers", "", 0, (double)r->answered);
    bench_report_value(&report, "lost", "lost", "", 0, (double)r->lost);
    report_verdicts(&report, r);
    report_latency(&report, &r->latency);
    report_usage(&report, r);
    bench_report_value(
        &report, "own_busy", "generator busy", "%", 0, r->own_cpu_ns / r->elapsed_ns * 100);
    bench_report_value(&report, "query_octets", NULL, "", 1,
        (double)r->query_octets / (r->sent > 0 ? (double)r->sent : 1));
    bench_report_value(&report, "answer_octets", NULL, "", 1, (double)r->answer_octets / answers);
    return bench_report_print(&report, load->json,
        wrong > 0          ? WRONG_ANSWERS
        : r->answered == 0 ? NO_ANSWER
                           : 0);
}

int bench_load(int argc, char **argv)
{
    static struct load load = {.loop = {.sockets = 4,
                                   .seconds_ns = 3000000000,
                                   .warmup_ns = 200000000,
                                   .timeout_ns = 1000000000}};
    struct bench_usage usage;
    load.program = argv[0];
    read_options(&load, argc, argv);
    if (!bench_usage_read(&load.loop.pids, &usage))
        usage_error(load.program, "--pid: there is no such process");
    bench_questions_read(&load.questions, load.program, load.mode, load.names);
    load.loop.questions = &load.questions;
    if (!bench_loop(&load.loop, &load.result))
        usage_error(load.program, "cannot start: %s", strerror(errno));
    if (load.result.answered > 0 || load.result.refused == 0)
        return report(&load);
    fprintf(stderr, "%s: nobody listens there\n", load.program);
    return NO_ANSWER;
}
