#define _GNU_SOURCE
#include "nibbench/load/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "nibbench/base/clock.h"
#include "nibbench/base/stop.h"
#include "nibbench/load/check.h"
#include "nibbench/load/lane.h"
#include "nibbench/load/net.h"
#include "nibdns/os/udp.h"

enum {
    SCAN_NS = 20000000,
    WAIT_NS = 10000000,
    STALL_NS = 250000, /* longer than a batch of our own takes */
};

struct loop {
    const struct bench_loop_config *config;
    struct bench_loop_result *result;
    struct bench_net *net;
    struct pollfd *polls;
    struct bench_lane *lanes;
    unsigned bits; /* of an ID, for the place */
    uint32_t id_mask, next_lane, n_lanes;
    uint64_t issued; /* since start_ns */
    int64_t now, start_ns, begin_ns, end_ns, scan_ns;
    int64_t stalled_until; /* when the generator went on after it had stood still */
    bool measuring;
};

/* What spins and sees no time for a while has been kept from its core. */
static void look_at_clock(struct loop *loop)
{
    int64_t now = bench_now_ns();
    if (loop->config->spin && now - loop->now > STALL_NS) {
        loop->stalled_until = now;
        loop->result->own_stalls++;
    }
    loop->now = now;
}

/* ---- setting up ---- */

static bool open_lane(struct loop *loop, uint32_t i)
{
    const struct bench_loop_config *config = loop->config;
    loop->n_lanes++;
    loop->polls[i].fd = -1;
    if (!bench_lane_open(&loop->lanes[i], config->window))
        return false;
    loop->polls[i] = (struct pollfd){.fd = nib_udp_connect_bare(&config->to), .events = POLLIN};
    return loop->polls[i].fd >= 0 && bench_net_prepare(loop->net, loop->polls[i].fd);
}

static bool set_up(struct loop *loop)
{
    const struct bench_loop_config *config = loop->config;
    const struct bench_net_config net = {true, config->segments, config->segments};
    loop->net = bench_net_new(&net);
    loop->polls = calloc(config->sockets, sizeof *loop->polls);
    loop->lanes = calloc(config->sockets, sizeof *loop->lanes);
    if (loop->net == NULL || loop->polls == NULL || loop->lanes == NULL)
        return false;
    while ((uint32_t)1 << loop->bits < config->window)
        loop->bits++;
    loop->id_mask = config->queries->mode == BENCH_DNS ? 0xffff : 0xffffffff;
    for (uint32_t i = 0; i < config->sockets; i++)
        if (!open_lane(loop, i))
            return false;
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    loop->now = loop->start_ns = loop->scan_ns = bench_now_ns();
    loop->begin_ns = loop->start_ns + config->warmup_us * 1000;
    loop->end_ns = loop->begin_ns + config->seconds_us * 1000;
    return true;
}

static void tear_down(struct loop *loop)
{
    for (uint32_t i = 0; i < loop->n_lanes; i++) {
        if (loop->polls[i].fd >= 0)
            (void)close(loop->polls[i].fd);
        bench_lane_close(&loop->lanes[i]);
    }
    free(loop->polls);
    free(loop->lanes);
    bench_net_free(loop->net);
}

/* ---- out ---- */

static size_t id_octets(const struct loop *loop)
{
    return loop->config->queries->mode == BENCH_DNS ? 2 : 4;
}

static struct bench_view write_query(
    struct loop *loop, const struct bench_place *place, uint8_t *out)
{
    size_t octets = id_octets(loop);
    memcpy(out, bench_query(loop->config->queries, place->query), place->query->len);
    for (size_t i = 0; i < octets; i++)
        out[i] = (uint8_t)(place->id >> (8 * (octets - 1 - i)));
    return (struct bench_view){out, place->query->len, NULL};
}

static int64_t leaves_at(const struct loop *loop, uint64_t n)
{
    if (loop->config->rate == 0)
        return loop->now;
    return loop->start_ns + (int64_t)((double)n * 1e9 / (double)loop->config->rate);
}

