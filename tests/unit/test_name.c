#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/vectors.h"
#include "nibdns/name.h"
#include "reference/naive.h"

static void expect(struct nib_text name, enum nib_err err, size_t at)
{
    size_t bad = SIZE_MAX;
    uint8_t *block = vector_block((const uint8_t *)name.ptr, name.len);
    enum nib_err got = nib_name_check((struct nib_text){(char *)block, name.len}, &bad);
    free(block);
    if (got != err || (err != NIB_OK && bad != at))
        fail_msg("%.*s: \"%s\" at %zu, not \"%s\" at %zu", (int)name.len, name.ptr,
            nib_err_rule(got), bad, nib_err_rule(err), at);
}

/* Labels of 63 octets, the last one shorter. */
static struct nib_text name_of(size_t len)
{
    static char text[256];
    for (size_t i = 0; i < len; i++)
        text[i] = i % 64 == 63 ? '.' : 'a';
    return (struct nib_text){text, len};
}

/* NIB-3.1 */
static void a_name_has_1_to_253_octets(void **state)
{
    (void)state;
    expect(name_of(0), NIB_ERR_NAME_LEN, 0);
    expect(name_of(1), NIB_OK, 0);
    expect(name_of(252), NIB_OK, 0);
    expect(name_of(253), NIB_OK, 0);
    expect(name_of(254), NIB_ERR_NAME_LEN, 0);
    expect(name_of(255), NIB_ERR_NAME_LEN, 0);
}

static bool in_alphabet(unsigned c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* NIB-3.2 */
static void all_256_octets_are_judged(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char text[3] = {'a', (char)c, 'b'};
        enum nib_err err = in_alphabet(c) || c == '.' ? NIB_OK : NIB_ERR_NAME_OCTET;
        expect((struct nib_text){text, 3}, err, 1);
    }
}

/* NIB-3.3 */
static void an_empty_label_is_shown_by_its_dot(void **state)
{
    (void)state;
    expect(NIB_TEXT("a.b"), NIB_OK, 0);
    expect(NIB_TEXT("."), NIB_ERR_NAME_EMPTY, 0);
    expect(NIB_TEXT(".."), NIB_ERR_NAME_EMPTY, 0);
    expect(NIB_TEXT(".a"), NIB_ERR_NAME_EMPTY, 0);
    expect(NIB_TEXT("a."), NIB_ERR_NAME_EMPTY, 1);
    expect(NIB_TEXT("a.."), NIB_ERR_NAME_EMPTY, 2);
    expect(NIB_TEXT("a..b"), NIB_ERR_NAME_EMPTY, 2);
    expect(NIB_TEXT("a.b..c"), NIB_ERR_NAME_EMPTY, 4);
}

/* NIB-3.4 */
static void a_label_has_at_most_63_octets(void **state)
{
    (void)state;
    char text[130];
    memset(text, 'a', sizeof text);
    expect((struct nib_text){text, 62}, NIB_OK, 0);
    expect((struct nib_text){text, 63}, NIB_OK, 0);
    expect((struct nib_text){text, 64}, NIB_ERR_NAME_LABEL, 63);
    expect((struct nib_text){text, 65}, NIB_ERR_NAME_LABEL, 63);
    text[1] = '.';
    expect((struct nib_text){text, 2 + 63}, NIB_OK, 0);
    expect((struct nib_text){text, 2 + 64}, NIB_ERR_NAME_LABEL, 2 + 63);
    text[2 + 63] = '.';
    expect((struct nib_text){text, 2 + 64 + 63}, NIB_OK, 0);
    expect((struct nib_text){text, 2 + 64 + 64}, NIB_ERR_NAME_LABEL, 2 + 64 + 63);
}

