/*
 * Hand-written captures: octets from hex, and the pieces that many of them share.
 */
#ifndef NIBDNS_TESTS_CAPTURES_H
#define NIBDNS_TESTS_CAPTURES_H

#include "nibdns/pcap.h"

struct hex_octets {
    size_t len;
    uint8_t at[4096];
};

/* Two hex digits an octet; blanks and bars count for nothing. */
struct hex_octets octets_from_hex(const char *hex);

/* "Query A www.csusm.edu id 0", 19 octets. */
#define HEX_QUERY "00000000 08 0d 7777772e637375736d2e656475"

/* It from 10.0.0.1:40001 to 10.0.0.2:21000: UDP with the right checksum, IPv4 around it. */
#define HEX_UDP "9c41 5208 001b e63e " HEX_QUERY
#define HEX_ADDRESSES "0a000001 0a000002 "
#define HEX_IPV4 "4500 002f 0000 4000 4011 26bc " HEX_ADDRESSES
#define HEX_PACKET HEX_IPV4 HEX_UDP

/* The same from 2001:db8::1 to 2001:db8::2. */
#define HEX_UDP6 "9c41 5208 001b 9ecc " HEX_QUERY
#define HEX_ADDRESSES6 "20010db8000000000000000000000001 20010db8000000000000000000000002 "
#define HEX_PACKET6 "60000000 001b 11 40 " HEX_ADDRESSES6 HEX_UDP6

#endif
