/*
 * Runs a fuzz target without libFuzzer, from the project's root, in TAP: first the stored corpus,
 * tests/fuzz/corpus/TARGET.hex (an input a line in hex; # begins a comment), then what a mutator
 * makes of it. SEED=N repeats a run; ROUNDS=N (100000) and SECONDS=N (4) say how many mutated
 * inputs, and how long at most.
 *
 *     TARGET                 the above
 *     TARGET FILE ...        each file as one input
 *     TARGET --unpack DIR    the corpus as files, for libFuzzer
 *     TARGET --pack FILE ... files as lines of a corpus
 *
 * What breaks is printed in hex, so that it can be stored.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fuzz/fuzz.h"

enum { INPUT_MAX = 4096, INPUTS_MAX = 65536 };

struct input {
    uint8_t *octets;
    size_t len;
};

static struct input corpus[INPUTS_MAX];
static size_t n_corpus;
static struct input current;
static const char *target;

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void show_input(void)
{
    if (current.octets == NULL) /* at the end: a leak, say */
        return;
    (void)printf("not ok - %s: this input breaks it\n# ", target);
    for (size_t i = 0; i < current.len; i++)
        (void)printf("%02x", current.octets[i]);
    (void)printf("\n");
    (void)fflush(stdout);
}

/* A broken invariant and undefined behaviour abort; the address sanitizer then calls back. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "handle_abort=1";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "abort_on_error=1";
}

static void run(struct input input)
{
    current = input;
    (void)LLVMFuzzerTestOneInput(input.octets, input.len);
    current.octets = NULL;
}

/* ---- the corpus ---- */

static int digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void add_line(const char *line, size_t len)
{
    static uint8_t octets[INPUT_MAX];
    size_t n = 0;
    if (line[0] == '#' || len == 0)
        return;
    for (; n < INPUT_MAX && 2 * n + 1 < len; n++) {
        int high = digit(line[2 * n]), low = digit(line[2 * n + 1]);
        if (high < 0 || low < 0) {
            (void)fprintf(stderr, "%s: not hex: %.40s\n", target, line);
            exit(2);
        }
        octets[n] = (uint8_t)(high << 4 | low);
    }
    if (n_corpus < INPUTS_MAX)
        corpus[n_corpus++] = (struct input){fuzz_block(octets, n), n};
}

static void read_corpus(void)
{
    static char line[2 * INPUT_MAX + 16];
    char path[200];
    (void)snprintf(path, sizeof path, "tests/fuzz/corpus/%s.hex", target);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        add_line(line, strcspn(line, "\n"));
    if (file != NULL)
        (void)fclose(file);
}

static struct input read_file(const char *path)
{
    static uint8_t octets[1 << 20];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    size_t n = fread(octets, 1, sizeof octets, file);
    (void)fclose(file);
    return (struct input){fuzz_block(octets, n), n};
}

static void run_file(const char *path)
{
    struct input input = read_file(path);
    run(input);
    free(input.octets);
}

static void unpack(const char *dir)
{
    for (size_t i = 0; i < n_corpus; i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s-%05zu", dir, target, i);
        FILE *file = fopen(path, "wb");
        if (file == NULL || fwrite(corpus[i].octets, 1, corpus[i].len, file) != corpus[i].len ||
            fclose(file) != 0) {
            perror(path);
            exit(2);
        }
    }
}

static void pack(const char *path)
{
    struct input input = read_file(path);
    for (size_t i = 0; i < input.len && input.len <= INPUT_MAX; i++)
        (void)printf("%02x%s", input.octets[i], i + 1 == input.len ? "\n" : "");
    free(input.octets);
}

/* ---- the mutator ---- */

static uint64_t state;

