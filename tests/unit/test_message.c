/* Matching, one-line text, outcomes, and what the encoder refuses. The codec: test_vectors.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/support.h"

#include "nibdns/message.h"

static char long_name[254];
static char other_name[253]; /* 254 times a, without a terminator */

static const struct nib_message query = {
    .id = 7,
    .flag = NIB_QUERY,
    .qtype = NIB_A,
    .qname = {"shop.amazone.com", 16},
};

static const struct nib_message response = {
    .id = 7,
    .flag = NIB_RESPONSE,
    .qtype = NIB_A,
    .qname = {"shop.amazone.com", 16},
    .atype = NIB_A,
    .aname = {"shop.amazone.com", 16},
    .ttl_s = 60,
    .result = {"3.33.147.88", 11},
};

static const enum nib_type types[] = {NIB_TYPES(NIB_TYPE_SYMBOL)};

static void a_response_with_id_question_and_answer_of_the_query_fits(void **state)
{
    (void)state;
    assert_int_equal(nib_message_fits(&query, &response), NIB_FITS);
}

static void the_highest_id_fits_itself_alone(void **state)
{
    (void)state;
    struct nib_message q = query, r = response;
    q.id = r.id = UINT32_MAX;
    assert_int_equal(nib_message_fits(&q, &r), NIB_FITS);
    r.id = 0;
    assert_int_equal(nib_message_fits(&q, &r), NIB_MISMATCH_ID);
}

/* NIB-5.1 */
static void a_query_is_not_a_response(void **state)
{
    (void)state;
    assert_int_equal(nib_message_fits(&query, &query), NIB_MISMATCH_FLAG);
}

/* NIB-5.2 */
static void every_bit_of_the_id_counts(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        struct nib_message r = response;
        r.id ^= (uint32_t)1 << bit;
        assert_int_equal(nib_message_fits(&query, &r), NIB_MISMATCH_ID);
    }
}

/* NIB-5.3 */
static void the_question_type_must_be_the_querys(void **state)
{
    (void)state;
    for (size_t i = 1; i < NIB_TYPE_COUNT; i++) {
        struct nib_message r = response;
        r.qtype = types[i];
        assert_int_equal(nib_message_fits(&query, &r), NIB_MISMATCH_QUESTION);
    }
}

static void the_question_name_must_be_the_querys_octet_for_octet(void **state)
{
    (void)state;
    const struct nib_text others[] = {NIB_TEXT("Shop.amazone.com"), NIB_TEXT("shop.amazone.coM"),
        NIB_TEXT("shop.amazone.co"), NIB_TEXT("shop.amazone.comm"), NIB_TEXT("www.csusm.edu")};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct nib_message r = response;
        r.qname = others[i];
        assert_int_equal(nib_message_fits(&query, &r), NIB_MISMATCH_QUESTION);
    }
}

/* NIB-5.4 */
static void the_answer_name_must_be_the_querys_octet_for_octet(void **state)
{
    (void)state;
    const struct nib_text others[] = {NIB_TEXT("Shop.amazone.com"), NIB_TEXT("shop.amazone.coM"),
        NIB_TEXT("shop.amazone.co"), NIB_TEXT("shop.amazone.comm"), NIB_TEXT("www.csusm.edu")};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct nib_message r = response;
        r.aname = others[i];
        assert_int_equal(nib_message_fits(&query, &r), NIB_MISMATCH_ANSWER);
    }
}

static void the_answer_type_must_be_the_querys_or_cname(void **state)
{
    (void)state;
    for (size_t i = 0; i < NIB_TYPE_COUNT; i++) {
        for (size_t j = 0; j < NIB_TYPE_COUNT; j++) {
            struct nib_message q = query, r = response;
            q.qtype = r.qtype = types[i];
            r.atype = types[j];
            bool fits = i == j || types[j] == NIB_CNAME;
            assert_int_equal(nib_message_fits(&q, &r), fits ? NIB_FITS : NIB_MISMATCH_ANSWER);
        }
    }
}

/* All four are wrong; one after the other is put right. */
static void the_first_reason_in_order_is_the_one_given(void **state)
{
    (void)state;
    struct nib_message r = response;
    r.flag = NIB_QUERY;
    r.id = 8;
    r.qtype = NIB_NS;
    r.aname = NIB_TEXT("other");
    assert_int_equal(nib_message_fits(&query, &r), NIB_MISMATCH_FLAG);
    r.flag = NIB_RESPONSE;
    assert_int_equal(nib_message_fits(&query, &r), NIB_MISMATCH_ID);
    r.id = 7;
    assert_int_equal(nib_message_fits(&query, &r), NIB_MISMATCH_QUESTION);
    r.qtype = NIB_A;
    assert_int_equal(nib_message_fits(&query, &r), NIB_MISMATCH_ANSWER);
    r.aname = query.qname;
    assert_int_equal(nib_message_fits(&query, &r), NIB_FITS);
}

