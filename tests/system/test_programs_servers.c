/*
 * The two servers as their clients, their operator and a hostile network see them: real processes
 * on loopback, ports of the system's choice.
 */
#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/process.h"
#include "lib/support.h"

#define HEADER "\nrecord_no,name,type,result,ttl,static\n"
#define FILE_HEADER "record_no,name,type,result,ttl,static\n"
#define AMAZONE_TABLE                                                                              \
    HEADER "0,shop.amazone.com,A,3.33.147.88,None,1\n"                                             \
           "1,cloud.amazone.com,A,15.197.140.28,None,1\n"
#define LOCAL_TABLE                                                                                \
    HEADER "0,www.csusm.edu,A,144.37.5.45,None,1\n"                                                \
           "1,my.csusm.edu,A,144.37.5.150,None,1\n"                                                \
           "2,amazone.com,NS,dns.amazone.com,None,1\n"                                             \
           "3,dns.amazone.com,A,127.0.0.1,None,1\n"

enum { EXTRA_MAX = 16 };

static const struct how pipes;

/* A server with `extra` options, listening; *at is where. */
static struct process *serve(const struct how *how, const char *name, uint16_t upstream,
    const char *const *extra, union where *at)
{
    const char *list[EXTRA_MAX + 4];
    size_t n = 0;
    list[n++] = "--listen=127.0.0.1:0";
    if (upstream != 0)
        list[n++] = words("--upstream-port=%u", upstream);
    for (; *extra != NULL; extra++) {
        assert_true(n < EXTRA_MAX + 3);
        list[n++] = *extra;
    }
    list[n] = NULL;
    struct process *p = start_list(how, name, list);
    if (how->fd[ERR] == PIPE)
        *at = where_of("127.0.0.1", port_of(p));
    return p;
}

#define EXTRA(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_EXTRA ((const char *const[]){NULL})
#define amazone(extra, at) serve(&pipes, "amazoneserver", 0, (extra), (at))
#define local(upstream, extra, at) serve(&pipes, "localserver", (upstream), (extra), (at))

static int new_client(void)
{
    return udp_at("127.0.0.1", 0, NULL);
}

static void assert_answer(int fd, const union where *at, const struct octets *query, int type_code,
    uint32_t ttl, const char *result)
{
    struct octets got = udp_ask(fd, at, query), want = response_to(query, type_code, ttl, result);
    assert_same_octets(got, want);
}

/* Asks for something that any of the two servers has, and gets it: so it lives. */
static void assert_alive(int fd, const union where *at, uint32_t id, bool is_local)
{
    struct octets query = query_of(id, A, is_local ? "www.csusm.edu" : "shop.amazone.com");
    assert_answer(fd, at, &query, A, 60, is_local ? "144.37.5.45" : "3.33.147.88");
}

/* An answer comes next from a socket and it is the one to this query. */
static void assert_next(
    int fd, const struct octets *query, int type_code, uint32_t ttl, const char *result)
{
    struct octets got = udp_receive(fd, NULL), want = response_to(query, type_code, ttl, result);
    assert_same_octets(got, want);
}

static void assert_silent(int fd)
{
    struct octets o;
    assert_false(udp_receive_in(fd, 0, &o, NULL));
}

/* ---- start and end ---- */

static void each_server_says_where_it_listens_and_nothing_else(void **state)
{
    union where at;
    (void)state;
    struct process *p = local(1, NO_EXTRA, &at);
    assert_string_equal(
        said(p, ERR), words("[LocalDNS] Server listening on port %u\n", port_in(&at)));
    stop(p, SIGTERM, 0);
    assert_string_equal(said(p, OUT), "");
    p = amazone(NO_EXTRA, &at);
    assert_string_equal(
        said(p, ERR), words("[AmazoneDNS] Server listening on port %u\n", port_in(&at)));
    stop(p, SIGINT, 0);
    assert_string_equal(said(p, OUT), "");
}

static void an_address_that_is_not_the_usual_one_is_said_too(void **state)
{
    static const char *const addresses[] = {"127.0.0.2", "0.0.0.0", "::1", "::"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        bool six = strchr(addresses[i], ':') != NULL;
        const char *option = words(six ? "[%s]:0" : "%s:0", addresses[i]);
        struct process *p = start("amazoneserver", "--listen", option, NULL);
        uint16_t port = port_of(p);
        assert_lines(said(p, ERR), 1);
        assert_non_null(strstr(said(p, ERR), words("on port %u", port)));
        assert_non_null(strstr(strstr(said(p, ERR), "on port"), addresses[i]));
        stop(p, SIGTERM, 0);
    }
}

static void both_signals_end_both_servers_with_0(void **state)
{
    union where at;
    (void)state;
    stop(local(1, NO_EXTRA, &at), SIGINT, 0);
    stop(amazone(NO_EXTRA, &at), SIGTERM, 0);
}

static void a_port_in_use_ends_with_2_in_one_line(void **state)
{
    static const char *const names[] = {"localserver", "amazoneserver"};
    union where at;
    (void)state;
    struct process *first = amazone(NO_EXTRA, &at);
    for (size_t i = 0; i < 2; i++) {
        struct process *p = start(names[i], "--listen", words("127.0.0.1:%u", port_in(&at)), NULL);
        assert_int_equal(finish(p), 2);
        assert_string_equal(said(p, OUT), "");
        assert_lines(said(p, ERR), 1);
        assert_non_null(strstr(said(p, ERR), words("127.0.0.1:%u", port_in(&at))));
    }
    struct process *p = start("amazoneserver", "--listen", words("127.0.0.1:%u", port_in(&at)),
        "--check", NULL); /* needs no port */
    assert_int_equal(finish(p), 0);
    assert_alive(new_client(), &at, 1, false);
    stop(first, SIGTERM, 0);
}

static void the_same_address_twice_is_a_port_in_use(void **state)
{
    uint16_t port;
    (void)state;
    (void)close(udp_at("127.0.0.1", 0, &port));
    const char *listen = words("--listen=127.0.0.1:%u", port);
    struct process *p = start("amazoneserver", listen, listen, NULL);
    assert_int_equal(finish(p), 2);
    assert_string_equal(said(p, OUT), "");
    assert_lines(said(p, ERR), 1);
}

static void bad_options_end_with_2_in_one_line(void **state)
{
    static const char *const both[][3] = {{"--nonsense"}, {"-x"}, {"--listen"}, {"--listen="},
        {"--listen", "nobody"}, {"--listen", "127.0.0.1:65536"}, {"--listen", "127.0.0.1:x"},
        {"--listen", "[::1"}, {"--listen", "10.255.255.1:0"}, {"--ttl"}, {"--ttl", "-1"},
        {"--ttl", "2147483648"}, {"--ttl", "1.5"}, {"--ttl", ""}, {"--records"},
        {"--records", "/nowhere/at/all"}, {"--records", "/tmp"}, {"--quiet=1"}, {"stray"},
        {"--write"}, {"--write", "/nowhere/at/all.pcap"}, {"--check=1"}};
    static const char *const alone[][3] = {{"--upstream-port", "0"}, {"--upstream-port", "65536"},
        {"--upstream-port"}, {"--timeout", "0"}, {"--timeout", "x"}, {"--tries", "0"},
        {"--max-records", "-1"}, {"--max-records", "many"}, {"--max-pending", "0"},
        {"--max-ttl", "2147483648"}, {"--max"}};
    static const size_t n_both = sizeof both / sizeof both[0];
    static const size_t n_alone = sizeof alone / sizeof alone[0];
    (void)state;
    for (size_t i = 0; i < 2 * n_both + n_alone; i++) {
        const char *const *arguments = i < 2 * n_both ? both[i / 2] : alone[i - 2 * n_both];
        bool is_local = i >= 2 * n_both || i % 2 == 0;
        struct process *p =
            start_list(&pipes, is_local ? "localserver" : "amazoneserver", arguments);
        int status = finish(p);
        if (status != 2 || times(said(p, ERR), "\n") != 1)
            fail_msg("%s %s: status %d, it says: %s", arguments[0],
                arguments[1] ? arguments[1] : "", status, said(p, ERR));
        assert_string_equal(said(p, OUT), "");
        assert_lines(said(p, ERR), 1);
        (void)processes_end_all(NULL);
    }
}

static void help_and_version_go_to_standard_output_and_name_every_option(void **state)
{
    static const char *const names[] = {"localserver", "amazoneserver"};
    static const char *const options[] = {"--listen", "--records", "--ttl", "--quiet", "--write",
        "--check", "--help", "--version", "--upstream-port", "--timeout", "--tries",
        "--max-records", "--max-pending", "--max-ttl"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct process *p = start(names[i], "--help", NULL);
        assert_int_equal(finish(p), 0);
        assert_string_equal(said(p, ERR), "");
        for (size_t j = 0; j < (i == 0 ? 14u : 8u); j++)
            assert_non_null(strstr(said(p, OUT), options[j]));
        p = start(names[i], "--version", NULL);
        assert_int_equal(finish(p), 0);
        assert_lines(said(p, OUT), 1);
    }
}

/* ---- answers ---- */

static void the_authoritative_server_answers_with_these_octets(void **state)
{
    union where at;
    (void)state;
    struct process *p = amazone(NO_EXTRA, &at);
    int fd = new_client();
    struct octets query = OCTETS_OF("\xde\xad\xbe\xef" /* ID */
                                    "\x08"             /* query, A */
                                    "\x10"
                                    "shop.amazone.com");
    struct octets want = OCTETS_OF("\xde\xad\xbe\xef"
                                   "\x18" /* response, A */
                                   "\x10"
                                   "shop.amazone.com"
                                   "\x08" /* A */
                                   "\x10"
                                   "shop.amazone.com"
                                   "\x00\x00\x00\x3c" /* 60 seconds */
                                   "\x0b"
                                   "3.33.147.88");
    struct octets got = udp_ask(fd, &at, &query);
    assert_same_octets(got, want);
    query = OCTETS_OF("\xff\xff\xff\xff"
                      "\x04" /* query, AAAA */
                      "\x10"
                      "shop.amazone.com");
    want = OCTETS_OF("\xff\xff\xff\xff"
                     "\x14" /* response, AAAA */
                     "\x10"
                     "shop.amazone.com"
                     "\x04" /* the question's type */
                     "\x10"
                     "shop.amazone.com"
                     "\x00\x00\x00\x00" /* a miss */
                     "\x10"
                     "Record not found");
    got = udp_ask(fd, &at, &query);
    assert_same_octets(got, want);
    stop(p, SIGTERM, 0);
}

static void names_are_found_in_any_case_and_come_back_as_they_were_asked(void **state)
{
    union where at;
    (void)state;
    struct process *p = amazone(NO_EXTRA, &at);
    struct octets query = query_of(7, A, "ShOp.AMAZONE.com");
    assert_answer(new_client(), &at, &query, A, 60, "3.33.147.88");
    stop(p, SIGTERM, 0);
    p = local(1, NO_EXTRA, &at);
    query = query_of(7, A, "WWW.csusm.EDU");
    assert_answer(new_client(), &at, &query, A, 60, "144.37.5.45");
    stop(p, SIGTERM, 0);
}

static void ttl_is_what_static_records_carry(void **state)
{
    union where at;
    (void)state;
    struct process *p = amazone(EXTRA("--ttl", "2147483647"), &at);
    struct octets query = query_of(0, A, "cloud.amazone.com");
    assert_answer(new_client(), &at, &query, A, 2147483647, "15.197.140.28");
    stop(p, SIGTERM, 0);
    p = local(1, EXTRA("--ttl=0"), &at);
    query = query_of(0, NS, "amazone.com");
    assert_answer(new_client(), &at, &query, NS, 0, "dns.amazone.com");
    stop(p, SIGTERM, 0);
}

