#include "nibdns/table.h"

/* number, five commas, type, "2147483647", "0", newline */
enum { ROW_OVERHEAD = 20 + 5 + NIB_TYPE_NAME_MAX + 10 + 1 + 1, HEAD = 64 };

size_t nib_table_text_max(const struct nib_table *table)
{
    size_t rows = table->zone->n, text = table->zone->text_octets;
    if (table->cache != NULL) {
        rows += table->cache->n;
        text += table->cache->text_octets;
    }
    return HEAD + rows * ROW_OVERHEAD + text;
}

static void put_row(struct nib_writer *w, const struct nib_rr *rr)
{
    nib_writer_decimal(w, rr->no);
    nib_writer_u8(w, ',');
    nib_writer_text(w, rr->name);
    nib_writer_u8(w, ',');
    nib_writer_word(w, nib_type_name(rr->type));
    nib_writer_u8(w, ',');
    nib_writer_text(w, rr->result);
    nib_writer_u8(w, ',');
    if (rr->is_static)
        nib_writer_text(w, NIB_TEXT("None,1\n"));
    else {
        nib_writer_decimal(w, rr->ttl_s);
        nib_writer_text(w, NIB_TEXT(",0\n"));
    }
}

/* ---- the rows, in order of their numbers ---- */

/*
 * The next row of each kind, looked up anew in each piece, as others may have changed the table
 * since the last one.
 */
struct next {
    struct nib_zone_walk walk;
    uint32_t at;
    bool more_fixed, more_dynamic;
    struct nib_rr fixed, dynamic;
};

static void next_fixed(const struct nib_table_print *p, struct next *next)
{
    next->more_fixed = nib_zone_walk(p->zone, &next->walk, &next->fixed);
}

static void next_dynamic(const struct nib_table_print *p, struct next *next)
{
    next->more_dynamic = p->table->cache != NULL &&
                         nib_cache_walk_all(p->table->cache, p->now, &next->at, &next->dynamic) &&
                         next->dynamic.no < p->end_no;
}

static struct next look(struct nib_table_print *p)
{
    if (p->at != 0)
        nib_cache_resume(p->table->cache, &p->at, p->at_no);
    struct next next = {.walk = p->walk, .at = p->at};
    next_fixed(p, &next);
    next_dynamic(p, &next);
    return next;
}

/* Takes the row with the smaller number. */
static bool take_row(struct nib_table_print *p, struct next *next, struct nib_rr *rr)
{
    if (next->more_fixed && (!next->more_dynamic || next->fixed.no < next->dynamic.no)) {
        *rr = next->fixed;
        p->walk = next->walk;
        next_fixed(p, next);
        return true;
    }
    if (!next->more_dynamic)
        return false;
    *rr = next->dynamic;
    p->at = next->at;
    p->at_no = rr->no;
    next_dynamic(p, next);
    return true;
}

/* ---- the same for a person ---- */

enum { NO, NAME, TYPE, RESULT, TTL, STATIC, COLUMNS = NIB_TABLE_COLUMNS };
enum { PAD_MAX = 40, TTL_LOW = 10 };
enum { PRETTY_HEAD = 2 * (20 + PAD_MAX + NIB_TYPE_NAME_MAX + PAD_MAX + 10 + 6 + 2 * COLUMNS) };
/* The gaps, the padding, the colours: no row has more than this beside its CSV. */
_Static_assert(2 * COLUMNS + 20 + 10 + NIB_TYPE_NAME_MAX + 2 * PAD_MAX + 16 <= NIB_TABLE_PRETTY_ROW,
    "too little");

static const char *const titles[COLUMNS] = {"record_no", "name", "type", "result", "ttl", "static"};
static const bool to_the_right[COLUMNS] = {[NO] = true, [TTL] = true};

struct cells {
    struct nib_text text[COLUMNS];
    char no[20], ttl[10];
};

static struct nib_text decimal(char *out, size_t cap, uint64_t value)
{
    struct nib_writer w = nib_writer_init((uint8_t *)out, cap);
    nib_writer_decimal(&w, value);
    return (struct nib_text){out, w.off};
}

static struct nib_text word(const char *text)
{
    return (struct nib_text){text, strlen(text)};
}

static void fill_cells(struct cells *cells, const struct nib_rr *rr)
{
    cells->text[NO] = decimal(cells->no, sizeof cells->no, rr->no);
    cells->text[NAME] = rr->name;
    cells->text[TYPE] = word(nib_type_name(rr->type));
    cells->text[RESULT] = rr->result;
    cells->text[TTL] =
        rr->is_static ? NIB_TEXT("None") : decimal(cells->ttl, sizeof cells->ttl, rr->ttl_s);
    cells->text[STATIC] = rr->is_static ? NIB_TEXT("1") : NIB_TEXT("0");
}

/* A longer text goes past its column rather than pushing all the others away. */
static void measure(const struct nib_rr *rr, size_t width[COLUMNS])
{
    struct cells cells;
    fill_cells(&cells, rr);
    for (int i = 0; i < COLUMNS; i++) {
        size_t len = cells.text[i].len < PAD_MAX ? cells.text[i].len : PAD_MAX;
        width[i] = len > width[i] ? len : width[i];
    }
}

