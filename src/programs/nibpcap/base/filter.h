/*
 * Layer 7, nibpcap's base: which messages are shown. Knows no file.
 */
#ifndef NIBDNS_NIBPCAP_FILTER_H
#define NIBDNS_NIBPCAP_FILTER_H

#include "nibpcap/base/verdict.h"

/* All zero: everything. What is given must all be so. */
struct filter {
    const char *name; /* of the question, in any case; NULL: any */
    bool has_id;
    uint32_t id;
    struct nib_addr client; /* sender or receiver; family 0: any; port 0: any port of it */
    uint64_t first, last;   /* frames; last 0: all */
};

/* FRAME, FIRST-LAST, FIRST- or -LAST. False, filter untouched, where it is not. */
bool filter_parse_frames(struct filter *filter, const char *text);

/*
 * Whether that is shown. What belongs to a client's query that has the name and the client is shown
 * with it: its responses, and the queries upstream that it caused.
 */
bool filter_takes(
    const struct filter *filter, const struct seen *seen, const struct judgement *judgement);

#endif
