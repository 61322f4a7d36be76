#include "nibdns/dns.h"

#include "nibdns/addr.h"

/*
 * A name has at most 127 labels, and each pointer that is of any use follows one. A chain of bare
 * pointers, each to the one before, would let a short message cost much.
 */
enum { POINTERS_MAX = 127 };

enum { POINTER = 0xc0, EDNS_RCODE_SHIFT = 24, EDNS_VERSION_SHIFT = 16, OPTION_HEAD = 4 };

/* Reads octets in a straight line; the first error sticks, and everything after it does nothing. */
struct reader {
    const uint8_t *octets;
    size_t len, off;
    enum nib_dns_err err;
};

static void fail(struct reader *r, enum nib_dns_err err)
{
    if (r->err == NIB_DNS_OK)
        r->err = err;
}

/* Whether n more octets are there. */
static bool has(struct reader *r, size_t n)
{
    if (n > r->len - r->off)
        fail(r, NIB_DNS_ERR_SHORT);
    return r->err == NIB_DNS_OK;
}

static unsigned take_u8(struct reader *r)
{
    return has(r, 1) ? r->octets[r->off++] : 0;
}

static uint16_t take_u16(struct reader *r)
{
    unsigned high = take_u8(r);
    return (uint16_t)(high << 8 | take_u8(r));
}

static uint32_t take_u32(struct reader *r)
{
    uint32_t high = take_u16(r);
    return high << 16 | take_u16(r);
}

/*
 * RFC 1035, section 4.1.4. A pointer leads to an octet before the part of the name that it ends,
 * but not into the header: so each part lies before the last one, and the reading ends.
 */
static void follow_pointer(struct reader *r, unsigned high, size_t *part, unsigned *pointers)
{
    size_t target = (high & ~(unsigned)POINTER) << 8 | take_u8(r);
    if (target < NIB_DNS_HEADER_LEN || target >= *part || ++*pointers > POINTERS_MAX)
        fail(r, NIB_DNS_ERR_POINTER);
    r->off = target;
    *part = target;
}

/* Takes a name, its compression undone, and goes on behind it. */
static void take_name(struct reader *r, struct nib_dns_name *name)
{
    size_t part = r->off, behind = 0, len = 0;
    unsigned pointers = 0, label;
    do {
        label = take_u8(r);
        if (label >= POINTER) {
            size_t next = r->off + 1;
            follow_pointer(r, label, &part, &pointers);
            behind = behind == 0 ? next : behind;
            continue;
        }
        if (label > NIB_LABEL_MAX)
            fail(r, NIB_DNS_ERR_LABEL);
        else if (len + 1 + label + (label > 0) > NIB_DNS_NAME_MAX) /* the root's 0 fits, too */
            fail(r, NIB_DNS_ERR_NAME);
        if (!has(r, label))
            return;
        name->octets[len] = (uint8_t)label;
        memcpy(name->octets + len + 1, r->octets + r->off, label);
        len += 1 + label;
        r->off += label;
    } while (label > 0 && r->err == NIB_DNS_OK);
    name->len = (uint8_t)len;
    if (behind != 0)
        r->off = behind;
}

static struct nib_dns_record take_record(struct reader *r)
{
    struct nib_dns_record record = {0};
    take_name(r, &record.name);
    record.type = take_u16(r);
    record.rclass = take_u16(r);
    record.ttl_s = take_u32(r);
    record.rdata_len = take_u16(r);
    record.rdata = r->off;
    if (has(r, record.rdata_len))
        r->off += record.rdata_len;
    return record;
}

static void take_header(struct reader *r, struct nib_dns_message *m, uint16_t counts[4])
{
    if (r->len < NIB_DNS_HEADER_LEN)
        fail(r, NIB_DNS_ERR_HEADER);
    m->id = take_u16(r);
    m->flags = take_u16(r);
    m->rcode = m->flags & 0x0f;
    m->flags &= (uint16_t)~0x0fu;
    for (int i = 0; i < 4; i++)
        counts[i] = take_u16(r);
    m->n_questions = counts[0];
    m->n_answers = counts[1];
}

/* All questions; the first one's name, type and class are the message's. */
static void take_questions(struct reader *r, struct nib_dns_message *m)
{
    for (unsigned i = 0; i < m->n_questions && r->err == NIB_DNS_OK; i++) {
        struct nib_dns_name name = {0};
        take_name(r, &name);
        uint16_t type = take_u16(r), class = take_u16(r);
        if (i > 0)
            continue;
        m->qname = name;
        m->qtype = type;
        m->qclass = class;
    }
}

