/* Messages of the real DNS: octets written by hand, after RFC 1035, RFC 6891 and RFC 8914. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/dns.h"

/* Pieces of messages. */
#define QUERY_HEAD                                                                                 \
    "\x12\x34"                                                                                     \
    "\x01\x00"                                                                                     \
    "\0\x01"                                                                                       \
    "\0\0"                                                                                         \
    "\0\0"                                                                                         \
    "\0\0" /* id 0x1234, RD, one question */
#define QUERY_EDNS_HEAD                                                                            \
    "\x12\x34"                                                                                     \
    "\x01\x00"                                                                                     \
    "\0\x01"                                                                                       \
    "\0\0"                                                                                         \
    "\0\0"                                                                                         \
    "\0\x01"
#define WWW "\3www\7example\3org\0"
#define IN_A                                                                                       \
    "\0\x01"                                                                                       \
    "\0\x01"
#define OPT_4096                                                                                   \
    "\0"                                                                                           \
    "\0\x29"                                                                                       \
    "\x10\x00"                                                                                     \
    "\0"                                                                                           \
    "\0"                                                                                           \
    "\0\0"                                                                                         \
    "\0\0" /* root, OPT, 4096, rcode, version, flags */

/* A query as `dig +noedns www.example.org` sends it, but for AD. */
static const char plain[] = QUERY_HEAD WWW IN_A;

/* A response with a CNAME and the A record that it leads to, both names compressed, and EDNS. */
static const char chain[] = "\xab\xcd"
                            "\x81\x80"
                            "\0\x01"
                            "\0\x02"
                            "\0\0"
                            "\0\x01" /* QR RD RA; 1, 2, 0, 1 */
    WWW IN_A                         /* 12..32 */
                            "\xc0\x0c"
                            "\0\x05"
                            "\0\x01"
                            "\0\0\x01\x2c"
                            "\0\x06"
                            "\3cdn\xc0\x10" /* 33: cdn.example.org */
                            "\xc0\x2d"
                            "\0\x01"
                            "\0\x01"
                            "\0\0\0\x3c"
                            "\0\x04"
                            "\xc0\0\2\1" /* 51: 192.0.2.1 */
                            "\0"
                            "\0\x29"
                            "\x04\xd0"
                            "\0"
                            "\0"
                            "\0\0"
                            "\0\x06"
                            "\0\x0f\0\2\0\x16"; /* 1232, an EDE of 22 */

static struct nib_dns_message decoded(const char *octets, size_t len)
{
    struct nib_dns_message m;
    assert_int_equal(nib_dns_decode(&m, (const uint8_t *)octets, len), NIB_DNS_OK);
    return m;
}
#define DECODED(literal) decoded((literal), sizeof(literal) - 1)

static enum nib_dns_err error_of(const uint8_t *octets, size_t len)
{
    struct nib_dns_message m, before;
    memset(&m, 0xa5, sizeof m);
    before = m;
    enum nib_dns_err err = nib_dns_decode(&m, octets, len);
    if (err != NIB_DNS_OK)
        assert_memory_equal(&m, &before, sizeof m);
    return err;
}
#define ERROR(literal) error_of(OCTETS(literal))

static void assert_name(const struct nib_dns_name *name, const char *text)
{
    char out[NIB_NAME_MAX];
    assert_text(((struct nib_text){out, nib_dns_name_text(name, out)}), text);
}

static void a_query_without_edns_is_decoded(void **state)
{
    (void)state;
    struct nib_dns_message m = DECODED(plain);
    assert_int_equal(m.id, 0x1234);
    assert_int_equal(m.flags, NIB_DNS_RD);
    assert_int_equal(m.rcode, 0);
    assert_int_equal(m.n_questions, 1);
    assert_int_equal(m.qtype, NIB_DNS_A);
    assert_int_equal(m.qclass, NIB_DNS_IN);
    assert_octets(m.qname.octets, m.qname.len, WWW);
    assert_name(&m.qname, "www.example.org");
    assert_false(m.edns);
    assert_int_equal(m.n_answers, 0);
}

