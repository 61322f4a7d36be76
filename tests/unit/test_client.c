#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/client.h"

enum { SEED = 2, ROOM = 8 };
static const nib_ms T0 = 10000;

/* 127.0.0.1:21000 */
static const struct nib_addr server = {.ip = {127, 0, 0, 1}, .port = 21000, .family = 4};

/* What the lookup does after a call: sends its query, waits on, or has ended. */
enum step { SEND, WAIT, DONE };

struct fixture {
    struct nib_client client;
    struct nib_table table;
    struct nib_cache cache;
    struct nib_zone zone;
    struct nib_outputs outputs;
    void *cache_memory, *zone_memory, *outputs_memory;
};

static void prepare(struct fixture *f)
{
    *f = (struct fixture){.cache_memory = zeroed(nib_cache_bytes(ROOM)),
        .zone_memory = zeroed(nib_zone_bytes(0, 0)),
        .outputs_memory = zeroed(nib_outputs_bytes(NIB_CLIENT_OUTPUTS))};
    nib_outputs_init(&f->outputs, f->outputs_memory, NIB_CLIENT_OUTPUTS);
    nib_cache_init(&f->cache, f->cache_memory, ROOM, SEED);
    nib_zone_init(&f->zone, f->zone_memory, 0, 0, SEED);
    f->table.cache = &f->cache;
    nib_table_set_zone(&f->table, &f->zone);
    nib_client_init(&f->client, &f->table, &server, 1000, 3);
}

static void reset(struct fixture *f)
{
    free(f->cache_memory);
    free(f->zone_memory);
    free(f->outputs_memory);
}

/* A query goes to the server from the lookup's own socket, which is closed when it ends. */
static enum step step_of(struct fixture *f, bool waited)
{
    bool ended = waited && nib_client_deadline(&f->client) == NIB_NEVER;
    enum step step = ended ? DONE : WAIT;
    uint32_t closes = 0;
    for (uint32_t i = 0; i < f->outputs.n; i++) {
        const struct nib_output *o = &f->outputs.items[i];
        assert_int_equal(o->slot.serial, f->client.slot.serial);
        closes += o->kind == NIB_OUTPUT_CLOSE;
        if (o->kind != NIB_OUTPUT_QUERY)
            continue;
        assert_true(nib_addr_equal(&o->path.peer, &server));
        assert_int_equal(o->len, f->client.query_len);
        assert_memory_equal(o->octets, f->client.query, o->len);
        assert_int_equal(o->decision.what, f->client.tried == 1 ? NIB_ASKED : NIB_ASKED_AGAIN);
        step = SEND;
    }
    assert_int_equal(closes, ended && f->client.tried > 0);
    assert_int_equal(f->outputs.n, closes + (step == SEND));
    nib_outputs_clear(&f->outputs);
    return step;
}

static bool waits(const struct fixture *f)
{
    return nib_client_deadline(&f->client) != NIB_NEVER;
}

static enum step ask(struct fixture *f, nib_ms now, const char *name, enum nib_type type)
{
    (void)nib_client_start(&f->client, now, text_of(name), type, &f->outputs);
    return step_of(f, true);
}

static enum step tick(struct fixture *f, nib_ms now)
{
    bool waited = waits(f);
    (void)nib_client_tick(&f->client, now, &f->outputs);
    return step_of(f, waited);
}

static enum step unreachable(struct fixture *f)
{
    bool waited = waits(f);
    (void)nib_client_unreachable(&f->client, T0, &f->outputs);
    return step_of(f, waited);
}

/* A datagram from an address, in a block of exactly its size. */
static enum step input_from(
    struct fixture *f, nib_ms now, const struct nib_addr *from, const uint8_t *octets, size_t len)
{
    struct nib_text block = block_of((struct nib_text){(const char *)octets, len});
    bool waited = waits(f);
    (void)nib_client_input(
        &f->client, now, from, (const uint8_t *)block.ptr, block.len, &f->outputs);
    forget(block);
    return step_of(f, waited);
}

static enum step input(struct fixture *f, nib_ms now, const uint8_t *octets, size_t len)
{
    return input_from(f, now, &server, octets, len);
}

static struct nib_text result(const struct fixture *f)
{
    return (struct nib_text){f->client.result, f->client.result_len};
}

