#include "common/json.h"
#include "common/print.h"
#include "nibpcap/base/choice.h"
#include "nibpcap/base/status.h"
#include "nibpcap/base/words.h"
#include "nibpcap/capture/input.h"
#include "nibpcap/commands.h"

/* Counted over a capture: symbol, name. */
#define COUNTS(X)                                                                                  \
    X(FRAMES, "frames")                                                                            \
    X(OTHER, "other_traffic")                                                                      \
    X(QUERIES, "queries")                                                                          \
    X(RESPONSES, "responses")                                                                      \
    X(PAIRS, "pairs")                                                                              \
    X(FOUND, "found")                                                                              \
    X(NOT_FOUND, "not_found")                                                                      \
    X(FAILURE, "server_failure")                                                                   \
    X(REFERRALS, "referrals")                                                                      \
    X(RETRANSMISSIONS, "retransmissions")                                                          \
    X(COPIES, "copies")                                                                            \
    X(DUPLICATES, "duplicates")                                                                    \
    X(UNSOLICITED, "unsolicited")                                                                  \
    X(MISMATCHED, "mismatched")                                                                    \
    X(UNANSWERED, "unanswered")                                                                    \
    X(REFUSED, "refused")                                                                          \
    X(MALFORMED, "malformed")                                                                      \
    X(UNLIKE, "encoded_differently")                                                               \
    X(BROKEN, "broken_headers")                                                                    \
    X(CUT, "cut")                                                                                  \
    X(FRAGMENTS, "fragments")                                                                      \
    X(ICMP, "icmp_errors")                                                                         \
    X(SUM_RIGHT, "udp_checksum_right")                                                             \
    X(SUM_PARTIAL, "udp_checksum_partial")                                                         \
    X(SUM_WRONG, "udp_checksum_wrong")                                                             \
    X(SUM_NONE, "udp_checksum_none")                                                               \
    X(IP_SUM_WRONG, "ip_checksum_wrong")

enum count {
#define X(symbol, name) symbol,
    COUNTS(X)
#undef X
        N_COUNTS
};

static const char *const count_names[] = {
#define X(symbol, name) [symbol] = name,
    COUNTS(X)
#undef X
};

struct settings {
    struct choice choice;
    bool json;
};

struct check {
    const struct settings *settings;
    struct input *input;
    uint64_t counts[N_COUNTS];
    uint64_t wrong;
    int64_t least_ns, most_ns, sum_ns; /* response times */
};

/* ---- what is wrong ---- */

static void begin_wrong(struct check *check, struct line *line, uint64_t frame)
{
    check->wrong++;
    line_begin(line);
    line_count(line, "frame ", frame, ": ");
}

static void end_wrong(struct check *check, struct line *line)
{
    if (check->settings->json)
        return;
    nib_progress_wipe(&check->input->progress);
    print_line(line, stdout);
}

static void add_route(struct line *line, const struct nib_addr *src, const struct nib_addr *dst)
{
    line_add(line, ", ");
    words_of_route(line, src, dst);
}

static void unanswered(void *ctx, const struct exchange *x)
{
    struct check *check = ctx;
    struct line line;
    const struct filter *filter = &check->settings->choice.filter;
    const struct nib_message m = {.id = x->id, .qtype = x->type, .qname = {x->name, x->name_len}};
    if (!x->chosen || (filter->has_id && filter->id != x->id) ||
        (filter->last != 0 && (x->query_frame < filter->first || x->query_frame > filter->last)))
        return;
    check->counts[UNANSWERED]++;
    check->counts[REFUSED] += x->icmp_frame != 0;
    begin_wrong(check, &line, x->query_frame);
    line_add(&line, "unanswered: ");
    line_message(&line, &m);
    if (x->tries > 1)
        line_count(&line, ", tries ", x->tries, "");
    if (x->icmp_frame != 0)
        line_count(&line, ", refused in frame ", x->icmp_frame, "");
    add_route(&line, &x->asker->addr, &x->server);
    end_wrong(check, &line);
}