static void edns_says_size_version_and_upper_rcode(void **state)
{
    (void)state;
    struct nib_dns_message m = DECODED(QUERY_EDNS_HEAD WWW IN_A OPT_4096);
    assert_true(m.edns);
    assert_int_equal(m.udp_size, 4096);
    assert_int_equal(m.edns_version, 0);
    m = DECODED("\x12\x34"
                "\x80\x03"
                "\0\x01"
                "\0\0"
                "\0\0"
                "\0\x01" WWW IN_A "\0"
                "\0\x29"
                "\x04\xd0"
                "\x12"
                "\x07"
                "\x80\0"
                "\0\0"); /* rcode 0x12, version 7, DO */
    assert_int_equal(m.rcode, 0x123);
    assert_int_equal(m.edns_version, 7);
    assert_int_equal(m.udp_size, 1232);
}

static void answers_are_walked_with_their_names_expanded(void **state)
{
    (void)state;
    struct nib_dns_message m = DECODED(chain);
    struct nib_dns_walk walk = nib_dns_answers(&m);
    struct nib_dns_record record;
    char out[NIB_RESULT_MAX];
    assert_true(nib_dns_next(&m, &walk, &record));
    assert_name(&record.name, "www.example.org");
    assert_int_equal(record.type, NIB_DNS_CNAME);
    assert_int_equal(record.rclass, NIB_DNS_IN);
    assert_int_equal(record.ttl_s, 300);
    size_t len = nib_dns_result(&m, &record, NIB_CNAME, out);
    assert_text(((struct nib_text){out, len}), "cdn.example.org");
    assert_true(nib_dns_next(&m, &walk, &record));
    assert_name(&record.name, "cdn.example.org");
    assert_int_equal(record.ttl_s, 60);
    len = nib_dns_result(&m, &record, NIB_A, out);
    assert_text(((struct nib_text){out, len}), "192.0.2.1");
    assert_false(nib_dns_next(&m, &walk, &record));
    assert_true(m.edns);
}

static void every_prefix_is_rejected(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof chain - 1; len++) {
        struct nib_text block = block_of((struct nib_text){chain, len});
        assert_int_equal(error_of((const uint8_t *)block.ptr, len),
            len < NIB_DNS_HEADER_LEN ? NIB_DNS_ERR_HEADER : NIB_DNS_ERR_SHORT);
        struct nib_dns_message head;
        bool whole = nib_dns_decode_head(&head, (const uint8_t *)block.ptr, len);
        assert_int_equal(whole, len >= NIB_DNS_HEADER_LEN);
        if (whole)
            assert_int_equal(head.n_questions, len >= 33 ? 1 : 0);
        forget(block);
    }
}

static void octets_behind_the_last_record_are_an_error(void **state)
{
    (void)state;
    assert_int_equal(ERROR(QUERY_HEAD WWW IN_A "x"), NIB_DNS_ERR_TRAILING);
}

/* RFC 1035, section 4.1.4, and what a stranger makes of it. */
static void pointers_that_do_not_lead_back_to_a_name_are_an_error(void **state)
{
    (void)state;
    assert_int_equal(ERROR(QUERY_HEAD "\xc0\x0c" IN_A), NIB_DNS_ERR_POINTER);    /* to itself */
    assert_int_equal(ERROR(QUERY_HEAD "\1a\xc0\x0c" IN_A), NIB_DNS_ERR_POINTER); /* a loop */
    assert_int_equal(ERROR(QUERY_HEAD "\xc0\x0e\0" IN_A), NIB_DNS_ERR_POINTER);  /* forward */
    assert_int_equal(ERROR(QUERY_HEAD "\xc0\x0b" IN_A), NIB_DNS_ERR_POINTER);    /* the header */
    assert_int_equal(ERROR(QUERY_HEAD "\xff\xff" IN_A), NIB_DNS_ERR_POINTER);    /* nowhere */
    assert_int_equal(ERROR(QUERY_HEAD "\xc0"), NIB_DNS_ERR_SHORT);
}

