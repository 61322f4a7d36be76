#include "reference/naive.h"

#include <string.h>

enum { A = 8, AAAA = 4, CNAME = 2, NS = 1 };

/* ---- section 3: names ---- */

static bool in_label(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* How many octets that are no dots stand directly before octet i. */
static size_t label_before(struct naive_text name, size_t i)
{
    size_t n = 0;
    while (n < i && name.octets[i - n - 1] != '.')
        n++;
    return n;
}

const char *naive_name(struct naive_text name, size_t *at)
{
    *at = 0;
    if (name.len < 1 || name.len > 253)
        return "NIB-3.1";
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.octets[i];
        *at = i;
        if (!in_label(c) && c != '.')
            return "NIB-3.2";
        if (c == '.' && (i == 0 || name.octets[i - 1] == '.' || i == name.len - 1))
            return "NIB-3.3";
        if (c != '.' && label_before(name, i) == 63)
            return "NIB-3.4";
    }
    *at = 0;
    return NULL;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool naive_same_name(struct naive_text a, struct naive_text b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.octets[i]) != lower(b.octets[i]))
            return false;
    return true;
}

/* ---- section 4: results ---- */

static bool is(struct naive_text text, const char *want)
{
    return text.len == strlen(want) && memcmp(text.octets, want, text.len) == 0;
}

static struct naive_text part(struct naive_text text, size_t from, size_t to)
{
    return (struct naive_text){text.octets + from, to - from};
}

/* Where c stands first at or behind `from`; the length when it does not. */
static size_t find(struct naive_text text, char c, size_t from)
{
    while (from < text.len && text.octets[from] != (uint8_t)c)
        from++;
    return from;
}

/* "0", or one to three digits that do not begin with 0, and no more than 255. */
static bool is_num(struct naive_text text)
{
    unsigned value = 0;
    if (text.len < 1 || text.len > 3 || (text.len > 1 && text.octets[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.octets[i] < '0' || text.octets[i] > '9')
            return false;
        value = value * 10 + (text.octets[i] - (unsigned)'0');
    }
    return value <= 255;
}

bool naive_is_ipv4(struct naive_text text)
{
    size_t a = find(text, '.', 0);
    size_t b = find(text, '.', a + 1);
    size_t c = find(text, '.', b + 1);
    return c < text.len && is_num(part(text, 0, a)) && is_num(part(text, a + 1, b)) &&
           is_num(part(text, b + 1, c)) && is_num(part(text, c + 1, text.len));
}

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_group(struct naive_text text)
{
    if (text.len < 1 || text.len > 4)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_hex(text.octets[i]))
            return false;
    return true;
}

/* The groups of a side, or a number above all limits when it is none. */
static unsigned groups(struct naive_text side, bool ends_text)
{
    enum { NONE = 1000 };
    unsigned n = 0;
    for (size_t from = 0;;) {
        size_t to = find(side, ':', from);
        struct naive_text one = part(side, from, to);
        if (is_group(one))
            n += 1;
        else if (to == side.len && ends_text && naive_is_ipv4(one))
            n += 2;
        else
            return NONE;
        if (to == side.len)
            return n;
        from = to + 1;
    }
}

bool naive_is_ipv6(struct naive_text text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.octets[i] != ':' || text.octets[i + 1] != ':')
            continue;
        struct naive_text left = part(text, 0, i), right = part(text, i + 2, text.len);
        unsigned n = (left.len > 0 ? groups(left, false) : 0);
        n += (right.len > 0 ? groups(right, true) : 0);
        return n <= 7;
    }
    return groups(text, true) == 8;
}

bool naive_is_miss(struct naive_text text)
{
    return is(text, "Record not found") || is(text, "Server failure");
}

/* ---- section 2: the message ---- */

/* The steps of the table. Each says whether the next one is to be taken. */
struct steps {
    const uint8_t *octets;
    size_t len, at;
    struct naive *out;
};

