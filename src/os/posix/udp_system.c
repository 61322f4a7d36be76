#define _DEFAULT_SOURCE
#include "udp_system.h"

#include <fcntl.h>
#include <unistd.h>

#include "nibdns/os/udp.h"
#include "sockaddr.h"

int udp_socket(uint8_t family)
{
    int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
    if (fd >= 0 && (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

void udp_enlarge(int fd)
{
    int size = NIB_UDP_BUFFER;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

void udp_ignore_path_mtu(int fd, uint8_t family)
{
    (void)fd;
    (void)family;
}

/*
 * Only a connected socket hears of errors, and of its peer alone: datagrams from elsewhere do not
 * arrive.
 */
int udp_report_errors(int fd, const struct nib_addr *peer)
{
    union sockaddr_any sa;
    socklen_t len = sockaddr_from(peer, &sa);
    return connect(fd, &sa.sa, len);
}

int udp_take_report(int fd, int error, struct nib_addr *to)
{
    union sockaddr_any sa = {0};
    socklen_t len = sizeof sa;
    if (getpeername(fd, &sa.sa, &len) != 0)
        return 0;
    sockaddr_to(&sa, to);
    return error;
}
