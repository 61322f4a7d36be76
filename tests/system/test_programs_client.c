/*
 * The client as its user sees it: a real process, its streams, its exit status, its datagrams. The
 * server that it asks is a socket of the test.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/process.h"

#define PROMPT "Enter the hostname (or type 'quit' to exit): "
#define HEADER "\nrecord_no,name,type,result,ttl,static\n"

/* The server that the client asks: a socket of ours, and its address as an option. */
struct fake {
    int fd;
    uint16_t port;
    const char *option;
};

static struct fake fake_server(void)
{
    struct fake fake;
    fake.fd = udp_at("127.0.0.1", 0, &fake.port);
    fake.option = words("--server=127.0.0.1:%u", fake.port);
    return fake;
}

/* Takes a query, answers it and returns it. */
static struct octets answer(struct fake *fake, int type_code, uint32_t ttl, const char *result)
{
    union where from;
    struct octets query = udp_receive(fake->fd, &from);
    struct octets response = response_to(&query, type_code, ttl, result);
    udp_send(fake->fd, &from, &response);
    return query;
}

static void assert_nothing_came(struct fake *fake)
{
    struct octets o;
    assert_false(udp_receive_in(fake->fd, 0, &o, NULL));
}

/* ---- the prompt ---- */

static void the_prompt_is_exact_and_quit_in_any_case_ends_with_0(void **state)
{
    static const char *const quits[] = {
        "quit\n", "QUIT\n", "qUiT\n", "  quit  \n", "quit\r\n", "quit"};
    (void)state;
    for (size_t i = 0; i < sizeof quits / sizeof quits[0]; i++) {
        struct process *p = start("client", NULL);
        type(p, quits[i]);
        assert_int_equal(finish(p), 0);
        assert_string_equal(said(p, OUT), PROMPT);
        assert_string_equal(said(p, ERR), "");
    }
}

static void the_prompt_comes_before_anything_is_typed(void **state)
{
    (void)state;
    struct process *p = start("client", NULL);
    expect(p, OUT, PROMPT);
    type(p, "quit\n");
    assert_int_equal(await_end(p), 0);
}

static void the_end_of_input_ends_with_0(void **state)
{
    (void)state;
    struct process *p = start("client", NULL);
    assert_int_equal(finish(p), 0);
    assert_string_equal(said(p, OUT), PROMPT);
    assert_string_equal(said(p, ERR), "");
}

static void an_empty_line_asks_again_and_sends_nothing(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, NULL);
    type(p, "\n  \t \n\r\n");
    assert_int_equal(finish(p), 0);
    assert_string_equal(said(p, OUT), PROMPT PROMPT PROMPT PROMPT);
    assert_nothing_came(&fake);
    (void)close(fake.fd);
}

static void a_lookup_at_the_prompt_prints_record_and_table(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, NULL);
    type(p, "www.csusm.edu\n");
    union where from;
    struct octets query = udp_receive(fake.fd, &from);
    assert_same_octets(query, OCTETS_OF("\x00\x00\x00\x00" /* the first ID */
                                        "\x08"             /* query, A */
                                        "\x0d"
                                        "www.csusm.edu"));
    struct octets response = OCTETS_OF("\x00\x00\x00\x00"
                                       "\x18" /* response, A */
                                       "\x0d"
                                       "www.csusm.edu"
                                       "\x08" /* A */
                                       "\x0d"
                                       "www.csusm.edu"
                                       "\x00\x00\x00\x3c" /* 60 seconds */
                                       "\x0b"
                                       "144.37.5.45");
    udp_send(fake.fd, &from, &response);
    expect(p, OUT, PROMPT HEADER);
    expect(p, OUT, PROMPT);
    assert_int_equal(finish(p), 0);
    assert_string_equal(said(p, OUT), PROMPT HEADER "0,www.csusm.edu,A,144.37.5.45,60,0\n" PROMPT);
    assert_string_equal(said(p, ERR), "[Client] Record found: www.csusm.edu -> 144.37.5.45\n");
    (void)close(fake.fd);
}

static void types_are_taken_in_any_case_and_go_out_as_their_codes(void **state)
{
    static const struct {
        const char *line;
        uint8_t code;
    } lines[] = {{"a.example A\n", 8}, {"a.example aaaa\n", 4}, {"a.example AaAa\n", 4},
        {"a.example\tcname\n", 2}, {"  a.example   CNAME  \n", 2}, {"a.example Ns\r\n", 1},
        {"a.example a\n", 8}, {"a.example\n", 8}};
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, NULL);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        expect(p, OUT, PROMPT);
        type(p, lines[i].line);
        struct octets query = answer(&fake, lines[i].code, 0, "Record not found");
        struct octets want = query_of((uint32_t)i, lines[i].code, "a.example");
        assert_same_octets(query, want);
    }
    assert_int_equal(finish(p), 0);
    assert_int_equal(times(said(p, ERR), "[Client] Record not found for a.example\n"), 8);
    (void)close(fake.fd);
}

static void a_trailing_dot_is_dropped_and_case_is_kept(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "WwW.CSUSM.edu.", "Aaaa", NULL);
    struct octets query = answer(&fake, AAAA, 30, "2001:db8::1");
    struct octets want = query_of(0, AAAA, "WwW.CSUSM.edu");
    assert_same_octets(query, want);
    assert_int_equal(finish(p), 0);
    assert_string_equal(said(p, OUT), HEADER "0,WwW.CSUSM.edu,AAAA,2001:db8::1,30,0\n");
    assert_string_equal(said(p, ERR), "[Client] Record found: WwW.CSUSM.edu -> 2001:db8::1\n");
    (void)close(fake.fd);
}

static const char *const bad_lines[] = {".", "..", "a..b", ".a", "a.b..", "a b c",
    "www.csusm.edu MX", "www.csusm.edu any", "www.csusm.edu 8", "www.csusm.edu A A", "w,w",
    "http://www.csusm.edu/", "w!w", "www.csusm.edu:53",
    ("b\xc3\xbc"
     "cher.example"),
    "%s%n%d", "\\n", "l123456789012345678901234567890123456789012345678901234567890123.too.long"};

