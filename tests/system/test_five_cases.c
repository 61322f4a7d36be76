/*
 * The five cases that nibdns is about, with the logic of the client, the local server and the
 * authoritative server wired together: where each answer comes from, the datagrams that it takes,
 * and the tables of all three after it. Then the worked exchange of proto/protocol.md (section 10),
 * octet for octet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "lib/wiring.h"

static const nib_ms T0 = 5000077;

#define LOCAL_STATIC                                                                               \
    "0,www.csusm.edu,A,144.37.5.45,None,1\n"                                                       \
    "1,my.csusm.edu,A,144.37.5.150,None,1\n"                                                       \
    "2,amazone.com,NS,dns.amazone.com,None,1\n"                                                    \
    "3,dns.amazone.com,A,127.0.0.1,None,1\n"
#define AMAZONE                                                                                    \
    "0,shop.amazone.com,A,3.33.147.88,None,1\n"                                                    \
    "1,cloud.amazone.com,A,15.197.140.28,None,1\n"

static int set_up(void **state)
{
    static struct wiring wiring;
    wiring_init(&wiring, T0);
    *state = &wiring;
    return 0;
}

static int clean_up(void **state)
{
    wiring_reset(*state);
    return 0;
}

/* A lookup of an A record that is found, some time after the start. */
static void look_up(struct wiring *w, nib_ms at, enum wiring_host client, const char *name,
    const char *result, uint32_t ttl_s)
{
    wiring_forget(w);
    w->now = T0 + at;
    assert_int_equal(wiring_look_up(w, client, name, NIB_A), NIB_CLIENT_FOUND);
    const struct nib_client *c = &w->clients[client];
    assert_text(((struct nib_text){c->result, c->result_len}), result);
    assert_int_equal(c->ttl_s, ttl_s);
}

static void assert_ladder(const struct wiring *w, const char *want)
{
    char out[WIRING_TEXT_MAX];
    wiring_ladder(w, out);
    assert_text(text_of(out), want);
}

static void assert_rows(const struct wiring *w, enum wiring_host host, const char *want)
{
    char out[WIRING_TEXT_MAX];
    wiring_rows(w, host, out);
    assert_text(text_of(out), want);
}

/* The tables of the client, the local server (its dynamic records) and the authoritative one. */
#define assert_tables(w, client, learnt)                                                           \
    do {                                                                                           \
        assert_rows((w), WIRING_CLIENT, (client));                                                 \
        assert_rows((w), WIRING_LOCAL, LOCAL_STATIC learnt);                                       \
        assert_rows((w), WIRING_AMAZONE, AMAZONE);                                                 \
    } while (0)

static void case_1(struct wiring *w)
{
    look_up(w, 0, WIRING_CLIENT, "www.csusm.edu", "144.37.5.45", 60);
}

static void case_2(struct wiring *w)
{
    look_up(w, 1000, WIRING_CLIENT, "shop.amazone.com", "3.33.147.88", 60);
}

static void case_3(struct wiring *w)
{
    look_up(w, 5000, WIRING_CLIENT, "shop.amazone.com", "3.33.147.88", 56);
}

static void case_4(struct wiring *w)
{
    look_up(w, 13500, WIRING_CLIENT_2, "shop.amazone.com", "3.33.147.88", 48);
}

static void case_5(struct wiring *w)
{
    look_up(w, 62000, WIRING_CLIENT, "shop.amazone.com", "3.33.147.88", 60);
}

static void case_1_the_local_server_answers_from_its_static_record(void **state)
{
    struct wiring *w = *state;
    assert_tables(w, "", "");
    case_1(w);
    assert_ladder(w, "client -> local: Query A www.csusm.edu id 0\n"
                     "local -> client: Response A www.csusm.edu 144.37.5.45 ttl 60 id 0\n");
    assert_tables(w, "0,www.csusm.edu,A,144.37.5.45,60,0\n", "");
}