static void the_first_octet_that_breaks_a_rule_is_reported(void **state)
{
    (void)state;
    char text[66];
    memset(text, 'a', sizeof text);
    text[63] = '!';
    expect((struct nib_text){text, 64}, NIB_ERR_NAME_OCTET, 63);
    text[63] = '.';
    expect((struct nib_text){text, 64}, NIB_ERR_NAME_EMPTY, 63);
    text[63] = 'a';
    text[64] = '!';
    expect((struct nib_text){text, 65}, NIB_ERR_NAME_LABEL, 63);
    expect(NIB_TEXT("a!..b"), NIB_ERR_NAME_OCTET, 1);
    expect(NIB_TEXT("a..!"), NIB_ERR_NAME_EMPTY, 2);
}

/* The whole alphabet of a name, in pairs: same only when equal but for ASCII case. */
static void all_pairs_of_octets_compare_without_regard_to_case(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            if ((!in_alphabet(a) && a != '.') || (!in_alphabet(b) && b != '.'))
                continue;
            char x[3] = {'n', (char)a, 'n'}, y[3] = {'N', (char)b, 'n'};
            unsigned la = a >= 'A' && a <= 'Z' ? a + 32 : a, lb = b >= 'A' && b <= 'Z' ? b + 32 : b;
            struct nib_text p = {x, 3}, q = {y, 3};
            assert_int_equal(nib_name_equal(p, q), la == lb);
            assert_int_equal(nib_name_hash(p, 1) == nib_name_hash(q, 1), la == lb);
        }
    }
}

/* Every length on both sides of the words of eight octets that hashing goes by. */
static void one_octet_that_differs_is_seen_at_every_place(void **state)
{
    (void)state;
    char text[40];
    memset(text, 'a', sizeof text);
    for (size_t len = 1; len <= sizeof text; len++) {
        uint8_t *a = vector_block((const uint8_t *)text, len);
        uint8_t *b = vector_block((const uint8_t *)text, len);
        const struct nib_text lower = {(char *)a, len}, upper = {(char *)b, len};
        memset(b, 'A', len);
        assert_true(nib_name_equal(lower, upper));
        assert_true(nib_name_hash(lower, 9) == nib_name_hash(upper, 9));
        for (size_t i = 0; i < len; i++) {
            b[i] = 'B';
            assert_false(nib_name_equal(lower, upper));
            assert_true(nib_name_hash(lower, 9) != nib_name_hash(upper, 9));
            b[i] = 'A';
        }
        free(a);
        free(b);
    }
}

static void names_of_different_length_differ(void **state)
{
    (void)state;
    assert_false(nib_name_equal(NIB_TEXT("csusm.edu"), NIB_TEXT("csusm.ed")));
    assert_false(nib_name_equal(NIB_TEXT("a"), NIB_TEXT("aa")));
    for (size_t a = 1; a <= 64; a++)
        for (size_t b = 1; b < a; b++)
            assert_true(nib_name_hash(name_of(a), 3) != nib_name_hash(name_of(b), 3));
}

static void another_seed_gives_another_hash(void **state)
{
    (void)state;
    const struct nib_text name = NIB_TEXT("www.csusm.edu");
    for (unsigned bit = 0; bit < 64; bit++)
        assert_true(nib_name_hash(name, 0) != nib_name_hash(name, (uint64_t)1 << bit));
}

static void a_parent_is_the_name_without_its_first_label(void **state)
{
    (void)state;
    const struct nib_text name = NIB_TEXT("www.csusm.edu");
    struct nib_text parent = nib_name_parent(name);
    assert_ptr_equal(parent.ptr, name.ptr + 4);
    assert_int_equal(parent.len, 9);
    parent = nib_name_parent(parent);
    assert_true(nib_text_same(parent, NIB_TEXT("edu")));
    parent = nib_name_parent(parent);
    assert_int_equal(parent.len, 0);
    assert_int_equal(nib_name_parent(parent).len, 0);
}

/* Worked out by another program from the description beside the code. */
static void the_hash_is_the_same_on_every_machine(void **state)
{
    (void)state;
    assert_true(nib_name_hash(NIB_TEXT("a"), 0) == 0xf82045e7389a53fbu);
    assert_true(nib_name_hash(NIB_TEXT("example"), 1) == 0xecdd56dec0aac387u);
    assert_true(nib_name_hash(NIB_TEXT("12345678"), 5) == 0x9beb0fdaba9bee75u);
    assert_true(nib_name_hash(NIB_TEXT("shop.amazone.com"), 5) == 0xeedb31190db52da0u);
    assert_true(nib_name_hash(NIB_TEXT("WWW.csusm.edu"), 0) == 0x7fc64f79bf58f340u);
    assert_true(
        nib_name_hash(NIB_TEXT("dns.amazone.com"), 0x0123456789abcdefu) == 0xd6d29488420c3cb7u);
}