/* One line on standard error for each, the prompt again, nothing sent. */
static void each_bad_line_gets_one_complaint_and_the_prompt_again(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    for (size_t i = 0; i < sizeof bad_lines / sizeof bad_lines[0]; i++) {
        struct process *p = start("client", fake.option, NULL);
        type(p, words("%s\n", bad_lines[i]));
        assert_int_equal(finish(p), 0);
        assert_string_equal(said(p, OUT), PROMPT PROMPT);
        assert_lines(said(p, ERR), 1);
        assert_int_equal(strncmp(said(p, ERR), "[Client] ", 9), 0);
        (void)processes_end_all(NULL);
    }
    assert_nothing_came(&fake);
    (void)close(fake.fd);
}

static void a_name_of_253_octets_is_asked_and_one_of_254_is_not(void **state)
{
    char name[255 + 1];
    (void)state;
    struct fake fake = fake_server();
    for (size_t i = 0; i < 254; i++)
        name[i] = i % 2 == 0 ? 'n' : '.';
    name[253] = '\0';
    struct process *p = start("client", fake.option, "--short", name, NULL);
    assert_int_equal(answer(&fake, A, 1, "1.2.3.4").len, 6 + 253);
    assert_int_equal(finish(p), 0);
    memcpy(name + 253, "n", 2);
    p = start("client", fake.option, name, NULL);
    assert_int_equal(finish(p), 2);
    assert_lines(said(p, ERR), 1);
    assert_nothing_came(&fake);
    (void)close(fake.fd);
}

static void long_lines_are_passed_over_with_one_complaint(void **state)
{
    static const size_t lengths[] = {1025, 2047, 2048, 2049, 4096, 300000};
    static char line[300001];
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, NULL);
    memset(line, 'a', sizeof line);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        type_octets(p, line, lengths[i]);
        type(p, "\n");
        expect(p, ERR, "\n");
    }
    type(p, "after.example\n");
    (void)answer(&fake, A, 0, "1.2.3.4");
    assert_int_equal(finish(p), 0);
    assert_lines(said(p, ERR), 7);
    assert_int_equal(times(said(p, OUT), PROMPT), 8);
    assert_nothing_came(&fake);
    (void)close(fake.fd);
}

static void a_long_line_without_an_end_is_one_complaint_too(void **state)
{
    static char line[5000];
    (void)state;
    struct process *p = start("client", NULL);
    memset(line, 'a', sizeof line);
    type_octets(p, line, sizeof line);
    assert_int_equal(finish(p), 0);
    assert_lines(said(p, ERR), 1);
    assert_int_equal(times(said(p, OUT), PROMPT), 2);
}

static void control_octets_in_the_input_are_never_printed_raw(void **state)
{
    char octets[256 + 1];
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, NULL);
    for (size_t i = 0; i < 256; i++)
        octets[i] = (char)(i == '\n' ? 'x' : i);
    octets[256] = '\n';
    type_octets(p, octets, sizeof octets);
    type_octets(p, "a\0b\n", 4);
    type_octets(p, "www.csusm.edu A\0\n", 17);
    type_octets(p, "\x1b[2J\x1b]0;title\x07\n", 15);
    type_octets(p, "www.csusm.edu \x9b\x31m\n", 18);
    type_octets(p, "\0\n", 2);
    assert_int_equal(finish(p), 0);
    assert_int_equal(strlen(said(p, ERR)), p->streams[ERR].len);
    assert_lines(said(p, ERR), 6);
    assert_string_equal(said(p, OUT), PROMPT PROMPT PROMPT PROMPT PROMPT PROMPT PROMPT);
    assert_nothing_came(&fake);
    (void)close(fake.fd);
}

static void many_lines_pasted_at_once_are_done_one_by_one(void **state)
{
    enum { LINES = 200 };
    char text[LINES * 16];
    size_t len = 0;
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "--quiet", NULL);
    for (int i = 0; i < LINES; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "n%d.example\n", i);
    type_octets(p, text, len);
    for (uint32_t i = 0; i < LINES; i++) {
        struct octets query = answer(&fake, A, 0, "Record not found");
        struct octets want = query_of(i, A, words("n%u.example", i));
        assert_same_octets(query, want);
    }
    assert_int_equal(finish(p), 0);
    assert_lines(said(p, ERR), LINES);
    assert_int_equal(times(said(p, OUT), PROMPT), LINES + 1);
    (void)close(fake.fd);
}

/* ---- one lookup ---- */

static void a_lookup_that_is_found_ends_with_0(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "shop.amazone.com", NULL);
    (void)answer(&fake, A, 60, "3.33.147.88");
    assert_int_equal(finish(p), 0);
    assert_string_equal(said(p, OUT), HEADER "0,shop.amazone.com,A,3.33.147.88,60,0\n");
    assert_string_equal(said(p, ERR), "[Client] Record found: shop.amazone.com -> 3.33.147.88\n");
    (void)close(fake.fd);
}

static void a_record_that_is_not_found_ends_with_1(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "no.example", "CNAME", NULL);
    (void)answer(&fake, CNAME, 0, "Record not found");
    assert_int_equal(finish(p), 1);
    assert_string_equal(said(p, OUT), HEADER);
    assert_string_equal(said(p, ERR), "[Client] Record not found for no.example\n");
    (void)close(fake.fd);
}

static void wrong_names_and_types_end_with_2_in_one_line(void **state)
{
    static const char *const pairs[][2] = {{"", NULL}, {".", NULL}, {"a..b", NULL}, {"a b", NULL},
        {"a.example", "MX"}, {"a.example", ""}, {"a.example", "A "}, {"a.example\n", NULL},
        {"\x1b[31mred", NULL}};
    (void)state;
    struct fake fake = fake_server();
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct process *p = start("client", fake.option, "--", pairs[i][0], pairs[i][1], NULL);
        assert_int_equal(finish(p), 2);
        assert_string_equal(said(p, OUT), "");
        assert_lines(said(p, ERR), 1);
    }
    assert_nothing_came(&fake);
    (void)close(fake.fd);
}

