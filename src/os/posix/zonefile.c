#define _POSIX_C_SOURCE 200809L
#include "nibdns/os/zonefile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "nibdns/os/memory.h"
#include "nibdns/os/pieces.h"
#include "nibdns/os/progress.h"

struct source {
    const char *path;
    const struct nib_complaints *complaints;
    struct nib_progress progress;
};

struct room {
    size_t records, octets;
};

struct input {
    const char *path;
    struct nib_pieces pieces;
    struct room room;
};

static void complain(void *ctx, size_t line, size_t column, const char *words)
{
    struct source *source = ctx;
    char text[NIB_FAULT_MAX + 512];
    nib_progress_wipe(&source->progress);
    (void)snprintf(text, sizeof text, "%s:%zu: column %zu: %s", source->path, line, column, words);
    source->complaints->say(source->complaints->ctx, text);
}

static void step(void *ctx, size_t octets)
{
    struct source *source = ctx;
    nib_progress_at(&source->progress, octets);
}

/* What some editors put in front of a text is none of it. */
static struct nib_text without_mark(struct nib_text text)
{
    bool marked = text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0;
    return marked ? (struct nib_text){text.ptr + 3, text.len - 3} : text;
}

static bool is_utf_16(struct nib_text text)
{
    return text.len >= 2 &&
           (memcmp(text.ptr, "\xff\xfe", 2) == 0 || memcmp(text.ptr, "\xfe\xff", 2) == 0);
}

static bool cannot_read(const char *path, const struct nib_complaints *complaints)
{
    char text[512];
    (void)snprintf(text, sizeof text, "%s: cannot be read: %s; give --records a readable file",
        path, strerror(errno));
    complaints->say(complaints->ctx, text);
    return false;
}

/* The room that the file's records need. */
static bool measure(struct nib_pieces *pieces, struct room *room)
{
    struct nib_text piece;
    do {
        if (!nib_pieces_next(pieces, &piece))
            return false;
        room->records += nib_records_count(piece);
        room->octets += piece.len;
    } while (piece.len > 0);
    return nib_pieces_again(pieces);
}

static bool make_zone(struct nib_zonefile *file, struct room room, uint64_t seed,
    const struct nib_complaints *complaints)
{
    file->octets = nib_zone_bytes(room.records, room.octets);
    file->memory = nib_memory_map(file->octets);
    if (file->memory == NULL) {
        complaints->say(complaints->ctx, "not enough memory for the records");
        return false;
    }
    nib_memory_will_be_full(file->memory, file->octets);
    nib_zone_init(&file->zone, file->memory, room.records, room.octets, seed);
    return true;
}

static bool read_pieces(
    struct nib_pieces *pieces, struct nib_records *records, struct source *source)
{
    struct nib_text piece;
    bool ok = nib_pieces_next(pieces, &piece);
    if (ok && is_utf_16(piece)) {
        complain(source, 1, 1, "the file is UTF-16; save it as UTF-8");
        return false;
    }
    for (piece = without_mark(piece); ok && piece.len > 0; ok = nib_pieces_next(pieces, &piece))
        nib_records_piece(records, piece);
    return ok ? nib_records_end(records) : cannot_read(source->path, source->complaints);
}

static bool read_input(
    struct input *input, struct nib_zone *zone, const struct nib_complaints *complaints)
{
    struct source source = {.path = input->path, .complaints = complaints};
    struct nib_faults faults = {
        .ctx = &source, .fault = complain, .step = complaints->show_progress ? step : NULL};
    struct nib_records records = {.zone = zone, .faults = &faults};
    nib_progress_begin(&source.progress, input->path, input->room.octets);
    bool ok = read_pieces(&input->pieces, &records, &source);
    nib_progress_wipe(&source.progress);
    return ok;
}

/* All files have been opened and measured before the first is read. */
static bool open_input(struct input *input, const char *path)
{
    input->path = path;
    return nib_pieces_open(&input->pieces, path) && measure(&input->pieces, &input->room);
}

static bool read_inputs(struct nib_zonefile *file, struct input *inputs, size_t n, uint64_t seed,
    const struct nib_complaints *complaints)
{
    struct room room = {0};
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        room.records += inputs[i].room.records;
        room.octets += inputs[i].room.octets;
    }
    if (!make_zone(file, room, seed, complaints))
        return false;
    for (size_t i = 0; i < n; i++)
        ok = read_input(&inputs[i], &file->zone, complaints) && ok;
    return ok;
}

static bool read_builtin(struct nib_zonefile *file, const char *builtin, uint64_t seed,
    const struct nib_complaints *complaints)
{
    struct input input = {.path = "(built-in records)"};
    bool ok = nib_pieces_of(&input.pieces, builtin) && measure(&input.pieces, &input.room) &&
              read_inputs(file, &input, 1, seed, complaints);
    nib_pieces_close(&input.pieces);
    return ok;
}

static bool read_files(struct nib_zonefile *file, const char *const *paths, size_t n, uint64_t seed,
    const struct nib_complaints *complaints)
{
    struct input *inputs = calloc(n, sizeof *inputs);
    size_t opened = 0;
    bool ok = inputs != NULL;
    for (; ok && opened < n; opened++)
        ok = open_input(&inputs[opened], paths[opened]) || cannot_read(paths[opened], complaints);
    ok = ok && read_inputs(file, inputs, n, seed, complaints);
    for (size_t i = 0; i < opened; i++)
        nib_pieces_close(&inputs[i].pieces);
    free(inputs);
    return ok;
}

bool nib_zonefile_read(struct nib_zonefile *file, const char *const *paths, size_t n,
    const char *builtin, uint64_t seed, const struct nib_complaints *complaints)
{
    *file = (struct nib_zonefile){0};
    bool ok = n > 0 ? read_files(file, paths, n, seed, complaints)
                    : read_builtin(file, builtin, seed, complaints);
    if (!ok)
        nib_zonefile_free(file);
    return ok;
}

void nib_zonefile_free(struct nib_zonefile *file)
{
    nib_memory_unmap(file->memory, file->octets);
    *file = (struct nib_zonefile){0};
}
