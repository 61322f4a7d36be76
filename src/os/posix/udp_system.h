/*
 * Layer 5, private: what each system does in its own way with a UDP socket. posix/udp_system.c has
 * it for every system; a file of that name in the system's own folder takes its place.
 */
#ifndef NIBDNS_OS_UDP_SYSTEM_H
#define NIBDNS_OS_UDP_SYSTEM_H

#include <stdint.h>

/* A socket for addresses of that family (4 or 6), non-blocking, not passed on to programs that are
 * executed. -1 with errno set when there is none. */
int udp_socket(uint8_t family);

/* Queues in both directions of NIB_UDP_BUFFER octets, or as large as we may. */
void udp_enlarge(int fd);

/* Asks to be told what the network reports of datagrams that left from an unconnected socket. */
void udp_report_errors(int fd, uint8_t family);

/* After a call that failed: throws away the report that came with it, where reports are kept. */
void udp_drop_report(int fd);

#endif
