/*
 * nibgate as its clients and those it asks see it: a real process on loopback, ports of the
 * system's choice, UDP and TCP; this test plays the local server and the resolver.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/process.h"

/* DNS messages, behind their ID. */
#define HEAD "\1\0\0\1\0\0\0\0\0\0"
#define ANSWERED "\x81\x80\0\1\0\1\0\0\0\0"
#define SHOP "\4shop\7amazone\3com\0"
#define IN_A "\0\1\0\1"
#define OPT "\0\0\x29\x04\xd0\0\0\0\0\0\0"
#define ADDRESS "\xc0\x0c" IN_A "\0\0\0\x3c\0\4\3\x21\x93\x58"

static struct process *gate(
    const char *command, const char *option, uint16_t asked, union where *at)
{
    struct process *p = start("nibgate", command, "--listen=127.0.0.1:0",
        words("%s=127.0.0.1:%u", option, asked), "--trace", NULL);
    *at = where_of("127.0.0.1", port_of(p));
    return p;
}

static void end(struct process *p)
{
    read_counters(p);
    uint64_t dropped = counter(p, "dropped_response") + counter(p, "dropped_repeat") +
                       counter(p, "dropped_unsent");
    assert_int_equal(
        counter(p, "received"), counter(p, "answered") + counter(p, "waiting") + dropped);
    stop(p, SIGTERM, 0);
}

/* ---- TCP by hand ---- */

static int tcp_connect(const union where *to)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &to->sa, sizeof to->in), 0);
    return fd;
}

static void tcp_send(int fd, const char *octets, size_t len)
{
    assert_int_equal(send(fd, octets, len, MSG_NOSIGNAL), (ssize_t)len);
}
#define TCP_SEND(fd, literal) tcp_send((fd), (literal), sizeof(literal) - 1)

static void wait_for(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&one, 1, DEADLINE_MS), 1);
}

/* A message behind its length. */
static struct octets tcp_receive(int fd)
{
    struct octets message;
    uint8_t prefix[2];
    wait_for(fd);
    assert_int_equal(recv(fd, prefix, 2, MSG_WAITALL), 2);
    message.len = (size_t)prefix[0] << 8 | prefix[1];
    assert_true(message.len <= sizeof message.at);
    assert_int_equal(recv(fd, message.at, message.len, MSG_WAITALL), message.len);
    return message;
}

static void assert_closed(int fd)
{
    char octet;
    wait_for(fd);
    assert_int_equal(recv(fd, &octet, 1, 0), 0);
    (void)close(fd);
}

/* ---- nibgate dns ---- */

static void a_query_over_udp_is_asked_of_the_local_server(void **state)
{
    (void)state;
    uint16_t port;
    int local = udp_at("127.0.0.1", 0, &port), client = udp_at("127.0.0.1", 0, NULL);
    union where at, from;
    struct process *p = gate("dns", "--server", port, &at);
    struct octets query = OCTETS_OF("\x12\x34" HEAD SHOP IN_A), answer;
    udp_send(client, &at, &query);
    struct octets asked = udp_receive(local, &from);
    struct octets want = query_of(id_of(&asked), A, "shop.amazone.com");
    assert_same_octets(asked, want);
    answer = response_to(&asked, A, 60, "3.33.147.88");
    udp_send(local, &from, &answer);
    answer = udp_receive(client, NULL);
    want = OCTETS_OF("\x12\x34" ANSWERED SHOP IN_A ADDRESS);
    assert_same_octets(answer, want);
    expect(p, ERR, "DNS query A shop.amazone.com id 4660: asked 127.0.0.1:");
    expect(p, ERR, "Query A shop.amazone.com id ");
    expect(p, ERR, "Response A shop.amazone.com 3.33.147.88 ttl 60 id ");
    expect(p, ERR, "DNS response NOERROR A shop.amazone.com id 4660 answers 1: answered NOERROR");
    end(p);
}

