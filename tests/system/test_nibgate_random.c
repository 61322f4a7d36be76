/*
 * nibgate dns before the real servers under random messages: what it answers is right, and what it
 * does not answer is counted.
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/process.h"
#include "lib/support.h"
#include "nibdns/dns.h"
#include "nibdns/name.h"

#define OPT "\0\0\x29\x04\xd0\0\0\0\0\0\0"

/* What the servers behind the bridge know. */
static const struct truth {
    const char *name;
    uint16_t type;
    const char *rdata;
    size_t len;
} truths[] = {{"www.csusm.edu", 1, "\x90\x25\x05\x2d", 4},
    {"my.csusm.edu", 1, "\x90\x25\x05\x96", 4}, {"dns.amazone.com", 1, "\x7f\0\0\1", 4},
    {"shop.amazone.com", 1, "\x03\x21\x93\x58", 4}, {"cloud.amazone.com", 1, "\x0f\xc5\x8c\x1c", 4},
    {"amazone.com", 2, "\3dns\7amazone\3com\0", 17}};
enum { TRUTHS = sizeof truths / sizeof truths[0], MESSAGE_CAP = 600, BATCH = 32 };

static struct octets sent_messages[65536]; /* by ID */

static struct octets some_query(struct rng *rng)
{
    static const uint16_t types[] = {1, 28, 5, 2, 15, 255, 41};
    struct octets m = OCTETS_OF("\0\0\1\0\0\1\0\0\0\0\0\0");
    struct nib_dns_name name = nib_dns_name_of(text_of(truths[dice_below(rng, TRUTHS)].name));
    uint16_t type = types[dice_below(rng, sizeof types / sizeof types[0])];
    memcpy(m.at + m.len, name.octets, name.len);
    m.len += name.len;
    const uint8_t end[4] = {(uint8_t)(type >> 8), (uint8_t)type, 0, 1};
    memcpy(m.at + m.len, end, 4);
    m.len += 4;
    if (dice_below(rng, 2) == 0) {
        memcpy(m.at + m.len, OPT, 11);
        m.len += 11;
        m.at[11] = 1;
    }
    return m;
}

static void spoil(struct rng *rng, struct octets *m)
{
    size_t at = dice_below(rng, (uint32_t)m->len);
    switch (dice_below(rng, 5)) {
    case 0:
        m->at[at] ^= (uint8_t)(1u << dice_below(rng, 8));
        break;
    case 1:
        m->at[at] = (uint8_t)dice_next(rng);
        break;
    case 2:
        m->len = at + 1;
        break;
    case 3: /* a piece again, somewhere else */
        if (m->len + 16 < MESSAGE_CAP) {
            memmove(m->at + at + 16, m->at + at, m->len - at);
            m->len += 16;
        }
        break;
    default:
        m->at[at] = (uint8_t[]){0xc0, 0xff, 0x3f, 0x40, 0}[dice_below(rng, 5)];
        break;
    }
}

static struct octets some_message(struct rng *rng, uint16_t id)
{
    struct octets m = some_query(rng);
    if (dice_below(rng, 8) == 0) {
        m.len = 1 + dice_below(rng, 64);
        for (size_t i = 0; i < m.len; i++)
            m.at[i] = (uint8_t)dice_next(rng);
    }
    for (uint32_t n = dice_below(rng, 5); n > 0; n--)
        spoil(rng, &m);
    m.at[0] = (uint8_t)(id >> 8);
    m.at[1] = (uint8_t)id;
    return m;
}

/* The only code that a message may be answered with; *truth is the record that goes with it. */
static unsigned right_code(const struct octets *sent, const struct truth **truth)
{
    struct nib_dns_message m;
    char text[NIB_NAME_MAX];
    bool other_type = false;
    *truth = NULL;
    assert_true(sent->len >= 12 && (sent->at[2] & 0x80) == 0); /* nothing else is answered */
    if ((sent->at[2] & 0x78) != 0)
        return NIB_DNS_NOTIMP;
    if (nib_dns_decode(&m, sent->at, sent->len) != NIB_DNS_OK || m.n_questions != 1)
        return NIB_DNS_FORMERR;
    if (m.edns_version > 0)
        return NIB_DNS_BADVERS;
    if (m.qclass != 1)
        return NIB_DNS_REFUSED;
    struct nib_text name = {text, nib_dns_name_text(&m.qname, text)};
    for (size_t i = 0; i < TRUTHS && name.len > 0; i++) {
        if (!nib_name_equal(name, text_of(truths[i].name)))
            continue;
        other_type = true;
        if (m.qtype == truths[i].type)
            *truth = &truths[i];
    }
    return other_type ? NIB_DNS_NOERROR : NIB_DNS_NXDOMAIN;
}

