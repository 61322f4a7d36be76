/* `nibgate dns`: queries of the real DNS in, nibdns upstream, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/gate_dns.h"

enum { FETCHES = 3, QUERIES = 4 };

/* Pieces of messages. */
#define HEAD(id)                                                                                   \
    id "\x01\x00"                                                                                  \
       "\0\x01"                                                                                    \
       "\0\0"                                                                                      \
       "\0\0"                                                                                      \
       "\0\0" /* RD, one question */
#define EDNS_HEAD(id)                                                                              \
    id "\x01\x00"                                                                                  \
       "\0\x01"                                                                                    \
       "\0\0"                                                                                      \
       "\0\0"                                                                                      \
       "\0\x01"
#define SHOP "\4shop\7amazone\3com\0"
#define IN_A "\0\x01\0\x01"
#define IN_AAAA "\0\x1c\0\x01"
#define IN_MX "\0\x0f\0\x01"
#define OPT "\0\0\x29\x10\0\0\0\0\0\0\0"
#define OPT_OUT "\0\0\x29\x04\xd0\0\0\0\0" /* 1232, and then the length of its options */

static struct {
    struct nib_gate_dns gate;
    struct nib_gate_table table;
    struct nib_outputs out;
    void *outputs;
    size_t seen; /* outputs that a test has looked at */
    nib_ms now;
    void *memory;
} w;

static int begin(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    w.memory = zeroed(nib_gate_table_bytes(FETCHES, QUERIES));
    nib_gate_table_init(&w.table, w.memory, FETCHES, QUERIES, 42);
    const struct nib_gate_dns_config config = {
        .server = {.ip = {127, 0, 0, 1}, .port = 21000, .family = 4},
        .timeout_ms = 600,
        .tries = 3};
    nib_gate_dns_init(&w.gate, &w.table, &config);
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
    for (int i = NIB_GATE_DNS_FOUND; i <= NIB_GATE_DNS_BADVERS; i++)
        answered += c[i];
    for (int i = NIB_GATE_DNS_DROPPED_HEADER; i <= NIB_GATE_DNS_DROPPED_UNSENT; i++)
        dropped += c[i];
    assert_int_equal(
        c[NIB_GATE_DNS_RECEIVED], c[NIB_GATE_DNS_ANSWERED] + w.table.n_queries + dropped);
    assert_int_equal(answered, c[NIB_GATE_DNS_ANSWERED] + c[NIB_GATE_DNS_DROPPED_UNSENT]);
    free(w.outputs);
    free(w.memory);
    return 0;
}

