#include "nibdns/name.h"

/* 1 for the octets that a label may have (NIB-3.2); 32 to a row. */
// clang-format off
static const uint8_t in_label[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
};
// clang-format on

/* Where the label that begins at `label` ends. */
static size_t label_end(struct nib_text name, size_t label)
{
    size_t i = label;
    /*@ loop invariant label <= i <= name.len;
        loop invariant \forall integer j; label <= j < i ==> label_octet(name.ptr[j]);
        loop assigns i;
        loop variant name.len - i;
     */
    while (i < name.len && in_label[(uint8_t)name.ptr[i]])
        i++;
    return i;
}

/* The first rule that is broken, or none, for a name of any length. */
static enum nib_err check_labels(struct nib_text name, size_t *bad)
{
    size_t label = 0;
    /*@ loop invariant label < name.len;
        loop invariant label == 0 || name.ptr[label - 1] == '.';
        loop invariant \forall integer j; 0 <= j < label ==> name_octet_fits(name.ptr, name.len, j);
        loop assigns label, *bad;
        loop variant name.len - label;
     */
    for (;;) {
        size_t end = label_end(name, label);
        if (end - label > NIB_LABEL_MAX) {
            *bad = label + NIB_LABEL_MAX;
            return NIB_ERR_NAME_LABEL;
        }
        *bad = end;
        if (end == name.len)
            break;
        if (name.ptr[end] != '.')
            return NIB_ERR_NAME_OCTET;
        if (end == label || end + 1 == name.len)
            return NIB_ERR_NAME_EMPTY;
        label = end + 1;
    }
    *bad = 0;
    return NIB_OK;
}

enum nib_err nib_name_check(struct nib_text name, size_t *bad)
{
    *bad = 0;
    if (name.len < 1 || name.len > NIB_NAME_MAX)
        return NIB_ERR_NAME_LEN;
    return check_labels(name, bad);
}

/* Little-endian, so that a hash is the same on every machine; compilers make one load of it. */
static inline uint64_t load64(const char *at)
{
    const uint8_t *p = (const uint8_t *)at;
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

/* Fewer than eight octets, the missing ones filled up. */
static uint64_t load_short(struct nib_text text)
{
    uint64_t word = 0x6161616161616161u;
    /*@ loop invariant i <= text.len;
        loop assigns i, word;
        loop variant i;
     */
    for (size_t i = text.len; i-- > 0;)
        word = word << 8 | (uint8_t)text.ptr[i];
    return word;
}

/* The bit that tells the cases of a letter apart; the other octets of names are told apart without.
 */
#define CASE_BIT ((uint64_t)0x20)
#define FOLD (CASE_BIT * 0x0101010101010101u)

bool nib_name_equal(struct nib_text a, struct nib_text b)
{
    unsigned differ = 0;
    if (nib_text_same(a, b)) /* the letters mostly are of one case */
        return true;
    if (a.len != b.len)
        return false;
    /*@ loop invariant i <= a.len;
        loop assigns i, differ;
        loop variant a.len - i;
     */
    for (size_t i = 0; i < a.len; i++)
        differ |= (unsigned)(uint8_t)a.ptr[i] ^ (uint8_t)b.ptr[i];
    return (differ & ~(unsigned)CASE_BIT) == 0;
}

/*
 * SipHash (Aumasson, Bernstein), one round a word and three at the end. The length goes in first;
 * the last word may overlap the one before, which tells names of one length apart all the same.
 */
struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

static inline uint64_t sip_text(struct nib_text text, uint64_t fold, uint64_t seed)
{
    uint64_t key = rotate(seed, 32) ^ 0x9e3779b97f4a7c15u;
    struct sip s = {seed ^ 0x736f6d6570736575u, key ^ 0x646f72616e646f6du,
        seed ^ 0x6c7967656e657261u, key ^ 0x7465646279746573u};
    s.v0 ^= (uint64_t)text.len << 56;
    if (text.len < 8) {
        sip_word(&s, load_short(text) | fold);
    } else {
        /*@ loop invariant i <= text.len;
            loop assigns i, s;
            loop variant text.len - i;
         */
        for (size_t i = 0; i + 8 < text.len; i += 8)
            sip_word(&s, load64(text.ptr + i) | fold);
        sip_word(&s, load64(text.ptr + text.len - 8) | fold);
    }
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t nib_name_hash(struct nib_text name, uint64_t seed)
{
    return sip_text(name, FOLD, seed);
}

uint64_t nib_text_hash(struct nib_text text, uint64_t seed)
{
    return sip_text(text, 0, seed);
}

bool nib_name_is_under(struct nib_text name, struct nib_text domain)
{
    size_t skipped = name.len - domain.len;
    return domain.len <= name.len && (skipped == 0 || name.ptr[skipped - 1] == '.') &&
           nib_name_equal(domain, (struct nib_text){name.ptr + skipped, domain.len});
}

struct nib_text nib_name_parent(struct nib_text name)
{
    size_t i = 0;
    /*@ loop invariant i <= name.len;
        loop invariant \forall integer j; 0 <= j < i ==> name.ptr[j] != '.';
        loop assigns i;
        loop variant name.len - i;
     */
    while (i < name.len && name.ptr[i] != '.')
        i++;
    if (i < name.len)
        i++;
    return (struct nib_text){name.ptr + i, name.len - i};
}
