/*
 * Messages of the real DNS: what decodes is whole, its records are results that nibdns can carry or
 * none, and whatever is answered to it decodes, says the same question and keeps to its limit. The
 * first octet chooses the answer, the rest is the message.
 */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "nibdns/dns.h"
#include "nibdns/name.h"

static struct nib_dns_answer some_answer(unsigned how)
{
    static const enum nib_dns_rcode rcodes[] = {NIB_DNS_NOERROR, NIB_DNS_FORMERR, NIB_DNS_SERVFAIL,
        NIB_DNS_NXDOMAIN, NIB_DNS_NOTIMP, NIB_DNS_REFUSED, NIB_DNS_BADVERS};
    static const struct nib_text names[] = {{"example.org", 11}, {"a.b.c.d.e.f.g.h", 15}};
    struct nib_dns_answer answer = {.ede = NIB_DNS_EDE_NONE};
    answer.found = how & 1;
    answer.type = (enum nib_type)(1 << (how >> 1 & 3));
    answer.result = names[how >> 3 & 1];
    if (answer.type == NIB_A)
        answer.result = NIB_TEXT("192.0.2.1");
    if (answer.type == NIB_AAAA)
        answer.result = NIB_TEXT("2001:db8::1");
    if (!answer.found)
        answer.rcode = rcodes[(how >> 3) % 7];
    if (how >> 6 & 1) {
        answer.ede = NIB_DNS_EDE_NETWORK;
        answer.ede_text = NIB_TEXT("no answer from 127.0.0.1:21000");
    }
    return answer;
}

static void check_same_question(const struct nib_dns_message *a, const struct nib_dns_message *b)
{
    INVARIANT(a->qtype == b->qtype && a->qclass == b->qclass && a->qname.len == b->qname.len);
    INVARIANT(memcmp(a->qname.octets, b->qname.octets, a->qname.len) == 0);
}

static void check_reply(const struct nib_dns_message *query, unsigned how)
{
    struct nib_dns_answer answer = some_answer(how);
    struct nib_dns_message m;
    answer.found = answer.found && query->n_questions == 1;
    size_t limit = nib_dns_udp_limit(query);
    uint8_t *out = fuzz_zeroed(limit);
    size_t len = nib_dns_encode_answer(out, limit, query, &answer);
    INVARIANT(len <= limit && len <= NIB_DNS_RESPONSE_MAX);
    INVARIANT(nib_dns_decode(&m, out, len) == NIB_DNS_OK);
    INVARIANT(m.id == query->id && (m.flags & NIB_DNS_QR) != 0);
    INVARIANT(m.n_questions == (query->n_questions == 1) && m.edns == query->edns);
    INVARIANT(m.n_answers == (answer.found && (m.flags & NIB_DNS_TC) == 0));
    INVARIANT(m.edns || answer.rcode == NIB_DNS_BADVERS || m.rcode == answer.rcode);
    if (m.n_questions == 1)
        check_same_question(&m, query);
    if (m.n_answers == 1) {
        struct nib_dns_walk walk = nib_dns_answers(&m);
        struct nib_dns_record record;
        char text[NIB_RESULT_MAX];
        INVARIANT(nib_dns_next(&m, &walk, &record) && !nib_dns_next(&m, &walk, &record));
        size_t n = nib_dns_result(&m, &record, answer.type, text);
        INVARIANT(nib_text_same((struct nib_text){text, n}, answer.result));
        INVARIANT(nib_dns_name_equal(&record.name, &query->qname));
    }
    free(out);
}

/* What nibdns can carry comes back as the same name, and is asked for as the same question. */
static void check_name(const struct nib_dns_name *name)
{
    char text[NIB_NAME_MAX];
    uint8_t out[NIB_DNS_QUERY_MAX];
    struct nib_dns_message m;
    struct nib_text carried = {text, nib_dns_name_text(name, text)};
    size_t bad;
    if (carried.len == 0)
        return;
    INVARIANT(nib_name_check(carried, &bad) == NIB_OK && carried.len + 2 == name->len);
    struct nib_dns_name again = nib_dns_name_of(carried);
    INVARIANT(again.len == name->len && memcmp(again.octets, name->octets, name->len) == 0);
    size_t len = nib_dns_encode_query(out, 7, carried, NIB_NS, true);
    INVARIANT(nib_dns_decode(&m, out, len) == NIB_DNS_OK && m.edns && m.n_questions == 1);
    INVARIANT(nib_dns_name_equal(&m.qname, name));
}

static void check_answers(const struct nib_dns_message *m)
{
    static const enum nib_type types[] = {NIB_TYPES(NIB_TYPE_SYMBOL)};
    struct nib_dns_walk walk = nib_dns_answers(m);
    struct nib_dns_record record;
    unsigned n = 0;
    for (; nib_dns_next(m, &walk, &record); n++) {
        INVARIANT(record.ttl_s <= NIB_TTL_MAX && record.rdata + record.rdata_len <= m->len);
        INVARIANT(record.name.len >= 1 && record.name.octets[record.name.len - 1] == 0);
        check_name(&record.name);
        for (int i = 0; i < NIB_TYPE_COUNT; i++) {
            char text[NIB_RESULT_MAX];
            size_t bad, len = nib_dns_result(m, &record, types[i], text);
            if (len > 0)
                INVARIANT(nib_result_check(types[i], (struct nib_text){text, len}, &bad) == NIB_OK);
        }
    }
    INVARIANT(n == m->n_answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct fuzz_input in = {octets, len};
    struct nib_dns_message m, head;
    unsigned how = fuzz_u8(&in);
    uint8_t *block = fuzz_block(in.at, in.len);
    bool has_head = nib_dns_decode_head(&head, block, in.len);
    enum nib_dns_err err = nib_dns_decode(&m, block, in.len);
    INVARIANT(has_head == (in.len >= NIB_DNS_HEADER_LEN));
    INVARIANT((err == NIB_DNS_ERR_HEADER) == !has_head);
    INVARIANT(err == NIB_DNS_OK || nib_dns_err_words(err)[0] != '\0');
    if (has_head)
        check_reply(&head, how);
    if (err == NIB_DNS_OK) {
        INVARIANT(m.id == head.id && m.flags == head.flags);
        if (m.n_questions == 1)
            check_same_question(&m, &head);
        check_answers(&m);
        check_reply(&m, how);
        uint8_t *cut = fuzz_block(block, in.len * how / 256);
        INVARIANT(nib_dns_decode(&head, cut, in.len * how / 256) != NIB_DNS_OK);
        free(cut);
    }
    free(block);
    return 0;
}
