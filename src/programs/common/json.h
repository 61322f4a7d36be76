/*
 * Layer 7: JSON, written from left to right: each call writes its own comma. In an array the key is
 * NULL.
 */
#ifndef NIBDNS_PROGRAMS_JSON_H
#define NIBDNS_PROGRAMS_JSON_H

#include "nibdns/cursor.h"

/* `{` or `[`, behind `"key":` unless the key is NULL; and the end of either. */
void json_open(struct nib_writer *w, const char *key, char bracket);
void json_close(struct nib_writer *w, char bracket);

/* A value. Octets beyond ASCII and control characters stand as \u00XX. */
void json_text(struct nib_writer *w, const char *key, struct nib_text text);
void json_word(struct nib_writer *w, const char *key, const char *word);
void json_number(struct nib_writer *w, const char *key, int64_t number);
void json_flag(struct nib_writer *w, const char *key, bool flag);
void json_null(struct nib_writer *w, const char *key);

/* A number with so many decimals: value is in units of the last one. */
void json_fixed(struct nib_writer *w, const char *key, int64_t value, int decimals);

#endif
