#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/walk.h"

static const struct nib_addr top = {.ip = {10, 0, 0, 2}, .port = 22005, .family = 4};
static const nib_ms T0 = 5000;

struct fixture {
    struct nib_walk walk;
    struct nib_outputs outputs;
    void *memory, *outputs_memory;
    struct nib_message query; /* the last one, with its name in octets */
    uint8_t octets[NIB_QUERY_MAX];
};

static void prepare(struct fixture *f)
{
    const struct nib_walk_config config = {.server = top, .timeout_ms = 1000, .tries = 2};
    *f = (struct fixture){.memory = zeroed(nib_walk_bytes()),
        .outputs_memory = zeroed(nib_outputs_bytes(NIB_WALK_OUTPUTS))};
    nib_outputs_init(&f->outputs, f->outputs_memory, NIB_WALK_OUTPUTS);
    nib_walk_open(&f->walk, f->memory, &config);
    f->walk.local.config.mix = NIB_MIX_NEVER;
}

static void reset(struct fixture *f)
{
    free(f->memory);
    free(f->outputs_memory);
}

/* The query that is sent, as a line `10.0.0.2:22005 NAME TYPE`; `nothing` where there is none. */
static const char *sent(struct fixture *f)
{
    static char line[NIB_LINE_MAX];
    char addr[NIB_ADDR_TEXT_MAX];
    size_t bad;
    snprintf(line, sizeof line, "nothing");
    for (uint32_t i = 0; i < f->outputs.n; i++) {
        const struct nib_output *o = &f->outputs.items[i];
        assert_true(o->kind != NIB_OUTPUT_ANSWER);
        if (o->kind != NIB_OUTPUT_QUERY)
            continue;
        memcpy(f->octets, o->octets, o->len);
        assert_int_equal(nib_message_decode(&f->query, f->octets, o->len, &bad), NIB_OK);
        (void)nib_addr_format(&o->path.peer, addr);
        assert_true(nib_addr_equal(&o->path.peer, &f->walk.asked));
        snprintf(line, sizeof line, "%s %.*s %s", addr, (int)f->query.qname.len, f->query.qname.ptr,
            nib_type_name(f->query.qtype));
    }
    nib_outputs_clear(&f->outputs);
    return line;
}

static const char *start(struct fixture *f, const char *name, enum nib_type type)
{
    nib_walk_start(&f->walk, T0, text_of(name), type, &f->outputs);
    return sent(f);
}

/* A response to the last query from an address; what is sent then. */
static const char *answer_from(struct fixture *f, const struct nib_addr *from, const char *aname,
    enum nib_type atype, const char *result)
{
    uint8_t octets[NIB_MESSAGE_MAX];
    struct nib_message m = f->query;
    m.flag = NIB_RESPONSE;
    m.aname = text_of(aname);
    m.atype = atype;
    m.result = text_of(result);
    m.ttl_s = nib_result_outcome(m.result) == NIB_FOUND ? 60 : 0;
    size_t len = nib_message_encode(octets, sizeof octets, &m);
    (void)nib_walk_input(&f->walk, T0, from, octets, len, &f->outputs);
    return sent(f);
}

static const char *answer(
    struct fixture *f, const char *aname, enum nib_type atype, const char *result)
{
    struct nib_addr from = f->walk.asked;
    return answer_from(f, &from, aname, atype, result);
}

static void assert_ended(struct fixture *f, enum nib_outcome outcome, const char *result)
{
    assert_true(f->walk.ended);
    assert_true(nib_walk_deadline(&f->walk) == NIB_NEVER);
    assert_int_equal(f->walk.outcome, outcome);
    assert_text(((struct nib_text){f->walk.result, f->walk.result_len}), result);
}