static void an_alias_is_answered_by_its_own_server_with_its_cname(void **state)
{
    union where at;
    (void)state;
    const char *file = file_path("alias");
    write_file(file, FILE_HEADER "0,alias.amazone.com,CNAME,shop.amazone.com,None,1\n"
                                 ",shop.amazone.com,A,1.2.3.4,None,1\n"
                                 ",shop.amazone.com,AAAA,2001:db8::1,None,1\n");
    struct process *p = amazone(EXTRA("--records", file), &at);
    int fd = new_client();
    struct octets query = query_of(1, A, "alias.amazone.com");
    assert_answer(fd, &at, &query, CNAME, 60, "shop.amazone.com");
    query = query_of(2, CNAME, "alias.amazone.com");
    assert_answer(fd, &at, &query, CNAME, 60, "shop.amazone.com");
    query = query_of(3, AAAA, "shop.amazone.com");
    assert_answer(fd, &at, &query, AAAA, 60, "2001:db8::1");
    query = query_of(4, CNAME, "shop.amazone.com");
    assert_answer(fd, &at, &query, CNAME, 0, "Record not found");
    stop(p, SIGTERM, 0);
}

static void a_name_under_no_known_domain_is_not_found(void **state)
{
    static const char *const names[] = {
        "notamazone.com", "com", "amazone.com.org", "www.csusm.edu.org", "ww.csusm.edu"};
    union where at;
    uint16_t upstream;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p = local(upstream, NO_EXTRA, &at);
    for (uint32_t i = 0; i < 5; i++) {
        struct octets query = query_of(i, A, names[i]);
        assert_answer(fd, &at, &query, A, 0, "Record not found");
    }
    assert_silent(fake);
    stop(p, SIGTERM, 0);
}

/* ---- standard output ---- */

static void a_table_is_printed_once_for_each_request(void **state)
{
    union where at;
    (void)state;
    struct process *p = amazone(NO_EXTRA, &at);
    int fd = new_client();
    struct octets miss = query_of(9, CNAME, "shop.amazone.com"), junk = OCTETS_OF("junk");
    assert_alive(fd, &at, 0, false);
    expect(p, OUT, AMAZONE_TABLE);
    udp_send(fd, &at, &junk); /* nothing is finished by these two */
    struct octets response = response_to(&miss, CNAME, 0, "Record not found");
    udp_send(fd, &at, &response);
    assert_answer(fd, &at, &miss, CNAME, 0, "Record not found");
    expect(p, OUT, AMAZONE_TABLE);
    assert_alive(fd, &at, 1, false);
    stop(p, SIGTERM, 0);
    assert_string_equal(said(p, OUT), AMAZONE_TABLE AMAZONE_TABLE AMAZONE_TABLE);
}

static void a_forwarded_request_prints_once_when_its_answer_is_passed_on(void **state)
{
    union where at, from;
    uint16_t upstream;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p = local(upstream, NO_EXTRA, &at);
    struct octets query = query_of(5, A, "shop.amazone.com");
    udp_send(fd, &at, &query);
    struct octets asked = udp_receive(fake, &from);
    (void)pump(p, 0);
    assert_string_equal(said(p, OUT), "");
    struct octets response = response_to(&asked, A, 1000, "3.33.147.88");
    udp_send(fake, &from, &response);
    assert_next(fd, &query, A, 1000, "3.33.147.88");
    expect(p, OUT, LOCAL_TABLE "4,shop.amazone.com,A,3.33.147.88,1000,0\n");
    stop(p, SIGTERM, 0);
    assert_string_equal(said(p, OUT), LOCAL_TABLE "4,shop.amazone.com,A,3.33.147.88,1000,0\n");
}

static void two_who_share_a_question_are_two_tables(void **state)
{
    union where at, from;
    uint16_t upstream;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), one = new_client(), two = new_client();
    struct process *p = local(upstream, NO_EXTRA, &at);
    struct octets first = query_of(1, A, "shop.amazone.com");
    struct octets second = query_of(2, A, "SHOP.amazone.com");
    udp_send(one, &at, &first);
    struct octets asked = udp_receive(fake, &from);
    udp_send(two, &at, &second);
    assert_alive(two, &at, 3, true); /* so the second question was read */
    struct octets response = response_to(&asked, A, 1000, "3.33.147.88");
    udp_send(fake, &from, &response);
    assert_next(one, &first, A, 1000, "3.33.147.88");
    assert_next(two, &second, A, 1000, "3.33.147.88");
    assert_silent(fake);
    stop(p, SIGTERM, 0);
    assert_int_equal(times(said(p, OUT), HEADER), 3);
    assert_int_equal(times(said(p, OUT), "4,shop.amazone.com,A,3.33.147.88,1000,0\n"), 2);
}

static void quiet_prints_no_tables(void **state)
{
    union where at;
    (void)state;
    struct process *p = amazone(EXTRA("--quiet"), &at);
    assert_alive(new_client(), &at, 0, false);
    stop(p, SIGTERM, 0);
    assert_string_equal(said(p, OUT), "");
    assert_lines(said(p, ERR), 1);
}

/* ---- addresses ---- */

static void several_addresses_are_served(void **state)
{
    (void)state;
    struct process *p = start("amazoneserver", "--listen=127.0.0.1:0", "--listen", "127.0.0.3:0",
        "--listen", "[::1]:0", NULL);
    static const char *const addresses[] = {"127.0.0.1", "127.0.0.3", "::1"};
    for (uint32_t i = 0; i < 3; i++) {
        union where at = where_of(addresses[i], port_of(p)), from;
        int fd = udp_at(i == 2 ? "::1" : "127.0.0.1", 0, NULL);
        struct octets query = query_of(i, A, "shop.amazone.com");
        udp_send(fd, &at, &query);
        struct octets got = udp_receive(fd, &from);
        struct octets want = response_to(&query, A, 60, "3.33.147.88");
        assert_same_octets(got, want);
        assert_true(same_where(&from, &at));
    }
    stop(p, SIGTERM, 0);
}

static void an_answer_leaves_from_the_address_that_was_asked(void **state)
{
    static const char *const addresses[] = {"127.0.0.2", "127.0.0.1", "127.9.8.7", "127.0.0.2"};
    (void)state;
    struct process *p = start("amazoneserver", "--listen", "0.0.0.0:0", NULL);
    uint16_t port = port_of(p);
    int fd = new_client();
    for (uint32_t i = 0; i < 4; i++) {
        union where at = where_of(addresses[i], port), from;
        struct octets query = query_of(i, A, "shop.amazone.com");
        udp_send(fd, &at, &query);
        (void)udp_receive(fd, &from);
        assert_true(same_where(&from, &at));
    }
    stop(p, SIGTERM, 0);
    p = start("localserver", "--listen", "[::]:0", NULL);
    union where at = where_of("::1", port_of(p)), from;
    fd = udp_at("::1", 0, NULL);
    struct octets query = query_of(0, A, "www.csusm.edu");
    udp_send(fd, &at, &query);
    (void)udp_receive(fd, &from);
    assert_true(same_where(&from, &at));
    stop(p, SIGTERM, 0);
}

static void answers_in_one_burst_each_leave_from_their_own_address(void **state)
{
    enum { N = 200 };
    (void)state;
    struct process *p = start("amazoneserver", "--quiet", "--listen", "0.0.0.0:0", NULL);
    uint16_t port = port_of(p);
    int fd = new_client();
    for (uint32_t i = 0; i < N; i++) {
        union where at = where_of(words("127.0.0.%u", 1 + i % 5), port);
        struct octets query = query_of(i, A, "shop.amazone.com");
        udp_send(fd, &at, &query);
    }
    for (uint32_t i = 0; i < N; i++) {
        union where from;
        struct octets got = udp_receive(fd, &from);
        union where at = where_of(words("127.0.0.%u", 1 + id_of(&got) % 5), port);
        assert_true(same_where(&from, &at));
    }
    stop(p, SIGTERM, 0);
}

/* ---- records ---- */

static void records_come_from_files(void **state)
{
    union where at;
    (void)state;
    const char *one = file_path("one"), *two = file_path("two");
    write_file(one, "# mine\n\n" FILE_HEADER "17,a.example,A,192.0.2.1,None,1 # the first\n"
                    ",b.example,NS,ns1.b.example,None,1\n,b.example,NS,ns2.b.example,None,1\n");
    write_file(two, FILE_HEADER " , C.example , AAAA , ::1 , None , 1\r\n");
    struct process *p = amazone(EXTRA("--records", one, "--records", two), &at);
    struct octets query = query_of(0, AAAA, "c.example");
    assert_answer(new_client(), &at, &query, AAAA, 60, "::1");
    stop(p, SIGTERM, 0);
    assert_string_equal(said(p, OUT), HEADER "0,a.example,A,192.0.2.1,None,1\n"
                                             "1,b.example,NS,ns1.b.example,None,1\n"
                                             "2,b.example,NS,ns2.b.example,None,1\n"
                                             "3,C.example,AAAA,::1,None,1\n");
}

static void each_fault_of_a_records_file_is_said_with_its_line(void **state)
{
    static const struct {
        const char *text;
        int line;
    } faults[] = {{"", 1}, {"# nothing\n", 1}, {"no,header\n", 1},
        {"0,a.example,A,1.2.3.4,None,1\n", 1}, {FILE_HEADER "a.example,A,1.2.3.4,None,1\n", 2},
        {FILE_HEADER "0,a.example,A,1.2.3.4,None,1,\n", 2}, {FILE_HEADER "\n\nrubbish\n", 4},
        {FILE_HEADER "x,a.example,A,1.2.3.4,None,1\n", 2},
        {FILE_HEADER "0,a..example,A,1.2.3.4,None,1\n", 2},
        {FILE_HEADER "0,,A,1.2.3.4,None,1\n", 2},
        {FILE_HEADER "0,a.example.,A,1.2.3.4,None,1\n", 2},
        {FILE_HEADER "0,a.example,MX,1.2.3.4,None,1\n", 2},
        {FILE_HEADER "0,a.example,A,1.2.3.04,None,1\n", 2},
        {FILE_HEADER "0,a.example,A,1.2.3.256,None,1\n", 2},
        {FILE_HEADER "0,a.example,A,::1,None,1\n", 2},
        {FILE_HEADER "0,a.example,AAAA,1.2.3.4,None,1\n", 2},
        {FILE_HEADER "0,a.example,AAAA,fe80::1%lo,None,1\n", 2},
        {FILE_HEADER "0,a.example,CNAME,b c,None,1\n", 2},
        {FILE_HEADER "0,a.example,NS,,None,1\n", 2},
        {FILE_HEADER "0,a.example,A,1.2.3.4,60,1\n", 2},
        {FILE_HEADER "0,a.example,A,1.2.3.4,None,0\n", 2},
        {FILE_HEADER "0,a.example,A,1.2.3.4,None,1\n1,A.EXAMPLE,A,1.2.3.5,None,1\n", 3},
        {FILE_HEADER "0,a.example,NS,b.example,None,1\n1,a.example,NS,B.example,None,1\n", 3},
        {FILE_HEADER "0,a.example,CNAME,b.example,None,1\n1,a.example,A,1.2.3.4,None,1\n", 3},
        {FILE_HEADER "0,a.example,A,1.2.3.4,None,1\n1,a.example,CNAME,b.example,None,1\n", 3},
        {FILE_HEADER "0,a.example,A,\x1b[31m,None,1\n", 2}};
    (void)state;
    const char *file = file_path("faulty");
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const char *prefix = words("%s:%d: ", file, faults[i].line);
        write_file(file, faults[i].text);
        struct process *p = i % 2 == 0 ? start("amazoneserver", "--records", file, NULL)
                                       : start("localserver", "--check", "--records", file, NULL);
        int status = finish(p);
        if (status != 2 || strncmp(said(p, ERR), prefix, strlen(prefix)) != 0)
            fail_msg("%s: status %d, it says %s", faults[i].text, status, said(p, ERR));
        assert_string_equal(said(p, OUT), "");
        assert_int_equal(times(said(p, ERR), file), 1);
        assert_lines(said(p, ERR), times(said(p, ERR), "\n"));
        (void)processes_end_all(NULL);
    }
}

