#include "pcap_ng.h"

enum { MAGIC_MAX = 4 };

/* How a file begins: its kind, or what it is instead. */
static const struct start {
    uint8_t len, magic[MAGIC_MAX];
    bool ng, big_endian;
    uint8_t resolution;
    enum nib_pcap_fault fault;
} starts[] = {
    {4, {0xd4, 0xc3, 0xb2, 0xa1}, false, false, 6, NIB_PCAP_FINE},
    {4, {0xa1, 0xb2, 0xc3, 0xd4}, false, true, 6, NIB_PCAP_FINE},
    {4, {0x4d, 0x3c, 0xb2, 0xa1}, false, false, 9, NIB_PCAP_FINE},
    {4, {0xa1, 0xb2, 0x3c, 0x4d}, false, true, 9, NIB_PCAP_FINE},
    {4, {0x0a, 0x0d, 0x0d, 0x0a}, true, false, 0, NIB_PCAP_FINE},
    {2, {0x1f, 0x8b}, false, false, 0, NIB_PCAP_GZIP},
    {4, {0xfd, 0x37, 0x7a, 0x58}, false, false, 0, NIB_PCAP_XZ},
    {4, {0x28, 0xb5, 0x2f, 0xfd}, false, false, 0, NIB_PCAP_ZSTD},
    {3, {0x42, 0x5a, 0x68}, false, false, 0, NIB_PCAP_BZIP2},
    {4, {0x04, 0x22, 0x4d, 0x18}, false, false, 0, NIB_PCAP_LZ4},
};

static const struct start *start_of(const uint8_t *octets)
{
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (memcmp(octets, starts[i].magic, starts[i].len) == 0)
            return &starts[i];
    return NULL;
}

/* The first four octets tell the most, so they are looked at before the rest is there. */
static enum nib_pcap_step read_start(
    struct nib_pcap_reader *reader, const uint8_t *octets, size_t len, bool last, size_t *taken)
{
    const struct start *start = len < MAGIC_MAX ? NULL : start_of(octets);
    if (len >= MAGIC_MAX && start == NULL)
        return pcap_fail(reader, NIB_PCAP_NO_PCAP, 0);
    if (start != NULL && start->fault != NIB_PCAP_FINE)
        return pcap_fail(reader, start->fault, 0);
    if (start != NULL && start->ng) {
        reader->ng = reader->started = true;
        return NIB_PCAP_MORE;
    }
    if (len < NIB_PCAP_FILE_HEADER)
        return last ? pcap_fail(reader, NIB_PCAP_CUT_FILE, len) : NIB_PCAP_MORE;
    reader->big_endian = start->big_endian;
    if (u16_of(octets + 4, reader->big_endian) != 2)
        return pcap_fail(reader, NIB_PCAP_VERSION, 4);
    reader->interfaces[0] = (struct nib_pcap_interface){
        .link = u32_of(octets + 20, reader->big_endian) & 0x03ffffff, /* above: FCS length */
        .snaplen = u32_of(octets + 16, reader->big_endian),
        .resolution = start->resolution};
    if (pcap_link(reader->interfaces[0].link) == NIB_LINK_UNKNOWN)
        return pcap_fail(reader, NIB_PCAP_LINK, 20);
    reader->n_interfaces = 1;
    reader->started = true;
    *taken = NIB_PCAP_FILE_HEADER;
    return NIB_PCAP_MORE;
}

static enum nib_pcap_step read_record(struct nib_pcap_reader *reader, const uint8_t *octets,
    size_t len, bool last, size_t *taken, struct nib_pcap_frame *frame)
{
    if (len < NIB_PCAP_RECORD_HEADER) {
        if (!last)
            return NIB_PCAP_MORE;
        return len == 0 ? NIB_PCAP_END : pcap_fail(reader, NIB_PCAP_CUT_RECORD, reader->off + len);
    }
    bool nanos = reader->interfaces[0].resolution == 9;
    uint32_t seconds = u32_of(octets, reader->big_endian);
    uint32_t fraction = u32_of(octets + 4, reader->big_endian);
    uint32_t captured = u32_of(octets + 8, reader->big_endian);
    uint32_t real_len = u32_of(octets + 12, reader->big_endian);
    if (captured > NIB_PCAP_FRAME_MAX)
        return pcap_fail(reader, NIB_PCAP_TOO_LONG, reader->off + 8);
    if (captured > len - NIB_PCAP_RECORD_HEADER)
        return last ? pcap_fail(reader, NIB_PCAP_CUT_FRAME, reader->off + len) : NIB_PCAP_MORE;
    *frame = (struct nib_pcap_frame){.no = ++reader->frames,
        .at = reader->off,
        .time_ns = (int64_t)seconds * 1000000000 + (int64_t)fraction * (nanos ? 1 : 1000),
        .link = (enum nib_link)reader->interfaces[0].link,
        .octets = octets + NIB_PCAP_RECORD_HEADER,
        .len = captured,
        .real_len = real_len > captured ? real_len : captured};
    if (fraction >= (nanos ? 1000000000u : 1000000u))
        pcap_odd(frame, NIB_PCAP_FRACTION, reader->off + 4);
    if (captured > real_len)
        pcap_odd(frame, NIB_PCAP_LENGTHS, reader->off + 8);
    *taken = NIB_PCAP_RECORD_HEADER + captured;
    return NIB_PCAP_FRAME;
}

enum nib_pcap_step nib_pcap_next(struct nib_pcap_reader *reader, const uint8_t *octets, size_t len,
    bool last, size_t *used, struct nib_pcap_frame *frame)
{
    *used = 0;
    for (;;) {
        size_t taken = 0;
        bool was_started = reader->started;
        enum nib_pcap_step step = NIB_PCAP_FAULT;
        if (reader->fault == NIB_PCAP_FINE && !reader->started)
            step = read_start(reader, octets, len, last, &taken);
        else if (reader->fault == NIB_PCAP_FINE && reader->ng)
            step = pcap_ng_step(reader, octets + *used, len - *used, last, &taken, frame);
        else if (reader->fault == NIB_PCAP_FINE)
            step = read_record(reader, octets + *used, len - *used, last, &taken, frame);
        reader->off += taken;
        *used += taken;
        if (step != NIB_PCAP_MORE || (taken == 0 && reader->started == was_started))
            return step;
    }
}

static const struct {
    const char *words, *unpack;
} faults[] = {[NIB_PCAP_FINE] = {"", ""},
#define X(symbol, words, unpack) [symbol] = {words, unpack},
    NIB_PCAP_FAULTS(X)
#undef X
};

const char *nib_pcap_fault_words(enum nib_pcap_fault fault)
{
    return (unsigned)fault < NIB_PCAP_FAULT_COUNT ? faults[fault].words : "";
}

const char *nib_pcap_fault_unpack(enum nib_pcap_fault fault)
{
    return (unsigned)fault < NIB_PCAP_FAULT_COUNT ? faults[fault].unpack : "";
}
