#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/authoritative.h"
#include "nibdns/message.h"

enum { SEED = 1, OUTPUTS = 3 };

struct fixture {
    struct nib_zone zone;
    void *memory;
    struct nib_table table;
    struct nib_authoritative server;
    struct nib_outputs outputs;
    void *outputs_memory;
};

static const struct nib_path path = {.peer = {.ip = {127, 0, 0, 1}, .port = 40001, .family = 4},
    .self = {.ip = {127, 0, 0, 1}, .port = 22000, .family = 4},
    .listener = 3};

/* amazoneserver's records, an alias, and an address of the other kind. */
static void prepare(struct fixture *f)
{
    const struct nib_rr rrs[] = {
        rr_of("shop.amazone.com", NIB_A, "3.33.147.88"),
        rr_of("cloud.amazone.com", NIB_A, "15.197.140.28"),
        rr_of("store.amazone.com", NIB_CNAME, "shop.amazone.com"),
        rr_of("shop.amazone.com", NIB_AAAA, "2001:db8::1"),
        rr_of("amazone.com", NIB_NS, "dns1.amazone.com"),
        rr_of("amazone.com", NIB_NS, "dns2.amazone.com"),
    };
    enum { N = sizeof rrs / sizeof rrs[0] };
    *f = (struct fixture){.memory = zeroed(nib_zone_bytes(N, 400)),
        .outputs_memory = zeroed(nib_outputs_bytes(OUTPUTS))};
    nib_outputs_init(&f->outputs, f->outputs_memory, OUTPUTS);
    nib_zone_init(&f->zone, f->memory, N, 400, SEED);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(nib_zone_add(&f->zone, &rrs[i]), NIB_ZONE_ADDED);
    nib_table_set_zone(&f->table, &f->zone);
    f->server = (struct nib_authoritative){.table = &f->table, .ttl_s = 60};
}

static void reset(struct fixture *f)
{
    free(f->memory);
    free(f->outputs_memory);
}

/* Hands in a datagram, in a block of exactly its size. The answer goes back the way it came. */
static const struct nib_output *input(struct fixture *f, const uint8_t *octets, size_t len)
{
    static const struct nib_output none;
    struct nib_text block = block_of((struct nib_text){(const char *)octets, len});
    nib_outputs_clear(&f->outputs);
    struct nib_decision decision = nib_authoritative_input(
        &f->server, &path, (const uint8_t *)block.ptr, block.len, &f->outputs);
    forget(block);
    if (f->outputs.n == 0)
        return &none;
    const struct nib_output *o = &f->outputs.items[0];
    assert_int_equal(f->outputs.n, 1);
    assert_int_equal(o->kind, NIB_OUTPUT_ANSWER);
    assert_memory_equal(&o->path, &path, sizeof path);
    assert_int_equal(o->decision.what, decision.what);
    return o;
}

#define ASSERT_ANSWER(f, query, answer)                                                            \
    do {                                                                                           \
        const struct nib_output *answered = input((f), OCTETS(query));                             \
        assert_octets(answered->octets, answered->len, answer);                                    \
    } while (0)

static uint64_t counter(const struct fixture *f, enum nib_authoritative_counter which)
{
    return f->server.counters[which];
}

/* received = answered + every dropped_... */
static void assert_counters_add_up(const struct fixture *f)
{
    assert_int_equal(counter(f, NIB_AUTH_RECEIVED),
        counter(f, NIB_AUTH_ANSWERED) + counter(f, NIB_AUTH_DROPPED_MALFORMED) +
            counter(f, NIB_AUTH_DROPPED_RESPONSE) + counter(f, NIB_AUTH_DROPPED_UNSENT));
    uint64_t malformed = 0;
    for (int err = 0; err < NIB_ERR_COUNT; err++)
        malformed += f->server.malformed[err];
    assert_int_equal(malformed, counter(f, NIB_AUTH_DROPPED_MALFORMED));
}

#define QUERY_SHOP                                                                                 \
    "\x00\x00\x00\x07" /* ID 7 */                                                                  \
    "\x08"             /* query, A */                                                              \
    "\x10"             /* 16 octets of question name */                                            \
    "shop.amazone.com"

