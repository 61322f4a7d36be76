#include "nibbench/load/dns.h"

#include "nibdns/dns.h"
#include "nibdns/message.h"

size_t bench_dns_query(struct nib_text name, enum nib_type type, uint8_t *out)
{
    return nib_dns_encode_query(out, 0, name, type, false);
}

/* The first record of the answer section against what was asked and is expected. */
static enum bench_verdict check_record(
    const struct nib_dns_message *m, enum nib_type type, struct nib_text expected)
{
    char text[NIB_RESULT_MAX];
    struct nib_dns_walk walk = nib_dns_answers(m);
    struct nib_dns_record record;
    enum nib_type given;
    if (!nib_dns_next(m, &walk, &record) || record.rclass != NIB_DNS_IN ||
        !nib_dns_name_equal(&record.name, &m->qname) || !nib_dns_type_known(record.type, &given) ||
        (given != type && given != NIB_CNAME))
        return BENCH_QUERY;
    size_t len = nib_dns_result(m, &record, given, text);
    if (len == 0)
        return BENCH_MALFORMED;
    bool right = expected.len == 0 || nib_text_same(expected, (struct nib_text){text, len});
    return right ? BENCH_FOUND : BENCH_RESULT;
}

enum bench_verdict bench_dns_check(struct nib_text query, enum nib_type type,
    struct nib_text expected, const uint8_t *octets, size_t len)
{
    struct nib_dns_message m;
    bool miss_expected = expected.len > 0 && nib_result_outcome(expected) != NIB_FOUND;
    if (nib_dns_decode(&m, octets, len) != NIB_DNS_OK || (m.flags & NIB_DNS_QR) == 0 ||
        (m.flags & (NIB_DNS_OPCODE | NIB_DNS_TC)) != 0)
        return BENCH_MALFORMED;
    if (m.n_questions != 1 || len < query.len ||
        memcmp(octets + NIB_DNS_HEADER_LEN, query.ptr + NIB_DNS_HEADER_LEN,
            query.len - NIB_DNS_HEADER_LEN) != 0)
        return BENCH_QUERY;
    if (m.rcode == NIB_DNS_SERVFAIL || m.rcode == NIB_DNS_REFUSED)
        return BENCH_FAILURE;
    if (m.n_answers == 0 && (m.rcode == NIB_DNS_NXDOMAIN || m.rcode == NIB_DNS_NOERROR))
        return expected.len > 0 && !miss_expected ? BENCH_RESULT : BENCH_NOT_FOUND;
    if (m.rcode != NIB_DNS_NOERROR)
        return BENCH_MALFORMED;
    return miss_expected ? BENCH_RESULT : check_record(&m, type, expected);
}
