/*
 * Layer 5: a zone read from records files, with the memory that it lives in.
 */
#ifndef NIBDNS_OS_ZONEFILE_H
#define NIBDNS_OS_ZONEFILE_H

#include "nibdns/records.h"

struct nib_zonefile {
    struct nib_zone zone;
    void *memory;
    size_t octets;
};

/* Told of everything that is wrong, a line without newline at a time. */
struct nib_complaints {
    void *ctx;
    void (*say)(void *ctx, const char *line);
    bool show_progress; /* of long files, at a terminal (progress.h) */
};

/*
 * Reads n files into one zone, or the built-in text where n is 0. False, with every fault told as
 * `FILE:LINE: what is wrong` and nothing kept, when a file cannot be read or has a fault.
 */
bool nib_zonefile_read(struct nib_zonefile *file, const char *const *paths, size_t n,
    const char *builtin, uint64_t seed, const struct nib_complaints *complaints);

void nib_zonefile_free(struct nib_zonefile *file);

#endif
