/* Messages over TCP: framing, whatever the network makes of it, and what is kept for slow readers.
 */
#define _DEFAULT_SOURCE
#include "nibdns/os/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 10000 };

static struct {
    int listener, raw; /* raw: the other side, by hand */
    struct nib_stream *stream;
    struct nib_addr at;
} w;

static void wait_for(int fd, short events)
{
    struct pollfd one = {.fd = fd, .events = events};
    assert_int_equal(poll(&one, 1, PATIENCE_MS), 1);
}

static int connect_raw(void)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(w.at.port)};
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&sa, sizeof sa), 0);
    return fd;
}

static int begin(void **state)
{
    (void)state;
    struct nib_addr peer, self;
    w.at = (struct nib_addr){.ip = {127, 0, 0, 1}, .family = 4};
    w.listener = nib_stream_listen(&w.at);
    assert_true(w.listener >= 0 && w.at.port != 0);
    assert_null(nib_stream_accept(w.listener, &peer, &self));
    assert_int_equal(errno, EAGAIN);
    w.raw = connect_raw();
    wait_for(w.listener, POLLIN);
    w.stream = nib_stream_accept(w.listener, &peer, &self);
    assert_non_null(w.stream);
    assert_true(nib_addr_equal(&self, &w.at));
    assert_true(nib_ip_equal(&peer, &w.at));
    return 0;
}

static int end(void **state)
{
    (void)state;
    nib_stream_close(w.stream);
    (void)close(w.raw);
    (void)close(w.listener);
    return 0;
}

static void by_hand(const char *octets, size_t len)
{
    assert_int_equal(send(w.raw, octets, len, MSG_NOSIGNAL), (ssize_t)len);
    wait_for(nib_stream_fd(w.stream), POLLIN);
}
#define BY_HAND(literal) by_hand((literal), sizeof(literal) - 1)

static void expect_message(const char *want, size_t len)
{
    const uint8_t *octets;
    size_t got;
    assert_int_equal(nib_stream_read(w.stream, &octets, &got), NIB_STREAM_MESSAGE);
    assert_int_equal(got, len);
    assert_memory_equal(octets, want, len);
}
#define EXPECT(literal) expect_message((literal), sizeof(literal) - 1)

static void expect_status(enum nib_stream_status want)
{
    const uint8_t *octets;
    size_t len;
    assert_int_equal(nib_stream_read(w.stream, &octets, &len), want);
}

static void messages_come_one_by_one_however_they_were_sent(void **state)
{
    (void)state;
    expect_status(NIB_STREAM_LATER);
    BY_HAND("\0\3abc\0\0\0\2de\0");
    EXPECT("abc");
    EXPECT("");
    EXPECT("de");
    expect_status(NIB_STREAM_LATER);
    BY_HAND("\5");
    expect_status(NIB_STREAM_LATER);
    BY_HAND("fgh");
    expect_status(NIB_STREAM_LATER);
    BY_HAND("ij\0\1k");
    EXPECT("fghij");
    EXPECT("k");
    expect_status(NIB_STREAM_LATER);
}

static void the_longest_message_passes_both_ways(void **state)
{
    (void)state;
    static uint8_t octets[2 + NIB_STREAM_MESSAGE_MAX], back[2 + NIB_STREAM_MESSAGE_MAX];
    const uint8_t *read;
    size_t len = 0, sent = 0;
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(i * 7 + (i >> 8));
    octets[0] = octets[1] = 0xff;
    enum nib_stream_status status = NIB_STREAM_LATER;
    while (status == NIB_STREAM_LATER) {
        ssize_t n = sent < sizeof octets
                        ? send(w.raw, octets + sent,
                              5000 < sizeof octets - sent ? 5000 : sizeof octets - sent, 0)
                        : 0;
        assert_true(n >= 0);
        sent += (size_t)n;
        wait_for(nib_stream_fd(w.stream), POLLIN);
        status = nib_stream_read(w.stream, &read, &len);
    }
    assert_int_equal(status, NIB_STREAM_MESSAGE);
    assert_int_equal(len, NIB_STREAM_MESSAGE_MAX);
    assert_memory_equal(read, octets + 2, len);
    assert_false(nib_stream_write(w.stream, octets, 65536));
    assert_false(nib_stream_write(w.stream, octets, 65535)); /* not with its length, in 65536 */
    assert_true(nib_stream_write(w.stream, octets + 2, 65534));
    for (size_t got = 0; got < 65536;) {
        ssize_t n = recv(w.raw, back + got, sizeof back - got, 0);
        assert_true(n > 0 && nib_stream_flush(w.stream));
        got += (size_t)n;
    }
    assert_memory_equal(back, "\xff\xfe", 2);
    assert_memory_equal(back + 2, octets + 2, 65534);
}

