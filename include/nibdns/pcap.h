/*
 * Layer 3: captures (pcap and pcapng files) as octets: reading records, finding UDP datagrams and
 * ICMP errors in their frames, writing both. Opens no file and keeps no frame: octets come in,
 * views of them go out.
 *
 *     pcap    magic 4 | version 2.4 | 0 8 | snap length 4 | link type 4          then records
 *     record  seconds 4 | micro- or nanoseconds 4 | captured 4 | length 4        then a frame
 *
 *     pcapng  blocks: type 4 | length of the block 4 | body | the same length 4
 *             section, interface, enhanced, simple and (obsolete) packet block; others are passed
 *             over
 *
 * Integers of a file have the order of the machine that wrote it, which its magic tells; in pcapng
 * each section has its own order and its own interfaces.
 */
#ifndef NIBDNS_PCAP_H
#define NIBDNS_PCAP_H

#include "nibdns/addr.h"
#include "nibdns/cursor.h"

/* Link types that are read: symbol, number in the file, name. */
#define NIB_LINKS(X)                                                                               \
    X(NIB_LINK_NULL, 0, "null")                                                                    \
    X(NIB_LINK_ETHERNET, 1, "ethernet")                                                            \
    X(NIB_LINK_RAW_BSD, 12, "raw12")                                                               \
    X(NIB_LINK_RAW_OPENBSD, 14, "raw14")                                                           \
    X(NIB_LINK_RAW, 101, "raw")                                                                    \
    X(NIB_LINK_LOOP, 108, "loop")                                                                  \
    X(NIB_LINK_SLL, 113, "sll")                                                                    \
    X(NIB_LINK_IPV4, 228, "ipv4")                                                                  \
    X(NIB_LINK_IPV6, 229, "ipv6")                                                                  \
    X(NIB_LINK_SLL2, 276, "sll2")

enum nib_link {
#define X(symbol, number, name) symbol = number,
    NIB_LINKS(X)
#undef X
        NIB_LINK_UNKNOWN = 0x10000, /* none of these */
};

/*
 * What can be wrong with a file: symbol, words, and of a compressed one the command that unpacks
 * it, else "".
 */
#define NIB_PCAP_FAULTS(X)                                                                         \
    X(NIB_PCAP_NO_PCAP, "this is no capture file", "")                                             \
    X(NIB_PCAP_GZIP, "this file is compressed", "gzip -dc")                                        \
    X(NIB_PCAP_XZ, "this file is compressed", "xz -dc")                                            \
    X(NIB_PCAP_ZSTD, "this file is compressed", "zstd -dc")                                        \
    X(NIB_PCAP_BZIP2, "this file is compressed", "bzip2 -dc")                                      \
    X(NIB_PCAP_LZ4, "this file is compressed", "lz4 -dc")                                          \
    X(NIB_PCAP_VERSION, "the version of the file is none that is known", "")                       \
    X(NIB_PCAP_LINK, "the link type is none of 0, 1, 12, 14, 101, 108, 113, 228, 229, 276", "")    \
    X(NIB_PCAP_CUT_FILE, "the file ends inside its header", "")                                    \
    X(NIB_PCAP_CUT_RECORD, "the file ends inside a record header", "")                             \
    X(NIB_PCAP_CUT_FRAME, "the file ends inside a frame", "")                                      \
    X(NIB_PCAP_TOO_LONG, "the captured length is above 262144", "")                                \
    X(NIB_PCAP_CUT_BLOCK, "the file ends inside a block", "")                                      \
    X(NIB_PCAP_BLOCK_LENGTH, "the length of the block is none that its type can have", "")         \
    X(NIB_PCAP_BLOCK_END, "the length behind the block is not the one before it", "")              \
    X(NIB_PCAP_ORDER, "the section does not say its byte order", "")                               \
    X(NIB_PCAP_INTERFACES, "the section has more than 256 interfaces", "")                         \
    X(NIB_PCAP_FRACTION, "the fraction of a second is a second or more", "")                       \
    X(NIB_PCAP_LENGTHS, "the captured length is above the length on the wire", "")                 \
    X(NIB_PCAP_INTERFACE, "the interface of the frame is not described", "")                       \
    X(NIB_PCAP_OVER_BLOCK, "the captured length is above that of the block", "")                   \
    X(NIB_PCAP_TIME, "the time is one that cannot be told", "")

