#include "nibdns/message.h"

#include "nibdns/addr.h"
#include "nibdns/cursor.h"
#include "nibdns/name.h"

enum nib_outcome nib_result_outcome(struct nib_text result)
{
    if (nib_text_same(result, NIB_TEXT_NOT_FOUND))
        return NIB_NOT_FOUND;
    if (nib_text_same(result, NIB_TEXT_FAILURE))
        return NIB_FAILURE;
    return NIB_FOUND;
}

enum nib_err nib_result_check(enum nib_type type, struct nib_text result, size_t *bad)
{
    uint8_t ip[16];
    *bad = 0;
    if (result.len < 1 || result.len > NIB_RESULT_MAX)
        return NIB_ERR_RESULT_LEN;
    switch (type) {
    case NIB_A:
        return nib_ipv4_parse(result, ip) ? NIB_OK : NIB_ERR_RESULT_A;
    case NIB_AAAA:
        return nib_ipv6_parse(result, ip) ? NIB_OK : NIB_ERR_RESULT_AAAA;
    case NIB_CNAME:
    case NIB_NS:
        break;
    }
    return nib_name_check(result, bad);
}

/* ---- decoding ---- */

static bool is_type(unsigned code)
{
    switch (code) {
#define X(symbol, code, name)                                                                      \
    case symbol:                                                                                   \
        return true;
        NIB_TYPES(X)
#undef X
    default:
        return false;
    }
}

/* A length-prefixed text; its length must be 1 to max. */
static struct nib_text read_text(struct nib_reader *r, size_t max, enum nib_err len_err)
{
    size_t at = r->off;
    size_t len = nib_reader_u8(r);
    if (r->err == NIB_OK && (len < 1 || len > max))
        nib_reader_fail(r, len_err, at);
    const uint8_t *octets = nib_reader_take(r, len);
    return (struct nib_text){(const char *)octets, octets == NULL ? 0 : len};
}

/* A name; one that is the same as `known`, which passed its checks, needs none. */
static struct nib_text read_name(struct nib_reader *r, struct nib_text known)
{
    struct nib_text name = read_text(r, NIB_NAME_MAX, NIB_ERR_NAME_LEN);
    size_t bad;
    if (r->err == NIB_OK && !nib_text_same(name, known)) {
        enum nib_err err = nib_name_check(name, &bad);
        if (err != NIB_OK)
            nib_reader_fail(r, err, r->off - name.len + bad);
    }
    return name;
}

/* The octet that carries a four-bit code (flag or zero bits) above a four-bit type. */
static unsigned read_packed(
    struct nib_reader *r, unsigned upper_max, enum nib_err upper_err, enum nib_err type_err)
{
    size_t at = r->off;
    unsigned octet = nib_reader_u8(r);
    if (r->err != NIB_OK)
        return 0;
    if (octet >> 4 > upper_max)
        nib_reader_fail(r, upper_err, at);
    else if (!is_type(octet & 0x0f))
        nib_reader_fail(r, type_err, at);
    return octet;
}

static uint32_t read_ttl(struct nib_reader *r)
{
    size_t at = r->off;
    uint32_t ttl_s = nib_reader_u32(r);
    if (ttl_s > NIB_TTL_MAX)
        nib_reader_fail(r, NIB_ERR_TTL, at);
    return ttl_s;
}

/* What the result says; the reader stands right behind it, and fails if it may not be so. */
static enum nib_outcome check_result(
    struct nib_reader *r, enum nib_type type, uint32_t ttl_s, struct nib_text result)
{
    enum nib_outcome outcome = nib_result_outcome(result);
    size_t bad;
    if (outcome == NIB_FOUND) {
        enum nib_err err = nib_result_check(type, result, &bad);
        if (err != NIB_OK)
            nib_reader_fail(r, err, r->off - result.len + bad);
    } else if (ttl_s != 0) { /* told where the TTL begins: 4 octets, then the result's length */
        nib_reader_fail(r, NIB_ERR_MISS_TTL, r->off - result.len - 5);
    }
    return outcome;
}

/* What a query and a response begin with. */
static struct nib_message read_head(struct nib_reader *r)
{
    struct nib_message m = {0};
    m.id = nib_reader_u32(r);
    unsigned packed = read_packed(r, NIB_RESPONSE, NIB_ERR_FLAG, NIB_ERR_QTYPE);
    m.flag = (enum nib_flag)(packed >> 4);
    m.qtype = (enum nib_type)(packed & 0x0f);
    m.qname = read_name(r, NIB_TEXT(""));
    return m;
}

