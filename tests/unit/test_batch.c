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

#include "nibdns/os/udp.h"

enum { SEGMENT = 103, ANSWERS = 12, LEN = 56 };

static struct {
    bool knows;      /* what segments are */
    bool refuses;    /* runs, as a device does whose MTU they exceed */
    unsigned runs;   /* that it was given */
    unsigned single; /* datagrams likewise */
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

int sendmmsg(int fd, struct mmsghdr *headers, unsigned n, int flags)
{
    unsigned taken = 0;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_that_knows_segments_is_given_runs),
        cmocka_unit_test(a_kernel_that_does_not_know_segments_is_given_single_datagrams),
        cmocka_unit_test(a_run_that_is_refused_goes_singly_and_the_next_one_as_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