enum nib_pcap_fault {
    NIB_PCAP_FINE,
#define X(symbol, words, unpack) symbol,
    NIB_PCAP_FAULTS(X)
#undef X
        NIB_PCAP_FAULT_COUNT
};

enum {
    NIB_PCAP_FILE_HEADER = 24,
    NIB_PCAP_RECORD_HEADER = 16,
    NIB_PCAP_FRAME_MAX = 262144,
    NIB_PCAP_INTERFACES_MAX = 256,
    /* octets that a reader must be able to show nib_pcap_next() at once; options behind a frame
       that need more are passed over */
    NIB_PCAP_WINDOW = NIB_PCAP_FRAME_MAX + 131072,
};

/*
 * One frame. The octets are the caller's own. An odd one has a number that cannot be so, but a
 * clear length: it is shown with the nearest that can, and reading goes on.
 */
struct nib_pcap_frame {
    uint64_t no;     /* from 1 */
    uint64_t at;     /* octet of the file where its record begins */
    int64_t time_ns; /* since 1970; of a simple packet, which has none, that of the frame before */
    enum nib_link link;
    const uint8_t *octets;
    size_t len;              /* captured */
    size_t real_len;         /* on the wire: at least len */
    enum nib_pcap_fault odd; /* NIB_PCAP_FINE, or what about it is odd */
    uint64_t odd_at;         /* octet of the file */
    struct nib_text comment; /* of pcapng; {NULL, 0}: none */
};

/* What a file, or a section of a pcapng file, says of an interface. */
struct nib_pcap_interface {
    uint32_t link; /* as the file has it */
    uint32_t snaplen;
    int64_t offset_s;   /* to be added to times */
    uint8_t resolution; /* of times: 10^-n seconds, with bit 7 set 2^-n */
};

/* Begins as {0}. */
struct nib_pcap_reader {
    bool started; /* the kind of file is known */
    bool ng, big_endian;
    struct nib_pcap_interface interfaces[NIB_PCAP_INTERFACES_MAX]; /* a pcap file has one */
    size_t n_interfaces;
    uint64_t off;     /* octets of the file taken so far */
    uint64_t skip;    /* octets of a block that are still to be passed over */
    uint32_t trailer; /* the length that is to stand behind the block; 0: not inside of one */
    int64_t before_ns;
    uint64_t frames; /* frames shown so far */
    enum nib_pcap_fault fault;
    uint64_t fault_at; /* octet of the file; for a file that ends too early its length */
};

enum nib_pcap_step {
    NIB_PCAP_FRAME, /* *frame is the next one */
    NIB_PCAP_MORE,  /* show the octets that are not used yet, and further ones */
    NIB_PCAP_END,   /* the file ended behind a frame */
    NIB_PCAP_FAULT, /* reader->fault: nothing can be read from here on */
};

/*
 * The next frame of a file of which octets[0..len) come next; `last` says that none come behind
 * them. *used is how many of them are done with, whatever is returned. Needs at most
 * NIB_PCAP_WINDOW octets for a step.
 */
enum nib_pcap_step nib_pcap_next(struct nib_pcap_reader *reader, const uint8_t *octets, size_t len,
    bool last, size_t *used, struct nib_pcap_frame *frame);

/* Words for a fault, and the command that unpacks such a file or "". */
const char *nib_pcap_fault_words(enum nib_pcap_fault fault);
const char *nib_pcap_fault_unpack(enum nib_pcap_fault fault);

/* ---- what is in a frame ---- */

enum nib_packet_kind {
    NIB_PACKET_OTHER,    /* no UDP over IP, nor an ICMP error about it */
    NIB_PACKET_UDP,      /* a whole datagram */
    NIB_PACKET_FRAGMENT, /* a piece of one; only the first has ports */
    NIB_PACKET_ICMP,     /* an ICMP or ICMPv6 error that quotes one */
    NIB_PACKET_CUT,      /* captured too short to tell */
    NIB_PACKET_BROKEN,   /* headers that contradict each other */
};

enum nib_sum {
    NIB_SUM_UNKNOWN, /* not all that it covers was captured, or there is none in this protocol */
    NIB_SUM_RIGHT,
    NIB_SUM_WRONG,
    NIB_SUM_PARTIAL, /* the pseudo header's alone: the rest was left to the device */
    NIB_SUM_NONE,    /* 0: the sender made none */
};

