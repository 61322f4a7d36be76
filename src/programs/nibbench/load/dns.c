#include "nibbench/load/dns.h"

#include "nibdns/addr.h"
#include "nibdns/cursor.h"
#include "nibdns/message.h"

/*
 * RFC 1035 as far as the generator needs it: a query for one name, and the first answer record.
 *
 *     | ID 16 | flags 16 | questions 16 | answers 16 | authority 16 | additional 16 |
 *     question: name, type 16, class 16
 *     record:   name, type 16, class 16, TTL 32, length 16, data
 */
enum { AT_FLAGS = 2, HEADER = 12, CLASS_IN = 1, POINTER = 0xc0, HOPS = 16 };
enum { FLAG_QR = 0x8000, FLAG_TC = 0x0200, FLAG_RD = 0x0100, OPCODE = 0x7800, RCODE = 0x000f };
enum { RCODE_NXDOMAIN = 3, RCODE_SERVFAIL = 2, RCODE_REFUSED = 5 };

static uint16_t dns_type(enum nib_type type)
{
    switch (type) {
    case NIB_A:
        return 1;
    case NIB_NS:
        return 2;
    case NIB_CNAME:
        return 5;
    case NIB_AAAA:
        return 28;
    }
    return 0;
}

static void write_u16(struct nib_writer *w, unsigned value)
{
    nib_writer_u8(w, (uint8_t)(value >> 8));
    nib_writer_u8(w, (uint8_t)value);
}

static unsigned read_u16(struct nib_reader *r)
{
    unsigned high = nib_reader_u8(r);
    return high << 8 | nib_reader_u8(r);
}

static void write_name(struct nib_writer *w, struct nib_text name)
{
    while (name.len > 0) {
        const char *dot = memchr(name.ptr, '.', name.len);
        size_t n = dot == NULL ? name.len : (size_t)(dot - name.ptr);
        nib_writer_u8(w, (uint8_t)n);
        nib_writer_octets(w, name.ptr, n);
        n += dot == NULL ? 0 : 1;
        name = (struct nib_text){name.ptr + n, name.len - n};
    }
    nib_writer_u8(w, 0);
}

size_t bench_dns_query(struct nib_text name, enum nib_type type, uint8_t *out, size_t cap)
{
    struct nib_writer w = nib_writer_init(out, cap);
    write_u16(&w, 0);
    write_u16(&w, FLAG_RD);
    write_u16(&w, 1);
    for (int i = 0; i < 3; i++)
        write_u16(&w, 0);
    write_name(&w, name);
    write_u16(&w, dns_type(type));
    write_u16(&w, CLASS_IN);
    return nib_writer_done(&w);
}

/* A miss is expected as one octet, which no record's data is as short as. */
size_t bench_dns_rdata(enum nib_type type, struct nib_text result, uint8_t out[256])
{
    struct nib_writer w = nib_writer_init(out, 256);
    if (result.len == 0)
        return 0;
    if (nib_result_outcome(result) != NIB_FOUND) {
        out[0] = 0;
        return 1;
    }
    switch (type) {
    case NIB_A:
        return nib_ipv4_parse(result, out) ? 4 : 0;
    case NIB_AAAA:
        return nib_ipv6_parse(result, out) ? 16 : 0;
    case NIB_CNAME:
    case NIB_NS:
        break;
    }
    write_name(&w, result);
    return nib_writer_done(&w);
}

/* A name at the reader, its pointers followed, as octets without any; w may be full: then false. */
static bool read_name(struct nib_reader *r, struct nib_writer *w)
{
    struct nib_reader there = *r, *at = r;
    for (int hops = 0; hops < HOPS && at->err == NIB_OK;) {
        unsigned n = nib_reader_u8(at);
        if (n >= POINTER) {
            size_t target = (n & 0x3f) << 8 | nib_reader_u8(at);
            if (at->err != NIB_OK || target >= r->len)
                return false;
            there.off = target;
            at = &there;
            hops++;
            continue;
        }
        const uint8_t *label = nib_reader_take(at, n);
        nib_writer_u8(w, (uint8_t)n);
        if (label != NULL)
            nib_writer_octets(w, label, n);
        if (n == 0)
            return at->err == NIB_OK && !w->full;
    }
    return false;
}

/* The first record of the answer: its owner, type, and data against what is expected. */
static enum bench_verdict check_record(
    struct nib_text query, enum nib_type asked_type, struct nib_text expected, struct nib_reader *r)
{
    uint8_t owner[256], data[256];
    struct nib_writer w = nib_writer_init(owner, sizeof owner);
    struct nib_writer d = nib_writer_init(data, sizeof data);
    const char *asked = query.ptr + HEADER;
    if (!read_name(r, &w))
        return BENCH_MALFORMED;
    unsigned type = read_u16(r), class = read_u16(r);
    (void)nib_reader_u32(r);
    size_t len = read_u16(r);
    if (r->err != NIB_OK || len > r->len - r->off)
        return BENCH_MALFORMED;
    if (w.off != query.len - HEADER - 4 || memcmp(owner, asked, w.off) != 0 || class != CLASS_IN ||
        (type != dns_type(asked_type) && type != dns_type(NIB_CNAME)))
        return BENCH_QUERY;
    if (expected.len == 0)
        return BENCH_FOUND;
    if (type == dns_type(NIB_CNAME) || type == dns_type(NIB_NS)) {
        if (!read_name(r, &d))
            return BENCH_MALFORMED;
    } else {
        nib_writer_octets(&d, r->octets + r->off, len);
    }
    return nib_text_same(expected, (struct nib_text){(const char *)data, d.off}) ? BENCH_FOUND
                                                                                 : BENCH_RESULT;
}

enum bench_verdict bench_dns_check(struct nib_text query, enum nib_type type, struct nib_text rdata,
    const uint8_t *octets, size_t len)
{
    struct nib_reader r = nib_reader_init(octets, len);
    r.off = len < AT_FLAGS ? len : AT_FLAGS;
    unsigned flags = read_u16(&r), questions = read_u16(&r), answers = read_u16(&r);
    (void)nib_reader_take(&r, 4);
    const uint8_t *question = nib_reader_take(&r, query.len - HEADER);
    bool miss_expected = rdata.len == 1;
    if (r.err != NIB_OK || (flags & FLAG_QR) == 0 || (flags & (OPCODE | FLAG_TC)) != 0)
        return BENCH_MALFORMED;
    if (questions != 1 || memcmp(question, query.ptr + HEADER, query.len - HEADER) != 0)
        return BENCH_QUERY;
    if ((flags & RCODE) == RCODE_SERVFAIL || (flags & RCODE) == RCODE_REFUSED)
        return BENCH_FAILURE;
    if (answers == 0 && ((flags & RCODE) == RCODE_NXDOMAIN || (flags & RCODE) == 0))
        return rdata.len > 1 ? BENCH_RESULT : BENCH_NOT_FOUND;
    if ((flags & RCODE) != 0)
        return BENCH_MALFORMED;
    return miss_expected ? BENCH_RESULT : check_record(query, type, rdata, &r);
}
