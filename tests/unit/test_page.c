/*
 * The page's simulated network, without a browser: the same logic as the programs', the same run
 * for the same seed and actions, and what a person can do to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/pcap.h"
#include "page/base/page.h"
#include "page/show/show.h"

static struct page page, other;

static void start(struct page *p, const char *config)
{
    assert_true(page_start(p, text_of(config)));
}

static void plan(struct page *p, nib_ms when, const char *action)
{
    assert_true(page_plan(p, when, text_of(action)));
}

static void play(struct page *p)
{
    while (page_next(p) != NIB_NEVER)
        assert_true(page_step(p));
}

static void act(struct page *p, const char *action)
{
    if (!page_do(p, text_of(action)))
        fail_msg("%s: %s", action, p->fault);
}

static void assert_refused(struct page *p, const char *action, const char *words)
{
    assert_false(page_do(p, text_of(action)));
    assert_string_equal(p->fault, words);
}

/* What was sent, as lines, and what became of it. */
static void assert_sent(struct page *p, uint32_t frame, const char *want)
{
    struct page_message *m = page_message_of(p, frame);
    assert_non_null(m);
    struct nib_text octets = page_text(p, m->octets);
    struct nib_message message;
    char line[NIB_LINE_MAX] = "malformed";
    size_t bad;
    if (nib_message_decode(&message, (const uint8_t *)octets.ptr, octets.len, &bad) == NIB_OK)
        (void)nib_message_line(&message, line);
    assert_string_equal(line, want);
}

static void assert_fate(struct page *p, uint32_t frame, enum page_fate fate)
{
    assert_int_equal(page_course_of(p, frame)->fate, fate);
}

static void assert_verdict(struct page *p, uint32_t frame, const char *want)
{
    assert_text(page_text(p, page_course_of(p, frame)->verdict), want);
}

static void assert_said(struct page *p, uint32_t host, const char *want)
{
    assert_text(page_text(p, p->state.hosts[host].said), want);
}

static void assert_rows(struct page *p, uint32_t host, const char *want)
{
    char text[4096];
    size_t head = 1 + NIB_TABLE_HEADER.len + 1;
    size_t len = nib_table_text(&p->state.hosts[host].table, p->state.now, text, sizeof text);
    assert_text(((struct nib_text){text + head, len - head}), want);
}

/* ---- the five cases ---- */

enum { CLIENT, CLIENT_2, LOCAL, AMAZONE };

static void plan_five_cases(struct page *p)
{
    start(p, "delay=20");
    plan(p, 0, "client 1 www.csusm.edu");
    plan(p, 1000, "client 1 shop.amazone.com A");
    plan(p, 5000, "client 1 shop.amazone.com");
    plan(p, 13500, "client 2 shop.amazone.com");
    plan(p, 62000, "client 1 shop.amazone.com.");
    play(p);
}

static void the_five_cases_send_twelve_datagrams(void **state)
{
    static const char *const want[] = {"Query A www.csusm.edu id 0",
        "Response A www.csusm.edu 144.37.5.45 ttl 60 id 0", "Query A shop.amazone.com id 1",
        "Query A shop.amazone.com id 0", "Response A shop.amazone.com 3.33.147.88 ttl 60 id 0",
        "Response A shop.amazone.com 3.33.147.88 ttl 60 id 1", "Query A shop.amazone.com id 0",
        "Response A shop.amazone.com 3.33.147.88 ttl 48 id 0", "Query A shop.amazone.com id 2",
        "Query A shop.amazone.com id 1", "Response A shop.amazone.com 3.33.147.88 ttl 60 id 1",
        "Response A shop.amazone.com 3.33.147.88 ttl 60 id 2"};
    (void)state;
    plan_five_cases(&page);
    assert_int_equal(page.state.n_messages, 12);
    for (uint32_t frame = 1; frame <= 12; frame++) {
        assert_sent(&page, frame, want[frame - 1]);
        assert_fate(&page, frame, PAGE_ARRIVED);
    }
    assert_int_equal(page.state.now, 62080);
}

