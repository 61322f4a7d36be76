/*
 * Results of type A and AAAA, finished off: every short text over the letters that matter, and
 * every row of numbers and groups on both sides of each limit, to the codec and to the naive
 * decoder (agree.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "reference/agree.h"

static size_t compared;

static const char *what_differs(const uint8_t *octets, size_t len)
{
    enum nib_err err;
    return agree(octets, len, &err);
}

/* A response with that result. */
static void compare_result(uint8_t type, const char *text, size_t len)
{
    uint8_t octets[15 + 253] = {0, 0, 0, 0, 0x10, 1, 'a', 0, 1, 'a', 0, 0, 0, 60};
    octets[4] |= type;
    octets[7] = type;
    octets[14] = (uint8_t)len;
    memcpy(octets + 15, text, len);
    compared++;
    if (what_differs(octets, 15 + len) != NULL)
        fail_msg("%s differs: %.*s", what_differs(octets, 15 + len), (int)len, text);
}

/* Every text of one to `most` letters of an alphabet, as a result of that type. */
static void every_text(uint8_t type, const char *alphabet, size_t most)
{
    size_t n = strlen(alphabet), total = 1;
    for (size_t len = 1; len <= most; len++) {
        char text[16];
        total *= n;
        for (size_t value = 0; value < total; value++) {
            size_t rest = value;
            for (size_t i = 0; i < len; i++, rest /= n)
                text[i] = alphabet[rest % n];
            compare_result(type, text, len);
        }
    }
}

/* Every row of one to `most` words with a joint between them. */
static void every_row(uint8_t type, const char *const *words, size_t n, char joint, size_t most)
{
    size_t total = 1;
    for (size_t parts = 1; parts <= most; parts++) {
        total *= n;
        for (size_t value = 0; value < total; value++) {
            char text[128];
            size_t len = 0, rest = value;
            for (size_t i = 0; i < parts; i++, rest /= n) {
                size_t word = strlen(words[rest % n]);
                memcpy(text + len, words[rest % n], word);
                len += word;
                if (i + 1 < parts)
                    text[len++] = joint;
            }
            compare_result(type, text, len);
        }
    }
}

static void ipv4_texts(void **state)
{
    (void)state;
    compared = 0;
    static const char *const numbers[] = {"", "0", "1", "9", "00", "01", "10", "99", "100", "199",
        "200", "249", "250", "255", "256", "260", "300", "999", "1000", "-1", "1 ", "a"};
    static const char *const few[] = {"", "0", "255", "256", "1.2", "01"};
    every_text(NIB_A, ".01256", 8);
    every_row(NIB_A, numbers, sizeof numbers / sizeof numbers[0], '.', 4);
    every_row(NIB_A, few, sizeof few / sizeof few[0], '.', 6);
    printf("# %zu responses\n", compared);
}

static void ipv6_texts(void **state)
{
    (void)state;
    compared = 0;
    static const char *const groups[] = {"", "0", "fFf1", "00000", "1.2.3.4"};
    every_text(NIB_AAAA, ":0f.G", 8);
    every_row(NIB_AAAA, groups, sizeof groups / sizeof groups[0], ':', 9);
    printf("# %zu responses\n", compared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_texts),
        cmocka_unit_test(ipv6_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