/* A message, what is wrong with it, and the query that it is held against. */
static void complain_of(
    struct check *check, const struct seen *seen, const struct judgement *j, const char *what)
{
    struct line line;
    begin_wrong(check, &line, seen->frame.no);
    line_add(&line, what);
    if (*what == '\0')
        words_of_judgement(&line, j);
    line_add(&line, ": ");
    line_message(&line, &seen->m);
    if (j->frame != 0)
        line_count(&line,
            j->verdict == VERDICT_DUPLICATE ? ", first response in frame " : ", query in frame ",
            j->frame, "");
    add_route(&line, &seen->packet.udp.src, &seen->packet.udp.dst);
    end_wrong(check, &line);
}

static void take_malformed(struct check *check, const struct seen *seen)
{
    struct line line;
    check->counts[MALFORMED]++;
    begin_wrong(check, &line, seen->frame.no);
    line_malformed(&line, seen->err, seen->bad);
    add_route(&line, &seen->packet.udp.src, &seen->packet.udp.dst);
    end_wrong(check, &line);
}

static void take_broken(struct check *check, const struct seen *seen)
{
    struct line line;
    check->counts[BROKEN]++;
    begin_wrong(check, &line, seen->frame.no);
    line_add(&line, "the lengths in its headers contradict each other");
    end_wrong(check, &line);
}

/* ---- messages ---- */

static void take_answer(struct check *check, const struct seen *seen, const struct judgement *j)
{
    static const enum count outcomes[] = {
        [NIB_FOUND] = FOUND, [NIB_NOT_FOUND] = NOT_FOUND, [NIB_FAILURE] = FAILURE};
    int64_t took = seen->frame.time_ns - j->exchange->query_ns;
    check->counts[PAIRS]++;
    if (j->verdict == VERDICT_REFERRAL)
        check->counts[REFERRALS]++;
    else if (seen->has_message)
        check->counts[outcomes[seen->m.outcome]]++;
    if (check->counts[PAIRS] == 1 || took < check->least_ns)
        check->least_ns = took;
    if (check->counts[PAIRS] == 1 || took > check->most_ns)
        check->most_ns = took;
    check->sum_ns += took;
}

static void take_verdict(struct check *check, const struct seen *seen, const struct judgement *j)
{
    check->counts[MISMATCHED] += j->reason != NIB_FITS;
    switch (j->verdict) {
    case VERDICT_QUERY:
        if (j->reason != NIB_FITS)
            complain_of(check, seen, j, "");
        break;
    case VERDICT_RETRANSMISSION:
        check->counts[RETRANSMISSIONS]++;
        break;
    case VERDICT_COPY:
        check->counts[COPIES]++;
        break;
    case VERDICT_ANSWER:
    case VERDICT_REFERRAL:
        take_answer(check, seen, j);
        break;
    case VERDICT_DUPLICATE: /* as many as there were tries are fine: each is a query (NIB-6.4) */
        check->counts[DUPLICATES]++;
        if (j->surplus)
            complain_of(check, seen, j, "more responses than queries");
        break;
    case VERDICT_UNSOLICITED:
        check->counts[UNSOLICITED]++;
        complain_of(check, seen, j, "");
        break;
    case VERDICT_NONE:
        break;
    }
}

static void take_message(struct check *check, const struct seen *seen, const struct judgement *j)
{
    uint8_t again[NIB_MESSAGE_MAX];
    const struct nib_packet_udp *d = &seen->packet.udp;
    size_t len = nib_message_encode(again, sizeof again, &seen->m);
    if (len == d->len && memcmp(again, d->payload, len) == 0)
        return;
    check->counts[UNLIKE]++;
    complain_of(check, seen, j, "encodes to other octets");
}

static void take_sums(struct check *check, const struct nib_packet *p)
{
    static const enum count sums[] = {[NIB_SUM_RIGHT] = SUM_RIGHT,
        [NIB_SUM_WRONG] = SUM_WRONG,
        [NIB_SUM_PARTIAL] = SUM_PARTIAL,
        [NIB_SUM_NONE] = SUM_NONE};
    if (p->udp_sum != NIB_SUM_UNKNOWN)
        check->counts[sums[p->udp_sum]]++;
    check->counts[IP_SUM_WRONG] += p->ip_sum == NIB_SUM_WRONG;
}

