/*
 * The client's prompt at a terminal, and what its command line and its outputs promise beside that.
 * What was typed is seen by the query that it becomes: the server is a socket of the test.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/process.h"

#define PROMPT "Enter the hostname (or type 'quit' to exit): "
#define UP "\033[A"
#define DOWN "\033[B"
#define RIGHT "\033[C"
#define LEFT "\033[D"

static const struct how at_terminal = {.fd = {TERMINAL, TERMINAL, TERMINAL}};

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

/* Takes a query, which must be that one, and answers it. */
static void answer(struct fake *fake, int type_code, const char *name, const char *result)
{
    union where from;
    struct octets query = udp_receive(fake->fd, &from);
    struct octets expected = query_of(id_of(&query), type_code, name);
    assert_same_octets(query, expected);
    struct octets response = response_to(&query, type_code, 60, result);
    udp_send(fake->fd, &from, &response);
}

static void assert_nothing_came(struct fake *fake)
{
    struct octets o;
    assert_false(udp_receive_in(fake->fd, 0, &o, NULL));
}

static struct process *prompt(struct fake *fake, const char *terminal)
{
    (void)setenv("TERM", terminal, 1);
    struct process *p = start_how(&at_terminal, "client", fake->option, NULL);
    expect(p, OUT, PROMPT);
    return p;
}

static void quit(struct process *p)
{
    type(p, "quit\r");
    assert_int_equal(await_end(p), 0);
}

/* ---- editing ---- */

static void a_line_can_be_edited(void **state)
{
    static const struct {
        const char *keys, *name;
    } edits[] = {{"ab.example" LEFT LEFT "X\r", "ab.exampXle"},
        {"b.example\x01"
         "a\r",
            "ab.example"},
        {"b.example\033[H"
         "c\r",
            "cb.example"},
        {"b.example\033[1~"
         "d\033[4~"
         "s\r",
            "db.examples"},
        {"e.exampl\x01\x05"
         "e\r",
            "e.example"},
        {"f.exampleXX\x7f\b\r", "f.example"}, {"Xg.example\x01\033[3~\r", "g.example"},
        {"h.exampleXX" LEFT LEFT "\x0b\r", "h.example"}, {"XX\x15i.example\r", "i.example"},
        {"j.example AAAA\x17\r", "j.example"}, {"k.example\x0c\r", "k.example"},
        {"l.example"
         "\033OH" RIGHT "k"
         "\033OF"
         "s\r",
            "lk.examples"},
        {"m.example\033[99;5~\033[Z\r", "m.example"}};
    (void)state;
    struct fake fake = fake_server();
    struct process *p = prompt(&fake, "xterm");
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        type(p, edits[i].keys);
        answer(&fake, A, edits[i].name, "1.2.3.4");
        expect(p, OUT, words("[Client] Record found: %s -> 1.2.3.4", edits[i].name));
    }
    quit(p);
    (void)close(fake.fd);
}

static void up_and_down_bring_back_what_was_typed(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = prompt(&fake, "xterm");
    type(p, "one.example NS\r");
    answer(&fake, NS, "one.example", "ns.example");
    type(p, "two.example\r");
    answer(&fake, A, "two.example", "1.2.3.4");
    expect(p, OUT, "two.example -> 1.2.3.4");
    type(p, UP UP UP "\b\bA\r"); /* the oldest stays */
    answer(&fake, A, "one.example", "1.2.3.5");
    expect(p, OUT, "one.example -> 1.2.3.5");
    type(p, "new.ex" UP DOWN "ample\r");
    answer(&fake, A, "new.example", "1.2.3.6");
    expect(p, OUT, "new.example -> 1.2.3.6");
    quit(p);
    (void)close(fake.fd);
}

static void tab_completes_names_and_types(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = prompt(&fake, "xterm");
    type(p, "shop.Example.org\r");
    answer(&fake, A, "shop.Example.org", "1.2.3.4");
    expect(p, OUT, "-> 1.2.3.4");
    type(p, "SH\tns\r"); /* one name: a blank follows it */
    answer(&fake, NS, "shop.Example.org", "ns.example");
    expect(p, OUT, "-> ns.example");
    type(p, "shack.example\r");
    answer(&fake, A, "shack.example", "1.2.3.5");
    expect(p, OUT, "-> 1.2.3.5");
    type(p, "s\tx\x7f\t"); /* what both share, then the choice */
    expect(p, OUT, "shack.example  shop.Example.org");
    type(p, "o\tc\t\r");
    answer(&fake, CNAME, "shop.Example.org", "real.example");
    expect(p, OUT, "-> real.example");
    type(p, "other.example aa\t\r");
    answer(&fake, AAAA, "other.example", "::1");
    quit(p);
    (void)close(fake.fd);
}