static struct nib_path client(uint16_t port)
{
    return (struct nib_path){.peer = {.ip = {192, 0, 2, 7}, .port = port, .family = 4}};
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

/* A message of the client at a port, in a block of exactly its size. */
static struct nib_decision ask_from(uint16_t port, bool stream, const uint8_t *octets, size_t len)
{
    struct nib_path path = client(port);
    path.stream = stream;
    drain();
    struct nib_text block = block_of((struct nib_text){(const char *)octets, len});
    struct nib_decision what =
        nib_gate_dns_input(&w.gate, w.now, &path, (const uint8_t *)block.ptr, len, &w.out);
    forget(block);
    return what;
}
#define ASK(port, literal) ask_from((port), false, OCTETS(literal))

static const struct nib_output *next_output(enum nib_output_kind kind)
{
    assert_true(w.seen < w.out.n);
    assert_int_equal(w.out.items[w.seen].kind, kind);
    return &w.out.items[w.seen++];
}

#define EXPECT_ANSWER(to, literal)                                                                 \
    do {                                                                                           \
        const struct nib_output *answer = next_output(NIB_OUTPUT_ANSWER);                          \
        assert_int_equal(answer->path.peer.port, (to));                                            \
        assert_octets(answer->octets, answer->len, literal);                                       \
    } while (0)

/* A query to the local server: what it asks for; its ID, slot. */
static uint32_t fetched_id;
static struct nib_slot fetched_slot;
static void expect_fetch(enum nib_type type, const char *name)
{
    const struct nib_output *sent = next_output(NIB_OUTPUT_QUERY);
    struct nib_message m;
    size_t bad;
    assert_int_equal(nib_message_decode(&m, sent->octets, sent->len, &bad), NIB_OK);
    assert_int_equal(m.flag, NIB_QUERY);
    assert_int_equal(m.qtype, type);
    assert_text(m.qname, name);
    fetched_id = m.id;
    fetched_slot = sent->slot;
}

static void expect_close(void)
{
    assert_int_equal(next_output(NIB_OUTPUT_CLOSE)->slot.serial, fetched_slot.serial);
}

/* The local server's response to the last fetch. */
static struct nib_decision reply(
    enum nib_type type, const char *name, enum nib_type atype, const char *result, uint32_t ttl_s)
{
    uint8_t octets[NIB_MESSAGE_MAX];
    struct nib_message m = {.id = fetched_id,
        .flag = NIB_RESPONSE,
        .qtype = type,
        .qname = text_of(name),
        .atype = atype,
        .aname = text_of(name),
        .ttl_s = ttl_s,
        .result = text_of(result)};
    size_t len = nib_message_encode(octets, sizeof octets, &m);
    drain();
    return nib_gate_dns_reply(&w.gate, w.now, fetched_slot, octets, len, &w.out);
}

static void tick_at(nib_ms at)
{
    w.now = at;
    drain();
    nib_gate_dns_tick(&w.gate, w.now, &w.out);
}

/* ---- what is found ---- */

static void a_record_of_the_local_server_is_the_answer(void **state)
{
    (void)state;
    assert_int_equal(ASK(5000, HEAD("\x12\x34") "\4ShoP\7aMazone\3com\0" IN_A).what, NIB_ASKED);
    expect_fetch(NIB_A, "ShoP.aMazone.com");
    assert_int_equal(
        reply(NIB_A, "ShoP.aMazone.com", NIB_A, "3.33.147.88", 59).what, NIB_TOOK_ANSWER);
    expect_close();
    EXPECT_ANSWER(5000, "\x12\x34"
                        "\x81\x80"
                        "\0\1\0\1\0\0\0\0"
                        "\4ShoP\7aMazone\3com\0" IN_A "\xc0\x0c" IN_A "\0\0\0\x3b"
                        "\0\4"
                        "\x03\x21\x93\x58");
    assert_int_equal(nib_gate_dns_deadline(&w.gate), NIB_NEVER);
}

static void a_cname_for_an_address_is_passed_on_as_a_cname(void **state)
{
    (void)state;
    ASK(5000, HEAD("\0\1") SHOP IN_A);
    expect_fetch(NIB_A, "shop.amazone.com");
    reply(NIB_A, "shop.amazone.com", NIB_CNAME, "cloud.amazone.com", 60);
    expect_close();
    EXPECT_ANSWER(5000, "\0\1"
                        "\x81\x80"
                        "\0\1\0\1\0\0\0\0" SHOP IN_A "\xc0\x0c"
                        "\0\5\0\1"
                        "\0\0\0\x3c"
                        "\0\x08"
                        "\5cloud\xc0\x11");
}

/* ---- misses: NXDOMAIN or not ---- */

static void a_name_that_has_another_type_is_an_empty_answer(void **state)
{
    (void)state;
    ASK(5000, HEAD("\0\1") SHOP IN_AAAA);
    expect_fetch(NIB_AAAA, "shop.amazone.com");
    reply(NIB_AAAA, "shop.amazone.com", NIB_AAAA, "Record not found", 0);
    expect_close();
    expect_fetch(NIB_A, "shop.amazone.com");
    reply(NIB_A, "shop.amazone.com", NIB_A, "3.33.147.88", 60);
    expect_close();
    EXPECT_ANSWER(5000, "\0\1"
                        "\x81\x80"
                        "\0\1\0\0\0\0\0\0" SHOP IN_AAAA);
}

static void a_name_without_any_type_is_nxdomain(void **state)
{
    (void)state;
    static const enum nib_type order[] = {NIB_AAAA, NIB_A, NIB_CNAME, NIB_NS};
    ASK(5000, HEAD("\0\1") SHOP IN_AAAA);
    for (int i = 0; i < 4; i++) {
        expect_fetch(order[i], "shop.amazone.com");
        reply(order[i], "shop.amazone.com", order[i], "Record not found", 0);
        expect_close();
    }
    EXPECT_ANSWER(5000, "\0\1"
                        "\x81\x83"
                        "\0\1\0\0\0\0\0\0" SHOP IN_AAAA);
}

static void a_type_that_nibdns_does_not_know_is_a_miss(void **state)
{
    (void)state;
    ASK(5000, HEAD("\0\1") SHOP IN_MX);
    expect_fetch(NIB_A, "shop.amazone.com");
    reply(NIB_A, "shop.amazone.com", NIB_A, "3.33.147.88", 60);
    expect_close();
    EXPECT_ANSWER(5000, "\0\1"
                        "\x81\x80"
                        "\0\1\0\0\0\0\0\0" SHOP IN_MX);
}

/* Whether there is such a name cannot be said then. */
static void a_failure_on_the_way_is_servfail_and_not_nxdomain(void **state)
{
    (void)state;
    ASK(5000, HEAD("\0\1") SHOP IN_MX);
    expect_fetch(NIB_A, "shop.amazone.com");
    reply(NIB_A, "shop.amazone.com", NIB_A, "Record not found", 0);
    expect_close();
    expect_fetch(NIB_AAAA, "shop.amazone.com");
    reply(NIB_AAAA, "shop.amazone.com", NIB_AAAA, "Server failure", 0);
    expect_close();
    EXPECT_ANSWER(5000, "\0\1"
                        "\x81\x82"
                        "\0\1\0\0\0\0\0\0" SHOP IN_MX);
}

/* ---- failures ---- */

static void a_server_failure_is_servfail_with_an_extended_error(void **state)
{
    (void)state;
    ASK(5000, EDNS_HEAD("\0\1") SHOP IN_A OPT);
    expect_fetch(NIB_A, "shop.amazone.com");
    reply(NIB_A, "shop.amazone.com", NIB_A, "Server failure", 0);
    expect_close();
    EXPECT_ANSWER(5000, "\0\1"
                        "\x81\x82"
                        "\0\1\0\0\0\0\0\1" SHOP IN_A OPT_OUT "\0\x2b"
                        "\0\x0f\0\x27\0\x16"
                        "the local server says: Server failure");
}

static void a_silent_local_server_is_asked_three_times_each_twice_as_long(void **state)
{
    (void)state;
    ASK(5000, EDNS_HEAD("\0\1") SHOP IN_A OPT);
    expect_fetch(NIB_A, "shop.amazone.com");
    uint32_t id = fetched_id;
    assert_int_equal(nib_gate_dns_deadline(&w.gate), 1600);
    tick_at(1599);
    assert_int_equal(w.out.n, 0);
    tick_at(1600);
    expect_fetch(NIB_A, "shop.amazone.com");
    tick_at(2799);
    assert_int_equal(w.out.n, 0);
    tick_at(2800);
    expect_fetch(NIB_A, "shop.amazone.com");
    assert_int_equal(fetched_id, id);
    tick_at(5199);
    assert_int_equal(w.out.n, 0);
    tick_at(5200);
    expect_close();
    EXPECT_ANSWER(5000, "\0\1"
                        "\x81\x82"
                        "\0\1\0\0\0\0\0\1" SHOP IN_A OPT_OUT "\0\x25"
                        "\0\x0f\0\x21\0\x17"
                        "no answer from the local server");
}

static void nobody_at_the_local_servers_port_is_servfail_at_once(void **state)
{
    (void)state;
    ASK(5000, HEAD("\0\1") SHOP IN_A);
    expect_fetch(NIB_A, "shop.amazone.com");
    drain();
    nib_gate_dns_unreachable(&w.gate, fetched_slot, &w.out);
    expect_close();
    EXPECT_ANSWER(5000, "\0\1"
                        "\x81\x82"
                        "\0\1\0\0\0\0\0\0" SHOP IN_A);
    nib_gate_dns_unreachable(&w.gate, fetched_slot, &w.out); /* of a fetch that has ended */
    assert_int_equal(w.gate.counters[NIB_GATE_DNS_UNREACHABLE], 1);
}

/* ---- queries that are no fetch ---- */

static void each_fault_of_a_query_has_its_code(void **state)
{
    (void)state;
    /* opcode 15 without a question, and STATUS with one and EDNS */
    assert_int_equal(ASK(1, "\0\1\x79\0\0\0\0\0\0\0\0\0").rcode, NIB_DNS_NOTIMP);
    EXPECT_ANSWER(1, "\0\1\xf9\x84\0\0\0\0\0\0\0\0");
    ASK(1, "\0\1\x10\0\0\1\0\0\0\0\0\1" SHOP IN_A OPT);
    EXPECT_ANSWER(1, "\0\1\x90\x84\0\1\0\0\0\0\0\1" SHOP IN_A OPT_OUT "\0\0");
    /* no question, two, one that breaks off, one with something behind it */
    assert_int_equal(ASK(1, "\0\1\1\0\0\0\0\0\0\0\0\0").rcode, NIB_DNS_FORMERR);
    EXPECT_ANSWER(1, "\0\1\x81\x81\0\0\0\0\0\0\0\0");
    ASK(1, "\0\1\1\0\0\2\0\0\0\0\0\0" SHOP IN_A SHOP IN_A);
    EXPECT_ANSWER(1, "\0\1\x81\x81\0\0\0\0\0\0\0\0");
    ASK(1, HEAD("\0\1") SHOP "\0\1\0");
    EXPECT_ANSWER(1, "\0\1\x81\x81\0\0\0\0\0\0\0\0");
    ASK(1, EDNS_HEAD("\0\1") SHOP IN_A "\0\0\x29");
    EXPECT_ANSWER(1, "\0\1\x81\x81\0\1\0\0\0\0\0\0" SHOP IN_A);
    /* EDNS version 1 */
    assert_int_equal(
        ASK(1, EDNS_HEAD("\0\1") SHOP IN_A "\0\0\x29\x10\0\0\1\0\0\0\0").rcode, NIB_DNS_BADVERS);
    EXPECT_ANSWER(1, "\0\1\x81\x80\0\1\0\0\0\0\0\1" SHOP IN_A "\0\0\x29\x04\xd0\1\0\0\0\0\0");
    /* class CH */
    assert_int_equal(ASK(1, HEAD("\0\1") SHOP "\0\1\0\3").rcode, NIB_DNS_REFUSED);
    EXPECT_ANSWER(1, "\0\1\x81\x85\0\1\0\0\0\0\0\0" SHOP "\0\1\0\3");
    /* names that nibdns cannot carry: the root, a space, a star */
    assert_int_equal(ASK(1, HEAD("\0\1") "\0"
                                         "\0\2\0\1")
                         .rcode,
        NIB_DNS_NXDOMAIN);
    EXPECT_ANSWER(1, "\0\1\x81\x83\0\1\0\0\0\0\0\0"
                     "\0"
                     "\0\2\0\1");
    ASK(1, HEAD("\0\1") "\3a b\0" IN_A);
    EXPECT_ANSWER(1, "\0\1\x81\x83\0\1\0\0\0\0\0\0"
                     "\3a b\0" IN_A);
}

static void what_has_no_header_and_what_is_a_response_is_never_answered(void **state)
{
    (void)state;
    assert_int_equal(ASK(1, "").what, NIB_DNS_DROPPED_MALFORMED);
    assert_int_equal(ASK(1, "\0\1\1\0\0\1\0\0\0\0\0").what, NIB_DNS_DROPPED_MALFORMED);
    assert_int_equal(ASK(1, "\0\1\x81\0\0\1\0\0\0\0\0\0" SHOP IN_A).what, NIB_DNS_DROPPED_RESPONSE);
    assert_int_equal(ASK(1, "\0\1\xf9\0\0\1\0\0\0\0\0\0").what, NIB_DNS_DROPPED_RESPONSE);
    assert_int_equal(w.out.n, 0);
}

/* ---- many at once ---- */

static void all_that_ask_the_same_share_one_fetch_and_keep_their_letters(void **state)
{
    (void)state;
    assert_int_equal(ASK(1, HEAD("\0\1") SHOP IN_A).what, NIB_ASKED);
    expect_fetch(NIB_A, "shop.amazone.com");
    assert_int_equal(ASK(2, HEAD("\0\2") "\4SHOP\7amazone\3COM\0" IN_A).what, NIB_JOINED);
    assert_int_equal(ASK(2, HEAD("\0\3") SHOP IN_MX).what, NIB_JOINED); /* begins with A */
    reply(NIB_A, "shop.amazone.com", NIB_A, "3.33.147.88", 60);
    expect_close();
    EXPECT_ANSWER(1,
        "\0\1\x81\x80\0\1\0\1\0\0\0\0" SHOP IN_A "\xc0\x0c" IN_A "\0\0\0\x3c\0\4\x03\x21\x93\x58");
    EXPECT_ANSWER(2,
        "\0\2\x81\x80\0\1\0\1\0\0\0\0"
        "\4SHOP\7amazone\3COM\0" IN_A "\xc0\x0c" IN_A "\0\0\0\x3c\0\4\x03\x21\x93\x58");
    EXPECT_ANSWER(2, "\0\3\x81\x80\0\1\0\0\0\0\0\0" SHOP IN_MX);
}

static void a_repeat_of_a_query_that_waits_is_not_a_second_one(void **state)
{
    (void)state;
    ASK(1, HEAD("\0\1") SHOP IN_A);
    expect_fetch(NIB_A, "shop.amazone.com");
    assert_int_equal(ASK(1, HEAD("\0\1") SHOP IN_A).what, NIB_DROPPED_REPEAT);
    assert_int_equal(ASK(1, HEAD("\0\2") SHOP IN_A).what, NIB_JOINED); /* another ID, */
    assert_int_equal(ASK(2, HEAD("\0\1") SHOP IN_A).what, NIB_JOINED); /* port, */
    assert_int_equal(ask_from(1, true, OCTETS(HEAD("\0\1") SHOP IN_A)).what, NIB_JOINED);
    reply(NIB_A, "shop.amazone.com", NIB_A, "Server failure", 0);
    expect_close();
    for (int i = 0; i < 4; i++)
        assert_int_equal(next_output(NIB_OUTPUT_ANSWER)->path.stream, i == 3);
}

static void a_full_table_is_servfail_at_once(void **state)
{
    (void)state;
    ASK(1, HEAD("\0\1") "\1a\0" IN_A);
    expect_fetch(NIB_A, "a");
    ASK(1, HEAD("\0\1") "\1b\0" IN_A);
    expect_fetch(NIB_A, "b");
    ASK(1, HEAD("\0\1") "\1c\0" IN_A);
    expect_fetch(NIB_A, "c");
    assert_int_equal(
        ASK(1, EDNS_HEAD("\0\1") "\1d\0" IN_A OPT).rcode, NIB_DNS_SERVFAIL); /* fetches */
    EXPECT_ANSWER(1, "\0\1\x81\x82\0\1\0\0\0\0\0\1"
                     "\1d\0" IN_A OPT_OUT "\0\x20"
                     "\0\x0f\0\x1c\0\0"
                     "too many queries under way");
    assert_int_equal(ASK(2, HEAD("\0\1") "\1a\0" IN_A).what, NIB_JOINED);
    assert_int_equal(ASK(3, HEAD("\0\1") "\1a\0" IN_A).rcode, NIB_DNS_SERVFAIL); /* queries */
    EXPECT_ANSWER(3, "\0\1\x81\x82\0\1\0\0\0\0\0\0"
                     "\1a\0" IN_A);
    assert_int_equal(w.gate.counters[NIB_GATE_DNS_FULL], 2);
    tick_at(1600);
    for (int i = 0; i < 3; i++)
        next_output(NIB_OUTPUT_QUERY);
    tick_at(2800);
    for (int i = 0; i < 3; i++)
        next_output(NIB_OUTPUT_QUERY);
    tick_at(5200);
    w.seen = w.out.n; /* three closed, four answered */
    assert_int_equal(w.out.n, 7);
    assert_int_equal(w.table.n_fetches + w.table.n_queries, 0);
}

/* ---- upstream ---- */

static void every_wrong_reply_is_counted_by_reason_and_the_wait_goes_on(void **state)
{
    (void)state;
    ASK(1, HEAD("\0\1") SHOP IN_A);
    expect_fetch(NIB_A, "shop.amazone.com");
    struct nib_slot other = {fetched_slot.index, fetched_slot.serial + 1};
    drain();
    assert_int_equal(nib_gate_dns_reply(&w.gate, w.now, fetched_slot, OCTETS("junk"), &w.out).what,
        NIB_DROPPED_MALFORMED);
    assert_int_equal(
        nib_gate_dns_reply(&w.gate, w.now, other, OCTETS("junk"), &w.out).what, NIB_DROPPED_LATE);
    fetched_id ^= 1;
    assert_int_equal(
        reply(NIB_A, "shop.amazone.com", NIB_A, "6.6.6.6", 60).mismatch, NIB_MISMATCH_ID);
    fetched_id ^= 1;
    assert_int_equal(
        reply(NIB_A, "Shop.amazone.com", NIB_A, "6.6.6.6", 60).mismatch, NIB_MISMATCH_QUESTION);
    assert_int_equal(
        reply(NIB_AAAA, "shop.amazone.com", NIB_AAAA, "::6", 60).mismatch, NIB_MISMATCH_QUESTION);
    assert_int_equal(
        reply(NIB_A, "shop.amazone.com", NIB_NS, "six", 60).mismatch, NIB_MISMATCH_ANSWER);
    assert_int_equal(w.out.n, 0);
    assert_int_equal(
        reply(NIB_A, "shop.amazone.com", NIB_A, "3.33.147.88", 60).what, NIB_TOOK_ANSWER);
    expect_close();
    next_output(NIB_OUTPUT_ANSWER);
    assert_int_equal(
        reply(NIB_A, "shop.amazone.com", NIB_A, "3.33.147.88", 60).what, NIB_DROPPED_LATE);
}

/* The socket of its place is another one by then. */
static void an_answer_to_an_earlier_fetch_is_late(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) { /* places are used anew, the last one given back first */
        ASK(1, HEAD("\0\1") "\1a\0" IN_A);
        expect_fetch(NIB_A, "a");
        const struct nib_slot first = fetched_slot;
        ASK(1, HEAD("\0\1") "\1b\0" IN_A);
        expect_fetch(NIB_A, "b");
        reply(NIB_A, "b", NIB_A, "3.33.147.88", 60);
        expect_close();
        next_output(NIB_OUTPUT_ANSWER);
        const struct nib_slot ended = fetched_slot;
        ASK(1, HEAD("\0\1") "\1c\0" IN_A);
        expect_fetch(NIB_A, "c");
        assert_int_equal(fetched_slot.index, ended.index);
        assert_int_not_equal(fetched_slot.serial, ended.serial);
        assert_int_not_equal(fetched_slot.index, first.index);
        const struct nib_slot third = fetched_slot;
        fetched_slot = ended;
        assert_int_equal(reply(NIB_A, "c", NIB_A, "6.6.6.6", 60).what, NIB_DROPPED_LATE);
        fetched_slot = third;
        reply(NIB_A, "c", NIB_A, "3.33.147.88", 60);
        expect_close();
        next_output(NIB_OUTPUT_ANSWER);
        drain();
        (void)nib_gate_dns_unreachable(&w.gate, first, &w.out);
        next_output(NIB_OUTPUT_CLOSE);
        next_output(NIB_OUTPUT_ANSWER);
    }
}

