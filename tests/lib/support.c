#define _POSIX_C_SOURCE 200809L

#include "lib/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

struct rng dice_init(void)
{
    struct timespec now;
    const char *given = getenv("SEED");
    struct rng rng = {0};
    if (given != NULL) {
        rng.state = strtoull(given, NULL, 10);
    } else {
        clock_gettime(CLOCK_REALTIME, &now);
        rng.state = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    }
    printf("# SEED=%llu\n", (unsigned long long)rng.state);
    return rng;
}

uint64_t dice_next(struct rng *rng)
{
    uint64_t x = rng->state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

uint32_t dice_below(struct rng *rng, uint32_t n)
{
    return (uint32_t)(dice_next(rng) % n);
}

void *zeroed(size_t n)
{
    void *memory;
    if (posix_memalign(&memory, 64, n == 0 ? 1 : n) != 0)
        exit(2);
    memset(memory, 0, n);
    return memory;
}

struct nib_text block_of(struct nib_text text)
{
    char *block = malloc(text.len == 0 ? 1 : text.len);
    if (block == NULL)
        exit(2);
    if (text.len > 0)
        memcpy(block, text.ptr, text.len);
    return (struct nib_text){block, text.len};
}

void forget(struct nib_text block)
{
    free((void *)(uintptr_t)block.ptr);
}

struct nib_text text_of(const char *words)
{
    return (struct nib_text){words, strlen(words)};
}

void fill_name(char *out, size_t len, char letter)
{
    enum { LABEL = 50 };
    for (size_t i = 0; i < len; i++)
        out[i] = i % (LABEL + 1) == LABEL && i + 1 < len ? '.' : letter;
    out[len] = '\0';
}

struct nib_rr rr_of(const char *name, enum nib_type type, const char *result)
{
    return (struct nib_rr){.name = text_of(name), .type = type, .result = text_of(result)};
}

void check_text(struct nib_text text, struct nib_text want, const char *file, int line)
{
    if (nib_text_same(text, want))
        return;
    print_error("\"%.*s\"\nis not\n\"%.*s\"\n", (int)text.len, text.ptr, (int)want.len, want.ptr);
    _fail(file, line);
}

static void print_hex(const char *what, const uint8_t *octets, size_t len)
{
    print_error("%s:", what);
    for (size_t i = 0; i < len; i++)
        print_error(" %02x", octets[i]);
    print_error("\n");
}

void check_octets(const uint8_t *octets, size_t len, const uint8_t *want, size_t want_len,
    const char *file, int line)
{
    if (len == want_len && memcmp(octets, want, len) == 0)
        return;
    print_hex("got", octets, len);
    print_hex("want", want, want_len);
    _fail(file, line);
}