static void a_dumb_terminal_gets_the_plain_prompt(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = prompt(&fake, "dumb");
    type(p, "a.example\n");
    answer(&fake, A, "a.example", "1.2.3.4");
    expect(p, OUT, PROMPT);
    type(p, "quit\n");
    assert_int_equal(await_end(p), 0);
    assert_null(strchr(said(p, OUT), '\033'));
    (void)close(fake.fd);
}

static void the_terminal_is_left_as_it_was(void **state)
{
    static const char *const ends[] = {"quit\r", "\x04", "\x03", "half a na\x03"};
    (void)state;
    struct fake fake = fake_server();
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct termios before, after;
        (void)setenv("TERM", "dumb", 1);
        struct process *p = prompt(&fake, "dumb");
        assert_int_equal(tcgetattr(p->slave, &before), 0);
        stop(p, SIGKILL, 128 + SIGKILL);
        p = prompt(&fake, "xterm");
        type(p, ends[i]);
        assert_int_equal(await_end(p), i < 2 ? 0 : 128 + SIGINT);
        assert_int_equal(tcgetattr(p->slave, &after), 0);
        assert_int_equal(after.c_lflag, before.c_lflag);
        assert_int_equal(after.c_iflag, before.c_iflag);
    }
    (void)close(fake.fd);
}

/* As a shell does with `fg`: it gives the terminal its own ways meanwhile. */
static void stopped_and_continued_the_line_is_there_again(void **state)
{
    struct termios cooked;
    (void)state;
    struct fake fake = fake_server();
    struct process *p = prompt(&fake, "xterm");
    type(p, "abc");
    expect(p, OUT, PROMPT "abc");
    (void)poll(NULL, 0, 200); /* by then it waits for the next key */
    send_signal(p, SIGSTOP);
    assert_int_equal(tcgetattr(p->slave, &cooked), 0);
    cooked.c_lflag |= ICANON | ECHO;
    assert_int_equal(tcsetattr(p->slave, TCSANOW, &cooked), 0);
    send_signal(p, SIGCONT);
    expect(p, OUT, PROMPT "abc");
    type(p, "d.example\r");
    answer(&fake, A, "abcd.example", "1.2.3.4");
    expect(p, OUT, "abcd.example -> 1.2.3.4");
    quit(p);
    (void)close(fake.fd);
}

/* Cut in the middle of a character, a terminal would show rubbish. */
static void characters_of_utf_8_are_stepped_over_whole(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = prompt(&fake, "xterm");
    type(p, "a\xc3\xa4\xe2\x82\xac.example"
            "\x01" RIGHT "\033[3~\033[3~\r");
    answer(&fake, A, "a.example", "1.2.3.4");
    expect(p, OUT, "a.example -> 1.2.3.4");
    quit(p);
    (void)close(fake.fd);
}

/* ---- the command line ---- */

static void a_server_can_stand_in_front_of_the_name(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    const char *server = words("@127.0.0.1:%u", fake.port);
    struct process *p = start("client", "--quiet", server, "a.example", "ns", NULL);
    answer(&fake, NS, "a.example", "ns.example");
    assert_int_equal(finish(p), 0);
    p = start("client", "--quiet", "@localhost", "a.example", NULL);
    assert_int_equal(finish(p), 2);
    assert_string_equal(said(p, ERR), "client: @localhost is a host name; give an address, such as "
                                      "127.0.0.1 or ::1\n");
    p = start("client", "@127.0.0.1:0", "a.example", NULL);
    assert_int_equal(finish(p), 2);
    assert_non_null(strstr(said(p, ERR), "has port 0"));
    p = start("client", server, "a.example", "A", "A", NULL);
    assert_int_equal(finish(p), 2);
    assert_lines(said(p, ERR), 1);
    assert_nothing_came(&fake);
    (void)close(fake.fd);
}

static void any_address_to_ask_is_this_machine(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p =
        start("client", "--short", words("@0.0.0.0:%u", fake.port), "a.example", NULL);
    answer(&fake, A, "a.example", "1.2.3.4");
    assert_int_equal(finish(p), 0);
    assert_string_equal(said(p, OUT), "1.2.3.4\n");
    (void)close(fake.fd);
}