struct nib_packet_udp {
    struct nib_addr src, dst;
    const uint8_t *payload;
    size_t len;      /* captured */
    size_t real_len; /* as its headers say: at least len */
};

struct nib_packet {
    enum nib_packet_kind kind;
    struct nib_packet_udp udp; /* of UDP and a first FRAGMENT; of others the addresses, ports 0 */
    struct nib_packet_udp quoted; /* of ICMP */
    enum nib_sum ip_sum, udp_sum;
    uint16_t udp_sum_is, udp_sum_should;
    uint8_t vlans; /* 802.1Q tags in front of the packet */
    uint16_t vlan[2];
    uint32_t fragment_id, fragment_at, fragment_len; /* of FRAGMENT: place in the datagram */
    bool fragment_more;
    uint8_t icmp_type, icmp_code;
    uint32_t icmp_len;
};

/* Looks into a frame. Reads nothing outside of it, whatever stands in it. */
void nib_packet_read(struct nib_packet *packet, const struct nib_pcap_frame *frame);

/*
 * Whether an ICMP error of that type and code, for an address of that family, is one that a
 * connected UDP socket hears as "refused": a port, protocol or host that cannot be had, as opposed
 * to trouble on the way that may pass.
 */
bool nib_icmp_refuses(uint8_t family, uint8_t type, uint8_t code);

/* ---- writing ---- */

/*
 * Files of raw IP packets (link type 101), microseconds, little-endian, on every machine. What is
 * written returns its length, or 0 when it has no room in cap.
 */
void nib_pcap_header(uint8_t out[NIB_PCAP_FILE_HEADER]);

/* Octets that a record has beside the payload, at most. */
enum { NIB_PCAP_RECORD_EXTRA = NIB_PCAP_RECORD_HEADER + 40 + 8 };

/*
 * A record of one datagram, of which the first `len` octets of `real_len` were kept, sent at a
 * time in microseconds since 1970. The family is dst's; an address without one counts as all zeros.
 * The checksum of a datagram that is not whole is left out.
 */
size_t nib_pcap_record(uint8_t *out, size_t cap, int64_t time_us, const struct nib_addr *src,
    const struct nib_addr *dst, const uint8_t *payload, size_t len, size_t real_len);

/* The IP packet alone, as it stands in such a record. */
size_t nib_packet_write(uint8_t *out, size_t cap, const struct nib_addr *src,
    const struct nib_addr *dst, const uint8_t *payload, size_t len, size_t real_len);

/* Which way a datagram went, as seen by the program whose capture this is. */
enum nib_direction { NIB_DIRECTION_UNKNOWN, NIB_DIRECTION_IN, NIB_DIRECTION_OUT };

/* Octets that the blocks below have beside their texts and the payload, at most. */
enum { NIB_PCAPNG_HEADER_MAX = 64, NIB_PCAPNG_NAME_MAX = 48, NIB_PCAPNG_PACKET_MAX = 40 + 8 + 64 };

/* The beginning of a pcapng file: a section written by that program, and its one interface. */
size_t nib_pcapng_header(uint8_t *out, size_t cap, struct nib_text program);

/* A name for an address, which holds for the whole section; further ones follow zero octets. */
size_t nib_pcapng_name(uint8_t *out, size_t cap, const struct nib_addr *addr, struct nib_text name);

/* As nib_pcap_record(), with a direction and a comment (empty: none). */
size_t nib_pcapng_packet(uint8_t *out, size_t cap, int64_t time_us, enum nib_direction direction,
    struct nib_text comment, const struct nib_addr *src, const struct nib_addr *dst,
    const uint8_t *payload, size_t len, size_t real_len);

/* ---- checksums ---- */

/* The internet checksum (RFC 1071) of octets, on top of a sum not yet folded. */
uint32_t nib_sum_add(uint32_t sum, const uint8_t *octets, size_t len);
uint16_t nib_sum_fold(uint32_t sum);

/* The sum over the pseudo header of a datagram of `len` octets, UDP header included. */
uint32_t nib_sum_pseudo(
    const struct nib_addr *src, const struct nib_addr *dst, uint8_t protocol, uint32_t len);

#endif
