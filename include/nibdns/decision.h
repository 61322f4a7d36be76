/*
 * Layer 3: what a server or a client decided about a datagram, and why. Every `input` returns one,
 * and every output carries the one that made it. Counters, --trace, the comments in a capture, the
 * page and the tests read it from here and nowhere else.
 */
#ifndef NIBDNS_DECISION_H
#define NIBDNS_DECISION_H

#include "nibdns/addr.h"
#include "nibdns/dns.h"
#include "nibdns/protocol.h"

/*
 * Symbol and words. In the words, %n is the number (of a record or of a fetch, which is its ID), %a
 * the address, %r the words and name of the rule that a malformed message breaks, %m those of the
 * reason why a response does not fit, %c the name of a response code of the DNS, %d the words for
 * what is wrong with a DNS message.
 */
#define NIB_DECISIONS(X)                                                                           \
    X(NIB_DECIDED_NOTHING, "nothing to do")                                                        \
    X(NIB_ANSWERED_RECORD, "answered from record %n")                                              \
    X(NIB_ANSWERED_CNAME, "answered with the alias in record %n")                                  \
    X(NIB_ANSWERED_REFERRAL, "referred by record %n (NIB-8.18)")                                   \
    X(NIB_FAILED_ZONE, "answered Server failure: in no zone of this server (NIB-8.17)")            \
    X(NIB_ANSWERED_FETCH, "answered from fetch %n")                                                \
    X(NIB_ANSWERED_NOT_FOUND, "answered Record not found")                                         \
    X(NIB_FAILED_NO_SERVER, "answered Server failure: no name server has an address")              \
    X(NIB_FAILED_SERVERS, "answered Server failure: no server helped, fetch %n")                   \
    X(NIB_FAILED_CNAMES, "answered Server failure: too many aliases")                              \
    X(NIB_FAILED_DATAGRAMS, "answered Server failure: too many datagrams upstream")                \
    X(NIB_FAILED_REFERRALS, "answered Server failure: too many referrals")                         \
    X(NIB_FAILED_DEADLINE, "answered Server failure: it has waited too long (NIB-8.27)")           \
    X(NIB_FAILED_ANEW, "answered Server failure: no response was believed, fetch %n (NIB-8.31)")   \
    X(NIB_FAILED_FULL, "answered Server failure: the pending table is full")                       \
    X(NIB_ASKED, "asked %a, fetch %n")                                                             \
    X(NIB_ASKED_AGAIN, "asked %a again, fetch %n")                                                 \
    X(NIB_ASKED_ANEW, "asked %a anew, fetch %n (NIB-8.29)")                                        \
    X(NIB_ASKED_TWICE, "asked %a a second time, fetch %n (NIB-8.30)")                              \
    X(NIB_JOINED, "joins fetch %n")                                                                \
    X(NIB_TOOK_ANSWER, "the answer to fetch %n")                                                   \
    X(NIB_TOOK_REFERRAL, "a referral, fetch %n")                                                   \
    X(NIB_TOOK_FIRST, "the first of two responses to fetch %n (NIB-8.30)")                         \
    X(NIB_TOOK_FAILURE, "%a cannot help, fetch %n")                                                \
    X(NIB_UNREACHABLE, "%a cannot be reached, fetch %n")                                           \
    X(NIB_NO_SOCKET, "no socket for fetch %n")                                                     \
    X(NIB_FOUND_IN_TABLE, "found in the table, record %n")                                         \
    X(NIB_GAVE_UP, "no answer from %a")                                                            \
    X(NIB_DROPPED_MALFORMED, "thrown away: %r")                                                    \
    X(NIB_DROPPED_RESPONSE, "thrown away: a response (NIB-6.3)")                                   \
    X(NIB_DROPPED_REPEAT, "thrown away: a repeat of what waits already (NIB-8.12)")                \
    X(NIB_DROPPED_SOURCE, "thrown away: wrong source (NIB-6.5)")                                   \
    X(NIB_DROPPED_MISMATCH, "thrown away: %m")                                                     \
    X(NIB_DROPPED_LATE, "thrown away: late (NIB-6.7)")                                             \
    X(NIB_DNS_ANSWERED, "answered %c")                                                             \
    X(NIB_DNS_ANSWERED_FETCH, "answered %c, fetch %n")                                             \
    X(NIB_DNS_ASKED_STREAM, "truncated: asked %a over TCP, fetch %n")                              \
    X(NIB_DNS_ASKED_PLAIN, "no EDNS there: asked %a without, fetch %n")                            \
    X(NIB_DNS_DROPPED_MALFORMED, "thrown away: %d")                                                \
    X(NIB_DNS_DROPPED_RESPONSE, "thrown away: a response")

enum nib_decided {
#define X(symbol, words) symbol,
    NIB_DECISIONS(X)
#undef X
        NIB_DECISION_COUNT
};

struct nib_decision {
    enum nib_decided what;
    enum nib_err rule;          /* of a malformed message */
    enum nib_mismatch mismatch; /* of a response that does not fit */
    enum nib_dns_rcode rcode;   /* of a DNS response */
    enum nib_dns_err dns_err;   /* of a DNS message */
    uint64_t number;            /* of a record or a fetch */
    struct nib_addr addr;
};

/* The decision in words, terminated: `asked 127.0.0.1:22000, fetch 3`. Returns its length. */
enum { NIB_DECISION_TEXT_MAX = 192 };
size_t nib_decision_text(const struct nib_decision *decision, char out[NIB_DECISION_TEXT_MAX]);

#endif