/* Beside each other in a name of that many octets, again and again. */
static void every_two_octets_are_judged_as_the_second_decoder_does(void **state)
{
    (void)state;
    static const size_t lens[] = {2, 3, 8, 9, 11, 16};
    for (unsigned pair = 0; pair <= 0xffff; pair++)
        for (size_t l = 0; l < sizeof lens / sizeof lens[0]; l++) {
            uint8_t octets[16];
            size_t bad = 99, at = 0;
            for (size_t i = 0; i < lens[l]; i++)
                octets[i] = (uint8_t)(i % 2 == 0 ? pair >> 8 : pair);
            const char *rule = naive_name((struct naive_text){octets, lens[l]}, &at);
            enum nib_err err =
                nib_name_check((struct nib_text){(const char *)octets, lens[l]}, &bad);
            assert_string_equal(nib_err_rule(err), rule == NULL ? "" : rule);
            assert_int_equal(bad, rule == NULL ? 0 : at);
        }
}

/* Any octet, or a dot before another, among letters: no place of a name is passed over. */
static void one_octet_is_judged_alike_wherever_it_stands(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 66; len++)
        for (size_t place = 0; place < len; place++)
            for (unsigned octet = 0; octet <= 0x100; octet++) {
                char octets[66];
                size_t bad = 99, at = 0;
                memset(octets, 'a', len);
                octets[place] = (char)(octet == 0x100 ? '.' : octet);
                if (octet == 0x100 && place + 1 < len)
                    octets[place + 1] = '.';
                const char *rule =
                    naive_name((struct naive_text){(const uint8_t *)octets, len}, &at);
                enum nib_err err = nib_name_check((struct nib_text){octets, len}, &bad);
                assert_string_equal(nib_err_rule(err), rule == NULL ? "" : rule);
                assert_int_equal(bad, rule == NULL ? 0 : at);
            }
}

/* Names of every length that is looked at by words, between octets that are right themselves. */
static void what_stands_around_a_name_does_not_stand_for_its_octets(void **state)
{
    enum { AROUND = 64 };
    (void)state;
    for (size_t len = 1; len <= NIB_LABEL_MAX; len++)
        for (size_t place = 0; place < len; place++) {
            char octets[AROUND + NIB_LABEL_MAX + AROUND];
            const struct nib_text name = {octets + AROUND, len};
            size_t bad = 99;
            memset(octets, 'a', sizeof octets);
            octets[AROUND + place] = '!';
            assert_int_equal(nib_name_check(name, &bad), NIB_ERR_NAME_OCTET);
            assert_int_equal(bad, place);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_1_to_253_octets),
        cmocka_unit_test(all_256_octets_are_judged),
        cmocka_unit_test(an_empty_label_is_shown_by_its_dot),
        cmocka_unit_test(a_label_has_at_most_63_octets),
        cmocka_unit_test(the_first_octet_that_breaks_a_rule_is_reported),
        cmocka_unit_test(all_pairs_of_octets_compare_without_regard_to_case),
        cmocka_unit_test(one_octet_that_differs_is_seen_at_every_place),
        cmocka_unit_test(names_of_different_length_differ),
        cmocka_unit_test(another_seed_gives_another_hash),
        cmocka_unit_test(a_parent_is_the_name_without_its_first_label),
        cmocka_unit_test(the_hash_is_the_same_on_every_machine),
        cmocka_unit_test(every_two_octets_are_judged_as_the_second_decoder_does),
        cmocka_unit_test(one_octet_is_judged_alike_wherever_it_stands),
        cmocka_unit_test(what_stands_around_a_name_does_not_stand_for_its_octets),
    };
    return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