#define RESPONSE_SHOP                                                                              \
    "\x00\x00\x00\x07" /* ID 7 */                                                                  \
    "\x18"             /* response, A */                                                           \
    "\x10"             /* 16 octets of question name */                                            \
    "shop.amazone.com"                                                                             \
    "\x08" /* answer type A */                                                                     \
    "\x10" /* 16 octets of answer name */                                                          \
    "shop.amazone.com"                                                                             \
    "\x00\x00\x00\x3c" /* TTL 60 */                                                                \
    "\x0b"             /* 11 octets of result */                                                   \
    "3.33.147.88"

/* NIB-8.1 */
static void a_record_of_the_name_and_type_answers(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    ASSERT_ANSWER(&f, QUERY_SHOP, RESPONSE_SHOP);
    assert_int_equal(counter(&f, NIB_AUTH_FOUND), 1);
    assert_int_equal(counter(&f, NIB_AUTH_ANSWERED), 1);
    assert_counters_add_up(&f);
    reset(&f);
}

static void the_type_that_was_asked_for_answers(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    ASSERT_ANSWER(&f,
        "\xff\xff\xff\xff" /* the largest ID */
        "\x04"             /* query, AAAA */
        "\x10"             /* 16 octets of question name */
        "shop.amazone.com",
        "\xff\xff\xff\xff"
        "\x14" /* response, AAAA */
        "\x10"
        "shop.amazone.com"
        "\x04" /* answer type AAAA */
        "\x10"
        "shop.amazone.com"
        "\x00\x00\x00\x3c" /* TTL 60 */
        "\x0b"             /* 11 octets of result */
        "2001:db8::1");
    reset(&f);
}

static void the_alias_of_a_name_answers_where_the_type_is_not_there(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    ASSERT_ANSWER(&f,
        "\x00\x00\x00\x01"
        "\x08" /* query, A */
        "\x11" /* 17 octets of question name */
        "store.amazone.com",
        "\x00\x00\x00\x01"
        "\x18" /* response, A */
        "\x11"
        "store.amazone.com"
        "\x02" /* answer type CNAME */
        "\x11"
        "store.amazone.com"
        "\x00\x00\x00\x3c" /* TTL 60 */
        "\x10"             /* 16 octets of result */
        "shop.amazone.com");
    assert_int_equal(counter(&f, NIB_AUTH_CNAME), 1);
    assert_int_equal(counter(&f, NIB_AUTH_FOUND), 0);
    reset(&f);
}

static void an_alias_that_was_asked_for_is_found(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    ASSERT_ANSWER(&f,
        "\x00\x00\x00\x01"
        "\x02" /* query, CNAME */
        "\x11"
        "store.amazone.com",
        "\x00\x00\x00\x01"
        "\x12" /* response, CNAME */
        "\x11"
        "store.amazone.com"
        "\x02" /* answer type CNAME */
        "\x11"
        "store.amazone.com"
        "\x00\x00\x00\x3c"
        "\x10"
        "shop.amazone.com");
    assert_int_equal(counter(&f, NIB_AUTH_FOUND), 1);
    assert_int_equal(counter(&f, NIB_AUTH_CNAME), 0);
    reset(&f);
}

static void of_several_name_servers_the_first_answers(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    ASSERT_ANSWER(&f,
        "\x00\x00\x00\x01"
        "\x01" /* query, NS */
        "\x0b" /* 11 octets of question name */
        "amazone.com",
        "\x00\x00\x00\x01"
        "\x11" /* response, NS */
        "\x0b"
        "amazone.com"
        "\x01" /* answer type NS */
        "\x0b"
        "amazone.com"
        "\x00\x00\x00\x3c"
        "\x10" /* 16 octets of result */
        "dns1.amazone.com");
    reset(&f);
}

