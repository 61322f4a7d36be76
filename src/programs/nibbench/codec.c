#include <stdlib.h>
#include <string.h>

#include "nibbench/base/clock.h"
#include "nibbench/base/common_options.h"
#include "nibbench/base/report.h"
#include "nibbench/commands.h"
#include "nibdns/message.h"

/*
 * The response www.csusm.edu A 144.37.5.45 has 6 + 13 + 2 + 13 + 4 + 1 + 11 = 50 octets, its query
 * 19. Each call works on another copy with another ID, so nothing can be kept from call to call.
 */

enum { COPIES = 64, CALLS = 1 << 15, ROUNDS_MAX = 1001, OCTETS = 50 };

enum what { DECODE_RESPONSE, DECODE_QUERY, ENCODE_RESPONSE, ENCODE_QUERY, COPY, WHATS };

static const struct {
    const char *key, *words;
} labels[WHATS] = {
    [DECODE_RESPONSE] = {"decode_response_ns", "decode a response of 50 octets"},
    [DECODE_QUERY] = {"decode_query_ns", "decode its query of 19 octets"},
    [ENCODE_RESPONSE] = {"encode_response_ns", "encode the response"},
    [ENCODE_QUERY] = {"encode_query_ns", "encode the query"},
    [COPY] = {"memcpy_ns", "memcpy of 50 octets"},
};

struct codec {
    struct nib_message messages[2][COPIES]; /* queries, responses */
    uint8_t octets[2][COPIES][NIB_MESSAGE_MAX], out[NIB_MESSAGE_MAX];
    size_t len[2];
};

static void fill(struct codec *c)
{
    const struct nib_message m = {.qtype = NIB_A,
        .qname = NIB_TEXT("www.csusm.edu"),
        .atype = NIB_A,
        .aname = NIB_TEXT("www.csusm.edu"),
        .ttl_s = 60,
        .result = NIB_TEXT("144.37.5.45")};
    for (int kind = 0; kind < 2; kind++) {
        for (uint32_t i = 0; i < COPIES; i++) {
            struct nib_message *copy = &c->messages[kind][i];
            *copy = m;
            copy->flag = (enum nib_flag)kind;
            copy->id = i;
            c->len[kind] = nib_message_encode(c->octets[kind][i], NIB_MESSAGE_MAX, copy);
        }
    }
}

static void decode(struct codec *c, enum nib_flag kind)
{
    struct nib_message m;
    size_t bad;
    for (size_t i = 0; i < CALLS; i++) {
        if (nib_message_decode(&m, c->octets[kind][i % COPIES], c->len[kind], &bad) != NIB_OK)
            abort();
        bench_barrier();
    }
}

static void encode(struct codec *c, enum nib_flag kind)
{
    for (size_t i = 0; i < CALLS; i++) {
        if (nib_message_encode(c->out, sizeof c->out, &c->messages[kind][i % COPIES]) == 0)
            abort();
        bench_barrier();
    }
}

static void copy(struct codec *c)
{
    for (size_t i = 0; i < CALLS; i++) {
        memcpy(c->out, c->octets[NIB_RESPONSE][i % COPIES], c->len[NIB_RESPONSE]);
        bench_barrier();
    }
}

static double measure(struct codec *c, enum what what)
{
    int64_t start = bench_now_ns();
    switch (what) {
    case DECODE_RESPONSE:
        decode(c, NIB_RESPONSE);
        break;
    case DECODE_QUERY:
        decode(c, NIB_QUERY);
        break;
    case ENCODE_RESPONSE:
        encode(c, NIB_RESPONSE);
        break;
    case ENCODE_QUERY:
        encode(c, NIB_QUERY);
        break;
    case COPY:
    case WHATS:
        copy(c);
        break;
    }
    return (double)(bench_now_ns() - start) / CALLS;
}

static struct bench_report run(size_t rounds)
{
    static struct codec c;
    static double ns[WHATS][ROUNDS_MAX];
    struct bench_report report = {.n = 0};
    fill(&c);
    for (size_t round = 0; round <= rounds; round++) /* round 0 only warms up */
        for (int what = 0; what < WHATS; what++)
            ns[what][round == 0 ? 0 : round - 1] = measure(&c, (enum what)what);
    for (int what = 0; what < WHATS; what++)
        bench_report_stat(&report, labels[what].key, labels[what].words, "ns", 1,
            bench_stat_of(ns[what], rounds));
    return report;
}

struct settings {
    struct bench_common common;
    size_t rounds;
};

static const struct option_row rows[] = {
    OPTION_NUMBER(0, "rounds", "N", struct settings, rounds, 1, ROUNDS_MAX,
        "rounds of all in turn (15): median [min-max] is shown"),
};

static const struct option_program command_line = {
    .name = "nibbench codec",
    .usage = "[options]",
    .about = "Nanoseconds a message for decode and encode, beside a memcpy as long as the message.",
    .tables = {OPTION_ROWS(rows), &bench_common_rows},
};

int bench_codec(int argc, char **argv)
{
    struct settings settings = {.rounds = 15};
    (void)options_read(&command_line, &settings, argc, argv);
    const struct bench_report report = run(settings.rounds);
    return bench_report_print(&report, settings.common.json, 0);
}