/* NIB-8.32: those referred to are asked on the port of the first. */
static void a_walk_of_three_levels_takes_five_datagrams(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    assert_string_equal(
        start(&f, "www.eu.amazone.com", NIB_A), "10.0.0.2:22005 www.eu.amazone.com A");
    assert_string_equal(
        answer(&f, "amazone.com", NIB_NS, "ns.amazone.com"), "10.0.0.2:22005 ns.amazone.com A");
    assert_string_equal(
        answer(&f, "ns.amazone.com", NIB_A, "10.0.0.3"), "10.0.0.3:22005 www.eu.amazone.com A");
    assert_string_equal(answer(&f, "eu.amazone.com", NIB_NS, "ns.eu.amazone.com"),
        "10.0.0.3:22005 ns.eu.amazone.com A");
    assert_string_equal(
        answer(&f, "ns.eu.amazone.com", NIB_A, "10.0.0.4"), "10.0.0.4:22005 www.eu.amazone.com A");
    assert_string_equal(answer(&f, "www.eu.amazone.com", NIB_A, "192.0.2.80"), "nothing");
    assert_ended(&f, NIB_FOUND, "192.0.2.80");
    assert_int_equal(f.walk.datagrams, 5);
    assert_int_equal(f.walk.ttl_s, 60);
    reset(&f);
}

static void an_alias_is_followed_from_the_closest_domain_that_is_known_by_then(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)start(&f, "store.amazone.com", NIB_A);
    (void)answer(&f, "amazone.com", NIB_NS, "ns.amazone.com");
    (void)answer(&f, "ns.amazone.com", NIB_A, "10.0.0.3");
    assert_string_equal(answer(&f, "store.amazone.com", NIB_CNAME, "shop.amazone.com"),
        "10.0.0.3:22005 shop.amazone.com A");
    assert_string_equal(answer(&f, "shop.amazone.com", NIB_A, "Record not found"), "nothing");
    assert_ended(&f, NIB_NOT_FOUND, "Record not found");
    reset(&f);
}

static void the_next_walk_begins_at_the_top(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(start(&f, "amazone.com", NIB_A), "10.0.0.2:22005 amazone.com A");
        (void)answer(&f, "amazone.com", NIB_NS, "ns.amazone.com");
        (void)answer(&f, "ns.amazone.com", NIB_A, "10.0.0.3");
        assert_string_equal(answer(&f, "amazone.com", NIB_A, "192.0.2.1"), "nothing");
        assert_int_equal(f.walk.datagrams, 3);
    }
    reset(&f);
}

static void a_response_from_elsewhere_is_no_response(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_addr other = top;
    prepare(&f);
    (void)start(&f, "amazone.com", NIB_A);
    other.port++;
    assert_string_equal(answer_from(&f, &other, "amazone.com", NIB_A, "6.6.6.6"), "nothing");
    assert_false(f.walk.ended);
    (void)answer(&f, "amazone.com", NIB_A, "192.0.2.1");
    assert_ended(&f, NIB_FOUND, "192.0.2.1");
    reset(&f);
}

/* Two tries of 1 and 2 s; silence and a failure that somebody sent are told apart. */
static void silence_ends_a_walk_and_is_told_from_a_failure(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f);
    (void)start(&f, "amazone.com", NIB_A);
    assert_int_equal(nib_walk_deadline(&f.walk), T0 + 1000);
    nib_walk_tick(&f.walk, T0 + 1000, &f.outputs);
    assert_string_equal(sent(&f), "10.0.0.2:22005 amazone.com A");
    nib_walk_tick(&f.walk, T0 + 2999, &f.outputs);
    assert_false(f.walk.ended);
    nib_walk_tick(&f.walk, T0 + 3000, &f.outputs);
    assert_ended(&f, NIB_FAILURE, "Server failure");
    assert_true(f.walk.silent);
    (void)start(&f, "amazone.com", NIB_A);
    (void)answer(&f, "amazone.com", NIB_A, "Server failure");
    assert_ended(&f, NIB_FAILURE, "Server failure");
    assert_false(f.walk.silent);
    (void)start(&f, "amazone.com", NIB_A);
    (void)nib_walk_unreachable(&f.walk, T0, &f.outputs);
    assert_ended(&f, NIB_FAILURE, "Server failure");
    assert_true(f.walk.silent);
    reset(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_of_three_levels_takes_five_datagrams),
        cmocka_unit_test(an_alias_is_followed_from_the_closest_domain_that_is_known_by_then),
        cmocka_unit_test(the_next_walk_begins_at_the_top),
        cmocka_unit_test(a_response_from_elsewhere_is_no_response),
        cmocka_unit_test(silence_ends_a_walk_and_is_told_from_a_failure),
    };
    return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