static void a_silent_server_is_asked_again_with_doubled_waits_then_it_is_3(void **state)
{
    enum { TRIES = 4, FIRST_MS = 60 };
    struct octets query[TRIES];
    union where from[TRIES];
    (void)state;
    struct fake fake = fake_server();
    int64_t began = now_ms();
    struct process *p =
        start("client", fake.option, "--timeout=60", "--tries=4", "www.csusm.edu", NULL);
    for (int i = 0; i < TRIES; i++) {
        query[i] = udp_receive(fake.fd, &from[i]);
        assert_true(now_ms() - began >= FIRST_MS * ((1 << i) - 1)); /* 0, 1, 1 + 2, 1 + 2 + 4 */
        assert_same_octets(query[i], query[0]);
        assert_true(same_where(&from[i], &from[0]));
    }
    assert_int_equal(finish(p), 3);
    assert_true(now_ms() - began >= FIRST_MS * ((1 << TRIES) - 1));
    assert_string_equal(said(p, OUT), "");
    assert_string_equal(
        said(p, ERR), words("[Client] No answer from 127.0.0.1:%u for www.csusm.edu\n", fake.port));
    assert_nothing_came(&fake);
    (void)close(fake.fd);
}

static void one_try_is_one_datagram(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "--timeout=50", "--tries", "1", "a.b", NULL);
    (void)udp_receive(fake.fd, NULL);
    assert_int_equal(finish(p), 3);
    assert_nothing_came(&fake);
    (void)close(fake.fd);
}

static void a_server_failure_ends_with_4(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "a.example", NULL);
    (void)answer(&fake, A, 0, "Server failure");
    assert_int_equal(finish(p), 4);
    assert_string_equal(said(p, OUT), HEADER);
    assert_string_equal(said(p, ERR), "[Client] Server failure for a.example\n");
    (void)close(fake.fd);
}

static void an_answer_to_the_second_try_is_found(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p =
        start("client", fake.option, "--timeout", "50", "--tries=10", "--json", "a.example", NULL);
    struct octets first = udp_receive(fake.fd, NULL);
    struct octets second = answer(&fake, A, 5, "1.2.3.4");
    assert_same_octets(second, first);
    assert_int_equal(finish(p), 0);
    assert_non_null(strstr(said(p, OUT), "\"status\":\"found\""));
    assert_null(strstr(said(p, OUT), "\"tries\":1,"));
    (void)close(fake.fd);
}

static void nobody_listening_is_found_out_at_once(void **state)
{
    int fd;
    (void)state;
    uint16_t port = deaf_port(&fd);
    int64_t began = now_ms();
    struct process *p = start(
        "client", "--server", words("127.0.0.1:%u", port), "--timeout=60000", "a.example", NULL);
    assert_int_equal(finish(p), 3);
    assert_true(now_ms() - began < 10000);
    assert_string_equal(
        said(p, ERR), words("[Client] No answer from 127.0.0.1:%u for a.example\n", port));
    (void)close(fd);
}

static void nobody_listening_does_not_spoil_the_next_lookup(void **state)
{
    int fd;
    (void)state;
    uint16_t port = deaf_port(&fd);
    struct process *p =
        start("client", words("--server=127.0.0.1:%u", port), "--timeout=60000", NULL);
    type(p, "one.example\n");
    expect(p, ERR, "No answer from");
    type(p, "two.example\n");
    expect(p, ERR, "No answer from");
    (void)close(fd);
    fd = udp_at("127.0.0.1", port, NULL);
    struct fake fake = {.fd = fd, .port = port, .option = NULL};
    type(p, "three.example\n");
    (void)answer(&fake, A, 9, "1.2.3.4");
    expect(p, ERR, "[Client] Record found: three.example -> 1.2.3.4\n");
    assert_int_equal(finish(p), 0);
    (void)close(fd);
}

static void a_server_at_an_ipv6_address_is_asked(void **state)
{
    struct fake fake;
    (void)state;
    fake.fd = udp_at("::1", 0, &fake.port);
    struct process *p = start(
        "client", words("--server=[::1]:%u", fake.port), "--short", "a.example", "AAAA", NULL);
    (void)answer(&fake, AAAA, 9, "::1");
    assert_int_equal(finish(p), 0);
    assert_string_equal(said(p, OUT), "::1\n");
    p = start("client", words("--server=[::1]:%u", fake.port), "--timeout=20", "--tries=1",
        "a.example", NULL);
    assert_int_equal(finish(p), 3);
    assert_string_equal(
        said(p, ERR), words("[Client] No answer from [::1]:%u for a.example\n", fake.port));
    (void)close(fake.fd);
}

static void nobody_listening_on_ipv6_is_found_out_at_once(void **state)
{
    uint16_t port;
    (void)state;
    int fd = udp_at("::1", 0, &port);
    union where itself = where_of("::1", port);
    assert_int_equal(connect(fd, &itself.sa, sizeof itself.in6), 0);
    int64_t began = now_ms();
    struct process *p =
        start("client", words("--server=[::1]:%u", port), "--timeout=60000", "a.example", NULL);
    assert_int_equal(finish(p), 3);
    assert_true(now_ms() - began < 10000);
    (void)close(fd);
}

static void a_network_without_a_way_is_no_answer_at_once(void **state)
{
    (void)state;
    int64_t began = now_ms();
    struct process *p =
        start("client", "--server=255.255.255.255", "--timeout=60000", "a.example", NULL);
    assert_int_equal(finish(p), 3);
    assert_true(now_ms() - began < 10000);
    assert_lines(said(p, ERR), 1);
}

/* ---- what is not the answer ---- */

/* The build for other systems has connected sockets: what strangers send never comes. */
static bool hears_strangers(void)
{
    return getenv("NIB_PORTABLE") == NULL;
}

