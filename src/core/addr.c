#include "nibdns/addr.h"

#include "nibdns/cursor.h"

/* A decimal number 0 to max, no sign, no leading zero, at least one digit. */
static bool parse_number(struct nib_text text, uint32_t max, uint32_t *out)
{
    if (text.len == 0 || text.len > 10 || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    if (value > max)
        return false;
    *out = (uint32_t)value;
    return true;
}

/* How many octets stand before the first c, or all of them. */
static size_t span_to(struct nib_text text, char c)
{
    size_t i = 0;
    /*@ loop invariant i <= text.len;
        loop assigns i;
        loop variant text.len - i;
     */
    while (i < text.len && text.ptr[i] != c)
        i++;
    return i;
}

static struct nib_text skip(struct nib_text text, size_t n)
{
    return (struct nib_text){text.ptr + n, text.len - n};
}

bool nib_ipv4_parse(struct nib_text text, uint8_t out[4])
{
    uint8_t ip[4];
    size_t i = 0;
    /*@ loop invariant 0 <= part <= 4 && i <= text.len;
        loop assigns part, i, ip[0 .. 3];
        loop variant 4 - part;
     */
    for (int part = 0; part < 4; part++) {
        unsigned value = 0;
        if (part > 0 && (i >= text.len || text.ptr[i] != '.'))
            return false;
        i += part > 0;
        size_t begin = i;
        /*@ loop invariant begin <= i <= text.len && i - begin <= 3;
            loop assigns i, value;
            loop variant text.len - i;
         */
        for (; i < text.len && i - begin < 3; i++) {
            unsigned digit = (unsigned)(uint8_t)text.ptr[i] - '0';
            if (digit > 9)
                break;
            value = value * 10 + digit;
        }
        if (i == begin || value > 255 || (i - begin > 1 && text.ptr[begin] == '0'))
            return false;
        ip[part] = (uint8_t)value;
    }
    if (i != text.len)
        return false;
    memcpy(out, ip, sizeof ip);
    return true;
}

static bool parse_group(struct nib_text text, uint8_t out[2])
{
    unsigned value = 0;
    if (text.len < 1 || text.len > 4)
        return false;
    /*@ loop invariant i <= text.len;
        loop assigns i, value;
        loop variant text.len - i;
     */
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (unsigned)(c - 'A') + 10;
        else
            return false;
        value = value << 4 | digit;
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return true;
}

/*
 * Groups joined by colons, the last perhaps an IPv4 address, into at most cap octets (an even
 * number). An empty text is no groups. Returns the octets made, or -1.
 */
static int parse_groups(struct nib_text text, uint8_t *out, int cap, bool ipv4_allowed)
{
    int len = 0;
    /*@ loop invariant 0 <= len <= cap && len % 2 == 0;
        loop invariant text.len <= \at(text.len, Pre);
        loop invariant text.ptr + text.len == \at(text.ptr + text.len, Pre);
        loop assigns len, text, out[0 .. cap - 1];
        loop variant text.len;
     */
    while (text.len > 0) {
        size_t n = span_to(text, ':');
        struct nib_text group = {text.ptr, n};
        bool last = n == text.len;
        if (last && ipv4_allowed && span_to(group, '.') < n) {
            if (cap - len < 4 || !nib_ipv4_parse(group, out + len))
                return -1;
            return len + 4;
        }
        if (cap - len < 2 || !parse_group(group, out + len))
            return -1;
        len += 2;
        if (last)
            return len;
        text = skip(text, n + 1);
        if (text.len == 0) /* a colon at the end */
            return -1;
    }
    return len;
}

bool nib_ipv6_parse(struct nib_text text, uint8_t out[16])
{
    uint8_t ip[16] = {0}, tail[16];
    size_t gap = 0;
    /*@ loop invariant gap <= text.len;
        loop assigns gap;
        loop variant text.len - gap;
     */
    while (gap + 1 < text.len && (text.ptr[gap] != ':' || text.ptr[gap + 1] != ':'))
        gap++;
    if (gap + 1 >= text.len) { /* no `::`: exactly eight groups */
        if (parse_groups(text, ip, 16, true) != 16)
            return false;
    } else {
        int head_len = parse_groups((struct nib_text){text.ptr, gap}, ip, 14, false);
        if (head_len < 0)
            return false;
        int tail_len = parse_groups(skip(text, gap + 2), tail, 14 - head_len, true);
        if (tail_len < 0)
            return false;
        memcpy(ip + 16 - tail_len, tail, (size_t)tail_len);
    }
    memcpy(out, ip, sizeof ip);
    return true;
}

static void put_ipv4(struct nib_writer *w, const uint8_t ip[4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            nib_writer_u8(w, '.');
        nib_writer_decimal(w, ip[i]);
    }
}

static unsigned group_of(const uint8_t ip[16], int i)
{
    return (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
}

/* RFC 5952: the longest run of two or more zero groups, the first among equals, becomes `::`. */
static void put_ipv6(struct nib_writer *w, const uint8_t ip[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(ip, mapped, sizeof mapped) == 0) {
        nib_writer_word(w, "::ffff:");
        put_ipv4(w, ip + 12);
        return;
    }
    int best = 8, best_len = 1;
    for (int i = 0; i < 8; i++) {
        int n = 0;
        while (i + n < 8 && group_of(ip, i + n) == 0)
            n++;
        if (n > best_len) {
            best = i;
            best_len = n;
        }
    }
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            nib_writer_word(w, "::");
            i += best_len - 1;
            continue;
        }
        if (i > 0 && i != best + best_len)
            nib_writer_u8(w, ':');
        nib_writer_hex(w, group_of(ip, i), 1);
    }
}

