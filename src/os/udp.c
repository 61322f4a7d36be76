#define _GNU_SOURCE
#include "nibdns/os/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

union sockaddr_any {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

static socklen_t to_sockaddr(const struct nib_addr *addr, union sockaddr_any *out)
{
    memset(out, 0, sizeof *out);
    if (addr->family == 4) {
        out->in.sin_family = AF_INET;
        out->in.sin_port = htons(addr->port);
        memcpy(&out->in.sin_addr, addr->ip, 4);
        return sizeof out->in;
    }
    out->in6.sin6_family = AF_INET6;
    out->in6.sin6_port = htons(addr->port);
    out->in6.sin6_scope_id = addr->scope;
    memcpy(&out->in6.sin6_addr, addr->ip, 16);
    return sizeof out->in6;
}

static void from_sockaddr(const union sockaddr_any *in, struct nib_addr *addr)
{
    memset(addr, 0, sizeof *addr);
    if (in->sa.sa_family == AF_INET) {
        addr->family = 4;
        addr->port = ntohs(in->in.sin_port);
        memcpy(addr->ip, &in->in.sin_addr, 4);
    } else if (in->sa.sa_family == AF_INET6) {
        addr->family = 6;
        addr->port = ntohs(in->in6.sin6_port);
        memcpy(addr->ip, &in->in6.sin6_addr, 16);
        if (IN6_IS_ADDR_LINKLOCAL(&in->in6.sin6_addr))
            addr->scope = in->in6.sin6_scope_id;
    }
}

static bool is_wildcard(const struct nib_addr *addr)
{
    static const uint8_t zero[16];
    return memcmp(addr->ip, zero, sizeof zero) == 0;
}

static int new_socket(uint8_t family)
{
    int domain = family == 4 ? AF_INET : AF_INET6;
    return socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static void set(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

/* As large as asked where we may, else as large as the system's limit. */
static void enlarge(int fd, int force, int plain)
{
    int size = NIB_UDP_BUFFER;
    if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof size) != 0)
        set(fd, SOL_SOCKET, plain, size);
}

static int give_back(int fd)
{
    int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

int nib_udp_listen(struct nib_addr *addr)
{
    union sockaddr_any sa;
    socklen_t len = to_sockaddr(addr, &sa);
    int fd = new_socket(addr->family);
    if (fd < 0)
        return -1;
    enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    if (addr->family == 6)
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (is_wildcard(addr) && addr->family == 4)
        set(fd, IPPROTO_IP, IP_PKTINFO, 1);
    if (is_wildcard(addr) && addr->family == 6)
        set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    if (bind(fd, &sa.sa, len) != 0)
        return give_back(fd);
    len = sizeof sa;
    if (getsockname(fd, &sa.sa, &len) != 0)
        return give_back(fd);
    from_sockaddr(&sa, addr);
    return fd;
}

int nib_udp_connect(const struct nib_addr *addr, struct nib_addr *self)
{
    union sockaddr_any sa;
    socklen_t len = to_sockaddr(addr, &sa);
    int fd = new_socket(addr->family);
    if (fd < 0)
        return -1;
    if (connect(fd, &sa.sa, len) != 0)
        return give_back(fd);
    len = sizeof sa;
    if (self != NULL && getsockname(fd, &sa.sa, &len) == 0)
        from_sockaddr(&sa, self);
    return fd;
}

int nib_udp_open(uint8_t family)
{
    struct nib_addr any = {.family = family};
    union sockaddr_any sa;
    int fd = new_socket(family);
    if (fd < 0)
        return -1;
    if (family == 4)
        set(fd, IPPROTO_IP, IP_RECVERR, 1);
    else
        set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
    if (bind(fd, &sa.sa, to_sockaddr(&any, &sa)) != 0)
        return give_back(fd);
    return fd;
}

/* ---- batches ---- */

/* Room for the address that a datagram came to, or is to leave from. */
struct control {
    _Alignas(struct cmsghdr) unsigned char octets[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct batch {
    struct mmsghdr headers[NIB_BATCH];
    struct iovec iov[NIB_BATCH];
    union sockaddr_any names[NIB_BATCH];
    struct control controls[NIB_BATCH];
};

static void read_self(struct msghdr *h, struct nib_addr *self)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(self->ip, &info.ipi_addr, 4);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(self->ip, &info.ipi6_addr, 16);
            if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
                self->scope = (uint32_t)info.ipi6_ifindex;
        }
    }
}

/* The answer leaves from the address that the request came to, not from whichever routing picks. */
static void write_self(struct msghdr *h, struct control *control, const struct nib_addr *self)
{
    memset(control, 0, sizeof *control);
    h->msg_control = control->octets;
    struct cmsghdr *c = (struct cmsghdr *)(void *)control->octets;
    if (self->family == 4) {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, self->ip, 4);
        h->msg_controllen = CMSG_SPACE(sizeof info);
        *c = (struct cmsghdr){
            .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(c), &info, sizeof info);
    } else {
        struct in6_pktinfo info = {.ipi6_ifindex = self->scope};
        memcpy(&info.ipi6_addr, self->ip, 16);
        h->msg_controllen = CMSG_SPACE(sizeof info);
        *c = (struct cmsghdr){.cmsg_level = IPPROTO_IPV6,
            .cmsg_type = IPV6_PKTINFO,
            .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(c), &info, sizeof info);
    }
}