static void all_faults_of_a_file_are_said(void **state)
{
    (void)state;
    const char *file = file_path("faulty");
    write_file(file, FILE_HEADER "0,a.example,MX,1.2.3.4,None,1\n"
                                 "1,b.example,A,1.2.3.4,None,1\n"
                                 "2,c example,A,1.2.3.4,None,1\n"
                                 "3,b.example,A,1.2.3.5,None,1\n");
    struct process *p = start("amazoneserver", "--check", "--records", file, NULL);
    assert_int_equal(finish(p), 2);
    assert_int_equal(times(said(p, ERR), file), 3);
    assert_non_null(strstr(said(p, ERR), words("%s:2: ", file)));
    assert_non_null(strstr(said(p, ERR), words("%s:4: ", file)));
    assert_non_null(strstr(said(p, ERR), words("%s:5: ", file)));
}

static void check_of_good_records_ends_with_0(void **state)
{
    static const char *const names[] = {"localserver", "amazoneserver"};
    (void)state;
    const char *file = file_path("good");
    write_file(file, FILE_HEADER "0,a.example,A,1.2.3.4,None,1");
    for (size_t i = 0; i < 2; i++) {
        struct process *p = start(names[i], "--check", NULL);
        assert_int_equal(finish(p), 0);
        assert_string_equal(said(p, OUT), "");
        p = start(names[i], "--check", "--records", file, NULL);
        assert_int_equal(finish(p), 0);
        assert_string_equal(said(p, OUT), "");
    }
}

static void sighup_reads_the_records_again_and_dynamic_ones_stay(void **state)
{
    union where at, from;
    uint16_t upstream;
    (void)state;
    const char *file = file_path("reload");
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    write_file(file, FILE_HEADER "0,a.example,A,1.1.1.1,None,1\n"
                                 "1,amazone.com,NS,dns.amazone.com,None,1\n"
                                 "2,dns.amazone.com,A,127.0.0.1,None,1\n");
    struct process *p = local(upstream, EXTRA("--records", file), &at);
    struct octets shop = query_of(1, A, "shop.amazone.com"), a = query_of(2, A, "a.example");
    udp_send(fd, &at, &shop);
    struct octets asked = udp_receive(fake, &from);
    struct octets response = response_to(&asked, A, 80000, "3.3.3.3");
    udp_send(fake, &from, &response);
    assert_next(fd, &shop, A, 80000, "3.3.3.3");
    assert_answer(fd, &at, &a, A, 60, "1.1.1.1");

    write_file(file, FILE_HEADER "0,b.example,A,2.2.2.2,None,1\n"
                                 "1,amazone.com,NS,dns.amazone.com,None,1\n"
                                 "2,dns.amazone.com,A,127.0.0.1,None,1\n");
    send_signal(p, SIGHUP);
    expect(p, ERR, "\n"); /* that it did */
    expect(p, ERR, "\n");
    assert_answer(fd, &at, &a, A, 0, "Record not found");
    struct octets b = query_of(3, A, "b.example");
    assert_answer(fd, &at, &b, A, 60, "2.2.2.2");
    struct octets got = udp_ask(fd, &at, &shop);
    assert_non_null(memmem(got.at, got.len,
        "\x07"
        "3.3.3.3",
        8));
    expect(p, OUT, "2.2.2.2,None,1\n");

    write_file(file, FILE_HEADER "0,c.example,A,3.3.3.3,None,1\nrubbish\n");
    send_signal(p, SIGHUP);
    expect(p, ERR, words("%s:3: ", file));
    assert_answer(fd, &at, &b, A, 60, "2.2.2.2");
    (void)remove(file);
    send_signal(p, SIGHUP);
    expect(p, ERR, file);
    assert_answer(fd, &at, &b, A, 60, "2.2.2.2");
    got = udp_ask(fd, &at, &shop);
    assert_non_null(memmem(got.at, got.len, "3.3.3.3", 7));
    assert_silent(fake);
    stop(p, SIGTERM, 0);
    const char *table = strstr(said(p, OUT), "2.2.2.2");
    assert_non_null(table);
    assert_null(strstr(table, "a.example"));
    assert_non_null(strstr(table, "3,shop.amazone.com,A,3.3.3.3,"));
}

/* Whether a thread of the process has that niceness. */
static bool has_thread_of(const struct process *p, int niceness)
{
    bool found = false;
    DIR *tasks = opendir(words("/proc/%d/task", (int)p->pid));
    assert_non_null(tasks);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        id_t id = (id_t)strtoul(task->d_name, NULL, 10);
        found = found || (id > 0 && getpriority(PRIO_PROCESS, id) == niceness);
    }
    (void)closedir(tasks);
    return found;
}

/* The records come from a pipe here, which keeps the reading where it is. */
static void while_records_are_read_again_queries_are_answered_and_go_first(void **state)
{
    static const char text[] = FILE_HEADER ",b.example,A,2.2.2.2,None,1\n";
    union where at;
    int end;
    (void)state;
    const char *file = file_path("slow");
    write_file(file, FILE_HEADER ",a.example,A,1.1.1.1,None,1\n");
    struct process *p = amazone(EXTRA("--records", file), &at);
    assert_int_equal(remove(file), 0);
    assert_int_equal(mkfifo(file, 0600), 0);
    send_signal(p, SIGHUP);
    for (int64_t until = now_ms() + DEADLINE_MS; (end = open(file, O_WRONLY | O_NONBLOCK)) < 0;) {
        assert_true(now_ms() < until);
        assert_true(pump(p, 10));
    }
    struct octets a = query_of(1, A, "a.example"), b = query_of(2, A, "b.example");
    assert_answer(new_client(), &at, &a, A, 60, "1.1.1.1");
    assert_true(getenv("NIB_PORTABLE") != NULL || has_thread_of(p, 19));
    assert_int_equal(getpriority(PRIO_PROCESS, (id_t)p->pid), getpriority(PRIO_PROCESS, 0));
    assert_int_equal(write(end, text, sizeof text - 1), sizeof text - 1);
    (void)close(end);
    expect(p, ERR, "1 records read again");
    assert_answer(new_client(), &at, &b, A, 60, "2.2.2.2");
    stop(p, SIGTERM, 0);
}

static void a_record_number_is_never_used_again(void **state)
{
    union where at;
    (void)state;
    const char *file = file_path("numbers");
    write_file(file, FILE_HEADER ",a.example,A,1.1.1.1,None,1\n,b.example,A,1.1.1.1,None,1\n");
    struct process *p = amazone(EXTRA("--records", file), &at);
    write_file(file, FILE_HEADER ",c.example,A,1.1.1.1,None,1\n,b.example,A,1.1.1.1,None,1\n");
    send_signal(p, SIGHUP);
    expect(p, ERR, "\n");
    expect(p, ERR, "\n");
    struct octets query = query_of(0, A, "c.example");
    assert_answer(new_client(), &at, &query, A, 60, "1.1.1.1");
    stop(p, SIGTERM, 0);
    assert_string_equal(
        said(p, OUT), HEADER "1,b.example,A,1.1.1.1,None,1\n2,c.example,A,1.1.1.1,None,1\n");
}

/* ---- counters ---- */

static void assert_counters_add_up(struct process *p, bool is_local)
{
    uint64_t sum = counter(p, "answered") + counter(p, "dropped_malformed") +
                   counter(p, "dropped_response") + counter(p, "dropped_unsent");
    if (is_local)
        sum += counter(p, "waiting") + counter(p, "dropped_repeat");
    assert_int_equal(sum, counter(p, "received"));
    assert_int_equal(counter(p, "answered"),
        counter(p, "answered_found") + counter(p, "answered_not_found") +
            (is_local ? counter(p, "answered_failure") : counter(p, "answered_cname")));
}

static void the_counters_add_up(void **state)
{
    union where at, from;
    uint16_t upstream;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p = local(upstream, EXTRA("--timeout=600000"), &at);
    struct octets junk = OCTETS_OF("junk"), empty = octets_from("", 0);
    struct octets shop = query_of(1, A, "shop.amazone.com");
    struct octets response = response_to(&shop, A, 1, "1.2.3.4");
    udp_send(fd, &at, &junk);
    udp_send(fd, &at, &empty);
    udp_send(fd, &at, &response);
    udp_send(fd, &at, &shop);
    struct octets asked = udp_receive(fake, &from);
    udp_send(fd, &at, &shop); /* again: it waits already */
    struct octets miss = query_of(2, A, "nowhere.example");
    assert_answer(fd, &at, &miss, A, 0, "Record not found");
    assert_alive(fd, &at, 3, true);
    read_counters(p);
    assert_int_equal(counter(p, "received"), 7);
    assert_int_equal(counter(p, "answered"), 2);
    assert_int_equal(counter(p, "waiting"), 1);
    assert_int_equal(counter(p, "dropped_malformed"), 2);
    assert_int_equal(counter(p, "dropped_response"), 1);
    assert_int_equal(counter(p, "dropped_repeat"), 1);
    assert_counters_add_up(p, true);
    response = response_to(&asked, A, 60, "3.33.147.88");
    udp_send(fake, &from, &response);
    assert_next(fd, &shop, A, 60, "3.33.147.88");
    read_counters(p);
    assert_int_equal(counter(p, "waiting"), 0);
    assert_int_equal(counter(p, "answered"), 3);
    assert_counters_add_up(p, true);
    for (const char *c = strstr(said(p, ERR), "received"); *c != '\0'; c++) { /* name: value */
        size_t name = strcspn(c, ":\n");
        assert_int_equal(strncmp(c + name, ": ", 2), 0);
        c += name + 2;
        assert_true(strspn(c, "0123456789") > 0);
        c += strspn(c, "0123456789");
        assert_int_equal(*c, '\n');
    }
    stop(p, SIGTERM, 0);
}

static void the_counters_of_the_authoritative_server_add_up(void **state)
{
    union where at;
    (void)state;
    struct process *p = amazone(NO_EXTRA, &at);
    int fd = new_client();
    struct octets junk = OCTETS_OF("junk"), miss = query_of(1, NS, "amazone.com");
    udp_send(fd, &at, &junk);
    assert_answer(fd, &at, &miss, NS, 0, "Record not found");
    assert_alive(fd, &at, 2, false);
    read_counters(p);
    assert_int_equal(counter(p, "received"), 3);
    assert_int_equal(counter(p, "answered"), 2);
    assert_int_equal(counter(p, "dropped_malformed"), 1);
    assert_counters_add_up(p, false);
    stop(p, SIGTERM, 0);
}

/* ---- what gets no answer ---- */

