/*
 * Layer 7, a part of nibpcap: one line for what is seen in a frame, in text or as JSON.
 */
#ifndef NIBDNS_NIBPCAP_DUMP_H
#define NIBDNS_NIBPCAP_DUMP_H

#include <stdio.h>

#include "nibpcap/base/verdict.h"

struct dump {
    bool hex, ascii; /* octets too, with characters beside them */
    int64_t second;  /* whose text stands in `clock` */
    char clock[16];
};

/* As tcpdump prints: time, addresses, what it is, its length, notes. */
void dump_text(
    struct dump *dump, const struct seen *seen, const struct judgement *judgement, FILE *out);

void dump_json(
    const struct dump *dump, const struct seen *seen, const struct judgement *judgement, FILE *out);

#endif
