/*
 * Finished off, not sampled: whole families of datagrams, each member of which goes through the
 * codec and through the naive decoder (agree.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/vectors.h"
#include "reference/agree.h"

static size_t compared, valid, broken[NIB_ERR_COUNT];

static void compare(const uint8_t *octets, size_t len)
{
    enum nib_err err;
    const char *what = agree(octets, len, &err);
    compared++;
    valid += err == NIB_OK;
    broken[err]++;
    if (what == NULL)
        return;
    print_error("%s differs:", what);
    for (size_t i = 0; i < len; i++)
        print_error(" %02x", octets[i]);
    print_error("\n");
    fail();
}

static void compare_in_block(const uint8_t *octets, size_t len)
{
    uint8_t *block = vector_block(octets, len);
    compare(block, len);
    free(block);
}

static int begin(void **state)
{
    (void)state;
    compared = valid = 0;
    return 0;
}

static int report(void **state)
{
    (void)state;
    printf("# %zu datagrams, %zu valid\n", compared, valid);
    return 0;
}

/* ---- octets ---- */

/* Every value of the last n octets of a datagram of len octets. */
static void every_end(const uint8_t *octets, size_t len, size_t n)
{
    uint8_t *block = vector_block(octets, len);
    for (uint32_t value = 0; value >> (8 * n) == 0; value++) {
        for (size_t i = 0; i < n; i++)
            block[len - n + i] = (uint8_t)(value >> (8 * (n - 1 - i)));
        compare(block, len);
    }
    free(block);
}

static void up_to_three_octets(void **state)
{
    (void)state;
    const uint8_t none[3] = {0};
    for (size_t len = 0; len <= 3; len++)
        every_end(none, len, len);
}

static void three_octets_behind_an_id(void **state)
{
    (void)state;
    const uint8_t id[7] = {1, 2, 3, 4};
    for (size_t n = 0; n <= 3; n++)
        every_end(id, 4 + n, n);
}

static void names_of_three_octets(void **state)
{
    (void)state;
    const uint8_t query[9] = {0, 0, 0, 0, 0x08, 3};
    const uint8_t two[8] = {0, 0, 0, 0, 0x01, 2};
    every_end(query, 9, 3);
    every_end(two, 8, 2);
}

static void results_of_two_octets(void **state)
{
    (void)state;
    uint8_t response[17] = {0, 0, 0, 0, 0x18, 1, 'a', 0, 1, 'a', 0, 0, 0, 60, 2};
    for (unsigned type = 0; type < 256; type++) {
        response[7] = (uint8_t)type;
        every_end(response, 17, 2);
    }
}

/* ---- packed octets and lengths ---- */

/* n octets of a valid name, with a dot at every 50th place. */
static void put_name(uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = i % 50 == 49 && i + 1 < n ? '.' : 'n';
}

/* Octets from `end` back to its length octet, as long as that says, one less, and one more. */
static void around(uint8_t *octets, size_t length_at, const uint8_t *tail, size_t tail_len)
{
    for (unsigned len = 0; len < 256; len++) {
        octets[length_at] = (uint8_t)len;
        for (size_t n = len > 0 ? len - 1 : 0; n <= len + 1; n++) {
            put_name(octets + length_at + 1, n);
            memcpy(octets + length_at + 1 + n, tail, tail_len);
            compare_in_block(octets, length_at + 1 + n);
            compare_in_block(octets, length_at + 1 + n + tail_len);
        }
    }
}

static void every_flag_and_type_with_every_length(void **state)
{
    (void)state;
    static const uint8_t answer[] = {
        0x08, 1, 'a', 0, 0, 0, 60, 7, '1', '.', '2', '.', '3', '.', '4'};
    uint8_t octets[1024] = {0xff, 0xff, 0xff, 0xff};
    for (unsigned packed = 0; packed < 256; packed++) {
        octets[4] = (uint8_t)packed;
        around(octets, 5, answer, sizeof answer);
    }
}

static void every_answer_type_with_every_length(void **state)
{
    (void)state;
    static const uint8_t rest[] = {
        0, 0, 0, 0, 14, 'S', 'e', 'r', 'v', 'e', 'r', ' ', 'f', 'a', 'i', 'l', 'u', 'r', 'e'};
    uint8_t octets[1024] = {0, 0, 0, 0, 0x12, 3, 'a', '.', 'b'};
    for (unsigned packed = 0; packed < 256; packed++) {
        octets[9] = (uint8_t)packed;
        around(octets, 10, rest, sizeof rest);
    }
}

static void every_result_length_with_times_around_the_limits(void **state)
{
    (void)state;
    static const uint8_t types[] = {8, 4, 2, 1}, behind[] = {0};
    static const uint8_t ttls[][4] = {{0, 0, 0, 0}, {0, 0, 0, 1}, {0x7f, 0xff, 0xff, 0xff},
        {0x80, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}};
    uint8_t octets[1024] = {0, 0, 0, 0, 0x18, 1, 'a', 0, 1, 'a'};
    for (size_t type = 0; type < sizeof types; type++) {
        for (size_t ttl = 0; ttl < sizeof ttls / sizeof ttls[0]; ttl++) {
            octets[7] = types[type];
            memcpy(octets + 10, ttls[ttl], 4);
            around(octets, 14, behind, sizeof behind);
        }
    }
}

