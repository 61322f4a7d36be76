/*
 * Layer 7, a part of nibpcap's ladder: the ladder as text, as wide as it is told.
 */
#ifndef NIBDNS_NIBPCAP_LADDER_TEXT_H
#define NIBDNS_NIBPCAP_LADDER_TEXT_H

#include "nibpcap/base/sink.h"
#include "nibpcap/ladder/ladder.h"

enum { TEXT_WIDTH_MIN = 60, TEXT_WIDTH_MAX = 300 };

struct text_style {
    size_t width; /* columns, TEXT_WIDTH_MIN to TEXT_WIDTH_MAX */
    bool colour;
};

/* How many lifelines have room. */
size_t text_lines_most(const struct text_style *style);

/* Who is who, and the names above the lifelines. */
void text_head(
    const struct ladder *ladder, const struct text_style *style, const struct sink *sink);

void text_row(const struct ladder *ladder, const struct text_style *style, const struct row *row,
    const struct sink *sink);

/* The whole ladder, placed: head, rows, what is left out. */
void text_draw(
    const struct ladder *ladder, const struct text_style *style, const struct sink *sink);

#endif
