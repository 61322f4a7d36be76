#include "nibdns/dns.h"

/* What records of one type are ordered by: an address by its octets, a name by its text. */
static struct nib_text order_of(const struct nib_dns_message *m,
    const struct nib_dns_record *record, enum nib_type type, char text[NIB_RESULT_MAX])
{
    size_t len = nib_dns_result(m, record, type, text);
    if (type == NIB_A || type == NIB_AAAA)
        return (struct nib_text){(const char *)m->octets + record->rdata, record->rdata_len};
    return (struct nib_text){text, len};
}

static bool comes_before(struct nib_text a, struct nib_text b)
{
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order < 0 || (order == 0 && a.len < b.len);
}

static bool answers(
    const struct nib_dns_message *m, const struct nib_dns_record *record, enum nib_type type)
{
    return record->type == nib_dns_type_of(type) && record->rclass == NIB_DNS_IN &&
           nib_dns_name_equal(&record->name, &m->qname);
}

size_t nib_dns_pick(const struct nib_dns_message *message, enum nib_type type, uint32_t *ttl_s,
    char out[NIB_RESULT_MAX])
{
    struct nib_dns_walk walk = nib_dns_answers(message);
    struct nib_dns_record record, best = {0};
    uint32_t least = NIB_TTL_MAX;
    bool found = false;
    char text[NIB_RESULT_MAX];
    while (nib_dns_next(message, &walk, &record)) {
        if (!answers(message, &record, type) || nib_dns_result(message, &record, type, text) == 0)
            continue;
        least = record.ttl_s < least ? record.ttl_s : least;
        if (!found || comes_before(order_of(message, &record, type, text),
                          order_of(message, &best, type, out)))
            best = record;
        found = true;
    }
    if (!found)
        return 0;
    *ttl_s = least;
    return nib_dns_result(message, &best, type, out);
}
