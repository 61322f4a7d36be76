#include "nibdns/table.h"

/* Whether a zone's records leave no room for a dynamic one: the key, or a CNAME of either. */
static bool has_no_room_for(const struct nib_zone *zone, const struct nib_rr *rr)
{
    static const enum nib_type types[] = {
#define X(symbol, code, name) symbol,
        NIB_TYPES(X)
#undef X
    };
    struct nib_key key = nib_key_of(rr->name, zone->seed);
    struct nib_rr fixed;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if ((types[i] == rr->type || types[i] == NIB_CNAME || rr->type == NIB_CNAME) &&
            nib_zone_find(zone, key, types[i], &fixed))
            return true;
    return false;
}

/* Drops those that have to go. The walk is a step ahead of what it drops. */
static void give_way(struct nib_cache *cache, const struct nib_zone *zone)
{
    const nib_ms always = INT64_MIN / 2; /* a time at which nothing has expired */
    struct nib_rr rr, next;
    uint32_t at = 0;
    bool more = nib_cache_walk(cache, always, &at, &rr);
    while (more) {
        more = nib_cache_walk(cache, always, &at, &next);
        if (has_no_room_for(zone, &rr))
            nib_cache_remove(cache, nib_key_of(rr.name, cache->seed), rr.type);
        rr = next;
    }
}

uint64_t nib_table_take_numbers(struct nib_table *table, uint32_t n)
{
    uint64_t first = table->next_no;
    table->next_no += n;
    return first;
}

void nib_table_swap_zone(struct nib_table *table, const struct nib_zone *zone)
{
    table->zone = zone;
    if (table->cache != NULL)
        give_way(table->cache, zone);
}

void nib_table_set_zone(struct nib_table *table, struct nib_zone *zone)
{
    table->next_no = nib_zone_number(zone, table->zone, table->next_no);
    nib_table_swap_zone(table, zone);
}

bool nib_table_find(const struct nib_table *table, nib_ms now, struct nib_key key,
    enum nib_type type, struct nib_rr *rr)
{
    if (nib_zone_find(table->zone, key, type, rr))
        return true;
    return table->cache != NULL && nib_cache_find(table->cache, now, key, type, rr);
}

bool nib_table_store(struct nib_table *table, nib_ms now, struct nib_text name, enum nib_type type,
    struct nib_text result, uint32_t ttl_s)
{
    struct nib_rr there;
    struct nib_rr rr = {
        .no = table->next_no, .name = name, .type = type, .result = result, .ttl_s = ttl_s};
    if (table->cache == NULL ||
        nib_zone_find(table->zone, nib_key_of(name, table->zone->seed), type, &there))
        return false;
    if (!nib_cache_store(table->cache, now, &rr))
        return false;
    table->next_no++;
    return true;
}

/* number, five commas, longest type, "2147483647", "0", newline */
enum { ROW_OVERHEAD = 20 + 5 + 5 + 10 + 1 + 1, HEAD = 64 };

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

/* The rows that are printed, in order of their numbers. */
struct rows {
    const struct nib_table *table;
    nib_ms now;
    struct nib_zone_walk walk;
    uint32_t at;
    bool more_fixed, more_dynamic;
    struct nib_rr fixed, dynamic;
};

static void next_fixed(struct rows *rows)
{
    rows->more_fixed = nib_zone_walk(rows->table->zone, &rows->walk, &rows->fixed);
}

static void next_dynamic(struct rows *rows)
{
    rows->more_dynamic = rows->table->cache != NULL &&
                         nib_cache_walk(rows->table->cache, rows->now, &rows->at, &rows->dynamic);
}

static struct rows rows_of(const struct nib_table *table, nib_ms now)
{
    struct rows rows = {.table = table, .now = now};
    next_fixed(&rows);
    next_dynamic(&rows);
    return rows;
}

static bool next_row(struct rows *rows, struct nib_rr *rr)
{
    if (rows->more_fixed && (!rows->more_dynamic || rows->fixed.no < rows->dynamic.no)) {
        *rr = rows->fixed;
        next_fixed(rows);
        return true;
    }
    if (!rows->more_dynamic)
        return false;
    *rr = rows->dynamic;
    next_dynamic(rows);
    return true;
}

size_t nib_table_text(const struct nib_table *table, nib_ms now, char *out, size_t cap)
{
    struct nib_writer w = nib_writer_init((uint8_t *)out, cap);
    struct rows rows = rows_of(table, now);
    struct nib_rr rr;
    nib_writer_u8(&w, '\n');
    nib_writer_text(&w, NIB_TABLE_HEADER);
    nib_writer_u8(&w, '\n');
    while (next_row(&rows, &rr))
        put_row(&w, &rr);
    return nib_writer_done(&w);
}

/* ---- the same for a person ---- */

enum { NO, NAME, TYPE, RESULT, TTL, STATIC, COLUMNS, PAD_MAX = 40, TTL_LOW = 10 };
enum { PRETTY_HEAD = 2 * (20 + PAD_MAX + 5 + PAD_MAX + 10 + 6 + 2 * COLUMNS) };
/* The gaps, the padding, the colours: no row has more than this beside its CSV. */
_Static_assert(2 * COLUMNS + 20 + 10 + 5 + 2 * PAD_MAX + 16 <= NIB_TABLE_PRETTY_ROW, "too little");

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
static void measure(const struct nib_table *table, nib_ms now, size_t width[COLUMNS])
{
    struct rows rows = rows_of(table, now);
    struct nib_rr rr;
    struct cells cells;
    for (int i = 0; i < COLUMNS; i++)
        width[i] = strlen(titles[i]);
    while (next_row(&rows, &rr)) {
        fill_cells(&cells, &rr);
        for (int i = 0; i < COLUMNS; i++) {
            size_t len = cells.text[i].len < PAD_MAX ? cells.text[i].len : PAD_MAX;
            width[i] = len > width[i] ? len : width[i];
        }
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

static size_t pretty(const struct nib_table *table, nib_ms now, bool colour, char *out, size_t cap)
{
    struct nib_writer w = nib_writer_init((uint8_t *)out, cap);
    struct rows rows = rows_of(table, now);
    struct nib_rr rr;
    size_t width[COLUMNS];
    measure(table, now, width);
    nib_writer_u8(&w, '\n');
    for (int i = 0; i < COLUMNS; i++)
        put_cell(&w, i, word(titles[i]), width[i]);
    nib_writer_u8(&w, '\n');
    for (int i = 0; i < COLUMNS; i++) {
        repeat(&w, ' ', i > 0 ? 2 : 0);
        repeat(&w, '-', width[i]);
    }
    nib_writer_u8(&w, '\n');
    while (next_row(&rows, &rr))
        put_pretty_row(&w, &rr, width, colour);
    return nib_writer_done(&w);
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
    if (form == NIB_TABLE_CSV)
        return nib_table_text(table, now, out, cap);
    return pretty(table, now, form == NIB_TABLE_COLOUR, out, cap);
}