static bool broken(struct steps *s, const char *rule, size_t at)
{
    s->out->rule = rule;
    s->out->at = at;
    return false;
}

/* 2.1: whether that many octets are left. */
static bool left(struct steps *s, size_t n)
{
    return s->len - s->at >= n ? true : broken(s, "NIB-2.1", s->len);
}

static bool is_type(unsigned type)
{
    return type == A || type == AAAA || type == CNAME || type == NS;
}

static bool integer(struct steps *s, uint32_t *out)
{
    if (!left(s, 4))
        return false;
    *out = 0;
    for (int i = 0; i < 4; i++)
        *out = *out * 256 + s->octets[s->at++];
    return true;
}

/* Steps 3, 5 and 7: a length octet and its text. */
static bool text(struct steps *s, const char *length_rule, struct naive_text *out)
{
    if (!left(s, 1))
        return false;
    size_t len = s->octets[s->at];
    if (len == 0 || len == 254 || len == 255)
        return broken(s, length_rule, s->at);
    s->at++;
    if (!left(s, len))
        return false;
    *out = (struct naive_text){s->octets + s->at, len};
    s->at += len;
    return true;
}

/* Section 3 for a text that has just been read. */
static bool name_rules(struct steps *s, struct naive_text name)
{
    size_t at;
    const char *rule = naive_name(name, &at);
    return rule == NULL ? true : broken(s, rule, s->at - name.len + at);
}

/* Step 2. */
static bool flag_and_type(struct steps *s)
{
    if (!left(s, 1))
        return false;
    s->out->flag = s->octets[s->at] / 16;
    s->out->qtype = s->octets[s->at] % 16;
    if (s->out->flag > 1)
        return broken(s, "NIB-2.2", s->at);
    if (!is_type(s->out->qtype))
        return broken(s, "NIB-2.3", s->at);
    s->at++;
    return true;
}

/* Step 4. */
static bool zero_and_type(struct steps *s)
{
    if (!left(s, 1))
        return false;
    s->out->atype = s->octets[s->at] % 16;
    if (s->octets[s->at] / 16 != 0)
        return broken(s, "NIB-2.4", s->at);
    if (!is_type(s->out->atype))
        return broken(s, "NIB-2.5", s->at);
    s->at++;
    return true;
}

/* Step 8; the TTL began at that octet. */
static bool says(struct steps *s, size_t ttl_at)
{
    const struct naive *m = s->out;
    size_t first = s->at - m->result.len;
    if (naive_is_miss(m->result))
        return m->ttl == 0 ? true : broken(s, "NIB-4.4", ttl_at);
    if (m->atype == A)
        return naive_is_ipv4(m->result) ? true : broken(s, "NIB-4.2", first);
    if (m->atype == AAAA)
        return naive_is_ipv6(m->result) ? true : broken(s, "NIB-4.3", first);
    return name_rules(s, m->result);
}

static bool answer(struct steps *s)
{
    struct naive *m = s->out;
    if (!zero_and_type(s) || !text(s, "NIB-3.1", &m->aname) || !name_rules(s, m->aname))
        return false;
    size_t ttl_at = s->at;
    if (!integer(s, &m->ttl))
        return false;
    if (m->ttl > 2147483647)
        return broken(s, "NIB-2.6", ttl_at);
    return text(s, "NIB-4.1", &m->result) && says(s, ttl_at);
}

void naive_decode(struct naive *out, const uint8_t *octets, size_t len)
{
    struct steps s = {octets, len, 0, out};
    *out = (struct naive){0};
    if (!integer(&s, &out->id) || !flag_and_type(&s))
        return;
    if (!text(&s, "NIB-3.1", &out->qname) || !name_rules(&s, out->qname))
        return;
    if (out->flag == 1 && !answer(&s))
        return;
    if (s.at < s.len)
        (void)broken(&s, "NIB-2.7", s.at);
}