static void labels_of_an_unknown_kind_are_an_error(void **state)
{
    (void)state;
    assert_int_equal(ERROR(QUERY_HEAD "\x40"
                                      "aaaa"
                                      "\0" IN_A),
        NIB_DNS_ERR_LABEL);
    assert_int_equal(ERROR(QUERY_HEAD "\x80"
                                      "aaaa"
                                      "\0" IN_A),
        NIB_DNS_ERR_LABEL);
    assert_int_equal(ERROR(QUERY_HEAD "\xbf"
                                      "aaaa"
                                      "\0" IN_A),
        NIB_DNS_ERR_LABEL);
}

/* A name of n octets on the wire: labels of 63 octets, and the rest in a last one. */
static size_t put_long_name(char *out, size_t n)
{
    size_t len = 0;
    for (size_t left = n - 1; left > 0;) {
        size_t label = left > 64 ? 63 : left - 1;
        out[len++] = (char)label;
        memset(out + len, 'a', label);
        len += label;
        left -= label + 1;
    }
    out[len++] = '\0';
    return len;
}

static void a_name_has_255_octets_at_most(void **state)
{
    (void)state;
    for (size_t n = 254; n <= 256; n++) {
        char octets[400] = QUERY_HEAD;
        size_t len = 12 + put_long_name(octets + 12, n);
        memcpy(octets + len, IN_A, 4);
        struct nib_text block = block_of((struct nib_text){octets, len + 4});
        if (n <= 255) {
            struct nib_dns_message m = decoded(block.ptr, block.len);
            char text[NIB_NAME_MAX];
            assert_int_equal(m.qname.len, n);
            assert_int_equal(nib_dns_name_text(&m.qname, text), n - 2);
        } else {
            assert_int_equal(error_of((const uint8_t *)block.ptr, block.len), NIB_DNS_ERR_NAME);
        }
        forget(block);
    }
}

/*
 * Bare pointers, each to the one before, the first one to the root: 127 are followed, more are not.
 * They are the data of a first record; a second one's name is the last pointer.
 */
static void a_chain_of_bare_pointers_ends(void **state)
{
    (void)state;
    for (unsigned n = 127; n <= 128; n++) {
        uint8_t octets[512] = "\x12\x34\x81\x80"
                              "\0\1"
                              "\0\2"
                              "\0\0"
                              "\0\0"
                              "\0" IN_A "\0"
                              "\0\x0a\0\1"
                              "\0\0\0\0"
                              "\0"; /* the root, type 10, TTL 0 */
        size_t len = 12 + 5 + 10, to = 12;
        octets[len++] = (uint8_t)(2 * (n - 1));
        for (unsigned i = 1; i < n; i++, len += 2) {
            octets[len] = (uint8_t)(0xc0 | to >> 8);
            octets[len + 1] = (uint8_t)to;
            to = len;
        }
        octets[len] = (uint8_t)(0xc0 | to >> 8);
        octets[len + 1] = (uint8_t)to;
        memcpy(octets + len + 2,
            "\0\x0a\0\1"
            "\0\0\0\0"
            "\0\0",
            10);
        assert_int_equal(error_of(octets, len + 12), n <= 127 ? NIB_DNS_OK : NIB_DNS_ERR_POINTER);
    }
}

static void counts_that_lie_are_seen(void **state)
{
    (void)state;
    assert_int_equal(ERROR("\x12\x34\x01\0"
                           "\xff\xff"
                           "\0\0\0\0\0\0" WWW IN_A),
        NIB_DNS_ERR_SHORT);
    assert_int_equal(ERROR("\x12\x34\x01\0"
                           "\0\1\xff\xff\0\0\0\0" WWW IN_A),
        NIB_DNS_ERR_SHORT);
    assert_int_equal(ERROR("\x12\x34\x01\0"
                           "\0\0\0\0\0\0\0\0" WWW IN_A),
        NIB_DNS_ERR_TRAILING);
}