size_t nib_udp_receive(
    int fd, uint32_t via, const struct nib_addr *self, struct nib_datagram *datagrams)
{
    struct batch b;
    bool wildcard = is_wildcard(self);
    for (size_t i = 0; i < NIB_BATCH; i++) {
        b.iov[i] = (struct iovec){datagrams[i].octets, NIB_DATAGRAM_CAP};
        b.headers[i].msg_hdr = (struct msghdr){.msg_name = &b.names[i],
            .msg_namelen = sizeof b.names[i],
            .msg_iov = &b.iov[i],
            .msg_iovlen = 1,
            .msg_control = wildcard ? b.controls[i].octets : NULL,
            .msg_controllen = wildcard ? sizeof b.controls[i] : 0};
    }
    int n;
    do
        n = recvmmsg(fd, b.headers, NIB_BATCH, MSG_TRUNC, NULL);
    while (n < 0 && errno == EINTR);
    for (int i = 0; i < n; i++) {
        struct nib_datagram *d = &datagrams[i];
        d->len = b.headers[i].msg_len;
        d->path.via = via;
        d->path.self = *self;
        from_sockaddr(&b.names[i], &d->path.peer);
        if (wildcard)
            read_self(&b.headers[i].msg_hdr, &d->path.self);
    }
    return n > 0 ? (size_t)n : 0;
}

/* Sends as many as it can from the first on. 0: the first cannot be sent. */
static size_t send_some(int fd, struct mmsghdr *headers, size_t n)
{
    for (int patience = 3; patience > 0; patience--) {
        int sent = sendmmsg(fd, headers, (unsigned)n, 0);
        if (sent > 0)
            return (size_t)sent;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != ENOBUFS)
            break;
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        (void)poll(&p, 1, 1); /* a full queue of our own: a moment, not longer */
    }
    return 0;
}

uint64_t nib_udp_send(
    int fd, const struct nib_addr *self, const struct nib_datagram *datagrams, size_t n)
{
    struct batch b;
    uint64_t unsent = 0;
    for (size_t i = 0; i < n; i++) {
        const struct nib_datagram *d = &datagrams[i];
        b.iov[i].iov_base = (void *)(uintptr_t)d->octets;
        b.iov[i].iov_len = d->len;
        b.headers[i].msg_hdr = (struct msghdr){.msg_name = &b.names[i],
            .msg_namelen = to_sockaddr(&d->path.peer, &b.names[i]),
            .msg_iov = &b.iov[i],
            .msg_iovlen = 1};
        if (is_wildcard(self))
            write_self(&b.headers[i].msg_hdr, &b.controls[i], &d->path.self);
    }
    for (size_t i = 0; i < n;) {
        size_t sent = send_some(fd, b.headers + i, n - i);
        if (sent == 0)
            unsent |= (uint64_t)1 << i;
        i += sent > 0 ? sent : 1;
    }
    return unsent;
}

/* ---- single datagrams ---- */

/* An error that waited at the socket, so that the next call is not told of it again. */
static int take_error(int fd)
{
    char control[512];
    struct msghdr h = {.msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(fd, &h, MSG_ERRQUEUE) < 0)
        return 0;
    return ECONNREFUSED;
}

ptrdiff_t nib_udp_receive_one(int fd, struct nib_addr *from, uint8_t *octets, size_t cap)
{
    union sockaddr_any sa;
    for (;;) {
        socklen_t len = sizeof sa;
        ssize_t n = recvfrom(fd, octets, cap, MSG_TRUNC, &sa.sa, &len);
        if (n >= 0 && from != NULL)
            from_sockaddr(&sa, from);
        if (n >= 0 || errno != EINTR) {
            int error = errno;
            if (n < 0 && error != EAGAIN)
                (void)take_error(fd);
            errno = error;
            return n;
        }
    }
}

int nib_udp_send_one(int fd, const struct nib_addr *to, const uint8_t *octets, size_t len)
{
    union sockaddr_any sa;
    socklen_t sa_len = to == NULL ? 0 : to_sockaddr(to, &sa);
    ssize_t n;
    do
        n = sendto(fd, octets, len, 0, to == NULL ? NULL : &sa.sa, sa_len);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -1 : 0;
}

struct nib_addr nib_udp_self(int fd, const struct nib_addr *peer)
{
    struct nib_addr self = {0}, routed = {0};
    union sockaddr_any sa;
    socklen_t len = sizeof sa;
    if (getsockname(fd, &sa.sa, &len) == 0)
        from_sockaddr(&sa, &self);
    if (peer == NULL || !is_wildcard(&self))
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
    size_t n = 0;
    if (cap > 0)
        out[0] = *addr;
    if (!is_wildcard(addr) || getifaddrs(&list) != 0)
        return 1;
    for (i = list; i != NULL; i = i->ifa_next) {
        struct nib_addr own;
        union sockaddr_any sa;
        int family = i->ifa_addr == NULL ? 0 : i->ifa_addr->sa_family;
        if (family != (addr->family == 4 ? AF_INET : AF_INET6))
            continue;
        memcpy(&sa, i->ifa_addr, family == AF_INET ? sizeof sa.in : sizeof sa.in6);
        from_sockaddr(&sa, &own);
        own.port = addr->port;
        if (n < cap)
            out[n] = own;
        n++;
    }
    freeifaddrs(list);
    return n;
}
