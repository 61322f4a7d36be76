#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "nibdns/name.h"
#include "nibdns/os/clock.h"
#include "nibdns/os/udp.h"
#include "nibpcap/commands.h"
#include "nibpcap/rerun/rerun.h"

/*
 * All queries leave from one socket, so each gets an ID of its own: its place among the queries. Of
 * an answer everything but the ID is compared. Its TTL may be anything up to the largest that the
 * capture has shown for that question by then.
 */

struct sent {
    const struct rerun_event *query;
    uint32_t ttl_most; /* that the capture has shown by then for this question */
    bool sent, answered;
};

struct replay {
    struct rerun capture;
    struct nib_addr to;
    uint16_t port;
    double speed;
    bool fast;
    nib_ms timeout_ms;
    int fd;
    struct sent *queries;
    size_t n;
    size_t waiting; /* sent and not answered, of those with an answer in the capture */
    uint64_t skipped, matched, different, missing, extra, silent;
    bool refused;
};

/* ---- what is sent ---- */

static bool decode(const struct replay *replay, const struct rerun_event *e, struct nib_message *m)
{
    size_t bad;
    return !e->cut &&
           nib_message_decode(m, rerun_octets(&replay->capture, e), e->len, &bad) == NIB_OK;
}

/* The capture's answer to a query, or NULL. */
static const struct rerun_event *answer_of(const struct replay *replay, const struct sent *q)
{
    size_t at = q->query->answer;
    return at == RERUN_NONE ? NULL : &replay->capture.events[at];
}

static bool is_repeat(
    const struct replay *replay, const struct sent *q, const struct rerun_event *e)
{
    const struct rerun *c = &replay->capture;
    return nib_addr_equal(&q->query->src, &e->src) && q->query->answer == e->answer &&
           q->query->len == e->len &&
           memcmp(rerun_octets(c, q->query), rerun_octets(c, e), e->len) == 0 &&
           e->time_ns - q->query->time_ns <= 60000000000;
}

/* Places by a hash, of which the newest stays: the last query with those octets from there. */
static size_t place_of(const struct replay *replay, const struct rerun_event *e, size_t n)
{
    struct nib_text text = {(const char *)rerun_octets(&replay->capture, e), e->len};
    return (size_t)(nib_name_hash(text, nib_addr_hash(&e->src, 0)) % n);
}

static size_t question_place(const struct nib_message *m, size_t n)
{
    return (size_t)(nib_name_hash(m->qname, m->qtype) % n);
}

static bool same_question(
    const struct replay *replay, const struct sent *a, const struct nib_message *m)
{
    struct nib_message other;
    return decode(replay, a->query, &other) && other.qtype == m->qtype &&
           nib_name_equal(other.qname, m->qname);
}

/* The largest TTL so far, from the last query with the same question on. */
static uint32_t most_ttl(
    const struct replay *replay, const struct sent *q, const struct sent *before)
{
    struct nib_message said;
    const struct rerun_event *answer = answer_of(replay, q);
    uint32_t ttl = before == NULL ? 0 : before->ttl_most;
    if (answer != NULL && decode(replay, answer, &said) && said.ttl_s > ttl)
        ttl = said.ttl_s;
    return ttl;
}

static void choose_queries(struct replay *replay)
{
    size_t n = 2 * replay->capture.n + 1;
    size_t *octets = nibpcap_allocate(NULL, n * sizeof *octets);
    size_t *question = nibpcap_allocate(NULL, n * sizeof *question);
    replay->queries = nibpcap_allocate(NULL, (replay->capture.n + 1) * sizeof *replay->queries);
    memset(octets, 0, n * sizeof *octets);
    memset(question, 0, n * sizeof *question);
    for (size_t i = 0; i < replay->capture.n; i++) {
        const struct rerun_event *e = &replay->capture.events[i];
        struct nib_message m;
        if (e->refused || e->dst.port != replay->port)
            continue;
        bool query = decode(replay, e, &m) && m.flag == NIB_QUERY;
        size_t *last = &octets[place_of(replay, e, n)];
        if (!query || (*last > 0 && is_repeat(replay, &replay->queries[*last - 1], e))) {
            replay->skipped++;
            continue;
        }
        struct sent *q = &replay->queries[replay->n];
        *q = (struct sent){.query = e};
        size_t *same = &question[question_place(&m, n)];
        const struct sent *before = *same > 0 ? &replay->queries[*same - 1] : NULL;
        if (before != NULL && !same_question(replay, before, &m))
            before = NULL;
        q->ttl_most = most_ttl(replay, q, before);
        *last = *same = ++replay->n;
    }
    free(octets);
    free(question);
}

/* ---- what comes back ---- */