static void what_goes_upstream_is_counted(void **state)
{
    (void)state;
    const uint64_t *c = w.gate.counters;
    ASK(1, HEAD("\0\1") SHOP IN_A);
    see_all();
    ASK(2, HEAD("\0\1") SHOP IN_A);
    see_all();
    ASK(3, HEAD("\0\1") "\1b\0" IN_A);
    see_all();
    tick_at(1600);
    see_all();
    assert_int_equal(c[NIB_GATE_DNS_FETCHES], 2);
    assert_int_equal(c[NIB_GATE_DNS_SHARED], 1);
    assert_int_equal(c[NIB_GATE_DNS_DATAGRAMS], 4);
    assert_int_equal(c[NIB_GATE_DNS_TIMEOUTS], 2);
    assert_int_equal(c[NIB_GATE_DNS_RETRIES], 2);
}

static void ids_upstream_are_not_to_be_foretold(void **state)
{
    (void)state;
    struct nib_gate_fetch fetch = {.id = 0}, other = {.id = 0};
    uint32_t before = 0, ones = 0;
    for (int i = 0; i < 64; i++) {
        nib_gate_renew(&w.table, &fetch);
        assert_true(fetch.id != before && fetch.id != before + 1);
        before = fetch.id;
        ones += fetch.id & 1;
    }
    assert_in_range(ones, 16, 48);
    w.table.seed = 43;
    w.table.drawn--;
    nib_gate_renew(&w.table, &other);
    assert_int_equal(other.serial, fetch.serial);
    assert_true(other.id != fetch.id);
}