static void wrong_datagrams_are_counted_by_reason_and_the_wait_goes_on(void **state)
{
    union where from;
    uint16_t stranger_port;
    (void)state;
    struct fake fake = fake_server();
    int stranger = udp_at("127.0.0.1", 0, &stranger_port);
    int other_ip = udp_at("127.0.0.2", fake.port, NULL);
    struct process *p =
        start("client", fake.option, "--timeout=30000", "--json", "www.csusm.edu", NULL);
    struct octets query = udp_receive(fake.fd, &from);
    struct octets right = response_to(&query, A, 60, "144.37.5.45");
    struct octets spoofed = response_to(&query, A, 60, "6.6.6.6"), o;

    udp_send(stranger, &from, &spoofed); /* right octets from a wrong port, a wrong address */
    udp_send(other_ip, &from, &spoofed);

    o = spoofed;
    o.at[3] ^= 1;
    udp_send(fake.fd, &from, &o); /* another ID */
    o = spoofed;
    o.at[0] ^= 0x80;
    udp_send(fake.fd, &from, &o);
    udp_send(fake.fd, &from, &query); /* not a response */

    struct octets other = query_of(0, A, "www.csusm.org");
    o = response_to(&other, A, 60, "6.6.6.6");
    udp_send(fake.fd, &from, &o); /* another question: name, its case, type */
    other = query_of(0, A, "wwW.csusm.edu");
    o = response_to(&other, A, 60, "6.6.6.6");
    udp_send(fake.fd, &from, &o);
    other = query_of(0, AAAA, "www.csusm.edu");
    o = response_to(&other, A, 60, "6.6.6.6");
    udp_send(fake.fd, &from, &o);

    o = octets_from("", 0);
    udp_send(fake.fd, &from, &o); /* malformed: empty, cut, longer, flag 2, TTL too large */
    o = spoofed;
    o.len--;
    udp_send(fake.fd, &from, &o);
    o = spoofed;
    o.at[o.len++] = 0;
    udp_send(fake.fd, &from, &o);
    o = spoofed;
    o.at[4] = 0x28;
    udp_send(fake.fd, &from, &o);
    o = response_to(&query, A, 0x80000000u, "6.6.6.6");
    udp_send(fake.fd, &from, &o);
    o = response_to(&query, A, 60, "6.6.6.06");
    udp_send(fake.fd, &from, &o);
    o = response_to(&query, A, 1, "Server failure"); /* a miss with a TTL */
    udp_send(fake.fd, &from, &o);
    o.len = 2000;
    memset(o.at, 0xff, o.len);
    udp_send(fake.fd, &from, &o);

    o = response_to(&query, NS, 60, "ns.example");
    udp_send(fake.fd, &from, &o); /* neither the type asked for nor CNAME */

    udp_send(fake.fd, &from, &right);
    assert_int_equal(finish(p), 0);
    assert_null(strstr(said(p, OUT), "6.6.6.6"));
    assert_non_null(strstr(said(p, OUT), "\"result\":\"144.37.5.45\""));
    assert_non_null(
        strstr(said(p, OUT), hears_strangers() ? "\"discarded\":17" : "\"discarded\":15"));
    assert_lines(said(p, ERR), 2);
    assert_int_equal(strstr(said(p, ERR), "2 wrong source") != NULL, hears_strangers());
    assert_non_null(strstr(said(p, ERR), "2 wrong ID"));
    assert_non_null(strstr(said(p, ERR), "1 not a response"));
    assert_non_null(strstr(said(p, ERR), "3 wrong question"));
    assert_non_null(strstr(said(p, ERR), "8 malformed"));
    assert_non_null(strstr(said(p, ERR), "1 wrong answer"));
    assert_non_null(strstr(said(p, ERR), "[Client] Record found: www.csusm.edu -> 144.37.5.45\n"));
    (void)close(stranger);
    (void)close(other_ip);
    (void)close(fake.fd);
}

static void a_flood_of_wrong_datagrams_does_not_put_off_the_end(void **state)
{
    union where from;
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "--timeout=100", "--tries=2", "a.b", NULL);
    struct octets query = udp_receive(fake.fd, &from);
    struct octets wrong = response_to(&query, A, 60, "6.6.6.6");
    wrong.at[0] = 0xff;
    int64_t began = now_ms();
    while (pump(p, 1)) {
        ssize_t n = sendto(fake.fd, wrong.at, wrong.len, 0, &from.sa, sizeof from.in);
        assert_true(n > 0 || errno == ECONNREFUSED);
        assert_true(now_ms() - began < DEADLINE_MS);
    }
    assert_int_equal(finish(p), 3);
    assert_non_null(strstr(said(p, ERR), " wrong ID\n"));
    assert_non_null(strstr(said(p, ERR), "[Client] No answer from "));
    (void)close(fake.fd);
}

static void a_late_answer_to_an_earlier_question_answers_no_other(void **state)
{
    union where from, from_second;
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "--timeout=1000", "--tries=1", NULL);
    type(p, "one.example\n");
    struct octets first = udp_receive(fake.fd, &from);
    struct octets late = response_to(&first, A, 60, "6.6.6.6");
    expect(p, ERR, "[Client] No answer from ");
    udp_send(fake.fd, &from, &late); /* nobody hears it: the port was that lookup's alone */
    type(p, "one.example\n");
    struct octets second = udp_receive(fake.fd, &from_second);
    assert_int_equal(id_of(&second), id_of(&first) + 1);
    assert_false(same_where(&from, &from_second));
    udp_send(fake.fd, &from_second, &late);
    struct octets right = response_to(&second, A, 60, "1.2.3.4");
    udp_send(fake.fd, &from_second, &right);
    expect(p, ERR, "1 wrong ID\n");
    expect(p, ERR, "[Client] Record found: one.example -> 1.2.3.4\n");
    assert_int_equal(finish(p), 0);
    (void)close(fake.fd);
}

static void an_answer_of_type_cname_is_found(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "alias.example", NULL);
    (void)answer(&fake, CNAME, 7, "real.example");
    assert_int_equal(finish(p), 0);
    assert_string_equal(said(p, OUT), HEADER "0,alias.example,CNAME,real.example,7,0\n");
    assert_string_equal(said(p, ERR), "[Client] Record found: alias.example -> real.example\n");
    (void)close(fake.fd);
}

/* ---- its table ---- */

