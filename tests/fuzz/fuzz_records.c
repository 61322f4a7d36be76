/*
 * Records files: a file is taken whole or refused with printable faults inside the file; the table
 * that is printed of one that was taken is a records file of the same table.
 */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "nibdns/records.h"
#include "nibdns/table.h"
#include "reference/naive.h"

struct told {
    struct nib_text text;
    size_t n, line;
};

static size_t lines_of(struct nib_text text)
{
    size_t n = 1;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\n';
    return n;
}

static void on_fault(void *ctx, size_t line, size_t column, const char *words)
{
    struct told *told = ctx;
    told->n++;
    INVARIANT(line >= 1 && line <= lines_of(told->text));
    INVARIANT(line >= told->line); /* in the order of the lines */
    told->line = line;
    INVARIANT(column >= 1 && column <= told->text.len + 1);
    INVARIANT(strlen(words) > 0 && strlen(words) < NIB_FAULT_MAX);
    for (size_t i = 0; words[i] != '\0'; i++)
        INVARIANT(words[i] >= ' ' && words[i] <= '~');
}

/* Reads it into a zone. The memory is to be freed; *ok says whether there was no fault. */
static void *read_zone(struct nib_text text, struct nib_zone *zone, bool *ok)
{
    struct told told = {.text = text};
    struct nib_faults faults = {.ctx = &told, .fault = on_fault};
    size_t n = nib_records_count(text);
    void *memory = fuzz_zeroed(nib_zone_bytes(n, text.len));
    nib_zone_init(zone, memory, n, text.len, 42);
    *ok = nib_records_read(text, zone, &faults);
    INVARIANT(faults.n == told.n && *ok == (told.n == 0) && zone->n <= n);
    return memory;
}

/* NIB-7.7, slowly; every record is found, and its texts pass the checks. */
static void check_zone(const struct nib_zone *zone)
{
    struct nib_zone_walk walk = {0};
    struct nib_rr rr, other;
    size_t n = 0, bad;
    while (nib_zone_walk(zone, &walk, &rr)) {
        n++;
        INVARIANT(nib_name_check(rr.name, &bad) == NIB_OK);
        INVARIANT(nib_result_check(rr.type, rr.result, &bad) == NIB_OK);
        INVARIANT(nib_zone_find(zone, nib_key_of(rr.name, zone->seed), rr.type, &other));
        INVARIANT(rr.type == NIB_NS || nib_text_same(other.result, rr.result));
        struct nib_zone_walk again = walk; /* from the record behind this one */
        while (nib_zone_walk(zone, &again, &other)) {
            if (!naive_same_name((struct naive_text){(const uint8_t *)rr.name.ptr, rr.name.len},
                    (struct naive_text){(const uint8_t *)other.name.ptr, other.name.len}))
                continue;
            INVARIANT(rr.type != other.type ||
                      (rr.type == NIB_NS && !nib_text_same(rr.result, other.result)));
            INVARIANT(rr.type == other.type || (rr.type != NIB_CNAME && other.type != NIB_CNAME));
        }
    }
    INVARIANT(n == zone->n);
}

static char *print(struct nib_zone *zone, size_t *len)
{
    struct nib_table table = {0};
    nib_table_set_zone(&table, zone);
    fuzz_print(&table, 0);
    size_t cap = nib_table_text_max(&table);
    char *text = fuzz_zeroed(cap);
    *len = nib_table_text(&table, 0, text, cap);
    INVARIANT(*len > 0);
    return text;
}

static void check_again(struct nib_zone *zone)
{
    struct nib_zone again;
    size_t len, again_len;
    bool ok;
    char *text = print(zone, &len);
    void *memory = read_zone((struct nib_text){text, len}, &again, &ok);
    INVARIANT(ok && again.n == zone->n);
    char *same = print(&again, &again_len);
    INVARIANT(len == again_len && memcmp(text, same, len) == 0);
    free(same);
    free(text);
    free(memory);
}

/* The lines may stand behind a right header, or say themselves what they are. */
int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static const char header[] = "record_no,name,type,result,ttl,static\n";
    struct nib_zone zone;
    bool ok, with = len > 0 && octets[0] == '!';
    size_t head = with ? sizeof header - 1 : 0, skip = with;
    char *text = fuzz_zeroed(head + len - skip);
    memcpy(text, header, head);
    if (len > skip)
        memcpy(text + head, octets + skip, len - skip);
    void *memory = read_zone((struct nib_text){text, head + len - skip}, &zone, &ok);
    free(text);        /* the zone keeps copies */
    check_zone(&zone); /* what went in of a file with faults keeps the rules too */
    if (ok)
        check_again(&zone);
    free(memory);
    return 0;
}