static uint32_t discarded_in_all(const struct fixture *f)
{
    uint32_t n = 0;
    for (int i = 0; i < NIB_DISCARD_COUNT; i++)
        n += f->client.discarded[i];
    return n;
}

static void assert_table(const struct fixture *f, nib_ms now, const char *rows)
{
    char out[4096], want[4096] = "\nrecord_no,name,type,result,ttl,static\n";
    assert_true(nib_table_text_max(&f->table) <= sizeof out);
    size_t len = nib_table_text(&f->table, now, out, sizeof out);
    strcat(want, rows);
    assert_text(((struct nib_text){out, len}), want);
}

/* The exchange that most tests are about: www.csusm.edu A, ID 0. */
#define QUERY                                                                                      \
    "\x00\x00\x00\x00" /* ID 0 */                                                                  \
    "\x08"             /* query, A */                                                              \
    "\x0d"             /* 13 octets of question name */                                            \
    "www.csusm.edu"

/* As the server answers: the ID, type and TTL differ from test to test. */
#define RESPONSE(id, atype, ttl, result_len, result_text)                                          \
    id                        /* ID */                                                             \
        "\x18"                /* response, A */                                                    \
        "\x0d"                /* 13 octets of question name */                                     \
        "www.csusm.edu" atype /* answer type */                                                    \
        "\x0d"                /* 13 octets of answer name */                                       \
        "www.csusm.edu" ttl   /* TTL */                                                            \
            result_len result_text

#define FOUND RESPONSE("\x00\x00\x00\x00", "\x08", "\x00\x00\x00\x3c", "\x0b", "144.37.5.45")
#define NOT_FOUND                                                                                  \
    RESPONSE("\x00\x00\x00\x00", "\x08", "\x00\x00\x00\x00", "\x10", "Record not found")
#define FAILURE RESPONSE("\x00\x00\x00\x00", "\x08", "\x00\x00\x00\x00", "\x0e", "Server failure")

static void a_lookup_sends_its_question_and_waits(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    assert_true(nib_client_deadline(&f.client) == NIB_NEVER);
    assert_int_equal(ask(&f, T0, "www.csusm.edu", NIB_A), SEND);
    assert_octets(f.client.query, f.client.query_len, QUERY);
    assert_int_equal(nib_client_deadline(&f.client), T0 + 1000);
    assert_int_equal(f.client.tried, 1);
    reset(&f);
}

static void the_name_leaves_in_the_case_it_came_in_and_the_type_as_asked(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    assert_int_equal(ask(&f, T0, "Shop.AMAZONE.com", NIB_CNAME), SEND);
    assert_octets(f.client.query, f.client.query_len,
        "\x00\x00\x00\x00"
        "\x02" /* query, CNAME */
        "\x10" /* 16 octets of question name */
        "Shop.AMAZONE.com");
    reset(&f);
}

static void a_lookup_needs_its_name_no_longer_once_it_has_begun(void **state)
{
    (void)state;
    struct fixture f;
    char name[] = "www.csusm.edu";
    prepare(&f);
    (void)ask(&f, T0, name, NIB_A);
    memset(name, 'x', sizeof name - 1);
    assert_int_equal(input(&f, T0, OCTETS(FOUND)), DONE);
    assert_text(f.client.name, "www.csusm.edu");
    reset(&f);
}

static void an_answer_ends_the_lookup_and_is_stored(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    assert_int_equal(input(&f, T0 + 20, OCTETS(FOUND)), DONE);
    assert_int_equal(f.client.status, NIB_CLIENT_FOUND);
    assert_int_equal(f.client.atype, NIB_A);
    assert_int_equal(f.client.ttl_s, 60);
    assert_text(result(&f), "144.37.5.45");
    assert_false(f.client.from_table);
    assert_int_equal(f.client.tried, 1);
    assert_true(nib_client_deadline(&f.client) == NIB_NEVER);
    assert_table(&f, T0 + 20, "0,www.csusm.edu,A,144.37.5.45,60,0\n");
    reset(&f);
}

static void a_miss_ends_the_lookup_and_is_not_stored(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    assert_int_equal(input(&f, T0, OCTETS(NOT_FOUND)), DONE);
    assert_int_equal(f.client.status, NIB_CLIENT_NOT_FOUND);
    assert_true(nib_client_deadline(&f.client) == NIB_NEVER);
    assert_table(&f, T0, "");
    reset(&f);
}

