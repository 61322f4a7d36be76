/*
 * Layer 3: the records file (NIB-7.7): the table's own text. The header line, then a record a line;
 * `#` starts a comment, empty lines are fine, blanks around fields too, lines may end in CR LF. The
 * record number may be left empty, and where it stands it is not kept: a table numbers its records
 * itself. `ttl` is None, `static` 1.
 */
#ifndef NIBDNS_RECORDS_H
#define NIBDNS_RECORDS_H

#include "nibdns/zone.h"

enum { NIB_FAULT_MAX = 640 }; /* octets of the longest fault text and a terminator */

/*
 * Told of each fault: line and column from 1, what is wrong (terminated, printable); and every
 * NIB_RECORDS_STEP lines, unless that is NULL, of how many octets have been read.
 */
enum { NIB_RECORDS_STEP = 16384 };
struct nib_faults {
    void *ctx;
    void (*fault)(void *ctx, size_t line, size_t column, const char *words);
    void (*step)(void *ctx, size_t octets);
    size_t n; /* how many there were */
};

/*
 * Room that a zone needs for a file of that text: an upper bound that never fails. For a file in
 * pieces, the sum.
 */
size_t nib_records_count(struct nib_text text);

/*
 * Reads a whole file into a zone fresh from nib_zone_init() with room for nib_records_count(text)
 * records and text.len octets. True when there was no fault; otherwise the zone is to be thrown
 * away.
 */
bool nib_records_read(struct nib_text text, struct nib_zone *zone, struct nib_faults *faults);

/*
 * The same for a file in pieces of whole lines (the last may lack its newline): set zone and
 * faults, the rest to zero; then the pieces, then the end.
 */
struct nib_records {
    struct nib_zone *zone;
    struct nib_faults *faults;
    size_t lines, octets; /* that were read */
    bool header, wrong;   /* the header was read; was wrong, which ended the reading */
};
void nib_records_piece(struct nib_records *records, struct nib_text piece);
bool nib_records_end(struct nib_records *records);

#endif