static void repeat(struct nib_writer *w, char c, size_t n)
{
    while (n-- > 0)
        nib_writer_u8(w, (uint8_t)c);
}

/* No blanks stand at the end of a line. */
static void put_cell(struct nib_writer *w, int column, struct nib_text text, size_t width)
{
    size_t pad = text.len < width ? width - text.len : 0;
    repeat(w, ' ', column > 0 ? 2 : 0);
    if (to_the_right[column])
        repeat(w, ' ', pad);
    nib_writer_text(w, text);
    if (!to_the_right[column] && column < COLUMNS - 1)
        repeat(w, ' ', pad);
}

static void put_pretty_row(
    struct nib_writer *w, const struct nib_rr *rr, const size_t width[COLUMNS], bool colour)
{
    struct cells cells;
    bool low = !rr->is_static && rr->ttl_s < TTL_LOW;
    fill_cells(&cells, rr);
    if (colour && rr->is_static)
        nib_writer_word(w, "\033[2m");
    for (int i = 0; i < COLUMNS; i++) {
        if (colour && low && i == TTL)
            nib_writer_word(w, "\033[33m");
        put_cell(w, i, cells.text[i], width[i]);
        if (colour && low && i == TTL)
            nib_writer_word(w, "\033[0m");
    }
    if (colour && rr->is_static)
        nib_writer_word(w, "\033[0m");
    nib_writer_u8(w, '\n');
}

static void put_pretty_head(struct nib_writer *w, const size_t width[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++)
        put_cell(w, i, word(titles[i]), width[i]);
    nib_writer_u8(w, '\n');
    for (int i = 0; i < COLUMNS; i++) {
        repeat(w, ' ', i > 0 ? 2 : 0);
        repeat(w, '-', width[i]);
    }
    nib_writer_u8(w, '\n');
}

/* ---- piece by piece ---- */

static void begin(struct nib_table_print *p)
{
    p->zone = p->table->zone;
    p->swaps = p->table->swaps;
    p->end_no = p->table->next_no;
    p->walk = (struct nib_zone_walk){0};
    p->at = 0;
    p->measuring = p->form != NIB_TABLE_CSV;
    p->headed = false;
    for (int i = 0; i < COLUMNS; i++)
        p->width[i] = strlen(titles[i]);
}

void nib_table_print_begin(struct nib_table_print *print, const struct nib_table *table,
    enum nib_table_form form, nib_ms now)
{
    *print = (struct nib_table_print){.table = table, .form = form, .now = now};
    begin(print);
}

static void put_head(struct nib_table_print *p, struct nib_writer *w)
{
    nib_writer_u8(w, '\n');
    if (p->form != NIB_TABLE_CSV) {
        put_pretty_head(w, p->width);
    } else {
        nib_writer_text(w, NIB_TABLE_HEADER);
        nib_writer_u8(w, '\n');
    }
    p->headed = true;
}

/* All rows were measured: from the first on they are written. */
static void write_from_here(struct nib_table_print *p)
{
    p->measuring = false;
    p->walk = (struct nib_zone_walk){0};
    p->at = 0;
}

bool nib_table_print_some(struct nib_table_print *p, struct nib_writer *w, uint32_t rows)
{
    struct nib_rr rr;
    if (p->swaps != p->table->swaps) { /* read again meanwhile, and the old ones are gone */
        *w = nib_writer_init(w->octets, w->cap);
        begin(p);
    }
    struct next next = look(p);
    if (!p->measuring && !p->headed)
        put_head(p, w);
    for (; rows > 0; rows--) {
        if (!take_row(p, &next, &rr)) {
            if (!p->measuring)
                return false;
            write_from_here(p);
            return true;
        }
        if (!rr.is_static && rr.ttl_s == 0) /* it has expired */
            continue;
        if (p->measuring)
            measure(&rr, p->width);
        else if (p->form == NIB_TABLE_CSV)
            put_row(w, &rr);
        else
            put_pretty_row(w, &rr, p->width, p->form == NIB_TABLE_COLOUR);
    }
    return true;
}

size_t nib_table_form_max(const struct nib_table *table, enum nib_table_form form)
{
    size_t rows = table->zone->n + (table->cache == NULL ? 0 : table->cache->n);
    size_t max = nib_table_text_max(table);
    return form == NIB_TABLE_CSV ? max : max + PRETTY_HEAD + rows * NIB_TABLE_PRETTY_ROW;
}

size_t nib_table_form_text(
    const struct nib_table *table, enum nib_table_form form, nib_ms now, char *out, size_t cap)
{
    struct nib_writer w = nib_writer_init((uint8_t *)out, cap);
    struct nib_table_print print;
    nib_table_print_begin(&print, table, form, now);
    while (nib_table_print_some(&print, &w, UINT32_MAX))
        ;
    return nib_writer_done(&w);
}

size_t nib_table_text(const struct nib_table *table, nib_ms now, char *out, size_t cap)
{
    return nib_table_form_text(table, NIB_TABLE_CSV, now, out, cap);
}