/* Three queries in one write; the last one is answered first. */
static void queries_on_one_connection_are_answered_as_they_come_ready(void **state)
{
    (void)state;
    uint16_t port;
    int local = udp_at("127.0.0.1", 0, &port);
    union where at, from[3];
    struct octets asked[3];
    struct process *p = gate("dns", "--server", port, &at);
    int fd = tcp_connect(&at);
    TCP_SEND(fd, "\0\x13\0\1" HEAD "\1a\0" IN_A "\0\x13\0\2" HEAD "\1b\0" IN_A "\0\x13\0\3" HEAD
                 "\1c\0" IN_A);
    for (int i = 0; i < 3; i++)
        asked[i] = udp_receive(local, &from[i]);
    assert_false(same_where(&from[0], &from[1])); /* a port each */
    for (int i = 2; i >= 0; i--) {
        struct octets answer = response_to(&asked[i], A, 60, "3.33.147.88");
        udp_send(local, &from[i], &answer);
        struct octets got = tcp_receive(fd);
        const uint8_t name = asked[i].at[6];
        struct octets want = OCTETS_OF("\0\0" ANSWERED "\1x\0" IN_A ADDRESS);
        want.at[1] = (uint8_t)(name - 'a' + 1);
        want.at[13] = name;
        assert_same_octets(got, want);
    }
    (void)close(fd);
    end(p);
}

static void a_client_that_sends_no_more_is_answered_and_then_closed(void **state)
{
    (void)state;
    uint16_t port;
    int local = udp_at("127.0.0.1", 0, &port);
    union where at, from;
    struct process *p = gate("dns", "--server", port, &at);
    int fd = tcp_connect(&at);
    TCP_SEND(fd, "\0\x13\0\1" HEAD "\1a\0" IN_A);
    (void)shutdown(fd, SHUT_WR);
    struct octets asked = udp_receive(local, &from);
    struct octets answer = response_to(&asked, A, 60, "3.33.147.88");
    udp_send(local, &from, &answer);
    assert_int_equal(tcp_receive(fd).at[3], 0x80);
    assert_closed(fd);
    end(p);
}

/* More than may wait of one connection: the rest is read when there is room again. */
static void a_connection_with_hundreds_of_queries_is_answered_in_full(void **state)
{
    (void)state;
    enum { QUERIES = 300, ONE = 2 + 19 };
    char queries[QUERIES * ONE];
    uint16_t port;
    int local = udp_at("127.0.0.1", 0, &port);
    bool seen[QUERIES] = {false};
    union where at, from;
    struct process *p = gate("dns", "--server", port, &at);
    int fd = tcp_connect(&at);
    for (int i = 0; i < QUERIES; i++) {
        char *query = memcpy(&queries[i * ONE], "\0\x13\0\0" HEAD "\1x\0" IN_A, ONE);
        query[2] = (char)(i >> 8);
        query[3] = (char)i;
        query[15] = (char)('a' + i % 26);
    }
    tcp_send(fd, queries, sizeof queries);
    for (int answers = 0; answers < QUERIES;) {
        struct pollfd both[2] = {{.fd = local, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
        assert_true(poll(both, 2, DEADLINE_MS) > 0);
        if (both[0].revents != 0) {
            struct octets asked = udp_receive(local, &from);
            struct octets answer = response_to(&asked, A, 60, "3.33.147.88");
            udp_send(local, &from, &answer);
        }
        if (both[1].revents != 0) {
            struct octets answer = tcp_receive(fd);
            unsigned id = (unsigned)answer.at[0] << 8 | answer.at[1];
            assert_true(id < QUERIES && !seen[id]);
            seen[id] = true;
            answers++;
        }
    }
    (void)close(fd);
    end(p);
}

static void the_idlest_connection_goes_when_there_are_256(void **state)
{
    (void)state;
    enum { MOST = 256 };
    uint16_t port;
    int fds[MOST + 1], local = udp_at("127.0.0.1", 0, &port);
    union where at;
    struct process *p = gate("dns", "--server", port, &at);
    for (int i = 0; i < MOST; i++) {
        fds[i] = tcp_connect(&at);
        TCP_SEND(fds[i], "\0\x0c\0\1\x79\0\0\0\0\0\0\0\0\0"); /* opcode 15: answered at once */
        assert_int_equal(tcp_receive(fds[i]).at[3], 0x84);
        if (i == 0)
            (void)pump(p, 50); /* the first one is the idlest, by 50 ms */
    }
    fds[MOST] = tcp_connect(&at);
    assert_closed(fds[0]);
    for (int i = 1; i <= MOST; i++) {
        TCP_SEND(fds[i], "\0\x0c\0\1\x79\0\0\0\0\0\0\0\0\0");
        assert_int_equal(tcp_receive(fds[i]).at[3], 0x84);
        (void)close(fds[i]);
    }
    (void)close(local);
    end(p);
}

static void an_idle_connection_ends_after_ten_seconds(void **state)
{
    (void)state;
    uint16_t port;
    int local = udp_at("127.0.0.1", 0, &port);
    union where at;
    struct process *p = gate("dns", "--server", port, &at);
    int64_t began = now_ms();
    int fd = tcp_connect(&at);
    struct pollfd one = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&one, 1, 20000), 1);
    assert_closed(fd);
    assert_in_range(now_ms() - began, 9990, 12000);
    (void)close(local);
    end(p);
}