static void odd_edns_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(ERROR("\x12\x34\1\0"
                           "\0\1\0\0\0\0\0\2" WWW IN_A OPT_4096 OPT_4096),
        NIB_DNS_ERR_OPT);
    assert_int_equal(/* its name is not the root */
        ERROR(QUERY_EDNS_HEAD WWW IN_A "\1a" OPT_4096), NIB_DNS_ERR_OPT);
    assert_int_equal(/* in the answer section */
        ERROR("\x12\x34\1\0"
              "\0\1\0\1\0\0\0\0" WWW IN_A OPT_4096),
        NIB_DNS_ERR_OPT);
    assert_int_equal(/* an option of 5 octets in 4 */
        ERROR(QUERY_EDNS_HEAD WWW IN_A "\0\0\x29\x10\0\0\0\0\0"
                                       "\0\x08"
                                       "\0\x64\0\5abcd"),
        NIB_DNS_ERR_OPTION);
    assert_int_equal(/* half of an option */
        ERROR(QUERY_EDNS_HEAD WWW IN_A "\0\0\x29\x10\0\0\0\0\0"
                                       "\0\x03"
                                       "\0\x64\0"),
        NIB_DNS_ERR_OPTION);
    assert_int_equal(/* two options, the second one empty */
        ERROR(QUERY_EDNS_HEAD WWW IN_A "\0\0\x29\x10\0\0\0\0\0"
                                       "\0\x0b"
                                       "\0\x64\0\3abc"
                                       "\0\x65\0\0"),
        NIB_DNS_OK);
}

static void names_that_nibdns_cannot_carry_have_no_text(void **state)
{
    (void)state;
    const struct nib_dns_name names[] = {{1, "\0"}, {5, "\3a b\0"}, {5, "\3a.b\0"}, {5, "\3a\0b\0"},
        {5, "\3a\xc3\xa4\0"}, {3, "\1*\0"}};
    char out[NIB_NAME_MAX];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(nib_dns_name_text(&names[i], out), 0);
    const struct nib_dns_name fine = {13, "\5_a-Z9\4name\0"};
    assert_name(&fine, "_a-Z9.name");
}

static void a_text_becomes_the_name_that_it_came_from(void **state)
{
    (void)state;
    struct nib_dns_name name = nib_dns_name_of(NIB_TEXT("www.example.org"));
    assert_octets(name.octets, name.len, WWW);
    name = nib_dns_name_of(NIB_TEXT("a"));
    assert_octets(name.octets, name.len, "\1a\0");
    char longest[254];
    fill_name(longest, 253, 'x');
    name = nib_dns_name_of((struct nib_text){longest, 253});
    assert_int_equal(name.len, 255);
    assert_name(&name, longest);
}

static void names_are_compared_in_any_letters_and_label_by_label(void **state)
{
    (void)state;
    struct nib_dns_name a = nib_dns_name_of(NIB_TEXT("Www.Example.ORG"));
    struct nib_dns_name b = nib_dns_name_of(NIB_TEXT("www.example.org"));
    struct nib_dns_name c = nib_dns_name_of(NIB_TEXT("www-example.org"));
    struct nib_dns_name d = {6, "\4a@[b\0"}, e = {6, "\4A`{b\0"};
    assert_true(nib_dns_name_equal(&a, &b));
    assert_false(nib_dns_name_equal(&a, &c));
    assert_false(nib_dns_name_equal(&d, &e)); /* @ and ` differ in bit 0x20 only */
}

