/*
 * Floor 5: UDP sockets, and batches of datagrams in and out of them. What is not POSIX about
 * sockets is in udp.c and nowhere else.
 */
#ifndef NIBDNS_OS_UDP_H
#define NIBDNS_OS_UDP_H

#include "nibdns/addr.h"
#include "nibdns/protocol.h"

enum {
    NIB_BATCH = 64,          /* datagrams read or sent with one call */
    NIB_DATAGRAM_CAP = 1024, /* octets kept of one: more than any message has (NIB-1.1) */
    NIB_UDP_BUFFER = 4 << 20 /* octets asked for each listening socket's queues */
};

/* Datagrams of one batch. `len` is what the datagram had, kept or not: see nib_datagram_kept(). */
struct nib_datagram {
    struct nib_path path;
    size_t len;
    uint8_t octets[NIB_DATAGRAM_CAP];
};

static inline size_t nib_datagram_kept(const struct nib_datagram *d)
{
    return d->len < NIB_DATAGRAM_CAP ? d->len : NIB_DATAGRAM_CAP;
}

/*
 * A listening socket, non-blocking, its buffers large. *addr becomes the address it got, where a
 * port of 0 was asked for. -1 with errno set when there is none.
 */
int nib_udp_listen(struct nib_addr *addr);

/* A socket connected to addr, on a random port of the system's choice; *self is its own address. */
int nib_udp_connect(const struct nib_addr *addr, struct nib_addr *self);

/*
 * A socket that hears anybody, for a client that talks to addresses of that family, and learns of
 * closed ports from nib_udp_receive_one().
 */
int nib_udp_open(uint8_t family);

/*
 * Reads up to NIB_BATCH datagrams that wait at a listening socket. `self` tells a socket on a
 * wildcard address from its own. Returns how many; 0: none is left, or an error that passes.
 */
size_t nib_udp_receive(
    int fd, uint32_t via, const struct nib_addr *self, struct nib_datagram *datagrams);

/*
 * Sends n <= NIB_BATCH datagrams from one listening socket at `self` back along their paths, in
 * order. Those that cannot be sent are skipped, their bit set in the mask returned.
 */
uint64_t nib_udp_send(
    int fd, const struct nib_addr *self, const struct nib_datagram *datagrams, size_t n);

/* One datagram; *from may be NULL. 0 or more: its length; -1: see errno (EAGAIN: none there). */
ptrdiff_t nib_udp_receive_one(int fd, struct nib_addr *from, uint8_t *octets, size_t cap);

/* One datagram, to the peer of a connected socket where to is NULL. 0, or -1 with errno set. */
int nib_udp_send_one(int fd, const struct nib_addr *to, const uint8_t *octets, size_t len);

/* The address of a socket; where it is a wildcard, the one that packets to `peer` would carry. */
struct nib_addr nib_udp_self(int fd, const struct nib_addr *peer);

/*
 * The addresses that a server listening at addr can be reached at, for a wildcard all of this
 * machine's. Writes at most cap; returns how many there are.
 */
size_t nib_udp_own_addresses(const struct nib_addr *addr, struct nib_addr *out, size_t cap);

#endif