static void half_a_message_and_lengths_that_lie_end_nothing_else(void **state)
{
    (void)state;
    uint16_t port;
    int local = udp_at("127.0.0.1", 0, &port);
    union where at;
    struct process *p = gate("dns", "--server", port, &at);
    int half = tcp_connect(&at), empty = tcp_connect(&at), good = tcp_connect(&at);
    TCP_SEND(half, "\xff\xff\0\1\1");
    TCP_SEND(empty, "\0\0\0\0\0\1x\0\x0c\0\1\x79\0\0\0\0\0\0\0\0\0");
    assert_int_equal(tcp_receive(empty).at[3], 0x84);
    TCP_SEND(good, "\0\x0c\0\1\x79\0\0\0\0\0\0\0\0\0");
    assert_int_equal(tcp_receive(good).at[3], 0x84);
    (void)close(half);
    (void)close(empty);
    (void)close(good);
    (void)close(local);
    stop(p, SIGINT, 0);
}

/* The idlest connections give theirs. */
static void few_descriptors_are_enough_to_go_on(void **state)
{
    (void)state;
    enum { CLIENTS = 40 };
    static const struct how few = {.descriptors = 24};
    int fds[CLIENTS], client = udp_at("127.0.0.1", 0, NULL);
    uint16_t port;
    int local = udp_at("127.0.0.1", 0, &port);
    struct process *p = start_how(
        &few, "nibgate", "dns", "--listen=127.0.0.1:0", words("--server=127.0.0.1:%u", port), NULL);
    union where at = where_of("127.0.0.1", port_of(p)), from;
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = tcp_connect(&at);
        TCP_SEND(fds[i], "\0\x0c\0\1\x79\0\0\0\0\0\0\0\0\0");
        assert_int_equal(tcp_receive(fds[i]).at[3], 0x84);
    }
    assert_closed(fds[0]);
    struct octets query = OCTETS_OF("\x12\x34" HEAD SHOP IN_A), answer;
    udp_send(client, &at, &query);
    query = udp_receive(local, &from);
    answer = response_to(&query, A, 60, "3.33.147.88");
    udp_send(local, &from, &answer);
    assert_int_equal(udp_receive(client, NULL).at[3], 0x80);
    for (int i = 1; i < CLIENTS; i++)
        (void)close(fds[i]);
    end(p);
}