static void what_a_peer_does_not_read_is_kept_up_to_a_limit(void **state)
{
    (void)state;
    static const uint8_t octets[1000];
    static uint8_t sink[1 << 16];
    size_t written = 0, got = 0;
    for (; nib_stream_write(w.stream, octets, sizeof octets); written += 2 + sizeof octets)
        assert_true(written < 100000000);
    assert_true(nib_stream_has_unsent(w.stream));
    assert_true(nib_stream_flush(w.stream)); /* it is slow, and not broken */
    while (got < written) {
        ssize_t n = recv(w.raw, sink, sizeof sink, 0);
        assert_true(n > 0 && nib_stream_flush(w.stream));
        got += (size_t)n;
    }
    assert_int_equal(got, written); /* the one that was refused has left nothing behind */
    assert_false(nib_stream_has_unsent(w.stream));
    assert_true(nib_stream_write(w.stream, octets, 1));
}

static void the_end_is_told_behind_the_last_message(void **state)
{
    (void)state;
    BY_HAND("\0\3abc\0\7cut");
    (void)shutdown(w.raw, SHUT_WR);
    EXPECT("abc");
    expect_status(NIB_STREAM_ENDED);
    assert_true(nib_stream_write(w.stream, (const uint8_t *)"late", 4)); /* who still listens */
    char back[6];
    assert_int_equal(recv(w.raw, back, 6, MSG_WAITALL), 6);
    assert_memory_equal(back, "\0\4late", 6);
}

static void a_broken_connection_is_no_signal_and_takes_nothing_more(void **state)
{
    (void)state;
    struct linger hard = {1, 0};
    (void)setsockopt(w.raw, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    (void)close(w.raw);
    w.raw = -1;
    wait_for(nib_stream_fd(w.stream), POLLIN);
    expect_status(NIB_STREAM_ENDED);
    assert_false(nib_stream_write(w.stream, (const uint8_t *)"x", 1));
    assert_false(nib_stream_flush(w.stream));
    assert_false(nib_stream_has_unsent(w.stream));
}

static void what_is_written_while_connecting_is_sent_then(void **state)
{
    (void)state;
    struct nib_addr peer, self, there = w.at;
    struct nib_stream *out = nib_stream_connect(&there, &self);
    assert_non_null(out);
    assert_true(nib_ip_equal(&self, &w.at) && self.port != 0);
    assert_true(nib_stream_write(out, (const uint8_t *)"early", 5));
    wait_for(w.listener, POLLIN);
    nib_stream_close(w.stream);
    w.stream = nib_stream_accept(w.listener, &peer, &there);
    assert_non_null(w.stream);
    assert_true(nib_addr_equal(&peer, &self));
    assert_true(nib_stream_flush(out));
    wait_for(nib_stream_fd(w.stream), POLLIN);
    EXPECT("early");
    nib_stream_close(out);
}

static void a_port_with_nobody_is_told(void **state)
{
    (void)state;
    struct nib_addr self, nobody = {.ip = {127, 0, 0, 1}, .family = 4};
    int fd = nib_stream_listen(&nobody);
    assert_true(fd >= 0);
    (void)close(fd);
    struct nib_stream *out = nib_stream_connect(&nobody, &self);
    if (out == NULL) {
        assert_int_equal(errno, ECONNREFUSED);
        return;
    }
    (void)nib_stream_write(out, (const uint8_t *)"x", 1);
    wait_for(nib_stream_fd(out), POLLOUT);
    const uint8_t *octets;
    size_t len;
    assert_int_equal(nib_stream_read(out, &octets, &len), NIB_STREAM_ENDED);
    nib_stream_close(out);
}

static void a_port_in_use_is_told(void **state)
{
    (void)state;
    struct nib_addr same = w.at;
    assert_int_equal(nib_stream_listen(&same), -1);
    assert_int_equal(errno, EADDRINUSE);
    nib_stream_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            messages_come_one_by_one_however_they_were_sent, begin, end),
        cmocka_unit_test_setup_teardown(the_longest_message_passes_both_ways, begin, end),
        cmocka_unit_test_setup_teardown(
            what_a_peer_does_not_read_is_kept_up_to_a_limit, begin, end),
        cmocka_unit_test_setup_teardown(the_end_is_told_behind_the_last_message, begin, end),
        cmocka_unit_test_setup_teardown(
            a_broken_connection_is_no_signal_and_takes_nothing_more, begin, end),
        cmocka_unit_test_setup_teardown(what_is_written_while_connecting_is_sent_then, begin, end),
        cmocka_unit_test_setup_teardown(a_port_with_nobody_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_port_in_use_is_told, begin, end),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