static void data_that_is_not_what_its_type_says_is_no_result(void **state)
{
    (void)state;
    static const char octets[] = "\xab\xcd\x81\x80"
                                 "\0\0\0\4\0\0\0\0"
                                 "\0"
                                 "\0\1\0\1"
                                 "\0\0\0\1"
                                 "\0\3"
                                 "\1\2\3" /* A of 3 octets */
                                 "\0"
                                 "\0\x1c\0\1"
                                 "\0\0\0\1"
                                 "\0\4"
                                 "\1\2\3\4" /* AAAA of 4 */
                                 "\0"
                                 "\0\5\0\1"
                                 "\0\0\0\1"
                                 "\0\4"
                                 "\1a\0\0" /* CNAME with an octet behind it */
                                 "\0"
                                 "\0\2\0\1"
                                 "\x80\0\0\0"
                                 "\0\3"
                                 "\2ab"; /* NS that ends inside; TTL too large */
    static const enum nib_type types[] = {NIB_A, NIB_AAAA, NIB_CNAME, NIB_NS};
    struct nib_dns_message m = DECODED(octets);
    struct nib_dns_walk walk = nib_dns_answers(&m);
    struct nib_dns_record record;
    char out[NIB_RESULT_MAX];
    for (int i = 0; i < 4; i++) {
        assert_true(nib_dns_next(&m, &walk, &record));
        assert_int_equal(nib_dns_result(&m, &record, types[i], out), 0);
    }
    assert_int_equal(record.ttl_s, 0); /* RFC 2181, section 8 */
}

static void types_map_one_to_one(void **state)
{
    (void)state;
    static const uint16_t codes[] = {1, 28, 5, 2};
    static const enum nib_type types[] = {NIB_A, NIB_AAAA, NIB_CNAME, NIB_NS};
    enum nib_type type;
    unsigned known = 0;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(nib_dns_type_of(types[i]), codes[i]);
        assert_true(nib_dns_type_known(codes[i], &type));
        assert_int_equal(type, types[i]);
    }
    for (unsigned code = 0; code < 65536; code++)
        known += nib_dns_type_known((uint16_t)code, &type);
    assert_int_equal(known, 4);
}

/* ---- encoding ---- */

static struct nib_dns_answer found(enum nib_type type, const char *result, uint32_t ttl_s)
{
    return (struct nib_dns_answer){.found = true,
        .type = type,
        .ttl_s = ttl_s,
        .result = text_of(result),
        .ede = NIB_DNS_EDE_NONE};
}

static void a_found_record_is_an_answer_with_the_question_as_it_was_asked(void **state)
{
    (void)state;
    struct nib_dns_message m = DECODED(QUERY_HEAD "\3wWw\7eXample\3org\0" IN_A);
    struct nib_dns_answer answer = found(NIB_A, "192.0.2.1", 60);
    uint8_t out[NIB_DNS_RESPONSE_MAX];
    size_t len = nib_dns_encode_answer(out, nib_dns_udp_limit(&m), &m, &answer);
    assert_octets(out, len,
        "\x12\x34"
        "\x81\x80"
        "\0\1"
        "\0\1"
        "\0\0"
        "\0\0"
        "\3wWw\7eXample\3org\0" IN_A "\xc0\x0c"
        "\0\1\0\1"
        "\0\0\0\x3c"
        "\0\4"
        "\xc0\0\2\1");
}

static void an_ipv6_address_is_sixteen_octets(void **state)
{
    (void)state;
    struct nib_dns_message m = DECODED(QUERY_HEAD WWW "\0\x1c\0\1");
    struct nib_dns_answer answer = found(NIB_AAAA, "2001:db8::ff01", 60);
    uint8_t out[NIB_DNS_RESPONSE_MAX];
    size_t len = nib_dns_encode_answer(out, 512, &m, &answer);
    assert_octets(out + 33, len - 33,
        "\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\xff\1");
}

static void rd_is_copied_and_nothing_else(void **state)
{
    (void)state;
    struct nib_dns_message m = DECODED("\0\7"
                                       "\x06\x70"
                                       "\0\1\0\0\0\0\0\0" WWW IN_A); /* AA TC Z AD CD */
    struct nib_dns_answer answer = {.rcode = NIB_DNS_NXDOMAIN, .ede = NIB_DNS_EDE_NONE};
    uint8_t out[NIB_DNS_RESPONSE_MAX];
    size_t len = nib_dns_encode_answer(out, 512, &m, &answer);
    assert_octets(out, len,
        "\0\7"
        "\x80\x83"
        "\0\1\0\0\0\0\0\0" WWW IN_A);
}

