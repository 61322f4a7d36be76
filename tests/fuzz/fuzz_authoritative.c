/*
 * The authoritative server over a stream of datagrams, with zones and without: NIB-8.1, NIB-8.17
 * and NIB-8.18 looked up slowly must say the same, it answers no response and nothing malformed,
 * its counters add up, its table stays as it is.
 */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "nibdns/authoritative.h"
#include "reference/naive.h"

static const char records[] = "record_no,name,type,result,ttl,static\n"
                              ",shop.amazone.com,A,3.33.147.88,None,1\n"
                              ",shop.amazone.com,AAAA,2001:db8::1,None,1\n"
                              ",a.amazone.com,CNAME,Shop.Amazone.com,None,1\n"
                              ",amazone.com,NS,dns.amazone.com,None,1\n"
                              ",amazone.com,NS,b.amazone.com,None,1\n"
                              ",dns.amazone.com,A,127.0.0.1,None,1\n"
                              ",WWW.csusm.edu,A,0.0.0.0,None,1\n"
                              ",amazone.com,NS,c.amazone.com,None,1\n"
                              ",shop.amazone.com,NS,dns.csusm.edu,None,1\n"
                              ",csusm.edu,NS,dns.csusm.edu,None,1\n";

/* Zones of one in another; which of them a server has is the input's. */
static const struct nib_text zones[] = {
    {"com", 3}, {"Amazone.com", 11}, {"edu", 3}, {"shop.amazone.com", 16}, {"a.b", 3}};

static bool same(struct nib_text a, struct nib_text b)
{
    return naive_same_name((struct naive_text){(const uint8_t *)a.ptr, a.len},
        (struct naive_text){(const uint8_t *)b.ptr, b.len});
}

/* A name's end behind its first n octets, if a label begins there, else nothing. */
static struct nib_text tail(struct nib_text name, size_t n)
{
    if (n > 0 && name.ptr[n - 1] != '.')
        return (struct nib_text){name.ptr, 0};
    return (struct nib_text){name.ptr + n, name.len - n};
}

/* NIB-8.17: how long the longest zone is that a name is in; 0: it is in none. */
static size_t zone_len_of(const struct nib_authoritative *server, struct nib_text name)
{
    for (size_t n = 0; n < name.len; n++)
        for (size_t i = 0; i < server->n_zones; i++)
            if (same(tail(name, n), server->zones[i]))
                return name.len - n;
    return 0;
}

/* The record of a name and type in place `skip` of those there are; *n: how many there are. */
static bool record_of(const struct nib_authoritative *server, struct nib_text name,
    enum nib_type type, size_t skip, struct nib_rr *found, size_t *n)
{
    struct nib_zone_walk walk = {0};
    struct nib_rr rr;
    bool there = false;
    *n = 0;
    while (nib_zone_walk(server->table->zone, &walk, &rr)) {
        if (rr.type != type || !same(rr.name, name))
            continue;
        if ((*n)++ == skip) {
            *found = rr;
            there = true;
        }
    }
    return there;
}

/* NIB-8.18: the topmost domain below the zone that has name servers; one of them by the ID. */
static bool referral_of(const struct nib_authoritative *server, const struct nib_message *m,
    struct nib_rr *rr, struct nib_text *domain)
{
    size_t zone_len = zone_len_of(server, m->qname), n;
    for (size_t skip = zone_len == 0 ? 0 : m->qname.len - zone_len; skip > 0; skip--) {
        *domain = tail(m->qname, skip - 1);
        if (domain->len > 0 && record_of(server, *domain, NIB_NS, 0, rr, &n))
            return record_of(server, *domain, NIB_NS, m->id % n, rr, &n);
    }
    return false;
}

/* NIB-8.1, NIB-8.14, NIB-8.17 and NIB-8.18, over all records one by one. */
static struct nib_message expected(const struct nib_authoritative *server, struct nib_message m)
{
    struct nib_rr rr;
    struct nib_text domain = m.qname;
    size_t n;
    bool in_zone = server->n_zones == 0 || zone_len_of(server, m.qname) > 0;
    m.flag = NIB_RESPONSE;
    m.aname = m.qname;
    if (in_zone && (record_of(server, m.qname, m.qtype, 0, &rr, &n) ||
                       record_of(server, m.qname, NIB_CNAME, 0, &rr, &n) ||
                       referral_of(server, &m, &rr, &domain))) {
        m.aname.ptr = m.qname.ptr + m.qname.len - domain.len;
        m.aname.len = domain.len;
        m.atype = rr.type;
        m.ttl_s = server->ttl_s;
        m.result = rr.result;
        return m;
    }
    m.atype = m.qtype;
    m.ttl_s = 0;
    m.result = in_zone ? NIB_TEXT_NOT_FOUND : NIB_TEXT_FAILURE;
    return m;
}

/* A query of ours, or octets of the input, or a response. */
static size_t some_datagram(struct fuzz_input *in, uint8_t *out)
{
    unsigned how = fuzz_u8(in);
    if (how % 4 == 0) {
        struct fuzz_input raw = fuzz_take(in, fuzz_u8(in));
        if (raw.len > 0)
            memcpy(out, raw.at, raw.len);
        return raw.len;
    }
    struct nib_message m = {.id = how, .qtype = fuzz_type(in), .qname = fuzz_name(in)};
    size_t len = nib_message_encode(out, NIB_MESSAGE_MAX, &m);
    if (how % 4 == 3) {
        uint8_t query[NIB_QUERY_MAX];
        memcpy(query, out, len);
        len = fuzz_reply(in, query, len, out);
    }
    return len;
}