static void what_is_not_there_is_a_miss_of_the_questions_type_with_ttl_0(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    ASSERT_ANSWER(&f,
        "\x00\x00\x00\x02"
        "\x08" /* query, A */
        "\x10"
        "none.amazone.com",
        "\x00\x00\x00\x02"
        "\x18" /* response, A */
        "\x10"
        "none.amazone.com"
        "\x08" /* answer type A */
        "\x10"
        "none.amazone.com"
        "\x00\x00\x00\x00" /* TTL 0 */
        "\x10"             /* 16 octets of result */
        "Record not found");
    ASSERT_ANSWER(&f,
        "\x00\x00\x00\x03"
        "\x04" /* query, AAAA, for a name that has an A record alone */
        "\x11"
        "cloud.amazone.com",
        "\x00\x00\x00\x03"
        "\x14" /* response, AAAA */
        "\x11"
        "cloud.amazone.com"
        "\x04" /* answer type AAAA */
        "\x11"
        "cloud.amazone.com"
        "\x00\x00\x00\x00" /* TTL 0 */
        "\x10"             /* 16 octets of result */
        "Record not found");
    assert_int_equal(counter(&f, NIB_AUTH_NOT_FOUND), 2);
    reset(&f);
}

static void the_answer_has_the_case_of_the_question(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    ASSERT_ANSWER(&f,
        "\x00\x00\x00\x07"
        "\x08" /* query, A */
        "\x10"
        "ShOp.AMAZONE.cOm",
        "\x00\x00\x00\x07"
        "\x18" /* response, A */
        "\x10"
        "ShOp.AMAZONE.cOm"
        "\x08" /* answer type A */
        "\x10"
        "ShOp.AMAZONE.cOm"
        "\x00\x00\x00\x3c" /* TTL 60 */
        "\x0b"
        "3.33.147.88");
    reset(&f);
}

static void the_ttl_is_what_the_server_was_told(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_message m;
    size_t bad;
    static const uint32_t ttls[] = {0, 1, 3600, NIB_TTL_MAX};
    prepare(&f);
    for (size_t i = 0; i < sizeof ttls / sizeof ttls[0]; i++) {
        f.server.ttl_s = ttls[i];
        const struct nib_output *o = input(&f, OCTETS(QUERY_SHOP));
        assert_int_equal(nib_message_decode(&m, o->octets, o->len, &bad), NIB_OK);
        assert_int_equal(m.ttl_s, ttls[i]);
    }
    reset(&f);
}

static void the_longest_question_and_answer_fit(void **state)
{
    (void)state;
    struct nib_zone zone;
    char name[NIB_NAME_MAX + 1], result[NIB_NAME_MAX + 1];
    fill_name(name, NIB_NAME_MAX, 'n');
    fill_name(result, NIB_NAME_MAX, 'r');
    void *memory = zeroed(nib_zone_bytes(1, (size_t)2 * NIB_NAME_MAX));
    nib_zone_init(&zone, memory, 1, (size_t)2 * NIB_NAME_MAX, SEED);
    struct nib_rr rr = rr_of(name, NIB_CNAME, result);
    assert_int_equal(nib_zone_add(&zone, &rr), NIB_ZONE_ADDED);
    struct nib_table table = {0};
    nib_table_set_zone(&table, &zone);
    struct fixture f = {
        .server = {.table = &table, .ttl_s = 60}, .outputs_memory = zeroed(nib_outputs_bytes(1))};
    nib_outputs_init(&f.outputs, f.outputs_memory, 1);
    uint8_t query[NIB_QUERY_MAX] = {0, 0, 0, 1, 0x08, NIB_NAME_MAX};
    memcpy(query + NIB_AT_QNAME, name, NIB_NAME_MAX);
    const struct nib_output *o = input(&f, query, sizeof query);
    assert_int_equal(o->len, 772);
    assert_memory_equal(o->octets + 772 - NIB_NAME_MAX, result, NIB_NAME_MAX);
    free(f.outputs_memory);
    free(memory);
}

/* NIB-6.3 */
static void a_response_is_never_answered(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    assert_int_equal(input(&f, OCTETS(RESPONSE_SHOP))->len, 0);
    assert_int_equal(counter(&f, NIB_AUTH_DROPPED_RESPONSE), 1);
    assert_int_equal(counter(&f, NIB_AUTH_ANSWERED), 0);
    assert_counters_add_up(&f);
    reset(&f);
}

