/*
 * The few calls of libc that the logic and the ladder make. The three that move memory are one
 * instruction each with -mbulk-memory; without that flag the compiler would make them calls to
 * themselves.
 */
#include <string.h>

#ifndef __wasm_bulk_memory__
#error "compile with -mbulk-memory"
#endif

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    return __builtin_memcpy(to, from, n);
}

void *memmove(void *to, const void *from, size_t n)
{
    return __builtin_memmove(to, from, n);
}

void *memset(void *to, int octet, size_t n)
{
    return __builtin_memset(to, octet, n);
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

void *memchr(const void *octets, int octet, size_t n)
{
    const unsigned char *x = octets;
    for (size_t i = 0; i < n; i++)
        if (x[i] == (unsigned char)octet)
            return (void *)(x + i);
    return NULL;
}

size_t strlen(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0')
        n++;
    return n;
}

size_t strcspn(const char *text, const char *stops)
{
    size_t n = 0, end = strlen(stops);
    while (text[n] != '\0' && memchr(stops, text[n], end) == NULL)
        n++;
    return n;
}