static void the_five_cases_leave_the_tables_of_the_programs(void **state)
{
    (void)state;
    plan_five_cases(&page);
    assert_rows(&page, CLIENT, "2,shop.amazone.com,A,3.33.147.88,60,0\n");
    assert_rows(&page, CLIENT_2, "");
    assert_rows(&page, LOCAL,
        "0,www.csusm.edu,A,144.37.5.45,None,1\n"
        "1,my.csusm.edu,A,144.37.5.150,None,1\n"
        "2,amazone.com,NS,dns.amazone.com,None,1\n"
        "3,dns.amazone.com,A,127.0.0.1,None,1\n"
        "5,shop.amazone.com,A,3.33.147.88,60,0\n");
    assert_rows(&page, AMAZONE,
        "0,shop.amazone.com,A,3.33.147.88,None,1\n"
        "1,cloud.amazone.com,A,15.197.140.28,None,1\n");
}

static void each_datagram_says_why_it_was_sent_and_what_its_receiver_decided(void **state)
{
    (void)state;
    plan_five_cases(&page);
    assert_text(page_text(&page, page_message_of(&page, 4)->why), "asked 127.0.0.1:22000, fetch 0");
    assert_verdict(&page, 3, "asked 127.0.0.1:22000, fetch 0");
    assert_text(page_text(&page, page_message_of(&page, 8)->why), "answered from record 4");
    assert_verdict(&page, 7, "answered from record 4");
}

/* ---- the same run ---- */

static void busy(struct page *p, const char *config)
{
    char action[64];
    start(p, config);
    for (int i = 0; i < 40; i++) {
        (void)snprintf(action, sizeof action, "client %d %s.amazone.com", i % 2 + 1,
            i % 3 == 0   ? "shop"
            : i % 3 == 1 ? "cloud"
                         : "nosuch");
        plan(p, i * 9000, action);
    }
    play(p);
}

static bool same_log(const struct page *a, const struct page *b)
{
    return a->state.n_messages == b->state.n_messages && a->state.n_log == b->state.n_log &&
           memcmp(a->log.octets, b->log.octets, a->state.n_log) == 0;
}

static void the_same_seed_is_the_same_run(void **state)
{
    static const char config[] = "seed=7&loss=20&duplicate=20&delay=5-90";
    (void)state;
    busy(&page, config);
    busy(&other, config);
    assert_true(page.state.n_messages > 80);
    assert_true(same_log(&page, &other));
    busy(&other, "seed=8&loss=20&duplicate=20&delay=5-90");
    assert_false(same_log(&page, &other));
}

static void what_was_done_by_hand_is_the_same_run_when_it_is_planned(void **state)
{
    (void)state;
    start(&page, "seed=3&delay=30");
    act(&page, "client 1 shop.amazone.com");
    page_advance(&page, 45);
    act(&page, "drop 2");
    (void)page_step(&page);
    act(&page, "client 2 shop.amazone.com");
    play(&page);
    start(&other, "seed=3&delay=30");
    for (uint32_t i = 0; i < page.state.n_actions; i++)
        assert_true(page_plan(
            &other, page.state.actions[i].when, page_text(&page, page.state.actions[i].text)));
    play(&other);
    assert_int_equal(page.state.n_messages, other.state.n_messages);
    for (uint32_t frame = 1; frame <= page.state.n_messages; frame++) {
        struct page_message *a = page_message_of(&page, frame), *b = page_message_of(&other, frame);
        assert_same_text(page_text(&page, a->octets), page_text(&other, b->octets));
        assert_int_equal(a->sent, b->sent);
    }
}

/* The bytes of the state are all that a step changes; the log behind its counters is not there. */
static void a_state_that_is_put_back_is_one_that_never_went_on(void **state)
{
    static struct page_state before, after;
    (void)state;
    busy(&other, "seed=9&loss=10&duplicate=10&delay=5-40");
    start(&page, "seed=9&loss=10&duplicate=10&delay=5-40");
    for (int i = 0; i < 40; i++) {
        char action[64];
        (void)snprintf(action, sizeof action, "client %d %s.amazone.com", i % 2 + 1,
            i % 3 == 0   ? "shop"
            : i % 3 == 1 ? "cloud"
                         : "nosuch");
        plan(&page, i * 9000, action);
    }
    while (page_next(&page) != NIB_NEVER) {
        memcpy(&before, &page.state, sizeof before);
        (void)page_step(&page);
        memcpy(&after, &page.state, sizeof after);
        memcpy(&page.state, &before, sizeof before);
        (void)page_step(&page);
        assert_memory_equal(&page.state, &after, sizeof after);
    }
    assert_true(same_log(&page, &other));
}

/* ---- what a person does ---- */

