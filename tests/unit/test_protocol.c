/* The numbers and words of proto/protocol.md, written down a second time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nibdns/message.h"

static void the_limits_are_those_of_the_text(void **state)
{
    (void)state;
    assert_int_equal(NIB_NAME_MAX, 253);
    assert_int_equal(NIB_LABEL_MAX, 63);
    assert_int_equal(NIB_RESULT_MAX, 253);
    assert_int_equal(NIB_TTL_MAX, 2147483647);
    assert_int_equal(NIB_QUERY_MIN, 7);
    assert_int_equal(NIB_QUERY_MAX, 259);
    assert_int_equal(NIB_MESSAGE_MAX, 772); /* NIB-1.1 */
}

/* NIB-1.3 */
static void the_ports_are_those_of_the_text(void **state)
{
    (void)state;
    assert_int_equal(NIB_PORT_LOCAL, 21000);
    assert_int_equal(NIB_PORT_AUTHORITATIVE, 22000);
}

static void the_fixed_fields_stand_where_the_diagram_has_them(void **state)
{
    (void)state;
    assert_int_equal(NIB_AT_ID, 0);
    assert_int_equal(NIB_AT_FLAG_TYPE, 4);
    assert_int_equal(NIB_AT_QNAME_LEN, 5);
    assert_int_equal(NIB_AT_QNAME, 6);
}

static void the_codes_are_those_of_the_text(void **state)
{
    (void)state;
    assert_int_equal(NIB_QUERY, 0);
    assert_int_equal(NIB_RESPONSE, 1);
    assert_int_equal(NIB_A, 8);
    assert_int_equal(NIB_AAAA, 4);
    assert_int_equal(NIB_CNAME, 2);
    assert_int_equal(NIB_NS, 1);
}

/* NIB-1.2 */
static void the_octets_of_integers_stand_highest_first(void **state)
{
    (void)state;
    const uint8_t octets[] = {0x01, 0x02, 0x03, 0x04, /* ID */
        0x18, 1, 'a',                                 /* response, A, a */
        0x08, 1, 'a',                                 /* zero, A, a */
        0x10, 0x20, 0x30, 0x40,                       /* TTL */
        7, '1', '.', '2', '.', '3', '.', '4'};        /* 1.2.3.4 */
    struct nib_message m;
    size_t bad;
    assert_int_equal(nib_message_decode(&m, octets, sizeof octets, &bad), NIB_OK);
    assert_int_equal(m.id, 16909060);
    assert_int_equal(m.ttl_s, 270544960);
}

/* NIB-1.1: a datagram that begins with the longest message and has one octet more is not that. */
static void one_octet_behind_the_longest_message_is_seen(void **state)
{
    (void)state;
    uint8_t octets[773] = {0};
    uint8_t *at = octets + 4;
    for (int text = 0; text < 3; text++) { /* question name, answer name, result, each 253 octets */
        if (text < 2)
            *at++ = text == 0 ? 0x11 : 0x01; /* response, NS; zero, NS */
        else
            at += 4; /* TTL */
        *at++ = 253;
        for (int i = 0; i < 253; i++)
            *at++ = i % 64 == 63 ? '.' : 'a';
    }
    assert_ptr_equal(at, octets + 772);
    struct nib_message m;
    size_t bad;
    assert_int_equal(nib_message_decode(&m, octets, 772, &bad), NIB_OK);
    assert_int_equal(nib_message_decode(&m, octets, 773, &bad), NIB_ERR_TRAILING);
    assert_int_equal(bad, 772);
}

static void types_have_their_names(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 256; code++) {
        const char *name = code == 8   ? "A"
                           : code == 4 ? "AAAA"
                           : code == 2 ? "CNAME"
                           : code == 1 ? "NS"
                                       : "?";
        assert_string_equal(nib_type_name((enum nib_type)code), name);
    }
}

static void a_type_is_read_in_any_case(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum nib_type type;
    } good[] = {{"A", NIB_A}, {"a", NIB_A}, {"AAAA", NIB_AAAA}, {"aaaa", NIB_AAAA},
        {"AaAa", NIB_AAAA}, {"CNAME", NIB_CNAME}, {"cname", NIB_CNAME}, {"cNaMe", NIB_CNAME},
        {"NS", NIB_NS}, {"ns", NIB_NS}, {"nS", NIB_NS}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        enum nib_type type = (enum nib_type)0;
        assert_true(nib_type_parse((struct nib_text){good[i].text, strlen(good[i].text)}, &type));
        assert_int_equal(type, good[i].type);
    }
}

