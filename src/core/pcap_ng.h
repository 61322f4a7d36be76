/*
 * Layer 3, private to the capture reader: what its two halves, pcap and pcapng, share.
 */
#ifndef NIBDNS_CORE_PCAP_NG_H
#define NIBDNS_CORE_PCAP_NG_H

#include "nibdns/pcap.h"

static inline uint32_t u16_of(const uint8_t *p, bool big_endian)
{
    return big_endian ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t u32_of(const uint8_t *p, bool big_endian)
{
    uint32_t first = u16_of(p, big_endian), second = u16_of(p + 2, big_endian);
    return big_endian ? first << 16 | second : second << 16 | first;
}

/* Nothing can be read from here on. */
static inline enum nib_pcap_step pcap_fail(
    struct nib_pcap_reader *reader, enum nib_pcap_fault fault, uint64_t at)
{
    reader->fault = fault;
    reader->fault_at = at;
    return NIB_PCAP_FAULT;
}

/* The first oddity of a frame counts. */
static inline void pcap_odd(struct nib_pcap_frame *frame, enum nib_pcap_fault odd, uint64_t at)
{
    if (frame->odd == NIB_PCAP_FINE) {
        frame->odd = odd;
        frame->odd_at = at;
    }
}

/* The link type of that number, NIB_LINK_UNKNOWN where it is none that is read. */
enum nib_link pcap_link(uint32_t number);

/*
 * One step in a pcapng file: a block, or a part of one. *taken is how much of the octets it was;
 * NIB_PCAP_MORE with nothing taken asks for more octets.
 */
enum nib_pcap_step pcap_ng_step(struct nib_pcap_reader *reader, const uint8_t *octets, size_t len,
    bool last, size_t *taken, struct nib_pcap_frame *frame);

#endif
