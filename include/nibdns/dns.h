/*
 * Layer 2: messages of the real DNS (RFC 1035) with EDNS(0) (RFC 6891) and extended errors
 * (RFC 8914): as much of them as a bridge needs. Decodes the header, the question, the EDNS record
 * and, one by one, the records of the answer section; encodes a query, and a response with at most
 * one record.
 *
 * libc's own parser (ns_initparse, dn_expand) is not used: the core calls nothing of libc, musl has
 * only a part of it, and it neither checks EDNS nor says what is wrong.
 *
 *                                   1  1  1  1  1  1
 *     0  1  2  3  4  5  6  7  8  9  0  1  2  3  4  5
 *    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *  0 |                      ID                       |
 *    +--+-----------+--+--+--+--+--+--+--+-----------+
 *  2 |QR|  opcode   |AA|TC|RD|RA| Z|AD|CD|   rcode   |
 *    +--+-----------+--+--+--+--+--+--+--+-----------+
 *  4 |  number of questions, answers, authority      |
 * 10 |  and additional records, 16 bits each         |
 *    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 */
#ifndef NIBDNS_DNS_H
#define NIBDNS_DNS_H

#include "nibdns/protocol.h"

enum {
    NIB_DNS_HEADER_LEN = 12,
    NIB_DNS_NAME_MAX = 255,  /* octets of a name on the wire, its last one the root's 0 */
    NIB_DNS_UDP_MIN = 512,   /* what a datagram may have where the other side said nothing */
    NIB_DNS_UDP_SIZE = 1232, /* what we say that we take, and send at most */
    NIB_DNS_QUERY_MAX = NIB_DNS_HEADER_LEN + NIB_DNS_NAME_MAX + 4 + 11,
    NIB_DNS_EDE_TEXT_MAX = 64,
    /* the longest response that is encoded here: question, record, EDNS with an extended error */
    NIB_DNS_RESPONSE_MAX = NIB_DNS_QUERY_MAX + 12 + NIB_DNS_NAME_MAX + 6 + NIB_DNS_EDE_TEXT_MAX,
};

/* Bits of the header's second 16 bits. The rcode is kept apart. */
enum {
    NIB_DNS_QR = 0x8000,
    NIB_DNS_OPCODE = 0x7800,
    NIB_DNS_TC = 0x0200,
    NIB_DNS_RD = 0x0100,
    NIB_DNS_RA = 0x0080,
};

/* Types that nibdns knows, too: symbol here, code, symbol there. */
#define NIB_DNS_TYPES(X)                                                                           \
    X(NIB_DNS_A, 1, NIB_A)                                                                         \
    X(NIB_DNS_NS, 2, NIB_NS)                                                                       \
    X(NIB_DNS_CNAME, 5, NIB_CNAME)                                                                 \
    X(NIB_DNS_AAAA, 28, NIB_AAAA)

enum nib_dns_type {
#define X(symbol, code, type) symbol = code,
    NIB_DNS_TYPES(X)
#undef X
        NIB_DNS_OPT = 41
};

enum { NIB_DNS_IN = 1 }; /* the class */

/* Response codes, those above 15 with the help of EDNS. */
#define NIB_DNS_RCODES(X)                                                                          \
    X(NIB_DNS_NOERROR, 0, "NOERROR")                                                               \
    X(NIB_DNS_FORMERR, 1, "FORMERR")                                                               \
    X(NIB_DNS_SERVFAIL, 2, "SERVFAIL")                                                             \
    X(NIB_DNS_NXDOMAIN, 3, "NXDOMAIN")                                                             \
    X(NIB_DNS_NOTIMP, 4, "NOTIMP")                                                                 \
    X(NIB_DNS_REFUSED, 5, "REFUSED")                                                               \
    X(NIB_DNS_BADVERS, 16, "BADVERS")

enum nib_dns_rcode {
#define X(symbol, code, name) symbol = code,
    NIB_DNS_RCODES(X)
#undef X
};

/* Extended errors (RFC 8914, section 4). */
enum nib_dns_ede {
    NIB_DNS_EDE_NONE = -1,
    NIB_DNS_EDE_OTHER = 0,
    NIB_DNS_EDE_NOT_SUPPORTED = 21,
    NIB_DNS_EDE_NO_AUTHORITY = 22, /* no reachable authority */
    NIB_DNS_EDE_NETWORK = 23,
};

/* What can be wrong with a message: symbol, words. */
#define NIB_DNS_ERRORS(X)                                                                          \
    X(NIB_DNS_ERR_HEADER, "no whole header")                                                       \
    X(NIB_DNS_ERR_SHORT, "message ends inside a field")                                            \
    X(NIB_DNS_ERR_LABEL, "label of an unknown kind")                                               \
    X(NIB_DNS_ERR_POINTER, "compression pointer that does not lead back to a name")                \
    X(NIB_DNS_ERR_NAME, "name of more than 255 octets")                                            \
    X(NIB_DNS_ERR_OPT, "EDNS record that is no additional one of the root, or a second one")       \
    X(NIB_DNS_ERR_OPTION, "EDNS option that is longer than its record")                            \
    X(NIB_DNS_ERR_TRAILING, "octets behind the last record")

enum nib_dns_err {
    NIB_DNS_OK,
#define X(symbol, words) symbol,
    NIB_DNS_ERRORS(X)
#undef X
        NIB_DNS_ERR_COUNT
};

/* A name as on the wire, without compression: len octets, the last one 0. */
struct nib_dns_name {
    uint8_t len;
    uint8_t octets[NIB_DNS_NAME_MAX];
};