/* NIB-4.4 */
static void the_two_miss_texts_are_misses_and_nothing_else_is(void **state)
{
    (void)state;
    assert_int_equal(nib_result_outcome(NIB_TEXT("Record not found")), NIB_NOT_FOUND);
    assert_int_equal(nib_result_outcome(NIB_TEXT("Server failure")), NIB_FAILURE);
    const struct nib_text others[] = {NIB_TEXT(""), NIB_TEXT("record not found"),
        NIB_TEXT("Record not foun"), NIB_TEXT("Record not found "), NIB_TEXT("Record not found\0"),
        NIB_TEXT("Server Failure"), NIB_TEXT("Server failur"), NIB_TEXT("Server failure."),
        NIB_TEXT("3.33.147.88")};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(nib_result_outcome(others[i]), NIB_FOUND);
}

static void expect_result(enum nib_type type, struct nib_text text, enum nib_err err, size_t at)
{
    size_t bad = SIZE_MAX;
    assert_int_equal(nib_result_check(type, text, &bad), err);
    if (err != NIB_OK)
        assert_int_equal(bad, at);
}

static void a_result_is_judged_by_its_type(void **state)
{
    (void)state;
    expect_result(NIB_A, NIB_TEXT("3.33.147.88"), NIB_OK, 0);
    expect_result(NIB_A, NIB_TEXT("::1"), NIB_ERR_RESULT_A, 0);
    expect_result(NIB_AAAA, NIB_TEXT("::1"), NIB_OK, 0);
    expect_result(NIB_AAAA, NIB_TEXT("3.33.147.88"), NIB_ERR_RESULT_AAAA, 0);
    expect_result(NIB_CNAME, NIB_TEXT("a.b"), NIB_OK, 0);
    expect_result(NIB_CNAME, NIB_TEXT("a.b."), NIB_ERR_NAME_EMPTY, 3);
    expect_result(NIB_NS, NIB_TEXT("a b"), NIB_ERR_NAME_OCTET, 1);
    for (size_t i = 0; i < NIB_TYPE_COUNT; i++) {
        expect_result(types[i], NIB_TEXT(""), NIB_ERR_RESULT_LEN, 0);
        expect_result(types[i], (struct nib_text){long_name, 254}, NIB_ERR_RESULT_LEN, 0);
    }
}

/* A records file holds no misses: this check knows none. */
static void a_miss_text_is_no_result_of_any_type(void **state)
{
    (void)state;
    expect_result(NIB_A, NIB_TEXT("Record not found"), NIB_ERR_RESULT_A, 0);
    expect_result(NIB_AAAA, NIB_TEXT("Record not found"), NIB_ERR_RESULT_AAAA, 0);
    expect_result(NIB_CNAME, NIB_TEXT("Record not found"), NIB_ERR_NAME_OCTET, 6);
    expect_result(NIB_NS, NIB_TEXT("Server failure"), NIB_ERR_NAME_OCTET, 6);
}

static void the_encoder_refuses_texts_of_0_and_254_octets(void **state)
{
    (void)state;
    const size_t lens[] = {0, 254, 255, 256, 257};
    uint8_t out[2048];
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        static char text[257];
        memset(text, 'a', sizeof text);
        const struct nib_text wrong = {text, lens[i]};
        struct nib_message m = query;
        m.qname = wrong;
        assert_int_equal(nib_message_encode(out, sizeof out, &m), 0);
        m = response;
        m.qname = wrong;
        assert_int_equal(nib_message_encode(out, sizeof out, &m), 0);
        m = response;
        m.aname = wrong;
        assert_int_equal(nib_message_encode(out, sizeof out, &m), 0);
        m = response;
        m.result = wrong;
        assert_int_equal(nib_message_encode(out, sizeof out, &m), 0);
    }
}

static void the_encoder_does_not_read_the_outcome_or_a_querys_answer(void **state)
{
    (void)state;
    const uint8_t expected[] = {0, 0, 0, 7, /* ID */
        0x08, 1, 'a'};                      /* query, A, a */
    struct nib_message m = {.id = 7, .qtype = NIB_A, .qname = {"a", 1}};
    m.atype = NIB_NS;
    m.aname = NIB_TEXT("b");
    m.ttl_s = 60;
    m.outcome = NIB_FAILURE;
    uint8_t out[NIB_MESSAGE_MAX];
    assert_int_equal(nib_message_encode(out, sizeof out, &m), sizeof expected);
    assert_memory_equal(out, expected, sizeof expected);
}