/* Each is sent; then a good question, whose answer must be the first thing that comes back. */
static void nothing_malformed_and_no_response_is_ever_answered(void **state)
{
    (void)state;
    for (int is_local = 0; is_local < 2; is_local++) {
        union where at;
        struct process *p = is_local ? local(1, NO_EXTRA, &at) : amazone(NO_EXTRA, &at);
        int fd = new_client();
        struct octets good = query_of(1, A, "shop.amazone.com");
        struct octets response = response_to(&good, A, 60, "3.33.147.88");
        struct octets sent[2048];
        size_t n = 0;
        for (size_t len = 0; len < good.len; len++)
            sent[n++] = octets_from((const char *)good.at, len);
        for (size_t len = good.len; len <= response.len; len++)
            sent[n++] = octets_from((const char *)response.at, len);
        for (unsigned flag_type = 0; flag_type < 256; flag_type++) {
            if (flag_type == 8 || flag_type == 4 || flag_type == 2 || flag_type == 1)
                continue;
            sent[n] = good;
            sent[n++].at[4] = (uint8_t)flag_type;
        }
        for (unsigned len = 0; len < 256; len++) {
            if (len == 16)
                continue;
            sent[n] = good;
            sent[n++].at[5] = (uint8_t)len;
        }
        for (unsigned octet = 0; octet < 256; octet++) {
            if (octet < 0x80 &&
                (octet == '-' || octet == '_' || octet == '.' || (octet >= '0' && octet <= '9') ||
                    (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z')))
                continue;
            sent[n] = good;
            sent[n++].at[8] = (uint8_t)octet;
        }
        sent[n] = good;
        sent[n++].len = 2000; /* a name, then much behind it */
        for (size_t i = 0; i < n; i++)
            udp_send(fd, &at, &sent[i]);
        assert_alive(fd, &at, 77, is_local);
        assert_silent(fd);
        read_counters(p);
        assert_int_equal(counter(p, "received"), n + 1);
        assert_int_equal(counter(p, "answered"), 1);
        assert_counters_add_up(p, is_local);
        stop(p, SIGTERM, 0);
    }
}

static void a_flood_of_garbage_between_questions_changes_nothing(void **state)
{
    enum { ROUNDS = 100, GARBAGE = 40 };
    struct rng rng = dice_init();
    (void)state;
    for (int is_local = 0; is_local < 2; is_local++) {
        union where at;
        struct process *p = is_local ? local(1, NO_EXTRA, &at) : amazone(NO_EXTRA, &at);
        int fd = new_client(), other = new_client();
        for (uint32_t round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < GARBAGE; i++) {
                struct octets o = {.len = dice_below(&rng, 900)};
                for (size_t j = 0; j < o.len; j++)
                    o.at[j] = (uint8_t)dice_next(&rng);
                udp_send(other, &at, &o);
            }
            assert_alive(fd, &at, round, is_local);
        }
        read_counters(p);
        assert_int_equal(counter(p, "received"), ROUNDS * (GARBAGE + 1));
        assert_counters_add_up(p, is_local);
        stop(p, SIGTERM, 0);
        assert_lines(said(p, OUT), times(said(p, OUT), "\n"));
        assert_lines(said(p, ERR), times(said(p, ERR), "\n"));
    }
}

/* ---- forwarding ---- */

static void client_local_and_amazone_work_together(void **state)
{
    union where up, at;
    (void)state;
    struct process *a = amazone(NO_EXTRA, &up);
    struct process *l = local(port_in(&up), NO_EXTRA, &at);
    const char *server = words("--server=127.0.0.1:%u", port_in(&at));
    struct process *c = start("client", server, "--short", "--batch", "-", NULL);
    type(c, "www.csusm.edu\nshop.amazone.com\nSHOP.amazone.com\ncloud.amazone.com\n"
            "none.amazone.com\n");
    assert_int_equal(finish(c), 1);
    assert_string_equal(said(c, OUT), "144.37.5.45\n3.33.147.88\n3.33.147.88\n15.197.140.28\n");
    c = start("client", server, "shop.amazone.com", NULL); /* out of the local server's table */
    assert_int_equal(finish(c), 0);
    stop(l, SIGTERM, 0);
    stop(a, SIGTERM, 0);
    assert_string_equal(said(a, OUT), AMAZONE_TABLE AMAZONE_TABLE AMAZONE_TABLE);
    assert_int_equal(times(said(l, OUT), LOCAL_TABLE), 5);
}

static void an_answer_is_cached_with_the_ttl_that_is_left(void **state)
{
    union where at, from;
    uint16_t upstream;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p = local(upstream, NO_EXTRA, &at);
    struct octets query = query_of(9, A, "shop.amazone.com");
    udp_send(fd, &at, &query);
    struct octets asked = udp_receive(fake, &from);
    struct octets want = query_of(0, A, "shop.amazone.com"); /* an ID of its own */
    assert_same_octets(asked, want);
    struct octets response = response_to(&asked, A, 2, "3.33.147.88");
    int64_t stored = now_ms();
    udp_send(fake, &from, &response);
    assert_next(fd, &query, A, 2, "3.33.147.88");
    uint32_t least = 2;
    while (!udp_receive_in(fake, 20, &asked, &from)) { /* until it must ask again */
        udp_send(fd, &at, &query);
        struct octets got = {0};
        if (!udp_receive_in(fd, 100, &got, NULL))
            continue;
        uint32_t ttl = got.at[got.len - 13]; /* the last octet before the result */
        assert_in_range(ttl, 1, least);
        least = ttl;
        assert_true(now_ms() - stored < DEADLINE_MS);
    }
    assert_true(now_ms() - stored >= 2000);
    assert_int_equal(least, 1);
    assert_int_equal(id_of(&asked), 1);
    stop(p, SIGTERM, 0);
    assert_null(strstr(said(p, OUT), "3.33.147.88,0,0"));
}

static void max_ttl_cuts_longer_ones(void **state)
{
    union where at, from;
    uint16_t upstream;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p = local(upstream, EXTRA("--max-ttl=1000"), &at);
    struct octets query = query_of(9, A, "shop.amazone.com");
    udp_send(fd, &at, &query);
    struct octets asked = udp_receive(fake, &from);
    struct octets response = response_to(&asked, A, 2147483647, "3.33.147.88");
    udp_send(fake, &from, &response);
    assert_next(fd, &query, A, 1000, "3.33.147.88");
    stop(p, SIGTERM, 0);
    assert_non_null(strstr(said(p, OUT), "4,shop.amazone.com,A,3.33.147.88,1000,0\n"));
}

static void a_repeat_of_a_waiting_request_is_not_a_second_one(void **state)
{
    union where at, from;
    uint16_t upstream;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p = local(upstream, EXTRA("--timeout=600000"), &at);
    struct octets query = query_of(9, A, "shop.amazone.com");
    for (int i = 0; i < 5; i++)
        udp_send(fd, &at, &query);
    struct octets asked = udp_receive(fake, &from);
    assert_alive(fd, &at, 1, true);
    struct octets response = response_to(&asked, A, 60, "3.33.147.88");
    udp_send(fake, &from, &response);
    assert_next(fd, &query, A, 60, "3.33.147.88");
    assert_alive(fd, &at, 2, true);
    assert_silent(fd);
    assert_silent(fake);
    stop(p, SIGTERM, 0);
    assert_int_equal(times(said(p, OUT), HEADER), 3);
}

static void a_silent_name_server_is_asked_again_with_doubled_waits(void **state)
{
    enum { TRIES = 4, FIRST_MS = 60 };
    union where at, from[TRIES];
    uint16_t upstream;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p = local(upstream, EXTRA("--timeout=60", "--tries=4"), &at);
    struct octets query = query_of(9, AAAA, "shop.amazone.com");
    struct octets want = query_of(0, AAAA, "shop.amazone.com");
    int64_t began = now_ms();
    udp_send(fd, &at, &query);
    for (int i = 0; i < TRIES; i++) {
        struct octets asked = udp_receive(fake, &from[i]);
        assert_true(now_ms() - began >= FIRST_MS * ((1 << i) - 1)); /* 0, 1, 1 + 2, 1 + 2 + 4 */
        assert_same_octets(asked, want);                            /* the ID stays */
        assert_true(same_where(&from[i], &from[0]));
    }
    assert_next(fd, &query, AAAA, 0, "Server failure");
    assert_true(now_ms() - began >= FIRST_MS * ((1 << TRIES) - 1));
    assert_silent(fake);

    struct octets late = response_to(&want, AAAA, 60, "::1"); /* nobody waits for it any more */
    udp_send(fake, &from[0], &late);
    assert_alive(fd, &at, 1, true);
    assert_silent(fd);
    stop(p, SIGTERM, 0);
    assert_null(strstr(said(p, OUT), "shop.amazone.com"));
}

static void nobody_at_the_name_server_is_a_failure_at_once(void **state)
{
    union where at;
    int deaf;
    (void)state;
    uint16_t upstream = deaf_port(&deaf);
    struct process *p = local(upstream, EXTRA("--timeout=600000"), &at);
    int fd = new_client();
    struct octets query = query_of(9, A, "shop.amazone.com");
    assert_answer(fd, &at, &query, A, 0, "Server failure");
    assert_answer(fd, &at, &query, A, 0, "Server failure"); /* not kept: asked anew */
    stop(p, SIGTERM, 0);
    assert_string_equal(said(p, OUT), LOCAL_TABLE LOCAL_TABLE);
}

static void a_dead_name_server_delays_nobody_else(void **state)
{
    union where at, from;
    uint16_t upstream;
    (void)state;
    const char *file = file_path("two-domains");
    write_file(file, FILE_HEADER ",dead.example,NS,ns.dead.example,None,1\n"
                                 ",ns.dead.example,A,127.0.0.1,None,1\n"
                                 ",good.example,NS,ns.good.example,None,1\n"
                                 ",ns.good.example,A,127.0.0.2,None,1\n"
                                 ",www.csusm.edu,A,144.37.5.45,None,1\n");
    int dead = udp_at("127.0.0.1", 0, &upstream), good = udp_at("127.0.0.2", upstream, NULL);
    int fd = new_client();
    struct process *p =
        local(upstream, EXTRA("--records", file, "--timeout=600000", "--tries=1"), &at);
    for (uint32_t i = 0; i < 50; i++) {
        struct octets query = query_of(i, A, words("n%u.dead.example", i));
        udp_send(fd, &at, &query);
        (void)udp_receive(dead, NULL);
    }
    struct octets query = query_of(99, A, "www.good.example");
    udp_send(fd, &at, &query);
    struct octets asked = udp_receive(good, &from);
    struct octets response = response_to(&asked, A, 60, "1.2.3.4");
    udp_send(good, &from, &response);
    assert_next(fd, &query, A, 60, "1.2.3.4");
    assert_alive(fd, &at, 100, true);
    stop(p, SIGTERM, 0);
}

static const char two_servers[] = FILE_HEADER ",amazone.com,NS,ns1.amazone.com,None,1\n"
                                              ",amazone.com,NS,ns2.amazone.com,None,1\n"
                                              ",ns1.amazone.com,A,127.0.0.1,None,1\n"
                                              ",ns2.amazone.com,A,127.0.0.2,None,1\n"
                                              ",www.csusm.edu,A,144.37.5.45,None,1\n";

static void the_next_name_server_is_asked_when_one_is_silent_and_then_preferred(void **state)
{
    union where at, from;
    uint16_t upstream;
    struct octets asked;
    (void)state;
    const char *file = file_path("two-servers");
    write_file(file, two_servers);
    int ns[2] = {udp_at("127.0.0.1", 0, &upstream), -1};
    ns[1] = udp_at("127.0.0.2", upstream, NULL);
    int fd = new_client();
    struct process *p = local(upstream, EXTRA("--records", file, "--timeout=100"), &at);
    struct octets query = query_of(9, A, "shop.amazone.com");
    udp_send(fd, &at, &query);
    while (!udp_receive_in(ns[0], 5, &asked, NULL) && !udp_receive_in(ns[1], 5, &asked, NULL))
        continue;
    /* one of the two was asked; wait for the other, whichever it is */
    uint32_t first_id = id_of(&asked);
    int64_t until = now_ms() + DEADLINE_MS;
    int other = -1;
    while (other < 0 && now_ms() < until)
        for (int i = 0; i < 2; i++)
            if (udp_receive_in(ns[i], 2, &asked, &from) && id_of(&asked) != first_id)
                other = i;
    assert_true(other >= 0);
    struct octets response = response_to(&asked, A, 60, "1.2.3.4");
    udp_send(ns[other], &from, &response);
    assert_next(fd, &query, A, 60, "1.2.3.4");
    for (uint32_t i = 0; i < 3; i++) { /* it answered, the first did not */
        query = query_of(i, A, words("n%u.amazone.com", i));
        udp_send(fd, &at, &query);
        asked = udp_receive(ns[other], &from);
        response = response_to(&asked, A, 60, "1.2.3.4");
        udp_send(ns[other], &from, &response);
        assert_next(fd, &query, A, 60, "1.2.3.4");
        assert_silent(ns[1 - other]);
    }
    stop(p, SIGTERM, 0);
}

static void the_next_name_server_is_asked_at_once_when_nobody_listens_at_one(void **state)
{
    union where at, from;
    uint16_t upstream;
    int deaf;
    (void)state;
    const char *file = file_path("two-servers");
    write_file(file, two_servers);
    upstream = deaf_port(&deaf);
    int ns2 = udp_at("127.0.0.2", upstream, NULL), fd = new_client();
    struct process *p = local(upstream, EXTRA("--records", file, "--timeout=600000"), &at);
    struct octets query = query_of(9, A, "shop.amazone.com");
    udp_send(fd, &at, &query);
    struct octets asked = udp_receive(ns2, &from);
    struct octets response = response_to(&asked, A, 0, "Server failure"); /* nor does this help */
    udp_send(ns2, &from, &response);
    assert_next(fd, &query, A, 0, "Server failure");
    udp_send(fd, &at, &query);
    asked = udp_receive(ns2, &from);
    response = response_to(&asked, A, 60, "1.2.3.4");
    udp_send(ns2, &from, &response);
    assert_next(fd, &query, A, 60, "1.2.3.4");
    stop(p, SIGTERM, 0);
}

static void each_question_has_an_id_and_a_port_of_its_own(void **state)
{
    enum { N = 40 };
    union where at, from[N];
    uint16_t upstream;
    unsigned same = 0, next = 0;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p = local(upstream, NO_EXTRA, &at);
    for (uint32_t i = 0; i < N; i++) {
        struct octets query = query_of(77, A, words("n%u.amazone.com", i));
        udp_send(fd, &at, &query);
        struct octets asked = udp_receive(fake, &from[i]);
        assert_int_equal(id_of(&asked), i);
        struct octets response = response_to(&asked, A, 60, "1.2.3.4");
        udp_send(fake, &from[i], &response);
        assert_next(fd, &query, A, 60, "1.2.3.4");
        for (uint32_t j = 0; j < i; j++)
            same += port_in(&from[j]) == port_in(&from[i]);
        if (i > 0)
            next += port_in(&from[i]) == port_in(&from[i - 1]) + 1;
        assert_int_not_equal(port_in(&from[i]), port_in(&at));
    }
    assert_true(same < 4); /* by chance */
    assert_true(next < 4);
    assert_int_equal(connect(fake, &from[N - 1].sa, sizeof from[0].in), 0);
    (void)send(fake, "x", 1, 0); /* its socket is closed: this is refused */
    assert_true(send(fake, "x", 1, 0) < 0 && errno == ECONNREFUSED);
    stop(p, SIGTERM, 0);
}

static void wrong_replies_are_counted_by_reason_and_the_wait_goes_on(void **state)
{
    union where at, from;
    uint16_t upstream;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client(), stranger = new_client();
    struct process *p = local(upstream, EXTRA("--timeout=600000"), &at);
    struct octets query = query_of(9, A, "shop.amazone.com");
    udp_send(fd, &at, &query);
    struct octets asked = udp_receive(fake, &from), o;
    struct octets spoofed = response_to(&asked, A, 60, "6.6.6.6");
    udp_send(stranger, &from, &spoofed);
    udp_send(stranger, &from, &spoofed);
    o = spoofed;
    o.at[3]++;
    udp_send(fake, &from, &o);
    udp_send(fake, &from, &asked);
    struct octets other = query_of(id_of(&asked), A, "shop.amazone.org");
    o = response_to(&other, A, 60, "6.6.6.6");
    udp_send(fake, &from, &o);
    other = query_of(id_of(&asked), A, "shop.amazone.coM");
    o = response_to(&other, A, 60, "6.6.6.6");
    udp_send(fake, &from, &o);
    o = response_to(&asked, AAAA, 60, "::6");
    udp_send(fake, &from, &o);
    o = spoofed;
    o.len = 0;
    udp_send(fake, &from, &o);
    o.len = spoofed.len - 1;
    udp_send(fake, &from, &o);
    o.len = 2000;
    udp_send(fake, &from, &o);
    o = response_to(&asked, A, 60, "3.33.147.88");
    udp_send(fake, &from, &o);
    assert_next(fd, &query, A, 60, "3.33.147.88");
    read_counters(p);
    assert_int_equal(counter(p, "upstream_discarded_wrong_id"), 1);
    assert_int_equal(counter(p, "upstream_discarded_not_a_response"), 1);
    assert_int_equal(counter(p, "upstream_discarded_wrong_question"), 2);
    assert_int_equal(counter(p, "upstream_discarded_wrong_answer"), 1);
    assert_int_equal(counter(p, "upstream_discarded_malformed"), 3);
    assert_counters_add_up(p, true);
    stop(p, SIGTERM, 0);
    assert_null(strstr(said(p, OUT), "6.6.6.6"));
    assert_int_equal(times(said(p, OUT), HEADER), 1);
}

static void an_alias_is_followed_to_the_end_of_its_chain(void **state)
{
    union where up, at;
    (void)state;
    const char *file = file_path("chain");
    write_file(file, FILE_HEADER ",a.amazone.com,CNAME,b.amazone.com,None,1\n"
                                 ",b.amazone.com,CNAME,www.csusm.edu,None,1\n"
                                 ",loop.amazone.com,CNAME,pool.amazone.com,None,1\n"
                                 ",pool.amazone.com,CNAME,loop.amazone.com,None,1\n"
                                 ",out.amazone.com,CNAME,nowhere.example,None,1\n");
    struct process *a = amazone(EXTRA("--records", file, "--ttl=50"), &up);
    struct process *l = local(port_in(&up), EXTRA("--ttl=70000"), &at);
    int fd = new_client();
    struct octets query = query_of(1, A, "a.amazone.com");
    assert_answer(fd, &at, &query, A, 50, "144.37.5.45"); /* the smallest TTL on the way */
    query = query_of(2, A, "loop.amazone.com");
    assert_answer(fd, &at, &query, A, 0, "Server failure");
    query = query_of(3, A, "out.amazone.com");
    assert_answer(fd, &at, &query, A, 0, "Record not found");
    stop(l, SIGTERM, 0);
    stop(a, SIGTERM, 0);
    assert_int_equal(times(said(a, OUT), HEADER), 5);
}

/* A name server that answers with aliases for ever costs 8 of them, or 16 datagrams. */
static void endless_aliases_end_in_a_failure(void **state)
{
    union where at, from;
    uint16_t upstream;
    struct octets asked, got;
    unsigned n = 0;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p = local(upstream, EXTRA("--timeout=600000"), &at);
    struct octets query = query_of(1, A, "n.amazone.com");
    udp_send(fd, &at, &query);
    while (!udp_receive_in(fd, 1, &got, NULL)) {
        assert_true(n < 100);
        if (!udp_receive_in(fake, 1, &asked, &from))
            continue;
        n++;
        struct octets response = response_to(&asked, CNAME, 60, words("n%u.amazone.com", n));
        udp_send(fake, &from, &response);
    }
    struct octets want = response_to(&query, A, 0, "Server failure");
    assert_same_octets(got, want);
    assert_int_equal(n, 9); /* 8 are followed, the ninth is one too many */
    stop(p, SIGTERM, 0);
}

static void silence_and_aliases_together_cost_32_datagrams_at_most(void **state)
{
    union where at, from;
    uint16_t upstream;
    struct octets asked, got;
    unsigned n = 0, aliases = 0;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p = local(upstream, EXTRA("--timeout=10", "--tries=6"), &at);
    struct octets query = query_of(1, A, "n.amazone.com");
    udp_send(fd, &at, &query);
    while (!udp_receive_in(fd, 1, &got, NULL)) {
        assert_true(n < 100);
        if (!udp_receive_in(fake, 1, &asked, &from) || ++n % 5 != 0)
            continue;
        struct octets response =
            response_to(&asked, CNAME, 60, words("n%u.amazone.com", ++aliases));
        udp_send(fake, &from, &response);
    }
    struct octets want = response_to(&query, A, 0, "Server failure");
    assert_same_octets(got, want);
    while (udp_receive_in(fake, 0, &asked, NULL))
        n++;
    assert_int_equal(n, 32);
    stop(p, SIGTERM, 0);
}

/* ---- limits ---- */

static void a_full_pending_table_answers_failure_at_once(void **state)
{
    union where at, from;
    uint16_t upstream;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p = local(upstream, EXTRA("--max-pending=1", "--timeout=600000"), &at);
    struct octets first = query_of(1, A, "one.amazone.com");
    struct octets second = query_of(2, A, "two.amazone.com");
    udp_send(fd, &at, &first);
    struct octets asked = udp_receive(fake, &from);
    assert_answer(fd, &at, &second, A, 0, "Server failure");
    assert_alive(fd, &at, 3, true);
    struct octets response = response_to(&asked, A, 60, "1.2.3.4");
    udp_send(fake, &from, &response);
    assert_next(fd, &first, A, 60, "1.2.3.4");
    udp_send(fd, &at, &second); /* there is room again */
    asked = udp_receive(fake, &from);
    response = response_to(&asked, A, 60, "1.2.3.5");
    udp_send(fake, &from, &response);
    assert_next(fd, &second, A, 60, "1.2.3.5");
    assert_silent(fake);
    stop(p, SIGTERM, 0);
}

static void a_full_cache_drops_what_would_expire_first(void **state)
{
    static const uint32_t ttls[] = {3000, 2000, 4000};
    union where at, from;
    uint16_t upstream;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p = local(upstream, EXTRA("--max-records=2"), &at);
    for (uint32_t i = 0; i < 3; i++) {
        struct octets query = query_of(i, A, words("n%u.amazone.com", i));
        udp_send(fd, &at, &query);
        struct octets asked = udp_receive(fake, &from);
        struct octets response = response_to(&asked, A, ttls[i], "1.2.3.4");
        udp_send(fake, &from, &response);
        assert_next(fd, &query, A, ttls[i], "1.2.3.4");
    }
    expect(p, OUT, "6,n2.amazone.com,A,1.2.3.4,4000,0\n");
    const char *last = NULL;
    for (const char *t = said(p, OUT); (t = strstr(t, LOCAL_TABLE)) != NULL; t++)
        last = t;
    assert_non_null(strstr(last, "4,n0.amazone.com,A,1.2.3.4,"));
    assert_null(strstr(last, "n1.amazone.com"));
    stop(p, SIGTERM, 0);
}

static void a_cache_of_no_records_still_answers(void **state)
{
    union where up, at;
    (void)state;
    struct process *a = amazone(NO_EXTRA, &up);
    struct process *l = local(port_in(&up), EXTRA("--max-records=0"), &at);
    int fd = new_client();
    struct octets query = query_of(1, A, "shop.amazone.com");
    assert_answer(fd, &at, &query, A, 60, "3.33.147.88");
    assert_answer(fd, &at, &query, A, 60, "3.33.147.88");
    stop(l, SIGTERM, 0);
    stop(a, SIGTERM, 0);
    assert_string_equal(said(l, OUT), LOCAL_TABLE LOCAL_TABLE);
}

static void a_name_server_that_is_the_server_itself_is_refused_at_start(void **state)
{
    static const char *const listen[] = {"127.0.0.1", "0.0.0.0"};
    uint16_t port;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        (void)close(udp_at("127.0.0.1", 0, &port));
        struct process *p = start("localserver", "--listen", words("%s:%u", listen[i], port),
            "--upstream-port", words("%u", port), NULL);
        assert_int_equal(finish(p), 2);
        assert_string_equal(said(p, OUT), "");
        assert_lines(said(p, ERR), times(said(p, ERR), "\n"));
        assert_non_null(strstr(said(p, ERR), "dns.amazone.com"));
        (void)processes_end_all(NULL);
    }
}

/* All of 127.0.0.0/8 and 0.0.0.0 reach a server that listens everywhere; mapped ones do, too. */
static void no_name_for_itself_makes_it_ask_itself(void **state)
{
    static const struct {
        const char *listen, *type, *address;
    } ways[] = {{"0.0.0.0", "A", "127.0.0.2"}, {"0.0.0.0", "A", "0.0.0.0"},
        {"127.0.0.1", "A", "0.0.0.0"}, {"127.0.0.1", "AAAA", "::ffff:127.0.0.1"},
        {"127.0.0.1", "AAAA", "::ffff:0.0.0.0"}, {"[::]", "AAAA", "::1"}, {"[::]", "AAAA", "::"},
        {"[::1]", "AAAA", "::"}};
    uint16_t port;
    (void)state;
    const char *file = file_path("itself");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        write_file(file, words(FILE_HEADER ",amazone.com,NS,ns.amazone.com,None,1\n"
                                           ",ns.amazone.com,%s,%s,None,1\n",
                             ways[i].type, ways[i].address));
        bool six = ways[i].listen[0] == '[';
        int fd = udp_at(six ? "::1" : "127.0.0.1", 0, NULL);
        (void)close(udp_at(six ? "::1" : "127.0.0.1", 0, &port));
        struct process *p = start("localserver", "--records", file, "--listen",
            words("%s:%u", ways[i].listen, port), "--upstream-port", words("%u", port), NULL);
        while (pump(p, 10) && strstr(said(p, ERR), "listening") == NULL)
            continue;
        if (!p->ended) { /* it did not see it at once: then no datagram may come to itself */
            union where at = where_of(six ? "::1" : "127.0.0.1", port);
            struct octets query = query_of(1, A, "shop.amazone.com");
            assert_answer(fd, &at, &query, A, 0, "Server failure");
            read_counters(p);
            if (counter(p, "received") != 1)
                fail_msg("listening on %s it asks itself at %s", ways[i].listen, ways[i].address);
            stop(p, SIGTERM, 0);
        } else {
            assert_int_equal(await_end(p), 2);
        }
        (void)close(fd);
        (void)processes_end_all(NULL);
    }
}