static void a_failure_ends_the_lookup_and_is_not_stored(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    assert_int_equal(input(&f, T0, OCTETS(FAILURE)), DONE);
    assert_int_equal(f.client.status, NIB_CLIENT_FAILURE);
    assert_true(nib_client_deadline(&f.client) == NIB_NEVER);
    assert_table(&f, T0, "");
    reset(&f);
}

static void an_answer_with_ttl_0_is_found_and_not_stored(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    assert_int_equal(input(&f, T0,
                         OCTETS(RESPONSE("\x00\x00\x00\x00", "\x08", "\x00\x00\x00\x00", "\x0b",
                             "144.37.5.45"))),
        DONE);
    assert_int_equal(f.client.status, NIB_CLIENT_FOUND);
    assert_text(result(&f), "144.37.5.45");
    assert_int_equal(f.client.ttl_s, 0);
    assert_table(&f, T0, "");
    reset(&f);
}

static void an_alias_is_found_and_stored_as_what_it_is(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    assert_int_equal(input(&f, T0,
                         OCTETS(RESPONSE("\x00\x00\x00\x00", "\x02" /* CNAME */, "\x00\x00\x00\x3c",
                             "\x0c", "my.csusm.edu"))),
        DONE);
    assert_int_equal(f.client.status, NIB_CLIENT_FOUND);
    assert_int_equal(f.client.atype, NIB_CNAME);
    assert_text(result(&f), "my.csusm.edu");
    assert_table(&f, T0, "0,www.csusm.edu,CNAME,my.csusm.edu,60,0\n");
    assert_int_equal(ask(&f, T0, "www.csusm.edu", NIB_CNAME), DONE);
    assert_int_equal(ask(&f, T0, "www.csusm.edu", NIB_A), SEND);
    reset(&f);
}

/* NIB-8.15 */
static void what_the_table_has_is_answered_without_a_datagram_or_an_id(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    (void)input(&f, T0, OCTETS(FOUND));
    assert_int_equal(ask(&f, T0 + 1500, "WWW.csusm.edu", NIB_A), DONE);
    assert_int_equal(f.client.status, NIB_CLIENT_FOUND);
    assert_true(f.client.from_table);
    assert_int_equal(f.client.tried, 0);
    assert_int_equal(f.client.atype, NIB_A);
    assert_int_equal(f.client.ttl_s, 59);
    assert_text(result(&f), "144.37.5.45");
    assert_true(nib_client_deadline(&f.client) == NIB_NEVER);
    assert_int_equal(f.client.next_id, 1);
    reset(&f);
}

static void what_has_left_the_table_is_asked_for_again(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    (void)input(&f, T0, OCTETS(FOUND));
    assert_int_equal(ask(&f, T0 + 59999, "www.csusm.edu", NIB_A), DONE);
    assert_int_equal(f.client.ttl_s, 1);
    assert_int_equal(ask(&f, T0 + 60000, "www.csusm.edu", NIB_A), SEND);
    assert_false(f.client.from_table);
    reset(&f);
}

static void ids_go_up_by_one_for_each_lookup_that_asks(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    assert_int_equal(f.client.id, 0);
    (void)input(&f, T0, OCTETS(FOUND));
    (void)ask(&f, T0, "www.csusm.edu", NIB_A); /* from the table */
    (void)ask(&f, T0, "my.csusm.edu", NIB_A);
    assert_octets(f.client.query, f.client.query_len,
        "\x00\x00\x00\x01" /* ID 1 */
        "\x08"
        "\x0c"
        "my.csusm.edu");
    (void)unreachable(&f);
    (void)ask(&f, T0, "my.csusm.edu", NIB_A);
    assert_int_equal(f.client.id, 2);
    reset(&f);
}

static void behind_the_largest_id_comes_0(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    f.client.next_id = UINT32_MAX;
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    assert_octets(f.client.query, f.client.query_len,
        "\xff\xff\xff\xff" /* ID 4294967295 */
        "\x08"
        "\x0d"
        "www.csusm.edu");
    assert_int_equal(input(&f, T0,
                         OCTETS(RESPONSE("\xff\xff\xff\xff", "\x08", "\x00\x00\x00\x00", "\x10",
                             "Record not found"))),
        DONE);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    assert_octets(f.client.query, f.client.query_len, QUERY);
    reset(&f);
}

