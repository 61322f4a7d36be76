#include "nibpcap/base/nibpcap.h"
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
    X(RETRANSMISSIONS, "retransmissions")                                                          \
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

struct check {
    struct nibpcap_ports ports;
    struct nibpcap_pairs pairs;
    uint64_t counts[N_COUNTS];
    uint64_t wrong;
    int64_t least_ns, most_ns, sum_ns; /* response times */
    bool json;
    struct nibpcap_input input;
};

static void begin_wrong(struct check *check, struct nibpcap_line *line, uint64_t frame)
{
    check->wrong++;
    nibpcap_begin(line);
    nibpcap_add(line, "frame ");
    nibpcap_add_number(line, frame);
    nibpcap_add(line, ": ");
}

static void end_wrong(struct check *check, struct nibpcap_line *line)
{
    if (check->json)
        return;
    nib_progress_wipe(&check->input.progress);
    nibpcap_end(line, stdout);
}

static void add_route(struct nibpcap_line *line, const struct nib_packet_udp *d)
{
    nibpcap_add(line, ", ");
    nibpcap_add_socket(line, &d->src);
    nibpcap_add(line, " > ");
    nibpcap_add_socket(line, &d->dst);
}

static void unanswered(void *ctx, const struct nibpcap_exchange *x)
{
    struct check *check = ctx;
    struct nibpcap_line line;
    struct nib_message m = {.id = x->id, .qtype = x->type, .qname = {x->name, x->name_len}};
    check->counts[UNANSWERED]++;
    begin_wrong(check, &line, x->query_frame);
    nibpcap_add(&line, "unanswered: ");
    nibpcap_add_message(&line, &m);
    if (x->tries > 1) {
        nibpcap_add(&line, ", tries ");
        nibpcap_add_number(&line, x->tries);
    }
    const struct nib_packet_udp route = {.src = x->asker, .dst = x->server};
    add_route(&line, &route);
    end_wrong(check, &line);
}

/* A response that is not the answer of anything, and which query it was held against. */
static void complain(struct check *check, const struct nibpcap_seen *seen, const char *what,
    const char *why, const struct nibpcap_exchange *x)
{
    struct nibpcap_line line;
    begin_wrong(check, &line, seen->frame.no);
    nibpcap_add(&line, what);
    nibpcap_add(&line, why);
    nibpcap_add(&line, ": ");
    nibpcap_add_message(&line, &seen->m);
    if (x != NULL) {
        nibpcap_add(&line, ", query in frame ");
        nibpcap_add_number(&line, x->query_frame);
    }
    add_route(&line, &seen->packet.udp);
    end_wrong(check, &line);
}

static void take_answer(
    struct check *check, const struct nibpcap_seen *seen, const struct nibpcap_exchange *x)
{
    static const enum count outcomes[] = {FOUND, NOT_FOUND, FAILURE};
    int64_t took = seen->frame.time_ns - x->query_ns;
    check->counts[PAIRS]++;
    check->counts[outcomes[seen->m.outcome]]++;
    if (check->counts[PAIRS] == 1 || took < check->least_ns)
        check->least_ns = took;
    if (check->counts[PAIRS] == 1 || took > check->most_ns)
        check->most_ns = took;
    check->sum_ns += took;
}

static void pair(struct check *check, const struct nibpcap_seen *seen)
{
    struct nibpcap_exchange *x;
    enum nib_mismatch mismatch;
    switch (nibpcap_pairs_message(&check->pairs, seen, &x, &mismatch)) {
    case NIBPCAP_QUESTION:
        break;
    case NIBPCAP_RETRANSMISSION:
        check->counts[RETRANSMISSIONS]++;
        break;
    case NIBPCAP_ANSWER:
        take_answer(check, seen, x);
        break;
    case NIBPCAP_DUPLICATE: /* as many as there were tries are fine: each is a query (NIB-6.4) */
        check->counts[DUPLICATES]++;
        if (x->responses > x->tries)
            complain(check, seen, "more responses than queries", "", x);
        break;
    case NIBPCAP_MISMATCH:
        check->counts[MISMATCHED]++;
        complain(check, seen, "does not fit its query: ", nib_mismatch_words(mismatch), x);
        break;
    case NIBPCAP_UNSOLICITED:
        check->counts[UNSOLICITED]++;
        complain(check, seen, "unsolicited", "", NULL);
        break;
    }
}

static void take_message(struct check *check, const struct nibpcap_seen *seen)
{
    uint8_t again[NIB_MESSAGE_MAX];
    const struct nib_packet_udp *d = &seen->packet.udp;
    size_t len = nib_message_encode(again, sizeof again, &seen->m);
    check->counts[seen->m.flag == NIB_QUERY ? QUERIES : RESPONSES]++;
    if (len != d->len || memcmp(again, d->payload, len) != 0) {
        check->counts[UNLIKE]++;
        complain(check, seen, "encodes to other octets", "", NULL);
    }
    pair(check, seen);
}

