#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "common/print.h"
#include "nibdns/os/clock.h"
#include "nibdns/os/udp.h"
#include "nibpcap/base/status.h"
#include "nibpcap/replay/replay.h"

static void print_message(const char *who, const uint8_t *octets, size_t len)
{
    struct line line;
    struct nib_message m;
    size_t bad;
    enum nib_err err = nib_message_decode(&m, octets, len, &bad);
    line_begin(&line);
    line_add(&line, who);
    if (err == NIB_OK)
        line_message(&line, &m);
    else
        line_malformed(&line, err, bad);
    print_line(&line, stdout);
}

/* One more difference; false once enough of them were shown. */
static bool is_shown(struct replay *replay)
{
    return replay->told++ < REPLAY_SHOWN;
}

static void print_difference(
    struct replay *replay, const struct sent *q, const char *what, const uint8_t *live, size_t len)
{
    const struct event *answer = replay_answer(replay, q);
    if (!is_shown(replay))
        return;
    printf("frame %llu: %s\n", (unsigned long long)q->query->frame, what);
    print_message("  query:   ", event_octets(&replay->events, q->query), q->query->len);
    if (answer != NULL)
        print_message("  capture: ", event_octets(&replay->events, answer), answer->len);
    if (live != NULL)
        print_message("  live:    ", live, len);
}

/* The live answer has its query's place in the place of the ID; the capture's ID is put there. */
static bool is_same(const struct replay *replay, const struct sent *q, uint8_t *octets, size_t len)
{
    struct nib_message live, said;
    size_t bad;
    const struct event *answer = replay_answer(replay, q);
    if (nib_message_decode(&live, octets, len, &bad) != NIB_OK ||
        !replay_decode(replay, answer, &said))
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
        if (is_shown(replay))
            print_message("extra: an answer to nothing that was asked: ", octets, len);
        return;
    }
    struct sent *q = &replay->queries[place];
    memcpy(octets, event_octets(&replay->events, q->query), 4);
    if (q->answered || replay_answer(replay, q) == NULL) {
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
    replay->waiting -= !q->answered && replay_answer(replay, q) != NULL;
    q->answered = true;
}

/*
 * Takes what comes until that time, or until nothing is waited for, if so told. Of what is there by
 * then some is still taken, but a flood holds nobody up.
 */
static void receive(struct replay *replay, nib_ms until, bool for_answers)
{
    enum { LATE_MOST = 256 };
    uint8_t octets[NIB_MESSAGE_MAX + 1];
    int late = 0;
    while (replay->refused == 0 && !(for_answers && replay->waiting == 0) && late < LATE_MOST) {
        nib_ms left = until - nib_clock_ms();
        struct pollfd p = {.fd = replay->fd, .events = POLLIN};
        int ready = poll(&p, 1, left < 0 ? 0 : left > 1000 ? 1000 : (int)left);
        if (ready <= 0 && left <= 0)
            return;
        late += left <= 0;
        if (ready <= 0)
            continue;
        ptrdiff_t n = nib_udp_receive_one(replay->fd, NULL, octets, sizeof octets);
        if (n >= 0)
            take_answer(replay, octets, (size_t)n);
        else
            replay->refused = errno == EAGAIN ? 0 : errno;
    }
}

static void send_query(struct replay *replay, size_t place)
{
    uint8_t octets[NIB_QUERY_MAX];
    struct sent *q = &replay->queries[place];
    struct nib_writer w = nib_writer_init(octets, sizeof octets);
    nib_writer_u32(&w, (uint32_t)place);
    nib_writer_octets(&w, event_octets(&replay->events, q->query) + 4, q->query->len - 4);
    q->sent = true;
    replay->waiting += replay_answer(replay, q) != NULL;
    if (nib_udp_send_one(replay->fd, NULL, octets, w.off) != 0)
        replay->refused = nib_udp_is_passing(errno) ? replay->refused : errno;
}

/* The time between a query and the one before it, at the pace asked for; long ones are cut. */
static int64_t pause_before(const struct replay *replay, size_t i)
{
    const struct event *e = replay->queries[i].query;
    if (replay->fast || i == 0)
        return 0;
    double us =
        (double)(e->time_ns - replay->queries[i - 1].query->time_ns) * 1e3 / (double)replay->speed;
    if (us <= REPLAY_PAUSE_S * 1e6)
        return (int64_t)us;
    (void)complain("a pause of %.0f s before frame %llu is cut to a second", us / 1e6,
        (unsigned long long)e->frame);
    return 1000000;
}

static void count_missing(struct replay *replay)
{
    for (size_t i = 0; i < replay->n; i++) {
        const struct sent *q = &replay->queries[i];
        if (q->answered)
            continue;
        if (replay_answer(replay, q) == NULL) {
            replay->silent++;
        } else {
            replay->missing++;
            print_difference(replay, q, "missing: no answer", NULL, 0);
        }
    }
}

void replay_send(struct replay *replay)
{
    nib_ms begun = nib_clock_ms();
    int64_t since_us = 0;
    for (size_t i = 0; i < replay->n && replay->refused == 0; i++) {
        since_us += pause_before(replay, i);
        if (!replay->fast)
            receive(replay, begun + since_us / 1000, false);
        send_query(replay, i);
        if (replay->fast)
            receive(replay, nib_clock_ms() + replay->timeout_ms, true);
    }
    receive(replay, nib_clock_ms() + replay->timeout_ms, true);
    receive(replay, nib_clock_ms() + 20, false); /* what nobody waits for */
    if (replay->refused == 0)
        count_missing(replay);
}