static void a_type_can_be_said_once_for_all(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "--quiet", "--type=aaaa", "a.example", NULL);
    answer(&fake, AAAA, "a.example", "::1");
    assert_int_equal(finish(p), 0);
    p = start("client", fake.option, "--quiet", "--type", "NS", "--batch=-", NULL);
    type(p, "b.example\nc.example a\n");
    answer(&fake, NS, "b.example", "ns.example");
    answer(&fake, A, "c.example", "1.2.3.4");
    assert_int_equal(finish(p), 0);
    p = start("client", fake.option, "--type=MX", "a.example", NULL);
    assert_int_equal(finish(p), 2);
    assert_lines(said(p, ERR), 1);
    (void)close(fake.fd);
}

static void short_says_only_what_went_wrong(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "--short", "a.example", NULL);
    answer(&fake, A, "a.example", "1.2.3.4");
    assert_int_equal(finish(p), 0);
    assert_string_equal(said(p, OUT), "1.2.3.4\n");
    assert_string_equal(said(p, ERR), "");
    (void)close(fake.fd);
}

static void json_has_an_object_for_a_line_that_is_no_lookup(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    struct process *p = start("client", fake.option, "--json", "--batch=-", NULL);
    type(p, "a..b \"x\\\ngood.example\none.example two three\n\xff\n# words\n\n");
    answer(&fake, A, "good.example", "1.2.3.4");
    assert_int_equal(finish(p), 2);
    const char *out = said(p, OUT);
    assert_int_equal(times(out, "\n"), 4);
    assert_int_equal(
        times(out, "\"status\":\"invalid\",\"result\":null,\"ttl\":null,\"source\":null,"
                   "\"time_ms\":0.000,\"tries\":0,\"discarded\":0}\n"),
        3);
    assert_int_equal(times(out, "{\"id\":null,\"name\":\"a..b\",\"type\":\"\\\"x\\\\\","), 1);
    assert_int_equal(times(out, "{\"id\":null,\"name\":\"one.example\",\"type\":\"two\","), 1);
    assert_int_equal(times(out, "{\"id\":null,\"name\":\"\\u00ff\",\"type\":null,"), 1);
    (void)close(fake.fd);
}

static void a_byte_order_mark_is_no_part_of_a_name(void **state)
{
    (void)state;
    struct fake fake = fake_server();
    const char *file = file_path("marked.txt");
    write_file(file, "\xef\xbb\xbf"
                     "a.example\n");
    struct process *p = start("client", fake.option, "--short", "--batch", file, NULL);
    answer(&fake, A, "a.example", "1.2.3.4");
    assert_int_equal(finish(p), 0);
    write_file(file, "\xff\xfe"
                     "a");
    p = start("client", fake.option, "--short", "--batch", file, NULL);
    assert_int_equal(finish(p), 2);
    assert_lines(said(p, ERR), 1);
    assert_non_null(strstr(said(p, ERR), "it is UTF-16, not UTF-8"));
    (void)close(fake.fd);
}

/* Who no longer reads wants no more. */
static void a_batch_ends_when_its_output_is_lost(void **state)
{
    int ends[2];
    (void)state;
    struct fake fake = fake_server();
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    struct how how = {.fd = {PIPE, ends[1], PIPE}};
    struct process *p = start_how(&how, "client", fake.option, "--short", "--batch=-", NULL);
    type(p, "a.example\nb.example\n");
    answer(&fake, A, "a.example", "1.2.3.4");
    assert_int_equal(await_end(p), 2);
    assert_lines(said(p, ERR), 1);
    assert_nothing_came(&fake);
    (void)close(ends[1]);
    (void)close(fake.fd);
}

#define TEST(name) cmocka_unit_test_teardown(name, processes_end_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_can_be_edited),
        TEST(up_and_down_bring_back_what_was_typed),
        TEST(tab_completes_names_and_types),
        TEST(a_dumb_terminal_gets_the_plain_prompt),
        TEST(the_terminal_is_left_as_it_was),
        TEST(stopped_and_continued_the_line_is_there_again),
        TEST(characters_of_utf_8_are_stepped_over_whole),
        TEST(a_server_can_stand_in_front_of_the_name),
        TEST(any_address_to_ask_is_this_machine),
        TEST(a_type_can_be_said_once_for_all),
        TEST(short_says_only_what_went_wrong),
        TEST(json_has_an_object_for_a_line_that_is_no_lookup),
        TEST(a_byte_order_mark_is_no_part_of_a_name),
        TEST(a_batch_ends_when_its_output_is_lost),
    };
    static const char *const needed[] = {"client", NULL};
    require_programs(needed);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_files();
    return failed;
}
