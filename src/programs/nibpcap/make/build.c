#include "nibpcap/base/memory.h"

#include "nibpcap/make/make.h"

/* Packets from outside in: record header, link header, tags, IP, extension headers, UDP or ICMP. */

static void put_u16(struct nib_writer *w, unsigned value)
{
    nib_writer_u8(w, (uint8_t)(value >> 8));
    nib_writer_u8(w, (uint8_t)value);
}

static void put_file_u32(struct nib_writer *w, const struct make_file *file, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        nib_writer_u8(w, (uint8_t)(value >> (file->big_endian ? 24 - 8 * i : 8 * i)));
}

static void append(struct make_file *file, const uint8_t *octets, size_t len)
{
    if (len > file->cap - file->len) {
        file->cap = 2 * file->cap + len;
        file->octets = memory_resize(file->octets, file->cap);
    }
    memcpy(file->octets + file->len, octets, len);
    file->len += len;
}

/* A pcapng section and its interface, which says its unit. */
static void begin_section(struct make_file *file)
{
    uint8_t blocks[64];
    struct nib_writer w = nib_writer_init(blocks, sizeof blocks);
    put_file_u32(&w, file, 0x0a0d0d0a);
    put_file_u32(&w, file, 28);
    put_file_u32(&w, file, 0x1a2b3c4d);
    put_file_u32(&w, file, file->big_endian ? 1 << 16 : 1); /* version 1.0 */
    put_file_u32(&w, file, UINT32_MAX);                     /* no length is told */
    put_file_u32(&w, file, UINT32_MAX);
    put_file_u32(&w, file, 28);
    put_file_u32(&w, file, 1);
    put_file_u32(&w, file, 32);
    put_file_u32(&w, file, (uint32_t)file->link << (file->big_endian ? 16 : 0));
    put_file_u32(&w, file, file->snaplen);
    put_file_u32(&w, file, file->big_endian ? 9 << 16 | 1 : 1 << 16 | 9); /* if_tsresol */
    nib_writer_u8(&w, file->nanos ? 9 : 6);
    nib_writer_octets(&w, "\0\0\0\0\0\0\0", 7); /* padding, end of options */
    put_file_u32(&w, file, 32);
    append(file, blocks, w.off);
}

static void begin_file(struct make_file *file)
{
    uint8_t header[NIB_PCAP_FILE_HEADER];
    struct nib_writer w = nib_writer_init(header, sizeof header);
    put_file_u32(&w, file, file->nanos ? 0xa1b23c4d : 0xa1b2c3d4);
    put_file_u32(&w, file, file->big_endian ? 2 << 16 | 4 : 4 << 16 | 2);
    put_file_u32(&w, file, 0);
    put_file_u32(&w, file, 0);
    put_file_u32(&w, file, file->snaplen);
    put_file_u32(&w, file, (uint32_t)file->link);
    append(file, header, sizeof header);
}

void make_begin(struct make_file *file)
{
    (file->ng ? begin_section : begin_file)(file);
}

/* A frame of which the first `len` octets were captured. */
static void append_record(
    struct make_file *file, int64_t time_ns, const uint8_t *frame, size_t len, size_t real_len)
{
    uint8_t header[28], end[8] = {0};
    size_t padding = file->ng ? (4 - len % 4) % 4 : 0;
    uint64_t unit = file->nanos ? 1 : 1000, units = (uint64_t)time_ns / unit;
    uint32_t total = (uint32_t)(32 + len + padding);
    struct nib_writer w = nib_writer_init(header, sizeof header);
    if (file->ng) {
        put_file_u32(&w, file, 6);
        put_file_u32(&w, file, total);
        put_file_u32(&w, file, 0);
        put_file_u32(&w, file, (uint32_t)(units >> 32));
        put_file_u32(&w, file, (uint32_t)units);
    } else {
        put_file_u32(&w, file, (uint32_t)(time_ns / 1000000000));
        put_file_u32(&w, file, (uint32_t)((uint64_t)(time_ns % 1000000000) / unit));
    }
    put_file_u32(&w, file, (uint32_t)len);
    put_file_u32(&w, file, (uint32_t)real_len);
    append(file, header, w.off);
    append(file, frame, len);
    w = nib_writer_init(end + padding, 4);
    put_file_u32(&w, file, total);
    append(file, end, file->ng ? padding + 4 : 0);
}

/* ---- the link layer ---- */

