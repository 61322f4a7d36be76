#define _POSIX_C_SOURCE 200809L
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "nibdns/records.h"

void fuzz_broken(const char *file, int line, const char *invariant)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, invariant);
    abort();
}

/* ---- decisions ---- */

uint8_t fuzz_u8(struct fuzz_input *in)
{
    if (in->len == 0)
        return 0;
    in->len--;
    return *in->at++;
}

uint32_t fuzz_below(struct fuzz_input *in, uint32_t n)
{
    return fuzz_u8(in) % n;
}

uint64_t fuzz_u64(struct fuzz_input *in)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | fuzz_u8(in);
    return value;
}

struct fuzz_input fuzz_take(struct fuzz_input *in, size_t n)
{
    struct fuzz_input taken = {in->at, n < in->len ? n : in->len};
    in->at += taken.len;
    in->len -= taken.len;
    return taken;
}

/* ---- memory ---- */

uint8_t *fuzz_block(const uint8_t *octets, size_t len)
{
    uint8_t *block = malloc(len);
    if (block == NULL && len > 0)
        exit(2);
    if (len > 0)
        memcpy(block, octets, len);
    return block;
}

void *fuzz_zeroed(size_t n)
{
    void *memory;
    if (posix_memalign(&memory, 64, n == 0 ? 1 : n) != 0)
        exit(2);
    memset(memory, 0, n);
    return memory;
}

static void no_fault(void *ctx, size_t line, size_t column, const char *words)
{
    (void)ctx;
    (void)fprintf(stderr, "%zu:%zu: %s\n", line, column, words);
    INVARIANT(false);
}

void *fuzz_zone(struct nib_zone *zone, const char *records, uint64_t seed)
{
    struct nib_text text = {records, strlen(records)};
    struct nib_faults faults = {.fault = no_fault};
    size_t n = nib_records_count(text);
    void *memory = fuzz_zeroed(nib_zone_bytes(n, text.len));
    nib_zone_init(zone, memory, n, text.len, seed);
    INVARIANT(nib_records_read(text, zone, &faults));
    return memory;
}

void fuzz_print(const struct nib_table *table, nib_ms now)
{
    for (int form = NIB_TABLE_CSV; form <= NIB_TABLE_COLOUR; form++) {
        size_t cap = nib_table_form_max(table, (enum nib_table_form)form);
        char *text = fuzz_zeroed(cap);
        size_t len = nib_table_form_text(table, (enum nib_table_form)form, now, text, cap);
        INVARIANT(len > 0 && len <= cap && text[0] == '\n' && text[len - 1] == '\n');
        for (size_t i = 0; i < len; i++)
            INVARIANT((text[i] >= ' ' && text[i] <= '~') || text[i] == '\n' ||
                      (text[i] == '\033' && form == NIB_TABLE_COLOUR));
        free(text);
    }
}

/* ---- names, types, replies ---- */

struct nib_text fuzz_name(struct fuzz_input *in)
{
    static const char *const names[] = {"www.csusm.edu", "WWW.csusm.EDU", "amazone.com",
        "shop.amazone.com", "Shop.Amazone.com", "a.amazone.com", "b.amazone.com", "c.amazone.com",
        "d.amazone.com", "dns.amazone.com", "other.org", "x.other.org", "y.other.org",
        "ns1.other.org", "alias.csusm.edu", "far.csusm.edu", "loop1.csusm.edu", "loop2.csusm.edu",
        "a.self.net", "a.noaddr.org", "nowhere", "notamazone.com", "a.dead.net", "chain8.csusm.edu",
        "chain9.csusm.edu", "sixteen.octets.of.a.long.name.with.many.labels.amazone.com"};
    const char *name = names[fuzz_below(in, sizeof names / sizeof names[0])];
    return (struct nib_text){name, strlen(name)};
}

enum nib_type fuzz_type(struct fuzz_input *in)
{
    static const enum nib_type types[] = {NIB_TYPES(NIB_TYPE_SYMBOL)};
    return types[fuzz_below(in, NIB_TYPE_COUNT)];
}

static struct nib_text some_result(struct fuzz_input *in, enum nib_type type)
{
    static const struct nib_text ipv4[] = {{"10.0.0.1", 8}, {"127.0.0.1", 9}, {"127.0.0.9", 9},
        {"0.0.0.0", 7}, {"255.255.255.255", 15}};
    static const struct nib_text ipv6[] = {{"::1", 3}, {"::ffff:127.0.0.9", 16},
        {"2001:DB8::1", 11}, {"::", 2}, {"0:0:0:0:0:0:0:9", 15}};
    if (type == NIB_A)
        return ipv4[fuzz_below(in, 5)];
    return type == NIB_AAAA ? ipv6[fuzz_below(in, 5)] : fuzz_name(in);
}

static uint32_t some_ttl(struct fuzz_input *in)
{
    static const uint32_t ttls[] = {0, 1, 2, 60, 299, 300, 301, NIB_TTL_MAX};
    return ttls[fuzz_below(in, sizeof ttls / sizeof ttls[0])];
}

/* Changes one thing of a response that fits. */
static void spoil(struct fuzz_input *in, struct nib_message *m)
{
    switch (fuzz_below(in, 6)) {
    case 0:
        m->id += 1 + fuzz_u8(in);
        break;
    case 1:
        m->qtype = fuzz_type(in);
        break;
    case 2:
        m->qname = fuzz_name(in);
        break;
    case 3:
        m->aname = fuzz_name(in);
        break;
    case 4:
        m->atype = fuzz_type(in);
        m->result = some_result(in, m->atype);
        break;
    default:
        m->flag = NIB_QUERY;
        break;
    }
}

size_t fuzz_reply(struct fuzz_input *in, const uint8_t *query, size_t len, uint8_t *out)
{
    struct nib_message m;
    size_t bad;
    if (nib_message_decode(&m, query, len, &bad) != NIB_OK)
        return 0;
    unsigned how = fuzz_u8(in);
    m.flag = NIB_RESPONSE;
    m.aname = m.qname;
    m.atype = how & 1 ? NIB_CNAME : m.qtype;
    m.ttl_s = some_ttl(in);
    m.result = some_result(in, m.atype);
    if ((how >> 1 & 7) < 2) {
        m.result = (how >> 1 & 7) == 0 ? NIB_TEXT_NOT_FOUND : NIB_TEXT_FAILURE;
        m.ttl_s = 0;
    }
    if ((how >> 4 & 3) == 3)
        spoil(in, &m);
    size_t n = nib_message_encode(out, NIB_MESSAGE_MAX, &m);
    if ((how >> 6) == 3) { /* a broken one */
        out[n] = fuzz_u8(in);
        n = fuzz_below(in, (uint32_t)(n + 2 < 256 ? n + 2 : 256));
    }
    return n;
}
