/* Addresses as people type them, and what is said of texts that are none. */
#include "common/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum use { LISTEN, ASK };

/* A text that is taken, and how it is written out again. */
static void assert_taken(const char *text, enum use use, const char *written)
{
    struct nib_addr addr;
    char out[NIB_ADDR_TEXT_MAX];
    const char *why = address_parse(text, 21000, &addr);
    if (why != NULL)
        fail_msg("\"%s\" %s", text, why);
    if (use == ASK)
        address_to_ask(&addr);
    (void)nib_addr_format(&addr, out);
    assert_string_equal(out, written);
}

static void assert_refused(const char *text, const char *words)
{
    struct nib_addr addr = {.port = 7}, before = addr;
    const char *why = address_parse(text, 21000, &addr);
    if (why == NULL)
        fail_msg("\"%s\" is taken", text);
    else if (strstr(why, words) == NULL)
        fail_msg("\"%s\" %s: that does not say \"%s\"", text, why, words);
    assert_memory_equal(&addr, &before, sizeof addr);
}

static void every_form_is_taken(void **state)
{
    (void)state;
    assert_taken("10.0.0.1", ASK, "10.0.0.1:21000");
    assert_taken("10.0.0.1:65535", ASK, "10.0.0.1:65535");
    assert_taken("2001:db8::1", ASK, "[2001:db8::1]:21000");
    assert_taken("[2001:db8::1]", ASK, "[2001:db8::1]:21000");
    assert_taken("[2001:db8::1]:1", ASK, "[2001:db8::1]:1");
    assert_taken("127.0.0.1:0", LISTEN, "127.0.0.1:0");
    assert_taken("0.0.0.0", LISTEN, "0.0.0.0:21000");
    assert_taken("[::]", LISTEN, "[::]:21000");
}

/* Interface 1 is the loopback device, in every network namespace. */
static void an_interface_is_a_name_or_a_number(void **state)
{
    (void)state;
    assert_taken("fe80::1%lo", ASK, "[fe80::1%1]:21000");
    assert_taken("[fe80::1%lo]:5", ASK, "[fe80::1%1]:5");
    assert_taken("[fe80::1%1]", LISTEN, "[fe80::1%1]:21000");
    assert_taken("[febf::1%1]", LISTEN, "[febf::1%1]:21000");
}

static void a_wildcard_to_ask_is_this_machine(void **state)
{
    (void)state;
    assert_taken("0.0.0.0", ASK, "127.0.0.1:21000");
    assert_taken("0.0.0.0:5", ASK, "127.0.0.1:5");
    assert_taken("::", ASK, "[::1]:21000");
    assert_taken("[::]:5", ASK, "[::1]:5");
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } bad[] = {{"localhost", "is a host name"}, {"localhost:21000", "is a host name"},
        {"1.2.3", "is no address"}, {"01.2.3.4", "is no address"}, {"::g", "give an address"},
        {"1:2:3", "is no address"}, {"127.0.0.1:65536", "port beyond 65535"},
        {"127.0.0.1:99999", "port beyond 65535"}, {"[::1]:99999", "port beyond 65535"},
        {"127.0.0.1:", "is no address"}, {"[::1]:", "is no address"}, {"[::1]5", "is no address"},
        {"[::1", "is no address"}, {"[1.2.3.4]:5", "is no address"},
        {"fe80::1", "link-local and lacks its interface"},
        {"[fe80::1]:5", "link-local and lacks its interface"}, {"::1%1", "takes no interface"},
        {"[::1%1]", "takes no interface"}, {"[2001:db8::1%lo]", "takes no interface"},
        {"127.0.0.1%lo", "takes no interface"}, {"fe80::1%", "names no interface"},
        {"[fe80::1%nowhere]:5", "names no interface"}, {"fe80::1%0", "names no interface"},
        {"fe80::1%999999", "names no interface"}, {"fe80::1%4294967297", "names no interface"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(bad[i].text, bad[i].words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_taken),
        cmocka_unit_test(an_interface_is_a_name_or_a_number),
        cmocka_unit_test(a_wildcard_to_ask_is_this_machine),
        cmocka_unit_test(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