static void a_local_server_that_is_not_there_is_servfail_at_once(void **state)
{
    (void)state;
    int deaf, client = udp_at("127.0.0.1", 0, NULL);
    uint16_t port = deaf_port(&deaf);
    union where at;
    struct process *p = gate("dns", "--server", port, &at);
    struct octets query = OCTETS_OF("\x12\x34" HEAD SHOP IN_A), answer;
    int64_t began = now_ms();
    answer = udp_ask(client, &at, &query);
    assert_int_equal(answer.at[3], 0x82);
    assert_true(now_ms() - began < 500);
    end(p);
}

/* ---- nibgate nibdns ---- */

/* A DNS query's ID; the rest of it is as it should be. */
static unsigned dns_id(const struct octets *query, const char *rest, size_t len)
{
    assert_int_equal(query->len, len + 2);
    assert_memory_equal(query->at + 2, rest, len);
    return (unsigned)query->at[0] << 8 | query->at[1];
}
#define ASKED "\1\0\0\1\0\0\0\0\0\1" SHOP IN_A OPT
#define DNS_ID(query) dns_id((query), ASKED, sizeof(ASKED) - 1)

static struct octets dns_answer(unsigned id, const char *rest, size_t len)
{
    struct octets answer = {.len = len + 2, .at = {(uint8_t)(id >> 8), (uint8_t)id}};
    memcpy(answer.at + 2, rest, len);
    return answer;
}
#define DNS_ANSWER(id, literal) dns_answer((id), (literal), sizeof(literal) - 1)

static void a_query_in_nibdns_is_asked_of_the_resolver(void **state)
{
    (void)state;
    uint16_t port;
    int resolver = udp_at("127.0.0.1", 0, &port), client = udp_at("127.0.0.1", 0, NULL);
    union where at, from;
    struct process *p = gate("nibdns", "--resolver", port, &at);
    struct octets query = query_of(7, A, "shop.amazone.com"), want, answer;
    udp_send(client, &at, &query);
    struct octets asked = udp_receive(resolver, &from);
    answer = DNS_ANSWER(DNS_ID(&asked), ANSWERED SHOP IN_A ADDRESS);
    udp_send(resolver, &from, &answer);
    answer = udp_receive(client, NULL);
    want = response_to(&query, A, 60, "3.33.147.88");
    assert_same_octets(answer, want);
    end(p);
}

static void a_truncated_answer_is_asked_for_over_tcp(void **state)
{
    (void)state;
    uint16_t port;
    int resolver = udp_at("127.0.0.1", 0, &port), client = udp_at("127.0.0.1", 0, NULL);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    union where at, from, here = where_of("127.0.0.1", port);
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(listener, &here.sa, sizeof here.in), 0);
    assert_int_equal(listen(listener, 1), 0);
    struct process *p = gate("nibdns", "--resolver", port, &at);
    struct octets query = query_of(7, A, "shop.amazone.com"), want, answer;
    udp_send(client, &at, &query);
    struct octets asked = udp_receive(resolver, &from);
    answer = DNS_ANSWER(DNS_ID(&asked), "\x83\x80\0\1\0\0\0\0\0\0" SHOP IN_A);
    udp_send(resolver, &from, &answer);
    wait_for(listener);
    int fd = accept(listener, NULL, NULL);
    assert_true(fd >= 0);
    asked = tcp_receive(fd);
    answer = DNS_ANSWER(DNS_ID(&asked), ANSWERED SHOP IN_A ADDRESS);
    const uint8_t prefix[2] = {0, (uint8_t)answer.len};
    tcp_send(fd, (const char *)prefix, 1); /* in three pieces */
    (void)pump(p, 20);
    tcp_send(fd, (const char *)prefix + 1, 1);
    tcp_send(fd, (const char *)answer.at, 20);
    (void)pump(p, 20);
    tcp_send(fd, (const char *)answer.at + 20, answer.len - 20);
    answer = udp_receive(client, NULL);
    want = response_to(&query, A, 60, "3.33.147.88");
    assert_same_octets(answer, want);
    assert_closed(fd);
    (void)close(listener);
    end(p);
}

