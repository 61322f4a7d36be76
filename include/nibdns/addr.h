/*
 * Layer 1: IPv4 and IPv6 addresses and their texts, without libc. The strict forms (nib_ipv4_parse,
 * nib_ipv6_parse) are those that results of type A and AAAA must have (NIB-4.2, NIB-4.3).
 */
#ifndef NIBDNS_ADDR_H
#define NIBDNS_ADDR_H

#include "nibdns/base.h"

/* An address and UDP port. An IPv4 address uses the first four octets of ip, the rest are zero. */
struct nib_addr {
    uint8_t ip[16];
    uint32_t scope; /* interface of a link-local IPv6 address, else 0 */
    uint16_t port;  /* host byte order */
    uint8_t family; /* 4 or 6; 0 is no address */
};

/* The way a datagram came, and back: who sent it, the address it came to, the socket it came by. */
struct nib_path {
    struct nib_addr peer, self;
    uint32_t listener; /* which of a server's listening sockets, from 0 */
    bool stream;       /* over TCP; listener is then the number of a connection */
};

enum {
    NIB_IP_TEXT_MAX = 46,   /* octets of the longest IP text and a terminator */
    NIB_ADDR_TEXT_MAX = 66, /* [IPv6%scope]:port and a terminator */
};

/* Dotted decimal: four numbers 0 to 255 without leading zeros. False, out untouched, if not. */
bool nib_ipv4_parse(struct nib_text text, uint8_t out[4]);

/*
 * RFC 4291 2.2: eight groups of 1 to 4 hex digits; one `::` may stand for one or more zero groups;
 * the last two groups may be an IPv4 address. No zone index. False, out untouched, if not.
 */
bool nib_ipv6_parse(struct nib_text text, uint8_t out[16]);

/* The address alone, terminated, IPv6 as RFC 5952 writes it. Returns its length. */
size_t nib_ip_format(const struct nib_addr *addr, char out[NIB_IP_TEXT_MAX]);

/* ADDR:PORT or [ADDR]:PORT, terminated. Returns its length. */
size_t nib_addr_format(const struct nib_addr *addr, char out[NIB_ADDR_TEXT_MAX]);

/* ADDR[:PORT], IPv6 as [ADDR][:PORT] or bare without a port. False, out untouched, if not. */
bool nib_addr_parse(struct nib_text text, uint16_t default_port, struct nib_addr *out);

/* A decimal port 0 to 65535 without sign or leading zero. */
bool nib_port_parse(struct nib_text text, uint16_t *out);

/* Same address (and scope), whatever the ports. */
bool nib_ip_equal(const struct nib_addr *a, const struct nib_addr *b);

/* 0.0.0.0 or ::, whatever the port. */
bool nib_addr_is_wildcard(const struct nib_addr *addr);

/* Same address and port. */
bool nib_addr_equal(const struct nib_addr *a, const struct nib_addr *b);

uint64_t nib_addr_hash(const struct nib_addr *addr, uint64_t seed);

#endif
