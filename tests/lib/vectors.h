/*
 * Reads proto/vectors.txt: one stanza a call. The format stands at the top of that file. A fault in
 * the file is a fault of the test: it is said on standard error and the program ends with status 2.
 */
#ifndef NIBDNS_TESTS_VECTORS_H
#define NIBDNS_TESTS_VECTORS_H

#include <stdio.h>

#include "nibdns/message.h"

/* Where the vectors are, seen from the project's root, where the tests run. */
#define VECTORS_PATH "proto/vectors.txt"

enum { VECTOR_OCTETS_MAX = 2048, VECTOR_TEXT_MAX = 256 };

/* The texts of `message` are those below it, so a vector is passed by pointer and not copied. */
struct vector {
    size_t line; /* of the file, where the stanza begins */
    char name[VECTOR_TEXT_MAX];
    uint8_t octets[VECTOR_OCTETS_MAX];
    size_t len;
    bool valid;
    struct nib_message message; /* of a valid one; what a query does not have is zero */
    char qname[VECTOR_TEXT_MAX], aname[VECTOR_TEXT_MAX], result[VECTOR_TEXT_MAX];
    char rule[VECTOR_TEXT_MAX]; /* of an invalid one: "NIB-2.1" */
    size_t at;                  /* of an invalid one: the octet that is reported */
};

struct vectors {
    FILE *file;
    const char *path;
    size_t line;
};

void vectors_open(struct vectors *vectors, const char *path);

/* The next stanza. False at the end of the file, which is then closed. */
bool vectors_next(struct vectors *vectors, struct vector *vector);

/* A heap block of exactly len octets, so that a sanitizer sees a read behind them. To be freed. */
uint8_t *vector_block(const uint8_t *octets, size_t len);

#endif