static void a_dropped_question_is_asked_again_with_the_same_id(void **state)
{
    (void)state;
    start(&page, "delay=50");
    plan(&page, 0, "client 1 shop.amazone.com");
    plan(&page, 60, "drop 2");
    play(&page);
    assert_fate(&page, 2, PAGE_DROPPED);
    assert_sent(&page, 3, "Query A shop.amazone.com id 0");
    assert_int_equal(page_message_of(&page, 3)->sent, 550);
    assert_refused(&page, "drop 2", "this datagram is not under way: 2");
    assert_refused(&page, "drop 99", "this datagram is not under way: 99");
}

static void a_delayed_datagram_arrives_so_much_later(void **state)
{
    (void)state;
    start(&page, "delay=50");
    act(&page, "client 1 www.csusm.edu");
    act(&page, "delay 1 200");
    page_advance(&page, 249);
    assert_fate(&page, 1, PAGE_UNDER_WAY);
    page_advance(&page, 250);
    assert_fate(&page, 1, PAGE_ARRIVED);
    assert_refused(&page, "delay 2 soon", "a delay is 0 to 60000 ms, not soon");
}

static void a_datagram_that_comes_twice_is_answered_once_while_it_waits(void **state)
{
    (void)state;
    start(&page, "delay=50");
    act(&page, "client 1 shop.amazone.com");
    act(&page, "copy 1");
    play(&page);
    assert_verdict(&page, 2, "thrown away: a repeat of what waits already (NIB-8.12)");
    assert_int_equal(page.state.n_messages, 5);
}

static void a_changed_octet_makes_another_message(void **state)
{
    (void)state;
    start(&page, "delay=50");
    act(&page, "client 1 www.csusm.edu");
    act(&page, "change 1 6 78");
    assert_fate(&page, 1, PAGE_CHANGED);
    assert_sent(&page, 2, "Query A xww.csusm.edu id 0");
    assert_refused(&page, "change 2 19 00", "this datagram has no such octet: 19");
    assert_refused(&page, "change 2 0 g0", "an octet is two hex digits, not g0");
}

static void a_lie_must_have_the_right_id_and_port(void **state)
{
    (void)state;
    start(&page, "delay=50");
    plan(&page, 0, "client 1 shop.amazone.com");
    plan(&page, 60, "forge 2 6.6.6.6 1");
    play(&page);
    assert_verdict(&page, 3, "thrown away: wrong ID (NIB-5.2)");
    assert_said(&page, CLIENT, "Record found: shop.amazone.com -> 3.33.147.88");
    start(&page, "delay=50");
    plan(&page, 0, "client 1 shop.amazone.com");
    plan(&page, 60, "forge 2 6.6.6.6");
    play(&page);
    assert_said(&page, CLIENT, "Record found: shop.amazone.com -> 6.6.6.6");
    assert_refused(&page, "forge 3 6.6.6.6", "only a query can be answered with a lie");
    assert_refused(&page, "forge 2 nowhere", "no result of that type: nowhere");
}

static void who_guesses_the_port_is_not_heard_and_who_sees_it_is_believed(void **state)
{
    (void)state;
    start(&page, "delay=50&attacker=guess");
    plan(&page, 0, "client 1 shop.amazone.com");
    play(&page);
    for (uint32_t frame = 3; frame <= 5; frame++)
        assert_fate(&page, frame, PAGE_REFUSED);
    assert_said(&page, CLIENT, "Record found: shop.amazone.com -> 3.33.147.88");
    start(&page, "delay=50&attacker=see");
    plan(&page, 0, "client 1 shop.amazone.com");
    play(&page);
    assert_said(&page, CLIENT, "Record found: shop.amazone.com -> 6.6.6.6");
}

static void a_lie_in_other_letters_than_the_question_is_thrown_away(void **state)
{
    (void)state;
    start(&page, "world=internet&delay=50");
    plan(&page, 0, "client 1 shop.amazone.com");
    plan(&page, 60, "forge 2 6.6.6.6 small");
    play(&page);
    assert_verdict(&page, 3, "thrown away: wrong question (NIB-5.3)");
    assert_said(&page, CLIENT, "Record found: shop.amazone.com -> 3.33.147.88");
}

static void a_walk_down_the_tree_ends_with_the_answer(void **state)
{
    (void)state;
    start(&page, "world=tree&delay=50");
    plan(&page, 0, "client 1 store.amazone.com");
    play(&page);
    assert_said(&page, CLIENT, "Record found: store.amazone.com -> 192.0.2.80");
    assert_verdict(&page, 3, "a referral, fetch 0");
    assert_int_equal(page.state.n_messages, 14);
}

