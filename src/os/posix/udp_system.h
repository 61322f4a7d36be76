/*
 * Layer 5, private: what each system does in its own way with a UDP socket. posix/udp_system.c has
 * it for every system; a file of that name in the system's own folder takes its place.
 */
#ifndef NIBDNS_OS_UDP_SYSTEM_H
#define NIBDNS_OS_UDP_SYSTEM_H

#include "nibdns/addr.h"

/* A socket for addresses of that family (4 or 6), non-blocking, not passed on to programs that are
 * executed. -1 with errno set when there is none. */
int udp_socket(uint8_t family);

/* Queues in both directions of NIB_UDP_BUFFER octets, or as large as we may. */
void udp_enlarge(int fd);

/*
 * Datagrams leave as long as the interface takes them, and may be cut on their way (IPv4), whatever
 * the network says of the path: a forged report narrows it for nobody.
 */
void udp_ignore_path_mtu(int fd, uint8_t family);

/*
 * Asks to be told what the network reports of datagrams that leave from the socket, connected or
 * not. 0, or -1 with errno set.
 */
int udp_report_errors(int fd, const struct nib_addr *peer);

/*
 * After a call that failed with `error`: the error that the network reported of a datagram which
 * left from the socket, and in *to where that datagram was sent; 0 when there is no such report.
 */
int udp_take_report(int fd, int error, struct nib_addr *to);

#endif
