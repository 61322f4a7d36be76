/*
 * Layer 3: the RR table of a program as people see it (NIB-7.1): its static records (a zone, shared
 * and swapped by the program), its dynamic ones (a cache), one numbering, one printed text:
 *
 *     (an empty line)
 *     record_no,name,type,result,ttl,static
 *     0,www.csusm.edu,A,144.37.5.45,None,1
 */
#ifndef NIBDNS_TABLE_H
#define NIBDNS_TABLE_H

#include "nibdns/cache.h"
#include "nibdns/cursor.h"
#include "nibdns/zone.h"

#define NIB_TABLE_HEADER NIB_TEXT(NIB_RR_HEADER)

struct nib_table {
    const struct nib_zone *zone; /* of the same seed as the cache */
    struct nib_cache *cache;     /* NULL: a program that learns nothing */
    uint64_t next_no;            /* the number of the next new record */
    uint64_t swaps; /* how often its zone was set: zones may stand in one place by turns */
};

/*
 * Numbers the records of a freshly read zone and puts it in the place of the one before (NULL:
 * none). Records that stood before keep their numbers. Dynamic records stay, but for those that the
 * zone's leave no room for. The zone before is the caller's to free.
 */
void nib_table_set_zone(struct nib_table *table, struct nib_zone *zone);

/*
 * The same in short steps for a table that is in use meanwhile: take the numbers for n new records
 * (nib_zone_count_new), which returns the first; then, the zone numbered from there, swap. Before
 * and after that, dynamic records give way to the zone's: `most` are looked at in a call, until it
 * says false. `way` begins as {0}.
 */
uint64_t nib_table_take_numbers(struct nib_table *table, uint32_t n);
void nib_table_swap_zone(struct nib_table *table, const struct nib_zone *zone);
struct nib_table_way {
    uint32_t at; /* the last record that was looked at and stayed, and its number */
    uint64_t no;
};
bool nib_table_give_way(
    struct nib_table *table, const struct nib_zone *zone, struct nib_table_way *way, uint32_t most);

/* The record of that key, static before dynamic (NIB-7.3). False, *rr untouched, when there is
 * none. */
bool nib_table_find(const struct nib_table *table, nib_ms now, struct nib_key key,
    enum nib_type type, struct nib_rr *rr);

/*
 * Stores what an answer said as a dynamic record with the next number. Nothing happens when a
 * record with that key lives, static or dynamic, or the TTL is 0 (NIB-7.6). Returns whether it was
 * stored.
 */
bool nib_table_store(struct nib_table *table, nib_ms now, struct nib_text name, enum nib_type type,
    struct nib_text result, uint32_t ttl_s);

/* The same with marks. */
bool nib_table_store_marked(struct nib_table *table, nib_ms now, struct nib_text name,
    enum nib_type type, struct nib_text result, uint32_t ttl_s, uint8_t marks);

/* Octets that the printed table has at most. */
size_t nib_table_text_max(const struct nib_table *table);

/* Writes the printed table into out, which has room for nib_table_text_max(). Returns its length.
 */
size_t nib_table_text(const struct nib_table *table, nib_ms now, char *out, size_t cap);

/*
 * The same table for a person: columns that line up under a ruled header. Names and results are
 * padded to 40 octets at most; longer ones go past their column. In colour, static records are dim
 * and a TTL under 10 s is marked. `max` and `cap` as above.
 */
enum nib_table_form { NIB_TABLE_CSV, NIB_TABLE_PRETTY, NIB_TABLE_COLOUR };
enum { NIB_TABLE_PRETTY_ROW = 160 }; /* octets of a row beside its CSV, at most */
size_t nib_table_form_max(const struct nib_table *table, enum nib_table_form form);
size_t nib_table_form_text(
    const struct nib_table *table, enum nib_table_form form, nib_ms now, char *out, size_t cap);

/*
 * The same text in pieces, for a table that others change between them: begin, then `some` until it
 * says false. Each call makes up to that many rows of text, or of room for them in columns. A
 * record that comes in meanwhile is not shown; where the static records are read again, the text
 * begins anew.
 */
enum { NIB_TABLE_COLUMNS = 6 };
struct nib_table_print {
    const struct nib_table *table;
    enum nib_table_form form;
    nib_ms now;
    const struct nib_zone *zone;
    uint64_t swaps;            /* of the table, when this zone was its */
    uint64_t end_no;           /* the first record number that came later */
    struct nib_zone_walk walk; /* the last static record that was shown */
    uint32_t at;               /* the last dynamic one, and its number */
    uint64_t at_no;
    bool measuring, headed;
    size_t width[NIB_TABLE_COLUMNS];
};
void nib_table_print_begin(struct nib_table_print *print, const struct nib_table *table,
    enum nib_table_form form, nib_ms now);
bool nib_table_print_some(struct nib_table_print *print, struct nib_writer *w, uint32_t rows);

#endif
