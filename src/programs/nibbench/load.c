#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nibbench/base/common_options.h"
#include "nibbench/base/report.h"
#include "nibbench/commands.h"
#include "nibbench/load/loop.h"
#include "nibbench/load/queries.h"

enum { WRONG_ANSWERS = 1, NO_ANSWER = 3, DNS_WINDOW_MAX = 4096, PID_MAX = 4194304 };

struct load {
    struct bench_common common;
    struct bench_loop_config loop;
    struct bench_queries queries;
    struct bench_loop_result result;
    const char *names;
    enum bench_mode mode;
};

/* ---- options ---- */

static void add_pid(const struct option_use *use)
{
    struct bench_pids *pids = use->field;
    int64_t pid = option_whole(use->text);
    if (pids->n == BENCH_PIDS_MAX)
        option_wrong(use, "is one too many; give %d at most", BENCH_PIDS_MAX);
    if (pid < 1 || pid > PID_MAX)
        option_wrong(use, "is no process; give its number");
    pids->pid[pids->n++] = (int)pid;
}

static const struct option_row rows[] = {
    OPTION_PEER(0, "to", struct load, loop.to, NIB_PORT_AUTHORITATIVE, "the server"),
    OPTION_TEXT(0, "names", "FILE", struct load, names,
        "'name [type [expected result]]' a line, asked in random order;\n"
        "without: shop.amazone.com and cloud.amazone.com"),
    BENCH_SECONDS("seconds", struct load, loop.seconds_us,
        "how long it is measured (3), after --warmup S (0.2)"),
    BENCH_SECONDS("warmup", struct load, loop.warmup_us, "how long it is asked before (0.2)"),
    OPTION_NUMBER(0, "sockets", "N", struct load, loop.sockets, 1, 16384,
        "sockets, each with a port of its own (4)"),
    OPTION_NUMBER(0, "window", "W", struct load, loop.window, 1, 65536,
        "queries under way on each socket (32; with --rate 1024)"),
    OPTION_NUMBER(0, "rate", "QPS", struct load, loop.rate, 1, 100000000,
        "open loop: so many a second; latency counts from when each was due"),
    OPTION_FLAG(0, "spin", struct load, loop.spin,
        "never sleep: how fast the generator itself wakes is not measured then"),
    OPTION_NUMBER(0, "timeout", "MS", struct load, loop.timeout_ms, 1, 3600000,
        "an answer later than this is lost (1000)"),
    OPTION_ROW(0, "pid", "PID", add_pid, struct load, loop.pids, 0, 0,
        "a process of the server, for its CPU time and memory; may be given again"),
    OPTION_SET(0, "dns", struct load, mode, BENCH_DNS, "ask in DNS, of any DNS server"),
    OPTION_SET(0, "echo", struct load, mode, BENCH_ECHO, "expect what was sent, of an echo"),
    OPTION_FLAG(0, "segments", struct load, loop.segments,
        "send datagrams of equal length as segments of one, receive them so"),
};

static const struct option_program command_line = {
    .name = "nibbench load",
    .usage = "--to ADDR[:PORT] [options]",
    .about = "Asks a server as fast as it answers (or at a rate), checks every answer.",
    .notes = "Status: 0 all answers right, 1 wrong answers, 2 wrong use, 3 no answer.",
    .tables = {OPTION_ROWS(rows), &bench_common_rows},
};

static void read_options(struct load *load, int argc, char **argv)
{
    struct bench_loop_config *loop = &load->loop;
    (void)options_read(&command_line, load, argc, argv);
    if (loop->to.family == 0)
        usage_error(command_line.name, "the server is missing; give it with --to 127.0.0.1:22000");
    if (loop->window == 0)
        loop->window = loop->rate > 0 ? 1024 : 32;
    if (load->mode == BENCH_DNS && loop->window > DNS_WINDOW_MAX)
        usage_error(command_line.name,
            "the IDs of DNS have 16 bits; give a --window of %d at most with --dns",
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

static void report_latency(struct bench_report *report, const struct bench_loop_result *r)
{
    static const struct {
        const char *key, *words;
        double share;
    } points[] = {{"p50_us", "latency p50", 0.5}, {"p90_us", "latency p90", 0.9},
        {"p99_us", "latency p99", 0.99}, {"p999_us", "latency p99.9", 0.999},
        {"max_us", "latency max", 1}};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        bench_report_value(report, points[i].key, points[i].words, "us", 1,
            bench_histogram_us(&r->latency, points[i].share));
    bench_report_value(
        report, "late", "answers after more than 1 ms", "", 0, (double)r->latency.late);
    bench_report_value(report, "own_stalls",
        r->own_stalls > 0 ? "the generator itself stood still, times" : NULL, "", 0,
        (double)r->own_stalls);
    bench_report_value(report, "unknown",
        r->unknown > 0 ? "answers meanwhile, not among the latencies" : NULL, "", 0,
        (double)r->unknown);
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
    report_latency(&report, r);
    report_usage(&report, r);
    bench_report_value(
        &report, "own_busy", "generator busy", "%", 0, (double)r->own_cpu_ns / r->elapsed_ns * 100);
    bench_report_value(&report, "query_octets", NULL, "", 1,
        (double)r->query_octets / (r->sent > 0 ? (double)r->sent : 1));
    bench_report_value(&report, "answer_octets", NULL, "", 1, (double)r->answer_octets / answers);
    return bench_report_print(&report, load->common.json,
        wrong > 0          ? WRONG_ANSWERS
        : r->answered == 0 ? NO_ANSWER
                           : 0);
}

int bench_load(int argc, char **argv)
{
    static struct load load = {
        .loop = {.sockets = 4, .seconds_us = 3000000, .warmup_us = 200000, .timeout_ms = 1000}};
    struct bench_usage usage;
    read_options(&load, argc, argv);
    if (!bench_usage_read(&load.loop.pids, &usage))
        usage_error(command_line.name, "there is no such process; look at --pid");
    bench_queries_read(&load.queries, command_line.name, load.mode, load.names);
    load.loop.queries = &load.queries;
    if (!bench_loop(&load.loop, &load.result))
        usage_error(command_line.name, "cannot start: %s", strerror(errno));
    if (load.result.answered > 0 || load.result.refused == 0)
        return report(&load);
    fprintf(stderr, "%s: nobody listens there\n", command_line.name);
    return NO_ANSWER;
}
