#define _DEFAULT_SOURCE
#include "nibdns/os/addresses.h"

#include <ifaddrs.h>
#include <stdlib.h>

#include "nibdns/os/clock.h"
#include "sockaddr.h"

enum { LOOK_MS = 5000 };

struct nib_addresses {
    nib_ms due;
};

struct nib_addresses *nib_addresses_open(void)
{
    struct ifaddrs *list;
    struct nib_addresses *addresses = calloc(1, sizeof *addresses);
    if (addresses == NULL || getifaddrs(&list) != 0) {
        free(addresses);
        return NULL;
    }
    freeifaddrs(list);
    addresses->due = nib_clock_ms() + LOOK_MS;
    return addresses;
}

int nib_addresses_fd(const struct nib_addresses *addresses)
{
    (void)addresses;
    return -1;
}

nib_ms nib_addresses_deadline(const struct nib_addresses *addresses)
{
    return addresses->due;
}

bool nib_addresses_changed(struct nib_addresses *addresses, nib_ms now)
{
    if (now < addresses->due)
        return false;
    addresses->due = now + LOOK_MS;
    return true;
}

/* One of an interface's, if it is of the family that is listened to. */
static bool read_one(const struct ifaddrs *i, const struct nib_addr *addr, struct nib_addr *own)
{
    union sockaddr_any sa = {0};
    int family = i->ifa_addr == NULL ? AF_UNSPEC : i->ifa_addr->sa_family;
    if (family != (addr->family == 4 ? AF_INET : AF_INET6))
        return false;
    memcpy(&sa, i->ifa_addr, family == AF_INET ? sizeof sa.in : sizeof sa.in6);
    sockaddr_to(&sa, own);
    own->port = addr->port;
    return true;
}

size_t nib_addresses_reaching(
    struct nib_addresses *addresses, const struct nib_addr *addr, struct nib_addr *out, size_t cap)
{
    struct ifaddrs *list;
    size_t n = 0;
    if (cap > 0)
        out[n++] = *addr;
    if (addresses == NULL || !nib_addr_is_wildcard(addr) || getifaddrs(&list) != 0)
        return n;
    for (const struct ifaddrs *i = list; i != NULL && n < cap; i = i->ifa_next)
        n += read_one(i, addr, &out[n]);
    freeifaddrs(list);
    return n;
}
