#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/vectors.h"
#include "nibdns/addr.h"

struct case_of_text {
    const char *text;
    uint8_t ip[16];
};

/* The text in a heap block of exactly its size. */
static struct nib_text block_of(const char *text)
{
    size_t len = strlen(text);
    return (struct nib_text){(char *)vector_block((const uint8_t *)text, len), len};
}

static bool ipv4(const char *text, uint8_t out[4])
{
    struct nib_text block = block_of(text);
    bool ok = nib_ipv4_parse(block, out);
    free((void *)(uintptr_t)block.ptr);
    return ok;
}

static bool ipv6(const char *text, uint8_t out[16])
{
    struct nib_text block = block_of(text);
    bool ok = nib_ipv6_parse(block, out);
    free((void *)(uintptr_t)block.ptr);
    return ok;
}

static bool addr(const char *text, struct nib_addr *out)
{
    struct nib_text block = block_of(text);
    bool ok = nib_addr_parse(block, 21000, out);
    free((void *)(uintptr_t)block.ptr);
    return ok;
}

/* NIB-4.2 */
static void ipv4_texts_become_four_octets(void **state)
{
    (void)state;
    static const struct case_of_text good[] = {{"0.0.0.0", {0, 0, 0, 0}},
        {"255.255.255.255", {255, 255, 255, 255}}, {"144.37.5.45", {144, 37, 5, 45}},
        {"1.20.9.100", {1, 20, 9, 100}}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint8_t out[4];
        if (!ipv4(good[i].text, out) || memcmp(out, good[i].ip, 4) != 0)
            fail_msg("%s", good[i].text);
    }
}

static void what_is_no_ipv4_text_is_refused_and_leaves_the_result(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ".", "1", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3",
        "1.2.3.4.", "1.2.3.4.5", "256.2.3.4", "1.2.3.256", "1.2.3.1000", "01.2.3.4", "1.2.3.04",
        "1.2.3.00", "4294967297.2.3.4", "18446744073709551617.2.3.4", " 1.2.3.4", "1.2.3.4 ",
        "+1.2.3.4", "-1.2.3.4", "0x1.2.3.4", "1.2.3.a", "::1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t out[4] = {9, 9, 9, 9};
        if (ipv4(bad[i], out) || memcmp(out, "\t\t\t\t", 4) != 0)
            fail_msg("\"%s\"", bad[i]);
    }
}

/* Each number from 0 to 999 in each place, in plain and with a zero before it. */
static void a_part_of_an_ipv4_text_is_0_to_255_without_leading_zeros(void **state)
{
    (void)state;
    for (unsigned place = 0; place < 4; place++) {
        for (unsigned n = 0; n < 1000; n++) {
            unsigned part[4] = {1, 1, 1, 1};
            uint8_t out[4];
            char text[32];
            part[place] = n;
            snprintf(text, sizeof text, "%u.%u.%u.%u", part[0], part[1], part[2], part[3]);
            assert_int_equal(ipv4(text, out), n <= 255);
            if (n <= 255)
                assert_int_equal(out[place], n);
        }
    }
}

/* Every octet in every place of a short one: a digit stays a digit, a dot a dot. */
static void every_octet_of_an_ipv4_text_is_judged(void **state)
{
    (void)state;
    for (size_t place = 0; place < 7; place++) {
        for (int octet = 1; octet < 256; octet++) {
            char text[] = "1.2.3.4";
            uint8_t out[4];
            bool digit = octet >= '0' && octet <= '9';
            text[place] = (char)octet;
            assert_int_equal(ipv4(text, out), place % 2 == 0 ? digit : octet == '.');
        }
    }
}

/* NIB-4.3 */
static void ipv6_texts_become_sixteen_octets(void **state)
{
    (void)state;
    static const struct case_of_text good[] = {{"::", {0}}, {"::1", {[15] = 1}}, {"1::", {[1] = 1}},
        {"1:2:3:4:5:6:7:8", {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}},
        {"FFff:0A::00b0", {0xff, 0xff, 0x00, 0x0a, [15] = 0xb0}},
        {"2001:db8::5:45", {0x20, 0x01, 0x0d, 0xb8, [13] = 5, [15] = 0x45}},
        {"1:2:3:4:5:6:7::", {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0}},
        {"::2:3:4:5:6:7:8", {0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}},
        {"1:2:3:4::6:7:8", {0, 1, 0, 2, 0, 3, 0, 4, 0, 0, 0, 6, 0, 7, 0, 8}},
        {"1:2:3:4:5:6:144.37.5.45", {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 144, 37, 5, 45}},
        {"1:2:3:4:5::144.37.5.45", {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 0, 144, 37, 5, 45}},
        {"::ffff:144.37.5.45", {[10] = 0xff, 0xff, 144, 37, 5, 45}},
        {"::144.37.5.45", {[12] = 144, 37, 5, 45}}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint8_t out[16];
        if (!ipv6(good[i].text, out) || memcmp(out, good[i].ip, 16) != 0)
            fail_msg("%s", good[i].text);
    }
}

