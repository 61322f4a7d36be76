/* `nibgate nibdns`: queries in nibdns, a resolver of the real DNS upstream, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/gate_nibdns.h"

enum { FETCHES = 2, QUERIES = 4 };

/* Pieces of messages. */
#define WWW "\3www\7example\3org\0"
#define IN_A "\0\x01\0\x01"
#define OPT "\0\0\x29\x04\xd0\0\0\0\0\0\0"
#define ONE_ANSWER "\0\1\0\1\0\0\0\0"
#define NO_ANSWER "\0\1\0\0\0\0\0\0"

static struct {
    struct nib_gate_nibdns gate;
    struct nib_gate_table table;
    struct nib_outputs out;
    void *outputs;
    size_t seen; /* outputs that a test has looked at */
    nib_ms now;
    void *memory;
    struct nib_slot slot; /* of the last fetch seen, and its ID */
    uint8_t id[2];
} w;

static int begin(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    w.memory = zeroed(nib_gate_table_bytes(FETCHES, QUERIES));
    nib_gate_table_init(&w.table, w.memory, FETCHES, QUERIES, 42);
    const struct nib_gate_nibdns_config config = {
        .server = {.ip = {192, 0, 2, 53}, .port = 53, .family = 4}, .timeout_ms = 800, .tries = 3};
    nib_gate_nibdns_init(&w.gate, &w.table, &config);
    uint32_t max = nib_gate_outputs_max(FETCHES, QUERIES, 1);
    w.outputs = zeroed(nib_outputs_bytes(max));
    nib_outputs_init(&w.out, w.outputs, max);
    w.now = 1000;
    return 0;
}

/* At each end everything was looked at, and the counters add up. */
static int end(void **state)
{
    (void)state;
    const uint64_t *c = w.gate.counters;
    assert_int_equal(w.seen, w.out.n);
    uint64_t answered = 0, dropped = 0;
    for (int i = NIB_GATE_NIBDNS_FOUND; i <= NIB_GATE_NIBDNS_FAILURE; i++)
        answered += c[i];
    for (int i = NIB_GATE_NIBDNS_DROPPED_MALFORMED; i <= NIB_GATE_NIBDNS_DROPPED_UNSENT; i++)
        dropped += c[i];
    assert_int_equal(
        c[NIB_GATE_NIBDNS_RECEIVED], c[NIB_GATE_NIBDNS_ANSWERED] + w.table.n_queries + dropped);
    assert_int_equal(answered, c[NIB_GATE_NIBDNS_ANSWERED] + c[NIB_GATE_NIBDNS_DROPPED_UNSENT]);
    free(w.outputs);
    free(w.memory);
    return 0;
}

static void see_all(void)
{
    w.seen = w.out.n;
}

static void drain(void)
{
    assert_int_equal(w.seen, w.out.n);
    nib_outputs_clear(&w.out);
    w.seen = 0;
}

static const struct nib_output *next_output(enum nib_output_kind kind)
{
    assert_true(w.seen < w.out.n);
    assert_int_equal(w.out.items[w.seen].kind, kind);
    return &w.out.items[w.seen++];
}

/* A datagram of the client at a port. */
static struct nib_decision input(uint16_t port, const uint8_t *octets, size_t len)
{
    struct nib_path path = {.peer = {.ip = {192, 0, 2, 7}, .port = port, .family = 4}};
    drain();
    struct nib_text block = block_of((struct nib_text){(const char *)octets, len});
    struct nib_decision what =
        nib_gate_nibdns_input(&w.gate, w.now, &path, (const uint8_t *)block.ptr, len, &w.out);
    forget(block);
    return what;
}

static struct nib_decision ask(uint16_t port, uint32_t id, enum nib_type type, const char *name)
{
    uint8_t octets[NIB_QUERY_MAX];
    struct nib_message m = {.id = id, .qtype = type, .qname = text_of(name)};
    return input(port, octets, nib_message_encode(octets, sizeof octets, &m));
}

/* The next output is a query to the resolver with these octets behind its ID. */
#define EXPECT_FETCH(over_tcp, literal)                                                            \
    do {                                                                                           \
        const struct nib_output *sent = next_output(NIB_OUTPUT_QUERY);                             \
        assert_int_equal(sent->path.stream, (over_tcp));                                           \
        assert_octets(sent->octets + 2, sent->len - 2u, literal);                                  \
        memcpy(w.id, sent->octets, 2);                                                             \
        w.slot = sent->slot;                                                                       \
    } while (0)