static void put_mac(struct nib_writer *w, const struct nib_addr *addr)
{
    put_u16(w, 0x0200);
    nib_writer_octets(w, addr->family == 6 ? addr->ip + 12 : addr->ip, 4);
}

static void put_tags(struct nib_writer *w, const struct make_packet *p, unsigned type)
{
    for (int i = 0; i < p->vlans; i++) {
        put_u16(w, p->vlan[i]);
        put_u16(w, i + 1 < p->vlans ? 0x8100 : type);
    }
}

static void put_link(
    struct nib_writer *w, const struct make_file *file, const struct make_packet *p)
{
    bool six = p->dst.family == 6;
    unsigned type = six ? 0x86dd : 0x0800;
    unsigned outer = p->vlans == 0 ? type : p->vlans == 1 ? 0x8100 : 0x88a8;
    switch (file->link) {
    case NIB_LINK_NULL:
        put_file_u32(w, file, six ? 30 : 2);
        break;
    case NIB_LINK_LOOP:
        nib_writer_u32(w, six ? 30 : 2);
        break;
    case NIB_LINK_ETHERNET:
        put_mac(w, &p->dst);
        put_mac(w, &p->src);
        put_u16(w, outer);
        put_tags(w, p, type);
        break;
    case NIB_LINK_SLL:
        nib_writer_u32(w, 0x00000001); /* to us, Ethernet */
        put_u16(w, 6);
        put_mac(w, &p->src);
        put_u16(w, 0);
        put_u16(w, outer);
        put_tags(w, p, type);
        break;
    case NIB_LINK_SLL2:
        put_u16(w, outer);
        put_u16(w, 0);
        nib_writer_u32(w, 1);          /* interface */
        nib_writer_u32(w, 0x00010006); /* Ethernet, to us, an address of 6 octets */
        put_mac(w, &p->src);
        put_u16(w, 0);
        put_tags(w, p, type);
        break;
    case NIB_LINK_RAW:
    case NIB_LINK_RAW_BSD:
    case NIB_LINK_RAW_OPENBSD:
    case NIB_LINK_IPV4:
    case NIB_LINK_IPV6:
    case NIB_LINK_UNKNOWN:
        break;
    }
}

/* ---- IP ---- */

/* Which piece of a datagram a packet carries. */
struct piece {
    uint8_t protocol;
    bool fragment, more;
    uint16_t id;
    size_t at, len;
};

static void put_ipv4(struct nib_writer *w, const struct make_packet *p, const struct piece *piece)
{
    uint8_t header[20];
    struct nib_writer h = nib_writer_init(header, sizeof header);
    put_u16(&h, 0x4500);
    put_u16(&h, (unsigned)(sizeof header + piece->len));
    put_u16(&h, piece->id);
    put_u16(&h, piece->fragment ? (piece->more ? 0x2000u : 0) | (unsigned)piece->at / 8 : 0x4000);
    put_u16(&h, 64u << 8 | piece->protocol);
    put_u16(&h, 0);
    nib_writer_octets(&h, p->src.ip, 4);
    nib_writer_octets(&h, p->dst.ip, 4);
    unsigned sum = nib_sum_fold(nib_sum_add(0, header, sizeof header)) ^ (p->bad_ip_sum ? 1u : 0);
    header[10] = (uint8_t)(sum >> 8);
    header[11] = (uint8_t)sum;
    nib_writer_octets(w, header, sizeof header);
}

static void put_ipv6(struct nib_writer *w, const struct make_packet *p, const struct piece *piece)
{
    enum { DESTINATION_OPTIONS = 60, FRAGMENT = 44 };
    uint8_t behind = piece->fragment ? FRAGMENT : piece->protocol;
    nib_writer_u32(w, 0x60000000);
    put_u16(w, (unsigned)(piece->len + (size_t)8 * p->extensions + (piece->fragment ? 8u : 0)));
    nib_writer_u8(w, p->extensions > 0 ? DESTINATION_OPTIONS : behind);
    nib_writer_u8(w, 64);
    nib_writer_octets(w, p->src.ip, 16);
    nib_writer_octets(w, p->dst.ip, 16);
    for (int i = 0; i < p->extensions; i++) {
        nib_writer_u8(w, i + 1 < p->extensions ? DESTINATION_OPTIONS : behind);
        nib_writer_u8(w, 0);
        nib_writer_u32(w, 0x01040000); /* padding, as long as it takes */
        put_u16(w, 0);
    }
    if (piece->fragment) {
        nib_writer_u8(w, piece->protocol);
        nib_writer_u8(w, 0);
        put_u16(w, (unsigned)piece->at | (piece->more ? 1u : 0));
        nib_writer_u32(w, piece->id);
    }
}