/* Truncated, and nobody listens for TCP there. */
static void without_tcp_a_truncated_answer_is_a_server_failure_at_once(void **state)
{
    (void)state;
    uint16_t port;
    int resolver = udp_at("127.0.0.1", 0, &port), client = udp_at("127.0.0.1", 0, NULL);
    union where at, from;
    struct process *p = gate("nibdns", "--resolver", port, &at);
    struct octets query = query_of(7, A, "shop.amazone.com"), want, answer;
    udp_send(client, &at, &query);
    struct octets asked = udp_receive(resolver, &from);
    answer = DNS_ANSWER(DNS_ID(&asked), "\x83\x80\0\1\0\0\0\0\0\0" SHOP IN_A);
    int64_t began = now_ms();
    udp_send(resolver, &from, &answer);
    answer = udp_receive(client, NULL);
    want = response_to(&query, A, 0, "Server failure");
    assert_same_octets(answer, want);
    assert_true(now_ms() - began < 500);
    end(p);
}

/* A stranger sends the right octets from another port, and the resolver wrong ones. */
static void forged_answers_are_not_believed(void **state)
{
    (void)state;
    uint16_t port;
    int resolver = udp_at("127.0.0.1", 0, &port), client = udp_at("127.0.0.1", 0, NULL);
    int stranger = udp_at("127.0.0.1", 0, NULL);
    union where at, from;
    struct process *p = gate("nibdns", "--resolver", port, &at);
    struct octets query = query_of(7, A, "shop.amazone.com"), want, answer;
    udp_send(client, &at, &query);
    struct octets asked = udp_receive(resolver, &from);
    unsigned id = DNS_ID(&asked);
    answer = DNS_ANSWER(id, ANSWERED SHOP IN_A "\xc0\x0c" IN_A "\0\0\0\x3c\0\4\6\6\6\6");
    udp_send(stranger, &from, &answer);
    answer.at[1] ^= 1;
    udp_send(resolver, &from, &answer);
    answer = DNS_ANSWER(id, ANSWERED SHOP IN_A ADDRESS);
    udp_send(resolver, &from, &answer);
    answer = udp_receive(client, NULL);
    want = response_to(&query, A, 60, "3.33.147.88");
    assert_same_octets(answer, want);
    read_counters(p);
    assert_int_equal(counter(p, "upstream_discarded_wrong_id"), 1);
    end(p);
}

/* Each has a port and an ID of its own, and none follows from the one before. */
static void ports_and_ids_are_not_to_be_foretold(void **state)
{
    (void)state;
    enum { FETCHES = 64 };
    uint16_t port, ports[FETCHES];
    unsigned ids[FETCHES], same_port = 0, next_id = 0, next_port = 0;
    int resolver = udp_at("127.0.0.1", 0, &port), client = udp_at("127.0.0.1", 0, NULL);
    union where at, from;
    struct process *p = gate("nibdns", "--resolver", port, &at);
    for (unsigned i = 0; i < FETCHES; i++) {
        struct octets query = query_of(i, A, "shop.amazone.com"), answer;
        udp_send(client, &at, &query);
        struct octets asked = udp_receive(resolver, &from);
        ids[i] = DNS_ID(&asked);
        ports[i] = port_in(&from);
        answer = DNS_ANSWER(ids[i], ANSWERED SHOP IN_A ADDRESS);
        udp_send(resolver, &from, &answer);
        (void)udp_receive(client, NULL);
        same_port += i > 0 && ports[i] == ports[i - 1];
        next_id += i > 0 && (uint16_t)(ids[i] - ids[i - 1] + 8) < 17;
        next_port += i > 0 && (uint16_t)(ports[i] - ports[i - 1] + 8) < 17;
    }
    assert_true(same_port < 3 && next_id < 3 && next_port < 4);
    end(p);
}

