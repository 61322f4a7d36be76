/*
 * Layer 1: cursors over the octets of one datagram. Fields are read or written in a straight line;
 * the first thing that goes wrong sticks, everything after it does nothing, and the caller looks
 * once at the end. Bounds are compared as `n > len - off`, which cannot wrap because off <= len.
 */
#ifndef NIBDNS_CURSOR_H
#define NIBDNS_CURSOR_H

#include "nibdns/protocol.h"

/* Reads `len` octets. `err` is the first rule broken, `err_off` the octet where. */
struct nib_reader {
    const uint8_t *octets;
    size_t len, off;
    enum nib_err err;
    size_t err_off;
};

/* Writes into `cap` octets; `full` once something did not fit. */
struct nib_writer {
    uint8_t *octets;
    size_t cap, off;
    bool full;
};

static inline struct nib_reader nib_reader_init(const uint8_t *octets, size_t len)
{
    return (struct nib_reader){.octets = octets, .len = len};
}

/* Notes a broken rule at an octet; only the first note counts. Nothing is read from then on. */
static inline void nib_reader_fail(struct nib_reader *r, enum nib_err err, size_t at)
{
    if (r->err == NIB_OK) {
        r->err = err;
        r->err_off = at;
    }
}

/* The next n octets, or NULL: the reader has failed already, or fails now as too short. */
static inline const uint8_t *nib_reader_take(struct nib_reader *r, size_t n)
{
    if (r->err != NIB_OK)
        return NULL;
    if (n > r->len - r->off) {
        nib_reader_fail(r, NIB_ERR_SHORT, r->len);
        return NULL;
    }
    const uint8_t *octets = r->octets + r->off;
    r->off += n;
    return octets;
}

/* Big-endian integers (NIB-1.2); 0 once the reader has failed. */
static inline uint8_t nib_reader_u8(struct nib_reader *r)
{
    const uint8_t *p = nib_reader_take(r, 1);
    return p == NULL ? 0 : p[0];
}

static inline uint32_t nib_reader_u32(struct nib_reader *r)
{
    const uint8_t *p = nib_reader_take(r, 4);
    return p == NULL
               ? 0
               : ((uint32_t)p[0] << 24) + ((uint32_t)p[1] << 16) + ((uint32_t)p[2] << 8) + p[3];
}

static inline struct nib_writer nib_writer_init(uint8_t *octets, size_t cap)
{
    return (struct nib_writer){.octets = octets, .cap = cap};
}

static inline void nib_writer_octets(struct nib_writer *w, const void *octets, size_t n)
{
    if (w->full || n > w->cap - w->off) {
        w->full = true;
        return;
    }
    if (n > 0)
        memcpy(w->octets + w->off, octets, n);
    w->off += n;
}

static inline void nib_writer_u8(struct nib_writer *w, uint8_t value)
{
    nib_writer_octets(w, &value, 1);
}

static inline void nib_writer_u32(struct nib_writer *w, uint32_t value)
{
    const uint8_t octets[4] = {
        (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    nib_writer_octets(w, octets, sizeof octets);
}

/* Text: a view, a C string, a decimal number, a lower-case hex number of at least `digits` digits.
 */
static inline void nib_writer_text(struct nib_writer *w, struct nib_text text)
{
    nib_writer_octets(w, text.ptr, text.len);
}

static inline void nib_writer_word(struct nib_writer *w, const char *word)
{
    nib_writer_octets(w, word, strlen(word));
}

void nib_writer_decimal(struct nib_writer *w, uint64_t number);
void nib_writer_hex(struct nib_writer *w, uint64_t number, int digits);

/*
 * Text from a stranger: printable ASCII but backslash stands as it is, every other octet as \ and
 * three decimal digits, so that no terminal acts on it.
 */
void nib_writer_escaped(struct nib_writer *w, struct nib_text text);

/* Octets written, or 0 when something did not fit. */
static inline size_t nib_writer_done(const struct nib_writer *w)
{
    return w->full ? 0 : w->off;
}

#endif