static void a_second_lookup_is_answered_from_the_table(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, NULL);
    type(p, "www.csusm.edu\n");
    (void)answer(&fake, A, 2147483647, "144.37.5.45");
    expect(p, ERR, "[Client] Record found: www.csusm.edu -> 144.37.5.45\n");
    type(p, "WWW.csusm.edu. a\n");
    expect(p, ERR, "[Client] Cached result: 144.37.5.45\n");
    expect_times(p, OUT, PROMPT, 3);
    assert_int_equal(finish(p), 0);
    assert_int_equal(times(said(p, OUT), HEADER "0,www.csusm.edu,A,144.37.5.45,21474836"), 2);
    assert_nothing_came(&fake);
    (void)close(fake.fd);
}

static void misses_and_answers_of_ttl_0_are_not_kept(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, NULL);
    type(p, "a.b\na.b\na.b\na.b\n");
    (void)answer(&fake, A, 0, "1.2.3.4");
    (void)answer(&fake, A, 0, "Record not found");
    (void)answer(&fake, A, 0, "Server failure");
    (void)answer(&fake, A, 1, "1.2.3.5");
    assert_int_equal(finish(p), 0);
    assert_string_equal(said(p, OUT),
        PROMPT HEADER PROMPT HEADER PROMPT HEADER PROMPT HEADER "0,a.b,A,1.2.3.5,1,0\n" PROMPT);
    (void)close(fake.fd);
}

/* Asks again and again until the record is gone; the TTLs that are printed on the way go down. */
static void a_ttl_counts_down_and_at_0_the_record_is_gone(void **state)
{
    struct octets o;
    union where from;
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, NULL);
    type(p, "short.example\n");
    int64_t stored = now_ms();
    (void)answer(&fake, A, 2, "1.2.3.4");
    expect(p, OUT, PROMPT HEADER "0,short.example,A,1.2.3.4,2,0\n" PROMPT);
    for (;;) {
        type(p, "short.example\n");
        if (udp_receive_in(fake.fd, 100, &o, &from))
            break;
        expect(p, ERR, "[Client] Cached result: 1.2.3.4\n");
        assert_true(now_ms() - stored < DEADLINE_MS);
    }
    assert_true(now_ms() - stored >= 2000);
    struct octets response = response_to(&o, A, 9, "1.2.3.5");
    udp_send(fake.fd, &from, &response);
    expect(p, OUT, HEADER "1,short.example,A,1.2.3.5,9,0\n" PROMPT); /* a number of its own */
    assert_int_equal(finish(p), 0);
    const char *out = said(p, OUT);
    assert_true(times(out, "1.2.3.4,1,0") > 0);
    assert_int_equal(times(out, "1.2.3.4,0,0"), 0);
    assert_null(strstr(strstr(out, "1.2.3.4,1,0"), "1.2.3.4,2,0"));
    (void)close(fake.fd);
}

static void the_table_is_printed_in_order_of_its_numbers(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, NULL);
    type(p, "z.example\nm.example NS\na.example aaaa\nz.example\n");
    (void)answer(&fake, A, 1000000, "1.1.1.1");
    (void)answer(&fake, NS, 1000000, "ns.example");
    (void)answer(&fake, AAAA, 1000000, "::");
    expect(p, ERR, "Cached result: 1.1.1.1");
    assert_int_equal(finish(p), 0);
    const char *last = strstr(said(p, OUT), "a.example");
    assert_non_null(last);
    const char *zero = strstr(last, "\n0,z.example,A,1.1.1.1,"), *one, *two;
    assert_non_null(zero);
    assert_non_null(one = strstr(zero, "\n1,m.example,NS,ns.example,"));
    assert_non_null(two = strstr(one, "\n2,a.example,AAAA,::,"));
    assert_non_null(strstr(two, ",0\n" PROMPT));
    (void)close(fake.fd);
}

/* ---- batches ---- */

static void a_batch_ends_with_its_highest_status(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    const char *file = file_path("batch");
    write_file(file, "one.example\n\ntwo.example AAAA\nthree.example NS");
    struct process *p = start("client", fake.option, "--batch", file, NULL);
    (void)answer(&fake, A, 60, "1.2.3.4");
    (void)answer(&fake, AAAA, 0, "Server failure");
    (void)answer(&fake, NS, 0, "Record not found");
    assert_int_equal(await_end(p), 4);
    assert_string_equal(said(p, ERR), "[Client] Record found: one.example -> 1.2.3.4\n"
                                      "[Client] Server failure for two.example\n"
                                      "[Client] Record not found for three.example\n");
    assert_int_equal(times(said(p, OUT), HEADER), 3);
    assert_null(strstr(said(p, OUT), "Enter"));
    (void)close(fake.fd);
}

static void a_batch_with_a_bad_line_goes_on_and_ends_with_2(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "--short", "--batch=-", NULL);
    type(p, "a..b\none.example\n");
    (void)answer(&fake, A, 60, "1.2.3.4");
    assert_int_equal(finish(p), 2);
    assert_string_equal(said(p, OUT), "1.2.3.4\n");
    assert_lines(said(p, ERR), 1);
    (void)close(fake.fd);
}

static void a_batch_from_standard_input_answers_each_line_when_it_comes(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "--short", "--batch", "-", NULL);
    type(p, "one.example\n");
    (void)answer(&fake, A, 60, "1.2.3.4");
    expect(p, OUT, "1.2.3.4\n");
    type(p, "two.example");
    end_input(p);
    (void)answer(&fake, A, 0, "Record not found");
    assert_int_equal(await_end(p), 1);
    assert_string_equal(said(p, OUT), "1.2.3.4\n");
    (void)close(fake.fd);
}

static void comments_in_a_batch_are_passed_over(void **state)
{
    (void)state;
    const char *file = file_path("comments");
    write_file(file, "# names of the campus\n  #my.csusm.edu\n#\n");
    struct process *p = start("client", "--batch", file, NULL);
    assert_int_equal(await_end(p), 0);
    assert_string_equal(said(p, OUT), "");
    assert_string_equal(said(p, ERR), "");
}

static void an_empty_batch_ends_with_0(void **state)
{
    (void)state;
    struct process *p = start("client", "--batch", "/dev/null", NULL);
    assert_int_equal(finish(p), 0);
    assert_string_equal(said(p, OUT), "");
    assert_string_equal(said(p, ERR), "");
}