static void take_malformed(struct check *check, const struct nibpcap_seen *seen)
{
    struct nibpcap_line line;
    check->counts[MALFORMED]++;
    begin_wrong(check, &line, seen->frame.no);
    nibpcap_add_malformed(&line, seen->err, seen->bad);
    add_route(&line, &seen->packet.udp);
    end_wrong(check, &line);
}

static void take_icmp(struct check *check, const struct nibpcap_seen *seen)
{
    struct nibpcap_line line;
    const struct nibpcap_exchange *x = nibpcap_pairs_refused(&check->pairs, seen);
    check->counts[ICMP]++;
    if (x == NULL)
        return;
    check->counts[REFUSED]++;
    begin_wrong(check, &line, seen->frame.no);
    nibpcap_add(&line, "refused: nobody listens at ");
    nibpcap_add_socket(&line, &x->server);
    nibpcap_add(&line, ", query in frame ");
    nibpcap_add_number(&line, x->query_frame);
    end_wrong(check, &line);
}

static void take(struct check *check, const struct nibpcap_seen *seen)
{
    static const enum count sums[] = {N_COUNTS, SUM_RIGHT, SUM_WRONG, SUM_PARTIAL, SUM_NONE};
    struct nibpcap_line line;
    const struct nib_packet *p = &seen->packet;
    check->counts[FRAMES] += seen->segment <= 1;
    switch (seen->what) {
    case NIBPCAP_OTHER:
        check->counts[OTHER]++;
        return;
    case NIBPCAP_MESSAGE:
        take_message(check, seen);
        break;
    case NIBPCAP_BAD:
        take_malformed(check, seen);
        break;
    case NIBPCAP_CUT:
        check->counts[CUT]++;
        (void)nibpcap_pairs_cut(&check->pairs, seen);
        break;
    case NIBPCAP_FRAGMENT:
        check->counts[FRAGMENTS]++;
        (void)nibpcap_pairs_cut(&check->pairs, seen);
        break;
    case NIBPCAP_BROKEN:
        check->counts[BROKEN]++;
        begin_wrong(check, &line, seen->frame.no);
        nibpcap_add(&line, "the lengths in its headers contradict each other");
        end_wrong(check, &line);
        break;
    case NIBPCAP_ICMP:
        take_icmp(check, seen);
        break;
    }
    if (p->udp_sum != NIB_SUM_UNKNOWN)
        check->counts[sums[p->udp_sum]]++;
    check->counts[IP_SUM_WRONG] += p->ip_sum == NIB_SUM_WRONG;
}

static const char *const count_names[] = {
#define X(symbol, name) name,
    COUNTS(X)
#undef X
};

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
    uint64_t pairs = check->counts[PAIRS];
    for (int i = 0; i < N_COUNTS; i++)
        printf("%s\"%s\":%llu", i == 0 ? "{" : ",", count_names[i],
            (unsigned long long)check->counts[i]);
    if (pairs > 0)
        printf(",\"response_time_ms\":{\"min\":%.3f,\"mean\":%.3f,\"max\":%.3f}",
            (double)check->least_ns / 1e6, (double)check->sum_ns / 1e6 / (double)pairs,
            (double)check->most_ns / 1e6);
    printf(",\"wrong\":%llu}\n", (unsigned long long)check->wrong);
}

static const struct option_row rows[] = {
    OPTION_FLAG(0, "json", struct check, json, "the summary as a JSON object"),
    NIBPCAP_PORTS(
        struct check, ports, "these ports alone (21000,22000, and where else messages are found)"),
};

static const struct option_program command_line = {
    .name = "nibpcap check",
    .usage = "[options] FILE",
    .about =
        "Every message decodes and encodes back to the same octets, every response has its query\n"
        "and every query its response. Status 1 when something is wrong.",
    .tables = {OPTION_ROWS(rows)},
    .operands = 1,
};

int nibpcap_check(int argc, char **argv)
{
    struct check check = {.ports = nibpcap_default_ports()};
    struct nibpcap_seen seen;
    const char *path = nibpcap_options(&command_line, &check, argc, argv, "FILE");
    if (!nibpcap_open(&check.input, path, &check.ports))
        return NIBPCAP_USE;
    nibpcap_pairs_init(&check.pairs, &check, unanswered);
    while (nibpcap_next(&check.input, &seen))
        take(&check, &seen);
    nibpcap_pairs_finish(&check.pairs);
    if (check.json && check.input.reader.started)
        print_json(&check);
    else if (check.input.reader.started)
        print_summary(&check);
    int status = nibpcap_close(&check.input);
    return nibpcap_finish_output(status != NIBPCAP_FINE ? status
                                 : check.wrong > 0      ? NIBPCAP_WRONG
                                                        : NIBPCAP_FINE);
}
