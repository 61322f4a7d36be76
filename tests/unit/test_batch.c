/*
 * Answers in runs: what the kernel is given, and what arrives, where it knows segments, where it
 * does not, and where it refuses them for a while. This program's own setsockopt() and sendmmsg()
 * stand between the module and the kernel.
 */
#define _GNU_SOURCE
#include "nibdns/os/batch.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/os/udp.h"

enum { SEGMENT = 103, ANSWERS = 12, LEN = 56, CLIENTS = 600 };

static struct {
    bool knows;      /* what segments are */
    bool refuses;    /* runs, as a device does whose MTU they exceed */
    unsigned runs;   /* that it was given */
    unsigned single; /* datagrams likewise */
    bool looks;      /* into the octets, instead of sending them */
    uint16_t step;   /* between the ports of the clients that are then expected */
    size_t octets;   /* that it then saw */
} kernel;

int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    if (level == IPPROTO_UDP && option == SEGMENT && !kernel.knows) {
        errno = ENOPROTOOPT;
        return -1;
    }
    return (int)syscall(SYS_setsockopt, fd, level, option, value, len);
}

static bool is_run(const struct msghdr *h)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = NULL)
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == SEGMENT)
            return true;
    return false;
}

/* All octets are the number of the client whose address the header has. */
static void look(const struct msghdr *h)
{
    const struct sockaddr_in *to = h->msg_name;
    const uint8_t *octets = h->msg_iov->iov_base;
    for (size_t i = 0; i < h->msg_iov->iov_len; i++)
        assert_int_equal(ntohs(to->sin_port), 1024 + octets[i] * kernel.step);
    kernel.octets += h->msg_iov->iov_len;
}

int sendmmsg(int fd, struct mmsghdr *headers, unsigned n, int flags)
{
    unsigned taken = 0;
    for (unsigned i = 0; kernel.looks && i < n; i++)
        look(&headers[i].msg_hdr);
    if (kernel.looks)
        return (int)n;
    for (; taken < n; taken++) {
        bool run = is_run(&headers[taken].msg_hdr);
        if (run && kernel.refuses) {
            errno = EMSGSIZE;
            break;
        }
        kernel.runs += run;
        kernel.single += !run;
    }
    return taken == 0 ? -1 : (int)syscall(SYS_sendmmsg, fd, headers, taken, flags);
}

/* Two sockets on loopback, and answers of one length from one to the other. */
struct pair {
    int from, to;
    struct nib_addr self;
    struct nib_path path;
    struct nib_outbox *out;
};

static struct pair make_pair(void)
{
    struct nib_addr addr = {.ip = {127, 0, 0, 1}, .family = 4};
    struct pair pair = {.self = addr, .path.peer = addr};
    pair.from = nib_udp_listen(&pair.self, false);
    pair.to = nib_udp_listen(&pair.path.peer, false);
    assert_true(pair.from >= 0 && pair.to >= 0);
    pair.path.self = pair.self;
    pair.out = nib_outbox_new();
    assert_non_null(pair.out);
    return pair;
}

static void end_pair(struct pair *pair)
{
    nib_outbox_free(pair->out);
    (void)close(pair->from);
    (void)close(pair->to);
}

/* Sends n answers, of the lengths that are told, each filled with its number. */
static void send_lengths(struct pair *pair, const size_t *lens, size_t n)
{
    static uint8_t octets_of[NIB_BATCH][1024];
    struct nib_output made[NIB_BATCH];
    const struct nib_output *answers[NIB_BATCH];
    kernel.runs = kernel.single = 0;
    for (size_t i = 0; i < n; i++) {
        memset(octets_of[i], (int)i, lens[i]);
        made[i] = (struct nib_output){.path = pair->path, .octets = octets_of[i], .len = lens[i]};
        answers[i] = &made[i];
    }
    assert_int_equal(nib_outbox_send(pair->out, pair->from, &pair->self, answers, n), 0);
}

/* Each of n answers arrives once, whole. */
static void expect_lengths(const struct pair *pair, const size_t *lens, size_t n)
{
    bool came[NIB_BATCH] = {false};
    for (size_t i = 0; i < n; i++) {
        uint8_t octets[1024];
        ptrdiff_t len = nib_udp_receive_one(pair->to, NULL, octets, sizeof octets);
        assert_true(len > 0 && octets[0] < n && !came[octets[0]]);
        assert_int_equal(len, lens[octets[0]]);
        assert_int_equal(octets[len - 1], octets[0]);
        came[octets[0]] = true;
    }
}

/* Sends a burst; each answer must arrive by itself, whole and in order. */
static void burst(struct pair *pair)
{
    static uint8_t octets_of[ANSWERS][LEN + 1]; /* not in one piece */
    struct nib_output made[ANSWERS];
    const struct nib_output *answers[ANSWERS];
    kernel.runs = kernel.single = 0;
    for (uint8_t i = 0; i < ANSWERS; i++) {
        memset(octets_of[i], i, LEN);
        made[i] = (struct nib_output){.path = pair->path, .octets = octets_of[i], .len = LEN};
        answers[i] = &made[i];
    }
    assert_int_equal(nib_outbox_send(pair->out, pair->from, &pair->self, answers, ANSWERS), 0);
    for (uint8_t i = 0; i < ANSWERS; i++) {
        uint8_t octets[1024];
        assert_int_equal(nib_udp_receive_one(pair->to, NULL, octets, sizeof octets), LEN);
        assert_int_equal(octets[0], i);
        assert_int_equal(octets[LEN - 1], i);
    }
}

