#include "nibdns/pcap.h"

#define MAGIC_MICRO 0xa1b2c3d4u
#define MAGIC_NANO 0xa1b23c4du
#define MAGIC_PCAPNG 0x0a0d0d0au

static uint32_t u32_at(const uint8_t *p, bool big_endian)
{
    if (big_endian)
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static enum nib_pcap_step fail(
    struct nib_pcap_reader *reader, enum nib_pcap_fault fault, uint64_t at)
{
    reader->fault = fault;
    reader->fault_at = at;
    return NIB_PCAP_FAULT;
}

static bool is_link(uint32_t number)
{
    switch (number) {
#define X(symbol, code, name) case code:
        NIB_LINKS(X)
#undef X
        return true;
    default:
        return false;
    }
}

static bool read_magic(struct nib_pcap_reader *reader, const uint8_t *octets)
{
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        uint32_t magic = u32_at(octets, big_endian != 0);
        if (magic == MAGIC_MICRO || magic == MAGIC_NANO) {
            reader->big_endian = big_endian != 0;
            reader->nanos = magic == MAGIC_NANO;
            return true;
        }
    }
    return false;
}

/* The header's first four octets tell the most, so they are looked at before the rest is there. */
static enum nib_pcap_step read_file_header(
    struct nib_pcap_reader *reader, const uint8_t *octets, size_t len, bool last)
{
    if (len >= 4 && u32_at(octets, true) == MAGIC_PCAPNG)
        return fail(reader, NIB_PCAP_PCAPNG, 0);
    if (len >= 4 && !read_magic(reader, octets))
        return fail(reader, NIB_PCAP_NO_PCAP, 0);
    if (len < NIB_PCAP_FILE_HEADER)
        return last ? fail(reader, NIB_PCAP_CUT_FILE, len) : NIB_PCAP_MORE;
    uint32_t version = u32_at(octets + 4, reader->big_endian);
    if ((reader->big_endian ? version >> 16 : version & 0xffff) != 2)
        return fail(reader, NIB_PCAP_VERSION, 4);
    reader->snaplen = u32_at(octets + 16, reader->big_endian);
    reader->link = u32_at(octets + 20, reader->big_endian) & 0x03ffffff; /* above: FCS length */
    if (!is_link(reader->link))
        return fail(reader, NIB_PCAP_LINK, 20);
    reader->started = true;
    reader->off = NIB_PCAP_FILE_HEADER;
    return NIB_PCAP_MORE;
}

static enum nib_pcap_step read_record(struct nib_pcap_reader *reader, const uint8_t *octets,
    size_t len, bool last, struct nib_pcap_frame *frame)
{
    if (len < NIB_PCAP_RECORD_HEADER) {
        if (!last)
            return NIB_PCAP_MORE;
        return len == 0 ? NIB_PCAP_END : fail(reader, NIB_PCAP_CUT_RECORD, reader->off + len);
    }
    uint32_t seconds = u32_at(octets, reader->big_endian);
    uint32_t fraction = u32_at(octets + 4, reader->big_endian);
    uint32_t captured = u32_at(octets + 8, reader->big_endian);
    uint32_t real_len = u32_at(octets + 12, reader->big_endian);
    if (fraction >= (reader->nanos ? 1000000000u : 1000000u))
        return fail(reader, NIB_PCAP_FRACTION, reader->off + 4);
    if (captured > NIB_PCAP_FRAME_MAX)
        return fail(reader, NIB_PCAP_TOO_LONG, reader->off + 8);
    if (captured > real_len)
        return fail(reader, NIB_PCAP_LENGTHS, reader->off + 8);
    if (captured > len - NIB_PCAP_RECORD_HEADER)
        return last ? fail(reader, NIB_PCAP_CUT_FRAME, reader->off + len) : NIB_PCAP_MORE;
    *frame = (struct nib_pcap_frame){.no = ++reader->frames,
        .at = reader->off,
        .time_ns = (int64_t)seconds * 1000000000 + (int64_t)fraction * (reader->nanos ? 1 : 1000),
        .link = (enum nib_link)reader->link,
        .octets = octets + NIB_PCAP_RECORD_HEADER,
        .len = captured,
        .real_len = real_len};
    return NIB_PCAP_FRAME;
}

enum nib_pcap_step nib_pcap_next(struct nib_pcap_reader *reader, const uint8_t *octets, size_t len,
    bool last, size_t *used, struct nib_pcap_frame *frame)
{
    *used = 0;
    if (reader->fault != NIB_PCAP_FINE)
        return NIB_PCAP_FAULT;
    if (!reader->started) {
        enum nib_pcap_step step = read_file_header(reader, octets, len, last);
        if (!reader->started)
            return step;
        *used = NIB_PCAP_FILE_HEADER;
    }
    enum nib_pcap_step step = read_record(reader, octets + *used, len - *used, last, frame);
    if (step == NIB_PCAP_FRAME) {
        reader->off += NIB_PCAP_RECORD_HEADER + frame->len;
        *used += NIB_PCAP_RECORD_HEADER + frame->len;
    }
    return step;
}

const char *nib_pcap_fault_words(enum nib_pcap_fault fault)
{
    static const char *const words[] = {"",
#define X(symbol, text) text,
        NIB_PCAP_FAULTS(X)
#undef X
    };
    return (unsigned)fault < NIB_PCAP_FAULT_COUNT ? words[fault] : "";
}

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

/* ---- writing ---- */

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
    put_u32_little(&w, MAGIC_MICRO);
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
