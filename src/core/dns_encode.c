#include "nibdns/addr.h"
#include "nibdns/cursor.h"
#include "nibdns/dns.h"

enum { EDE_OPTION = 15, POINTER_TO_QNAME = 0xc000 | NIB_DNS_HEADER_LEN };

static void put_u16(struct nib_writer *w, unsigned value)
{
    nib_writer_u8(w, (uint8_t)(value >> 8));
    nib_writer_u8(w, (uint8_t)value);
}

/* Sets two octets that were written before. */
static void set_u16(struct nib_writer *w, size_t at, unsigned value)
{
    w->octets[at] = (uint8_t)(value >> 8);
    w->octets[at + 1] = (uint8_t)value;
}

static void put_header(
    struct nib_writer *w, uint16_t id, unsigned flags, unsigned questions, unsigned additional)
{
    put_u16(w, id);
    put_u16(w, flags);
    put_u16(w, questions);
    put_u16(w, 0); /* answers, see put_record() */
    put_u16(w, 0);
    put_u16(w, additional);
}

static void put_question(
    struct nib_writer *w, const struct nib_dns_name *name, unsigned type, unsigned class)
{
    nib_writer_octets(w, name->octets, name->len);
    put_u16(w, type);
    put_u16(w, class);
}

/*
 * A name behind the question's, compressed where it ends in labels that the question's name ends
 * in, too, to the letter (RFC 1035, section 4.1.4).
 */
static void put_name(
    struct nib_writer *w, const struct nib_dns_name *name, const struct nib_dns_name *qname)
{
    size_t at = 0;
    for (; name->octets[at] > 0; at += 1u + name->octets[at]) {
        size_t left = name->len - at;
        for (size_t q = 0; qname->octets[q] > 0; q += 1u + qname->octets[q])
            if (qname->len - q == left && memcmp(name->octets + at, qname->octets + q, left) == 0) {
                nib_writer_octets(w, name->octets, at);
                put_u16(w, POINTER_TO_QNAME + (unsigned)q);
                return;
            }
    }
    nib_writer_octets(w, name->octets, name->len);
}

static void put_result(
    struct nib_writer *w, const struct nib_dns_answer *answer, const struct nib_dns_name *qname)
{
    uint8_t ip[16] = {0};
    struct nib_dns_name name;
    switch (answer->type) {
    case NIB_A:
        (void)nib_ipv4_parse(answer->result, ip);
        nib_writer_octets(w, ip, 4);
        break;
    case NIB_AAAA:
        (void)nib_ipv6_parse(answer->result, ip);
        nib_writer_octets(w, ip, 16);
        break;
    case NIB_CNAME:
    case NIB_NS:
        name = nib_dns_name_of(answer->result);
        put_name(w, &name, qname);
        break;
    }
}

/* The record, or TC in the place of one that has no room. */
static void put_record(
    struct nib_writer *w, const struct nib_dns_message *query, const struct nib_dns_answer *answer)
{
    struct nib_writer before = *w;
    put_u16(w, POINTER_TO_QNAME);
    put_u16(w, nib_dns_type_of(answer->type));
    put_u16(w, NIB_DNS_IN);
    nib_writer_u32(w, answer->ttl_s);
    size_t len_at = w->off;
    put_u16(w, 0);
    put_result(w, answer, &query->qname);
    if (w->full) {
        *w = before;
        w->octets[2] |= NIB_DNS_TC >> 8;
        return;
    }
    set_u16(w, len_at, (unsigned)(w->off - len_at - 2));
    set_u16(w, 6, 1);
}

/* RFC 6891, section 6.1.2; RFC 8914, section 2. */
static void put_edns(
    struct nib_writer *w, unsigned rcode, enum nib_dns_ede ede, struct nib_text text)
{
    bool extended = ede != NIB_DNS_EDE_NONE;
    nib_writer_u8(w, 0); /* the root */
    put_u16(w, NIB_DNS_OPT);
    put_u16(w, NIB_DNS_UDP_SIZE);
    nib_writer_u8(w, (uint8_t)(rcode >> 4));
    nib_writer_u8(w, 0); /* the version */
    put_u16(w, 0);       /* no flags */
    put_u16(w, extended ? (unsigned)text.len + 6 : 0);
    if (!extended)
        return;
    put_u16(w, EDE_OPTION);
    put_u16(w, (unsigned)text.len + 2);
    put_u16(w, (unsigned)ede);
    nib_writer_text(w, text);
}

static size_t edns_len(const struct nib_dns_message *query, const struct nib_dns_answer *answer)
{
    if (!query->edns)
        return 0;
    return answer->ede == NIB_DNS_EDE_NONE ? 11 : 17 + answer->ede_text.len;
}

size_t nib_dns_encode_answer(uint8_t *out, size_t limit, const struct nib_dns_message *query,
    const struct nib_dns_answer *answer)
{
    size_t edns = edns_len(query, answer), cap = limit - edns;
    unsigned kept = query->flags & (NIB_DNS_OPCODE | NIB_DNS_RD), rcode = answer->rcode;
    struct nib_writer w = nib_writer_init(out, cap);
    bool asked = query->n_questions == 1;
    put_header(&w, query->id, NIB_DNS_QR | NIB_DNS_RA | kept | (rcode & 0x0f), asked, query->edns);
    if (asked)
        put_question(&w, &query->qname, query->qtype, query->qclass);
    if (answer->found)
        put_record(&w, query, answer);
    w.cap = limit;
    if (query->edns)
        put_edns(&w, rcode, answer->ede, answer->ede_text);
    return w.off;
}

size_t nib_dns_encode_query(
    uint8_t *out, uint16_t id, struct nib_text name, enum nib_type type, bool edns)
{
    struct nib_writer w = nib_writer_init(out, NIB_DNS_QUERY_MAX);
    struct nib_dns_name qname = nib_dns_name_of(name);
    put_header(&w, id, NIB_DNS_RD, 1, edns);
    put_question(&w, &qname, nib_dns_type_of(type), NIB_DNS_IN);
    if (edns)
        put_edns(&w, 0, NIB_DNS_EDE_NONE, NIB_TEXT(""));
    return w.off;
}

size_t nib_dns_udp_limit(const struct nib_dns_message *query)
{
    if (!query->edns || query->udp_size < NIB_DNS_UDP_MIN)
        return NIB_DNS_UDP_MIN;
    return query->udp_size < NIB_DNS_UDP_SIZE ? query->udp_size : NIB_DNS_UDP_SIZE;
}