static void a_kernel_that_knows_segments_is_given_runs(void **state)
{
    (void)state;
    kernel.knows = true;
    kernel.refuses = false;
    struct pair pair = make_pair();
    burst(&pair);
    assert_int_equal(kernel.runs, 1);
    assert_int_equal(kernel.single, 0);
    end_pair(&pair);
}

/* It would overlook the size of the segments, and send all of a run as one datagram. */
static void a_kernel_that_does_not_know_segments_is_given_single_datagrams(void **state)
{
    (void)state;
    kernel.knows = false;
    kernel.refuses = false;
    struct pair pair = make_pair();
    burst(&pair);
    assert_int_equal(kernel.runs, 0);
    assert_int_equal(kernel.single, ANSWERS);
    end_pair(&pair);
}

static void a_run_that_is_refused_goes_singly_and_the_next_one_as_a_run(void **state)
{
    (void)state;
    kernel.knows = true;
    kernel.refuses = true;
    struct pair pair = make_pair();
    burst(&pair);
    assert_int_equal(kernel.runs, 0);
    assert_int_equal(kernel.single, ANSWERS);
    kernel.refuses = false;
    burst(&pair);
    assert_int_equal(kernel.runs, 1);
    end_pair(&pair);
}

static void few_answers_leave_one_by_one(void **state)
{
    static const size_t lens[] = {LEN, LEN, LEN};
    (void)state;
    kernel.knows = true;
    kernel.refuses = false;
    struct pair pair = make_pair();
    send_lengths(&pair, lens, 3);
    assert_int_equal(kernel.runs, 0);
    assert_int_equal(kernel.single, 3);
    expect_lengths(&pair, lens, 3);
    end_pair(&pair);
}

/* 56 three times, and behind them 50; 55 twice, and behind them 54. */
static void one_shorter_answer_leaves_behind_longer_ones(void **state)
{
    static const size_t lens[] = {50, 56, 55, 56, 54, 55, 56};
    (void)state;
    kernel.knows = true;
    kernel.refuses = false;
    struct pair pair = make_pair();
    send_lengths(&pair, lens, 7);
    assert_int_equal(kernel.runs, 2);
    assert_int_equal(kernel.single, 0);
    expect_lengths(&pair, lens, 7);
    kernel.refuses = true;
    send_lengths(&pair, lens, 7);
    assert_int_equal(kernel.runs, 0);
    assert_int_equal(kernel.single, 7);
    expect_lengths(&pair, lens, 7);
    end_pair(&pair);
}

/* Lengths at random, a full batch: whatever goes together, each arrives. */
static void answers_of_any_lengths_arrive_one_by_one(void **state)
{
    struct rng dice = dice_init();
    (void)state;
    kernel.knows = true;
    kernel.refuses = false;
    struct pair pair = make_pair();
    for (int round = 0; round < 200; round++) {
        size_t lens[NIB_BATCH], n = 1 + dice_below(&dice, NIB_BATCH);
        size_t kinds = 1 + dice_below(&dice, 20);
        for (size_t i = 0; i < n; i++)
            lens[i] = 30 + dice_below(&dice, (uint32_t)kinds);
        send_lengths(&pair, lens, n);
        expect_lengths(&pair, lens, n);
    }
    end_pair(&pair);
}

/* The kernel is not asked: whose address a header has, and that its octets are that client's. */
static void answers_of_different_clients_never_share_a_send(void **state)
{
    (void)state;
    kernel.knows = true;
    kernel.refuses = false;
    kernel.looks = true;
    struct pair pair = make_pair();
    for (uint16_t step = 1; step < CLIENTS; step++) {
        struct nib_output made[NIB_BATCH];
        const struct nib_output *answers[NIB_BATCH];
        static uint8_t octets[NIB_BATCH][LEN];
        for (uint16_t i = 0; i < NIB_BATCH; i++) {
            uint16_t port = (uint16_t)(1024 + i % 4 * step);
            memset(octets[i], i % 4, LEN);
            made[i] = (struct nib_output){
                .path = pair.path, .octets = octets[i], .len = LEN - (size_t)(i / 4 % 3)};
            made[i].path.peer.port = port;
            answers[i] = &made[i];
        }
        kernel.step = step;
        kernel.octets = 0;
        assert_int_equal(nib_outbox_send(pair.out, pair.from, &pair.self, answers, NIB_BATCH), 0);
        assert_int_equal(kernel.octets, 6 * 4 * LEN + 5 * 4 * (LEN - 1) + 5 * 4 * (LEN - 2));
    }
    kernel.looks = false;
    end_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_that_knows_segments_is_given_runs),
        cmocka_unit_test(a_kernel_that_does_not_know_segments_is_given_single_datagrams),
        cmocka_unit_test(a_run_that_is_refused_goes_singly_and_the_next_one_as_a_run),
        cmocka_unit_test(few_answers_leave_one_by_one),
        cmocka_unit_test(one_shorter_answer_leaves_behind_longer_ones),
        cmocka_unit_test(answers_of_any_lengths_arrive_one_by_one),
        cmocka_unit_test(answers_of_different_clients_never_share_a_send),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
