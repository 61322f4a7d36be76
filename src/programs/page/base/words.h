/*
 * Text cut into words and numbers.
 */
#ifndef NIBDNS_PAGE_WORDS_H
#define NIBDNS_PAGE_WORDS_H

#include "nibdns/base.h"

/* What stands before the first c; *text goes on behind it, empty where there is none. */
struct nib_text page_until(struct nib_text *text, char c);

/* A decimal number of 0 to `most`, and nothing else. False, *out untouched, if not. */
bool page_number(struct nib_text text, uint64_t most, uint64_t *out);

/* Hex digits, two an octet: how many octets there are; 0: it is not that, or more than cap. */
size_t page_hex(struct nib_text text, uint8_t *out, size_t cap);

/* A large letter as a small one; every other octet as it is. */
static inline char page_small(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* The same words, whatever their case; `words` in small letters. */
bool page_is(struct nib_text text, const char *words);

#endif