#define EXPECT_WWW() EXPECT_FETCH(false, "\1\0\0\1\0\0\0\0\0\1" WWW IN_A OPT)

static void expect_close(void)
{
    assert_int_equal(next_output(NIB_OUTPUT_CLOSE)->slot.serial, w.slot.serial);
}

/* What the client gets. */
static void expect_answer(
    uint16_t port, uint32_t id, enum nib_type atype, const char *result, uint32_t ttl_s)
{
    const struct nib_output *answer = next_output(NIB_OUTPUT_ANSWER);
    struct nib_message m;
    size_t bad;
    assert_int_equal(answer->path.peer.port, port);
    assert_int_equal(nib_message_decode(&m, answer->octets, answer->len, &bad), NIB_OK);
    assert_int_equal(m.flag, NIB_RESPONSE);
    assert_int_equal(m.id, id);
    assert_int_equal(m.atype, atype);
    assert_int_equal(m.ttl_s, ttl_s);
    assert_text(m.result, result);
    assert_same_text(m.aname, m.qname);
}

/* A message of the resolver: the fetch's ID, and these octets behind it. */
static struct nib_decision reply(const uint8_t *octets, size_t len)
{
    uint8_t message[1024];
    memcpy(message, w.id, 2);
    memcpy(message + 2, octets, len);
    drain();
    struct nib_text block = block_of((struct nib_text){(const char *)message, len + 2});
    struct nib_decision what =
        nib_gate_nibdns_reply(&w.gate, w.now, w.slot, (const uint8_t *)block.ptr, len + 2, &w.out);
    forget(block);
    return what;
}
#define REPLY(literal) reply(OCTETS(literal))

static void tick_at(nib_ms at)
{
    w.now = at;
    drain();
    nib_gate_nibdns_tick(&w.gate, w.now, &w.out);
}

/* ---- answers ---- */

static void the_record_asked_for_is_the_answer(void **state)
{
    (void)state;
    assert_int_equal(ask(5000, 7, NIB_A, "www.example.org").what, NIB_ASKED);
    EXPECT_WWW();
    assert_int_equal(
        REPLY("\x81\x80" ONE_ANSWER WWW IN_A "\xc0\x0c" IN_A "\0\0\x0e\x10\0\4\xc0\0\2\1").what,
        NIB_TOOK_ANSWER);
    expect_close();
    expect_answer(5000, 7, NIB_A, "192.0.2.1", 3600);
    assert_int_equal(nib_gate_nibdns_deadline(&w.gate), NIB_NEVER);
}

static void the_letters_of_the_question_come_back_whatever_the_resolver_makes_of_them(void **state)
{
    (void)state;
    ask(5000, 7, NIB_A, "WwW.example.ORG");
    EXPECT_FETCH(false, "\1\0\0\1\0\0\0\0\0\1"
                        "\3WwW\7example\3ORG\0" IN_A OPT);
    REPLY("\x81\x80" ONE_ANSWER WWW IN_A "\xc0\x0c" IN_A "\0\0\x0e\x10\0\4\xc0\0\2\1");
    expect_close();
    const struct nib_output *answer = next_output(NIB_OUTPUT_ANSWER);
    assert_octets(answer->octets, answer->len,
        "\0\0\0\7\x18\x0fWwW.example.ORG\x08\x0fWwW.example.ORG"
        "\0\0\x0e\x10\x09"
        "192.0.2.1");
}

static void a_cname_is_the_answer_where_the_type_has_no_record_of_that_name(void **state)
{
    (void)state;
    ask(5000, 7, NIB_A, "www.example.org");
    EXPECT_WWW();
    REPLY("\x81\x80\0\1\0\2\0\0\0\0" WWW IN_A
          "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\6\3cdn\xc0\x10" /* 33..50 */
          "\xc0\x2d" IN_A "\0\0\0\x1e\0\4\xc0\0\2\1");  /* of cdn.example.org: not what was asked */
    expect_close();
    expect_answer(5000, 7, NIB_CNAME, "cdn.example.org", 60);
    ask(5000, 8, NIB_CNAME, "www.example.org");
    EXPECT_FETCH(false, "\1\0\0\1\0\0\0\0\0\1" WWW "\0\5\0\1" OPT);
    REPLY("\x81\x80" ONE_ANSWER WWW "\0\5\0\1"
          "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\6\3cdn\xc0\x10");
    expect_close();
    expect_answer(5000, 8, NIB_CNAME, "cdn.example.org", 60);
}