static void a_batch_that_cannot_be_read_ends_with_2_in_one_line(void **state)
{
    static const char *const files[] = {"/nowhere/at/all", "/tmp"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct process *p = start("client", "--batch", files[i], NULL);
        assert_int_equal(finish(p), 2);
        assert_string_equal(said(p, OUT), "");
        assert_lines(said(p, ERR), 1);
        assert_non_null(strstr(said(p, ERR), files[i]));
    }
}

/* ---- what it prints ---- */

static void short_prints_results_alone(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "--short", "--batch", "-", NULL);
    type(p, "a.example\nno.example\na.example\n");
    (void)answer(&fake, A, 600, "1.2.3.4");
    (void)answer(&fake, A, 0, "Record not found");
    assert_int_equal(finish(p), 1);
    assert_string_equal(said(p, OUT), "1.2.3.4\n1.2.3.4\n");
    (void)close(fake.fd);
}

static void quiet_prints_no_tables(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "--quiet", NULL);
    type(p, "a.example\n");
    (void)answer(&fake, A, 600, "1.2.3.4");
    assert_int_equal(finish(p), 0);
    assert_string_equal(said(p, OUT), PROMPT PROMPT);
    assert_string_equal(said(p, ERR), "[Client] Record found: a.example -> 1.2.3.4\n");
    (void)close(fake.fd);
}

/* The value of a field of one object as text, up to the comma or brace behind it. */
static const char *field(const char *object, const char *name)
{
    const char *found = strstr(object, words("\"%s\":", name));
    if (found == NULL)
        return "missing";
    found += strlen(name) + 3;
    size_t len = found[0] == '"' ? strcspn(found + 1, "\"") + 2 : strcspn(found, ",}");
    return words("%.*s", (int)len, found);
}

static void json_is_an_object_a_lookup(void **state)
{
    static const char *const fields[] = {
        "id", "name", "type", "status", "result", "ttl", "source", "time_ms", "tries", "discarded"};
    (void)state;
    struct fake fake = fake_server();
    char source[64], object[5][512];
    (void)snprintf(source, sizeof source, "\"127.0.0.1:%u\"", fake.port);
    struct process *p =
        start("client", fake.option, "--json", "--timeout=100", "--tries=2", "--batch", "-", NULL);
    type(p, "a.example\nno.example NS\nsf.example\na.example\nsilent.example\n");
    (void)answer(&fake, A, 600, "1.2.3.4");
    (void)answer(&fake, NS, 0, "Record not found");
    (void)answer(&fake, A, 0, "Server failure");
    assert_int_equal(finish(p), 4);
    assert_lines(said(p, OUT), 5);
    const char *at = said(p, OUT);
    for (int i = 0; i < 5; i++, at = strchr(at, '\n') + 1) {
        (void)snprintf(object[i], sizeof object[i], "%.*s", (int)strcspn(at, "\n"), at);
        assert_true(object[i][0] == '{' && object[i][strlen(object[i]) - 1] == '}');
        for (size_t j = 0; j < sizeof fields / sizeof fields[0]; j++)
            assert_string_not_equal(field(object[i], fields[j]), "missing");
        assert_string_equal(field(object[i], "discarded"), "0");
        assert_true(strtol(field(object[i], "time_ms"), NULL, 10) < DEADLINE_MS);
    }
    assert_string_equal(field(object[0], "id"), "0");
    assert_string_equal(field(object[0], "name"), "\"a.example\"");
    assert_string_equal(field(object[0], "type"), "\"A\"");
    assert_string_equal(field(object[0], "status"), "\"found\"");
    assert_string_equal(field(object[0], "result"), "\"1.2.3.4\"");
    assert_string_equal(field(object[0], "ttl"), "600");
    assert_string_equal(field(object[0], "source"), source);
    assert_string_equal(field(object[0], "tries"), "1");
    assert_string_equal(field(object[1], "id"), "1");
    assert_string_equal(field(object[1], "type"), "\"NS\"");
    assert_string_equal(field(object[1], "status"), "\"not found\"");
    assert_string_equal(field(object[1], "result"), "null");
    assert_string_equal(field(object[2], "status"), "\"server failure\"");
    assert_string_equal(field(object[3], "status"), "\"found\"");
    assert_string_equal(field(object[3], "source"), "\"table\"");
    assert_string_equal(field(object[3], "tries"), "0");
    assert_string_equal(field(object[4], "status"), "\"no answer\"");
    assert_string_equal(field(object[4], "tries"), "2");
    assert_true(strtol(field(object[4], "time_ms"), NULL, 10) >= 299);
    (void)close(fake.fd);
}

/* ---- standard streams that are not as they should be ---- */

static void a_result_that_cannot_be_written_ends_with_2(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC), ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    const int outputs[] = {CLOSED, full, ends[1], NOTHING};
    static const char *const forms[] = {"--short", "--json", "--pretty", "--quiet"};
    for (size_t i = 0; i < 16; i++) {
        struct how how = {.fd = {PIPE, outputs[i / 4], PIPE}};
        bool lost = i / 4 < 3 && i % 4 < 3; /* --quiet writes nothing, NOTHING takes all */
        struct process *p = start_how(&how, "client", fake.option, forms[i % 4], "a.example", NULL);
        (void)answer(&fake, A, 60, "1.2.3.4");
        assert_int_equal(finish(p), lost ? 2 : 0);
        assert_int_equal(
            strstr(said(p, ERR), "client: cannot write standard output: ") != NULL, lost);
    }
    (void)close(full);
    (void)close(ends[1]);
    (void)close(fake.fd);
}

static void a_closed_input_is_its_end(void **state)
{
    (void)state;
    struct how how = {.fd = {CLOSED, PIPE, PIPE}};
    struct process *p = start_how(&how, "client", NULL);
    assert_int_equal(await_end(p), 0);
    assert_string_equal(said(p, OUT), PROMPT);
}