static void print_message(const char *who, const uint8_t *octets, size_t len)
{
    struct nibpcap_line line;
    struct nib_message m;
    size_t bad;
    enum nib_err err = nib_message_decode(&m, octets, len, &bad);
    nibpcap_begin(&line);
    nibpcap_add(&line, who);
    if (err == NIB_OK)
        nibpcap_add_message(&line, &m);
    else
        nibpcap_add_malformed(&line, err, bad);
    nibpcap_end(&line, stdout);
}

static void print_difference(const struct replay *replay, const struct sent *q, const char *what,
    const uint8_t *live, size_t len)
{
    const struct rerun_event *answer = answer_of(replay, q);
    printf("frame %llu: %s\n", (unsigned long long)q->query->frame, what);
    print_message("  query:   ", rerun_octets(&replay->capture, q->query), q->query->len);
    if (answer != NULL)
        print_message("  capture: ", rerun_octets(&replay->capture, answer), answer->len);
    if (live != NULL)
        print_message("  live:    ", live, len);
}

/* The live answer has its query's place in the place of the ID; the capture's ID is put there. */
static bool is_same(const struct replay *replay, const struct sent *q, uint8_t *octets, size_t len)
{
    struct nib_message live, said;
    size_t bad;
    const struct rerun_event *answer = answer_of(replay, q);
    if (nib_message_decode(&live, octets, len, &bad) != NIB_OK || !decode(replay, answer, &said))
        return false;
    uint32_t ttl = live.ttl_s;
    bool lower = ttl <= q->ttl_most && (ttl > 0 || said.ttl_s == 0 || said.outcome == NIB_FOUND);
    live.ttl_s = said.ttl_s;
    return lower && live.flag == said.flag && live.qtype == said.qtype &&
           live.atype == said.atype && nib_text_same(live.qname, said.qname) &&
           nib_text_same(live.aname, said.aname) && nib_text_same(live.result, said.result);
}

static void take_answer(struct replay *replay, uint8_t *octets, size_t len)
{
    struct nib_reader r = nib_reader_init(octets, len);
    uint32_t place = nib_reader_u32(&r);
    if (len < 4 || place >= replay->n || !replay->queries[place].sent) {
        replay->extra++;
        print_message("extra: an answer to nothing that was asked: ", octets, len);
        return;
    }
    struct sent *q = &replay->queries[place];
    memcpy(octets, rerun_octets(&replay->capture, q->query), 4);
    if (q->answered || answer_of(replay, q) == NULL) {
        replay->extra++;
        print_difference(replay, q,
            q->answered ? "extra: a second answer" : "extra: the capture has no answer", octets,
            len);
    } else if (is_same(replay, q, octets, len)) {
        replay->matched++;
    } else {
        replay->different++;
        print_difference(replay, q, "different", octets, len);
    }
    replay->waiting -= !q->answered && answer_of(replay, q) != NULL;
    q->answered = true;
}

/* Takes what comes within that time, or until nothing is waited for, if so told. */
static void receive(struct replay *replay, nib_ms until, bool for_answers)
{
    uint8_t octets[NIB_MESSAGE_MAX + 1];
    while (!replay->refused && !(for_answers && replay->waiting == 0)) {
        nib_ms left = until - nib_clock_ms();
        struct pollfd p = {.fd = replay->fd, .events = POLLIN};
        int ready = poll(&p, 1, left < 0 ? 0 : left > 1000 ? 1000 : (int)left);
        if (ready <= 0) {
            if (left <= 0)
                return;
            continue;
        }
        ptrdiff_t n = nib_udp_receive_one(replay->fd, NULL, octets, sizeof octets);
        if (n >= 0)
            take_answer(replay, octets, (size_t)n);
        else
            replay->refused = errno != EAGAIN;
    }
}

static void send_query(struct replay *replay, size_t place)
{
    uint8_t octets[NIB_QUERY_MAX];
    struct sent *q = &replay->queries[place];
    struct nib_writer w = nib_writer_init(octets, sizeof octets);
    nib_writer_u32(&w, (uint32_t)place);
    nib_writer_octets(&w, rerun_octets(&replay->capture, q->query) + 4, q->query->len - 4);
    q->sent = true;
    replay->waiting += answer_of(replay, q) != NULL;
    if (nib_udp_send_one(replay->fd, NULL, octets, w.off) != 0)
        replay->refused = replay->refused || !nib_udp_is_passing(errno);
}

static void send_all(struct replay *replay)
{
    nib_ms start = nib_clock_ms();
    for (size_t i = 0; i < replay->n && !replay->refused; i++) {
        const struct rerun_event *e = replay->queries[i].query;
        double since = (double)(e->time_ns - replay->queries[0].query->time_ns) / 1e6;
        if (!replay->fast)
            receive(replay, start + (nib_ms)(since / replay->speed), false);
        send_query(replay, i);
        if (replay->fast)
            receive(replay, nib_clock_ms() + replay->timeout_ms, true);
    }
    receive(replay, nib_clock_ms() + replay->timeout_ms, true);
    receive(replay, nib_clock_ms() + 20, false); /* what nobody waits for */
}

