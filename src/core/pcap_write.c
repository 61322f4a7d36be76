#include "nibdns/pcap.h"

/* ---- checksums ---- */

uint32_t nib_sum_add(uint32_t sum, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)octets[i] << 8 : octets[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

uint16_t nib_sum_fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

uint32_t nib_sum_pseudo(
    const struct nib_addr *src, const struct nib_addr *dst, uint8_t protocol, uint32_t len)
{
    size_t n = dst->family == 6 ? 16 : 4;
    uint32_t sum = nib_sum_add(0, src->ip, n);
    sum = nib_sum_add(sum, dst->ip, n);
    return sum + (len >> 16) + (len & 0xffff) + protocol;
}

/* ---- packets and pcap records ---- */

static void put_u16(struct nib_writer *w, unsigned value)
{
    nib_writer_u8(w, (uint8_t)(value >> 8));
    nib_writer_u8(w, (uint8_t)value);
}

static void put_u32_little(struct nib_writer *w, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        nib_writer_u8(w, (uint8_t)(value >> (8 * i)));
}

void nib_pcap_header(uint8_t out[NIB_PCAP_FILE_HEADER])
{
    struct nib_writer w = nib_writer_init(out, NIB_PCAP_FILE_HEADER);
    put_u32_little(&w, 0xa1b2c3d4);
    put_u32_little(&w, 2 | 4 << 16); /* version 2.4 */
    put_u32_little(&w, 0);
    put_u32_little(&w, 0);
    put_u32_little(&w, 65535);
    put_u32_little(&w, NIB_LINK_RAW);
}

static void put_ipv4(
    struct nib_writer *w, const struct nib_addr *src, const struct nib_addr *dst, size_t udp_len)
{
    uint8_t header[20];
    struct nib_writer h = nib_writer_init(header, sizeof header);
    put_u16(&h, 0x4500); /* version 4, five words of header */
    put_u16(&h, (unsigned)(sizeof header + udp_len));
    nib_writer_u32(&h, 0x00004000); /* identification 0, do not fragment */
    put_u16(&h, 64 << 8 | 17);      /* hop limit, UDP */
    put_u16(&h, 0);
    nib_writer_octets(&h, src->ip, 4);
    nib_writer_octets(&h, dst->ip, 4);
    unsigned sum = nib_sum_fold(nib_sum_add(0, header, sizeof header));
    header[10] = (uint8_t)(sum >> 8);
    header[11] = (uint8_t)sum;
    nib_writer_octets(w, header, sizeof header);
}

static void put_ipv6(
    struct nib_writer *w, const struct nib_addr *src, const struct nib_addr *dst, size_t udp_len)
{
    nib_writer_u32(w, 0x60000000);
    put_u16(w, (unsigned)udp_len);
    put_u16(w, 17 << 8 | 64); /* UDP, hop limit */
    nib_writer_octets(w, src->ip, 16);
    nib_writer_octets(w, dst->ip, 16);
}

size_t nib_packet_write(uint8_t *out, size_t cap, const struct nib_addr *src,
    const struct nib_addr *dst, const uint8_t *payload, size_t len, size_t real_len)
{
    struct nib_writer w = nib_writer_init(out, cap);
    uint8_t header[8];
    struct nib_writer udp = nib_writer_init(header, sizeof header);
    size_t udp_len = sizeof header + real_len;
    if (udp_len > 65535 - 40 || len > real_len)
        return 0;
    put_u16(&udp, src->port);
    put_u16(&udp, dst->port);
    put_u16(&udp, (unsigned)udp_len);
    put_u16(&udp, 0);
    if (len == real_len) {
        uint32_t sum = nib_sum_pseudo(src, dst, 17, (uint32_t)udp_len);
        sum = nib_sum_add(sum, header, sizeof header);
        unsigned folded = nib_sum_fold(nib_sum_add(sum, payload, len));
        folded = folded == 0 ? 0xffff : folded; /* 0 would say that there is none */
        header[6] = (uint8_t)(folded >> 8);
        header[7] = (uint8_t)folded;
    }
    if (dst->family == 6)
        put_ipv6(&w, src, dst, udp_len);
    else
        put_ipv4(&w, src, dst, udp_len);
    nib_writer_octets(&w, header, sizeof header);
    nib_writer_octets(&w, payload, len);
    return nib_writer_done(&w);
}

size_t nib_pcap_record(uint8_t *out, size_t cap, int64_t time_us, const struct nib_addr *src,
    const struct nib_addr *dst, const uint8_t *payload, size_t len, size_t real_len)
{
    if (cap < NIB_PCAP_RECORD_HEADER)
        return 0;
    size_t n = nib_packet_write(out + NIB_PCAP_RECORD_HEADER, cap - NIB_PCAP_RECORD_HEADER, src,
        dst, payload, len, real_len);
    if (n == 0)
        return 0;
    struct nib_writer w = nib_writer_init(out, NIB_PCAP_RECORD_HEADER);
    put_u32_little(&w, (uint32_t)(time_us / 1000000));
    put_u32_little(&w, (uint32_t)(time_us % 1000000));
    put_u32_little(&w, (uint32_t)n);
    put_u32_little(&w, (uint32_t)(n + real_len - len));
    return NIB_PCAP_RECORD_HEADER + n;
}

/* ---- pcapng blocks ---- */

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_NAMES = 4, BLOCK_PACKET = 6 };
enum { OPTION_END = 0, OPTION_COMMENT = 1, OPTION_FLAGS = 2, OPTION_PROGRAM = 4 };