/* NIB-6.2; one datagram for each rule. */
static void a_malformed_datagram_is_not_answered_and_counted_by_its_rule(void **state)
{
    (void)state;
    static const struct {
        enum nib_err err;
        const char *octets;
        size_t len;
    } bad[] = {
#define BAD(err, octets) {err, octets, sizeof(octets) - 1}
        BAD(NIB_ERR_SHORT, ""),
        BAD(NIB_ERR_SHORT, "\0\0\0\1\x08\5host"),
        BAD(NIB_ERR_FLAG, "\0\0\0\1\x28\4host"),
        BAD(NIB_ERR_QTYPE, "\0\0\0\1\x09\4host"),
        BAD(NIB_ERR_RESERVED, "\0\0\0\1\x18\4host\x18\4host\0\0\0\1\0079.9.9.9"),
        BAD(NIB_ERR_ATYPE, "\0\0\0\1\x18\4host\x07\4host\0\0\0\1\0079.9.9.9"),
        BAD(NIB_ERR_TTL, "\0\0\0\1\x18\4host\x08\4host\x80\0\0\0\0079.9.9.9"),
        BAD(NIB_ERR_TRAILING, "\0\0\0\1\x08\4host\0"),
        BAD(NIB_ERR_NAME_LEN, "\0\0\0\1\x08\0"),
        BAD(NIB_ERR_NAME_OCTET, "\0\0\0\1\x08\4ho t"),
        BAD(NIB_ERR_NAME_EMPTY, "\0\0\0\1\x08\4hos."),
        BAD(NIB_ERR_NAME_LABEL, "\0\0\0\1\x08\x40"
                                "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg"),
        BAD(NIB_ERR_RESULT_LEN, "\0\0\0\1\x18\4host\x08\4host\0\0\0\1\0"),
        BAD(NIB_ERR_RESULT_A, "\0\0\0\1\x18\4host\x08\4host\0\0\0\1\0059.9.9"),
        BAD(NIB_ERR_RESULT_AAAA, "\0\0\0\1\x14\4host\x04\4host\0\0\0\1\0079.9.9.9"),
        BAD(NIB_ERR_MISS_TTL, "\0\0\0\1\x18\4host\x08\4host\0\0\0\1\020Record not found"),
#undef BAD
    };
    struct fixture f;
    prepare(&f);
    uint64_t want[NIB_ERR_COUNT] = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        want[bad[i].err]++;
        assert_int_equal(input(&f, (const uint8_t *)bad[i].octets, bad[i].len)->len, 0);
        assert_memory_equal(f.server.malformed, want, sizeof want);
        assert_counters_add_up(&f);
    }
    for (int err = NIB_OK + 1; err < NIB_ERR_COUNT; err++)
        assert_int_not_equal(want[err], 0);
    assert_int_equal(counter(&f, NIB_AUTH_ANSWERED), 0);
    reset(&f);
}

static void an_answer_that_could_not_be_sent_counts_as_dropped(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)input(&f, OCTETS(QUERY_SHOP));
    (void)input(&f, OCTETS(QUERY_SHOP));
    nib_authoritative_answer_unsent(&f.server);
    assert_int_equal(counter(&f, NIB_AUTH_RECEIVED), 2);
    assert_int_equal(counter(&f, NIB_AUTH_ANSWERED), 1);
    assert_int_equal(counter(&f, NIB_AUTH_DROPPED_UNSENT), 1);
    assert_counters_add_up(&f);
    reset(&f);
}

static void the_counters_are_told_by_name(void **state)
{
    (void)state;
    struct fixture f;
    uint8_t out[1024];
    prepare(&f);
    (void)input(&f, OCTETS(QUERY_SHOP));
    (void)input(&f, OCTETS(RESPONSE_SHOP));
    (void)input(&f, OCTETS("\0\0\0\1"));
    struct nib_writer w = nib_writer_init(out, sizeof out);
    nib_authoritative_counters(&f.server, &w);
    assert_octets(out, nib_writer_done(&w),
        "received: 3\n"
        "answered: 1\n"
        "waiting: 0\n"
        "dropped_malformed: 1\n"
        "dropped_response: 1\n"
        "answered_found: 1\n"
        "malformed_NIB-2.1: 1\n");
    reset(&f);
}

