/*
 * Layer 5: the addresses of this machine, now and as they come and go, so that a server that
 * listens everywhere knows at which addresses it is itself.
 */
#ifndef NIBDNS_OS_ADDRESSES_H
#define NIBDNS_OS_ADDRESSES_H

#include "nibdns/addr.h"

struct nib_addresses;

/*
 * Asks the system, which must be allowed now; later calls need no more rights. NULL, with errno
 * set, where it does not tell.
 */
struct nib_addresses *nib_addresses_open(void);

/* Becomes readable when something has changed; -1: this system does not say when. */
int nib_addresses_fd(const struct nib_addresses *addresses);

/* When to look whether something has changed, where there is no descriptor; else NIB_NEVER. */
nib_ms nib_addresses_deadline(const struct nib_addresses *addresses);

/* Whether there may be other addresses than at the last call. */
bool nib_addresses_changed(struct nib_addresses *addresses, nib_ms now);

/*
 * The addresses that reach a socket which listens at addr: addr, and for a wildcard all of this
 * machine's, too (addresses may be NULL: then none). At most cap; returns how many it wrote.
 */
size_t nib_addresses_reaching(
    struct nib_addresses *addresses, const struct nib_addr *addr, struct nib_addr *out, size_t cap);

#endif
