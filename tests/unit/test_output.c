#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/decision.h"
#include "nibdns/output.h"

static const struct nib_addr server = {.ip = {127, 0, 0, 1}, .port = 22000, .family = 4};

static void assert_words(const struct nib_decision *decision, const char *words)
{
    char text[NIB_DECISION_TEXT_MAX];
    size_t len = nib_decision_text(decision, text);
    assert_string_equal(text, words);
    assert_int_equal(len, strlen(words));
}

/* The words that the contract names, in --trace and in captures. */
static void a_decision_says_what_was_decided_and_why(void **state)
{
    (void)state;
    const struct nib_decision record = {.what = NIB_ANSWERED_RECORD, .number = 2};
    const struct nib_decision asked = {.what = NIB_ASKED, .number = 3, .addr = server};
    const struct nib_decision joined = {.what = NIB_JOINED, .number = 3};
    const struct nib_decision wrong = {.what = NIB_DROPPED_MISMATCH, .mismatch = NIB_MISMATCH_ID};
    const struct nib_decision broken = {.what = NIB_DROPPED_MALFORMED, .rule = NIB_ERR_NAME_EMPTY};
    assert_words(&record, "answered from record 2");
    assert_words(&asked, "asked 127.0.0.1:22000, fetch 3");
    assert_words(&joined, "joins fetch 3");
    assert_words(&wrong, "thrown away: wrong ID (NIB-5.2)");
    assert_words(&broken, "thrown away: name has an empty label (NIB-3.3)");
}

/* With the longest address, number and rule none is cut. */
static void every_decision_has_words_that_fit(void **state)
{
    (void)state;
    for (int what = 0; what < NIB_DECISION_COUNT; what++)
        for (int rule = 0; rule < NIB_ERR_COUNT; rule++) {
            struct nib_decision d = {.what = (enum nib_decided)what,
                .rule = (enum nib_err)rule,
                .mismatch = NIB_MISMATCH_ANSWER,
                .number = UINT64_MAX,
                .addr = {.scope = UINT32_MAX, .port = 65535, .family = 6}};
            char text[NIB_DECISION_TEXT_MAX];
            memset(d.addr.ip, 0xfe, sizeof d.addr.ip);
            size_t len = nib_decision_text(&d, text);
            assert_true(len > 0 && len < NIB_DECISION_TEXT_MAX - 1);
            assert_int_equal(text[len], '\0');
            assert_null(strstr(text, "%n"));
            assert_null(strstr(text, "%a"));
            assert_null(strstr(text, "%r"));
            assert_null(strstr(text, "%m"));
        }
}

/* Segments of one send are one piece of memory. */
static void octets_stand_one_behind_the_other_in_the_order_of_the_list(void **state)
{
    (void)state;
    enum { CAP = 4 };
    const struct nib_path path = {.peer = {.port = 40001, .family = 4}, .listener = 2};
    const struct nib_decision decision = {.what = NIB_ANSWERED_RECORD, .number = 1};
    const struct nib_slot slot = {1, 7};
    struct nib_outputs out;
    void *memory = zeroed(nib_outputs_bytes(CAP));
    nib_outputs_init(&out, memory, CAP);
    for (uint8_t i = 0; i < 2; i++) {
        uint8_t *octets = nib_outputs_reserve(&out);
        memset(octets, i, 10);
        nib_outputs_answer(&out, &path, 10, &decision);
    }
    nib_outputs_close(&out, slot);
    memset(nib_outputs_reserve(&out), 9, NIB_MESSAGE_MAX);
    nib_outputs_query(&out, slot, &server, NIB_MESSAGE_MAX, &decision);
    assert_int_equal(out.n, 4);
    assert_ptr_equal(out.items[1].octets, out.items[0].octets + 10);
    assert_int_equal(out.items[0].octets[9], 0);
    assert_int_equal(out.items[1].octets[9], 1);
    assert_memory_equal(&out.items[1].path, &path, sizeof path);
    assert_int_equal(out.items[1].decision.number, 1);
    assert_int_equal(out.items[2].kind, NIB_OUTPUT_CLOSE);
    assert_int_equal(out.items[3].kind, NIB_OUTPUT_QUERY);
    assert_int_equal(out.items[3].slot.serial, 7);
    assert_true(nib_addr_equal(&out.items[3].path.peer, &server));
    free(memory);
}

/* The memory is exactly as large as init says: the sanitizer sees one octet more. */
static void a_full_list_takes_nothing_more_until_it_is_cleared(void **state)
{
    (void)state;
    enum { CAP = 3 };
    const struct nib_path path = {0};
    const struct nib_decision decision = {0};
    struct nib_outputs out;
    void *memory = zeroed(nib_outputs_bytes(CAP));
    nib_outputs_init(&out, memory, CAP);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < CAP; i++) {
            memset(nib_outputs_reserve(&out), 1, NIB_MESSAGE_MAX);
            nib_outputs_answer(&out, &path, NIB_MESSAGE_MAX, &decision);
        }
        assert_null(nib_outputs_reserve(&out));
        nib_outputs_close(&out, (struct nib_slot){0});
        assert_int_equal(out.n, CAP);
        nib_outputs_clear(&out);
    }
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decision_says_what_was_decided_and_why),
        cmocka_unit_test(every_decision_has_words_that_fit),
        cmocka_unit_test(octets_stand_one_behind_the_other_in_the_order_of_the_list),
        cmocka_unit_test(a_full_list_takes_nothing_more_until_it_is_cleared),
    };
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