static void a_decoded_message_borrows_from_its_datagram(void **state)
{
    (void)state;
    const uint8_t octets[] = {0, 0, 0, 7, /* ID */
        0x18, 1, 'a',                     /* response, A, a */
        0x02, 1, 'a',                     /* zero, CNAME, a */
        0, 0, 0, 60,                      /* TTL */
        3, 'b', '.', 'c'};                /* b.c */
    struct nib_message m;
    size_t bad;
    assert_int_equal(nib_message_decode(&m, octets, sizeof octets, &bad), NIB_OK);
    assert_ptr_equal(m.qname.ptr, octets + 6);
    assert_ptr_equal(m.aname.ptr, octets + 9);
    assert_ptr_equal(m.result.ptr, octets + 15);
}

static void no_octets_at_all_are_too_short(void **state)
{
    (void)state;
    struct nib_message m;
    size_t bad = SIZE_MAX;
    assert_int_equal(nib_message_decode(&m, NULL, 0, &bad), NIB_ERR_SHORT);
    assert_int_equal(bad, 0);
}

static void expect_line(const struct nib_message *message, const char *expected)
{
    char line[NIB_LINE_MAX];
    memset(line, 'x', sizeof line);
    assert_int_equal(nib_message_line(message, line), strlen(expected));
    assert_string_equal(line, expected);
}

static void a_line_says_what_a_message_says(void **state)
{
    (void)state;
    struct nib_message m = response;
    expect_line(&query, "Query A shop.amazone.com id 7");
    expect_line(&response, "Response A shop.amazone.com 3.33.147.88 ttl 60 id 7");
    m.result = NIB_TEXT("Record not found");
    m.ttl_s = 0;
    expect_line(&m, "Response A shop.amazone.com Record not found ttl 0 id 7");
}

static void a_line_names_an_answer_type_that_is_not_the_questions(void **state)
{
    (void)state;
    struct nib_message m = response;
    m.atype = NIB_CNAME;
    m.result = NIB_TEXT("store.amazone.com");
    expect_line(&m, "Response A shop.amazone.com CNAME store.amazone.com ttl 60 id 7");
    m.qtype = NIB_CNAME;
    expect_line(&m, "Response CNAME shop.amazone.com store.amazone.com ttl 60 id 7");
}

static void a_line_has_the_record_of_another_name_behind_a_colon(void **state)
{
    (void)state;
    struct nib_message m = response;
    m.aname = NIB_TEXT("Shop.amazone.com");
    expect_line(&m, "Response A shop.amazone.com: Shop.amazone.com A 3.33.147.88 ttl 60 id 7");
    m.aname = NIB_TEXT("amazone.com");
    m.atype = NIB_NS;
    m.result = NIB_TEXT("dns.amazone.com");
    expect_line(&m, "Response A shop.amazone.com: amazone.com NS dns.amazone.com ttl 60 id 7");
}

/* 9 + 6 + 253, ": ", 253 + 1 + 5 + 253, " ttl 2147483647", " id 4294967295" */
static void the_longest_line_fits(void **state)
{
    (void)state;
    struct nib_message m = response;
    char line[NIB_LINE_MAX];
    m.id = UINT32_MAX;
    m.qtype = NIB_CNAME;
    m.atype = NIB_AAAA;
    m.qname = m.result = (struct nib_text){long_name, 253};
    m.aname = (struct nib_text){other_name, 253};
    m.ttl_s = NIB_TTL_MAX;
    assert_int_equal(nib_message_line(&m, line), 9 + 6 + 253 + 2 + 254 + 5 + 253 + 15 + 14);
    assert_string_equal(line + 9 + 6 + 253 + 2 + 254 + 5 + 253, " ttl 2147483647 id 4294967295");
}

static int setup(void **state)
{
    (void)state;
    memset(long_name, 'a', sizeof long_name);
    memset(other_name, 'b', sizeof other_name);
    return 0;
}

/* NIB-5.5: what a response is that differs from the right answer in type, name and result alone. */
static bool refers(const char *qname, enum nib_type qtype, const char *aname, enum nib_type atype,
    const char *result)
{
    struct nib_message q = query, r = response;
    q.qname = r.qname = text_of(qname);
    q.qtype = r.qtype = qtype;
    r.aname = text_of(aname);
    r.atype = atype;
    r.result = text_of(result);
    r.outcome = nib_result_outcome(r.result);
    return nib_message_is_referral(&q, &r);
}