/* 10.0.0.9, 9.0.0.10, 10.0.0.10: as text the order would be another. */
static void of_several_addresses_the_first_in_order_is_the_answer_with_the_smallest_ttl(
    void **state)
{
    (void)state;
    ask(5000, 7, NIB_A, "www.example.org");
    EXPECT_WWW();
    REPLY("\x81\x80\0\1\0\3\0\0\0\0" WWW IN_A "\xc0\x0c" IN_A "\0\0\0\x3c\0\4\x0a\0\0\x09"
          "\xc0\x0c" IN_A "\0\0\0\x3b\0\4\x09\0\0\x0a"
          "\xc0\x0c" IN_A "\0\0\0\x3a\0\4\x0a\0\0\x0a");
    expect_close();
    expect_answer(5000, 7, NIB_A, "9.0.0.10", 58);
    ask(5000, 8, NIB_NS, "www.example.org");
    EXPECT_FETCH(false, "\1\0\0\1\0\0\0\0\0\1" WWW "\0\2\0\1" OPT);
    REPLY("\x81\x80\0\1\0\3\0\0\0\0" WWW "\0\2\0\1"
          "\xc0\x0c\0\2\0\1\0\0\0\x3c\0\6\3ns2\xc0\x10"
          "\xc0\x0c\0\2\0\1\0\0\0\x3c\0\6\3ns1\xc0\x10"
          "\xc0\x0c\0\2\0\1\0\0\0\x3c\0\7\4a b!\xc0\x10");
    expect_close();
    expect_answer(5000, 8, NIB_NS, "ns1.example.org", 60);
}

/* As text ::10 would come before ::9; a name comes behind one that it begins with. */
static void the_order_is_that_of_addresses_and_of_names(void **state)
{
    (void)state;
    ask(5000, 7, NIB_AAAA, "www.example.org");
    EXPECT_FETCH(false, "\1\0\0\1\0\0\0\0\0\1" WWW "\0\x1c\0\1" OPT);
#define AAAA(last) "\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" last
    REPLY("\x81\x80\0\1\0\2\0\0\0\0" WWW "\0\x1c\0\1" AAAA("\x10") AAAA("\x09"));
    expect_close();
    expect_answer(5000, 7, NIB_AAAA, "2001:db8::9", 60);
    ask(5000, 8, NIB_NS, "www.example.org");
    EXPECT_FETCH(false, "\1\0\0\1\0\0\0\0\0\1" WWW "\0\2\0\1" OPT);
#define NS "\xc0\x0c\0\2\0\1\0\0\0\x3c"
    REPLY("\x81\x80\0\1\0\4\0\0\0\0" WWW "\0\2\0\1" NS "\0\3\1b\0" NS "\0\4\2ab\0" NS "\0\3\1a\0" NS
          "\0\4\2ac\0");
    expect_close();
    expect_answer(5000, 8, NIB_NS, "a", 60);
}

static void records_of_other_names_classes_and_data_that_is_none_do_not_count(void **state)
{
    (void)state;
    ask(5000, 7, NIB_A, "www.example.org");
    EXPECT_WWW();
    REPLY("\x81\x80\0\1\0\3\0\0\0\0" WWW IN_A "\xc0\x10" IN_A "\0\0\0\x3c\0\4\6\6\6\6"
          "\xc0\x0c\0\1\0\3\0\0\0\x3c\0\4\6\6\6\6"
          "\xc0\x0c" IN_A "\0\0\0\x3c\0\3\6\6\6");
    expect_close();
    expect_answer(5000, 7, NIB_A, "Record not found", 0);
}

static void each_code_of_the_resolver_has_its_answer(void **state)
{
    (void)state;
    static const struct {
        char rcode;
        const char *result;
    } cases[] = {{0, "Record not found"}, {2, "Server failure"}, {3, "Record not found"},
        {5, "Server failure"}, {6, "Server failure"}};
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char octets[] = "\x81\x80" NO_ANSWER WWW IN_A;
        octets[1] = (char)(0x80 | cases[i].rcode);
        ask(5000, i, NIB_A, "www.example.org");
        EXPECT_WWW();
        reply(OCTETS(octets));
        expect_close();
        expect_answer(5000, i, NIB_A, cases[i].result, 0);
    }
}