static void take(struct check *check, const struct seen *seen, const struct judgement *j)
{
    if (seen->has_question && seen->kind != SEEN_ICMP)
        check->counts[seen->m.flag == NIB_QUERY ? QUERIES : RESPONSES]++;
    switch (seen->kind) {
    case SEEN_MESSAGE:
        take_message(check, seen, j);
        break;
    case SEEN_MALFORMED:
        take_malformed(check, seen);
        break;
    case SEEN_FRAGMENT:
        check->counts[FRAGMENTS]++;
        check->counts[CUT] += seen->packet.fragment_at == 0;
        break;
    case SEEN_CUT:
        check->counts[CUT]++;
        break;
    case SEEN_BROKEN:
        take_broken(check, seen);
        break;
    case SEEN_ICMP:
        check->counts[ICMP]++;
        break;
    case SEEN_OTHER:
        break;
    }
    take_verdict(check, seen, j);
    take_sums(check, &seen->packet);
}

/* ---- the summary ---- */

static void print_summary(const struct check *check)
{
    uint64_t pairs = check->counts[PAIRS];
    printf("%s", check->wrong > 0 ? "\n" : "");
    for (int i = 0; i < N_COUNTS; i++)
        printf("%s: %llu\n", count_names[i], (unsigned long long)check->counts[i]);
    if (pairs > 0)
        printf("response_time_ms: min %.3f, mean %.3f, max %.3f\n", (double)check->least_ns / 1e6,
            (double)check->sum_ns / 1e6 / (double)pairs, (double)check->most_ns / 1e6);
    if (check->wrong == 0)
        printf("nothing wrong\n");
    else
        printf("%llu wrong\n", (unsigned long long)check->wrong);
}

static void print_json(const struct check *check)
{
    struct line line;
    line_begin(&line);
    json_open(&line.w, NULL, '{');
    for (int i = 0; i < N_COUNTS; i++)
        json_number(&line.w, count_names[i], (int64_t)check->counts[i]);
    if (check->counts[PAIRS] > 0) {
        json_open(&line.w, "response_time_ms", '{');
        json_fixed(&line.w, "min", check->least_ns / 1000, 3);
        json_fixed(&line.w, "mean", check->sum_ns / 1000 / (int64_t)check->counts[PAIRS], 3);
        json_fixed(&line.w, "max", check->most_ns / 1000, 3);
        json_close(&line.w, '}');
    }
    json_number(&line.w, "wrong", (int64_t)check->wrong);
    json_close(&line.w, '}');
    print_line(&line, stdout);
}

/* ---- the command ---- */

static const struct option_row rows[] = {
    OPTION_FLAG(0, "json", struct settings, json, "the summary as a JSON object"),
};

static const struct option_program program = {
    .name = "nibpcap check",
    .usage = "[options] FILE",
    .about = "Every message decodes and encodes back to the same octets, every response has its "
             "query and\nevery query its response. Status 1 when something is wrong.",
    .tables = {OPTION_ROWS(rows), &choice_options, &ports_options},
    .operands = 1,
};

static int run(struct check *check, const char *path)
{
    struct verdicts verdicts;
    struct seen seen;
    check->input = input_open(path, &check->settings->choice.ports);
    if (check->input == NULL)
        return STATUS_USE;
    verdicts_init(&verdicts, &check->input->hosts, 0);
    verdicts.ctx = check;
    verdicts.unanswered = unanswered;
    while (input_next(check->input, &seen)) {
        struct judgement judgement;
        verdict_of(&verdicts, &seen, &judgement);
        check->counts[FRAMES] += seen.segment <= 1;
        if (seen.kind == SEEN_OTHER)
            check->counts[OTHER]++;
        else if (filter_takes(&check->settings->choice.filter, &seen, &judgement))
            take(check, &seen, &judgement);
    }
    verdicts_finish(&verdicts);
    nib_progress_wipe(&check->input->progress);
    if (check->input->reader.started)
        (check->settings->json ? print_json : print_summary)(check);
    int status = input_close(check->input);
    if (status == STATUS_FINE && check->wrong > 0)
        status = STATUS_WRONG;
    return finish_output(status);
}

int command_check(int argc, char **argv)
{
    struct settings settings = {.choice.ports = ports_default()};
    struct check check = {.settings = &settings};
    const char *path = choice_read(&program, &settings, "FILE", argc, argv);
    return run(&check, path);
}
