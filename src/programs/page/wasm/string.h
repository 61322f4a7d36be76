/*
 * What the logic and the ladder need of libc, for WebAssembly, where there is none: see libc.c.
 */
#ifndef NIBDNS_PAGE_WASM_STRING_H
#define NIBDNS_PAGE_WASM_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int octet, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *octets, int octet, size_t n);
size_t strlen(const char *text);
size_t strcspn(const char *text, const char *stops);

#endif