static void nxdomain_of_an_aliass_target_is_the_alias(void **state)
{
    (void)state;
    ask(5000, 7, NIB_A, "www.example.org");
    EXPECT_WWW();
    REPLY("\x81\x83" ONE_ANSWER WWW IN_A "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\6\3cdn\xc0\x10");
    expect_close();
    expect_answer(5000, 7, NIB_CNAME, "cdn.example.org", 60);
}

static void a_ttl_above_the_limit_counts_as_0(void **state)
{
    (void)state;
    ask(5000, 7, NIB_A, "www.example.org");
    EXPECT_WWW();
    REPLY("\x81\x80" ONE_ANSWER WWW IN_A "\xc0\x0c" IN_A "\x80\0\0\0\0\4\xc0\0\2\1");
    expect_close();
    expect_answer(5000, 7, NIB_A, "192.0.2.1", 0);
}

/* ---- truncation, EDNS ---- */

static void a_truncated_answer_is_asked_for_again_over_tcp(void **state)
{
    (void)state;
    ask(5000, 7, NIB_A, "www.example.org");
    EXPECT_WWW();
    uint8_t id[2] = {w.id[0], w.id[1]};
    /* counts that lie, as where an answer was cut anywhere */
    assert_int_equal(REPLY("\x83\x80\0\1\0\7\0\0\0\0" WWW IN_A).what, NIB_DNS_ASKED_STREAM);
    expect_close();
    EXPECT_FETCH(true, "\1\0\0\1\0\0\0\0\0\1" WWW IN_A OPT);
    assert_true(memcmp(id, w.id, 2) != 0);
    assert_int_equal(nib_gate_nibdns_deadline(&w.gate), 1000 + 4 * 800);
    assert_int_equal(
        REPLY("\x81\x80" ONE_ANSWER WWW IN_A "\xc0\x0c" IN_A "\0\0\x0e\x10\0\4\xc0\0\2\1").what,
        NIB_TOOK_ANSWER);
    expect_close();
    expect_answer(5000, 7, NIB_A, "192.0.2.1", 3600);
}

static void a_silent_stream_is_given_up_and_so_is_one_that_ends(void **state)
{
    (void)state;
    for (int silent = 0; silent < 2; silent++) {
        ask(5000, 7, NIB_A, "www.example.org");
        EXPECT_WWW();
        REPLY("\x83\x80" NO_ANSWER WWW IN_A);
        expect_close();
        EXPECT_FETCH(true, "\1\0\0\1\0\0\0\0\0\1" WWW IN_A OPT);
        if (silent) {
            tick_at(w.now + 4 * 800 - 1);
            assert_int_equal(w.out.n, 0);
            tick_at(w.now + 1);
        } else {
            drain();
            nib_gate_nibdns_unreachable(&w.gate, w.slot, &w.out);
        }
        expect_close();
        expect_answer(5000, 7, NIB_A, "Server failure", 0);
    }
}

/* RFC 6891, section 6.2.2: with the question and without, FORMERR and NOTIMP. */
static void a_resolver_without_edns_is_asked_again_without(void **state)
{
    (void)state;
    ask(5000, 7, NIB_A, "www.example.org");
    EXPECT_WWW();
    assert_int_equal(REPLY("\x81\x81\0\0\0\0\0\0\0\0").what, NIB_DNS_ASKED_PLAIN);
    expect_close();
    EXPECT_FETCH(false, "\1\0\0\1\0\0\0\0\0\0" WWW IN_A);
    assert_int_equal(REPLY("\x81\x81" NO_ANSWER WWW IN_A).what, NIB_TOOK_ANSWER); /* meant so */
    expect_close();
    expect_answer(5000, 7, NIB_A, "Server failure", 0);
    ask(5000, 8, NIB_A, "www.example.org");
    EXPECT_WWW();
    assert_int_equal(REPLY("\x81\x84" NO_ANSWER WWW IN_A).what, NIB_DNS_ASKED_PLAIN);
    expect_close();
    EXPECT_FETCH(false, "\1\0\0\1\0\0\0\0\0\0" WWW IN_A);
    REPLY("\x81\x80" ONE_ANSWER WWW IN_A "\xc0\x0c" IN_A "\0\0\x0e\x10\0\4\xc0\0\2\1");
    expect_close();
    expect_answer(5000, 8, NIB_A, "192.0.2.1", 3600);
    ask(5000, 9, NIB_A, "www.example.org"); /* with EDNS in the answer it is no such resolver */
    EXPECT_WWW();
    assert_int_equal(REPLY("\x81\x81\0\1\0\0\0\0\0\1" WWW IN_A OPT).what, NIB_TOOK_ANSWER);
    expect_close();
    expect_answer(5000, 9, NIB_A, "Server failure", 0);
}