/* NIB-9.1: tries at 0, 1000 and 3000 ms, no answer at 7000 ms. */
static void each_further_try_waits_twice_as_long(void **state)
{
    (void)state;
    static const struct {
        nib_ms at;
        enum step step;
        nib_ms due; /* from then on */
    } ticks[] = {
        {0, WAIT, 1000},
        {999, WAIT, 1000},
        {1000, SEND, 3000},
        {1001, WAIT, 3000},
        {2999, WAIT, 3000},
        {3000, SEND, 7000},
        {3001, WAIT, 7000},
        {6999, WAIT, 7000},
    };
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    for (size_t i = 0; i < sizeof ticks / sizeof ticks[0]; i++) {
        assert_int_equal(tick(&f, T0 + ticks[i].at), ticks[i].step);
        assert_int_equal(nib_client_deadline(&f.client), T0 + ticks[i].due);
        assert_octets(f.client.query, f.client.query_len, QUERY); /* NIB-9.3 */
    }
    assert_int_equal(tick(&f, T0 + 7000), DONE);
    assert_int_equal(f.client.status, NIB_CLIENT_NO_ANSWER);
    assert_int_equal(f.client.tried, 3);
    assert_true(nib_client_deadline(&f.client) == NIB_NEVER);
    assert_int_equal(f.client.next_id, 1);
    reset(&f);
}

static void a_tick_that_comes_late_counts_from_when_it_came(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    assert_int_equal(tick(&f, T0 + 1001), SEND);
    assert_int_equal(nib_client_deadline(&f.client), T0 + 1001 + 2000);
    reset(&f);
}

static void one_try_has_no_retry(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    nib_client_init(&f.client, &f.table, &server, 50, 1);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    assert_int_equal(tick(&f, T0 + 49), WAIT);
    assert_int_equal(tick(&f, T0 + 50), DONE);
    assert_int_equal(f.client.status, NIB_CLIENT_NO_ANSWER);
    reset(&f);
}

/* 2^16 - 1 times the first wait in all; every wait is a whole number that fits. */
static void sixteen_tries_double_to_the_end(void **state)
{
    (void)state;
    struct fixture f;
    nib_ms now = T0;
    prepare(&f);
    nib_client_init(&f.client, &f.table, &server, 1000000, 16);
    (void)ask(&f, now, "www.csusm.edu", NIB_A);
    for (int i = 1; i < 16; i++) {
        now = nib_client_deadline(&f.client);
        assert_int_equal(tick(&f, now), SEND);
    }
    now = nib_client_deadline(&f.client);
    assert_int_equal(now - T0, (nib_ms)65535 * 1000000);
    assert_int_equal(tick(&f, now), DONE);
    reset(&f);
}

static void an_answer_after_retries_ends_the_lookup(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    (void)tick(&f, T0 + 1000);
    (void)tick(&f, T0 + 3000);
    assert_int_equal(input(&f, T0 + 6999, OCTETS(FOUND)), DONE);
    assert_int_equal(f.client.status, NIB_CLIENT_FOUND);
    assert_int_equal(f.client.tried, 3);
    assert_table(&f, T0 + 6999, "0,www.csusm.edu,A,144.37.5.45,60,0\n");
    reset(&f);
}

static void a_client_without_a_lookup_never_asks_by_itself(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    assert_int_equal(tick(&f, T0 + 1000000), WAIT);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    (void)input(&f, T0, OCTETS(FOUND));
    assert_int_equal(tick(&f, T0 + 1000000), WAIT);
    reset(&f);
}

/* NIB-9.5 */
static void a_server_that_cannot_be_reached_ends_the_lookup_at_once(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    assert_int_equal(unreachable(&f), DONE);
    assert_int_equal(f.client.status, NIB_CLIENT_NO_ANSWER);
    assert_int_equal(f.client.tried, 1);
    assert_true(nib_client_deadline(&f.client) == NIB_NEVER);
    reset(&f);
}