static void check_answer(const struct octets *answer)
{
    struct nib_dns_message m;
    struct nib_dns_record record;
    const struct truth *truth;
    assert_int_equal(nib_dns_decode(&m, answer->at, answer->len), NIB_DNS_OK);
    assert_true((m.flags & NIB_DNS_QR) != 0);
    unsigned rcode = right_code(&sent_messages[m.id], &truth);
    if (m.rcode == 0 && rcode == NIB_DNS_BADVERS) /* without EDNS there is no room for it */
        assert_true(m.edns);
    assert_int_equal(m.rcode, rcode);
    assert_int_equal(m.n_answers, truth != NULL);
    if (truth == NULL)
        return;
    struct nib_dns_walk walk = nib_dns_answers(&m);
    assert_true(nib_dns_next(&m, &walk, &record));
    assert_int_equal(record.type, truth->type);
    assert_true(nib_dns_name_equal(&record.name, &m.qname));
    assert_in_range(record.ttl_s, 1, 60);
    if (truth->type == 1) {
        assert_int_equal(record.rdata_len, truth->len);
        assert_memory_equal(m.octets + record.rdata, truth->rdata, truth->len);
    } else {
        char text[NIB_RESULT_MAX];
        struct nib_text result = {text, nib_dns_result(&m, &record, NIB_NS, text)};
        assert_text(result, "dns.amazone.com");
    }
}

/* MESSAGES=N (20000) says how many. */
static void random_messages_bring_right_answers_errors_or_silence(void **state)
{
    (void)state;
    const char *wanted = getenv("MESSAGES");
    uint32_t n = wanted == NULL ? 20000 : (uint32_t)strtoul(wanted, NULL, 10), answers = 0,
             last = 0;
    struct rng rng = dice_init();
    struct process *amazone = start("amazoneserver", "--listen=127.0.0.1:0", "--quiet", NULL);
    struct process *local = start("localserver", "--listen=127.0.0.1:0", "--quiet",
        words("--upstream-port=%u", port_of(amazone)), NULL);
    struct process *p = start("nibgate", "dns", "--listen=127.0.0.1:0",
        words("--server=127.0.0.1:%u", port_of(local)), NULL);
    union where at = where_of("127.0.0.1", port_of(p));
    int client = udp_at("127.0.0.1", 0, NULL);
    struct octets answer;
    for (uint32_t i = 0; i < n; i++) {
        uint16_t id = (uint16_t)i;
        sent_messages[id] = some_message(&rng, id);
        if (i % BATCH == BATCH - 1) { /* one that is answered, so that all are read before more */
            sent_messages[id] = OCTETS_OF("\0\0\x79\0\0\0\0\0\0\0\0\0");
            sent_messages[id].at[0] = (uint8_t)(id >> 8);
            sent_messages[id].at[1] = (uint8_t)id;
        }
        udp_send(client, &at, &sent_messages[id]);
        while (i % BATCH == BATCH - 1 && last != i + 1) {
            answer = udp_receive(client, NULL);
            check_answer(&answer);
            answers++;
            if (answer.len == 12 && memcmp(answer.at, sent_messages[id].at, 2) == 0)
                last = i + 1;
        }
    }
    while (udp_receive_in(client, 500, &answer, NULL)) {
        check_answer(&answer);
        answers++;
    }
    read_counters(p);
    assert_int_equal(counter(p, "received"), n);
    assert_int_equal(counter(p, "answered"), answers);
    assert_int_equal(counter(p, "waiting"), 0);
    assert_int_equal(counter(p, "answered_servfail"), 0);
    print_message("# %u messages, %u answers\n", n, answers);
    stop(p, SIGTERM, 0);
    stop(local, SIGTERM, 0);
    stop(amazone, SIGTERM, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(
            random_messages_bring_right_answers_errors_or_silence, processes_end_all),
    };
    static const char *const programs[] = {"nibgate", "localserver", "amazoneserver", NULL};
    require_programs(programs);
    return cmocka_run_group_tests_name("nibgate_random", tests, NULL, NULL);
}
