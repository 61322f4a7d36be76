/*
 * A second decoder, for tests: written from proto/protocol.md alone, step by step as its tables
 * stand there, slow, and without a line of the codec's. Whatever the two do not agree on is a fault
 * in one of them, or in the text.
 */
#ifndef NIBDNS_TESTS_NAIVE_H
#define NIBDNS_TESTS_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts lie in the datagram. */
struct naive_text {
    const uint8_t *octets;
    size_t len;
};

struct naive {
    const char *rule; /* "NIB-2.1", or NULL: the datagram is a message */
    size_t at;        /* of a broken rule: the octet reported */
    uint32_t id;
    unsigned flag, qtype;
    struct naive_text qname;
    unsigned atype; /* from here on: of a response */
    struct naive_text aname;
    uint32_t ttl;
    struct naive_text result;
};

void naive_decode(struct naive *out, const uint8_t *octets, size_t len);

/* The rule of section 3 that a text breaks as a name, or NULL; *at is the octet of the text. */
const char *naive_name(struct naive_text name, size_t *at);

/* The grammars of section 4. */
bool naive_is_ipv4(struct naive_text text);
bool naive_is_ipv6(struct naive_text text);
bool naive_is_miss(struct naive_text text);

/* Names that differ in the case of ASCII letters only (NIB-7.2). */
bool naive_same_name(struct naive_text a, struct naive_text b);

#endif