/* One datagram for each way not to be the answer. */
static const struct {
    const char *what;
    enum nib_discard reason;
    const char *octets;
    size_t len;
    struct nib_addr from;
} discards[] = {
#define HERE                                                                                       \
    {                                                                                              \
        .ip = {127, 0, 0, 1}, .port = 21000, .family = 4                                           \
    }
#define DISCARD(what, reason, octets, ...)                                                         \
    {                                                                                              \
        what, reason, octets, sizeof(octets) - 1, __VA_ARGS__                                      \
    }
    DISCARD("another port", NIB_DISCARD_SOURCE, FOUND,
        {.ip = {127, 0, 0, 1}, .port = 21001, .family = 4}),
    DISCARD("another address", NIB_DISCARD_SOURCE, FOUND,
        {.ip = {127, 0, 0, 2}, .port = 21000, .family = 4}),
    DISCARD("another family", NIB_DISCARD_SOURCE, FOUND,
        {.ip = {127, 0, 0, 1}, .port = 21000, .family = 6}),
    DISCARD("malformed from elsewhere", NIB_DISCARD_SOURCE, "?",
        {.ip = {127, 0, 0, 1}, .port = 21001, .family = 4}),
    DISCARD("no octets", NIB_DISCARD_MALFORMED, "", HERE),
    DISCARD("an octet too many", NIB_DISCARD_MALFORMED, FOUND "\0", HERE),
    DISCARD("a miss with a TTL", NIB_DISCARD_MALFORMED,
        RESPONSE("\x00\x00\x00\x00", "\x08", "\x00\x00\x00\x01", "\x10", "Record not found"), HERE),
    DISCARD("the query itself", NIB_DISCARD_FLAG, QUERY, HERE),
    DISCARD("another ID", NIB_DISCARD_ID,
        RESPONSE("\x00\x00\x00\x01", "\x08", "\x00\x00\x00\x3c", "\x0b", "144.37.5.45"), HERE),
    DISCARD("another question name", NIB_DISCARD_QUESTION,
        "\x00\x00\x00\x00\x18\x0dxxx.csusm.edu\x08\x0dxxx.csusm.edu\x00\x00\x00\x3c"
        "\x0b"
        "144.37.5.45",
        HERE),
    DISCARD("the question's name in another case", NIB_DISCARD_QUESTION,
        "\x00\x00\x00\x00\x18\x0dWWW.csusm.edu\x08\x0dWWW.csusm.edu\x00\x00\x00\x3c"
        "\x0b"
        "144.37.5.45",
        HERE),
    DISCARD("another question type", NIB_DISCARD_QUESTION,
        "\x00\x00\x00\x00\x12\x0dwww.csusm.edu\x02\x0dwww.csusm.edu\x00\x00\x00\x3c"
        "\x0cmy.csusm.edu",
        HERE),
    DISCARD("another answer name", NIB_DISCARD_ANSWER,
        "\x00\x00\x00\x00\x18\x0dwww.csusm.edu\x08\x0dxxx.csusm.edu\x00\x00\x00\x3c"
        "\x0b"
        "144.37.5.45",
        HERE),
    DISCARD("the answer's name in another case", NIB_DISCARD_ANSWER,
        "\x00\x00\x00\x00\x18\x0dwww.csusm.edu\x08\x0dWWW.csusm.edu\x00\x00\x00\x3c"
        "\x0b"
        "144.37.5.45",
        HERE),
    DISCARD("an answer of another type", NIB_DISCARD_ANSWER,
        RESPONSE("\x00\x00\x00\x00", "\x04", "\x00\x00\x00\x3c", "\x03", "::1"), HERE),
#undef DISCARD
#undef HERE
};
enum { DISCARDS = sizeof discards / sizeof discards[0] };

