/*
 * Hostile captures from a seed, the same files for the same seed:
 *
 *     mutate SEED FILES BATCHES FRAMES FOLDER CAPTURE...
 *
 * writes FOLDER/file-N.pcap, captures that were cut, changed or spliced as a whole, or are noise,
 * and FOLDER/batch-N.pcap, sound files of that many frames most of which were changed.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_HEADER = 24, RECORD_HEADER = 16, ROOM = 1 << 16, CAPTURES_MAX = 256 };

struct octets {
    size_t len;
    uint8_t at[ROOM];
};

static struct octets captures[CAPTURES_MAX];
static size_t n_captures;
static uint64_t state;

/* ---- chance ---- */

/* xorshift64*: 0 to n - 1. */
static size_t rng(size_t n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (size_t)((state * 2685821657736338717u) >> 33) % n;
}

static uint8_t odd_octet(void)
{
    static const uint8_t octets[] = {0, 1, 2, 4, 8, 0x0a, 0x0d, 0x10, 0x12, 0x14, 0x18, 0x1b, 0x1f,
        '.', 0x3f, 0x40, 0x45, 0x4f, 0x60, 0x7f, 0x80, 0x81, 0x9b, 0xa8, 0xfd, 0xfe, 0xff};
    return rng(2) == 0 ? octets[rng(sizeof octets)] : (uint8_t)rng(256);
}

static uint32_t odd_u32(void)
{
    static const uint32_t numbers[] = {0, 1, 15, 16, 17, 65535, 65536, 262143, 262144, 262145,
        0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff, 0xa1b2c3d4, 0xa1b23c4d};
    return rng(2) == 0 ? numbers[rng(sizeof numbers / sizeof numbers[0])]
                       : (uint32_t)rng(0x7fffffff);
}

/* ---- changes of any octets ---- */

static void insert(struct octets *o, size_t at, size_t n)
{
    if (n > ROOM - o->len)
        return;
    memmove(o->at + at + n, o->at + at, o->len - at);
    for (size_t i = 0; i < n; i++)
        o->at[at + i] = odd_octet();
    o->len += n;
}

static void drop(struct octets *o, size_t at, size_t n)
{
    n = n > o->len - at ? o->len - at : n;
    memmove(o->at + at, o->at + at + n, o->len - at - n);
    o->len -= n;
}

static void splice(struct octets *o, size_t at, const struct octets *other)
{
    size_t from = rng(other->len + 1), n = other->len - from;
    n = n > ROOM - at ? ROOM - at : n;
    memcpy(o->at + at, other->at + from, n);
    o->len = at + n;
}

static void change(struct octets *o, size_t at)
{
    switch (rng(8)) {
    case 0:
        o->len = at;
        break;
    case 1:
        insert(o, at, 1 + rng(8));
        break;
    case 2:
        drop(o, at, 1 + rng(8));
        break;
    default:
        if (at < o->len)
            o->at[at] = odd_octet();
    }
}

static void set_u32(struct octets *o, size_t at, uint32_t value, bool big)
{
    for (unsigned i = 0; i < 4 && at + i < o->len; i++)
        o->at[at + i] = (uint8_t)(value >> (big ? 24 - 8 * i : 8 * i));
}

/* ---- records of a sound capture ---- */

static bool is_big(const struct octets *o)
{
    return o->at[0] == 0xa1;
}

static uint32_t get_u32(const struct octets *o, size_t at)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++)
        value |= (uint32_t)o->at[at + i] << (is_big(o) ? 24 - 8 * i : 8 * i);
    return value;
}

/* Where a record chosen by chance begins, 0 when there is none. */
static size_t some_record(const struct octets *o)
{
    size_t at = FILE_HEADER, chosen = 0, seen = 0;
    while (o->len - at >= RECORD_HEADER) {
        size_t len = get_u32(o, at + 8);
        if (len > o->len - at - RECORD_HEADER)
            break;
        if (rng(++seen) == 0)
            chosen = at;
        at += RECORD_HEADER + len;
    }
    return chosen;
}

/* ---- whole files ---- */

static void make_noise(struct octets *o)
{
    o->len = rng(2) == 0 ? FILE_HEADER : 0; /* behind a sound header, or not even that */
    insert(o, o->len, rng(400));
}

