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
 * they will look at there is on its way meanwhile. Each is read where it will wait.
 */
enum { WAITING = 16 };
struct reading {
    struct nib_records *records;
    size_t n, added; /* lines that were right; those from `added` on wait */
    struct line lines[WAITING];
};

#define NOTHING NIB_TEXT("")

/* `what "field" words`; an empty quote is left out. */
static void tell(
    struct line *line, const char *at, const char *what, struct nib_text quote, const char *words)
{
    char text[NIB_FAULT_MAX];
    struct nib_faults *faults = line->reading->records->faults;
    struct nib_writer w = nib_writer_init((uint8_t *)text, sizeof text - 1);
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

static void add(struct line *line)
{
    struct nib_rr rr = {
        .name = line->fields[NAME], .type = line->type, .result = line->fields[RESULT]};
    switch (nib_zone_add_hashed(line->reading->records->zone, &rr, line->hash)) {
    case NIB_ZONE_ADDED:
        break;
    case NIB_ZONE_TWICE:
        tell(line, rr.name.ptr, "name", rr.name,
            rr.type == NIB_NS ? " has this NS record already"
                              : " has a record of this type already");
        break;
    case NIB_ZONE_CNAME:
        tell(line, rr.name.ptr, "name", rr.name,
            " has a CNAME record and another one: a name with a CNAME has no other record");
        break;
    case NIB_ZONE_FULL:
        tell(line, rr.name.ptr, "", rr.name, " more records than there is room for");
        break;
    }
}

static void add_waiting(struct reading *reading, size_t most)
{
    while (reading->n - reading->added > most)
        add(&reading->lines[reading->added++ % WAITING]);
}

static void await_turn(struct line *line)
{
    struct reading *reading = line->reading;
    struct nib_key key = nib_key_of(line->fields[NAME], reading->records->zone->seed);
    nib_zone_fetch_bucket(reading->records->zone, key);
    line->hash = key.hash;
    reading->n++;
}

/* Faults are told in the order of their lines. */
static void fault(
    struct line *line, const char *at, const char *what, struct nib_text quote, const char *words)
{
    add_waiting(line->reading, 0);
    tell(line, at, what, quote, words);
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

/* The octets before the first c, which are taken off the text with it; or all. */
static struct nib_text take(struct nib_text *text, char c)
{
    struct nib_text taken = until(*text, c);
    size_t used = taken.len < text->len ? taken.len + 1 : taken.len;
    *text = (struct nib_text){text->ptr + used, text->len - used};
    return taken;
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

/* How many there are at the beginning. */
static size_t digits(struct nib_text text)
{
    size_t i = 0;
    while (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9')
        i++;
    return i;
}

static bool check_number(struct line *line)
{
    struct nib_text no = line->fields[NO];
    size_t n = digits(no);
    if (n == no.len)
        return true;
    fault(line, no.ptr + n, "record number", no, " is no number: leave it empty");
    return false;
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

/* In steps that compilers make vectors of, which spares a twentieth of the time. */
size_t nib_records_count(struct nib_text text)
{
    enum { STEP = 240 };
    size_t n = 1, i = 0;
    if (text.len > 0 && text.ptr[text.len - 1] != '\n')
        n++; /* the last line lacks its end */
    for (; text.len - i >= STEP; i += STEP) {
        uint8_t lines = 0;
        for (size_t k = 0; k < STEP; k++)
            lines = (uint8_t)(lines + (text.ptr[i + k] == '\n'));
        n += lines;
    }
    for (; i < text.len; i++)
        n += text.ptr[i] == '\n';
    return n;
}

/*
 * A line as tables print them, which most are: without blanks, comment or fault. False: it is no
 * such line. This spares a sixth of the time that a file takes.
 */
static bool read_plain_record(struct line *line)
{
    struct nib_text rest = line->text, end = NIB_TEXT(",None,1");
    size_t bad;
    if (rest.len < end.len)
        return false;
    rest.len -= end.len;
    if (memcmp(rest.ptr + rest.len, end.ptr, end.len) != 0)
        return false;
    line->fields[NO] = take(&rest, ',');
    line->fields[NAME] = take(&rest, ',');
    line->fields[TYPE] = take(&rest, ',');
    line->fields[RESULT] = rest;
    if (digits(line->fields[NO]) < line->fields[NO].len ||
        nib_name_check(line->fields[NAME], &bad) != NIB_OK ||
        !nib_type_parse(line->fields[TYPE], &line->type) ||
        nib_result_check(line->type, rest, &bad) != NIB_OK)
        return false;
    await_turn(line);
    return true;
}

/* The header, or a record. False: the header is wrong, which ends the reading. */
static bool read_line(struct line *line)
{
    struct nib_records *records = line->reading->records;
    if (records->header && read_plain_record(line))
        return true;
    struct nib_text content = trim(until(line->text, '#'));
    if (content.len == 0)
        return true;
    if (records->header) {
        read_record(line, content);
    } else if (!nib_text_same(content, NIB_TABLE_HEADER)) {
        fault(line, content.ptr, "the first line must be ", NOTHING, NIB_RR_HEADER);
        return false;
    }
    records->header = true;
    return true;
}

void nib_records_piece(struct nib_records *records, struct nib_text piece)
{
    struct nib_faults *faults = records->faults;
    struct reading reading = {.records = records};
    size_t before = records->octets;
    const char *begin = piece.ptr;
    while (piece.len > 0 && !records->wrong) {
        add_waiting(&reading, WAITING - 1);
        struct line *line = &reading.lines[reading.n % WAITING];
        line->reading = &reading;
        line->number = ++records->lines;
        if (faults->step != NULL && line->number % NIB_RECORDS_STEP == 0)
            faults->step(faults->ctx, before + (size_t)(piece.ptr - begin));
        line->text = take(&piece, '\n');
        records->wrong = !read_line(line);
    }
    records->octets = before + (size_t)(piece.ptr - begin);
    add_waiting(&reading, 0);
}

bool nib_records_end(struct nib_records *records)
{
    struct reading reading = {.records = records};
    struct line line = {.number = 1, .text = NOTHING, .reading = &reading};
    if (!records->header && !records->wrong)
        fault(&line, line.text.ptr, "the first line must be ", NOTHING, NIB_RR_HEADER);
    return records->faults->n == 0;
}

bool nib_records_read(struct nib_text text, struct nib_zone *zone, struct nib_faults *faults)
{
    struct nib_records records = {.zone = zone, .faults = faults};
    nib_records_piece(&records, text);
    return nib_records_end(&records);
}