/* NIB-6.5, NIB-6.6 */
static void each_datagram_that_is_not_the_answer_is_counted_and_the_wait_goes_on(void **state)
{
    (void)state;
    bool seen[NIB_DISCARD_COUNT] = {false};
    for (size_t i = 0; i < DISCARDS; i++) {
        struct fixture f;
        prepare(&f);
        (void)ask(&f, T0, "www.csusm.edu", NIB_A);
        enum step step = input_from(
            &f, T0 + 5, &discards[i].from, (const uint8_t *)discards[i].octets, discards[i].len);
        if (step != WAIT || f.client.discarded[discards[i].reason] != 1 ||
            discarded_in_all(&f) != 1)
            fail_msg("%s", discards[i].what);
        seen[discards[i].reason] = true;
        assert_int_equal(nib_client_deadline(&f.client), T0 + 1000);
        assert_table(&f, T0 + 5, "");
        assert_int_equal(input(&f, T0 + 6, OCTETS(FOUND)), DONE);
        assert_int_equal(f.client.status, NIB_CLIENT_FOUND);
        assert_int_equal(discarded_in_all(&f), 1);
        reset(&f);
    }
    for (int i = 0; i < NIB_DISCARD_COUNT; i++)
        assert_true(seen[i]);
}

static void a_new_lookup_begins_to_count_anew(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    (void)input(&f, T0, OCTETS("?"));
    (void)input(&f, T0, OCTETS("?"));
    assert_int_equal(f.client.discarded[NIB_DISCARD_MALFORMED], 2);
    (void)unreachable(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    assert_int_equal(discarded_in_all(&f), 0);
    reset(&f);
}

static void a_late_answer_to_the_lookup_before_has_the_wrong_id(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    (void)tick(&f, T0 + 1000);
    (void)tick(&f, T0 + 3000);
    (void)tick(&f, T0 + 7000);
    (void)ask(&f, T0 + 7000, "www.csusm.edu", NIB_A);
    assert_int_equal(input(&f, T0 + 7001, OCTETS(FOUND)), WAIT);
    assert_int_equal(f.client.discarded[NIB_DISCARD_ID], 1);
    assert_table(&f, T0 + 7001, "");
    reset(&f);
}

static void the_longest_name_and_result_fit(void **state)
{
    (void)state;
    struct fixture f;
    char name[NIB_NAME_MAX + 1], target[NIB_NAME_MAX + 1];
    fill_name(name, NIB_NAME_MAX, 'n');
    fill_name(target, NIB_NAME_MAX, 't');
    prepare(&f);
    assert_int_equal(ask(&f, T0, name, NIB_CNAME), SEND);
    assert_int_equal(f.client.query_len, 259);
    uint8_t octets[NIB_MESSAGE_MAX] = {0, 0, 0, 0, 0x12, NIB_NAME_MAX};
    memcpy(octets + 6, name, NIB_NAME_MAX);
    octets[259] = 0x02; /* answer type CNAME */
    octets[260] = NIB_NAME_MAX;
    memcpy(octets + 261, name, NIB_NAME_MAX);
    octets[517] = 60; /* TTL, in 514 to 517 */
    octets[518] = NIB_RESULT_MAX;
    memcpy(octets + 519, target, NIB_NAME_MAX);
    assert_int_equal(input(&f, T0, octets, sizeof octets), DONE);
    assert_text(result(&f), target);
    reset(&f);
}

/* The answer with a few octets changed: whatever comes of it, the table holds what an answer said.
 */
static void random_damage_to_the_answer_does_no_harm(void **state)
{
    (void)state;
    struct rng rng = dice_init();
    for (int round = 0; round < 3000; round++) {
        struct fixture f;
        uint8_t octets[] = FOUND;
        size_t len = dice_below(&rng, 4) ? sizeof octets - 1 : dice_below(&rng, sizeof octets);
        prepare(&f);
        (void)ask(&f, T0, "www.csusm.edu", NIB_A);
        for (uint32_t n = 1 + dice_below(&rng, 2); n > 0; n--)
            octets[dice_below(&rng, sizeof octets)] = (uint8_t)dice_below(&rng, 256);
        enum step step = input(&f, T0, octets, len);
        assert_int_equal(discarded_in_all(&f), step == WAIT ? 1 : 0);
        assert_true(step == WAIT || step == DONE);
        assert_true(f.cache.n <= (step == DONE ? 1 : 0));
        reset(&f);
    }
}

static void each_reason_has_its_words(void **state)
{
    (void)state;
    assert_string_equal(nib_discard_words(NIB_DISCARD_SOURCE), "wrong source");
    assert_string_equal(nib_discard_words(NIB_DISCARD_MALFORMED), "malformed");
    assert_string_equal(nib_discard_words(NIB_DISCARD_FLAG), "not a response");
    assert_string_equal(nib_discard_words(NIB_DISCARD_ID), "wrong ID");
    assert_string_equal(nib_discard_words(NIB_DISCARD_QUESTION), "wrong question");
    assert_string_equal(nib_discard_words(NIB_DISCARD_ANSWER), "wrong answer");
    assert_string_equal(nib_discard_words(NIB_DISCARD_COUNT), "");
    assert_string_equal(nib_discard_words((enum nib_discard)99), "");
}

/* NIB-9.5 */
static void an_error_that_comes_when_nothing_is_asked_changes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    (void)input(&f, T0, OCTETS(FOUND));
    assert_int_equal(unreachable(&f), WAIT);
    assert_int_equal(f.client.status, NIB_CLIENT_FOUND);
    reset(&f);
}