/* ---- silence and lies ---- */

static void a_silent_resolver_is_asked_three_times_each_twice_as_long(void **state)
{
    (void)state;
    ask(5000, 7, NIB_A, "www.example.org");
    EXPECT_WWW();
    assert_int_equal(nib_gate_nibdns_deadline(&w.gate), 1800);
    tick_at(1799);
    assert_int_equal(w.out.n, 0);
    tick_at(1800);
    EXPECT_WWW();
    tick_at(3399);
    assert_int_equal(w.out.n, 0);
    tick_at(3400);
    EXPECT_WWW();
    tick_at(6599);
    assert_int_equal(w.out.n, 0);
    tick_at(6600);
    expect_close();
    expect_answer(5000, 7, NIB_A, "Server failure", 0);
}

static void nobody_at_the_resolvers_port_is_a_server_failure_at_once(void **state)
{
    (void)state;
    ask(5000, 7, NIB_A, "www.example.org");
    EXPECT_WWW();
    drain();
    nib_gate_nibdns_unreachable(&w.gate, w.slot, &w.out);
    expect_close();
    expect_answer(5000, 7, NIB_A, "Server failure", 0);
    nib_gate_nibdns_unreachable(&w.gate, w.slot, &w.out);
    assert_int_equal(w.gate.counters[NIB_GATE_NIBDNS_UNREACHABLE], 1);
}

static void every_wrong_reply_is_counted_by_reason_and_the_wait_goes_on(void **state)
{
    (void)state;
#define LIE "\xc0\x0c" IN_A "\0\0\0\x3c\0\4\6\6\6\6"
    ask(5000, 7, NIB_A, "www.example.org");
    EXPECT_WWW();
    assert_int_equal(REPLY("").what, NIB_DNS_DROPPED_MALFORMED);
    assert_int_equal(REPLY("\1\0" NO_ANSWER WWW IN_A).mismatch, NIB_MISMATCH_FLAG);
    assert_int_equal(
        REPLY("\xa1\x80" ONE_ANSWER WWW IN_A LIE).mismatch, NIB_MISMATCH_FLAG); /* opcode 4 */
    w.id[0] ^= 1;
    assert_int_equal(REPLY("\x81\x80" ONE_ANSWER WWW IN_A LIE).mismatch, NIB_MISMATCH_ID);
    assert_int_equal(REPLY("\x81\x81\0\0\0\0\0\0\0\0").mismatch, NIB_MISMATCH_ID);
    w.id[0] ^= 1;
    assert_int_equal(REPLY("\x81\x80" ONE_ANSWER "\3wwx\7example\3org\0" IN_A LIE).mismatch,
        NIB_MISMATCH_QUESTION);
    assert_int_equal(
        REPLY("\x81\x80" ONE_ANSWER WWW "\0\x1c\0\1" LIE).mismatch, NIB_MISMATCH_QUESTION);
    assert_int_equal(
        REPLY("\x81\x80" ONE_ANSWER WWW "\0\1\0\3" LIE).mismatch, NIB_MISMATCH_QUESTION);
    assert_int_equal(REPLY("\x81\x80\0\0\0\1\0\0\0\0" LIE).mismatch, NIB_MISMATCH_QUESTION);
    assert_int_equal(
        REPLY("\x81\x80\0\1\0\2\0\0\0\0" WWW IN_A LIE).what, NIB_DNS_DROPPED_MALFORMED);
    assert_int_equal(w.out.n, 0);
    w.slot.serial ^= 1;
    assert_int_equal(REPLY("\x81\x80" ONE_ANSWER WWW IN_A LIE).what, NIB_DROPPED_LATE);
    w.slot.serial ^= 1;
    assert_int_equal(
        REPLY("\x81\x80" ONE_ANSWER WWW IN_A "\xc0\x0c" IN_A "\0\0\0\x3c\0\4\xc0\0\2\1").what,
        NIB_TOOK_ANSWER);
    expect_close();
    expect_answer(5000, 7, NIB_A, "192.0.2.1", 60);
}

