/* Every vector of proto/vectors.txt against the codec, and everything that is near a valid one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/vectors.h"

/* Runs `body` with `v` on every vector, on valid ones, on invalid ones. */
static size_t each(bool valid, bool invalid, void (*body)(const struct vector *v))
{
    static struct vector v;
    struct vectors vectors;
    size_t n = 0;
    vectors_open(&vectors, VECTORS_PATH);
    while (vectors_next(&vectors, &v)) {
        if (v.valid ? !valid : !invalid)
            continue;
        body(&v);
        n++;
    }
    return n;
}

#define CHECK(v, condition)                                                                        \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s:%zu: %s: %s", VECTORS_PATH, (v)->line, (v)->name, #condition);            \
    } while (0)

/* Decodes from a heap block of exactly that size into a message full of 0xa5. */
static enum nib_err decode(
    const uint8_t *octets, size_t len, struct nib_message *message, size_t *bad)
{
    uint8_t *block = vector_block(octets, len);
    memset(message, 0xa5, sizeof *message);
    *bad = SIZE_MAX;
    enum nib_err err = nib_message_decode(message, block, len, bad);
    free(block);
    return err;
}

static bool untouched(const struct nib_message *message)
{
    struct nib_message pattern;
    memset(&pattern, 0xa5, sizeof pattern);
    return memcmp(message, &pattern, sizeof pattern) == 0;
}

static void check_fields(const struct vector *v)
{
    struct nib_message m;
    size_t bad = 0;
    CHECK(v, nib_message_decode(&m, v->octets, v->len, &bad) == NIB_OK);
    CHECK(v, m.id == v->message.id);
    CHECK(v, m.flag == v->message.flag);
    CHECK(v, m.qtype == v->message.qtype);
    CHECK(v, nib_text_same(m.qname, v->message.qname));
    CHECK(v, m.atype == v->message.atype);
    CHECK(v, nib_text_same(m.aname, v->message.aname));
    CHECK(v, m.ttl_s == v->message.ttl_s);
    CHECK(v, nib_text_same(m.result, v->message.result));
    CHECK(v, m.outcome == v->message.outcome);
}

static void every_valid_vector_decodes_to_its_fields(void **state)
{
    (void)state;
    assert_true(each(true, false, check_fields) > 0);
}

static void check_encoding(const struct vector *v)
{
    uint8_t out[NIB_MESSAGE_MAX];
    CHECK(v, nib_message_encode(out, sizeof out, &v->message) == v->len);
    CHECK(v, memcmp(out, v->octets, v->len) == 0);
}

static void every_valid_vector_encodes_to_its_octets(void **state)
{
    (void)state;
    assert_true(each(true, false, check_encoding) > 0);
}

static void check_refusal(const struct vector *v)
{
    struct nib_message m;
    size_t bad;
    enum nib_err err = decode(v->octets, v->len, &m, &bad);
    if (strcmp(nib_err_rule(err), v->rule) != 0 || bad != v->at)
        fail_msg("%s:%zu: %s: %s at %zu, not %s at %zu", VECTORS_PATH, v->line, v->name,
            nib_err_rule(err), bad, v->rule, v->at);
    CHECK(v, untouched(&m));
}

static void every_invalid_vector_is_refused_with_its_rule_and_octet(void **state)
{
    (void)state;
    assert_true(each(false, true, check_refusal) > 0);
}

static size_t broken[NIB_ERR_COUNT];

static void count_rule(const struct vector *v)
{
    size_t err = 1;
    while (err < NIB_ERR_COUNT && strcmp(nib_err_rule((enum nib_err)err), v->rule) != 0)
        err++;
    CHECK(v, err < NIB_ERR_COUNT);
    broken[err]++;
}

static void every_rule_has_a_vector_that_breaks_it(void **state)
{
    (void)state;
    each(false, true, count_rule);
    for (size_t err = 1; err < NIB_ERR_COUNT; err++)
        if (broken[err] == 0)
            fail_msg("no vector breaks %s", nib_err_rule((enum nib_err)err));
}

static char names[2048][VECTOR_TEXT_MAX];
static size_t names_n;