/* NIB-6.7 */
static void what_comes_when_nothing_is_asked_changes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    assert_int_equal(input(&f, T0, OCTETS(FOUND)), WAIT);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    (void)input(&f, T0 + 1, OCTETS(NOT_FOUND));
    assert_int_equal(input(&f, T0 + 2, OCTETS(FOUND)), WAIT);
    assert_int_equal(input(&f, T0 + 2, OCTETS("junk")), WAIT);
    assert_int_equal(f.client.status, NIB_CLIENT_NOT_FOUND);
    assert_int_equal(discarded_in_all(&f), 0);
    assert_table(&f, T0 + 2, "");
    reset(&f);
}

static void a_new_lookup_remembers_no_result(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    (void)input(&f, T0,
        OCTETS(RESPONSE("\x00\x00\x00\x00", "\x02", "\x00\x00\x00\x3c", "\x09", "csusm.edu")));
    assert_int_equal(f.client.atype, NIB_CNAME);
    (void)ask(&f, T0, "www.csusm.edu", NIB_A);
    assert_int_equal(f.client.atype, NIB_A);
    assert_int_equal(f.client.ttl_s, 0);
    assert_int_equal(f.client.result_len, 0);
    reset(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lookup_sends_its_question_and_waits),
        cmocka_unit_test(the_name_leaves_in_the_case_it_came_in_and_the_type_as_asked),
        cmocka_unit_test(a_lookup_needs_its_name_no_longer_once_it_has_begun),
        cmocka_unit_test(an_answer_ends_the_lookup_and_is_stored),
        cmocka_unit_test(a_miss_ends_the_lookup_and_is_not_stored),
        cmocka_unit_test(a_failure_ends_the_lookup_and_is_not_stored),
        cmocka_unit_test(an_answer_with_ttl_0_is_found_and_not_stored),
        cmocka_unit_test(an_alias_is_found_and_stored_as_what_it_is),
        cmocka_unit_test(what_the_table_has_is_answered_without_a_datagram_or_an_id),
        cmocka_unit_test(what_has_left_the_table_is_asked_for_again),
        cmocka_unit_test(ids_go_up_by_one_for_each_lookup_that_asks),
        cmocka_unit_test(behind_the_largest_id_comes_0),
        cmocka_unit_test(each_further_try_waits_twice_as_long),
        cmocka_unit_test(a_tick_that_comes_late_counts_from_when_it_came),
        cmocka_unit_test(one_try_has_no_retry),
        cmocka_unit_test(sixteen_tries_double_to_the_end),
        cmocka_unit_test(an_answer_after_retries_ends_the_lookup),
        cmocka_unit_test(a_client_without_a_lookup_never_asks_by_itself),
        cmocka_unit_test(a_server_that_cannot_be_reached_ends_the_lookup_at_once),
        cmocka_unit_test(each_datagram_that_is_not_the_answer_is_counted_and_the_wait_goes_on),
        cmocka_unit_test(a_new_lookup_begins_to_count_anew),
        cmocka_unit_test(a_late_answer_to_the_lookup_before_has_the_wrong_id),
        cmocka_unit_test(the_longest_name_and_result_fit),
        cmocka_unit_test(random_damage_to_the_answer_does_no_harm),
        cmocka_unit_test(each_reason_has_its_words),
        cmocka_unit_test(an_error_that_comes_when_nothing_is_asked_changes_nothing),
        cmocka_unit_test(what_comes_when_nothing_is_asked_changes_nothing),
        cmocka_unit_test(a_new_lookup_remembers_no_result),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