static void names_in_data_are_compressed_against_the_question(void **state)
{
    (void)state;
    struct nib_dns_message m = DECODED(QUERY_HEAD "\3www\7example\3org\0"
                                                  "\0\5\0\1");
    uint8_t out[NIB_DNS_RESPONSE_MAX];
    struct nib_dns_answer answer = found(NIB_CNAME, "cdn.example.org", 1);
    size_t len = nib_dns_encode_answer(out, 512, &m, &answer);
    assert_octets(out + 33, len - 33,
        "\xc0\x0c\0\5\0\1\0\0\0\1"
        "\0\6"
        "\3cdn\xc0\x10");
    answer = found(NIB_CNAME, "cdn.Example.org", 1); /* other letters: they are kept */
    len = nib_dns_encode_answer(out, 512, &m, &answer);
    assert_octets(out + 33, len - 33,
        "\xc0\x0c\0\5\0\1\0\0\0\1"
        "\0\x0e"
        "\3cdn\7Example\xc0\x18");
    answer = found(NIB_CNAME, "example.net", 1);
    len = nib_dns_encode_answer(out, 512, &m, &answer);
    assert_octets(out + 33, len - 33,
        "\xc0\x0c\0\5\0\1\0\0\0\1"
        "\0\x0d"
        "\7example\3net\0");
    answer = found(NIB_CNAME, "www.example.org", 1);
    len = nib_dns_encode_answer(out, 512, &m, &answer);
    assert_octets(out + 33, len - 33,
        "\xc0\x0c\0\5\0\1\0\0\0\1"
        "\0\2"
        "\xc0\x0c");
}

static void edns_is_answered_with_edns_and_an_extended_error(void **state)
{
    (void)state;
    struct nib_dns_message m = DECODED(QUERY_EDNS_HEAD WWW IN_A OPT_4096);
    struct nib_dns_answer answer = {
        .rcode = NIB_DNS_SERVFAIL, .ede = NIB_DNS_EDE_NETWORK, .ede_text = NIB_TEXT("silent")};
    uint8_t out[NIB_DNS_RESPONSE_MAX];
    size_t len = nib_dns_encode_answer(out, 512, &m, &answer);
    assert_octets(out, len,
        "\x12\x34"
        "\x81\x82"
        "\0\1"
        "\0\0"
        "\0\0"
        "\0\1" WWW IN_A "\0"
        "\0\x29"
        "\x04\xd0"
        "\0\0\0\0"
        "\0\x0c"
        "\0\x0f"
        "\0\x08"
        "\0\x17"
        "silent");
}

static void badvers_has_its_upper_bits_in_edns(void **state)
{
    (void)state;
    struct nib_dns_message m = DECODED(QUERY_EDNS_HEAD WWW IN_A "\0\0\x29\x10\0\0\1\0\0\0\0");
    struct nib_dns_answer answer = {.rcode = NIB_DNS_BADVERS, .ede = NIB_DNS_EDE_NONE};
    uint8_t out[NIB_DNS_RESPONSE_MAX];
    size_t len = nib_dns_encode_answer(out, 512, &m, &answer);
    assert_octets(out, len,
        "\x12\x34"
        "\x81\x80"
        "\0\1"
        "\0\0"
        "\0\0"
        "\0\1" WWW IN_A "\0"
        "\0\x29"
        "\x04\xd0"
        "\1\0\0\0"
        "\0\0");
}

