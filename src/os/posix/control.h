/*
 * Layer 5, private: what travels beside a datagram: the address of ours that it came to or leaves
 * from. IPv6 has one way for all systems (RFC 3542); IPv4 has two, as below. Needs _GNU_SOURCE.
 */
#ifndef NIBDNS_OS_CONTROL_H
#define NIBDNS_OS_CONTROL_H

#include "sockaddr.h"

/* Space for the address that a piece came to or leaves from, and for the size of its segments. */
struct control {
    _Alignas(struct cmsghdr) unsigned char octets[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
                                                  CMSG_SPACE(sizeof(int))];
};

/* CMSG_NXTHDR, whose text in musl has conversions that we would not write. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"
static inline struct cmsghdr *control_after(struct msghdr *h, struct cmsghdr *c)
{
    return CMSG_NXTHDR(h, c);
}
#pragma GCC diagnostic pop

#ifdef IP_SENDSRCADDR /* the BSDs: the address alone */
enum { V4_WANT = IP_RECVDSTADDR, V4_CAME_TO = IP_RECVDSTADDR, V4_LEAVE_FROM = IP_SENDSRCADDR };
struct control_v4 {
    struct in_addr addr;
};
static inline struct in_addr control_v4_came_to(const struct control_v4 *v4)
{
    return v4->addr;
}
static inline struct control_v4 control_v4_leave_from(struct in_addr addr)
{
    return (struct control_v4){addr};
}
#else /* macOS, Solaris, Linux: with the interface */
enum { V4_WANT = IP_PKTINFO, V4_CAME_TO = IP_PKTINFO, V4_LEAVE_FROM = IP_PKTINFO };
struct control_v4 {
    struct in_pktinfo info;
};
static inline struct in_addr control_v4_came_to(const struct control_v4 *v4)
{
    return v4->info.ipi_addr;
}
static inline struct control_v4 control_v4_leave_from(struct in_addr addr)
{
    return (struct control_v4){{.ipi_spec_dst = addr}};
}
#endif

/* Asks to be told where each datagram came to. */
static inline void control_want_self(int fd, uint8_t family)
{
    int on = 1;
    if (family == 4)
        (void)setsockopt(fd, IPPROTO_IP, V4_WANT, &on, sizeof on);
    else
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
}

/* Where a datagram came to, if that is what this says. */
static inline void control_read_self(struct cmsghdr *c, struct nib_addr *self)
{
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == V4_CAME_TO) {
        struct control_v4 v4;
        memcpy(&v4, CMSG_DATA(c), sizeof v4);
        const struct in_addr came_to = control_v4_came_to(&v4);
        memcpy(self->ip, &came_to, 4);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        memcpy(self->ip, &info.ipi6_addr, 16);
        if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
            self->scope = (uint32_t)info.ipi6_ifindex;
    }
}

static inline void *control_add(
    struct msghdr *h, struct control *control, int level, int type, size_t len)
{
    struct cmsghdr *c = (struct cmsghdr *)(void *)(control->octets + h->msg_controllen);
    *c = (struct cmsghdr){.cmsg_level = level, .cmsg_type = type};
    c->cmsg_len = (__typeof__(c->cmsg_len))CMSG_LEN(len); /* size_t, or musl's socklen_t */
    h->msg_control = control->octets;
    h->msg_controllen += (__typeof__(h->msg_controllen))CMSG_SPACE(len);
    return CMSG_DATA(c);
}

/* The answer leaves from the address that the request came to, not from whichever routing picks. */
static inline void control_leave_from(
    struct msghdr *h, struct control *control, const struct nib_addr *self)
{
    if (self->family == 4) {
        struct in_addr addr;
        memcpy(&addr, self->ip, 4);
        const struct control_v4 v4 = control_v4_leave_from(addr);
        memcpy(control_add(h, control, IPPROTO_IP, V4_LEAVE_FROM, sizeof v4), &v4, sizeof v4);
    } else {
        struct in6_pktinfo info = {.ipi6_ifindex = self->scope};
        memcpy(&info.ipi6_addr, self->ip, 16);
        memcpy(
            control_add(h, control, IPPROTO_IPV6, IPV6_PKTINFO, sizeof info), &info, sizeof info);
    }
}

/* Octets to be sent: that call only reads them, though its type does not say so. */
static inline struct iovec iovec_of(const uint8_t *octets, size_t len)
{
    const union {
        const uint8_t *read;
        void *base;
    } at = {octets};
    return (struct iovec){at.base, len};
}

#endif