static void case_2_the_local_server_asks_the_authoritative_one_and_keeps_the_answer(void **state)
{
    struct wiring *w = *state;
    case_1(w);
    case_2(w);
    assert_ladder(w, "client -> local: Query A shop.amazone.com id 1\n"
                     "local -> amazone: Query A shop.amazone.com id 0\n"
                     "amazone -> local: Response A shop.amazone.com 3.33.147.88 ttl 60 id 0\n"
                     "local -> client: Response A shop.amazone.com 3.33.147.88 ttl 60 id 1\n");
    assert_tables(w,
        "0,www.csusm.edu,A,144.37.5.45,59,0\n"
        "1,shop.amazone.com,A,3.33.147.88,60,0\n",
        "4,shop.amazone.com,A,3.33.147.88,60,0\n");
}

static void case_3_the_client_answers_itself_within_the_ttl(void **state)
{
    struct wiring *w = *state;
    case_1(w);
    case_2(w);
    case_3(w);
    assert_true(w->clients[WIRING_CLIENT].from_table);
    assert_ladder(w, "");
    assert_tables(w,
        "0,www.csusm.edu,A,144.37.5.45,55,0\n"
        "1,shop.amazone.com,A,3.33.147.88,56,0\n",
        "4,shop.amazone.com,A,3.33.147.88,56,0\n");
}

static void case_4_another_client_gets_the_ttl_that_is_left_in_the_local_servers_cache(void **state)
{
    struct wiring *w = *state;
    case_1(w);
    case_2(w);
    case_3(w);
    case_4(w);
    assert_ladder(w, "client 2 -> local: Query A shop.amazone.com id 0\n"
                     "local -> client 2: Response A shop.amazone.com 3.33.147.88 ttl 48 id 0\n");
    assert_rows(w, WIRING_CLIENT_2, "0,shop.amazone.com,A,3.33.147.88,48,0\n");
    assert_tables(w,
        "0,www.csusm.edu,A,144.37.5.45,47,0\n"
        "1,shop.amazone.com,A,3.33.147.88,48,0\n",
        "4,shop.amazone.com,A,3.33.147.88,48,0\n");
}

static void case_5_when_the_ttl_is_used_up_everybody_asks_again(void **state)
{
    struct wiring *w = *state;
    case_1(w);
    case_2(w);
    case_3(w);
    case_4(w);
    w->now = T0 + 61000;
    assert_rows(w, WIRING_CLIENT_2, "0,shop.amazone.com,A,3.33.147.88,1,0\n");
    assert_tables(w, "", "");
    case_5(w);
    assert_ladder(w, "client -> local: Query A shop.amazone.com id 2\n"
                     "local -> amazone: Query A shop.amazone.com id 1\n"
                     "amazone -> local: Response A shop.amazone.com 3.33.147.88 ttl 60 id 1\n"
                     "local -> client: Response A shop.amazone.com 3.33.147.88 ttl 60 id 2\n");
    assert_rows(w, WIRING_CLIENT_2, "");
    assert_tables(
        w, "2,shop.amazone.com,A,3.33.147.88,60,0\n", "5,shop.amazone.com,A,3.33.147.88,60,0\n");
}

/* NIB-8.15: at the last millisecond of the TTL nobody asks; a millisecond later both do. */
static void the_fifth_case_begins_at_the_very_end_of_the_ttl(void **state)
{
    struct wiring *w = *state;
    case_2(w);
    look_up(w, 60999, WIRING_CLIENT, "shop.amazone.com", "3.33.147.88", 1);
    assert_ladder(w, "");
    look_up(w, 60999, WIRING_CLIENT_2, "shop.amazone.com", "3.33.147.88", 1);
    assert_int_equal(w->n, 2);
    look_up(w, 61000, WIRING_CLIENT, "shop.amazone.com", "3.33.147.88", 60);
    assert_int_equal(w->n, 4);
}

