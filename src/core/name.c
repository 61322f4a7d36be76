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

/* Octet by octet: finds the first rule broken, or none, for a name of any length. */
static enum nib_err check_slowly(struct nib_text name, size_t *bad)
{
    size_t label = 0; /* where the label under the scan begins */
    /*@ loop invariant label <= i <= name.len && i - label <= NIB_LABEL_MAX;
        loop invariant label == 0 || name.ptr[label - 1] == '.';
        loop invariant \forall integer j; label <= j < i ==> label_octet(name.ptr[j]);
        loop invariant \forall integer j; 0 <= j < i ==> name_octet_fits(name.ptr, name.len, j);
        loop assigns i, label, *bad;
        loop variant name.len - i;
     */
    for (size_t i = 0; i < name.len; i++) {
        *bad = i;
        if (in_label[(uint8_t)name.ptr[i]]) {
            if (i - label >= NIB_LABEL_MAX)
                return NIB_ERR_NAME_LABEL;
        } else if (name.ptr[i] != '.') {
            return NIB_ERR_NAME_OCTET;
        } else if (i == label || i + 1 == name.len) {
            return NIB_ERR_NAME_EMPTY;
        } else {
            label = i + 1;
        }
    }
    *bad = 0;
    return NIB_OK;
}

/* Little-endian, so that a hash is the same on every machine; compilers make one load of it. */
static inline uint64_t load64(const char *at)
{
    const uint8_t *p = (const uint8_t *)at;
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

/* Fewer than eight octets, the missing ones filled up with 'a's: legal, and no dot. */
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

/*
 * Eight octets at a time, each in its lane of a word. With all octets below 0x80, adding 0x80 - n
 * to a lane sets its top bit exactly when the octet is n or more, and no lane runs over into the
 * next.
 */
#define LANES(octet) ((octet)*0x0101010101010101u)
#define FOLD LANES((uint64_t)0x20)
#define TOP LANES((uint64_t)0x80)

static inline uint64_t lanes_from(uint64_t word, uint64_t least)
{
    return word + LANES(0x80 - least);
}

static inline uint64_t lanes_within(uint64_t word, uint64_t least, uint64_t most)
{
    return lanes_from(word, least) & ~lanes_from(word, most + 1) & TOP;
}

/*
 * True when the eight octets are of the alphabet and no two dots follow each other, *dots being
 * those of the word before (in its last lane only) and then of this one.
 */
static inline bool word_is_legal(uint64_t word, uint64_t *dots)
{
    uint64_t dot = lanes_within(word, '.', '.');
    uint64_t legal = lanes_within(word | FOLD, 'a', 'z') | lanes_within(word, '0', '9') |
                     lanes_within(word, '-', '.') | lanes_within(word, '_', '_');
    bool ok = (word & TOP) == 0 && legal == TOP && (dot & (dot << 8 | *dots >> 56)) == 0;
    *dots = dot;
    return ok;
}

/*
 * Whether a name of at most 63 octets, in which no label can be too long, keeps all rules. The last
 * eight octets are looked at as one word, wherever it begins: what two words both see is seen
 * twice.
 */
static bool is_legal_short(struct nib_text name)
{
    uint64_t dots = TOP; /* a dot may not come first */
    if (name.ptr[name.len - 1] == '.')
        return false;
    if (name.len < 8)
        return word_is_legal(load_short(name), &dots);
    /*@ loop invariant i <= name.len;
        loop assigns i, dots;
        loop variant name.len - i;
     */
    for (size_t i = 0; i + 8 < name.len; i += 8)
        if (!word_is_legal(load64(name.ptr + i), &dots))
            return false;
    if (name.len % 8 != 0) /* the last word does not begin where the one before it ended */
        dots = 0;
    return word_is_legal(load64(name.ptr + name.len - 8), &dots);
}

enum nib_err nib_name_check(struct nib_text name, size_t *bad)
{
    *bad = 0;
    if (name.len < 1 || name.len > NIB_NAME_MAX)
        return NIB_ERR_NAME_LEN;
    if (name.len <= NIB_LABEL_MAX && is_legal_short(name))
        return NIB_OK;
    return check_slowly(name, bad);
}

bool nib_name_equal(struct nib_text a, struct nib_text b)
{
    if (a.len != b.len)
        return false;
    if (a.len < 8)
        return (load_short(a) | FOLD) == (load_short(b) | FOLD);
    uint64_t differ = 0;
    /*@ loop invariant i <= a.len;
        loop assigns i, differ;
        loop variant a.len - i;
     */
    for (size_t i = 0; i + 8 < a.len; i += 8)
        differ |= (load64(a.ptr + i) ^ load64(b.ptr + i)) & ~FOLD;
    differ |= (load64(a.ptr + a.len - 8) ^ load64(b.ptr + a.len - 8)) & ~FOLD;
    return differ == 0;
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
