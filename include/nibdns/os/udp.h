/*
 * Layer 5: UDP sockets, and single datagrams in and out of them.
 *
 * What the network reports of a datagram (ICMP) comes from nib_udp_receive_one() and
 * nib_udp_send_one() as an error, for a socket of nib_udp_connect() or nib_udp_open(). It is told
 * only of a datagram that left from this very socket.
 */
#ifndef NIBDNS_OS_UDP_H
#define NIBDNS_OS_UDP_H

#include "nibdns/addr.h"
#include "nibdns/protocol.h"

/* Octets asked for each listening socket's queues. */
enum { NIB_UDP_BUFFER = 4 << 20 };

/*
 * A listening socket, non-blocking, its buffers large. *addr becomes the address it got, where a
 * port of 0 was asked for. With `share`, others that do so too may listen at the same address, and
 * the system deals the datagrams out by their source. -1 with errno set when there is none.
 */
int nib_udp_listen(struct nib_addr *addr, bool share);

/* A socket connected to addr, on a random port of the system's choice; *self is its own address. */
int nib_udp_connect(const struct nib_addr *addr, struct nib_addr *self);

/* The same for who reads and writes by system calls of his own: hears of closed ports alone. */
int nib_udp_connect_bare(const struct nib_addr *addr);

/*
 * What makes a connected socket as good as a new one, for less than closing it and opening another:
 * it gives its port back and forgets its peer and all that it received. False: close it instead.
 * Connected again it has a random port, as at first. 0, or -1 with errno set.
 */
bool nib_udp_disconnect(int fd);
int nib_udp_connect_again(int fd, const struct nib_addr *addr, struct nib_addr *self);

/*
 * A socket on a random port for datagrams to peer alone, which hears anybody, so that what comes from
 * elsewhere can be counted; where the system reports errors to connected sockets alone, it hears
 * the peer alone. -1 with errno set.
 */
int nib_udp_open(const struct nib_addr *peer);

/*
 * One datagram; *from may be NULL. 0 or more: its length. -1 with errno EAGAIN: none there. -1 with
 * any other errno: the network reported that what was sent to *from cannot arrive. Reports of a
 * passing kind are not told.
 */
ptrdiff_t nib_udp_receive_one(int fd, struct nib_addr *from, uint8_t *octets, size_t cap);

/*
 * One datagram, to the peer of a connected socket where to is NULL. 0, or -1 with errno set: the
 * system's error, or what the network reported of an earlier one.
 */
int nib_udp_send_one(int fd, const struct nib_addr *to, const uint8_t *octets, size_t len);

/*
 * Whether an errno of a send tells of this datagram alone (buffers, a packet filter): it is lost,
 * the next one may arrive. Others say that the peer cannot be reached.
 */
bool nib_udp_is_passing(int error);

/* The address of a socket; where it is a wildcard, the one that packets to `peer` would carry. */
struct nib_addr nib_udp_self(int fd, const struct nib_addr *peer);

#endif