/* With standard streams closed, a file that the program opens must not take their place. */
static void closed_streams_do_not_spill_into_the_capture(void **state)
{
    size_t len;
    (void)state;
    struct fake fake = fake_server();
    const char *file = file_path("spill.pcap");
    struct how how = {.fd = {CLOSED, CLOSED, CLOSED}};
    struct process *p = start_how(&how, "client", fake.option, "--write", file, "a.example", NULL);
    (void)answer(&fake, A, 60, "1.2.3.4");
    assert_int_equal(await_end(p), 2);
    char *octets = read_file(file, &len);
    assert_int_equal(len, 24 + 2 * (16 + 20 + 8) + 15 + (15 + 1 + 1 + 9 + 4 + 1 + 7));
    assert_null(memmem(octets, len, "record_no", 9));
    assert_null(memmem(octets, len, "[Client]", 8));
    free(octets);
    (void)close(fake.fd);
}

/* ---- captures ---- */

static void write_makes_a_capture_that_tcpdump_reads(void **state)
{
    union where from;
    size_t len;
    (void)state;
    struct fake fake = fake_server();
    const char *file = file_path("client.pcap");
    struct process *p =
        start("client", fake.option, "--timeout=30000", "--write", file, "www.csusm.edu", NULL);
    struct octets query = udp_receive(fake.fd, &from);
    struct octets junk = OCTETS_OF("junk");
    udp_send(fake.fd, &from, &junk);
    struct octets response = response_to(&query, A, 60, "144.37.5.45");
    udp_send(fake.fd, &from, &response);
    assert_int_equal(finish(p), 0);
    char *octets = read_file(file, &len);
    assert_true(len > 24);
    assert_true(
        memcmp(octets, "\xd4\xc3\xb2\xa1", 4) == 0 || memcmp(octets, "\xa1\xb2\xc3\xd4", 4) == 0);
    assert_non_null(memmem(octets, len, query.at, query.len));
    assert_non_null(memmem(octets, len, response.at, response.len));
    free(octets);
    if (access("/usr/bin/tcpdump", X_OK) != 0 && access("/usr/sbin/tcpdump", X_OK) != 0) {
        print_message("no tcpdump here\n");
        skip();
    }
    p = start("tcpdump", "-n", "-t", "-vv", "-r", file, NULL);
    assert_int_equal(finish(p), 0);
    const char *there = words("127.0.0.1.%u > 127.0.0.1.%u", port_in(&from), fake.port);
    const char *back = words("127.0.0.1.%u > 127.0.0.1.%u", fake.port, port_in(&from));
    assert_int_equal(times(said(p, OUT), there), 1);
    assert_int_equal(times(said(p, OUT), back), 2);
    assert_null(strstr(said(p, OUT), "bad"));
    (void)close(fake.fd);
}

static void a_capture_that_cannot_be_written_ends_with_2_in_one_line(void **state)
{
    (void)state;
    struct process *p = start("client", "--write", "/nowhere/at/all.pcap", "a.example", NULL);
    assert_int_equal(finish(p), 2);
    assert_string_equal(said(p, OUT), "");
    assert_lines(said(p, ERR), 1);
    assert_non_null(strstr(said(p, ERR), "/nowhere/at/all.pcap"));
}

static void a_capture_on_a_full_disk_is_said_and_changes_no_status(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "--write=/dev/full", "a.example", NULL);
    (void)answer(&fake, A, 60, "1.2.3.4");
    assert_int_equal(finish(p), 0);
    assert_lines(said(p, ERR), 2);
    assert_non_null(strstr(said(p, ERR), "/dev/full"));
    (void)close(fake.fd);
}

/* ---- a person at a terminal ---- */

static const struct how at_terminal = {.fd = {TERMINAL, TERMINAL, TERMINAL}};

/* As it ends dig and nslookup: a shell's loop around it ends too. */
static void ctrl_c_at_the_prompt_ends_it(void **state)
{
    (void)state;
    struct process *p = start_how(&at_terminal, "client", NULL);
    expect(p, OUT, PROMPT);
    type(p, "half a na\x03");
    assert_int_equal(await_end(p), 128 + SIGINT);
    assert_null(strstr(said(p, OUT), "[Client]"));
}

static void ctrl_d_at_the_prompt_ends_it_with_0_on_a_line_of_its_own(void **state)
{
    (void)state;
    struct process *p = start_how(&at_terminal, "client", NULL);
    expect(p, OUT, PROMPT);
    type(p, "\x04");
    assert_int_equal(await_end(p), 0);
    const char *out = said(p, OUT);
    assert_int_equal(out[strlen(out) - 1], '\n');
}

static void ctrl_c_ends_a_lookup_that_waits(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p =
        start_how(&at_terminal, "client", fake.option, "--timeout=60000", "a.example", NULL);
    (void)udp_receive(fake.fd, NULL);
    int64_t began = now_ms();
    type(p, "\x03");
    assert_int_equal(await_end(p), 128 + SIGINT);
    assert_true(now_ms() - began < 10000);
    (void)close(fake.fd);
}

static void a_new_size_of_the_terminal_disturbs_nothing(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start_how(&at_terminal, "client", fake.option, "--timeout=60000", NULL);
    expect(p, OUT, PROMPT);
    const struct winsize small = {.ws_row = 5, .ws_col = 20};
    assert_int_equal(ioctl(p->slave, TIOCSWINSZ, &small), 0);
    type(p, "a.example\n");
    (void)answer(&fake, A, 60, "1.2.3.4");
    expect(p, OUT, "[Client] Record found: a.example -> 1.2.3.4");
    expect(p, OUT, PROMPT);
    type(p, "quit\n");
    assert_int_equal(await_end(p), 0);
    (void)close(fake.fd);
}

static void a_sigterm_ends_it(void **state)
{
    (void)state;
    struct process *p = start("client", NULL);
    expect(p, OUT, PROMPT);
    stop(p, SIGTERM, 128 + SIGTERM);
}

static void stopped_and_continued_it_goes_on(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "--timeout=60000", "a.example", NULL);
    union where from;
    struct octets query = udp_receive(fake.fd, &from);
    send_signal(p, SIGSTOP);
    send_signal(p, SIGCONT);
    struct octets response = response_to(&query, A, 60, "1.2.3.4");
    udp_send(fake.fd, &from, &response);
    assert_int_equal(finish(p), 0);
    (void)close(fake.fd);
}

/* ---- options ---- */