static void check_name(const struct vector *v)
{
    assert_true(names_n < sizeof names / sizeof names[0]);
    for (size_t i = 0; i < names_n; i++)
        CHECK(v, strcmp(names[i], v->name) != 0);
    memcpy(names[names_n++], v->name, sizeof v->name);
}

static void no_two_vectors_share_a_name(void **state)
{
    (void)state;
    names_n = 0;
    each(true, true, check_name);
}

/* NIB-2.1: a prefix of a valid message ends inside a field, whose end is the prefix's own. */
static void check_prefixes(const struct vector *v)
{
    struct nib_message m;
    size_t bad;
    for (size_t len = 0; len < v->len; len++) {
        CHECK(v, decode(v->octets, len, &m, &bad) == NIB_ERR_SHORT);
        CHECK(v, bad == len);
        CHECK(v, untouched(&m));
    }
}

static void every_prefix_is_rejected(void **state)
{
    (void)state;
    each(true, false, check_prefixes);
}

/* NIB-2.7: the same for one octet more, whatever it is. */
static void check_longer(const struct vector *v)
{
    uint8_t octets[VECTOR_OCTETS_MAX];
    struct nib_message m;
    size_t bad;
    memcpy(octets, v->octets, v->len);
    for (unsigned value = 0; value < 256; value++) {
        octets[v->len] = (uint8_t)value;
        CHECK(v, decode(octets, v->len + 1, &m, &bad) == NIB_ERR_TRAILING);
        CHECK(v, bad == v->len);
        CHECK(v, untouched(&m));
    }
}

static void every_message_with_one_octet_more_is_rejected(void **state)
{
    (void)state;
    each(true, false, check_longer);
}

/* A heap block of exactly cap octets, and one with a canary behind cap octets. */
static void check_capacities(const struct vector *v)
{
    uint8_t out[VECTOR_OCTETS_MAX];
    for (size_t cap = 0; cap < v->len; cap++) {
        uint8_t *block = vector_block(v->octets, cap);
        CHECK(v, nib_message_encode(block, cap, &v->message) == 0);
        free(block);
        memset(out, 0xc9, sizeof out);
        CHECK(v, nib_message_encode(out, cap, &v->message) == 0);
        for (size_t i = cap; i < v->len + 16; i++)
            CHECK(v, out[i] == 0xc9);
    }
    memset(out, 0xc9, sizeof out);
    CHECK(v, nib_message_encode(out, v->len, &v->message) == v->len);
    for (size_t i = v->len; i < v->len + 16; i++)
        CHECK(v, out[i] == 0xc9);
}

static void the_encoder_writes_nothing_behind_any_smaller_capacity(void **state)
{
    (void)state;
    each(true, false, check_capacities);
}

static size_t flips_that_decode;

