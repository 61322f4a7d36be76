/*
 * Layer 2: the message (proto/protocol.md, section 2): decode, encode, match, one line of text.
 * Every message has exactly one encoding: what decodes encodes back to the same octets.
 */
#ifndef NIBDNS_MESSAGE_H
#define NIBDNS_MESSAGE_H

#include "nibdns/protocol.h"

/* What an answer says. The last two are misses: their TTL is 0. */
enum nib_outcome { NIB_FOUND, NIB_NOT_FOUND, NIB_FAILURE };

/* A query, or a response with its answer. Texts are borrowed from the datagram. */
struct nib_message {
    uint32_t id;
    enum nib_flag flag;
    enum nib_type qtype;
    struct nib_text qname;
    /* of a response only; zero in a query */
    enum nib_type atype;
    struct nib_text aname;
    uint32_t ttl_s;
    struct nib_text result;
    enum nib_outcome outcome; /* said by result; the encoder does not read it */
};

/*
 * Decodes a whole datagram or nothing. On an error *message is untouched and *bad is the octet of
 * the datagram where the rule is broken: for NIB_ERR_SHORT the datagram's length, for a field's
 * value its first octet, for a name or a result that is one the offending octet (see
 * nib_name_check), for NIB_ERR_MISS_TTL the TTL. Reads nothing outside octets[0..len).
 */
enum nib_err nib_message_decode(
    struct nib_message *message, const uint8_t *octets, size_t len, size_t *bad);

/*
 * Encodes into at most cap octets. Returns the length, or 0 when it does not fit or a text's length
 * is outside its limits. The caller vouches for the rest: codes from the enums, names and results
 * that passed their checks, a TTL within its limit. Nothing is written behind out[cap - 1].
 */
size_t nib_message_encode(uint8_t *out, size_t cap, const struct nib_message *message);

/* NIB_FITS when the response answers the query (NIB-5), else the first reason why not. */
enum nib_mismatch nib_message_fits(
    const struct nib_message *query, const struct nib_message *response);

/*
 * Whether a response that decodes is a referral for the query (NIB-5.5), which is no answer to it.
 * Who asked the servers of a domain takes it when its answer name is longer than that domain's:
 * then it has more labels.
 */
bool nib_message_is_referral(const struct nib_message *query, const struct nib_message *response);

/* What a result text stands for. */
enum nib_outcome nib_result_outcome(struct nib_text result);

/*
 * The rule that a result of that type breaks, and the octet where: NIB-4.1 to 4.3, for a name
 * NIB-3.1 to 3.4.
 */
enum nib_err nib_result_check(enum nib_type type, struct nib_text result, size_t *bad);

/*
 * `Query A www.csusm.edu id 0` or `Response A www.csusm.edu 144.37.5.45 ttl 60 id 0`, terminated; a
 * response of another type than the question's names it before the result, one with another name
 * has its record behind a colon: `Response A www.shop.test: shop.test NS ns.shop.test ttl 60 id 0`.
 * Returns its length.
 */
enum { NIB_LINE_MAX = 896 };
size_t nib_message_line(const struct nib_message *message, char out[NIB_LINE_MAX]);

#endif
