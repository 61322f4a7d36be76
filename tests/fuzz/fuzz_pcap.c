/*
 * Captures. The input is a file behind an octet 0, or else one frame: its link type, how many
 * octets of it were not captured, its octets.
 */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "nibdns/pcap.h"

static void check_part(
    const struct nib_packet_udp *d, const struct nib_pcap_frame *frame, bool of_frame)
{
    INVARIANT(d->len <= d->real_len);
    INVARIANT(d->len <= frame->len && d->real_len <= 65535 + (of_frame ? frame->real_len : 0));
    INVARIANT(d->payload >= frame->octets && d->payload + d->len <= frame->octets + frame->len);
}

static size_t write_header(uint8_t *out, size_t cap, bool ng)
{
    if (ng)
        return nib_pcapng_header(out, cap, NIB_TEXT("fuzz"));
    nib_pcap_header(out);
    return NIB_PCAP_FILE_HEADER;
}

static size_t write_record(uint8_t *out, size_t cap, bool ng, const struct nib_packet_udp *d)
{
    const int64_t time_us = 1700000000123456;
    if (ng)
        return nib_pcapng_packet(out, cap, time_us, NIB_DIRECTION_OUT, NIB_TEXT("why"), &d->src,
            &d->dst, d->payload, d->len, d->real_len);
    return nib_pcap_record(out, cap, time_us, &d->src, &d->dst, d->payload, d->len, d->real_len);
}

/* A whole datagram goes into a record of our own and comes out of it as it was. */
static void write_again(const struct nib_packet_udp *d, bool ng)
{
    size_t cap = NIB_PCAPNG_HEADER_MAX + NIB_PCAPNG_PACKET_MAX + 3 + d->len, used;
    uint8_t *file = fuzz_zeroed(cap);
    size_t header = write_header(file, cap, ng);
    size_t n = write_record(file + header, cap - header, ng, d);
    struct nib_pcap_reader reader = {0};
    struct nib_pcap_frame frame;
    struct nib_packet packet;
    if (n > 0) {
        INVARIANT(nib_pcap_next(&reader, file, header + n, true, &used, &frame) == NIB_PCAP_FRAME);
        INVARIANT(used == header + n - (ng ? 4 : 0) && frame.time_ns == 1700000000123456000);
        INVARIANT(frame.odd == NIB_PCAP_FINE && frame.comment.len == (ng ? 3 : 0));
        nib_packet_read(&packet, &frame);
        INVARIANT(packet.kind == NIB_PACKET_UDP);
        INVARIANT(
            nib_addr_equal(&packet.udp.src, &d->src) && nib_addr_equal(&packet.udp.dst, &d->dst));
        INVARIANT(packet.udp.len == d->len && packet.udp.real_len == d->real_len);
        INVARIANT(d->len == 0 || memcmp(packet.udp.payload, d->payload, d->len) == 0);
        INVARIANT(d->len < d->real_len || packet.udp_sum == NIB_SUM_RIGHT);
    } else {
        INVARIANT(d->real_len > 65535 - 48);
    }
    free(file);
}

static void check_frame(const struct nib_pcap_frame *frame)
{
    uint8_t *block = fuzz_block(frame->octets, frame->len);
    struct nib_pcap_frame alone = *frame;
    struct nib_packet packet;
    alone.octets = block;
    INVARIANT(frame->len <= frame->real_len && frame->len <= NIB_PCAP_FRAME_MAX);
    nib_packet_read(&packet, &alone);
    INVARIANT(packet.vlans <= 2);
    if (packet.kind == NIB_PACKET_UDP) {
        check_part(&packet.udp, &alone, true);
        write_again(&packet.udp, false);
        write_again(&packet.udp, true);
    }
    if (packet.kind == NIB_PACKET_FRAGMENT && packet.fragment_at == 0)
        check_part(&packet.udp, &alone, false);
    if (packet.kind == NIB_PACKET_ICMP) {
        check_part(&packet.quoted, &alone, false);
        (void)nib_icmp_refuses(packet.udp.src.family, packet.icmp_type, packet.icmp_code);
    }
    free(block);
}

/* What a reading came to, in one number, so that two can be compared. */
struct reading {
    uint64_t frames, hash;
    enum nib_pcap_fault fault;
    uint64_t fault_at;
};

static void note(struct reading *reading, const struct nib_pcap_frame *frame)
{
    reading->frames++;
    INVARIANT(frame->no == reading->frames);
    reading->hash = reading->hash * 31 + (uint64_t)frame->time_ns + frame->real_len + frame->at +
                    (uint64_t)frame->odd + frame->comment.len;
    for (size_t i = 0; i < frame->len; i++)
        reading->hash = reading->hash * 31 + frame->octets[i];
}

/* Reads a file of which `step` more octets are shown each time that more are asked for. */
static struct reading read_in_steps(const uint8_t *file, size_t len, size_t step, bool check)
{
    struct nib_pcap_reader reader = {0};
    struct reading reading = {0};
    size_t at = 0, shown = 0, used;
    for (;;) {
        struct nib_pcap_frame frame;
        uint8_t *window = fuzz_block(file + at, shown - at);
        enum nib_pcap_step what =
            nib_pcap_next(&reader, window, shown - at, shown == len, &used, &frame);
        INVARIANT(used <= shown - at && reader.off <= len);
        if (what == NIB_PCAP_FRAME) {
            note(&reading, &frame);
            if (check)
                check_frame(&frame);
        }
        free(window);
        at += used;
        if (what == NIB_PCAP_END || what == NIB_PCAP_FAULT)
            break;
        if (what == NIB_PCAP_MORE) {
            INVARIANT(shown < len); /* at the end of the file it must come to a decision */
            shown = step < len - shown ? shown + step : len;
        }
    }
    struct nib_pcap_frame none;
    INVARIANT(reader.fault == NIB_PCAP_FINE || /* a fault stays */
              nib_pcap_next(&reader, file, len, true, &used, &none) == NIB_PCAP_FAULT);
    reading.fault = reader.fault;
    reading.fault_at = reader.fault_at;
    INVARIANT(reader.fault_at <= len && nib_pcap_fault_words(reader.fault) != NULL);
    INVARIANT(reader.fault != NIB_PCAP_FINE || at == len);
    return reading;
}

static void read_file(const uint8_t *file, size_t len, size_t step)
{
    struct reading whole = read_in_steps(file, len, len + 1, true);
    struct reading stepwise = read_in_steps(file, len, step, false);
    INVARIANT(whole.frames == stepwise.frames && whole.hash == stepwise.hash);
    INVARIANT(whole.fault == stepwise.fault && whole.fault_at == stepwise.fault_at);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static const enum nib_link links[] = {NIB_LINK_NULL, NIB_LINK_ETHERNET, NIB_LINK_RAW,
        NIB_LINK_LOOP, NIB_LINK_SLL, NIB_LINK_IPV4, NIB_LINK_IPV6, NIB_LINK_SLL2, NIB_LINK_RAW_BSD,
        NIB_LINK_RAW_OPENBSD, NIB_LINK_UNKNOWN};
    struct fuzz_input in = {octets, len};
    unsigned what = fuzz_u8(&in);
    if (what == 0) {
        read_file(in.at, in.len, 1 + in.len % 61);
        return 0;
    }
    struct nib_pcap_frame frame = {.link = links[what % (sizeof links / sizeof links[0])]};
    frame.real_len = fuzz_u8(&in);
    frame.octets = in.at;
    frame.len = in.len;
    frame.real_len += in.len;
    check_frame(&frame);
    return 0;
}