/* The longest names leave no room in 512 octets: TC, and the whole answer where there is room. */
static void what_does_not_fit_is_truncated_between_records(void **state)
{
    (void)state;
    char name[254], target[254];
    fill_name(name, 253, 'n');
    fill_name(target, 253, 't');
    uint8_t query[NIB_DNS_QUERY_MAX], out[NIB_DNS_RESPONSE_MAX];
    size_t n = nib_dns_encode_query(query, 7, text_of(name), NIB_CNAME, false);
    struct nib_dns_message m = decoded((const char *)query, n), r;
    struct nib_dns_answer answer = found(NIB_CNAME, target, 1);
    size_t whole = 12 + 255 + 4 + 12 + 255;
    memset(out, 0xc9, sizeof out);
    assert_int_equal(nib_dns_encode_answer(out, whole - 1, &m, &answer), 12 + 255 + 4);
    assert_int_equal(nib_dns_decode(&r, out, 12 + 255 + 4), NIB_DNS_OK);
    assert_int_equal(r.flags & NIB_DNS_TC, NIB_DNS_TC);
    assert_int_equal(r.n_answers, 0);
    assert_int_equal(out[whole], 0xc9);
    assert_int_equal(nib_dns_encode_answer(out, whole, &m, &answer), whole);
    assert_int_equal(nib_dns_decode(&r, out, whole), NIB_DNS_OK);
    assert_int_equal(r.flags & NIB_DNS_TC, 0);
    m.edns = true; /* EDNS goes before the record */
    assert_int_equal(nib_dns_encode_answer(out, whole, &m, &answer), 12 + 255 + 4 + 11);
    assert_int_equal(nib_dns_encode_answer(out, whole + 11, &m, &answer), whole + 11);
}

static void the_limit_of_a_datagram_is_what_the_client_takes_between_512_and_1232(void **state)
{
    (void)state;
    static const struct {
        bool edns;
        uint16_t size;
        size_t limit;
    } cases[] = {{false, 0, 512}, {true, 0, 512}, {true, 511, 512}, {true, 513, 513},
        {true, 1231, 1231}, {true, 1233, 1232}, {true, 65535, 1232}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct nib_dns_message m = {.edns = cases[i].edns, .udp_size = cases[i].size};
        assert_int_equal(nib_dns_udp_limit(&m), cases[i].limit);
    }
}

static void a_query_for_a_resolver_wants_recursion(void **state)
{
    (void)state;
    uint8_t out[NIB_DNS_QUERY_MAX];
    size_t len = nib_dns_encode_query(out, 0x1234, NIB_TEXT("www.example.org"), NIB_A, false);
    assert_octets(out, len, QUERY_HEAD WWW IN_A);
    len = nib_dns_encode_query(out, 0x1234, NIB_TEXT("www.example.org"), NIB_AAAA, true);
    assert_octets(out, len,
        QUERY_EDNS_HEAD WWW "\0\x1c\0\1"
                            "\0\0\x29\x04\xd0\0\0\0\0\0\0");
}

static void a_head_is_what_an_error_repeats(void **state)
{
    (void)state;
    struct nib_dns_message m;
    assert_true(nib_dns_decode_head(&m, OCTETS(QUERY_HEAD WWW IN_A "junk")));
    assert_int_equal(m.n_questions, 1);
    assert_name(&m.qname, "www.example.org");
    assert_true(
        nib_dns_decode_head(&m, OCTETS("\x12\x34\x79\0\0\2\0\0\0\0\0\0" WWW IN_A WWW IN_A)));
    assert_int_equal(m.n_questions, 0); /* two are not repeated */
    assert_int_equal(m.qname.len, 0);
    assert_int_equal(m.flags, 0x7900);
    assert_false(nib_dns_decode_head(&m, OCTETS("\x12\x34\1\0\0\1\0\0\0\0\0")));
}

static void assert_line(const struct nib_dns_message *m, const char *want)
{
    char line[NIB_DNS_LINE_MAX];
    size_t len = nib_dns_line(m, line);
    assert_string_equal(line, want);
    assert_int_equal(len, strlen(want));
}

