#include "pcap_ng.h"

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_OLD_PACKET = 2,
    BLOCK_SIMPLE = 3,
    BLOCK_ENHANCED = 6,
};
enum { OPTION_END = 0, OPTION_COMMENT = 1, OPTION_RESOLUTION = 9, OPTION_OFFSET = 14 };
enum { BLOCK_HEADER = 8, BLOCK_TRAILER = 4 };

/* A part of a block, in the order of its section. */
struct part {
    const uint8_t *octets;
    size_t len;
    bool big_endian;
};

static uint32_t u32_in(const struct part *part, size_t off)
{
    return u32_of(part->octets + off, part->big_endian);
}

static struct part behind(const struct part *part, size_t off)
{
    return (struct part){part->octets + off, part->len - off, part->big_endian};
}

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

/* ---- options ---- */

struct option {
    unsigned code;
    struct part value;
};

/* False behind the last one, or where one is not whole. */
static bool next_option(struct part *rest, struct option *option)
{
    if (rest->len < 4)
        return false;
    size_t len = u16_of(rest->octets + 2, rest->big_endian);
    option->code = u16_of(rest->octets, rest->big_endian);
    if (option->code == OPTION_END || padded(len) > rest->len - 4)
        return false;
    option->value = (struct part){rest->octets + 4, len, rest->big_endian};
    *rest = behind(rest, 4 + padded(len));
    return true;
}

static void read_interface_option(struct nib_pcap_interface *interface, const struct option *option)
{
    if (option->code == OPTION_RESOLUTION && option->value.len == 1)
        interface->resolution = option->value.octets[0];
    if (option->code == OPTION_OFFSET && option->value.len == 8) {
        uint32_t first = u32_in(&option->value, 0), second = u32_in(&option->value, 4);
        uint32_t high = option->value.big_endian ? first : second;
        uint32_t low = option->value.big_endian ? second : first;
        interface->offset_s = (int64_t)((uint64_t)high << 32 | low);
    }
}

/* ---- times ---- */

static uint64_t power_of_10(unsigned n)
{
    uint64_t power = 1;
    while (n-- > 0)
        power *= 10;
    return power;
}

/* Whole seconds and nanoseconds of a count of 10^-n seconds. */
static void split_decimal(uint64_t count, unsigned n, uint64_t *seconds, uint64_t *ns)
{
    enum { DIGITS = 19 }; /* 10^19 is the largest power that fits */
    uint64_t unit = n <= DIGITS ? power_of_10(n) : 0;
    *seconds = unit == 0 ? 0 : count / unit;
    uint64_t fraction = unit == 0 ? count : count % unit;
    if (n <= 9)
        *ns = fraction * power_of_10(9 - n);
    else
        *ns = n - 9 <= DIGITS ? fraction / power_of_10(n - 9) : 0;
}

/* Of a count of 2^-n seconds; 34 bits of the fraction are more than a nanosecond needs. */
static void split_binary(uint64_t count, unsigned n, uint64_t *seconds, uint64_t *ns)
{
    enum { BITS = 34 };
    *seconds = n < 64 ? count >> n : 0;
    uint64_t fraction = n < 64 ? count & ((UINT64_C(1) << n) - 1) : count;
    if (n > BITS) {
        fraction = n - BITS < 64 ? fraction >> (n - BITS) : 0;
        n = BITS;
    }
    *ns = (fraction * 1000000000) >> n;
}

/* False where 64 bits of nanoseconds since 1970 do not reach. */
static bool time_of(const struct nib_pcap_interface *interface, uint64_t count, int64_t *time_ns)
{
    const int64_t most = INT64_MAX / 1000000000 - 1;
    uint64_t seconds, ns;
    unsigned n = interface->resolution & 0x7f;
    if ((interface->resolution & 0x80) != 0)
        split_binary(count, n, &seconds, &ns);
    else
        split_decimal(count, n, &seconds, &ns);
    if (seconds > (uint64_t)most || interface->offset_s > most || interface->offset_s < -most)
        return false;
    int64_t sum = (int64_t)seconds + interface->offset_s;
    if (sum > most || sum < -most)
        return false;
    *time_ns = sum * 1000000000 + (int64_t)ns;
    return true;
}

/* ---- blocks: each gets its body, as much of it as there is to see ---- */

