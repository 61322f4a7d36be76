#define _GNU_SOURCE
#include "nibdns/os/udp.h"

#include <errno.h>
#include <ifaddrs.h>
#include <unistd.h>

#include "control.h"
#include "udp_system.h"

enum { STALE_MAX = 64 }; /* datagrams and errors thrown away before a socket is given up */

static void set(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

static int give_back(int fd)
{
    int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

int nib_udp_listen(struct nib_addr *addr, bool share)
{
    union sockaddr_any sa = {0};
    socklen_t len = sockaddr_from(addr, &sa);
    int fd = udp_socket(addr->family);
    if (fd < 0)
        return -1;
    udp_enlarge(fd);
    if (share)
        set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (addr->family == 6)
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (addr_is_wildcard(addr))
        control_want_self(fd, addr->family);
    if (bind(fd, &sa.sa, len) != 0)
        return give_back(fd);
    len = sizeof sa;
    if (getsockname(fd, &sa.sa, &len) != 0)
        return give_back(fd);
    sockaddr_to(&sa, addr);
    return fd;
}

int nib_udp_connect(const struct nib_addr *addr, struct nib_addr *self)
{
    int fd = udp_socket(addr->family);
    if (fd < 0)
        return -1;
    return nib_udp_connect_again(fd, addr, self) == 0 ? fd : give_back(fd);
}

int nib_udp_connect_again(int fd, const struct nib_addr *addr, struct nib_addr *self)
{
    union sockaddr_any sa = {0};
    socklen_t len = sockaddr_from(addr, &sa);
    if (connect(fd, &sa.sa, len) != 0)
        return -1;
    len = sizeof sa;
    if (self != NULL && getsockname(fd, &sa.sa, &len) == 0)
        sockaddr_to(&sa, self);
    return 0;
}

/* First the port goes, so that nothing more arrives; then what had arrived, and errors, too. */
bool nib_udp_disconnect(int fd)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    uint8_t octet;
    if (connect(fd, &nobody, sizeof nobody) != 0)
        return false;
    for (int i = 0; i < STALE_MAX; i++)
        if (recv(fd, &octet, sizeof octet, 0) < 0 && errno == EAGAIN)
            return true;
    return false;
}

int nib_udp_open(uint8_t family)
{
    struct nib_addr any = {.family = family};
    union sockaddr_any sa = {0};
    int fd = udp_socket(family);
    if (fd < 0)
        return -1;
    udp_report_errors(fd, family);
    if (bind(fd, &sa.sa, sockaddr_from(&any, &sa)) != 0)
        return give_back(fd);
    return fd;
}

/* ---- single datagrams ---- */

ptrdiff_t nib_udp_receive_one(int fd, struct nib_addr *from, uint8_t *octets, size_t cap)
{
    union sockaddr_any sa = {0};
    for (;;) {
        socklen_t len = sizeof sa;
        ssize_t n = recvfrom(fd, octets, cap, MSG_TRUNC, &sa.sa, &len);
        if (n >= 0 && from != NULL)
            sockaddr_to(&sa, from);
        if (n >= 0 || errno != EINTR) {
            int error = errno;
            if (n < 0 && error != EAGAIN)
                udp_drop_report(fd);
            errno = error;
            return n;
        }
    }
}

int nib_udp_send_one(int fd, const struct nib_addr *to, const uint8_t *octets, size_t len)
{
    union sockaddr_any sa = {0};
    socklen_t sa_len = to == NULL ? 0 : sockaddr_from(to, &sa);
    ssize_t n;
    do
        n = sendto(fd, octets, len, 0, to == NULL ? NULL : &sa.sa, sa_len);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -1 : 0;
}

struct nib_addr nib_udp_self(int fd, const struct nib_addr *peer)
{
    struct nib_addr self = {0}, routed = {0};
    union sockaddr_any sa = {0};
    socklen_t len = sizeof sa;
    if (getsockname(fd, &sa.sa, &len) == 0)
        sockaddr_to(&sa, &self);
    if (peer == NULL || !addr_is_wildcard(&self))
        return self;
    int probe = nib_udp_connect(peer, &routed);
    if (probe < 0)
        return self;
    (void)close(probe);
    routed.port = self.port;
    return routed;
}

size_t nib_udp_own_addresses(const struct nib_addr *addr, struct nib_addr *out, size_t cap)
{
    struct ifaddrs *list, *i;
    size_t n = 1;
    if (cap > 0)
        out[0] = *addr;
    if (!addr_is_wildcard(addr) || getifaddrs(&list) != 0)
        return n;
    for (i = list; i != NULL; i = i->ifa_next) {
        struct nib_addr own;
        union sockaddr_any sa = {0};
        int family = i->ifa_addr == NULL ? 0 : i->ifa_addr->sa_family;
        if (family != (addr->family == 4 ? AF_INET : AF_INET6))
            continue;
        memcpy(&sa, i->ifa_addr, family == AF_INET ? sizeof sa.in : sizeof sa.in6);
        sockaddr_to(&sa, &own);
        own.port = addr->port;
        if (n < cap)
            out[n] = own;
        n++;
    }
    freeifaddrs(list);
    return n;
}