static void put_u16_little(struct nib_writer *w, unsigned value)
{
    nib_writer_u8(w, (uint8_t)value);
    nib_writer_u8(w, (uint8_t)(value >> 8));
}

static void pad(struct nib_writer *w)
{
    while (w->off % 4 != 0 && !w->full)
        nib_writer_u8(w, 0);
}

static void put_option(struct nib_writer *w, unsigned code, const void *octets, size_t len)
{
    put_u16_little(w, code);
    put_u16_little(w, (unsigned)len);
    nib_writer_octets(w, octets, len);
    pad(w);
}

/* A block begins with its type and a length that end_block() puts there. */
static struct nib_writer begin_block(uint8_t *out, size_t cap, uint32_t type)
{
    struct nib_writer w = nib_writer_init(out, cap);
    put_u32_little(&w, type);
    put_u32_little(&w, 0);
    return w;
}

static size_t end_block(struct nib_writer *w)
{
    uint32_t len = (uint32_t)w->off + 4;
    put_u32_little(w, len);
    if (w->full)
        return 0;
    struct nib_writer place = nib_writer_init(w->octets + 4, 4);
    put_u32_little(&place, len);
    return w->off;
}

size_t nib_pcapng_header(uint8_t *out, size_t cap, struct nib_text program)
{
    struct nib_writer w = begin_block(out, cap, BLOCK_SECTION);
    put_u32_little(&w, 0x1a2b3c4d); /* in the order of what follows */
    put_u32_little(&w, 1);          /* version 1.0 */
    put_u32_little(&w, 0xffffffff); /* the section is as long as it will be */
    put_u32_little(&w, 0xffffffff);
    put_option(&w, OPTION_PROGRAM, program.ptr, program.len);
    put_option(&w, OPTION_END, NULL, 0);
    size_t section = end_block(&w);
    if (section == 0)
        return 0;
    w = begin_block(out + section, cap - section, BLOCK_INTERFACE);
    put_u32_little(&w, NIB_LINK_RAW);
    put_u32_little(&w, 65535);
    size_t interface = end_block(&w);
    return interface == 0 ? 0 : section + interface;
}

size_t nib_pcapng_name(uint8_t *out, size_t cap, const struct nib_addr *addr, struct nib_text name)
{
    struct nib_writer w = begin_block(out, cap, BLOCK_NAMES);
    size_t len = addr->family == 6 ? 16 : 4;
    put_u16_little(&w, addr->family == 6 ? 2 : 1);
    put_u16_little(&w, (unsigned)(len + name.len + 1));
    nib_writer_octets(&w, addr->ip, len);
    nib_writer_text(&w, name);
    nib_writer_u8(&w, 0);
    pad(&w);
    put_u32_little(&w, 0); /* no more names */
    return end_block(&w);
}

size_t nib_pcapng_packet(uint8_t *out, size_t cap, int64_t time_us, enum nib_direction direction,
    struct nib_text comment, const struct nib_addr *src, const struct nib_addr *dst,
    const uint8_t *payload, size_t len, size_t real_len)
{
    enum { FIXED = 28 };
    uint8_t flags[4] = {(uint8_t)direction};
    if (cap < FIXED)
        return 0;
    size_t n = nib_packet_write(out + FIXED, cap - FIXED, src, dst, payload, len, real_len);
    if (n == 0)
        return 0;
    struct nib_writer w = begin_block(out, cap, BLOCK_PACKET);
    put_u32_little(&w, 0); /* the interface */
    put_u32_little(&w, (uint32_t)((uint64_t)time_us >> 32));
    put_u32_little(&w, (uint32_t)time_us);
    put_u32_little(&w, (uint32_t)n);
    put_u32_little(&w, (uint32_t)(n + real_len - len));
    w.off += n;
    pad(&w);
    if (comment.len > 0)
        put_option(&w, OPTION_COMMENT, comment.ptr, comment.len);
    if (direction != NIB_DIRECTION_UNKNOWN)
        put_option(&w, OPTION_FLAGS, flags, sizeof flags);
    if (comment.len > 0 || direction != NIB_DIRECTION_UNKNOWN)
        put_option(&w, OPTION_END, NULL, 0);
    return end_block(&w);
}
