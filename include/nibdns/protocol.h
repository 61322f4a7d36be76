/*
 * Layer 0: the protocol in one file. Every offset, limit, code and rule of proto/protocol.md
 * (named NIB-... there and here) has its one place in the code below.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   0 |                      Transaction ID (32)                      |
 *     +-------+-------+---------------+-------------------------------+
 *   4 | Flag  | QType |   QName len   |  Question name (1..253) ...
 *     +-------+-------+---------------+---------------
 *       a response goes on, directly behind the question name:
 *     +-------+-------+---------------+---------------
 *     | zero  | AType |   AName len   |  Answer name (1..253) ...
 *     +-------+-------+---------------+---------------+---------------+
 *     |                           TTL (32)                            |
 *     +---------------+-----------------------------------------------+
 *     |  Result len   |  Result (1..253) ...
 *     +---------------+---------------
 */
#ifndef NIBDNS_PROTOCOL_H
#define NIBDNS_PROTOCOL_H

#include "nibdns/base.h"

/* Where the fixed fields stand, in octets from the start of the datagram. */
enum {
    NIB_AT_ID = 0,
    NIB_AT_FLAG_TYPE = 4, /* the flag in the upper four bits, the type in the lower four */
    NIB_AT_QNAME_LEN = 5,
    NIB_AT_QNAME = 6,
};

/* Limits, in octets where nothing else is said. */
enum {
    NIB_NAME_MAX = 253,
    NIB_LABEL_MAX = 63,
    NIB_RESULT_MAX = 253,
    NIB_QUERY_MIN = NIB_AT_QNAME + 1,
    NIB_QUERY_MAX = NIB_AT_QNAME + NIB_NAME_MAX,
    NIB_MESSAGE_MAX = NIB_QUERY_MAX + 2 + NIB_NAME_MAX + 4 + 1 + NIB_RESULT_MAX, /* 772 */
    NIB_TTL_MAX = 2147483647,                                                    /* seconds */
};

/* NIB-1.3: UDP ports on which the two servers listen unless told otherwise. */
enum { NIB_PORT_LOCAL = 21000, NIB_PORT_AUTHORITATIVE = 22000 };

enum nib_flag { NIB_QUERY = 0, NIB_RESPONSE = 1 };

/*
 * Types: symbol, code on the wire, name. This is the one list of them; arrays and sentences are
 * made of it: `types[] = {NIB_TYPES(NIB_TYPE_SYMBOL)}`, "none of " NIB_TYPE_NAMES.
 */
/* clang-format off */
#define NIB_TYPES_APART(X, between)                                                                \
    X(NIB_A, 8, "A") between                                                                       \
    X(NIB_AAAA, 4, "AAAA") between                                                                 \
    X(NIB_CNAME, 2, "CNAME") between                                                               \
    X(NIB_NS, 1, "NS")
/* clang-format on */
#define NIB_TYPES(X) NIB_TYPES_APART(X, )
#define NIB_TYPE_SYMBOL(symbol, code, name) symbol,
#define NIB_TYPE_NAME(symbol, code, name) name
#define NIB_TYPE_NAMES NIB_TYPES_APART(NIB_TYPE_NAME, ", ") /* "A, AAAA, CNAME, NS" */
#define NIB_TYPE_ONE(symbol, code, name) 1
enum {
    NIB_TYPE_COUNT = NIB_TYPES_APART(NIB_TYPE_ONE, +),
    NIB_TYPE_NAME_MAX = 5, /* characters of the longest name */
};

enum nib_type {
#define X(symbol, code, name) symbol = code,
    NIB_TYPES(X)
#undef X
};

/* The two texts that stand for a miss in any type (NIB-4.4). */
#define NIB_TEXT_NOT_FOUND NIB_TEXT("Record not found")
#define NIB_TEXT_FAILURE NIB_TEXT("Server failure")

/*
 * What can be wrong with a datagram: symbol, rule, the codec's words for it. The first rule broken,
 * in the order of the octets, is the one that is reported.
 */
#define NIB_RULES(X)                                                                               \
    X(NIB_ERR_SHORT, "NIB-2.1", "message ends inside a field")                                     \
    X(NIB_ERR_FLAG, "NIB-2.2", "flag is neither query nor response")                               \
    X(NIB_ERR_QTYPE, "NIB-2.3", "question type is none of " NIB_TYPE_NAMES)                        \
    X(NIB_ERR_RESERVED, "NIB-2.4", "the four bits before the answer type are not zero")            \
    X(NIB_ERR_ATYPE, "NIB-2.5", "answer type is none of " NIB_TYPE_NAMES)                          \
    X(NIB_ERR_TTL, "NIB-2.6", "TTL is above 2147483647")                                           \
    X(NIB_ERR_TRAILING, "NIB-2.7", "octets behind the last field")                                 \
    X(NIB_ERR_NAME_LEN, "NIB-3.1", "name length is not 1 to 253")                                  \
    X(NIB_ERR_NAME_OCTET, "NIB-3.2", "name has an octet that is no letter, digit, -, _ or .")      \
    X(NIB_ERR_NAME_EMPTY, "NIB-3.3", "name has an empty label")                                    \
    X(NIB_ERR_NAME_LABEL, "NIB-3.4", "name has a label of more than 63 octets")                    \
    X(NIB_ERR_RESULT_LEN, "NIB-4.1", "result length is not 1 to 253")                              \
    X(NIB_ERR_RESULT_A, "NIB-4.2", "result of type A is no IPv4 address")                          \
    X(NIB_ERR_RESULT_AAAA, "NIB-4.3", "result of type AAAA is no IPv6 address")                    \
    X(NIB_ERR_MISS_TTL, "NIB-4.4", "a miss carries a TTL other than 0")

enum nib_err {
    NIB_OK,
#define X(symbol, rule, words) symbol,
    NIB_RULES(X)
#undef X
        NIB_ERR_COUNT /* how many values the enum has */
};

/*
 * Why a well-formed datagram is not the answer that is waited for: symbol, rule, words. The order
 * is the order in which they are tried, so a datagram has one reason.
 */
#define NIB_MISMATCHES(X)                                                                          \
    X(NIB_MISMATCH_FLAG, "NIB-5.1", "not a response")                                              \
    X(NIB_MISMATCH_ID, "NIB-5.2", "wrong ID")                                                      \
    X(NIB_MISMATCH_QUESTION, "NIB-5.3", "wrong question")                                          \
    X(NIB_MISMATCH_ANSWER, "NIB-5.4", "wrong answer name or type")

enum nib_mismatch {
    NIB_FITS,
#define X(symbol, rule, words) symbol,
    NIB_MISMATCHES(X)
#undef X
        NIB_MISMATCH_COUNT
};

/* "A" for NIB_A and so on; "?" for a value that is no type. */
const char *nib_type_name(enum nib_type type);

/* The type of that name, in any case. False, and *type untouched, where there is none. */
bool nib_type_parse(struct nib_text name, enum nib_type *type);

/* "NIB-2.1" and "message ends inside a field"; empty strings for NIB_OK. */
const char *nib_err_rule(enum nib_err err);
const char *nib_err_words(enum nib_err err);

const char *nib_mismatch_rule(enum nib_mismatch mismatch);
const char *nib_mismatch_words(enum nib_mismatch mismatch);

#endif
