#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/vectors.h"
#include "nibdns/cursor.h"

static void integers_are_read_with_the_highest_octet_first(void **state)
{
    (void)state;
    const uint8_t octets[] = {0xfe, 0x01, 0x02, 0x03, 0x04, 0xff, 0xee, 0xdd, 0xcc};
    struct nib_reader r = nib_reader_init(octets, sizeof octets);
    assert_int_equal(nib_reader_u8(&r), 0xfe);
    assert_true(nib_reader_u32(&r) == 0x01020304u);
    assert_true(nib_reader_u32(&r) == 0xffeeddccu);
    assert_int_equal(r.err, NIB_OK);
    assert_int_equal(r.off, r.len);
}

static void octets_are_taken_where_they_stand(void **state)
{
    (void)state;
    const uint8_t octets[] = {1, 2, 3, 4};
    struct nib_reader r = nib_reader_init(octets, sizeof octets);
    assert_ptr_equal(nib_reader_take(&r, 3), octets);
    assert_ptr_equal(nib_reader_take(&r, 0), octets + 3);
    assert_ptr_equal(nib_reader_take(&r, 1), octets + 3);
    assert_ptr_equal(nib_reader_take(&r, 0), octets + 4);
    assert_null(nib_reader_take(&r, 1));
    assert_int_equal(r.err, NIB_ERR_SHORT);
    assert_int_equal(r.err_off, 4);
}

/* NIB-2.1: nothing is read behind the end, whatever is asked for. */
static void reading_behind_the_end_reports_the_length(void **state)
{
    (void)state;
    const uint8_t octets[] = {1, 2, 3};
    const size_t wants[] = {4, 5, 1000, SIZE_MAX - 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
        uint8_t *block = vector_block(octets, sizeof octets);
        struct nib_reader r = nib_reader_init(block, sizeof octets);
        assert_null(nib_reader_take(&r, wants[i]));
        assert_int_equal(r.err, NIB_ERR_SHORT);
        assert_int_equal(r.err_off, 3);
        assert_int_equal(r.off, 0);
        r = nib_reader_init(block, sizeof octets);
        nib_reader_u8(&r);
        assert_null(nib_reader_take(&r, SIZE_MAX)); /* off + n would wrap */
        assert_int_equal(r.err_off, 3);
        free(block);
    }
}

static void an_integer_that_is_cut_is_not_read(void **state)
{
    (void)state;
    const uint8_t octets[] = {1, 2, 3};
    for (size_t len = 0; len <= sizeof octets; len++) {
        uint8_t *block = vector_block(octets, len);
        struct nib_reader r = nib_reader_init(block, len);
        assert_int_equal(nib_reader_u32(&r), 0);
        assert_int_equal(r.err, NIB_ERR_SHORT);
        assert_int_equal(r.err_off, len);
        free(block);
    }
}

static void the_first_fault_sticks_and_ends_the_reading(void **state)
{
    (void)state;
    const uint8_t octets[] = {1, 2, 3, 4, 5};
    struct nib_reader r = nib_reader_init(octets, sizeof octets);
    assert_int_equal(nib_reader_u8(&r), 1);
    nib_reader_fail(&r, NIB_ERR_FLAG, 0);
    nib_reader_fail(&r, NIB_ERR_TTL, 1);
    assert_int_equal(nib_reader_u8(&r), 0);
    assert_int_equal(nib_reader_u32(&r), 0);
    assert_null(nib_reader_take(&r, 0));
    assert_null(nib_reader_take(&r, 100));
    assert_int_equal(r.err, NIB_ERR_FLAG);
    assert_int_equal(r.err_off, 0);
    assert_int_equal(r.off, 1);
}

static void integers_are_written_with_the_highest_octet_first(void **state)
{
    (void)state;
    const uint8_t expected[] = {0xfe, 0x01, 0x02, 0x03, 0x04, 0xff, 0xee, 0xdd, 0xcc};
    uint8_t out[sizeof expected];
    struct nib_writer w = nib_writer_init(out, sizeof out);
    nib_writer_u8(&w, 0xfe);
    nib_writer_u32(&w, 0x01020304u);
    nib_writer_u32(&w, 0xffeeddccu);
    assert_int_equal(nib_writer_done(&w), sizeof expected);
    assert_memory_equal(out, expected, sizeof expected);
}

static void what_does_not_fit_is_not_begun_and_sticks(void **state)
{
    (void)state;
    uint8_t out[8];
    memset(out, 0xc9, sizeof out);
    struct nib_writer w = nib_writer_init(out, 4);
    volatile size_t huge = SIZE_MAX; /* volatile: or the compiler warns of what must not happen */
    nib_writer_u8(&w, 1);
    nib_writer_u32(&w, 0); /* one octet too many */
    nib_writer_u8(&w, 2);  /* would fit, but comes behind the fault */
    nib_writer_octets(&w, out, huge);
    assert_true(w.full);
    assert_int_equal(nib_writer_done(&w), 0);
    assert_int_equal(w.off, 1);
    assert_int_equal(out[0], 1);
    for (size_t i = 1; i < sizeof out; i++)
        assert_int_equal(out[i], 0xc9);
}

