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

enum nib_err nib_name_check(struct nib_text name, size_t *bad)
{
    *bad = 0;
    if (name.len < 1 || name.len > NIB_NAME_MAX)
        return NIB_ERR_NAME_LEN;
    size_t label = 0; /* where the label under the scan begins: label <= i */
    for (size_t i = 0; i < name.len; i++) {
        *bad = i;
        if (in_label[(uint8_t)name.at[i]]) {
            if (i - label >= NIB_LABEL_MAX)
                return NIB_ERR_NAME_LABEL;
        } else if (name.at[i] != '.') {
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

/* Little-endian, so that a hash is the same on every machine. */
static uint64_t load64(const char *at)
{
    const uint8_t *p = (const uint8_t *)at;
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

static uint64_t load_tail(const char *at, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)(uint8_t)at[i] << (8 * i);
    return word;
}

#define FOLD 0x2020202020202020u

bool nib_name_equal(struct nib_text a, struct nib_text b)
{
    if (a.len != b.len)
        return false;
    size_t i = 0;
    for (; a.len - i >= 8; i += 8)
        if ((load64(a.at + i) | FOLD) != (load64(b.at + i) | FOLD))
            return false;
    return (load_tail(a.at + i, a.len - i) | FOLD) == (load_tail(b.at + i, a.len - i) | FOLD);
}

/* SipHash (Aumasson, Bernstein), one round a word and three at the end. */
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

uint64_t nib_name_hash(struct nib_text name, uint64_t seed)
{
    uint64_t key = rotate(seed, 32) ^ 0x9e3779b97f4a7c15u;
    struct sip s = {seed ^ 0x736f6d6570736575u, key ^ 0x646f72616e646f6du,
        seed ^ 0x6c7967656e657261u, key ^ 0x7465646279746573u};
    size_t i = 0;
    for (; name.len - i >= 8; i += 8)
        sip_word(&s, load64(name.at + i) | FOLD);
    /* the top octet of the last word is the length, as in SipHash; at most 7 octets lie below it */
    uint64_t tail = load_tail(name.at + i, name.len - i) | (FOLD >> 8);
    sip_word(&s, tail | (uint64_t)(uint8_t)name.len << 56);
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

struct nib_text nib_name_parent(struct nib_text name)
{
    size_t i = 0;
    while (i < name.len && name.at[i] != '.')
        i++;
    if (i < name.len)
        i++;
    return (struct nib_text){name.at + i, name.len - i};
}