static void a_name_server_that_turns_out_to_be_itself_is_a_failure(void **state)
{
    union where from;
    uint16_t upstream;
    (void)state;
    const char *file = file_path("later");
    write_file(file, FILE_HEADER ",amazone.com,NS,dns.amazone.com,None,1\n"
                                 ",dns.amazone.com,A,127.0.0.1,None,1\n"
                                 ",trap.example,NS,ns.amazone.com,None,1\n");
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p =
        start("localserver", "--records", file, "--upstream-port", words("%u", upstream),
            "--listen", words("127.0.0.3:%u", upstream), "--timeout=600000", NULL);
    union where at = where_of("127.0.0.3", port_of(p));
    struct octets query = query_of(1, A, "ns.amazone.com");
    udp_send(fd, &at, &query);
    struct octets asked = udp_receive(fake, &from);
    struct octets response = response_to(&asked, A, 1000, "127.0.0.3");
    udp_send(fake, &from, &response);
    assert_next(fd, &query, A, 1000, "127.0.0.3");
    query = query_of(2, A, "www.trap.example");
    assert_answer(fd, &at, &query, A, 0, "Server failure");
    read_counters(p);
    assert_int_equal(counter(p, "received"), 2);
    stop(p, SIGTERM, 0);
}

/* ---- standard output that nobody reads ---- */