/* Sends n <= BENCH_BATCH queries, for which the lane has places. Returns how many left. */
static size_t send_some(struct loop *loop, uint32_t lane_no, size_t n)
{
    const struct bench_query *queries[BENCH_BATCH];
    struct bench_lane *lane = &loop->lanes[lane_no];
    struct bench_view views[BENCH_BATCH];
    uint8_t *out = bench_net_room(loop->net);
    bench_queries_draw(loop->config->queries, queries, n, loop->config->segments);
    look_at_clock(loop);
    for (size_t i = 0; i < n; i++) {
        uint32_t number = lane->free[lane->n_free - 1 - i];
        struct bench_place *place = &lane->places[number];
        *place = (struct bench_place){.due_ns = leaves_at(loop, loop->issued + i),
            .sent_ns = loop->now,
            .query = queries[i],
            .id = (lane->uses++ << loop->bits | number) & loop->id_mask,
            .waiting = true};
        views[i] = write_query(loop, place, out);
        out += views[i].len;
    }
    size_t sent = bench_net_send(loop->net, loop->polls[lane_no].fd, views, n);
    if (sent < n && errno == ECONNREFUSED)
        loop->result->refused++;
    for (size_t i = sent; i < n; i++)
        lane->places[lane->free[lane->n_free - 1 - i]].waiting = false;
    for (size_t i = 0; i < sent; i++)
        loop->result->query_octets += views[i].len;
    lane->n_free -= (uint32_t)sent;
    loop->result->sent += sent;
    loop->issued += sent;
    return sent;
}

static void fill(struct loop *loop, uint32_t lane_no)
{
    struct bench_lane *lane = &loop->lanes[lane_no];
    while (lane->n_free > 0) {
        size_t n = lane->n_free < BENCH_BATCH ? lane->n_free : BENCH_BATCH;
        if (send_some(loop, lane_no, n) < n)
            return;
    }
}

/* Open loop: what is due by now, on one socket after the other. The first is due at the start. */
static uint64_t send_due(struct loop *loop)
{
    uint64_t all =
        1 + (uint64_t)((double)(loop->now - loop->start_ns) * (double)loop->config->rate / 1e9);
    for (uint32_t full = 0; loop->issued < all && full < loop->config->sockets;) {
        uint32_t i = loop->next_lane;
        loop->next_lane = i + 1 == loop->config->sockets ? 0 : i + 1;
        uint64_t n = all - loop->issued;
        n = n < BENCH_BATCH ? n : BENCH_BATCH;
        n = n < loop->lanes[i].n_free ? n : loop->lanes[i].n_free;
        full = n > 0 && send_some(loop, i, (size_t)n) == n ? 0 : full + 1;
    }
    return loop->issued < all ? all - loop->issued : 0;
}

/* ---- in ---- */

/* What was under way while the generator stood still says nothing of the server. */
static void add_latency(struct loop *loop, int64_t due_ns)
{
    if (due_ns <= loop->stalled_until)
        loop->result->unknown++;
    else if (due_ns >= loop->begin_ns)
        bench_histogram_add(&loop->result->latency, loop->now - due_ns);
}

static void take_answer(struct loop *loop, struct bench_lane *lane, const struct bench_view *view)
{
    struct bench_loop_result *result = loop->result;
    const struct bench_queries *queries = loop->config->queries;
    size_t octets = id_octets(loop);
    uint32_t id = 0;
    for (size_t i = 0; i < octets && i < view->len; i++)
        id = id << 8 | view->at[i];
    uint32_t number = id & (((uint32_t)1 << loop->bits) - 1);
    struct bench_place *place = &lane->places[number < loop->config->window ? number : 0];
    if (view->len < octets || !place->waiting || place->id != id) {
        result->unexpected++;
        return;
    }
    enum bench_verdict verdict = bench_check(queries, place->query, id, view->at, view->len);
    result->verdicts[verdict]++;
    if (verdict < BENCH_FAILURE) {
        result->answered++;
        result->answer_octets += view->len;
        add_latency(loop, place->due_ns);
    }
    bench_lane_free(lane, place);
}

static void receive(struct loop *loop, uint32_t lane_no)
{
    struct bench_view *views;
    size_t n = bench_net_receive(loop->net, loop->polls[lane_no].fd, &views);
    if (n == 0 && errno == ECONNREFUSED)
        loop->result->refused++;
    look_at_clock(loop);
    for (size_t i = 0; i < n; i++)
        take_answer(loop, &loop->lanes[lane_no], &views[i]);
}

static bool is_awaiting(const struct loop *loop, uint32_t lane_no)
{
    return loop->lanes[lane_no].n_free < loop->config->window;
}