static void a_miss_goes_all_the_way_and_stays_nowhere(void **state)
{
    struct wiring *w = *state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            wiring_look_up(w, WIRING_CLIENT, "nosuch.amazone.com", NIB_A), NIB_CLIENT_NOT_FOUND);
    assert_ladder(w,
        "client -> local: Query A nosuch.amazone.com id 0\n"
        "local -> amazone: Query A nosuch.amazone.com id 0\n"
        "amazone -> local: Response A nosuch.amazone.com Record not found ttl 0 id 0\n"
        "local -> client: Response A nosuch.amazone.com Record not found ttl 0 id 0\n"
        "client -> local: Query A nosuch.amazone.com id 1\n"
        "local -> amazone: Query A nosuch.amazone.com id 1\n"
        "amazone -> local: Response A nosuch.amazone.com Record not found ttl 0 id 1\n"
        "local -> client: Response A nosuch.amazone.com Record not found ttl 0 id 1\n");
    assert_tables(w, "", "");
}

/* ---- the worked exchange, octet for octet ---- */

#define WWW                                                                                        \
    "\x0d"                                                                                         \
    "www.csusm.edu"
#define SHOP                                                                                       \
    "\x10"                                                                                         \
    "shop.amazone.com"
#define QUERY(id, name) "\x00\x00\x00" id "\x08" name /* ID, query A, name */
#define RESPONSE(id, name, ttl)                                                                    \
    "\x00\x00\x00" id "\x18" name  /* ID, response A, name */                                      \
    "\x08" name "\x00\x00\x00" ttl /* A, name, TTL */
#define WWW_RESULT                                                                                 \
    "\x0b"                                                                                         \
    "144.37.5.45"
#define SHOP_RESULT                                                                                \
    "\x0b"                                                                                         \
    "3.33.147.88"

#define assert_datagram(w, i, literal)                                                             \
    assert_octets((w)->datagrams[i].octets, (w)->datagrams[i].len, literal)

/* Case 2 and case 5 are the same four datagrams, but for their IDs. */
#define assert_forwarded(w, client_id, local_id)                                                   \
    do {                                                                                           \
        assert_int_equal((w)->n, 4);                                                               \
        assert_datagram((w), 0, QUERY(client_id, SHOP));                                           \
        assert_datagram((w), 1, QUERY(local_id, SHOP));                                            \
        assert_datagram((w), 2, RESPONSE(local_id, SHOP, "\x3c") SHOP_RESULT);                     \
        assert_datagram((w), 3, RESPONSE(client_id, SHOP, "\x3c") SHOP_RESULT);                    \
    } while (0)

static void the_worked_exchange_is_what_the_logic_says_octet_for_octet(void **state)
{
    struct wiring *w = *state;
    case_1(w);
    assert_int_equal(w->n, 2);
    assert_datagram(w, 0, QUERY("\x00", WWW));
    assert_datagram(w, 1, RESPONSE("\x00", WWW, "\x3c") WWW_RESULT);
    case_2(w);
    assert_forwarded(w, "\x01", "\x00");
    case_3(w);
    assert_int_equal(w->n, 0);
    case_4(w);
    assert_int_equal(w->n, 2);
    assert_datagram(w, 0, QUERY("\x00", SHOP));
    assert_datagram(w, 1, RESPONSE("\x00", SHOP, "\x30") SHOP_RESULT);
    case_5(w);
    assert_forwarded(w, "\x02", "\x01");
}

#define A_CASE(test) cmocka_unit_test_setup_teardown(test, set_up, clean_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        A_CASE(case_1_the_local_server_answers_from_its_static_record),
        A_CASE(case_2_the_local_server_asks_the_authoritative_one_and_keeps_the_answer),
        A_CASE(case_3_the_client_answers_itself_within_the_ttl),
        A_CASE(case_4_another_client_gets_the_ttl_that_is_left_in_the_local_servers_cache),
        A_CASE(case_5_when_the_ttl_is_used_up_everybody_asks_again),
        A_CASE(the_fifth_case_begins_at_the_very_end_of_the_ttl),
        A_CASE(a_miss_goes_all_the_way_and_stays_nowhere),
        A_CASE(the_worked_exchange_is_what_the_logic_says_octet_for_octet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