static void the_options_are_checked(void **state)
{
    (void)state;
    struct process *p = start("nibgate", "nibdns", "--resolver=192.0.2.1", "--check", NULL);
    assert_int_equal(finish(p), 0);
    assert_string_equal(said(p, ERR),
        "nibgate nibdns: listens at 127.0.0.1:22053 and asks 192.0.2.1:53, no fault\n");
    static const char *const wrong[][3] = {{NULL}, {"world", NULL}, {"dns", "--resolver=::1", NULL},
        {"dns", "--server=localhost", NULL}, {"nibdns", "--tries=0", NULL}, {"dns", "x", NULL}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        p = start_list(&(const struct how){.fd = {0}}, "nibgate", wrong[i]);
        assert_int_equal(finish(p), 2);
        assert_lines(said(p, ERR), 1);
        assert_string_equal(said(p, OUT), "");
    }
}

static void the_traffic_over_udp_is_in_the_capture(void **state)
{
    (void)state;
    uint16_t port;
    int local = udp_at("127.0.0.1", 0, &port), client = udp_at("127.0.0.1", 0, NULL);
    union where at, from;
    const char *path = file_path("gate.pcap");
    struct process *p = start("nibgate", "dns", "--listen=127.0.0.1:0",
        words("--server=127.0.0.1:%u", port), words("--write=%s", path), NULL);
    at = where_of("127.0.0.1", port_of(p));
    struct octets query = OCTETS_OF("\x12\x34" HEAD SHOP IN_A), answer;
    udp_send(client, &at, &query);
    struct octets asked = udp_receive(local, &from);
    answer = response_to(&asked, A, 60, "3.33.147.88");
    udp_send(local, &from, &answer);
    (void)udp_receive(client, NULL);
    stop(p, SIGTERM, 0);
    size_t len;
    char *octets = read_file(path, &len);
    assert_non_null(memmem(octets, len, query.at, query.len));
    assert_non_null(memmem(octets, len, asked.at, asked.len));
    assert_non_null(memmem(octets, len, answer.at, answer.len));
    assert_non_null(memmem(octets, len, "\x12\x34" ANSWERED, 12));
    free(octets);
}

static int clean_up(void **state)
{
    remove_files();
    return processes_end_all(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_query_over_udp_is_asked_of_the_local_server, clean_up),
        cmocka_unit_test_teardown(
            queries_on_one_connection_are_answered_as_they_come_ready, clean_up),
        cmocka_unit_test_teardown(
            a_client_that_sends_no_more_is_answered_and_then_closed, clean_up),
        cmocka_unit_test_teardown(
            a_connection_with_hundreds_of_queries_is_answered_in_full, clean_up),
        cmocka_unit_test_teardown(the_idlest_connection_goes_when_there_are_256, clean_up),
        cmocka_unit_test_teardown(an_idle_connection_ends_after_ten_seconds, clean_up),
        cmocka_unit_test_teardown(half_a_message_and_lengths_that_lie_end_nothing_else, clean_up),
        cmocka_unit_test_teardown(few_descriptors_are_enough_to_go_on, clean_up),
        cmocka_unit_test_teardown(a_local_server_that_is_not_there_is_servfail_at_once, clean_up),
        cmocka_unit_test_teardown(a_query_in_nibdns_is_asked_of_the_resolver, clean_up),
        cmocka_unit_test_teardown(a_truncated_answer_is_asked_for_over_tcp, clean_up),
        cmocka_unit_test_teardown(
            without_tcp_a_truncated_answer_is_a_server_failure_at_once, clean_up),
        cmocka_unit_test_teardown(forged_answers_are_not_believed, clean_up),
        cmocka_unit_test_teardown(ports_and_ids_are_not_to_be_foretold, clean_up),
        cmocka_unit_test_teardown(the_options_are_checked, clean_up),
        cmocka_unit_test_teardown(the_traffic_over_udp_is_in_the_capture, clean_up),
    };
    static const char *const programs[] = {"nibgate", NULL};
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    require_programs(programs);
    return cmocka_run_group_tests_name("nibgate", tests, NULL, NULL);
}