static void an_answer_that_has_no_room_says_so_and_a_stream_has_room(void **state)
{
    (void)state;
    char name[254], target[254];
    uint8_t query[NIB_DNS_QUERY_MAX];
    fill_name(name, 253, 'n');
    fill_name(target, 253, 't');
    for (int stream = 0; stream < 2; stream++) {
        size_t len = nib_dns_encode_query(query, 7, text_of(name), NIB_CNAME, false);
        ask_from(1, stream, query, len);
        expect_fetch(NIB_CNAME, name);
        reply(NIB_CNAME, name, NIB_CNAME, target, 60);
        expect_close();
        const struct nib_output *answer = next_output(NIB_OUTPUT_ANSWER);
        assert_int_equal(answer->octets[2] & 2, stream ? 0 : 2);
        assert_int_equal(answer->len, stream ? 12 + 255 + 4 + 12 + 255 : 12 + 255 + 4);
        assert_int_equal(w.gate.counters[NIB_GATE_DNS_TRUNCATED], 1);
    }
}

static void an_answer_that_could_not_be_sent_counts_as_dropped(void **state)
{
    (void)state;
    ASK(1, "\0\1\1\0\0\0\0\0\0\0\0\0");
    next_output(NIB_OUTPUT_ANSWER);
    nib_gate_dns_answer_unsent(&w.gate);
    assert_int_equal(w.gate.counters[NIB_GATE_DNS_DROPPED_UNSENT], 1);
}