/* ---- many at once ---- */

static void all_that_ask_the_same_share_one_fetch(void **state)
{
    (void)state;
    ask(1, 1, NIB_A, "www.example.org");
    EXPECT_WWW();
    assert_int_equal(ask(1, 1, NIB_A, "www.example.org").what, NIB_DROPPED_REPEAT);
    assert_int_equal(ask(2, 1, NIB_A, "WWW.example.org").what, NIB_JOINED);
    assert_int_equal(ask(1, 2, NIB_A, "www.example.org").what, NIB_JOINED);
    REPLY("\x81\x80" ONE_ANSWER WWW IN_A "\xc0\x0c" IN_A "\0\0\0\x3c\0\4\xc0\0\2\1");
    expect_close();
    expect_answer(1, 1, NIB_A, "192.0.2.1", 60);
    expect_answer(2, 1, NIB_A, "192.0.2.1", 60);
    expect_answer(1, 2, NIB_A, "192.0.2.1", 60);
}

static void a_full_table_is_a_server_failure_at_once(void **state)
{
    (void)state;
    ask(1, 1, NIB_A, "a");
    EXPECT_FETCH(false, "\1\0\0\1\0\0\0\0\0\1"
                        "\1a\0" IN_A OPT);
    ask(1, 1, NIB_A, "b");
    EXPECT_FETCH(false, "\1\0\0\1\0\0\0\0\0\1"
                        "\1b\0" IN_A OPT);
    assert_int_equal(ask(1, 1, NIB_A, "c").what, NIB_FAILED_FULL);
    expect_answer(1, 1, NIB_A, "Server failure", 0);
    assert_int_equal(ask(2, 1, NIB_A, "a").what, NIB_JOINED);
    assert_int_equal(ask(3, 1, NIB_A, "a").what, NIB_JOINED);
    assert_int_equal(ask(4, 1, NIB_A, "a").what, NIB_FAILED_FULL);
    expect_answer(4, 1, NIB_A, "Server failure", 0);
    assert_int_equal(w.gate.counters[NIB_GATE_NIBDNS_FULL], 2);
    w.gate.config.tries = 1;
    tick_at(1800);
    assert_int_equal(w.out.n, 2 + 4);
    w.seen = w.out.n;
    assert_int_equal(w.table.n_fetches + w.table.n_queries, 0);
}

static void a_response_and_a_malformed_query_are_never_answered(void **state)
{
    (void)state;
    assert_int_equal(input(1, OCTETS("\0\0\0\7\x03\3www")).what, NIB_DROPPED_MALFORMED);
    assert_int_equal(input(1, OCTETS("\0\0\0\7\x18\3www\x08\3www\0\0\0\x3c\7"
                                     "6.6.6.6"))
                         .what,
        NIB_DROPPED_RESPONSE);
    assert_int_equal(w.out.n, 0);
    assert_int_equal(w.gate.malformed[NIB_ERR_QTYPE], 1);
}

static void what_goes_upstream_is_counted(void **state)
{
    (void)state;
    const uint64_t *c = w.gate.counters;
    ask(1, 1, NIB_A, "a");
    see_all();
    ask(2, 1, NIB_A, "a");
    see_all();
    tick_at(1800);
    see_all();
    ask(3, 1, NIB_A, "www.example.org");
    EXPECT_WWW();
    REPLY("\x83\x80" NO_ANSWER WWW IN_A);
    expect_close();
    EXPECT_FETCH(true, "\1\0\0\1\0\0\0\0\0\1" WWW IN_A OPT);
    REPLY("\x81\x80" NO_ANSWER WWW IN_A);
    expect_close();
    expect_answer(3, 1, NIB_A, "Record not found", 0);
    assert_int_equal(c[NIB_GATE_NIBDNS_FETCHES], 2);
    assert_int_equal(c[NIB_GATE_NIBDNS_SHARED], 1);
    assert_int_equal(c[NIB_GATE_NIBDNS_MESSAGES], 4);
    assert_int_equal(c[NIB_GATE_NIBDNS_TIMEOUTS], 1);
    assert_int_equal(c[NIB_GATE_NIBDNS_RETRIES], 1);
    assert_int_equal(c[NIB_GATE_NIBDNS_TRUNCATED], 1);
    assert_int_equal(c[NIB_GATE_NIBDNS_ANSWERS], 1);
}