static void answer(struct nib_authoritative *server, const uint8_t *octets, size_t len,
    bool in_steps, struct nib_outputs *out)
{
    const struct nib_path path = {.peer = {.port = 40001, .family = 4}};
    struct nib_authoritative_query query;
    if (!in_steps) {
        (void)nib_authoritative_input(server, &path, octets, len, out);
        return;
    }
    if (nib_authoritative_begin(server, &path, octets, len, &query).what != NIB_DECIDED_NOTHING)
        return;
    nib_authoritative_seek(server, &query);
    (void)nib_authoritative_finish(server, &query, out);
}

static void one_datagram(struct nib_authoritative *server, struct fuzz_input *in)
{
    uint8_t octets[NIB_MESSAGE_MAX + 1], want[NIB_MESSAGE_MAX];
    bool in_steps = fuzz_u8(in) & 1;
    size_t len = some_datagram(in, octets), bad;
    uint8_t *block = fuzz_block(octets, len), *memory = fuzz_zeroed(nib_outputs_bytes(1));
    struct nib_outputs out;
    struct nib_message m;
    nib_outputs_init(&out, memory, 1);
    answer(server, block, len, in_steps, &out);
    if (nib_message_decode(&m, block, len, &bad) == NIB_OK && m.flag == NIB_QUERY) {
        struct nib_message w = expected(server, m);
        INVARIANT(out.n == 1 && out.items[0].kind == NIB_OUTPUT_ANSWER);
        size_t n = out.items[0].len;
        INVARIANT(n == nib_message_encode(want, sizeof want, &w));
        INVARIANT(memcmp(out.items[0].octets, want, n) == 0);
        if (fuzz_u8(in) % 8 == 0)
            nib_authoritative_answer_unsent(server);
    } else {
        INVARIANT(out.n == 0); /* NIB-6.2, NIB-6.3 */
    }
    free(memory);
    free(block);
}

static void check_counters(const struct nib_authoritative *server, uint64_t received)
{
    const uint64_t *c = server->counters;
    uint64_t broken = 0;
    for (int err = 0; err < NIB_ERR_COUNT; err++)
        broken += server->malformed[err];
    INVARIANT(c[NIB_AUTH_RECEIVED] == received);
    INVARIANT(c[NIB_AUTH_RECEIVED] == c[NIB_AUTH_ANSWERED] + c[NIB_AUTH_DROPPED_MALFORMED] +
                                          c[NIB_AUTH_DROPPED_RESPONSE] +
                                          c[NIB_AUTH_DROPPED_UNSENT]);
    INVARIANT(c[NIB_AUTH_ANSWERED] + c[NIB_AUTH_DROPPED_UNSENT] ==
              c[NIB_AUTH_FOUND] + c[NIB_AUTH_CNAME] + c[NIB_AUTH_REFERRAL] + c[NIB_AUTH_NOT_FOUND] +
                  c[NIB_AUTH_FAILURE]);
    if (server->n_zones == 0)
        INVARIANT(c[NIB_AUTH_REFERRAL] + c[NIB_AUTH_FAILURE] == 0);
    INVARIANT(c[NIB_AUTH_DROPPED_MALFORMED] == broken);
}

/* The counters of two that share a table are the sum of both, and all of them are printed. */
static void check_sum(const struct nib_authoritative *server)
{
    static struct nib_authoritative sum;
    uint8_t text[4096];
    sum = *server;
    nib_authoritative_add_counters(&sum, server);
    for (int i = 0; i < NIB_AUTH_COUNTERS; i++)
        INVARIANT(sum.counters[i] == 2 * server->counters[i]);
    struct nib_writer w = nib_writer_init(text, sizeof text);
    nib_authoritative_counters(&sum, &w);
    INVARIANT(!w.full && w.off > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static struct nib_zone zone;
    static struct nib_table table;
    static char before[2048];
    static size_t before_len;
    char after[2048];
    if (table.zone == NULL) {
        (void)fuzz_zone(&zone, records, 99); /* kept for all inputs */
        nib_table_set_zone(&table, &zone);
        before_len = nib_table_text(&table, 0, before, sizeof before);
    }
    struct fuzz_input in = {octets, len};
    struct nib_authoritative server = {.table = &table, .ttl_s = fuzz_u8(&in)};
    uint8_t which = fuzz_u8(&in);
    server.zones = zones + which % 4;
    server.n_zones = which / 4 % 4 % (sizeof zones / sizeof *zones + 1 - which % 4);
    for (uint64_t n = 1; in.len > 0; n++) {
        one_datagram(&server, &in);
        check_counters(&server, n);
    }
    check_sum(&server);
    INVARIANT(nib_table_text(&table, 0, after, sizeof after) == before_len);
    INVARIANT(before_len > 0 && memcmp(before, after, before_len) == 0);
    return 0;
}