static void octets_that_are_no_message_are_never_answered(void **state)
{
    (void)state;
    start(&page, "delay=50");
    act(&page, "send local 0000000703");
    play(&page);
    assert_int_equal(page.state.n_messages, 1);
    assert_verdict(&page, 1, "thrown away: question type is none of A, AAAA, CNAME, NS (NIB-2.3)");
    assert_refused(&page, "send local 0g", "octets are pairs of hex digits, 772 at most");
}

static void a_program_that_ended_is_reported_and_one_that_hangs_is_not(void **state)
{
    (void)state;
    start(&page, "delay=50");
    act(&page, "end amazone");
    act(&page, "client 1 shop.amazone.com");
    play(&page);
    assert_said(&page, CLIENT, "Server failure for shop.amazone.com");
    assert_true(page.state.now < 500);
    act(&page, "start amazone");
    act(&page, "stop local");
    act(&page, "client 1 shop.amazone.com");
    nib_ms began = page.state.now;
    play(&page);
    assert_said(&page, CLIENT, "No answer for shop.amazone.com");
    assert_int_equal(page.state.now - began, 7000);
}

static void a_program_that_begins_again_has_forgotten_what_it_learnt(void **state)
{
    (void)state;
    start(&page, "delay=50");
    act(&page, "client 1 shop.amazone.com");
    play(&page);
    act(&page, "end client");
    act(&page, "start client");
    assert_rows(&page, CLIENT, "");
}

static void records_are_exchanged_whole_or_not_at_all(void **state)
{
    (void)state;
    start(&page, "delay=50");
    act(&page, "records amazone record_no,name,type,result,ttl,static\n"
               ",shop.amazone.com,A,9.9.9.9,None,1\n");
    assert_rows(&page, AMAZONE, "2,shop.amazone.com,A,9.9.9.9,None,1\n");
    assert_false(page_do(&page, text_of("records amazone record_no,name,type,result,ttl,static\n"
                                        ",shop.amazone.com,A,9.9.9,None,1\n")));
    assert_non_null(strstr(page.fault, "line 2: "));
    assert_rows(&page, AMAZONE, "2,shop.amazone.com,A,9.9.9.9,None,1\n");
}

static void what_cannot_be_done_is_said_and_leaves_no_trace(void **state)
{
    (void)state;
    start(&page, "");
    assert_refused(&page, "dance", "there is no such action: dance");
    assert_refused(&page, "client 3 shop.amazone.com", "there is no client of that number: 3");
    assert_refused(&page, "client 1 a..b", "name has an empty label");
    assert_refused(&page, "client 1 a.b MX", "no such type: MX");
    assert_refused(&page, "stop nobody", "there is no host of that name: nobody");
    assert_refused(&page, "set loss 101", "the network knows no such setting or value: loss");
    assert_int_equal(page.state.n_actions, 0);
    assert_false(page_start(&page, text_of("delay=9-3")));
    assert_false(page_start(&page, text_of("world=nowhere")));
}

static void a_client_looks_up_one_name_at_a_time(void **state)
{
    (void)state;
    start(&page, "");
    act(&page, "client 1 shop.amazone.com");
    assert_refused(&page, "client 1 cloud.amazone.com", "this client still waits for an answer");
}

static void a_network_that_loses_everything_ends_in_no_answer(void **state)
{
    (void)state;
    start(&page, "loss=100");
    act(&page, "client 1 www.csusm.edu");
    play(&page);
    assert_int_equal(page.state.n_messages, 3);
    assert_said(&page, CLIENT, "No answer for www.csusm.edu");
}

static void a_step_where_nothing_will_happen_changes_nothing(void **state)
{
    (void)state;
    start(&page, "");
    page_advance(&page, 700);
    assert_false(page_step(&page));
    assert_int_equal(page.state.now, 700);
    act(&page, "client 1 www.csusm.edu");
    play(&page);
    assert_int_equal(page.state.now, 800);
    assert_true(page_step(&page)); /* the record's end */
    assert_int_equal(page.state.now, 60800);
    assert_false(page_step(&page));
}