static void what_is_no_ipv6_text_is_refused_and_leaves_the_result(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ":", ":::", "::::", "1", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7", ":1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
        "1:2:3:4::5:6:7:8", "1::2::3", "1:::2", ":1::", "::1:", "12345::", "::00001", "::g",
        "::1%1", "::1%eth0", "[::1]", "::1/64", " ::1", "::1 ", "1.2.3.4",
        "1.2.3.4::", "1:1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4",
        "1:2:3:4:5:6::1.2.3.4", "::1.2.3", "::1.2.3.4.5", "::1.2.3.256", "::01.2.3.4", "::1.2.3.4.",
        "::a.2.3.4"};
    uint8_t before[16];
    memset(before, 9, sizeof before);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t out[16];
        memcpy(out, before, sizeof out);
        if (ipv6(bad[i], out) || memcmp(out, before, sizeof out) != 0)
            fail_msg("\"%s\"", bad[i]);
    }
}

/* RFC 5952: what is on the left is written as on the right. */
static void ipv6_addresses_are_written_in_their_canonical_form(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"::", "::"}, {"0:0:0:0:0:0:0:1", "::1"},
        {"1:0:0:0:0:0:0:0", "1::"}, {"2001:0DB8::0001", "2001:db8::1"},
        {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"}, {"1:0:0:2:3:0:0:4", "1::2:3:0:0:4"},
        {"1:0:0:2:0:0:0:4", "1:0:0:2::4"}, {"0:0:1:0:0:0:1:1", "0:0:1::1:1"},
        {"0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"}, {"1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"},
        {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"}, {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
        {"::ffff:1.2.3.4", "::ffff:1.2.3.4"}, {"::1.2.3.4", "::102:304"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct nib_addr a = {.family = 6};
        char text[NIB_IP_TEXT_MAX];
        assert_true(ipv6(pairs[i][0], a.ip));
        assert_int_equal(nib_ip_format(&a, text), strlen(pairs[i][1]));
        assert_string_equal(text, pairs[i][1]);
    }
}

/* Each pattern of groups that are zero or not, read back from what was written. */
static void what_is_written_reads_back_as_the_same_address(void **state)
{
    (void)state;
    for (unsigned pattern = 0; pattern < 256; pattern++) {
        struct nib_addr a = {.family = 6}, back;
        char text[NIB_IP_TEXT_MAX];
        for (unsigned i = 0; i < 8; i++)
            if ((pattern >> i & 1) != 0)
                a.ip[2 * i + 1] = (uint8_t)(i + 1);
        nib_ip_format(&a, text);
        assert_true(addr(text, &back));
        assert_true(nib_ip_equal(&a, &back));
    }
}

static void addresses_are_read_with_and_without_a_port(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
        uint8_t family;
        uint32_t scope;
    } good[] = {{"127.0.0.1", "127.0.0.1:21000", 4, 0}, {"127.0.0.1:0", "127.0.0.1:0", 4, 0},
        {"127.0.0.1:65535", "127.0.0.1:65535", 4, 0}, {"::1", "[::1]:21000", 6, 0},
        {"[::1]", "[::1]:21000", 6, 0}, {"[::1]:22000", "[::1]:22000", 6, 0},
        {"::1:22000", "", 0, 0}, {"[fe80::1%2]:22000", "[fe80::1%2]:22000", 6, 2},
        {"[fe80::1%4294967295]", "[fe80::1%4294967295]:21000", 6, UINT32_MAX},
        {"::ffff:1.2.3.4", "[::ffff:1.2.3.4]:21000", 6, 0}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct nib_addr a = {0};
        char text[NIB_ADDR_TEXT_MAX];
        if (addr(good[i].text, &a) != (good[i].family != 0))
            fail_msg("%s", good[i].text);
        if (good[i].family == 0)
            continue;
        assert_int_equal(a.family, good[i].family);
        assert_int_equal(a.scope, good[i].scope);
        assert_int_equal(nib_addr_format(&a, text), strlen(good[i].written));
        assert_string_equal(text, good[i].written);
    }
}

static void what_is_no_address_is_refused_and_leaves_the_result(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ":", ":53", "localhost", "127.0.0.1:", "127.0.0.1:65536",
        "127.0.0.1:053", "127.0.0.1:+53", "127.0.0.1:53 ", "127.0.0.1:5:3", "127.0.0.1 :53",
        "127.1", "[", "[]", "[]:53", "[::1", "[::1]53", "[::1]:", "[::1]:65536", "[127.0.0.1]:53",
        "[::1%]:53", "[::1%lo]:53", "[::1%4294967296]:53", "::1%1", "::1]:53", "[[::1]]:53",
        "127.0.0.1%1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct nib_addr out, before;
        memset(&out, 0xa5, sizeof out);
        memset(&before, 0xa5, sizeof before);
        if (addr(bad[i], &out) || memcmp(&out, &before, sizeof out) != 0)
            fail_msg("\"%s\"", bad[i]);
    }
}