/* Queries with a few octets changed: no answer, or one that fits the question. */
static void random_datagrams_are_dropped_or_answered_to_the_letter(void **state)
{
    (void)state;
    struct rng rng = dice_init();
    struct fixture f;
    prepare(&f);
    for (int round = 0; round < 20000; round++) {
        uint8_t octets[] = RESPONSE_SHOP;
        size_t len = dice_below(&rng, 2) ? sizeof QUERY_SHOP - 1 : dice_below(&rng, sizeof octets);
        octets[NIB_AT_FLAG_TYPE] = dice_below(&rng, 8) ? 0x08 : 0x18;
        for (uint32_t n = dice_below(&rng, 3); n > 0; n--)
            octets[dice_below(&rng, sizeof octets)] = (uint8_t)dice_below(&rng, 256);
        const struct nib_output *o = input(&f, octets, len);
        size_t out_len = o->len;
        assert_counters_add_up(&f);
        if (out_len == 0)
            continue;
        struct nib_message query, response;
        size_t bad;
        assert_int_equal(nib_message_decode(&query, octets, len, &bad), NIB_OK);
        assert_int_equal(query.flag, NIB_QUERY);
        assert_int_equal(nib_message_decode(&response, o->octets, out_len, &bad), NIB_OK);
        assert_int_equal(nib_message_fits(&query, &response), NIB_FITS);
    }
    assert_int_not_equal(counter(&f, NIB_AUTH_FOUND), 0);
    reset(&f);
}

/* All begun, then all sought, then all finished: the hints in between change nothing. */
static void a_batch_is_answered_as_its_queries_one_by_one(void **state)
{
    (void)state;
    const struct nib_text batch[] = {
        NIB_TEXT(QUERY_SHOP), NIB_TEXT("\0\0\0\1\x08\x07nowhere"), NIB_TEXT(QUERY_SHOP)};
    struct fixture f;
    struct nib_authoritative_query queries[3];
    uint8_t octets[3][NIB_MESSAGE_MAX];
    size_t len[3];
    prepare(&f);
    for (int i = 0; i < 3; i++)
        assert_int_equal(nib_authoritative_begin(&f.server, &path, (const uint8_t *)batch[i].ptr,
                             batch[i].len, &queries[i])
                             .what,
            NIB_DECIDED_NOTHING);
    for (int i = 0; i < 3; i++)
        nib_authoritative_seek(&f.server, &queries[i]);
    for (int i = 0; i < 3; i++)
        (void)nib_authoritative_finish(&f.server, &queries[i], &f.outputs);
    assert_int_equal(f.outputs.n, 3);
    for (int i = 0; i < 3; i++) { /* one behind the other */
        const struct nib_output *o = &f.outputs.items[i];
        memcpy(octets[i], o->octets, o->len);
        len[i] = o->len;
        assert_true(i == 0 || o->octets == o[-1].octets + o[-1].len);
    }
    for (int i = 0; i < 3; i++) {
        const struct nib_output *o = input(&f, (const uint8_t *)batch[i].ptr, batch[i].len);
        assert_int_equal(o->len, len[i]);
        assert_memory_equal(o->octets, octets[i], len[i]);
    }
    assert_int_equal(counter(&f, NIB_AUTH_FOUND), 4);
    assert_int_equal(counter(&f, NIB_AUTH_NOT_FOUND), 2);
    assert_counters_add_up(&f);
    reset(&f);
}

static void the_counters_of_several_workers_are_added_one_by_one(void **state)
{
    (void)state;
    struct nib_authoritative sum = {0}, worker = {0};
    for (int i = 0; i < NIB_AUTH_COUNTERS; i++)
        worker.counters[i] = 10 + (uint64_t)i;
    for (int i = 0; i < NIB_ERR_COUNT; i++)
        worker.malformed[i] = 100 + (uint64_t)i;
    nib_authoritative_add_counters(&sum, &worker);
    nib_authoritative_add_counters(&sum, &worker);
    for (int i = 0; i < NIB_AUTH_COUNTERS; i++)
        assert_int_equal(sum.counters[i], 2 * (10 + i));
    for (int i = 0; i < NIB_ERR_COUNT; i++)
        assert_int_equal(sum.malformed[i], 2 * (100 + i));
}

/* ---- zones ---- */

