/*
 * Layer 7, private to nibpcap make: a packet as the description says it, and the frames built of
 * it.
 */
#ifndef NIBDNS_NIBPCAP_MAKE_H
#define NIBDNS_NIBPCAP_MAKE_H

#include "nibdns/message.h"
#include "nibdns/pcap.h"

enum { MAKE_OCTETS_MAX = 65000 };

enum make_sum { MAKE_SUM_RIGHT, MAKE_SUM_BAD, MAKE_SUM_NONE, MAKE_SUM_PARTIAL };

struct make_packet {
    int64_t time_ns;
    struct nib_addr src, dst;
    bool raw;         /* octets are a whole frame */
    bool unreachable; /* octets are the packet that an ICMP error quotes */
    uint8_t icmp_type, icmp_code;
    size_t len;
    uint8_t octets[MAKE_OCTETS_MAX];
    /* modifiers */
    size_t cut;       /* octets of the frame that are captured; 0: all */
    size_t fragments; /* octets of the datagram in each piece; 0: whole */
    uint16_t vlan[2];
    uint8_t vlans, extensions; /* of IPv6: destination options headers in front */
    uint16_t udp_length;       /* that its header claims; 0: the right one */
    enum make_sum udp_sum;
    bool bad_ip_sum;
};

struct make_file {
    enum nib_link link;
    bool ng; /* pcapng */
    bool big_endian, nanos;
    uint32_t snaplen;
    uint8_t *octets; /* of the file so far */
    size_t len, cap;
    size_t frames;
    /* the IP packet and payload of each frame, for what refers to it */
    struct make_kept {
        uint8_t *octets;
        size_t packet_len, payload_len; /* the payload is the packet's last octets */
    } * kept;
};

void make_begin(struct make_file *file);

/* Appends the frames of a packet. False: it does not fit into an IP packet. */
bool make_add(struct make_file *file, const struct make_packet *packet);

void make_free(struct make_file *file);

/* ---- the description ---- */

enum { HOSTS_MAX = 64 };

struct make {
    const char *path, *output;
    size_t line;
    int64_t start_ns, time_ns;
    struct make_file file;
    struct make_packet packet;
    size_t n_hosts;
    struct {
        struct nib_text name;
        struct nib_addr addr;
    } hosts[HOSTS_MAX];
    struct nib_text answers; /* the answer name, where it is not the question's */
};

/* All of a description into make->file. Begins as {.path, .start_ns, .file.link, .file.snaplen}. */
void make_capture(struct make *make, struct nib_text text);

/* PATH:LINE: WORD: what is wrong; then the program ends. */
_Noreturn void make_fault(const struct make *make, struct nib_text word, const char *words);

/* The next word of a line, empty behind the last; the text before a character, which goes too. */
struct nib_text make_word(struct nib_text *rest);
struct nib_text make_cut(struct nib_text *rest, char c);
bool make_is_word(struct nib_text word, const char *want);

/* Words that must be something: a certain word, nothing, a number, hex, seconds, a host, a frame.
 */
void make_expect(const struct make *make, struct nib_text *rest, const char *want);
void make_nothing_more(const struct make *make, struct nib_text rest);
uint64_t make_number(const struct make *make, struct nib_text word, uint64_t most);
uint64_t make_next_number(const struct make *make, struct nib_text *rest, uint64_t most);
size_t make_hex(const struct make *make, struct nib_text *rest, uint8_t *out, size_t cap);
int64_t make_time(const struct make *make, struct nib_text word);
enum nib_type make_type(const struct make *make, struct nib_text word);
struct nib_addr make_host(const struct make *make, struct nib_text word);
const struct make_kept *make_frame(const struct make *make, struct nib_text *rest);

/* What a packet says, and one modifier of it, into make->packet. */
void make_what(struct make *make, struct nib_text *rest);
void make_modifier(struct make *make, struct nib_text *rest);

#endif
