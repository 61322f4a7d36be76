/*
 * Layer 7, nibpcap's base: memory that grows with what a capture has open. Where there is none
 * left, the program ends; what includes this checks nothing.
 */
#ifndef NIBDNS_NIBPCAP_MEMORY_H
#define NIBDNS_NIBPCAP_MEMORY_H

#include <stddef.h>

/* n octets in the place of old ones (NULL: of none), with what stood there. */
void *memory_resize(void *old, size_t n);

/* n octets of zero. */
void *memory_zeroed(size_t n);

void memory_free(void *memory);

#endif
