/*
 * Layer 0: what every other file may use. Time, views of text, and the size of things.
 * Nothing here calls anything.
 */
#ifndef NIBDNS_BASE_H
#define NIBDNS_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Milliseconds on a clock that never goes back. Its zero is whatever the caller's clock says. */
typedef int64_t nib_ms;

/* A deadline that never comes. */
#define NIB_NEVER INT64_MAX

/* Text that somebody else owns: `len` octets at `ptr`, no terminator. */
struct nib_text {
    const char *ptr;
    size_t len;
};

/* A view of a string literal. */
#define NIB_TEXT(literal) ((struct nib_text){(literal), sizeof(literal) - 1})

/* Octet for octet the same. */
static inline bool nib_text_same(struct nib_text a, struct nib_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

#endif