static enum nib_pcap_step read_interface(struct nib_pcap_reader *reader, struct part body)
{
    if (body.len < 8)
        return pcap_fail(reader, NIB_PCAP_BLOCK_LENGTH, reader->off + 4);
    if (reader->n_interfaces == NIB_PCAP_INTERFACES_MAX)
        return pcap_fail(reader, NIB_PCAP_INTERFACES, reader->off);
    struct nib_pcap_interface *interface = &reader->interfaces[reader->n_interfaces++];
    struct part options = behind(&body, 8);
    struct option option;
    *interface = (struct nib_pcap_interface){
        .link = u16_of(body.octets, body.big_endian), .snaplen = u32_in(&body, 4), .resolution = 6};
    while (next_option(&options, &option))
        read_interface_option(interface, &option);
    return NIB_PCAP_MORE;
}

/* What the packet blocks have in common. */
struct packet {
    uint32_t interface, captured, real_len;
    bool timed;
    uint64_t time;
    struct part data; /* all that is behind the fields: octets of the frame, then options */
};

static enum nib_pcap_step show_packet(
    struct nib_pcap_reader *reader, const struct packet *packet, struct nib_pcap_frame *frame)
{
    size_t len = packet->captured;
    uint64_t at = reader->off;
    *frame = (struct nib_pcap_frame){.no = ++reader->frames,
        .at = at,
        .time_ns = reader->before_ns,
        .link = NIB_LINK_UNKNOWN,
        .octets = packet->data.octets};
    if (len > packet->data.len) {
        len = packet->data.len;
        pcap_odd(frame, NIB_PCAP_OVER_BLOCK, at);
    }
    if (len > NIB_PCAP_FRAME_MAX) {
        len = NIB_PCAP_FRAME_MAX;
        pcap_odd(frame, NIB_PCAP_TOO_LONG, at);
    }
    if (packet->captured > packet->real_len)
        pcap_odd(frame, NIB_PCAP_LENGTHS, at);
    frame->len = len;
    frame->real_len = packet->real_len > len ? packet->real_len : len;
    if (packet->interface >= reader->n_interfaces) {
        pcap_odd(frame, NIB_PCAP_INTERFACE, at);
        return NIB_PCAP_FRAME;
    }
    const struct nib_pcap_interface *interface = &reader->interfaces[packet->interface];
    frame->link = pcap_link(interface->link);
    if (frame->link == NIB_LINK_UNKNOWN)
        pcap_odd(frame, NIB_PCAP_LINK, at);
    if (packet->timed && !time_of(interface, packet->time, &frame->time_ns))
        pcap_odd(frame, NIB_PCAP_TIME, at);
    reader->before_ns = frame->time_ns;
    return NIB_PCAP_FRAME;
}

static void find_comment(const struct packet *packet, struct nib_pcap_frame *frame)
{
    struct option option;
    size_t len = padded(packet->captured);
    if (len > packet->data.len)
        return;
    struct part options = behind(&packet->data, len);
    while (next_option(&options, &option))
        if (option.code == OPTION_COMMENT && frame->comment.ptr == NULL)
            frame->comment = (struct nib_text){(const char *)option.value.octets, option.value.len};
}

static enum nib_pcap_step read_timed(struct nib_pcap_reader *reader, struct part body,
    uint32_t interface, struct nib_pcap_frame *frame)
{
    const struct packet packet = {.interface = interface,
        .timed = true,
        .time = (uint64_t)u32_in(&body, 4) << 32 | u32_in(&body, 8),
        .captured = u32_in(&body, 12),
        .real_len = u32_in(&body, 16),
        .data = behind(&body, 20)};
    enum nib_pcap_step step = show_packet(reader, &packet, frame);
    find_comment(&packet, frame);
    return step;
}

/* It says neither its interface, which is the first, nor its captured length. */
static enum nib_pcap_step read_simple(
    struct nib_pcap_reader *reader, struct part body, struct nib_pcap_frame *frame)
{
    uint32_t snaplen = reader->n_interfaces > 0 ? reader->interfaces[0].snaplen : 0;
    struct packet packet = {.real_len = u32_in(&body, 0), .data = behind(&body, 4)};
    packet.captured = packet.real_len;
    if (snaplen > 0 && packet.captured > snaplen)
        packet.captured = snaplen;
    return show_packet(reader, &packet, frame);
}