static void put_ip(struct nib_writer *w, const struct nib_addr *addr)
{
    if (addr->family == 4)
        put_ipv4(w, addr->ip);
    else
        put_ipv6(w, addr->ip);
}

size_t nib_ip_format(const struct nib_addr *addr, char out[NIB_IP_TEXT_MAX])
{
    struct nib_writer w = nib_writer_init((uint8_t *)out, NIB_IP_TEXT_MAX - 1);
    put_ip(&w, addr);
    out[w.off] = '\0';
    return w.off;
}

size_t nib_addr_format(const struct nib_addr *addr, char out[NIB_ADDR_TEXT_MAX])
{
    struct nib_writer w = nib_writer_init((uint8_t *)out, NIB_ADDR_TEXT_MAX - 1);
    if (addr->family == 6)
        nib_writer_u8(&w, '[');
    put_ip(&w, addr);
    if (addr->scope != 0) {
        nib_writer_u8(&w, '%');
        nib_writer_decimal(&w, addr->scope);
    }
    if (addr->family == 6)
        nib_writer_u8(&w, ']');
    nib_writer_u8(&w, ':');
    nib_writer_decimal(&w, addr->port);
    out[w.off] = '\0';
    return w.off;
}

bool nib_port_parse(struct nib_text text, uint16_t *out)
{
    uint32_t value;
    if (!parse_number(text, 65535, &value))
        return false;
    *out = (uint16_t)value;
    return true;
}

/* An IPv6 address with an optional %scope (a number: names of interfaces are the system's). */
static bool parse_scoped(struct nib_text text, struct nib_addr *addr)
{
    size_t n = span_to(text, '%');
    if (n < text.len && !parse_number(skip(text, n + 1), UINT32_MAX, &addr->scope))
        return false;
    addr->family = 6;
    return nib_ipv6_parse((struct nib_text){text.ptr, n}, addr->ip);
}

bool nib_addr_parse(struct nib_text text, uint16_t default_port, struct nib_addr *out)
{
    struct nib_addr addr = {.port = default_port};
    bool ok;
    if (text.len == 0)
        return false;
    if (text.ptr[0] == '[') {
        size_t n = span_to(text, ']');
        ok = n < text.len && parse_scoped((struct nib_text){text.ptr + 1, n - 1}, &addr);
        text = skip(text, ok ? n + 1 : 0);
    } else if (nib_ipv6_parse(text, addr.ip)) {
        addr.family = 6;
        ok = true;
        text.len = 0;
    } else {
        size_t n = span_to(text, ':');
        addr.family = 4;
        ok = nib_ipv4_parse((struct nib_text){text.ptr, n}, addr.ip);
        text = skip(text, n);
    }
    if (!ok || (text.len > 0 && (text.ptr[0] != ':' || !nib_port_parse(skip(text, 1), &addr.port))))
        return false;
    *out = addr;
    return true;
}

bool nib_ip_equal(const struct nib_addr *a, const struct nib_addr *b)
{
    return a->family == b->family && a->scope == b->scope && memcmp(a->ip, b->ip, 16) == 0;
}

bool nib_addr_is_wildcard(const struct nib_addr *addr)
{
    static const uint8_t zero[16];
    return memcmp(addr->ip, zero, sizeof zero) == 0;
}

bool nib_addr_equal(const struct nib_addr *a, const struct nib_addr *b)
{
    return a->port == b->port && nib_ip_equal(a, b);
}

uint64_t nib_addr_hash(const struct nib_addr *addr, uint64_t seed)
{
    uint64_t hash = seed ^ ((uint64_t)addr->port << 32 | addr->scope);
    for (int i = 0; i < 16; i++)
        hash = (hash ^ addr->ip[i]) * 0x100000001b3u;
    hash = (hash ^ addr->family) * 0x9e3779b97f4a7c15u;
    hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93u; /* neighbours must part in every bit */
    return hash ^ hash >> 32;
}
