#define _POSIX_C_SOURCE 200809L
#include "nibdns/os/zonefile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "nibdns/os/memory.h"
#include "nibdns/os/progress.h"

struct source {
    const char *path;
    const struct nib_complaints *complaints;
    struct nib_progress progress;
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

/* All texts, or none of them with the reason told. */
static bool read_texts(struct nib_text *texts, const char *const *paths, size_t n,
    const struct nib_complaints *complaints)
{
    for (size_t i = 0; i < n; i++) {
        if (nib_memory_read_file(paths[i], &texts[i]))
            continue;
        char text[512];
        (void)snprintf(text, sizeof text, "%s: cannot be read: %s; give --records a readable file",
            paths[i], strerror(errno));
        complaints->say(complaints->ctx, text);
        return false;
    }
    return true;
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

static void read_one(
    struct nib_text text, struct nib_zone *zone, struct source *source, struct nib_faults *faults)
{
    if (is_utf_16(text)) {
        complain(source, 1, 1, "the file is UTF-16; save it as UTF-8");
        faults->n++;
        return;
    }
    (void)nib_records_read(without_mark(text), zone, faults);
}

static bool fill(struct nib_zonefile *file, const struct nib_text *texts, const char *const *paths,
    size_t n, uint64_t seed, const struct nib_complaints *complaints)
{
    size_t records = 0, octets = 0, faults_n = 0;
    for (size_t i = 0; i < n; i++) {
        records += nib_records_count(texts[i]);
        octets += texts[i].len;
    }
    file->octets = nib_zone_bytes(records, octets);
    file->memory = nib_memory_map(file->octets);
    if (file->memory == NULL) {
        complaints->say(complaints->ctx, "not enough memory for the records");
        return false;
    }
    nib_memory_will_be_full(file->memory, file->octets);
    nib_zone_init(&file->zone, file->memory, records, octets, seed);
    for (size_t i = 0; i < n; i++) {
        struct source source = {.path = paths[i], .complaints = complaints};
        struct nib_faults faults = {
            .ctx = &source, .fault = complain, .step = complaints->show_progress ? step : NULL};
        nib_progress_begin(&source.progress, paths[i], texts[i].len);
        read_one(texts[i], &file->zone, &source, &faults);
        nib_progress_wipe(&source.progress);
        faults_n += faults.n;
    }
    return faults_n == 0;
}

bool nib_zonefile_read(struct nib_zonefile *file, const char *const *paths, size_t n,
    const char *builtin, uint64_t seed, const struct nib_complaints *complaints)
{
    static const char *const builtin_path[] = {"(built-in records)"};
    struct nib_text given = {builtin, strlen(builtin)};
    *file = (struct nib_zonefile){0};
    if (n == 0)
        return fill(file, &given, builtin_path, 1, seed, complaints);
    struct nib_text *texts = calloc(n, sizeof *texts);
    bool ok = texts != NULL && read_texts(texts, paths, n, complaints) &&
              fill(file, texts, paths, n, seed, complaints);
    for (size_t i = 0; texts != NULL && i < n; i++)
        nib_memory_free_text(texts[i]);
    free(texts);
    if (!ok)
        nib_zonefile_free(file);
    return ok;
}

void nib_zonefile_free(struct nib_zonefile *file)
{
    nib_memory_unmap(file->memory, file->octets);
    *file = (struct nib_zonefile){0};
}