static enum nib_pcap_step read_body(
    struct nib_pcap_reader *reader, uint32_t type, struct part body, struct nib_pcap_frame *frame)
{
    bool timed = type == BLOCK_ENHANCED || type == BLOCK_OLD_PACKET;
    if ((timed && body.len < 20) || (type == BLOCK_SIMPLE && body.len < 4))
        return pcap_fail(reader, NIB_PCAP_BLOCK_LENGTH, reader->off + 4);
    switch (type) {
    case BLOCK_SECTION:
        if (u16_of(body.octets + 4, body.big_endian) != 1)
            return pcap_fail(reader, NIB_PCAP_VERSION, reader->off + 12);
        reader->n_interfaces = 0;
        return NIB_PCAP_MORE;
    case BLOCK_INTERFACE:
        return read_interface(reader, body);
    case BLOCK_ENHANCED:
        return read_timed(reader, body, u32_in(&body, 0), frame);
    case BLOCK_OLD_PACKET:
        return read_timed(reader, body, u16_of(body.octets, body.big_endian), frame);
    case BLOCK_SIMPLE:
        return read_simple(reader, body, frame);
    default:
        return NIB_PCAP_MORE;
    }
}

/* ---- what stands around them ---- */

/* Octets of a block, its header with them, that have to be seen at once; the rest is passed over.
 */
static size_t seen_of(uint32_t type, uint32_t total)
{
    size_t most = BLOCK_HEADER;
    switch (type) {
    case BLOCK_SECTION:
        most = 16;
        break;
    case BLOCK_INTERFACE:
    case BLOCK_OLD_PACKET:
    case BLOCK_SIMPLE:
    case BLOCK_ENHANCED:
        most = NIB_PCAP_WINDOW;
        break;
    default:
        break;
    }
    return total - BLOCK_TRAILER < most ? total - BLOCK_TRAILER : most;
}

/* Behind what was seen of a block. */
static enum nib_pcap_step leave_block(
    struct nib_pcap_reader *reader, const uint8_t *octets, size_t len, bool last, size_t *taken)
{
    if (len == 0 || (reader->skip == 0 && len < BLOCK_TRAILER))
        return last ? pcap_fail(reader, NIB_PCAP_CUT_BLOCK, reader->off + len) : NIB_PCAP_MORE;
    if (reader->skip > 0) {
        *taken = reader->skip < len ? (size_t)reader->skip : len;
        reader->skip -= *taken;
        return NIB_PCAP_MORE;
    }
    if (u32_of(octets, reader->big_endian) != reader->trailer)
        return pcap_fail(reader, NIB_PCAP_BLOCK_END, reader->off);
    reader->trailer = 0;
    *taken = BLOCK_TRAILER;
    return NIB_PCAP_MORE;
}

static bool read_order(struct nib_pcap_reader *reader, const uint8_t *magic)
{
    reader->big_endian = u32_of(magic, true) == 0x1a2b3c4d;
    return reader->big_endian || u32_of(magic, false) == 0x1a2b3c4d;
}

enum nib_pcap_step pcap_ng_step(struct nib_pcap_reader *reader, const uint8_t *octets, size_t len,
    bool last, size_t *taken, struct nib_pcap_frame *frame)
{
    if (reader->trailer != 0)
        return leave_block(reader, octets, len, last, taken);
    if (len == 0 && last)
        return NIB_PCAP_END;
    if (len < BLOCK_HEADER + BLOCK_TRAILER)
        return last ? pcap_fail(reader, NIB_PCAP_CUT_BLOCK, reader->off + len) : NIB_PCAP_MORE;
    uint32_t type = u32_of(octets, reader->big_endian);
    if (type == BLOCK_SECTION && !read_order(reader, octets + BLOCK_HEADER))
        return pcap_fail(reader, NIB_PCAP_ORDER, reader->off + BLOCK_HEADER);
    uint32_t total = u32_of(octets + 4, reader->big_endian);
    if (total % 4 != 0 || total < (type == BLOCK_SECTION ? 28 : BLOCK_HEADER + BLOCK_TRAILER))
        return pcap_fail(reader, NIB_PCAP_BLOCK_LENGTH, reader->off + 4);
    size_t seen = seen_of(type, total);
    if (len < seen)
        return last ? pcap_fail(reader, NIB_PCAP_CUT_BLOCK, reader->off + len) : NIB_PCAP_MORE;
    const struct part body = {octets + BLOCK_HEADER, seen - BLOCK_HEADER, reader->big_endian};
    enum nib_pcap_step step = read_body(reader, type, body, frame);
    if (step != NIB_PCAP_FAULT) {
        *taken = seen;
        reader->skip = total - BLOCK_TRAILER - seen;
        reader->trailer = total;
    }
    return step;
}
