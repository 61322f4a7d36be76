/*
 * Layer 7, nibpcap's base: what each message is to the others: the one classification that dump,
 * check, ladder and rerun share, and that the Wireshark dissector is held to. Knows no file.
 *
 *     query   it waits already, seen less than 1 ms ago     copy
 *             it waits already                              retransmission
 *             else                                          query
 *     response, to a query that is remembered
 *             it does not fit                               unsolicited: wrong answer name or type
 *             it is the first                               answer
 *             the same octets less than 1 ms ago, and no
 *             more tries than responses                     copy
 *             else                                          duplicate
 *     response, to none: unsolicited; by the receiver's newest query with that ID, if it went to
 *             the sender                                    wrong question
 *             elsewhere, asks the same and waits            wrong source
 *             by its newest query at all, if it went to
 *             the sender and waits                          wrong ID
 *
 * A query is also "not a response" when its receiver waits for its sender. A message that is not
 * whole counts as one when its question is; nothing behind that is compared. A referral is an
 * answer where it comes from an authoritative server. An ICMP error ends nothing.
 */
#ifndef NIBDNS_NIBPCAP_VERDICT_H
#define NIBDNS_NIBPCAP_VERDICT_H

#include "nibpcap/base/requests.h"
#include "nibpcap/base/traffic.h"

#define VERDICTS(X)                                                                                \
    X(VERDICT_NONE, "")                                                                            \
    X(VERDICT_QUERY, "query")                                                                      \
    X(VERDICT_RETRANSMISSION, "retransmission")                                                    \
    X(VERDICT_COPY, "copy")                                                                        \
    X(VERDICT_ANSWER, "answer")                                                                    \
    X(VERDICT_REFERRAL, "referral")                                                                \
    X(VERDICT_DUPLICATE, "duplicate")                                                              \
    X(VERDICT_UNSOLICITED, "unsolicited")

enum verdict {
#define X(symbol, words) symbol,
    VERDICTS(X)
#undef X
};

const char *verdict_words(enum verdict verdict);

/* Why a message does not fit: one of enum nib_mismatch, NIB_FITS where there is no reason, or */
enum { REASON_SOURCE = NIB_MISMATCH_COUNT, REASON_COUNT };
const char *reason_words(int reason);

struct judgement {
    enum verdict verdict;
    int reason;
    /* the exchange that it is of, or is held against; NULL: none. Valid until the next message. */
    struct exchange *exchange;
    uint64_t frame;     /* that it repeats, or whose query it is held against; 0: none */
    uint64_t for_frame; /* of a query upstream: the client's query that caused it; 0: not known */
    bool differs;       /* of a duplicate: another answer than the first */
    bool surplus;       /* of a duplicate: more responses than tries */
};

struct verdicts {
    struct hosts *hosts; /* the caller's */
    struct exchanges exchanges;
    struct requests requests;
    int64_t latest_ns; /* the latest time of what was judged */
    bool begun;
    void *ctx;
    /* An exchange is forgotten, or the capture over: it had no response. May be NULL. */
    void (*unanswered)(void *ctx, const struct exchange *exchange);
};

/* The seed is one of hashes, and shows in nothing. */
void verdicts_init(struct verdicts *verdicts, struct hosts *hosts, uint64_t seed);

/* What was seen next; VERDICT_NONE of what is no message. Learns whose ports are servers'. */
void verdict_of(struct verdicts *verdicts, const struct seen *seen, struct judgement *judgement);

/* The capture is over. Frees everything. */
void verdicts_finish(struct verdicts *verdicts);

/* Who that socket is, as far as is known, when it speaks with that other one. */
enum role verdict_role(
    struct verdicts *verdicts, const struct nib_addr *addr, const struct nib_addr *with);

#endif