static void help_and_version_go_to_standard_output(void **state)
{
    static const char *const options[] = {"--help", "-h", "--version", "-V"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct process *p = start("client", options[i], NULL);
        assert_int_equal(finish(p), 0);
        assert_string_equal(said(p, ERR), "");
        assert_true(strlen(said(p, OUT)) > 0);
        if (i >= 2)
            assert_lines(said(p, OUT), 1);
    }
}

static void help_names_every_option(void **state)
{
    static const char *const options[] = {"--server", "--timeout", "--tries", "--batch", "--short",
        "--json", "--write", "--quiet", "--help", "--version"};
    (void)state;
    struct process *p = start("client", "--help", NULL);
    assert_int_equal(finish(p), 0);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        assert_non_null(strstr(said(p, OUT), options[i]));
}

static void a_bad_option_ends_with_2_in_one_line(void **state)
{
    static const char *const bad[][5] = {{"--nonsense"}, {"--nonsense=1", "a.b"}, {"-x"}, {"-qx"},
        {"--server"}, {"--server="}, {"--server", "nobody"}, {"--server", "127.0.0.1:0"},
        {"--server", "127.0.0.1:65536"}, {"--server", "127.0.0.1:"}, {"--server", "[::1"},
        {"--server", "[::1]:x"}, {"--server", "::1:21000:"}, {"--server", "127.0.0.1:21000 "},
        {"--server", "1.2.3"}, {"--timeout"}, {"--timeout="}, {"--timeout", "0"},
        {"--timeout", "-1"}, {"--timeout", "1s"}, {"--timeout", "1.5"}, {"--timeout", " 1"},
        {"--timeout", "99999999999999999999"}, {"--tries", "0"}, {"--tries", "1000000"},
        {"--tries", "three"}, {"--quiet=yes"}, {"--t=1"}, {"a.b", "A", "more"},
        {"--batch", "-", "a.b"}, {"--batch"}};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        static const struct how pipes;
        struct process *p = start_list(&pipes, "client", bad[i]);
        int status = finish(p);
        if (status != 2)
            fail_msg("%s %s: status %d", bad[i][0], bad[i][1] ? bad[i][1] : "", status);
        assert_string_equal(said(p, OUT), "");
        assert_lines(said(p, ERR), 1);
        (void)processes_end_all(NULL);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, processes_end_all)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_prompt_is_exact_and_quit_in_any_case_ends_with_0),
        TEST(the_prompt_comes_before_anything_is_typed),
        TEST(the_end_of_input_ends_with_0),
        TEST(an_empty_line_asks_again_and_sends_nothing),
        TEST(a_lookup_at_the_prompt_prints_record_and_table),
        TEST(types_are_taken_in_any_case_and_go_out_as_their_codes),
        TEST(a_trailing_dot_is_dropped_and_case_is_kept),
        TEST(each_bad_line_gets_one_complaint_and_the_prompt_again),
        TEST(a_name_of_253_octets_is_asked_and_one_of_254_is_not),
        TEST(long_lines_are_passed_over_with_one_complaint),
        TEST(a_long_line_without_an_end_is_one_complaint_too),
        TEST(control_octets_in_the_input_are_never_printed_raw),
        TEST(many_lines_pasted_at_once_are_done_one_by_one),
        TEST(a_lookup_that_is_found_ends_with_0),
        TEST(a_record_that_is_not_found_ends_with_1),
        TEST(wrong_names_and_types_end_with_2_in_one_line),
        TEST(a_silent_server_is_asked_again_with_doubled_waits_then_it_is_3),
        TEST(one_try_is_one_datagram),
        TEST(a_server_failure_ends_with_4),
        TEST(an_answer_to_the_second_try_is_found),
        TEST(nobody_listening_is_found_out_at_once),
        TEST(nobody_listening_does_not_spoil_the_next_lookup),
        TEST(a_server_at_an_ipv6_address_is_asked),
        TEST(nobody_listening_on_ipv6_is_found_out_at_once),
        TEST(a_network_without_a_way_is_no_answer_at_once),
        TEST(wrong_datagrams_are_counted_by_reason_and_the_wait_goes_on),
        TEST(a_flood_of_wrong_datagrams_does_not_put_off_the_end),
        TEST(a_late_answer_to_an_earlier_question_answers_no_other),
        TEST(an_answer_of_type_cname_is_found),
        TEST(a_second_lookup_is_answered_from_the_table),
        TEST(misses_and_answers_of_ttl_0_are_not_kept),
        TEST(a_ttl_counts_down_and_at_0_the_record_is_gone),
        TEST(the_table_is_printed_in_order_of_its_numbers),
        TEST(a_batch_ends_with_its_highest_status),
        TEST(a_batch_with_a_bad_line_goes_on_and_ends_with_2),
        TEST(a_batch_from_standard_input_answers_each_line_when_it_comes),
        TEST(comments_in_a_batch_are_passed_over),
        TEST(an_empty_batch_ends_with_0),
        TEST(a_batch_that_cannot_be_read_ends_with_2_in_one_line),
        TEST(short_prints_results_alone),
        TEST(quiet_prints_no_tables),
        TEST(json_is_an_object_a_lookup),
        TEST(a_result_that_cannot_be_written_ends_with_2),
        TEST(a_closed_input_is_its_end),
        TEST(closed_streams_do_not_spill_into_the_capture),
        TEST(write_makes_a_capture_that_tcpdump_reads),
        TEST(a_capture_that_cannot_be_written_ends_with_2_in_one_line),
        TEST(a_capture_on_a_full_disk_is_said_and_changes_no_status),
        TEST(ctrl_c_at_the_prompt_ends_it),
        TEST(ctrl_d_at_the_prompt_ends_it_with_0_on_a_line_of_its_own),
        TEST(ctrl_c_ends_a_lookup_that_waits),
        TEST(a_new_size_of_the_terminal_disturbs_nothing),
        TEST(a_sigterm_ends_it),
        TEST(stopped_and_continued_it_goes_on),
        TEST(help_and_version_go_to_standard_output),
        TEST(help_names_every_option),
        TEST(a_bad_option_ends_with_2_in_one_line),
    };
    static const char *const needed[] = {"client", NULL};
    require_programs(needed);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_files();
    return failed;
}