static void make_file(struct octets *o)
{
    *o = captures[rng(n_captures)];
    size_t record = some_record(o);
    switch (rng(8)) {
    case 0:
        make_noise(o);
        break;
    case 1:
        o->len = rng(o->len);
        break;
    case 2: /* magic, version, snap length, link type */
        set_u32(o, 4 * rng(6), odd_u32(), is_big(o));
        break;
    case 3: /* time, fraction, length captured, length */
        set_u32(o, record + 4 * rng(4), odd_u32(), is_big(o));
        break;
    case 4:
        splice(o, rng(o->len), &captures[rng(n_captures)]);
        break;
    case 5: /* every frame as another link type */
        set_u32(o, 20, get_u32(&captures[rng(n_captures)], 20), is_big(o));
        break;
    default:
        for (size_t n = 1 + rng(6); n > 0 && o->len > 0; n--)
            change(o, rng(o->len));
    }
}

/* ---- sound files of changed frames ---- */

static void make_frame(struct octets *frame, const struct octets *from, size_t record)
{
    frame->len = get_u32(from, record + 8);
    memcpy(frame->at, from->at + record + RECORD_HEADER, frame->len);
    for (size_t n = rng(5); n > 0 && frame->len > 0; n--) /* the headers in front more often */
        change(frame, rng(rng(2) == 0 && frame->len > 48 ? 48 : frame->len));
}

static bool write_batch(FILE *out, size_t frames)
{
    const struct octets *link = &captures[rng(n_captures)], *from = link;
    static struct octets frame;
    bool ok = fwrite(link->at, 1, FILE_HEADER, out) == FILE_HEADER;
    for (size_t i = 0; i < frames && ok; i++) {
        uint8_t header[RECORD_HEADER];
        from = rng(8) == 0 ? &captures[rng(n_captures)] : from;
        if (is_big(from) != is_big(link) || get_u32(from, 20) != get_u32(link, 20))
            from = rng(16) == 0 ? from : link;
        size_t record = some_record(from);
        if (record == 0)
            continue;
        make_frame(&frame, from, record);
        size_t missing = rng(8) == 0 ? rng(100) : 0;
        uint32_t numbers[] = {1700000000 + (uint32_t)i, (uint32_t)rng(1000000), (uint32_t)frame.len,
            (uint32_t)(frame.len + missing)};
        for (unsigned k = 0; k < RECORD_HEADER; k++)
            header[k] =
                (uint8_t)(numbers[k / 4] >> (is_big(link) ? 24 - 8 * (k % 4) : 8 * (k % 4)));
        ok = fwrite(header, 1, sizeof header, out) == sizeof header &&
             fwrite(frame.at, 1, frame.len, out) == frame.len;
    }
    return ok;
}

/* ---- the program ---- */

static bool read_capture(const char *path)
{
    struct octets *o = &captures[n_captures];
    FILE *in = fopen(path, "rb");
    if (in == NULL || n_captures == CAPTURES_MAX)
        return false;
    o->len = fread(o->at, 1, ROOM, in);
    n_captures += o->len >= FILE_HEADER;
    return fclose(in) == 0;
}

static FILE *create(const char *folder, const char *kind, size_t no)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s-%zu.pcap", folder, kind, no);
    return fopen(path, "wb");
}

int main(int argc, char **argv)
{
    static struct octets file;
    bool ok = argc > 6;
    for (int i = 6; i < argc && ok; i++)
        ok = read_capture(argv[i]);
    if (!ok || n_captures == 0) {
        (void)fputs("usage: mutate SEED FILES BATCHES FRAMES FOLDER CAPTURE...\n", stderr);
        return 2;
    }
    state = strtoull(argv[1], NULL, 10) * 2 + 1;
    size_t files = strtoul(argv[2], NULL, 10), batches = strtoul(argv[3], NULL, 10);
    size_t frames = strtoul(argv[4], NULL, 10);
    for (size_t i = 0; i < files + batches && ok; i++) {
        bool whole = i < files;
        FILE *out = create(argv[5], whole ? "file" : "batch", whole ? i : i - files);
        if (out == NULL)
            ok = false;
        else if (whole) {
            make_file(&file);
            ok = fwrite(file.at, 1, file.len, out) == file.len;
        } else
            ok = write_batch(out, frames);
        ok = out != NULL && fclose(out) == 0 && ok;
    }
    return ok ? 0 : 2;
}