static void of_an_empty_text_no_octet_is_read(void **state)
{
    (void)state;
    struct nib_addr out;
    assert_false(nib_addr_parse((struct nib_text){NULL, 0}, 21000, &out));
}

static void a_port_is_0_to_65535_without_leading_zeros(void **state)
{
    (void)state;
    uint16_t port = 7;
    assert_false(nib_port_parse(NIB_TEXT(""), &port));
    assert_false(nib_port_parse(NIB_TEXT("01"), &port));
    assert_false(nib_port_parse(NIB_TEXT("00"), &port));
    assert_false(nib_port_parse(NIB_TEXT("65536"), &port));
    assert_false(nib_port_parse(NIB_TEXT("4294967297"), &port));
    assert_false(nib_port_parse(NIB_TEXT("18446744073709551617"), &port));
    assert_false(nib_port_parse(NIB_TEXT("-1"), &port));
    assert_false(nib_port_parse(NIB_TEXT("1 "), &port));
    assert_int_equal(port, 7);
    assert_true(nib_port_parse(NIB_TEXT("0"), &port));
    assert_int_equal(port, 0);
    assert_true(nib_port_parse(NIB_TEXT("65535"), &port));
    assert_int_equal(port, 65535);
}

static void the_longest_texts_fit(void **state)
{
    (void)state;
    struct nib_addr a = {.family = 6, .scope = UINT32_MAX, .port = 65535};
    char text[NIB_ADDR_TEXT_MAX], ip[NIB_IP_TEXT_MAX];
    memset(a.ip, 0xff, sizeof a.ip);
    nib_ip_format(&a, ip);
    assert_string_equal(ip, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    nib_addr_format(&a, text);
    assert_string_equal(text, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
}

static void addresses_are_equal_when_every_part_is(void **state)
{
    (void)state;
    const struct nib_addr a = {.ip = {1, 2, 3, 4}, .family = 4, .port = 53};
    struct nib_addr b = a;
    assert_true(nib_addr_equal(&a, &b));
    assert_true(nib_addr_hash(&a, 5) == nib_addr_hash(&b, 5));
    b.port = 54;
    assert_true(nib_ip_equal(&a, &b));
    assert_false(nib_addr_equal(&a, &b));
    assert_true(nib_addr_hash(&a, 5) != nib_addr_hash(&b, 5));
    b = a;
    b.family = 6;
    assert_false(nib_ip_equal(&a, &b));
    b = a;
    b.scope = 1;
    assert_false(nib_ip_equal(&a, &b));
    for (size_t i = 0; i < 16; i++) {
        b = a;
        b.ip[i] ^= 0x80;
        assert_false(nib_ip_equal(&a, &b));
        assert_true(nib_addr_hash(&a, 5) != nib_addr_hash(&b, 5));
    }
}

/* Worked out by another program. */
static void the_hash_is_the_same_on_every_machine(void **state)
{
    (void)state;
    const struct nib_addr four = {.ip = {10, 0, 0, 1}, .port = 22000, .family = 4};
    const struct nib_addr six = {
        .ip = {0xfe, 0x80, [15] = 1}, .scope = 2, .port = 21000, .family = 6};
    assert_true(nib_addr_hash(&four, 0) == 0xd8c25506ab83b75fu);
    assert_true(nib_addr_hash(&six, 0x0123456789abcdefu) == 0x81ae25af68c32b1au);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_texts_become_four_octets),
        cmocka_unit_test(what_is_no_ipv4_text_is_refused_and_leaves_the_result),
        cmocka_unit_test(a_part_of_an_ipv4_text_is_0_to_255_without_leading_zeros),
        cmocka_unit_test(every_octet_of_an_ipv4_text_is_judged),
        cmocka_unit_test(ipv6_texts_become_sixteen_octets),
        cmocka_unit_test(what_is_no_ipv6_text_is_refused_and_leaves_the_result),
        cmocka_unit_test(ipv6_addresses_are_written_in_their_canonical_form),
        cmocka_unit_test(what_is_written_reads_back_as_the_same_address),
        cmocka_unit_test(addresses_are_read_with_and_without_a_port),
        cmocka_unit_test(what_is_no_address_is_refused_and_leaves_the_result),
        cmocka_unit_test(of_an_empty_text_no_octet_is_read),
        cmocka_unit_test(a_port_is_0_to_65535_without_leading_zeros),
        cmocka_unit_test(the_longest_texts_fit),
        cmocka_unit_test(addresses_are_equal_when_every_part_is),
        cmocka_unit_test(the_hash_is_the_same_on_every_machine),
    };
    return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
