/*
 * Layer 5: the memory that programs hand to the tables when they start, and files as text.
 */
#ifndef NIBDNS_OS_MEMORY_H
#define NIBDNS_OS_MEMORY_H

#include "nibdns/base.h"

/*
 * n octets of zeros, aligned to a page; pages that are never touched cost nothing. NULL, with errno
 * set, when the system has none. n is at least 1.
 */
void *nib_memory_map(size_t n);
/*
 * Says of such memory that nearly all of it will be touched, here and there: a system with larger
 * pages may then use those, which spares it looking up many small ones.
 */
void nib_memory_will_be_full(void *memory, size_t n);

void nib_memory_unmap(void *memory, size_t n);

/*
 * A whole file, `-` for standard input, into memory to be given back with nib_memory_free_text().
 * False: see errno.
 */
bool nib_memory_read_file(const char *path, struct nib_text *text);

void nib_memory_free_text(struct nib_text text);

#endif
