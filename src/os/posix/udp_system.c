#define _DEFAULT_SOURCE
#include "udp_system.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nibdns/os/udp.h"

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

void udp_report_errors(int fd, uint8_t family)
{
    (void)fd;
    (void)family;
}

void udp_drop_report(int fd)
{
    (void)fd;
}