static void a_run_that_is_too_long_says_so_and_ends(void **state)
{
    (void)state;
    start(&page, "delay=1");
    page.state.n_log = PAGE_LOG - 400;
    for (int i = 0; i < 9; i++) {
        (void)page_do(&page, text_of("client 1 nosuch.amazone.com"));
        play(&page);
    }
    assert_true(page.state.full);
    assert_true(page.state.n_messages > 2);
    assert_true(page.state.n_log <= PAGE_LOG);
    uint32_t n = page.state.n_messages;
    (void)page_do(&page, text_of("client 2 www.csusm.edu"));
    play(&page);
    assert_int_equal(page.state.n_messages, n);
}

/* ---- what is shown ---- */

static void a_capture_holds_every_datagram_at_its_time(void **state)
{
    static uint8_t octets[65536];
    struct nib_writer w = nib_writer_init(octets, sizeof octets);
    (void)state;
    plan_five_cases(&page);
    assert_true(page_show_capture(&page, &w));
    struct nib_pcap_reader reader = {0};
    struct nib_pcap_frame frame;
    size_t off = 0, used;
    for (uint32_t i = 1; i <= 12; i++) {
        assert_int_equal(
            nib_pcap_next(&reader, octets + off, w.off - off, true, &used, &frame), NIB_PCAP_FRAME);
        off += used;
        struct nib_packet packet;
        nib_packet_read(&packet, &frame);
        assert_same_text(((struct nib_text){(const char *)packet.udp.payload, packet.udp.len}),
            page_text(&page, page_message_of(&page, i)->octets));
        assert_int_equal(frame.time_ns / 1000000 % 1000000,
            page_message_of(&page, i)->sent + 1767225600000 % 1000000);
    }
}

static void every_octet_of_a_datagram_belongs_to_a_field(void **state)
{
    static uint8_t text[65536];
    (void)state;
    start(&page, "");
    act(&page, "send local 00000007030d7777");
    struct nib_writer w = nib_writer_init(text, sizeof text - 1);
    page_show_octets(&page, 1, &w);
    text[w.off] = '\0';
    const char *json = (const char *)text;
    assert_non_null(strstr(json, "\"rule\":\"NIB-2.3\""));
    assert_non_null(strstr(json, "\"bad\":4"));
    assert_non_null(
        strstr(json, "\"name\":\"Question name\",\"rules\":\"NIB-3.2, NIB-3.3, NIB-3.4\","
                     "\"from\":6,\"len\":2,\"value\":\"ww\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_five_cases_send_twelve_datagrams),
        cmocka_unit_test(the_five_cases_leave_the_tables_of_the_programs),
        cmocka_unit_test(each_datagram_says_why_it_was_sent_and_what_its_receiver_decided),
        cmocka_unit_test(the_same_seed_is_the_same_run),
        cmocka_unit_test(what_was_done_by_hand_is_the_same_run_when_it_is_planned),
        cmocka_unit_test(a_state_that_is_put_back_is_one_that_never_went_on),
        cmocka_unit_test(a_dropped_question_is_asked_again_with_the_same_id),
        cmocka_unit_test(a_delayed_datagram_arrives_so_much_later),
        cmocka_unit_test(a_datagram_that_comes_twice_is_answered_once_while_it_waits),
        cmocka_unit_test(a_changed_octet_makes_another_message),
        cmocka_unit_test(a_lie_must_have_the_right_id_and_port),
        cmocka_unit_test(who_guesses_the_port_is_not_heard_and_who_sees_it_is_believed),
        cmocka_unit_test(a_lie_in_other_letters_than_the_question_is_thrown_away),
        cmocka_unit_test(a_walk_down_the_tree_ends_with_the_answer),
        cmocka_unit_test(octets_that_are_no_message_are_never_answered),
        cmocka_unit_test(a_program_that_ended_is_reported_and_one_that_hangs_is_not),
        cmocka_unit_test(a_program_that_begins_again_has_forgotten_what_it_learnt),
        cmocka_unit_test(records_are_exchanged_whole_or_not_at_all),
        cmocka_unit_test(what_cannot_be_done_is_said_and_leaves_no_trace),
        cmocka_unit_test(a_client_looks_up_one_name_at_a_time),
        cmocka_unit_test(a_network_that_loses_everything_ends_in_no_answer),
        cmocka_unit_test(a_step_where_nothing_will_happen_changes_nothing),
        cmocka_unit_test(a_run_that_is_too_long_says_so_and_ends),
        cmocka_unit_test(a_capture_holds_every_datagram_at_its_time),
        cmocka_unit_test(every_octet_of_a_datagram_belongs_to_a_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