/* A server of com that knows amazone.com by two name servers, eu.amazone.com below it by one. */
static void prepare_zones(struct fixture *f, const struct nib_text *zones, size_t n)
{
    const struct nib_rr rrs[] = {
        rr_of("amazone.com", NIB_NS, "ns1.amazone.com"),
        rr_of("ns1.amazone.com", NIB_A, "127.0.0.3"),
        rr_of("amazone.com", NIB_NS, "ns2.amazone.com"),
        rr_of("eu.amazone.com", NIB_NS, "ns.eu.amazone.com"),
        rr_of("alias.amazone.com", NIB_CNAME, "shop.amazone.com"),
        rr_of("com", NIB_NS, "ns.com"),
        rr_of("example.org", NIB_NS, "ns.example.org"),
    };
    enum { N = sizeof rrs / sizeof rrs[0] };
    *f = (struct fixture){.memory = zeroed(nib_zone_bytes(N, 400)),
        .outputs_memory = zeroed(nib_outputs_bytes(OUTPUTS))};
    nib_outputs_init(&f->outputs, f->outputs_memory, OUTPUTS);
    nib_zone_init(&f->zone, f->memory, N, 400, SEED);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(nib_zone_add(&f->zone, &rrs[i]), NIB_ZONE_ADDED);
    nib_table_set_zone(&f->table, &f->zone);
    f->server =
        (struct nib_authoritative){.table = &f->table, .ttl_s = 60, .zones = zones, .n_zones = n};
}

static const struct nib_text com[] = {{"com", 3}};

/* What the server says, as a line. */
static const char *said(struct fixture *f, uint32_t id, const char *name, enum nib_type type)
{
    static char line[NIB_LINE_MAX];
    struct nib_message m = {.id = id, .qtype = type, .qname = text_of(name)}, answer;
    uint8_t octets[NIB_QUERY_MAX];
    size_t bad, len = nib_message_encode(octets, sizeof octets, &m);
    const struct nib_output *o = input(f, octets, len);
    assert_int_equal(nib_message_decode(&answer, o->octets, o->len, &bad), NIB_OK);
    assert_true(
        nib_message_is_referral(&m, &answer) == (o->decision.what == NIB_ANSWERED_REFERRAL));
    snprintf(line, sizeof line, "%.*s %s %.*s %u", (int)answer.aname.len, answer.aname.ptr,
        nib_type_name(answer.atype), (int)answer.result.len, answer.result.ptr,
        (unsigned)answer.ttl_s);
    return line;
}

/* NIB-8.17 */
static void a_name_in_none_of_its_zones_is_not_a_zone_servers_to_know(void **state)
{
    (void)state;
    struct fixture f;
    prepare_zones(&f, com, 1);
    assert_string_equal(
        said(&f, 0, "www.example.org", NIB_A), "www.example.org A Server failure 0");
    assert_string_equal(said(&f, 0, "example.org", NIB_NS), "example.org NS Server failure 0");
    assert_string_equal(said(&f, 0, "notcom", NIB_A), "notcom A Server failure 0");
    assert_int_equal(counter(&f, NIB_AUTH_FAILURE), 3);
    assert_counters_add_up(&f);
    reset(&f);
}

/* NIB-8.18: the topmost domain, in the letters of the question. */
static void a_name_below_a_domain_with_name_servers_is_referred(void **state)
{
    (void)state;
    struct fixture f;
    prepare_zones(&f, com, 1);
    assert_string_equal(said(&f, 0, "www.AMAZONE.com", NIB_A), "AMAZONE.com NS ns1.amazone.com 60");
    assert_string_equal(
        said(&f, 0, "x.eu.amazone.com", NIB_A), "amazone.com NS ns1.amazone.com 60");
    assert_string_equal(said(&f, 0, "amazone.com", NIB_A), "amazone.com NS ns1.amazone.com 60");
    assert_string_equal(said(&f, 0, "other.com", NIB_A), "other.com A Record not found 0");
    assert_string_equal(said(&f, 0, "com", NIB_A), "com A Record not found 0");
    assert_int_equal(counter(&f, NIB_AUTH_REFERRAL), 3);
    assert_counters_add_up(&f);
    reset(&f);
}