/* ---- the command ---- */

static void count_missing(struct replay *replay)
{
    for (size_t i = 0; i < replay->n; i++) {
        const struct sent *q = &replay->queries[i];
        if (q->answered)
            continue;
        if (answer_of(replay, q) == NULL) {
            replay->silent++;
        } else {
            replay->missing++;
            print_difference(replay, q, "missing: no answer", NULL, 0);
        }
    }
}

/* The port of the local server, or of whatever server there is. */
static uint16_t asked_port(const struct rerun *capture)
{
    uint16_t learnt = capture->known.local;
    if (rerun_asked(capture, NIB_PORT_LOCAL))
        return NIB_PORT_LOCAL;
    if (learnt != 0)
        return learnt;
    return rerun_asked(capture, NIB_PORT_AUTHORITATIVE) ? NIB_PORT_AUTHORITATIVE : NIB_PORT_LOCAL;
}

static int run(struct replay *replay)
{
    char text[NIB_ADDR_TEXT_MAX];
    struct nib_addr self;
    int status = rerun_read(&replay->capture);
    nib_addr_format(&replay->to, text);
    if (replay->port == 0)
        replay->port = asked_port(&replay->capture);
    choose_queries(replay);
    if (replay->n == 0)
        return nibpcap_complain("%s has no query to port %u; --port chooses another",
            replay->capture.options.path, replay->port);
    replay->fd = nib_udp_connect(&replay->to, &self);
    if (replay->fd < 0)
        return nibpcap_complain("%s cannot be reached: %s", text, strerror(errno));
    send_all(replay);
    (void)close(replay->fd);
    if (replay->refused)
        return nibpcap_complain("nobody listens at %s; start the server or change --to", text);
    count_missing(replay);
    printf("%zu queries to %s: %llu matched, %llu different, %llu missing, %llu extra", replay->n,
        text, (unsigned long long)replay->matched, (unsigned long long)replay->different,
        (unsigned long long)replay->missing, (unsigned long long)replay->extra);
    if (replay->silent > 0)
        printf(", %llu unanswered here and there", (unsigned long long)replay->silent);
    if (replay->skipped > 0)
        printf("; %llu repeats and others not sent", (unsigned long long)replay->skipped);
    printf("\n");
    if (status == NIBPCAP_FINE && replay->different + replay->missing + replay->extra > 0)
        status = NIBPCAP_WRONG;
    return status;
}

static void take_speed(const struct option_use *use)
{
    char *end;
    double speed = strtod(use->text, &end);
    if (*use->text == '\0' || *end != '\0' || !(speed >= 0.001 && speed <= 1000000))
        option_wrong(use, "is no number from 0.001 to 1000000; give one, such as 10 or 0.5");
    memcpy(use->field, &speed, sizeof speed);
}

static const struct option_row rows[] = {
    OPTION_PEER(0, "to", struct replay, to, NIB_PORT_LOCAL, "the server"),
    OPTION_ROW(0, "speed", "N", take_speed, struct replay, speed, 0, 0,
        "N times as fast as the capture (1)"),
    OPTION_FLAG(0, "fast", struct replay, fast, "as fast as answered"),
    OPTION_NUMBER(0, "timeout", "MS", struct replay, timeout_ms, 1, 3600000,
        "how long an answer is waited for (1000)"),
    OPTION_NUMBER('p', "port", "PORT", struct replay, port, 1, 65535,
        "queries to this port of the capture are sent (21000, or found)"),
};

static const struct option_program command_line = {
    .name = "nibpcap replay",
    .usage = "FILE --to ADDR[:PORT] [options]",
    .about =
        "Sends the capture's queries to a live server and compares the answers. Status 1 when\n"
        "they differ.",
    .tables = {OPTION_ROWS(rows)},
    .operands = 1,
};

int nibpcap_replay(int argc, char **argv)
{
    static struct replay replay = {.speed = 1, .timeout_ms = 1000};
    replay.capture.options.path = nibpcap_options(&command_line, &replay, argc, argv, "FILE");
    if (replay.to.family == 0)
        return nibpcap_complain("the server is missing; give it with --to ADDR:PORT");
    replay.capture.options.ports =
        replay.port == 0 ? nibpcap_default_ports() : (struct nibpcap_ports){{replay.port}, 1, true};
    int status = run(&replay);
    free(replay.queries);
    rerun_free(&replay.capture);
    return nibpcap_finish_output(status);
}