static uint64_t rng(void)
{
    uint64_t x = state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static size_t below(size_t n)
{
    return (size_t)(rng() % n);
}

/* Puts octets into a place; what does not fit falls off the end. */
static size_t insert(uint8_t *octets, size_t len, size_t at, const uint8_t *from, size_t n)
{
    n = n < INPUT_MAX - at ? n : INPUT_MAX - at;
    size_t behind = len - at < INPUT_MAX - at - n ? len - at : INPUT_MAX - at - n;
    memmove(octets + at + n, octets + at, behind);
    memmove(octets + at, from, n);
    return at + n + behind;
}

static size_t mutate(uint8_t *octets, size_t len)
{
    static const uint8_t edges[] = {0, 1, 8, 0x10, 0x18, 0x3f, 0x40, 0x7f, 0x80, 0xfd, 0xfe, 0xff,
        '.', ':', '0', '9', 'a', '\n', ',', ' '};
    const struct input *other = &corpus[below(n_corpus)];
    size_t at = below(len + 1), n = 1 + below(below(4) == 0 ? 64 : 4);
    uint8_t some[64];
    for (size_t i = 0; i < n; i++)
        some[i] = below(2) == 0 ? edges[below(sizeof edges)] : (uint8_t)rng();
    switch (below(7)) {
    case 0:
        return insert(octets, len, at, some, n);
    case 1: /* cut a piece out */
        n = n < len - at ? n : len - at;
        memmove(octets + at, octets + at + n, len - at - n);
        return len - n;
    case 2: /* the rest of another input, or a piece of it */
        if (at < other->len)
            return insert(octets, below(2) == 0 ? at : len, at, other->octets + at,
                below(2) == 0 ? other->len - at : (n < other->len - at ? n : other->len - at));
        return len;
    case 3: /* a piece of its own once more */
        n = n < len - at ? n : len - at;
        memcpy(some, octets + at, n);
        return insert(octets, len, below(len + 1), some, n);
    case 4:
        if (at < len)
            octets[at] ^= (uint8_t)(1u << below(8));
        return len;
    case 5:
        if (at < len)
            octets[at] = (uint8_t)(octets[at] + (below(2) == 0 ? 1 : 255));
        return len;
    default:
        if (at < len)
            octets[at] = some[0];
        return len;
    }
}

static void run_mutated(void)
{
    static uint8_t octets[INPUT_MAX];
    const struct input *from = &corpus[below(n_corpus)];
    size_t len = from->len;
    memcpy(octets, from->octets, len);
    for (size_t n = 1 + below(5); n > 0; n--)
        len = mutate(octets, len);
    uint8_t *block = fuzz_block(octets, len);
    run((struct input){block, len});
    free(block);
}

/* ---- the program ---- */

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static int test(void)
{
    uint64_t rounds = number_of("ROUNDS", 100000);
    state = number_of("SEED", (uint64_t)time(NULL));
    (void)printf("1..2\n# SEED=%llu\n", (unsigned long long)state);
    for (size_t i = 0; i < n_corpus; i++)
        run(corpus[i]);
    (void)printf(
        "%s 1 - %s: %zu stored inputs\n", n_corpus == 0 ? "not ok" : "ok", target, n_corpus);
    uint64_t n = 0;
    time_t end = time(NULL) + (time_t)number_of("SECONDS", 4);
    for (; n_corpus > 0 && n < rounds && (n % 64 != 0 || time(NULL) < end); n++)
        run_mutated();
    (void)printf("ok 2 - %s: %llu mutated inputs\n", target, (unsigned long long)n);
    return n_corpus == 0;
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    target = slash == NULL ? argv[0] : slash + 1;
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(show_input);
    read_corpus();
    if (argc == 3 && strcmp(argv[1], "--unpack") == 0)
        unpack(argv[2]);
    else if (argc > 1 && strcmp(argv[1], "--pack") == 0)
        for (int i = 2; i < argc; i++)
            pack(argv[i]);
    else if (argc > 1)
        for (int i = 1; i < argc; i++)
            run_file(argv[i]);
    else
        return test();
    return 0;
}
