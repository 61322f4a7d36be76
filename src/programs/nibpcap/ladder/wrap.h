/*
 * Layer 7, a part of nibpcap's ladder: text broken into lines, at blanks where there are some.
 */
#ifndef NIBDNS_NIBPCAP_WRAP_H
#define NIBDNS_NIBPCAP_WRAP_H

#include "nibdns/base.h"

/* Takes the next line, of at most `most` octets (1 or more), off the rest. False: there is none. */
bool wrap_next(struct nib_text *rest, size_t most, struct nib_text *line);

size_t wrap_count(struct nib_text text, size_t most);

#endif