/* Places whose answer did not come in time are lost; `all`: the ones that still wait, too. */
static void scan(struct loop *loop, bool all)
{
    loop->scan_ns = loop->now + SCAN_NS;
    for (uint32_t i = 0; i < loop->config->sockets; i++) {
        struct bench_lane *lane = &loop->lanes[i];
        for (uint32_t p = 0; is_awaiting(loop, i) && p < loop->config->window; p++) {
            struct bench_place *place = &lane->places[p];
            if (!place->waiting ||
                (!all && place->sent_ns + loop->config->timeout_ms * 1000000 > loop->now))
                continue;
            loop->result->lost++;
            bench_lane_free(lane, place);
        }
        if (!all && loop->config->rate == 0)
            fill(loop, i);
    }
}

/* ---- the loop ---- */

/* What was counted while warming up is forgotten. */
static void begin(struct loop *loop)
{
    struct bench_loop_result *result = loop->result;
    *result = (struct bench_loop_result){.refused = result->refused};
    result->usage_known =
        loop->config->pids.n > 0 && bench_usage_read(&loop->config->pids, &result->before);
    result->own_cpu_ns = bench_cpu_ns();
    loop->measuring = true;
    loop->now = loop->begin_ns = bench_now_ns();
    loop->end_ns = loop->begin_ns + loop->config->seconds_us * 1000;
}

static void finish(struct loop *loop)
{
    struct bench_loop_result *result = loop->result;
    result->own_cpu_ns = bench_cpu_ns() - result->own_cpu_ns;
    result->usage_known =
        result->usage_known && bench_usage_read(&loop->config->pids, &result->after);
    result->elapsed_ns = (double)(bench_now_ns() - loop->begin_ns);
}

/* Until an answer comes or a query is due. False: none came. */
static bool sleep_until_some(struct loop *loop, bool answering)
{
    int64_t wait = WAIT_NS;
    if (answering && loop->config->rate > 0) {
        int64_t due = leaves_at(loop, loop->issued) - bench_now_ns();
        wait = due < 0 ? 0 : due < WAIT_NS ? due : WAIT_NS;
    }
    const struct timespec t = {.tv_nsec = (long)wait};
    return ppoll(loop->polls, loop->config->sockets, &t, NULL) > 0;
}

static void wait_and_receive(struct loop *loop, bool answering)
{
    bool spin = loop->config->spin, some = spin || sleep_until_some(loop, answering);
    look_at_clock(loop);
    for (uint32_t i = 0; some && i < loop->config->sockets; i++) {
        if (spin ? !is_awaiting(loop, i) : loop->polls[i].revents == 0)
            continue;
        receive(loop, i);
        if (answering && loop->config->rate == 0)
            fill(loop, i);
    }
}

/* Answers that are still under way are waited for, but no longer make answers a second. */
static void drain(struct loop *loop)
{
    struct bench_loop_result after = *loop->result;
    int64_t until = loop->now + loop->config->timeout_ms * 1000000;
    bool refused = after.refused > 0 && after.answered == 0;
    uint64_t places = (uint64_t)loop->config->sockets * loop->config->window, free = 0;
    while (!refused && free < places && loop->now < until) {
        free = 0;
        wait_and_receive(loop, false);
        for (uint32_t i = 0; i < loop->config->sockets; i++)
            free += loop->lanes[i].n_free;
    }
    scan(loop, true);
    uint64_t lost = loop->result->lost;
    for (int i = BENCH_MALFORMED; i < BENCH_VERDICT_COUNT; i++)
        after.verdicts[i] = loop->result->verdicts[i];
    *loop->result = after;
    loop->result->lost = lost;
}

bool bench_loop(const struct bench_loop_config *config, struct bench_loop_result *result)
{
    struct loop loop = {.config = config, .result = result};
    const volatile sig_atomic_t *stop = bench_stop_on_signals();
    memset(result, 0, sizeof *result);
    if (!set_up(&loop)) {
        int error = errno;
        tear_down(&loop);
        errno = error;
        return false;
    }
    for (uint32_t i = 0; config->rate == 0 && i < config->sockets; i++)
        fill(&loop, i);
    while (loop.now < loop.end_ns && !*stop) {
        if (!loop.measuring && loop.now >= loop.begin_ns)
            begin(&loop);
        if (config->rate > 0)
            result->behind = send_due(&loop);
        wait_and_receive(&loop, true);
        if (loop.now >= loop.scan_ns)
            scan(&loop, false);
        if (result->refused > 0 && result->answered == 0)
            break;
    }
    finish(&loop);
    drain(&loop);
    result->issued = loop.issued;
    tear_down(&loop);
    return true;
}