/* n queries in windows that the socket buffers hold, all answered. */
static void ask_many(int fd, const union where *at, uint32_t n, const char *name)
{
    enum { WINDOW = 128 };
    struct octets o;
    for (uint32_t sent = 0, got = 0; got < n;) {
        while (sent < n && sent - got < WINDOW) {
            struct octets query = query_of(sent++, A, name);
            udp_send(fd, at, &query);
        }
        o = udp_receive(fd, NULL);
        got++;
        while (udp_receive_in(fd, 0, &o, NULL))
            got++;
    }
}

enum { MANY = 40000 }; /* tables of two records each: more than any buffer on the way holds */

static void a_pipe_that_is_never_read_stops_nobody_and_what_is_dropped_is_counted(void **state)
{
    union where at;
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct how how = {.fd = {PIPE, ends[1], PIPE}};
    struct process *p = serve(&how, "amazoneserver", 0, NO_EXTRA, &at);
    (void)close(ends[1]);
    int fd = new_client();
    ask_many(fd, &at, MANY, "shop.amazone.com");
    assert_alive(fd, &at, 1, false);
    read_counters(p);
    assert_int_equal(counter(p, "answered"), MANY + 1);
    uint64_t dropped = counter(p, "tables_dropped");
    assert_in_range(dropped, 1, MANY);

    char *text = malloc(16u << 20); /* now read: what was not dropped is there, whole */
    assert_non_null(text);
    size_t len = 0, want = (size_t)(MANY + 1 - dropped) * (sizeof AMAZONE_TABLE - 1);
    while (len < want) {
        ssize_t n = read(ends[0], text + len, (16u << 20) - len - 1);
        assert_true(n > 0);
        len += (size_t)n;
    }
    text[len] = '\0';
    assert_int_equal(len, want);
    assert_int_equal(times(text, AMAZONE_TABLE), MANY + 1 - dropped);
    free(text);
    assert_alive(fd, &at, 2, false);
    stop(p, SIGTERM, 0);
    (void)close(ends[0]);
}

/* A server with n records beside shop.amazone.com, whose tables somebody takes as fast as they
 * come.
 */
static struct process *serve_large(uint32_t n, union where *at)
{
    const char *file = file_path("large");
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fprintf(f, FILE_HEADER "0,shop.amazone.com,A,3.33.147.88,None,1\n");
    for (uint32_t i = 1; i <= n; i++)
        fprintf(f, "%u,host%u.amazone.com,A,192.0.2.1,None,1\n", i, i);
    assert_int_equal(fclose(f), 0);
    struct how how = {.fd = {PIPE, NOTHING, PIPE}};
    return serve(&how, "amazoneserver", 0, EXTRA("--records", file), at);
}

static void a_burst_has_a_table_for_each_answer_while_they_are_read(void **state)
{
    enum { N = 200 };
    union where at;
    (void)state;
    struct process *p = serve_large(503, &at);
    int fd = new_client();
    send_signal(p, SIGSTOP);
    for (uint32_t i = 0; i < N; i++) {
        struct octets query = query_of(i, A, "shop.amazone.com");
        udp_send(fd, &at, &query);
    }
    send_signal(p, SIGCONT);
    for (uint32_t i = 0; i < N; i++)
        (void)udp_receive(fd, NULL);
    read_counters(p);
    assert_int_equal(counter(p, "answered"), N);
    assert_int_equal(counter(p, "tables_dropped"), 0);
    stop(p, SIGTERM, 0);
}

/* One table is 1.8 MB: they are made beside the service, and those that are too many are counted.
 */
static void a_large_table_does_not_stop_the_service(void **state)
{
    enum { N = 20000 };
    union where at;
    (void)state;
    struct process *p = serve_large(44000, &at);
    int fd = new_client();
    ask_many(fd, &at, N, "shop.amazone.com");
    assert_alive(fd, &at, 1, false);
    read_counters(p);
    assert_int_equal(counter(p, "answered"), N + 1);
    assert_in_range(counter(p, "tables_dropped"), 0, N);
    stop(p, SIGTERM, 0);
}

