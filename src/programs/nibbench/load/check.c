#include "nibbench/load/check.h"

#include "nibbench/load/dns.h"
#include "nibdns/message.h"

static enum bench_verdict check_result(
    const struct bench_queries *q, const struct bench_query *one, const struct nib_message *m)
{
    static const enum bench_verdict verdicts[] = {[NIB_FOUND] = BENCH_FOUND,
        [NIB_NOT_FOUND] = BENCH_NOT_FOUND,
        [NIB_FAILURE] = BENCH_FAILURE};
    struct nib_text expected = bench_expected(q, one);
    if (expected.len > 0 && m->outcome != NIB_FAILURE && !nib_text_same(expected, m->result))
        return BENCH_RESULT;
    return verdicts[m->outcome];
}

static enum bench_verdict check_nib(const struct bench_queries *q, const struct bench_query *one,
    uint32_t id, const uint8_t *octets, size_t len)
{
    struct nib_message answer;
    const struct nib_message query = {.id = id,
        .qtype = (enum nib_type)one->type,
        .qname = {(const char *)bench_query(q, one) + NIB_AT_QNAME, one->name_len}};
    size_t bad;
    if (nib_message_decode(&answer, octets, len, &bad) != NIB_OK)
        return BENCH_MALFORMED;
    if (nib_message_fits(&query, &answer) != NIB_FITS)
        return BENCH_QUERY;
    return check_result(q, one, &answer);
}

/* An echo may be longer than what was sent, or shorter, but never other octets. */
static enum bench_verdict check_echo(
    const struct bench_queries *q, const struct bench_query *one, const uint8_t *octets, size_t len)
{
    size_t n = len < one->len ? len : one->len;
    if (n <= NIB_AT_QNAME)
        return BENCH_MALFORMED;
    /* the ID has been compared already: it led to this query */
    bool same = memcmp(octets + NIB_AT_FLAG_TYPE, bench_query(q, one) + NIB_AT_FLAG_TYPE,
                    n - NIB_AT_FLAG_TYPE) == 0;
    return same ? BENCH_FOUND : BENCH_QUERY;
}

enum bench_verdict bench_check(const struct bench_queries *q, const struct bench_query *one,
    uint32_t id, const uint8_t *octets, size_t len)
{
    switch (q->mode) {
    case BENCH_DNS:
        return bench_dns_check((struct nib_text){(const char *)bench_query(q, one), one->len},
            (enum nib_type)one->type, bench_expected(q, one), octets, len);
    case BENCH_ECHO:
        return check_echo(q, one, octets, len);
    case BENCH_NIB:
        break;
    }
    return check_nib(q, one, id, octets, len);
}