static void a_referral_names_the_name_or_what_follows_one_of_its_dots(void **state)
{
    (void)state;
    assert_true(refers("a.b.c", NIB_A, "a.b.c", NIB_NS, "ns"));
    assert_true(refers("a.b.c", NIB_A, "b.c", NIB_NS, "ns"));
    assert_true(refers("a.b.c", NIB_A, "c", NIB_NS, "ns"));
    assert_false(refers("a.b.c", NIB_A, ".c", NIB_NS, "ns"));
    assert_false(refers("a.bb.c", NIB_A, "b.c", NIB_NS, "ns"));    /* no whole label */
    assert_false(refers("a.b.c", NIB_A, "x.b.c", NIB_NS, "ns"));   /* beside it */
    assert_false(refers("a.b.c", NIB_A, "x.a.b.c", NIB_NS, "ns")); /* below it */
    assert_false(refers("a.b.c", NIB_A, "B.c", NIB_NS, "ns"));     /* other letters */
}

static void a_referral_is_of_type_ns_and_no_miss(void **state)
{
    (void)state;
    assert_false(refers("a.b.c", NIB_A, "b.c", NIB_A, "1.2.3.4"));
    assert_false(refers("a.b.c", NIB_A, "b.c", NIB_CNAME, "ns"));
    assert_false(refers("a.b.c", NIB_A, "b.c", NIB_NS, "Record not found"));
    assert_false(refers("a.b.c", NIB_A, "b.c", NIB_NS, "Server failure"));
}

static void name_servers_that_were_asked_for_are_an_answer_but_not_those_of_a_domain_above(
    void **state)
{
    (void)state;
    assert_false(refers("a.b.c", NIB_NS, "a.b.c", NIB_NS, "ns"));
    assert_true(refers("a.b.c", NIB_NS, "b.c", NIB_NS, "ns"));
}

static void a_referral_has_the_id_and_question_of_its_query(void **state)
{
    (void)state;
    struct nib_message r = response, other;
    r.atype = NIB_NS;
    r.aname = text_of("amazone.com");
    r.result = text_of("ns.amazone.com");
    assert_true(nib_message_is_referral(&query, &r));
    assert_int_equal(nib_message_fits(&query, &r), NIB_MISMATCH_ANSWER); /* for all others */
    other = r;
    other.id++;
    assert_false(nib_message_is_referral(&query, &other));
    other = r;
    other.qtype = NIB_AAAA;
    assert_false(nib_message_is_referral(&query, &other));
    other = r;
    other.flag = NIB_QUERY;
    assert_false(nib_message_is_referral(&query, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_response_with_id_question_and_answer_of_the_query_fits),
        cmocka_unit_test(the_highest_id_fits_itself_alone),
        cmocka_unit_test(a_query_is_not_a_response),
        cmocka_unit_test(every_bit_of_the_id_counts),
        cmocka_unit_test(the_question_type_must_be_the_querys),
        cmocka_unit_test(the_question_name_must_be_the_querys_octet_for_octet),
        cmocka_unit_test(the_answer_name_must_be_the_querys_octet_for_octet),
        cmocka_unit_test(the_answer_type_must_be_the_querys_or_cname),
        cmocka_unit_test(the_first_reason_in_order_is_the_one_given),
        cmocka_unit_test(the_two_miss_texts_are_misses_and_nothing_else_is),
        cmocka_unit_test(a_result_is_judged_by_its_type),
        cmocka_unit_test(a_miss_text_is_no_result_of_any_type),
        cmocka_unit_test(the_encoder_refuses_texts_of_0_and_254_octets),
        cmocka_unit_test(the_encoder_does_not_read_the_outcome_or_a_querys_answer),
        cmocka_unit_test(a_decoded_message_borrows_from_its_datagram),
        cmocka_unit_test(no_octets_at_all_are_too_short),
        cmocka_unit_test(a_line_says_what_a_message_says),
        cmocka_unit_test(a_line_names_an_answer_type_that_is_not_the_questions),
        cmocka_unit_test(a_line_has_the_record_of_another_name_behind_a_colon),
        cmocka_unit_test(the_longest_line_fits),
        cmocka_unit_test(a_referral_names_the_name_or_what_follows_one_of_its_dots),
        cmocka_unit_test(a_referral_is_of_type_ns_and_no_miss),
        cmocka_unit_test(
            name_servers_that_were_asked_for_are_an_answer_but_not_those_of_a_domain_above),
        cmocka_unit_test(a_referral_has_the_id_and_question_of_its_query),
    };
    return cmocka_run_group_tests_name("message", tests, setup, NULL);
}