/* ---- names ---- */

/* Runs `body` on the query of every name length that matters, in a heap block of exactly its size.
 */
static void each_name_length(void (*body)(uint8_t *octets, uint8_t *name, size_t len))
{
    uint8_t query[6 + 253] = {0, 0, 0, 0, 0x08};
    for (size_t len = 1; len <= 253; len += len < 72 || (len > 120 && len < 132) ? 1 : 11) {
        query[5] = (uint8_t)len;
        uint8_t *block = vector_block(query, 6 + len);
        body(block, block + 6, len);
        free(block);
    }
}

static void any_octet_anywhere(uint8_t *octets, uint8_t *name, size_t len)
{
    put_name(name, len);
    for (size_t i = 0; i < len; i++) {
        uint8_t kept = name[i];
        for (unsigned value = 0; value < 256; value++) {
            name[i] = (uint8_t)value;
            compare(octets, 6 + len);
        }
        name[i] = kept;
    }
}

/* Two octets at two places: those on both sides of each limit, in a name without a dot of its own.
 */
static void two_octets_anywhere(uint8_t *octets, uint8_t *name, size_t len)
{
    static const uint8_t values[] = {
        '.', '-', '/', '0', '9', ':', '@', 'Z', '[', '_', '`', '{', 0x80};
    enum { N = sizeof values };
    memset(name, 'x', len);
    for (size_t i = 0; i < len; i++) {
        for (size_t j = 0; j < i; j++) {
            for (size_t v = 0; v < N * N; v++) {
                name[i] = values[v / N];
                name[j] = values[v % N];
                if (len < 20 || i - j < 10 || (name[i] == '.' && name[j] == '.'))
                    compare(octets, 6 + len);
            }
            name[j] = 'x';
        }
        name[i] = 'x';
    }
}

static void any_octet_anywhere_in_a_name(void **state)
{
    (void)state;
    each_name_length(any_octet_anywhere);
}

static void two_octets_anywhere_in_a_name(void **state)
{
    (void)state;
    each_name_length(two_octets_anywhere);
}

/* ---- near the canonical messages ---- */

/* Runs `body` on a heap block of exactly each vector's octets. */
static void each_vector(void (*body)(uint8_t *octets, size_t len, bool is_valid))
{
    static struct vector v;
    struct vectors vectors;
    vectors_open(&vectors, VECTORS_PATH);
    while (vectors_next(&vectors, &v)) {
        uint8_t *block = vector_block(v.octets, v.len);
        body(block, v.len, v.valid);
        free(block);
    }
}

static void prefixes(uint8_t *octets, size_t len, bool is_valid)
{
    (void)is_valid;
    for (size_t n = 0; n <= len; n++)
        compare_in_block(octets, n);
}

static void flip(uint8_t *octets, size_t bit)
{
    octets[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
}

static void one_bit(uint8_t *octets, size_t len, bool is_valid)
{
    (void)is_valid;
    for (size_t i = 0; i < 8 * len; i++) {
        flip(octets, i);
        compare(octets, len);
        flip(octets, i);
    }
}

/* Of the valid ones, but for the few long ones, whose pairs of bits would be too many. */
static void two_bits(uint8_t *octets, size_t len, bool is_valid)
{
    enum { LONG = 80 };
    for (size_t i = 0; is_valid && len <= LONG && i < 8 * len; i++) {
        flip(octets, i);
        for (size_t j = 0; j < i; j++) {
            flip(octets, j);
            compare(octets, len);
            flip(octets, j);
        }
        flip(octets, i);
    }
}

static void every_prefix_of_every_vector(void **state)
{
    (void)state;
    each_vector(prefixes);
}

static void one_bit_changed_in_every_vector(void **state)
{
    (void)state;
    each_vector(one_bit);
}

static void two_bits_changed_in_every_valid_vector(void **state)
{
    (void)state;
    each_vector(two_bits);
}

static void every_rule_was_broken(void **state)
{
    (void)state;
    for (int err = NIB_OK; err < NIB_ERR_COUNT; err++) {
        printf(
            "# %s: %zu\n", err == NIB_OK ? "valid" : nib_err_rule((enum nib_err)err), broken[err]);
        assert_true(broken[err] > 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, report)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(up_to_three_octets),
        TEST(three_octets_behind_an_id),
        TEST(names_of_three_octets),
        TEST(results_of_two_octets),
        TEST(every_flag_and_type_with_every_length),
        TEST(every_answer_type_with_every_length),
        TEST(every_result_length_with_times_around_the_limits),
        TEST(any_octet_anywhere_in_a_name),
        TEST(two_octets_anywhere_in_a_name),
        TEST(every_prefix_of_every_vector),
        TEST(one_bit_changed_in_every_vector),
        TEST(two_bits_changed_in_every_valid_vector),
        TEST(every_rule_was_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