static void a_message_is_one_line_of_text_without_anything_raw(void **state)
{
    (void)state;
    struct nib_dns_message m = DECODED(plain);
    assert_line(&m, "DNS query A www.example.org id 4660");
    m = DECODED(chain);
    assert_line(&m, "DNS response NOERROR A www.example.org id 43981 answers 2");
    m = DECODED("\0\7\x83\x83\0\1\0\0\0\0\0\0\5a\x1b.b\\\0\0\x0f\0\1");
    assert_line(&m, "DNS response NXDOMAIN TYPE15 a\\027.b\\092 id 7 answers 0 truncated");
    m = DECODED("\0\7\1\0\0\1\0\0\0\0\0\0\0\0\2\0\1");
    assert_line(&m, "DNS query NS . id 7");
    m = DECODED("\0\7\x79\0\0\0\0\0\0\0\0\0");
    assert_line(&m, "DNS query id 7");
    memset(m.qname.octets, 0xff, sizeof m.qname.octets); /* the longest: each octet is four */
    m.qname.len = 255;
    for (size_t i = 0; i < 254; i += 64)
        m.qname.octets[i] = i == 192 ? 61 : 63;
    m.qname.octets[254] = 0;
    m.n_questions = 1;
    m.qtype = 65535;
    m.flags = NIB_DNS_QR | NIB_DNS_TC;
    m.id = m.n_answers = 65535;
    m.rcode = NIB_DNS_SERVFAIL;
    char line[NIB_DNS_LINE_MAX];
    assert_int_equal(nib_dns_line(&m, line), 22 + 10 + (4 * 250 + 3) + 1 + 8 + 14 + 10);
}

static void codes_and_errors_have_words(void **state)
{
    (void)state;
    assert_string_equal(nib_dns_rcode_name(3), "NXDOMAIN");
    assert_string_equal(nib_dns_rcode_name(16), "BADVERS");
    assert_string_equal(nib_dns_rcode_name(17), "?");
    for (int err = 1; err < NIB_DNS_ERR_COUNT; err++)
        assert_true(nib_dns_err_words((enum nib_dns_err)err)[0] != '\0');
    assert_string_equal(nib_dns_err_words(NIB_DNS_OK), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_without_edns_is_decoded),
        cmocka_unit_test(edns_says_size_version_and_upper_rcode),
        cmocka_unit_test(answers_are_walked_with_their_names_expanded),
        cmocka_unit_test(every_prefix_is_rejected),
        cmocka_unit_test(octets_behind_the_last_record_are_an_error),
        cmocka_unit_test(pointers_that_do_not_lead_back_to_a_name_are_an_error),
        cmocka_unit_test(labels_of_an_unknown_kind_are_an_error),
        cmocka_unit_test(a_name_has_255_octets_at_most),
        cmocka_unit_test(a_chain_of_bare_pointers_ends),
        cmocka_unit_test(counts_that_lie_are_seen),
        cmocka_unit_test(odd_edns_is_an_error),
        cmocka_unit_test(names_that_nibdns_cannot_carry_have_no_text),
        cmocka_unit_test(a_text_becomes_the_name_that_it_came_from),
        cmocka_unit_test(names_are_compared_in_any_letters_and_label_by_label),
        cmocka_unit_test(data_that_is_not_what_its_type_says_is_no_result),
        cmocka_unit_test(types_map_one_to_one),
        cmocka_unit_test(a_found_record_is_an_answer_with_the_question_as_it_was_asked),
        cmocka_unit_test(an_ipv6_address_is_sixteen_octets),
        cmocka_unit_test(rd_is_copied_and_nothing_else),
        cmocka_unit_test(names_in_data_are_compressed_against_the_question),
        cmocka_unit_test(edns_is_answered_with_edns_and_an_extended_error),
        cmocka_unit_test(badvers_has_its_upper_bits_in_edns),
        cmocka_unit_test(what_does_not_fit_is_truncated_between_records),
        cmocka_unit_test(the_limit_of_a_datagram_is_what_the_client_takes_between_512_and_1232),
        cmocka_unit_test(a_query_for_a_resolver_wants_recursion),
        cmocka_unit_test(a_head_is_what_an_error_repeats),
        cmocka_unit_test(a_message_is_one_line_of_text_without_anything_raw),
        cmocka_unit_test(codes_and_errors_have_words),
    };
    return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
