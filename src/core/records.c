#include "nibdns/records.h"

#include "nibdns/cursor.h"
#include "nibdns/message.h"
#include "nibdns/table.h"

enum { FIELDS = 6 };
static const char *const field_names[FIELDS] = {
    "record_no", "name", "type", "result", "ttl", "static"};
enum { NO, NAME, TYPE, RESULT, TTL, STATIC };

/* The line under the reader's eyes, and where its fields are. */
struct line {
    size_t number;
    struct nib_text text;
    struct nib_text fields[FIELDS];
    enum nib_type type;
    uint64_t hash; /* of the name */
    struct reading *reading;
};

/*
 * Lines that are right in themselves wait a little before they go into the zone, so that the memory
 * they will look at there is on its way meanwhile.
 */
enum { WAITING = 16 };
struct reading {
    struct nib_zone *zone;
    struct nib_faults *faults;
    size_t n;
    struct line waiting[WAITING];
};

static void settle(struct reading *reading);

#define NOTHING NIB_TEXT("")

/* `what "field" words`; an empty quote is left out. */
static void fault(
    struct line *line, const char *at, const char *what, struct nib_text quote, const char *words)
{
    char text[NIB_FAULT_MAX];
    struct nib_faults *faults = line->reading->faults;
    struct nib_writer w = nib_writer_init((uint8_t *)text, sizeof text - 1);
    settle(line->reading); /* faults are told in the order of their lines */
    nib_writer_word(&w, what);
    if (quote.len > 0) {
        struct nib_text shown = {quote.ptr, quote.len > 80 ? 80 : quote.len};
        nib_writer_word(&w, " \"");
        nib_writer_escaped(&w, shown);
        nib_writer_word(&w, quote.len > 80 ? "...\"" : "\"");
    }
    nib_writer_word(&w, words);
    text[w.off] = '\0';
    faults->n++;
    faults->fault(faults->ctx, line->number, (size_t)(at - line->text.ptr) + 1, text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct nib_text trim(struct nib_text text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

/* The octets before the first c, or all. */
static struct nib_text until(struct nib_text text, char c)
{
    const char *end = text.len == 0 ? NULL : memchr(text.ptr, c, text.len);
    return (struct nib_text){text.ptr, end == NULL ? text.len : (size_t)(end - text.ptr)};
}

/* Cuts the line at its commas. False, with a fault told, when there are not six fields. */
static bool split(struct line *line, struct nib_text text)
{
    size_t n = 0;
    for (struct nib_text rest = text;;) {
        struct nib_text field = until(rest, ',');
        if (n < FIELDS)
            line->fields[n] = trim(field);
        n++;
        if (field.len == rest.len)
            break;
        rest = (struct nib_text){rest.ptr + field.len + 1, rest.len - field.len - 1};
    }
    if (n == FIELDS)
        return true;
    char words[80];
    struct nib_writer w = nib_writer_init((uint8_t *)words, sizeof words - 1);
    nib_writer_word(&w, "a record has 6 fields, this line has ");
    nib_writer_decimal(&w, n);
    words[w.off] = '\0';
    fault(line, text.ptr, words, NOTHING, "");
    return false;
}

static bool check_number(struct line *line)
{
    struct nib_text no = line->fields[NO];
    for (size_t i = 0; i < no.len; i++)
        if (no.ptr[i] < '0' || no.ptr[i] > '9') {
            fault(line, no.ptr + i, "record number", no, " is no number: leave it empty");
            return false;
        }
    return true;
}

/* A trailing dot, and octets of UTF-8, have a hint of their own. */
static const char *name_hint(struct nib_text name, size_t bad, enum nib_err err)
{
    if (err == NIB_ERR_NAME_EMPTY && bad > 0 && bad + 1 == name.len)
        return "; leave out the dot at the end";
    if (err == NIB_ERR_NAME_OCTET && (uint8_t)name.ptr[bad] >= 0x80)
        return "; an international name is written in its xn-- form (punycode)";
    return "";
}

static void name_fault(
    struct line *line, const char *what, struct nib_text name, enum nib_err err, size_t bad)
{
    char words[160];
    struct nib_writer w = nib_writer_init((uint8_t *)words, sizeof words - 1);
    nib_writer_word(&w, ": ");
    nib_writer_word(&w, nib_err_words(err));
    nib_writer_word(&w, name_hint(name, bad, err));
    words[w.off] = '\0';
    fault(line, name.ptr + bad, what, name, words);
}

static bool check_name(struct line *line)
{
    size_t bad;
    enum nib_err err = nib_name_check(line->fields[NAME], &bad);
    if (err == NIB_OK)
        return true;
    name_fault(line, "name", line->fields[NAME], err, bad);
    return false;
}

/* A hint for a type that begins like one of ours. */
static const char *type_hint(struct nib_text text)
{
    static const struct {
        const char *near, *hint;
    } hints[] = {{"AA", "; did you mean AAAA?"}, {"CN", "; did you mean CNAME?"},
        {"NA", "; did you mean NS?"}, {"NS", "; did you mean NS?"}};
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        size_t n = strlen(hints[i].near), same = 0;
        while (same < n && same < text.len && (text.ptr[same] & ~0x20) == hints[i].near[same])
            same++;
        if (same == n)
            return hints[i].hint;
    }
    return "";
}

static bool check_type(struct line *line, enum nib_type *type)
{
    char words[80];
    if (nib_type_parse(line->fields[TYPE], type))
        return true;
    struct nib_writer w = nib_writer_init((uint8_t *)words, sizeof words - 1);
    nib_writer_word(&w, " is none of " NIB_TYPE_NAMES);
    nib_writer_word(&w, type_hint(line->fields[TYPE]));
    words[w.off] = '\0';
    fault(line, line->fields[TYPE].ptr, "type", line->fields[TYPE], words);
    return false;
}

static bool check_result(struct line *line, enum nib_type type)
{
    size_t bad;
    struct nib_text result = line->fields[RESULT];
    enum nib_err err = nib_result_check(type, result, &bad);
    if (err != NIB_OK)
        name_fault(line, "result", result, err, bad);
    return err == NIB_OK;
}

static bool check_word(struct line *line, int field, struct nib_text want, const char *words)
{
    if (nib_text_same(line->fields[field], want))
        return true;
    fault(line, line->fields[field].ptr, field_names[field], line->fields[field], words);
    return false;
}

static void add(struct line *line)
{
    struct nib_rr rr = {
        .name = line->fields[NAME], .type = line->type, .result = line->fields[RESULT]};
    switch (nib_zone_add_hashed(line->reading->zone, &rr, line->hash)) {
    case NIB_ZONE_ADDED:
        break;
    case NIB_ZONE_TWICE:
        fault(line, rr.name.ptr, "name", rr.name,
            rr.type == NIB_NS ? " has this NS record already"
                              : " has a record of this type already");
        break;
    case NIB_ZONE_CNAME:
        fault(line, rr.name.ptr, "name", rr.name,
            " has a CNAME record and another one: a name with a CNAME has no other record");
        break;
    case NIB_ZONE_FULL:
        fault(line, rr.name.ptr, "", rr.name, " more records than there is room for");
        break;
    }
}

static void settle(struct reading *reading)
{
    size_t n = reading->n;
    reading->n = 0;
    for (size_t i = 0; i < n; i++)
        add(&reading->waiting[i]);
}

static void await_turn(struct line *line)
{
    struct reading *reading = line->reading;
    if (reading->n == WAITING)
        settle(reading);
    struct nib_key key = nib_key_of(line->fields[NAME], reading->zone->seed);
    nib_zone_fetch_bucket(reading->zone, key);
    line->hash = key.hash;
    reading->waiting[reading->n++] = *line;
}

/* Every fault of a line is told, not just the first. */
static void read_record(struct line *line, struct nib_text text)
{
    if (!split(line, text))
        return;
    bool ok = check_number(line);
    ok = check_name(line) && ok;
    bool typed = check_type(line, &line->type);
    ok = typed && check_result(line, line->type) && ok;
    ok = check_word(line, TTL, NIB_TEXT("None"), " must be None") && ok;
    ok = check_word(line, STATIC, NIB_TEXT("1"), " must be 1") && ok;
    if (ok)
        await_turn(line);
}

size_t nib_records_count(struct nib_text text)
{
    size_t n = 1;
    while (text.len > 0) {
        struct nib_text line = until(text, '\n');
        size_t used = line.len < text.len ? line.len + 1 : line.len;
        text = (struct nib_text){text.ptr + used, text.len - used};
        n++;
    }
    return n;
}

bool nib_records_read(struct nib_text text, struct nib_zone *zone, struct nib_faults *faults)
{
    bool header = false;
    struct reading reading = {.zone = zone, .faults = faults};
    struct line line = {.text = NOTHING, .reading = &reading};
    const char *begin = text.ptr;
    while (text.len > 0) {
        line.number++;
        if (faults->step != NULL && line.number % NIB_RECORDS_STEP == 0)
            faults->step(faults->ctx, (size_t)(text.ptr - begin));
        line.text = until(text, '\n');
        size_t used = line.text.len < text.len ? line.text.len + 1 : line.text.len;
        text = (struct nib_text){text.ptr + used, text.len - used};
        struct nib_text content = trim(until(line.text, '#'));
        if (content.len == 0)
            continue;
        if (header) {
            read_record(&line, content);
        } else if (!nib_text_same(content, NIB_TABLE_HEADER)) {
            fault(&line, content.ptr, "the first line must be ", NOTHING, NIB_RR_HEADER);
            return false;
        }
        header = true;
    }
    if (!header) {
        line.number = 1;
        fault(&line, line.text.ptr, "the first line must be ", NOTHING, NIB_RR_HEADER);
    }
    settle(&reading);
    return faults->n == 0;
}
