#define _GNU_SOURCE
#include "../posix/udp_system.h"

#include <netinet/in.h>
#include <sys/socket.h>

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

void udp_report_errors(int fd, uint8_t family)
{
    int on = 1;
    if (family == 4)
        (void)setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
    else
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
}

void udp_drop_report(int fd)
{
    char control[512];
    struct msghdr h = {.msg_control = control, .msg_controllen = sizeof control};
    (void)recvmsg(fd, &h, MSG_ERRQUEUE);
}