/* Every message has exactly one encoding. */
static void check_bits(const struct vector *v)
{
    uint8_t octets[VECTOR_OCTETS_MAX], again[NIB_MESSAGE_MAX];
    memcpy(octets, v->octets, v->len);
    for (size_t bit = 0; bit < 8 * v->len; bit++) {
        struct nib_message m;
        size_t bad = SIZE_MAX;
        octets[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
        if (nib_message_decode(&m, octets, v->len, &bad) == NIB_OK) {
            flips_that_decode++;
            CHECK(v, nib_message_encode(again, sizeof again, &m) == v->len);
            CHECK(v, memcmp(again, octets, v->len) == 0);
        } else {
            CHECK(v, bad <= v->len);
        }
        octets[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
    }
}

static void every_bit_flipped_message_that_decodes_encodes_back(void **state)
{
    (void)state;
    each(true, false, check_bits);
    assert_true(flips_that_decode > 0);
}

static bool is_code(unsigned type)
{
    return type == 8 || type == 4 || type == 2 || type == 1;
}

/* Query and response for `ab`: the answer's packed octet is octet 8; the miss suits every type. */
static const uint8_t query[] = {0, 0, 0, 7,    /* ID */
    0x08, 2, 'a', 'b'};                        /* query, A, ab */
static const uint8_t response[] = {0, 0, 0, 7, /* ID */
    0x18, 2, 'a', 'b',                         /* response, A, ab */
    0x08, 2, 'a', 'b',                         /* zero, A, ab */
    0, 0, 0, 0,                                /* TTL */
    14, 'S', 'e', 'r', 'v', 'e', 'r', ' ', 'f', 'a', 'i', 'l', 'u', 'r', 'e'};

static void expect(const uint8_t *octets, size_t len, enum nib_err err, size_t at, unsigned value)
{
    struct nib_message m;
    size_t bad;
    enum nib_err got = decode(octets, len, &m, &bad);
    if (got != err || (err != NIB_OK && bad != at))
        fail_msg("octet 0x%02x: \"%s\" at %zu, not \"%s\" at %zu", value, nib_err_rule(got), bad,
            nib_err_rule(err), at);
    assert_true(err == NIB_OK || untouched(&m));
}

static void all_values_of_the_flag_and_type_octet_are_judged(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        uint8_t q[sizeof query], r[sizeof response];
        memcpy(q, query, sizeof q);
        memcpy(r, response, sizeof r);
        q[4] = r[4] = (uint8_t)value;
        if (value >> 4 > 1 || !is_code(value & 15)) {
            enum nib_err err = value >> 4 > 1 ? NIB_ERR_FLAG : NIB_ERR_QTYPE;
            expect(q, sizeof q, err, 4, value);
            expect(r, sizeof r, err, 4, value);
        } else if (value >> 4 == 0) {
            expect(q, sizeof q, NIB_OK, 0, value);
            expect(r, sizeof r, NIB_ERR_TRAILING, 8, value); /* an answer behind a query */
        } else {
            expect(q, sizeof q, NIB_ERR_SHORT, 8, value); /* a response without an answer */
            expect(r, sizeof r, NIB_OK, 0, value);
        }
    }
}

static void all_values_of_the_zero_and_type_octet_are_judged(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        uint8_t r[sizeof response];
        memcpy(r, response, sizeof r);
        r[8] = (uint8_t)value;
        enum nib_err err = value >> 4 != 0        ? NIB_ERR_RESERVED
                           : !is_code(value & 15) ? NIB_ERR_ATYPE
                                                  : NIB_OK;
        expect(r, sizeof r, err, 8, value);
    }
}

static void all_values_of_the_length_octets_are_judged(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        bool outside = value < 1 || value > 253;
        uint8_t q[sizeof query], r[sizeof response];
        memcpy(q, query, sizeof q);
        q[5] = (uint8_t)value;
        expect(q, sizeof q,
            outside      ? NIB_ERR_NAME_LEN
            : value == 1 ? NIB_ERR_TRAILING /* b */
            : value == 2 ? NIB_OK
                         : NIB_ERR_SHORT,
            outside      ? 5
            : value == 1 ? 7
                         : 8,
            value);
        memcpy(r, response, sizeof r);
        r[16] = (uint8_t)value;
        expect(r, sizeof r,
            outside       ? NIB_ERR_RESULT_LEN
            : value < 14  ? NIB_ERR_RESULT_A /* a part of the miss is none */
            : value == 14 ? NIB_OK
                          : NIB_ERR_SHORT,
            outside      ? 16
            : value < 14 ? 17
                         : sizeof r,
            value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_valid_vector_decodes_to_its_fields),
        cmocka_unit_test(every_valid_vector_encodes_to_its_octets),
        cmocka_unit_test(every_invalid_vector_is_refused_with_its_rule_and_octet),
        cmocka_unit_test(every_rule_has_a_vector_that_breaks_it),
        cmocka_unit_test(no_two_vectors_share_a_name),
        cmocka_unit_test(every_prefix_is_rejected),
        cmocka_unit_test(every_message_with_one_octet_more_is_rejected),
        cmocka_unit_test(the_encoder_writes_nothing_behind_any_smaller_capacity),
        cmocka_unit_test(every_bit_flipped_message_that_decodes_encodes_back),
        cmocka_unit_test(all_values_of_the_flag_and_type_octet_are_judged),
        cmocka_unit_test(all_values_of_the_zero_and_type_octet_are_judged),
        cmocka_unit_test(all_values_of_the_length_octets_are_judged),
    };
    return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
