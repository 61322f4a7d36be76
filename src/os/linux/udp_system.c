#define _GNU_SOURCE
#include "../posix/udp_system.h"

#include "../posix/control.h"
#include "nibdns/os/udp.h"

int udp_socket(uint8_t family)
{
    int domain = family == 4 ? AF_INET : AF_INET6;
    return socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* As large as asked where we may, else as large as the system's limit. */
static void enlarge(int fd, int force, int plain)
{
    int size = NIB_UDP_BUFFER;
    if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof size) != 0)
        (void)setsockopt(fd, SOL_SOCKET, plain, &size, sizeof size);
}

void udp_enlarge(int fd)
{
    enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF);
}

void udp_ignore_path_mtu(int fd, uint8_t family)
{
    int omit = IP_PMTUDISC_OMIT; /* of the same value for IPv6 */
    if (family == 4)
        (void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit, sizeof omit);
    else
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit, sizeof omit);
}

/* An unconnected socket hears of errors, too, once it has a queue for them. */
int udp_report_errors(int fd, const struct nib_addr *peer)
{
    int on = 1;
    return peer->family == 4 ? setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on)
                             : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
}

/* struct sock_extended_err of linux/errqueue.h, which not every C library comes with. */
struct report {
    uint32_t error;
    uint8_t origin, type, code, pad;
    uint32_t info, data;
};

static int error_in(struct msghdr *h)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = control_after(h, c)) {
        if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
            (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
            struct report report;
            memcpy(&report, CMSG_DATA(c), sizeof report);
            return (int)report.error;
        }
    }
    return 0;
}

/* The queue's entry names the destination of the datagram that it quotes. */
int udp_take_report(int fd, int error, struct nib_addr *to)
{
    _Alignas(struct cmsghdr) unsigned char control[512];
    union sockaddr_any sa = {0};
    struct msghdr h = {.msg_name = &sa,
        .msg_namelen = sizeof sa,
        .msg_control = control,
        .msg_controllen = sizeof control};
    if (recvmsg(fd, &h, MSG_ERRQUEUE) >= 0) {
        sockaddr_to(&sa, to);
        return error_in(&h);
    }
    /* no memory for an entry: what a connected socket is told is of its peer all the same */
    socklen_t len = sizeof sa;
    if (getpeername(fd, &sa.sa, &len) != 0)
        return 0;
    sockaddr_to(&sa, to);
    return error;
}