/* The message so far, and what a response says beyond it. */
static struct nib_message read_answer(struct nib_reader *r, struct nib_message m)
{
    m.atype = (enum nib_type)(read_packed(r, 0, NIB_ERR_RESERVED, NIB_ERR_ATYPE) & 0x0f);
    m.aname = read_name(r, m.qname);
    //@ assert r->err == NIB_OK ==> is_answer_name(r->octets, r->off, m.qname.len);
    //@ assert good{Pre}(r) ==> r->err == NIB_OK;
    m.ttl_s = read_ttl(r);
    //@ assert good{Pre}(r) ==> r->err == NIB_OK;
    m.result = read_text(r, NIB_RESULT_MAX, NIB_ERR_RESULT_LEN);
    //@ assert good{Pre}(r) ==> r->err == NIB_OK && r->off == r->len;
    //@ assert good{Pre}(r) ==> is_answer(m.atype, m.ttl_s, m.result.ptr, m.result.len);
    if (r->err == NIB_OK)
        m.outcome = check_result(r, m.atype, m.ttl_s, m.result);
    return m;
}

static struct nib_message read_message(struct nib_reader *r)
{
    struct nib_message m = read_head(r);
    if (m.flag == NIB_RESPONSE)
        m = read_answer(r, m);
    if (r->err == NIB_OK && r->off != r->len)
        nib_reader_fail(r, NIB_ERR_TRAILING, r->off);
    return m;
}

enum nib_err nib_message_decode(
    struct nib_message *message, const uint8_t *octets, size_t len, size_t *bad)
{
    struct nib_reader r = nib_reader_init(octets, len);
    struct nib_message m = read_message(&r);
    if (r.err != NIB_OK) {
        *bad = r.err_off;
        return r.err;
    }
    *message = m;
    return NIB_OK;
}

static void write_text(struct nib_writer *w, struct nib_text text, size_t max)
{
    if (text.len < 1 || text.len > max)
        w->full = true;
    nib_writer_u8(w, (uint8_t)text.len);
    nib_writer_octets(w, text.ptr, text.len);
}

size_t nib_message_encode(uint8_t *out, size_t cap, const struct nib_message *message)
{
    struct nib_writer w = nib_writer_init(out, cap);
    nib_writer_u32(&w, message->id);
    nib_writer_u8(&w, (uint8_t)((unsigned)message->flag << 4 | (unsigned)message->qtype));
    write_text(&w, message->qname, NIB_NAME_MAX);
    if (message->flag == NIB_RESPONSE) {
        nib_writer_u8(&w, (uint8_t)message->atype);
        write_text(&w, message->aname, NIB_NAME_MAX);
        nib_writer_u32(&w, message->ttl_s);
        write_text(&w, message->result, NIB_RESULT_MAX);
    }
    return nib_writer_done(&w);
}

enum nib_mismatch nib_message_fits(
    const struct nib_message *query, const struct nib_message *response)
{
    if (response->flag != NIB_RESPONSE)
        return NIB_MISMATCH_FLAG;
    if (response->id != query->id)
        return NIB_MISMATCH_ID;
    if (response->qtype != query->qtype || !nib_text_same(response->qname, query->qname))
        return NIB_MISMATCH_QUESTION;
    if (!nib_text_same(response->aname, query->qname) ||
        (response->atype != query->qtype && response->atype != NIB_CNAME))
        return NIB_MISMATCH_ANSWER;
    return NIB_FITS;
}

/* Whether a domain is the name, or what follows one of its dots, octet for octet. */
static bool is_domain_of(struct nib_text domain, struct nib_text name)
{
    size_t skipped = name.len - domain.len;
    return domain.len <= name.len && (skipped == 0 || name.ptr[skipped - 1] == '.') &&
           nib_text_same(domain, (struct nib_text){name.ptr + skipped, domain.len});
}

bool nib_message_is_referral(const struct nib_message *query, const struct nib_message *response)
{
    return nib_message_fits(query, response) == NIB_MISMATCH_ANSWER && response->atype == NIB_NS &&
           response->outcome == NIB_FOUND && is_domain_of(response->aname, query->qname);
}

size_t nib_message_line(const struct nib_message *message, char out[NIB_LINE_MAX])
{
    const struct nib_message *m = message;
    struct nib_writer w = nib_writer_init((uint8_t *)out, NIB_LINE_MAX - 1);
    nib_writer_word(&w, m->flag == NIB_RESPONSE ? "Response " : "Query ");
    nib_writer_word(&w, nib_type_name(m->qtype));
    nib_writer_u8(&w, ' ');
    nib_writer_text(&w, m->qname);
    if (m->flag == NIB_RESPONSE) {
        bool renamed = !nib_text_same(m->aname, m->qname);
        nib_writer_word(&w, renamed ? ": " : " ");
        if (renamed) {
            nib_writer_text(&w, m->aname);
            nib_writer_u8(&w, ' ');
        }
        if (renamed || m->atype != m->qtype) {
            nib_writer_word(&w, nib_type_name(m->atype));
            nib_writer_u8(&w, ' ');
        }
        nib_writer_escaped(&w, m->result);
        nib_writer_word(&w, " ttl ");
        nib_writer_decimal(&w, m->ttl_s);
    }
    nib_writer_word(&w, " id ");
    nib_writer_decimal(&w, m->id);
    out[w.off] = '\0';
    return w.off;
}