/* One frame: body[at..at+len) in IP in the link layer in a record. Returns the IP packet's place.
 */
static bool add_frame(struct make_file *file, const struct make_packet *p, const uint8_t *body,
    const struct piece *piece)
{
    static uint8_t frame[MAKE_OCTETS_MAX + 1024];
    struct nib_writer w = nib_writer_init(frame, sizeof frame);
    size_t link_len = 0;
    if (!p->raw) {
        put_link(&w, file, p);
        link_len = w.off;
        (p->dst.family == 6 ? put_ipv6 : put_ipv4)(&w, p, piece);
    }
    nib_writer_octets(&w, body + piece->at, piece->len);
    size_t len = p->cut > 0 && p->cut < w.off ? p->cut : w.off;
    len = len > file->snaplen ? file->snaplen : len;
    append_record(file, p->time_ns, frame, len, w.off);
    file->kept = memory_resize(file->kept, (file->frames + 1) * sizeof *file->kept);
    file->kept[file->frames++] = (struct make_kept){memory_resize(NULL, w.off + 1),
        w.off - link_len, p->raw || p->unreachable || piece->fragment ? 0 : p->len};
    memcpy(file->kept[file->frames - 1].octets, frame + link_len, w.off - link_len);
    return !w.full;
}

/* ---- what IP carries ---- */

static void set_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* UDP header and payload, as the writer of captures makes them, then spoilt as told. */
static size_t build_udp(const struct make_packet *p, uint8_t *body, size_t cap)
{
    uint8_t packet[MAKE_OCTETS_MAX + 64];
    size_t ip_len = p->dst.family == 6 ? 40 : 20;
    size_t n = nib_packet_write(packet, sizeof packet, &p->src, &p->dst, p->octets, p->len, p->len);
    if (n == 0 || n - ip_len > cap)
        return 0;
    memcpy(body, packet + ip_len, n - ip_len);
    if (p->udp_length > 0)
        set_u16(body + 4, p->udp_length);
    if (p->udp_sum == MAKE_SUM_NONE)
        set_u16(body + 6, 0);
    if (p->udp_sum == MAKE_SUM_BAD)
        body[7] ^= 1;
    if (p->udp_sum == MAKE_SUM_PARTIAL)
        set_u16(body + 6, 0xffffu & ~(unsigned)nib_sum_fold(nib_sum_pseudo(
                                        &p->src, &p->dst, 17, (uint32_t)(n - ip_len))));
    return n - ip_len;
}

static size_t build_icmp(const struct make_packet *p, uint8_t *body, uint8_t protocol)
{
    size_t len = p->len < 548 ? p->len : 548; /* as much as RFC 1812 lets an error quote */
    memset(body, 0, 8);
    body[0] = p->icmp_type;
    body[1] = p->icmp_code;
    memcpy(body + 8, p->octets, len);
    uint32_t sum =
        protocol == 1 ? 0 : nib_sum_pseudo(&p->src, &p->dst, protocol, (uint32_t)(8 + len));
    set_u16(body + 2, nib_sum_fold(nib_sum_add(sum, body, 8 + len)));
    return 8 + len;
}

bool make_add(struct make_file *file, const struct make_packet *p)
{
    static uint8_t body[MAKE_OCTETS_MAX + 64];
    struct piece piece = {.protocol = 17};
    size_t len;
    if (p->raw) {
        len = p->len;
        memcpy(body, p->octets, len);
    } else if (p->unreachable) {
        piece.protocol = p->dst.family == 6 ? 58 : 1;
        len = build_icmp(p, body, piece.protocol);
    } else {
        len = build_udp(p, body, sizeof body);
        if (len == 0)
            return false;
    }
    size_t step = p->fragments > 0 ? p->fragments : len;
    piece.fragment = p->fragments > 0;
    piece.id = piece.fragment ? (uint16_t)(file->frames + 1) : 0;
    do {
        piece.len = len - piece.at < step ? len - piece.at : step;
        piece.more = piece.at + piece.len < len;
        if (!add_frame(file, p, body, &piece))
            return false;
        piece.at += piece.len;
    } while (piece.at < len);
    return true;
}

void make_free(struct make_file *file)
{
    for (size_t i = 0; i < file->frames; i++)
        memory_free(file->kept[i].octets);
    memory_free(file->kept);
    memory_free(file->octets);
}