static void what_is_no_type_is_refused_and_leaves_the_result(void **state)
{
    (void)state;
    const struct nib_text bad[] = {NIB_TEXT(""), NIB_TEXT("AA"), NIB_TEXT("AAA"), NIB_TEXT("AAAAA"),
        NIB_TEXT("N"), NIB_TEXT("NSS"), NIB_TEXT("CNAM"), NIB_TEXT("MX"), NIB_TEXT("A "),
        NIB_TEXT(" A"), NIB_TEXT("A\0"), NIB_TEXT("8"), NIB_TEXT("n\xd3"), NIB_TEXT("!"),
        NIB_TEXT("a{"), NIB_TEXT("A\0AAA")};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        enum nib_type type = NIB_NS;
        assert_false(nib_type_parse(bad[i], &type));
        assert_int_equal(type, NIB_NS);
    }
}

static void of_an_empty_text_no_octet_is_read(void **state)
{
    (void)state;
    enum nib_type type = NIB_NS;
    assert_false(nib_type_parse((struct nib_text){NULL, 0}, &type));
    assert_int_equal(type, NIB_NS);
}

/* The order is the enum's own, which counters go by. */
static void every_error_has_its_rule_and_words(void **state)
{
    (void)state;
    static const char *const rules[] = {"", "NIB-2.1", "NIB-2.2", "NIB-2.3", "NIB-2.4", "NIB-2.5",
        "NIB-2.6", "NIB-2.7", "NIB-3.1", "NIB-3.2", "NIB-3.3", "NIB-3.4", "NIB-4.1", "NIB-4.2",
        "NIB-4.3", "NIB-4.4"};
    assert_int_equal(NIB_ERR_COUNT, sizeof rules / sizeof rules[0]);
    for (int err = 0; err < NIB_ERR_COUNT; err++) {
        assert_string_equal(nib_err_rule((enum nib_err)err), rules[err]);
        assert_int_equal(nib_err_words((enum nib_err)err)[0] == '\0', err == NIB_OK);
    }
    assert_string_equal(nib_err_words(NIB_ERR_SHORT), "message ends inside a field");
    assert_string_equal(nib_err_words(NIB_ERR_MISS_TTL), "a miss carries a TTL other than 0");
}

static void every_misfit_has_its_rule_and_words(void **state)
{
    (void)state;
    static const char *const rules[] = {"", "NIB-5.1", "NIB-5.2", "NIB-5.3", "NIB-5.4"};
    static const char *const words[] = {
        "", "not a response", "wrong ID", "wrong question", "wrong answer name or type"};
    assert_int_equal(NIB_MISMATCH_COUNT, sizeof rules / sizeof rules[0]);
    for (int mismatch = 0; mismatch < NIB_MISMATCH_COUNT; mismatch++) {
        assert_string_equal(nib_mismatch_rule((enum nib_mismatch)mismatch), rules[mismatch]);
        assert_string_equal(nib_mismatch_words((enum nib_mismatch)mismatch), words[mismatch]);
    }
}

static void values_outside_the_lists_have_empty_words(void **state)
{
    (void)state;
    assert_string_equal(nib_err_rule(NIB_ERR_COUNT), "");
    assert_string_equal(nib_err_words(NIB_ERR_COUNT), "");
    assert_string_equal(nib_mismatch_rule(NIB_MISMATCH_COUNT), "");
    assert_string_equal(nib_mismatch_words(NIB_MISMATCH_COUNT), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limits_are_those_of_the_text),
        cmocka_unit_test(the_ports_are_those_of_the_text),
        cmocka_unit_test(the_fixed_fields_stand_where_the_diagram_has_them),
        cmocka_unit_test(the_codes_are_those_of_the_text),
        cmocka_unit_test(the_octets_of_integers_stand_highest_first),
        cmocka_unit_test(one_octet_behind_the_longest_message_is_seen),
        cmocka_unit_test(types_have_their_names),
        cmocka_unit_test(a_type_is_read_in_any_case),
        cmocka_unit_test(what_is_no_type_is_refused_and_leaves_the_result),
        cmocka_unit_test(of_an_empty_text_no_octet_is_read),
        cmocka_unit_test(every_error_has_its_rule_and_words),
        cmocka_unit_test(every_misfit_has_its_rule_and_words),
        cmocka_unit_test(values_outside_the_lists_have_empty_words),
    };
    return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}