/* A decoded message. It borrows from its octets; what stands before them stays without them. */
struct nib_dns_message {
    uint16_t id;
    uint16_t flags;       /* the header's second 16 bits, rcode 0 */
    uint16_t rcode;       /* 12 bits, with those that EDNS adds */
    uint16_t n_questions; /* the fields below are the first one's; zero where there is none */
    uint16_t qtype, qclass;
    struct nib_dns_name qname;
    bool edns; /* what follows is zero without */
    uint8_t edns_version;
    uint16_t udp_size; /* what the sender takes in a datagram, as it says */
    uint16_t n_answers;
    const uint8_t *octets;
    size_t len;
    size_t answers; /* the octet at which the answer section begins */
};

/* A record of the answer section. */
struct nib_dns_record {
    struct nib_dns_name name;
    uint16_t type, rclass;
    uint32_t ttl_s; /* 0 to NIB_TTL_MAX: a larger one counts as 0 (RFC 2181, section 8) */
    size_t rdata;   /* octet of the message */
    uint16_t rdata_len;
};

/*
 * Decodes a whole message or nothing: all sections are walked, so that what is left of one that
 * breaks off is never taken for the whole. *message is untouched on an error.
 */
enum nib_dns_err nib_dns_decode(struct nib_dns_message *message, const uint8_t *octets, size_t len);

/*
 * The header alone, and the question where it is whole and the only one: what a response repeats of
 * a query that does not decode. False, *message untouched, where there is no whole header.
 */
bool nib_dns_decode_head(struct nib_dns_message *message, const uint8_t *octets, size_t len);

/* A walk over the records of the answer section: where the next one begins, how many are left. */
struct nib_dns_walk {
    size_t off;
    uint16_t left;
};
struct nib_dns_walk nib_dns_answers(const struct nib_dns_message *message);

/* The next record. False: no more. */
bool nib_dns_next(const struct nib_dns_message *message, struct nib_dns_walk *walk,
    struct nib_dns_record *record);

/*
 * The record's data as a nibdns result: an address as text, a name. Returns its length, 0 where the
 * data is not what its type says, or a name that nibdns cannot carry.
 */
size_t nib_dns_result(const struct nib_dns_message *message, const struct nib_dns_record *record,
    enum nib_type type, char out[NIB_RESULT_MAX]);

/*
 * Of the answer section's records that have the question's name, class IN and that type, and that
 * nibdns can carry: the first, addresses in the order of their octets, names in that of their text,
 * so that the same records give the same one each time. Its result's length, *ttl_s the smallest
 * TTL of them all; 0, *ttl_s untouched, where there is none.
 */
size_t nib_dns_pick(const struct nib_dns_message *message, enum nib_type type, uint32_t *ttl_s,
    char out[NIB_RESULT_MAX]);

/* The name as nibdns has it: its length, or 0 when nibdns cannot carry it (NIB-3). */
size_t nib_dns_name_text(const struct nib_dns_name *name, char out[NIB_NAME_MAX]);

/* A name that passed nib_name_check() as it goes on the wire. */
struct nib_dns_name nib_dns_name_of(struct nib_text name);

/* The same name, in any letters. */
bool nib_dns_name_equal(const struct nib_dns_name *a, const struct nib_dns_name *b);

/* The DNS's code of a type, and back: false, *type untouched, where nibdns has no such type. */
uint16_t nib_dns_type_of(enum nib_type type);
bool nib_dns_type_known(uint16_t code, enum nib_type *type);

/* What we answer to a query. */
struct nib_dns_answer {
    enum nib_dns_rcode rcode;
    bool found; /* with the record below, which has the name of the question: there must be one */
    enum nib_type type;
    uint32_t ttl_s;
    struct nib_text result;   /* passed nib_result_check() */
    enum nib_dns_ede ede;     /* left out where the query has no EDNS */
    struct nib_text ede_text; /* NIB_DNS_EDE_TEXT_MAX octets at most */
};

/*
 * A recursive server's response to a query: its ID, opcode, RD and question (as asked, to the
 * letter), EDNS where the query has it. Where it has not room within limit octets, the record is
 * left out and TC is set. limit is at least NIB_DNS_UDP_MIN, and so is the room at out, but no more
 * than NIB_DNS_RESPONSE_MAX is ever needed. Returns the length.
 */
size_t nib_dns_encode_answer(uint8_t *out, size_t limit, const struct nib_dns_message *query,
    const struct nib_dns_answer *answer);

/* A query for a recursive server; its length. Room for NIB_DNS_QUERY_MAX octets. */
size_t nib_dns_encode_query(
    uint8_t *out, uint16_t id, struct nib_text name, enum nib_type type, bool edns);

/* Octets of a response that the sender of a query takes in a datagram: 512 to 1232. */
size_t nib_dns_udp_limit(const struct nib_dns_message *query);

/*
 * `DNS query A www.example.org id 7` or `DNS response NOERROR A www.example.org id 7 answers 2`,
 * terminated. Returns its length.
 */
enum { NIB_DNS_LINE_MAX = 4 * NIB_DNS_NAME_MAX + 96 };
size_t nib_dns_line(const struct nib_dns_message *message, char out[NIB_DNS_LINE_MAX]);

/* "NXDOMAIN"; "?" for a code that is not in the list. */
const char *nib_dns_rcode_name(unsigned rcode);

const char *nib_dns_err_words(enum nib_dns_err err);

#endif