/* NIB-8.1: a record or an alias comes first, so that a name server's address is had as glue. */
static void a_record_or_an_alias_comes_before_a_referral(void **state)
{
    (void)state;
    struct fixture f;
    prepare_zones(&f, com, 1);
    assert_string_equal(said(&f, 0, "ns1.amazone.com", NIB_A), "ns1.amazone.com A 127.0.0.3 60");
    assert_string_equal(
        said(&f, 0, "ns1.amazone.com", NIB_AAAA), "amazone.com NS ns1.amazone.com 60");
    assert_string_equal(
        said(&f, 0, "alias.amazone.com", NIB_A), "alias.amazone.com CNAME shop.amazone.com 60");
    assert_string_equal(said(&f, 0, "amazone.com", NIB_NS), "amazone.com NS ns1.amazone.com 60");
    assert_int_equal(counter(&f, NIB_AUTH_REFERRAL), 1);
    reset(&f);
}

static void who_asks_again_with_the_next_id_hears_of_another_name_server(void **state)
{
    (void)state;
    struct fixture f;
    prepare_zones(&f, com, 1);
    for (uint32_t id = 0; id < 6; id++)
        assert_string_equal(said(&f, id, "www.amazone.com", NIB_A),
            id % 2 == 0 ? "amazone.com NS ns1.amazone.com 60"
                        : "amazone.com NS ns2.amazone.com 60");
    assert_string_equal(
        said(&f, UINT32_MAX, "www.amazone.com", NIB_A), "amazone.com NS ns2.amazone.com 60");
    reset(&f);
}

/* The server of both com and amazone.com refers from amazone.com on, whatever their order. */
static void the_closest_enclosing_zone_counts(void **state)
{
    (void)state;
    static const struct nib_text both[] = {{"com", 3}, {"Amazone.com", 11}, {"org", 3}};
    struct fixture f;
    prepare_zones(&f, both, 3);
    assert_string_equal(
        said(&f, 0, "x.eu.amazone.com", NIB_A), "eu.amazone.com NS ns.eu.amazone.com 60");
    assert_string_equal(said(&f, 0, "amazone.com", NIB_A), "amazone.com A Record not found 0");
    assert_string_equal(said(&f, 0, "www.example.org", NIB_A), "example.org NS ns.example.org 60");
    reset(&f);
}

static void a_server_without_zones_refers_nobody(void **state)
{
    (void)state;
    struct fixture f;
    prepare_zones(&f, NULL, 0);
    assert_string_equal(
        said(&f, 0, "www.amazone.com", NIB_A), "www.amazone.com A Record not found 0");
    assert_string_equal(
        said(&f, 0, "www.example.net", NIB_A), "www.example.net A Record not found 0");
    reset(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_of_the_name_and_type_answers),
        cmocka_unit_test(the_type_that_was_asked_for_answers),
        cmocka_unit_test(the_alias_of_a_name_answers_where_the_type_is_not_there),
        cmocka_unit_test(an_alias_that_was_asked_for_is_found),
        cmocka_unit_test(of_several_name_servers_the_first_answers),
        cmocka_unit_test(what_is_not_there_is_a_miss_of_the_questions_type_with_ttl_0),
        cmocka_unit_test(the_answer_has_the_case_of_the_question),
        cmocka_unit_test(the_ttl_is_what_the_server_was_told),
        cmocka_unit_test(the_longest_question_and_answer_fit),
        cmocka_unit_test(a_response_is_never_answered),
        cmocka_unit_test(a_malformed_datagram_is_not_answered_and_counted_by_its_rule),
        cmocka_unit_test(an_answer_that_could_not_be_sent_counts_as_dropped),
        cmocka_unit_test(the_counters_are_told_by_name),
        cmocka_unit_test(random_datagrams_are_dropped_or_answered_to_the_letter),
        cmocka_unit_test(a_batch_is_answered_as_its_queries_one_by_one),
        cmocka_unit_test(the_counters_of_several_workers_are_added_one_by_one),
        cmocka_unit_test(a_name_in_none_of_its_zones_is_not_a_zone_servers_to_know),
        cmocka_unit_test(a_name_below_a_domain_with_name_servers_is_referred),
        cmocka_unit_test(a_record_or_an_alias_comes_before_a_referral),
        cmocka_unit_test(who_asks_again_with_the_next_id_hears_of_another_name_server),
        cmocka_unit_test(the_closest_enclosing_zone_counts),
        cmocka_unit_test(a_server_without_zones_refers_nobody),
    };
    return cmocka_run_group_tests_name("authoritative", tests, NULL, NULL);
}
