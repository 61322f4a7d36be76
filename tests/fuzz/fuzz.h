/*
 * What the fuzzers share. Each fuzz_TARGET.c takes one input and holds the code to its promises: a
 * invariant that is broken, like a read outside the input, ends the program. The same targets run
 * under libFuzzer (make fuzz T=TARGET) and, from the stored corpus and a mutator of our own, in
 * make test.
 */
#ifndef NIBDNS_TESTS_FUZZ_H
#define NIBDNS_TESTS_FUZZ_H

#include "nibdns/message.h"
#include "nibdns/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

_Noreturn void fuzz_broken(const char *file, int line, const char *invariant);
#define INVARIANT(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))

/* An input that is read as decisions, from its front on. Behind its end everything is 0. */
struct fuzz_input {
    const uint8_t *at;
    size_t len;
};
uint8_t fuzz_u8(struct fuzz_input *in);
uint32_t fuzz_below(struct fuzz_input *in, uint32_t n); /* n is at most 256 */
uint64_t fuzz_u64(struct fuzz_input *in);
/* The next octets: at most n, and at most what is left. */
struct fuzz_input fuzz_take(struct fuzz_input *in, size_t n);

/* A heap block of exactly that size. To be freed. */
uint8_t *fuzz_block(const uint8_t *octets, size_t len);
/* n octets of zero, aligned for 64. To be freed. */
void *fuzz_zeroed(size_t n);

/* The zone of a records text that has no fault. Returns its memory, to be freed. */
void *fuzz_zone(struct nib_zone *zone, const char *records, uint64_t seed);

/* The table in each of its forms goes into the room that it asks for, with nothing raw in it. */
void fuzz_print(const struct nib_table *table, nib_ms now);

/* Names that belong together: of one domain, of others, in several cases. And one of four types. */
struct nib_text fuzz_name(struct fuzz_input *in);
enum nib_type fuzz_type(struct fuzz_input *in);

/*
 * A response to a query, as told by the input: one that fits, with a result, a CNAME, a miss or TTL
 * 0; or one that misses by a hair. Returns its length. The room is for NIB_MESSAGE_MAX + 1 octets.
 */
size_t fuzz_reply(struct fuzz_input *in, const uint8_t *query, size_t len, uint8_t *out);

#endif