static void an_answer_that_could_not_be_sent_counts_as_dropped(void **state)
{
    (void)state;
    ask(1, 1, NIB_A, "www.example.org");
    EXPECT_WWW();
    REPLY("\x81\x82" NO_ANSWER WWW IN_A);
    expect_close();
    expect_answer(1, 1, NIB_A, "Server failure", 0);
    nib_gate_nibdns_answer_unsent(&w.gate);
    assert_int_equal(w.gate.counters[NIB_GATE_NIBDNS_DROPPED_UNSENT], 1);
}

static void a_full_list_loses_datagrams_and_counts_answers_as_dropped(void **state)
{
    (void)state;
    uint32_t cap = w.out.cap;
    w.out.cap = 0;
    ask(1, 1, NIB_A, "www.example.org");
    assert_int_equal(w.out.n, 0);
    w.out.cap = cap;
    tick_at(1800);
    EXPECT_WWW();
    w.out.cap = 0;
    REPLY("\x81\x82" NO_ANSWER WWW IN_A);
    assert_int_equal(w.gate.counters[NIB_GATE_NIBDNS_DROPPED_UNSENT], 1);
    assert_int_equal(w.out.n, 0);
    w.out.cap = cap;
}

static void counters_have_names(void **state)
{
    (void)state;
    uint8_t text[4096];
    struct nib_writer writer = nib_writer_init(text, sizeof text);
    ask(1, 1, NIB_A, "www.example.org");
    EXPECT_WWW();
    nib_gate_nibdns_counters(&w.gate, &writer);
    text[writer.off] = '\0';
    assert_non_null(strstr((char *)text, "received: 1\n"));
    assert_non_null(strstr((char *)text, "waiting: 1\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_record_asked_for_is_the_answer, begin, end),
        cmocka_unit_test_setup_teardown(
            the_letters_of_the_question_come_back_whatever_the_resolver_makes_of_them, begin, end),
        cmocka_unit_test_setup_teardown(
            a_cname_is_the_answer_where_the_type_has_no_record_of_that_name, begin, end),
        cmocka_unit_test_setup_teardown(
            of_several_addresses_the_first_in_order_is_the_answer_with_the_smallest_ttl, begin,
            end),
        cmocka_unit_test_setup_teardown(the_order_is_that_of_addresses_and_of_names, begin, end),
        cmocka_unit_test_setup_teardown(
            records_of_other_names_classes_and_data_that_is_none_do_not_count, begin, end),
        cmocka_unit_test_setup_teardown(each_code_of_the_resolver_has_its_answer, begin, end),
        cmocka_unit_test_setup_teardown(nxdomain_of_an_aliass_target_is_the_alias, begin, end),
        cmocka_unit_test_setup_teardown(a_ttl_above_the_limit_counts_as_0, begin, end),
        cmocka_unit_test_setup_teardown(a_truncated_answer_is_asked_for_again_over_tcp, begin, end),
        cmocka_unit_test_setup_teardown(
            a_silent_stream_is_given_up_and_so_is_one_that_ends, begin, end),
        cmocka_unit_test_setup_teardown(a_resolver_without_edns_is_asked_again_without, begin, end),
        cmocka_unit_test_setup_teardown(
            a_silent_resolver_is_asked_three_times_each_twice_as_long, begin, end),
        cmocka_unit_test_setup_teardown(
            nobody_at_the_resolvers_port_is_a_server_failure_at_once, begin, end),
        cmocka_unit_test_setup_teardown(
            every_wrong_reply_is_counted_by_reason_and_the_wait_goes_on, begin, end),
        cmocka_unit_test_setup_teardown(all_that_ask_the_same_share_one_fetch, begin, end),
        cmocka_unit_test_setup_teardown(a_full_table_is_a_server_failure_at_once, begin, end),
        cmocka_unit_test_setup_teardown(
            a_response_and_a_malformed_query_are_never_answered, begin, end),
        cmocka_unit_test_setup_teardown(what_goes_upstream_is_counted, begin, end),
        cmocka_unit_test_setup_teardown(
            an_answer_that_could_not_be_sent_counts_as_dropped, begin, end),
        cmocka_unit_test_setup_teardown(
            a_full_list_loses_datagrams_and_counts_answers_as_dropped, begin, end),
        cmocka_unit_test_setup_teardown(counters_have_names, begin, end),
    };
    return cmocka_run_group_tests_name("gate_nibdns", tests, NULL, NULL);
}