static void sigterm_ends_a_server_whose_reader_hangs(void **state)
{
    union where at;
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct how how = {.fd = {PIPE, ends[1], PIPE}};
    struct process *p = serve(&how, "amazoneserver", 0, NO_EXTRA, &at);
    ask_many(new_client(), &at, 2000, "shop.amazone.com");
    stop(p, SIGTERM, 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void outputs_that_take_nothing_stop_nobody_and_every_table_is_counted(void **state)
{
    enum { N = 300 };
    (void)state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC), ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    const int outputs[] = {CLOSED, full, ends[1]};
    for (size_t i = 0; i < 3; i++) {
        union where at;
        struct how how = {.fd = {PIPE, outputs[i], PIPE}};
        struct process *p = serve(&how, "amazoneserver", 0, NO_EXTRA, &at);
        int fd = new_client();
        ask_many(fd, &at, N, "shop.amazone.com");
        int64_t until = now_ms() + DEADLINE_MS; /* they are written on the side */
        do
            read_counters(p);
        while (counter(p, "tables_dropped") < N && now_ms() < until);
        assert_int_equal(counter(p, "tables_dropped"), N);
        assert_int_equal(counter(p, "answered"), N);
        stop(p, SIGTERM, 0);
    }
    (void)close(full);
    (void)close(ends[1]);
}

static void a_stopped_terminal_stops_nobody(void **state)
{
    union where at;
    (void)state;
    struct how how = {.fd = {NOTHING, TERMINAL, PIPE}};
    struct process *p = serve(&how, "amazoneserver", 0, NO_EXTRA, &at);
    int fd = new_client();
    assert_alive(fd, &at, 0, false);
    expect(p, OUT, "15.197.140.28,None,1");
    assert_int_equal(tcflow(p->slave, TCOOFF), 0); /* Ctrl-S */
    ask_many(fd, &at, MANY, "shop.amazone.com");
    read_counters(p);
    assert_true(counter(p, "tables_dropped") > 0);
    assert_int_equal(counter(p, "answered"), MANY + 1);
    assert_int_equal(tcflow(p->slave, TCOON), 0); /* Ctrl-Q */
    expect_times(p, OUT, "15.197.140.28,None,1", 10);
    assert_alive(fd, &at, 1, false);
    stop(p, SIGTERM, 0);
}

static void a_stopped_terminal_does_not_keep_a_server_from_its_end(void **state)
{
    union where at;
    (void)state;
    struct how how = {.fd = {NOTHING, TERMINAL, PIPE}};
    struct process *p = serve(&how, "localserver", 1, NO_EXTRA, &at);
    assert_int_equal(tcflow(p->slave, TCOOFF), 0);
    ask_many(new_client(), &at, 100, "www.csusm.edu");
    stop(p, SIGINT, 0);
}

static void messages_that_nobody_reads_stop_nobody(void **state)
{
    (void)state;
    int ends[2];
    uint16_t port;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const int errors[] = {ends[1], CLOSED};
    for (size_t i = 0; i < 2; i++) {
        (void)close(udp_at("127.0.0.1", 0, &port));
        struct how how = {.fd = {NOTHING, PIPE, errors[i]}};
        struct process *p = start_how(
            &how, "amazoneserver", "--quiet", "--listen", words("127.0.0.1:%u", port), NULL);
        union where at = where_of("127.0.0.1", port);
        struct octets query = query_of(1, A, "shop.amazone.com"), o;
        int fd = new_client();
        int64_t until = now_ms() + DEADLINE_MS;
        do
            udp_send(fd, &at, &query); /* until it is there */
        while (!udp_receive_in(fd, 50, &o, NULL) && now_ms() < until);
        for (int j = 0; j < 1000; j++)
            send_signal(p, j % 2 == 0 ? SIGUSR1 : SIGHUP);
        while (udp_receive_in(fd, 50, &o, NULL))
            continue;
        assert_alive(fd, &at, 2, false);
        stop(p, SIGTERM, 0);
    }
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* ---- bursts, signals, descriptors ---- */

static void a_burst_is_answered_whole(void **state)
{
    enum { N = 600 };
    (void)state;
    for (int is_local = 0; is_local < 2; is_local++) {
        union where at;
        bool seen[N] = {false};
        struct process *p = is_local ? local(1, NO_EXTRA, &at) : amazone(NO_EXTRA, &at);
        int fd = new_client();
        for (uint32_t i = 0; i < N; i++) {
            struct octets query = query_of(i, A, is_local ? "my.csusm.edu" : "cloud.amazone.com");
            udp_send(fd, &at, &query);
        }
        for (uint32_t i = 0; i < N; i++) {
            struct octets got = udp_receive(fd, NULL);
            assert_in_range(id_of(&got), 0, N - 1);
            assert_false(seen[id_of(&got)]);
            seen[id_of(&got)] = true;
        }
        stop(p, SIGTERM, 0);
        assert_int_equal(times(said(p, OUT), HEADER), N);
    }
}

static void a_burst_of_questions_to_pass_on_is_answered_whole(void **state)
{
    enum { N = 400 };
    union where up, at;
    bool seen[N] = {false};
    (void)state;
    struct process *a = amazone(NO_EXTRA, &up);
    struct process *l = local(port_in(&up), NO_EXTRA, &at);
    int fd = new_client();
    for (uint32_t i = 0; i < N; i++) {
        struct octets query = query_of(i, A, words("n%u.amazone.com", i));
        udp_send(fd, &at, &query);
    }
    for (uint32_t i = 0; i < N; i++) {
        struct octets got = udp_receive(fd, NULL);
        assert_in_range(id_of(&got), 0, N - 1);
        assert_false(seen[id_of(&got)]);
        seen[id_of(&got)] = true;
        assert_non_null(memmem(got.at, got.len, "Record not found", 16));
    }
    read_counters(l);
    assert_int_equal(counter(l, "received"), N);
    assert_int_equal(counter(l, "answered_not_found"), N);
    assert_counters_add_up(l, true);
    stop(l, SIGTERM, 0);
    stop(a, SIGTERM, 0);
    assert_int_equal(times(said(l, OUT), HEADER), N);
    assert_int_equal(times(said(a, OUT), HEADER), N);
}

static void several_workers_answer_and_count_and_print_as_one(void **state)
{
    enum { CLIENTS = 8, EACH = 50 };
    union where up, at;
    int fds[CLIENTS];
    (void)state;
    struct process *a = amazone(EXTRA("--workers=4"), &up);
    struct process *l = local(port_in(&up), EXTRA("--workers=4"), &at);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        fds[i] = new_client();
        for (uint32_t j = 0; j < EACH; j++) {
            struct octets query = query_of(j, A, words("n%u-%u.amazone.com", i, j));
            udp_send(fds[i], &at, &query);
        }
    }
    for (uint32_t i = 0; i < CLIENTS * EACH; i++) {
        struct octets got = udp_receive(fds[i / EACH], NULL);
        assert_non_null(memmem(got.at, got.len, "Record not found", 16));
    }
    struct process *both[] = {l, a};
    for (int i = 0; i < 2; i++) {
        read_counters(both[i]);
        assert_int_equal(counter(both[i], "received"), CLIENTS * EACH);
        assert_int_equal(counter(both[i], "answered_not_found"), CLIENTS * EACH);
        assert_counters_add_up(both[i], i == 0);
        stop(both[i], SIGTERM, 0);
        assert_int_equal(times(said(both[i], OUT), HEADER), CLIENTS * EACH);
        assert_lines(said(both[i], OUT), (i == 0 ? 6 : 4) * CLIENTS * EACH);
    }
}

static void workers_share_their_port_with_no_other_server(void **state)
{
    static const char *const workers[][2] = {{"1", "2"}, {"2", "1"}, {"2", "2"}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        union where at;
        struct process *first = amazone(EXTRA("--workers", workers[i][0]), &at);
        struct process *p = start("amazoneserver", "--workers", workers[i][1], "--listen",
            words("127.0.0.1:%u", port_in(&at)), NULL);
        assert_int_equal(finish(p), 2);
        assert_lines(said(p, ERR), 1);
        stop(first, SIGTERM, 0);
    }
}

static void signals_while_it_serves_lose_nothing(void **state)
{
    enum { N = 300 };
    union where at;
    (void)state;
    struct process *p = amazone(EXTRA("--quiet"), &at);
    int fd = new_client();
    for (uint32_t i = 0; i < N; i++) {
        send_signal(p, i % 3 == 0 ? SIGHUP : i % 3 == 1 ? SIGUSR1 : SIGPIPE);
        assert_alive(fd, &at, i, false);
        (void)pump(p, 0);
    }
    read_counters(p);
    assert_int_equal(counter(p, "answered"), N);
    stop(p, SIGTERM, 0);
}

static void stopped_and_continued_it_answers_what_came_meanwhile(void **state)
{
    enum { N = 200 };
    union where at;
    (void)state;
    struct process *p = amazone(EXTRA("--quiet"), &at);
    int fd = new_client();
    send_signal(p, SIGSTOP);
    for (uint32_t i = 0; i < N; i++) {
        struct octets query = query_of(i, A, "shop.amazone.com");
        udp_send(fd, &at, &query);
    }
    send_signal(p, SIGCONT);
    for (uint32_t i = 0; i < N; i++)
        (void)udp_receive(fd, NULL);
    stop(p, SIGTERM, 0);
}

static void exhausted_descriptors_are_failures_at_once_and_pass(void **state)
{
    enum { N = 60 };
    union where at, from[N];
    uint16_t upstream;
    struct octets asked[N], o;
    unsigned n_asked = 0, n_failed = 0;
    (void)state;
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct how how = {.fd = {PIPE, PIPE, PIPE}, .descriptors = 24};
    struct process *p = serve(&how, "localserver", upstream, EXTRA("--timeout=600000"), &at);
    for (uint32_t i = 0; i < N; i++) {
        struct octets query = query_of(i, A, words("n%u.amazone.com", i));
        udp_send(fd, &at, &query);
    }
    while (n_asked + n_failed < N) {
        if (udp_receive_in(fd, 1, &o, NULL)) {
            assert_non_null(memmem(o.at, o.len, "Server failure", 14));
            n_failed++;
        } else if (udp_receive_in(fake, 1, &asked[n_asked], &from[n_asked])) {
            n_asked++;
        }
    }
    assert_in_range(n_asked, 4, 23);
    assert_alive(fd, &at, 999, true);
    read_counters(p);
    assert_int_equal(counter(p, "upstream_no_socket"), n_failed);
    for (unsigned i = 0; i < n_asked; i++) {
        struct octets response = response_to(&asked[i], A, 60, "1.2.3.4");
        udp_send(fake, &from[i], &response);
        (void)udp_receive(fd, NULL);
    }
    struct octets query = query_of(5000, A, "again.amazone.com");
    udp_send(fd, &at, &query);
    asked[0] = udp_receive(fake, &from[0]);
    struct octets response = response_to(&asked[0], A, 60, "1.2.3.4");
    udp_send(fake, &from[0], &response);
    assert_next(fd, &query, A, 60, "1.2.3.4");
    read_counters(p);
    assert_counters_add_up(p, true);
    stop(p, SIGTERM, 0);
}

static void a_client_that_went_away_is_nobody_s_trouble(void **state)
{
    union where at;
    (void)state;
    struct process *p = amazone(NO_EXTRA, &at);
    struct octets query = query_of(1, A, "shop.amazone.com");
    for (int i = 0; i < 50; i++) { /* answers come back as refused */
        int gone = new_client();
        udp_send(gone, &at, &query);
        (void)close(gone);
    }
    assert_alive(new_client(), &at, 2, false);
    stop(p, SIGTERM, 0);
}

/* ---- captures ---- */

static bool has_tcpdump(void)
{
    return access("/usr/bin/tcpdump", X_OK) == 0 || access("/usr/sbin/tcpdump", X_OK) == 0;
}

static void a_capture_can_be_read_while_it_is_written(void **state)
{
    enum { FRAME = 16 + 20 + 8 }; /* of pcap, IPv4 and UDP around a message */
    union where at, from;
    uint16_t upstream;
    (void)state;
    const char *file = file_path("local.pcap");
    int fake = udp_at("127.0.0.1", 0, &upstream), fd = new_client();
    struct process *p = local(upstream, EXTRA("--write", file), &at);
    struct octets query = query_of(1, A, "shop.amazone.com");
    udp_send(fd, &at, &query);
    struct octets asked = udp_receive(fake, &from);
    struct octets response = response_to(&asked, A, 60, "3.33.147.88");
    udp_send(fake, &from, &response);
    struct octets answer = udp_receive(fd, NULL);
    struct octets junk = OCTETS_OF("junk");
    udp_send(fd, &at, &junk);
    size_t len, want = 24 + 5 * FRAME + query.len + asked.len + response.len + answer.len + 4;
    await_file(file, want); /* it still runs */
    char *octets = read_file(file, &len);
    assert_int_equal(len, want);
    assert_non_null(memmem(octets, len, query.at, query.len));
    assert_non_null(memmem(octets, len, asked.at, asked.len));
    assert_non_null(memmem(octets, len, response.at, response.len));
    assert_non_null(memmem(octets, len, answer.at, answer.len));
    free(octets);
    if (!has_tcpdump()) {
        stop(p, SIGTERM, 0);
        print_message("no tcpdump here\n");
        skip();
    }
    struct process *t = start("tcpdump", "-n", "-t", "-vv", "-r", file, NULL);
    assert_int_equal(finish(t), 0);
    assert_int_equal(
        times(said(t, OUT), words("127.0.0.1.%u > 127.0.0.1.%u", port_in(&from), upstream)), 1);
    assert_int_equal(
        times(said(t, OUT), words("127.0.0.1.%u > 127.0.0.1.%u", upstream, port_in(&from))), 1);
    assert_int_equal(times(said(t, OUT), words(" > 127.0.0.1.%u:", port_in(&at))), 2);
    assert_int_equal(times(said(t, OUT), words("127.0.0.1.%u > ", port_in(&at))), 1);
    assert_null(strstr(said(t, OUT), "bad"));
    stop(p, SIGTERM, 0);
}

/* What left is in the file a moment later: nothing is kept back until there is more of it. */
static void an_answer_that_arrived_stands_in_the_capture_soon(void **state)
{
    enum { N = 300, FRAME = 16 + 20 + 8, QUERY = 22, RESPONSE = QUERY + 1 + 1 + 16 + 4 + 1 + 11 };
    union where at;
    struct stat st;
    (void)state;
    const char *file = file_path("prompt.pcap");
    struct process *p = amazone(EXTRA("--quiet", "--write", file), &at);
    int fd = new_client();
    for (long i = 1; i <= N; i++) {
        const long want = 24 + i * (FRAME + QUERY + FRAME + RESPONSE);
        ask_many(fd, &at, 1, "shop.amazone.com");
        int64_t until = now_ms() + DEADLINE_MS;
        do
            assert_int_equal(stat(file, &st), 0);
        while (st.st_size != want && now_ms() < until && pump(p, 1));
        assert_int_equal(st.st_size, want);
    }
    stop(p, SIGTERM, 0);
}

static void a_capture_has_every_datagram_of_a_burst(void **state)
{
    enum { N = 500, FRAME = 16 + 20 + 8 };
    union where at;
    size_t len;
    (void)state;
    const char *file = file_path("burst.pcap");
    struct process *p = amazone(EXTRA("--quiet", "--write", file), &at);
    ask_many(new_client(), &at, N, "shop.amazone.com");
    stop(p, SIGTERM, 0);
    free(read_file(file, &len));
    assert_int_equal(len, 24 + N * (FRAME + 22) + N * (FRAME + 22 + 1 + 1 + 16 + 4 + 1 + 11));
}

static void a_capture_whose_file_is_removed_is_said_once_and_the_service_goes_on(void **state)
{
    union where at;
    (void)state;
    const char *file = file_path("removed.pcap");
    struct process *p = amazone(EXTRA("--write", file), &at);
    int fd = new_client();
    assert_alive(fd, &at, 0, false);
    await_file(file, 25);
    assert_int_equal(remove(file), 0);
    expect(p, ERR, file); /* without any traffic */
    assert_alive(fd, &at, 1, false);
    stop(p, SIGTERM, 0);
    assert_lines(said(p, ERR), 2);
}

static void trouble_with_a_capture_is_said_at_the_end_at_the_latest(void **state)
{
    union where at;
    (void)state;
    struct process *p = amazone(EXTRA("--write=/dev/full"), &at);
    stop(p, SIGTERM, 0);
    assert_lines(said(p, ERR), 2);
    assert_int_equal(times(said(p, ERR), "/dev/full"), 1);
}

static void a_capture_on_a_full_disk_is_said_once_and_the_service_goes_on(void **state)
{
    union where at;
    (void)state;
    struct process *p = amazone(EXTRA("--write=/dev/full"), &at);
    int fd = new_client();
    ask_many(fd, &at, 50, "shop.amazone.com");
    expect(p, ERR, "/dev/full");
    for (uint32_t i = 0; i < 50; i++)
        assert_alive(fd, &at, i, false);
    stop(p, SIGTERM, 0);
    assert_lines(said(p, ERR), 2);
    assert_int_equal(times(said(p, ERR), "/dev/full"), 1);
}

/* Each in one line that says what to do, and nothing is served. */
static void a_capture_that_cannot_be_is_said_before_anything_is_served(void **state)
{
    union where at;
    (void)state;
    const char *file = words("%s", file_path("shared.pcap"));
    const char *fifo = words("%s", file_path("fifo.pcap"));
    struct process *p = amazone(EXTRA("--write", file), &at);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    const struct {
        const char *write, *words;
    } wrong[] = {{file, "another program writes it; "}, {fifo, "nobody reads this FIFO; "},
        {"-", "standard output carries tables; "}};
    for (size_t i = 0; i < 3; i++) {
        struct process *second =
            start("amazoneserver", "--listen=127.0.0.1:0", "--write", wrong[i].write, NULL);
        assert_int_equal(await_end(second), 2);
        assert_lines(said(second, ERR), 1);
        assert_non_null(strstr(said(second, ERR), wrong[i].words));
    }
    stop(p, SIGTERM, 0);
    (void)unlink(fifo);
}

static void an_address_that_is_listened_on_twice_is_nobody_elses_fault(void **state)
{
    (void)state;
    struct process *p =
        start("amazoneserver", "--listen=127.0.0.1:21990", "--listen=127.0.0.1:21990", NULL);
    assert_int_equal(await_end(p), 2);
    assert_string_equal(
        said(p, ERR), "amazoneserver: --listen 127.0.0.1:21990 is there twice; give it once\n");
    p = start("amazoneserver", "--listen=0.0.0.0:21990", "--listen=127.0.0.1:21990", NULL);
    assert_int_equal(await_end(p), 2);
    assert_string_equal(said(p, ERR), "amazoneserver: --listen 0.0.0.0:21990 and 127.0.0.1:21990 "
                                      "overlap; give one of them\n");
}

#define TEST(name) cmocka_unit_test_teardown(name, processes_end_all)

static void pretty_tables_are_in_colour_at_a_terminal_unless_told_otherwise(void **state)
{
    (void)state;
    const struct how at_terminal = {.fd = {NOTHING, TERMINAL, PIPE}};
    for (int i = 0; i < 3; i++) { /* a terminal, the same without colours, a pipe */
        union where at;
        (void)setenv("TERM", "xterm", 1);
        (void)setenv("NO_COLOR", i == 1 ? "1" : "", 1);
        struct process *p =
            serve(i == 2 ? &pipes : &at_terminal, "amazoneserver", 0, EXTRA("--pretty"), &at);
        (void)unsetenv("NO_COLOR");
        int fd = new_client();
        struct octets query = query_of(1, A, "shop.amazone.com");
        assert_answer(fd, &at, &query, A, 60, "3.33.147.88");
        expect(p, OUT, "record_no  name               type  result          ttl  static");
        expect(p, OUT, "---------  -----------------  ----  -------------  ----  ------");
        expect(p, OUT, "0  shop.amazone.com   A     3.33.147.88    None  1");
        expect(p, OUT, "1  cloud.amazone.com  A     15.197.140.28  None  1");
        assert_int_equal(times(said(p, OUT), "\033[2m"), i == 0 ? 2 : 0);
        (void)close(fd);
        stop(p, SIGTERM, 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(each_server_says_where_it_listens_and_nothing_else),
        TEST(an_address_that_is_not_the_usual_one_is_said_too),
        TEST(both_signals_end_both_servers_with_0),
        TEST(a_port_in_use_ends_with_2_in_one_line),
        TEST(the_same_address_twice_is_a_port_in_use),
        TEST(bad_options_end_with_2_in_one_line),
        TEST(help_and_version_go_to_standard_output_and_name_every_option),
        TEST(the_authoritative_server_answers_with_these_octets),
        TEST(names_are_found_in_any_case_and_come_back_as_they_were_asked),
        TEST(ttl_is_what_static_records_carry),
        TEST(an_alias_is_answered_by_its_own_server_with_its_cname),
        TEST(a_name_under_no_known_domain_is_not_found),
        TEST(a_table_is_printed_once_for_each_request),
        TEST(a_forwarded_request_prints_once_when_its_answer_is_passed_on),
        TEST(two_who_share_a_question_are_two_tables),
        TEST(quiet_prints_no_tables),
        TEST(several_addresses_are_served),
        TEST(an_answer_leaves_from_the_address_that_was_asked),
        TEST(answers_in_one_burst_each_leave_from_their_own_address),
        TEST(records_come_from_files),
        TEST(each_fault_of_a_records_file_is_said_with_its_line),
        TEST(all_faults_of_a_file_are_said),
        TEST(check_of_good_records_ends_with_0),
        TEST(sighup_reads_the_records_again_and_dynamic_ones_stay),
        TEST(while_records_are_read_again_queries_are_answered_and_go_first),
        TEST(a_record_number_is_never_used_again),
        TEST(the_counters_add_up),
        TEST(the_counters_of_the_authoritative_server_add_up),
        TEST(nothing_malformed_and_no_response_is_ever_answered),
        TEST(a_flood_of_garbage_between_questions_changes_nothing),
        TEST(client_local_and_amazone_work_together),
        TEST(an_answer_is_cached_with_the_ttl_that_is_left),
        TEST(max_ttl_cuts_longer_ones),
        TEST(a_repeat_of_a_waiting_request_is_not_a_second_one),
        TEST(a_silent_name_server_is_asked_again_with_doubled_waits),
        TEST(nobody_at_the_name_server_is_a_failure_at_once),
        TEST(a_dead_name_server_delays_nobody_else),
        TEST(the_next_name_server_is_asked_when_one_is_silent_and_then_preferred),
        TEST(the_next_name_server_is_asked_at_once_when_nobody_listens_at_one),
        TEST(each_question_has_an_id_and_a_port_of_its_own),
        TEST(wrong_replies_are_counted_by_reason_and_the_wait_goes_on),
        TEST(an_alias_is_followed_to_the_end_of_its_chain),
        TEST(endless_aliases_end_in_a_failure),
        TEST(silence_and_aliases_together_cost_32_datagrams_at_most),
        TEST(a_full_pending_table_answers_failure_at_once),
        TEST(a_full_cache_drops_what_would_expire_first),
        TEST(a_cache_of_no_records_still_answers),
        TEST(a_name_server_that_is_the_server_itself_is_refused_at_start),
        TEST(no_name_for_itself_makes_it_ask_itself),
        TEST(a_name_server_that_turns_out_to_be_itself_is_a_failure),
        TEST(a_burst_has_a_table_for_each_answer_while_they_are_read),
        TEST(a_large_table_does_not_stop_the_service),
        TEST(a_pipe_that_is_never_read_stops_nobody_and_what_is_dropped_is_counted),
        TEST(sigterm_ends_a_server_whose_reader_hangs),
        TEST(outputs_that_take_nothing_stop_nobody_and_every_table_is_counted),
        TEST(a_stopped_terminal_stops_nobody),
        TEST(a_stopped_terminal_does_not_keep_a_server_from_its_end),
        TEST(messages_that_nobody_reads_stop_nobody),
        TEST(a_burst_is_answered_whole),
        TEST(a_burst_of_questions_to_pass_on_is_answered_whole),
        TEST(several_workers_answer_and_count_and_print_as_one),
        TEST(workers_share_their_port_with_no_other_server),
        TEST(signals_while_it_serves_lose_nothing),
        TEST(stopped_and_continued_it_answers_what_came_meanwhile),
        TEST(exhausted_descriptors_are_failures_at_once_and_pass),
        TEST(a_client_that_went_away_is_nobody_s_trouble),
        TEST(pretty_tables_are_in_colour_at_a_terminal_unless_told_otherwise),
        TEST(a_capture_can_be_read_while_it_is_written),
        TEST(an_answer_that_arrived_stands_in_the_capture_soon),
        TEST(a_capture_has_every_datagram_of_a_burst),
        TEST(a_capture_whose_file_is_removed_is_said_once_and_the_service_goes_on),
        TEST(trouble_with_a_capture_is_said_at_the_end_at_the_latest),
        TEST(a_capture_on_a_full_disk_is_said_once_and_the_service_goes_on),
        TEST(a_capture_that_cannot_be_is_said_before_anything_is_served),
        TEST(an_address_that_is_listened_on_twice_is_nobody_elses_fault),
    };
    static const char *const needed[] = {"client", "localserver", "amazoneserver", NULL};
    require_programs(needed);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_files();
    return failed;
}