/* RFC 6891, section 6.1.2: code and length before each option. */
static void check_options(struct reader *r, const struct nib_dns_record *opt)
{
    size_t left = opt->rdata_len;
    const uint8_t *option = r->octets + opt->rdata;
    while (left > 0) {
        size_t len = left < OPTION_HEAD ? left : (size_t)option[2] << 8 | option[3];
        if (left < OPTION_HEAD || len > left - OPTION_HEAD) {
            fail(r, NIB_DNS_ERR_OPTION);
            return;
        }
        option += OPTION_HEAD + len;
        left -= OPTION_HEAD + len;
    }
}

/* RFC 6891, section 6.1.3: the class is a size, the TTL holds the upper rcode and the version. */
static void take_edns(
    struct reader *r, struct nib_dns_message *m, const struct nib_dns_record *opt, bool additional)
{
    if (opt->name.len != 1 || m->edns || !additional) {
        fail(r, NIB_DNS_ERR_OPT);
        return;
    }
    m->edns = true;
    m->udp_size = opt->rclass;
    m->edns_version = (uint8_t)(opt->ttl_s >> EDNS_VERSION_SHIFT);
    m->rcode |= (uint16_t)(opt->ttl_s >> EDNS_RCODE_SHIFT << 4);
    check_options(r, opt);
}

enum nib_dns_err nib_dns_decode(struct nib_dns_message *message, const uint8_t *octets, size_t len)
{
    struct nib_dns_message m = {.octets = octets, .len = len};
    struct reader r = {.octets = octets, .len = len};
    uint16_t counts[4];
    take_header(&r, &m, counts);
    take_questions(&r, &m);
    m.answers = r.off;
    for (int section = 1; section < 4; section++)
        for (unsigned i = 0; i < counts[section] && r.err == NIB_DNS_OK; i++) {
            struct nib_dns_record record = take_record(&r);
            if (r.err == NIB_DNS_OK && record.type == NIB_DNS_OPT)
                take_edns(&r, &m, &record, section == 3);
        }
    if (r.off != len)
        fail(&r, NIB_DNS_ERR_TRAILING);
    if (r.err == NIB_DNS_OK)
        *message = m;
    return r.err;
}

bool nib_dns_decode_head(struct nib_dns_message *message, const uint8_t *octets, size_t len)
{
    struct nib_dns_message m = {0};
    struct reader r = {.octets = octets, .len = len};
    uint16_t counts[4];
    take_header(&r, &m, counts);
    if (r.err != NIB_DNS_OK)
        return false;
    struct nib_dns_message without = {.id = m.id, .flags = m.flags, .rcode = m.rcode};
    take_questions(&r, &m);
    m.n_answers = 0;
    *message = r.err == NIB_DNS_OK && m.n_questions == 1 ? m : without;
    return true;
}

struct nib_dns_walk nib_dns_answers(const struct nib_dns_message *message)
{
    return (struct nib_dns_walk){message->answers, message->n_answers};
}

bool nib_dns_next(
    const struct nib_dns_message *message, struct nib_dns_walk *walk, struct nib_dns_record *record)
{
    struct reader r = {.octets = message->octets, .len = message->len, .off = walk->off};
    if (walk->left == 0)
        return false;
    *record = take_record(&r);
    if (record->ttl_s > NIB_TTL_MAX)
        record->ttl_s = 0;
    walk->off = r.off;
    walk->left--;
    return true;
}

/* A name in a record's data, which it fills. */
static bool rdata_name(const struct nib_dns_message *message, const struct nib_dns_record *record,
    struct nib_dns_name *name)
{
    size_t end = record->rdata + record->rdata_len;
    struct reader r = {.octets = message->octets, .len = end, .off = record->rdata};
    take_name(&r, name);
    return r.err == NIB_DNS_OK && r.off == end;
}

static size_t address_text(const uint8_t *ip, uint8_t family, char out[NIB_RESULT_MAX])
{
    char text[NIB_IP_TEXT_MAX];
    struct nib_addr addr = {.family = family};
    memcpy(addr.ip, ip, family == 4 ? 4 : 16);
    size_t len = nib_ip_format(&addr, text);
    memcpy(out, text, len);
    return len;
}

size_t nib_dns_result(const struct nib_dns_message *message, const struct nib_dns_record *record,
    enum nib_type type, char out[NIB_RESULT_MAX])
{
    const uint8_t *rdata = message->octets + record->rdata;
    struct nib_dns_name name = {0};
    switch (type) {
    case NIB_A:
        return record->rdata_len == 4 ? address_text(rdata, 4, out) : 0;
    case NIB_AAAA:
        return record->rdata_len == 16 ? address_text(rdata, 6, out) : 0;
    case NIB_CNAME:
    case NIB_NS:
        break;
    }
    return rdata_name(message, record, &name) ? nib_dns_name_text(&name, out) : 0;
}