/* It is never so where the list is as long as nib_gate_outputs_max() says. */
static void a_full_list_loses_datagrams_and_counts_answers_as_dropped(void **state)
{
    (void)state;
    uint32_t cap = w.out.cap;
    w.out.cap = 0;
    ASK(1, HEAD("\0\1") SHOP IN_A); /* as a datagram that is lost: it is asked again */
    assert_int_equal(w.out.n, 0);
    w.out.cap = cap;
    tick_at(1600);
    expect_fetch(NIB_A, "shop.amazone.com");
    w.out.cap = 0;
    assert_int_equal(ASK(1, "\0\1\1\0\0\0\0\0\0\0\0\0").rcode, NIB_DNS_FORMERR);
    assert_int_equal(w.gate.counters[NIB_GATE_DNS_DROPPED_UNSENT], 1);
    w.out.cap = cap;
}

static void a_place_that_no_fetch_ever_had_is_none(void **state)
{
    (void)state;
    const struct nib_slot never = {FETCHES - 1, 1};
    assert_null(nib_gate_fetch_in(&w.table, never));
    assert_null(nib_gate_fetch_in(&w.table, (struct nib_slot){UINT32_MAX, 0}));
    assert_int_equal(
        nib_gate_dns_reply(&w.gate, w.now, never, OCTETS("junk"), &w.out).what, NIB_DROPPED_LATE);
}

