#define _GNU_SOURCE
#include "nibdns/os/udp.h"

#include <errno.h>
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
    udp_ignore_path_mtu(fd, addr->family);
    if (share)
        set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (addr->family == 6)
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (nib_addr_is_wildcard(addr))
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
    bool ok = udp_report_errors(fd, addr) == 0 && nib_udp_connect_again(fd, addr, self) == 0;
    return ok ? fd : give_back(fd);
}

int nib_udp_connect_bare(const struct nib_addr *addr)
{
    int fd = udp_socket(addr->family);
    if (fd < 0)
        return -1;
    return nib_udp_connect_again(fd, addr, NULL) == 0 ? fd : give_back(fd);
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

/* First the port goes, so that nothing more arrives; then what had arrived, and reports, too. */
bool nib_udp_disconnect(int fd)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    struct nib_addr to;
    uint8_t octet;
    if (connect(fd, &nobody, sizeof nobody) != 0)
        return false;
    for (int i = 0; i < STALE_MAX; i++) {
        if (recv(fd, &octet, sizeof octet, 0) >= 0)
            continue;
        if (errno == EAGAIN)
            return true;
        (void)udp_take_report(fd, errno, &to);
    }
    return false;
}

int nib_udp_open(const struct nib_addr *peer)
{
    struct nib_addr any = {.family = peer->family};
    union sockaddr_any sa = {0};
    int fd = udp_socket(peer->family);
    if (fd < 0)
        return -1;
    if (bind(fd, &sa.sa, sockaddr_from(&any, &sa)) != 0 || udp_report_errors(fd, peer) != 0)
        return give_back(fd);
    return fd;
}

/* ---- single datagrams ---- */

bool nib_udp_is_passing(int error)
{
    switch (error) {
    case EAGAIN:
    case EINTR:
    case ENOBUFS:
    case ENOMEM:
    case EPERM:    /* a packet filter */
    case EMSGSIZE: /* the path has become narrower: the next one is cut to fit */
    case EPROTO:   /* somebody did not understand a header */
        return true;
    default:
        return false;
    }
}

ptrdiff_t nib_udp_receive_one(int fd, struct nib_addr *from, uint8_t *octets, size_t cap)
{
    union sockaddr_any sa = {0};
    struct nib_addr peer;
    for (int i = 0; i < STALE_MAX; i++) {
        socklen_t len = sizeof sa;
        ssize_t n = recvfrom(fd, octets, cap, MSG_TRUNC, &sa.sa, &len);
        int error = n >= 0 || errno == EAGAIN || errno == EINTR ? 0 : errno;
        if (n >= 0)
            sockaddr_to(&sa, &peer);
        if (n < 0 && errno == EAGAIN)
            return -1;
        if (error != 0)
            error = udp_take_report(fd, error, &peer);
        if (n < 0 && (error == 0 || nib_udp_is_passing(error)))
            continue;
        if (from != NULL)
            *from = peer;
        errno = error;
        return n;
    }
    errno = EAGAIN;
    return -1;
}

int nib_udp_send_one(int fd, const struct nib_addr *to, const uint8_t *octets, size_t len)
{
    enum { TRIES = 3 }; /* a call that tells of an earlier datagram sends nothing */
    union sockaddr_any sa = {0};
    socklen_t sa_len = to == NULL ? 0 : sockaddr_from(to, &sa);
    struct nib_addr peer;
    for (int i = 0; i < TRIES; i++) {
        if (sendto(fd, octets, len, 0, to == NULL ? NULL : &sa.sa, sa_len) >= 0)
            return 0;
        int error = errno;
        if (error == EISCONN) { /* some systems want no address where there is a peer */
            to = NULL;
            sa_len = 0;
            continue;
        }
        int reported = udp_take_report(fd, error, &peer);
        errno = reported == 0 ? error : reported;
        if (reported == 0 || !nib_udp_is_passing(reported))
            return -1;
    }
    return -1;
}

struct nib_addr nib_udp_self(int fd, const struct nib_addr *peer)
{
    struct nib_addr self = {0}, routed = {0};
    union sockaddr_any sa = {0};
    socklen_t len = sizeof sa;
    if (getsockname(fd, &sa.sa, &len) == 0)
        sockaddr_to(&sa, &self);
    if (peer == NULL || !nib_addr_is_wildcard(&self))
        return self;
    int probe = nib_udp_connect(peer, &routed);
    if (probe < 0)
        return self;
    (void)close(probe);
    routed.port = self.port;
    return routed;
}