static void exactly_the_capacity_fits(void **state)
{
    (void)state;
    uint8_t *out = vector_block((const uint8_t *)"....", 4);
    struct nib_writer w = nib_writer_init(out, 4);
    nib_writer_u32(&w, 0x61626364);
    nib_writer_octets(&w, NULL, 0);
    assert_int_equal(nib_writer_done(&w), 4);
    assert_memory_equal(out, "abcd", 4);
    free(out);
}

/* What a writer of 80 octets wrote, as a string. */
static const char *written(const struct nib_writer *w, char *out)
{
    assert_false(w->full);
    out[w->off] = '\0';
    return out;
}

static void decimal_numbers_have_no_leading_zeros(void **state)
{
    (void)state;
    static const struct {
        uint64_t number;
        const char *text;
    } cases[] = {{0, "0"}, {9, "9"}, {10, "10"}, {255, "255"}, {2147483647, "2147483647"},
        {4294967295, "4294967295"}, {UINT64_MAX, "18446744073709551615"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[81];
        struct nib_writer w = nib_writer_init((uint8_t *)out, 80);
        nib_writer_decimal(&w, cases[i].number);
        assert_string_equal(written(&w, out), cases[i].text);
    }
}

static void hex_numbers_have_at_least_the_digits_asked_for(void **state)
{
    (void)state;
    static const struct {
        uint64_t number;
        int digits;
        const char *text;
    } cases[] = {{0, 1, "0"}, {0, 4, "0000"}, {0xab, 1, "ab"}, {0xab, 2, "ab"}, {0xab, 4, "00ab"},
        {0x10, 1, "10"}, {0x12345, 4, "12345"}, {UINT64_MAX, 1, "ffffffffffffffff"},
        {1, 16, "0000000000000001"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[81];
        struct nib_writer w = nib_writer_init((uint8_t *)out, 80);
        nib_writer_hex(&w, cases[i].number, cases[i].digits);
        assert_string_equal(written(&w, out), cases[i].text);
    }
}

static void all_256_octets_are_escaped_so_that_no_terminal_acts_on_them(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const char text[1] = {(char)c};
        char out[81], expected[8];
        struct nib_writer w = nib_writer_init((uint8_t *)out, 80);
        nib_writer_escaped(&w, (struct nib_text){text, 1});
        if (c >= ' ' && c <= '~' && c != '\\')
            snprintf(expected, sizeof expected, "%c", (int)c);
        else
            snprintf(expected, sizeof expected, "\\%03u", c);
        assert_string_equal(written(&w, out), expected);
    }
}

static void texts_and_words_are_written_as_they_are(void **state)
{
    (void)state;
    char out[81];
    struct nib_writer w = nib_writer_init((uint8_t *)out, 80);
    nib_writer_text(&w, NIB_TEXT("www"));
    nib_writer_word(&w, " and ");
    nib_writer_text(&w, (struct nib_text){NULL, 0});
    nib_writer_escaped(&w, NIB_TEXT("a\033[2J\\"));
    assert_string_equal(written(&w, out), "www and a\\027[2J\\092");
}

static void an_escape_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    char out[8] = "xxxxxxx";
    struct nib_writer w = nib_writer_init((uint8_t *)out, 4);
    nib_writer_escaped(&w, NIB_TEXT("a\n"));
    assert_true(w.full);
    assert_string_equal(out, "axxxxxx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_with_the_highest_octet_first),
        cmocka_unit_test(octets_are_taken_where_they_stand),
        cmocka_unit_test(reading_behind_the_end_reports_the_length),
        cmocka_unit_test(an_integer_that_is_cut_is_not_read),
        cmocka_unit_test(the_first_fault_sticks_and_ends_the_reading),
        cmocka_unit_test(integers_are_written_with_the_highest_octet_first),
        cmocka_unit_test(what_does_not_fit_is_not_begun_and_sticks),
        cmocka_unit_test(exactly_the_capacity_fits),
        cmocka_unit_test(decimal_numbers_have_no_leading_zeros),
        cmocka_unit_test(hex_numbers_have_at_least_the_digits_asked_for),
        cmocka_unit_test(all_256_octets_are_escaped_so_that_no_terminal_acts_on_them),
        cmocka_unit_test(texts_and_words_are_written_as_they_are),
        cmocka_unit_test(an_escape_is_written_whole_or_not_at_all),
    };
    return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