static void counters_have_names(void **state)
{
    (void)state;
    uint8_t text[4096];
    struct nib_writer writer = nib_writer_init(text, sizeof text);
    ASK(1, HEAD("\0\1") SHOP IN_A);
    expect_fetch(NIB_A, "shop.amazone.com");
    nib_gate_dns_counters(&w.gate, &writer);
    text[writer.off] = '\0';
    assert_non_null(strstr((char *)text, "received: 1\n"));
    assert_non_null(strstr((char *)text, "waiting: 1\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_of_the_local_server_is_the_answer, begin, end),
        cmocka_unit_test_setup_teardown(a_cname_for_an_address_is_passed_on_as_a_cname, begin, end),
        cmocka_unit_test_setup_teardown(
            a_name_that_has_another_type_is_an_empty_answer, begin, end),
        cmocka_unit_test_setup_teardown(a_name_without_any_type_is_nxdomain, begin, end),
        cmocka_unit_test_setup_teardown(a_type_that_nibdns_does_not_know_is_a_miss, begin, end),
        cmocka_unit_test_setup_teardown(
            a_failure_on_the_way_is_servfail_and_not_nxdomain, begin, end),
        cmocka_unit_test_setup_teardown(
            a_server_failure_is_servfail_with_an_extended_error, begin, end),
        cmocka_unit_test_setup_teardown(
            a_silent_local_server_is_asked_three_times_each_twice_as_long, begin, end),
        cmocka_unit_test_setup_teardown(
            nobody_at_the_local_servers_port_is_servfail_at_once, begin, end),
        cmocka_unit_test_setup_teardown(each_fault_of_a_query_has_its_code, begin, end),
        cmocka_unit_test_setup_teardown(
            what_has_no_header_and_what_is_a_response_is_never_answered, begin, end),
        cmocka_unit_test_setup_teardown(
            all_that_ask_the_same_share_one_fetch_and_keep_their_letters, begin, end),
        cmocka_unit_test_setup_teardown(
            a_repeat_of_a_query_that_waits_is_not_a_second_one, begin, end),
        cmocka_unit_test_setup_teardown(a_full_table_is_servfail_at_once, begin, end),
        cmocka_unit_test_setup_teardown(
            every_wrong_reply_is_counted_by_reason_and_the_wait_goes_on, begin, end),
        cmocka_unit_test_setup_teardown(an_answer_to_an_earlier_fetch_is_late, begin, end),
        cmocka_unit_test_setup_teardown(what_goes_upstream_is_counted, begin, end),
        cmocka_unit_test_setup_teardown(ids_upstream_are_not_to_be_foretold, begin, end),
        cmocka_unit_test_setup_teardown(
            an_answer_that_has_no_room_says_so_and_a_stream_has_room, begin, end),
        cmocka_unit_test_setup_teardown(
            an_answer_that_could_not_be_sent_counts_as_dropped, begin, end),
        cmocka_unit_test_setup_teardown(
            a_full_list_loses_datagrams_and_counts_answers_as_dropped, begin, end),
        cmocka_unit_test_setup_teardown(a_place_that_no_fetch_ever_had_is_none, begin, end),
        cmocka_unit_test_setup_teardown(counters_have_names, begin, end),
    };
    return cmocka_run_group_tests_name("gate_dns", tests, NULL, NULL);
}
