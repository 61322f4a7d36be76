/*
 * The words of a scenario's line, and the message that they describe. A draft can be anything, also
 * what no program would send, and is put into octets without the project's own encoder.
 */
#ifndef NIBDNS_TESTS_SCENARIO_WORDS_H
#define NIBDNS_TESTS_SCENARIO_WORDS_H

#include "nibdns/addr.h"
#include "nibdns/message.h"

enum { WORDS_TEXT_MAX = 256, WORDS_OCTETS_MAX = 2048, WORDS_LINE_MAX = 4096 };

struct draft {
    uint32_t id, ttl;
    unsigned flag, qtype, zero, atype;
    char qname[WORDS_TEXT_MAX], aname[WORDS_TEXT_MAX], result[WORDS_TEXT_MAX];
    size_t tail_len;
    uint8_t tail[WORDS_TEXT_MAX];
};

/* Takes the next word off the front of *rest; false: there is none. A colon at its end is cut. */
bool words_next(const char **rest, char word[WORDS_TEXT_MAX]);

/* Skips these words if the text begins with them. */
bool words_skip(const char **rest, const char *words);

/* Nothing but blanks is left. */
bool words_end(const char *rest);

/* A number; 500ms or 60s in milliseconds; the number behind a letter, as in c12. */
bool words_number(const char **rest, uint64_t *number);
bool words_time(const char **rest, nib_ms *time);
bool words_label(const char **rest, char letter, uint32_t *number);
bool words_addr(const char **rest, uint16_t port, struct nib_addr *addr);

/* Octets in hex, up to the end. */
bool words_hex(const char **rest, uint8_t *out, size_t cap, size_t *len);

/* NAME TYPE id N */
bool words_query(const char **rest, struct draft *draft);

/* [[NAME] TYPE] RESULT [ttl N] behind a query, up to the end or to `but`: a response to it. */
bool words_answer(const char **rest, struct draft *draft);

/* but FIELD VALUE ..., if it is there. */
bool words_but(const char **rest, struct draft *draft);

size_t draft_octets(const struct draft *draft, uint8_t out[WORDS_OCTETS_MAX]);

#endif
