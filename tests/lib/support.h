/*
 * What many tests need: random numbers whose seed is printed, memory of exactly a size, and short
 * ways to write texts, datagrams and records.
 */
#ifndef NIBDNS_TESTS_SUPPORT_H
#define NIBDNS_TESTS_SUPPORT_H

#include "nibdns/rr.h"

/* Random numbers that are the same for the same seed on every machine (splitmix64). */
struct rng {
    uint64_t state;
};

/* The seed is the environment variable SEED, or else new each time. Prints it. */
struct rng dice_init(void);
uint64_t dice_next(struct rng *rng);

/* 0 to n - 1; n must be at least 1. */
uint32_t dice_below(struct rng *rng, uint32_t n);

/* n octets of zero, aligned for 64, and nothing behind them. To be freed. */
void *zeroed(size_t n);

/* A heap block of exactly the text's size, so that a sanitizer sees a read behind it. To be freed
 * with forget().
 */
struct nib_text block_of(struct nib_text text);
void forget(struct nib_text block);

struct nib_text text_of(const char *words);

/* Writes a valid name of that many octets (1 to 253), of labels of one letter, and terminates it.
 */
void fill_name(char *out, size_t len, char letter);

/* A record as a caller hands it to a table. */
struct nib_rr rr_of(const char *name, enum nib_type type, const char *result);

/* The octets of a literal and their number, as two arguments. */
#define OCTETS(literal) (const uint8_t *)(literal), sizeof(literal) - 1

/* Fails and shows both when a text is not what is wanted, octet for octet. */
#define assert_text(text, want) check_text((text), text_of(want), __FILE__, __LINE__)
#define assert_same_text(text, want) check_text((text), (want), __FILE__, __LINE__)
void check_text(struct nib_text text, struct nib_text want, const char *file, int line);

/* Fails and shows both in hex when octets are not what is wanted. */
#define assert_octets(octets, len, literal)                                                        \
    check_octets((octets), (len), OCTETS(literal), __FILE__, __LINE__)
void check_octets(const uint8_t *octets, size_t len, const uint8_t *want, size_t want_len,
    const char *file, int line);

#endif
