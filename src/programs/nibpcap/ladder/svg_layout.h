/*
 * Layer 7, private to the ladder's picture: where everything stands, in pixels.
 *
 *     panel   head of each lifeline, then rows
 *     row     [cut of a silence] words above the arrow, the arrow, words below it
 *
 * Texts are in fonts of fixed width, and GLYPH is more than any of them needs, so what has room by
 * these numbers overlaps nothing.
 */
#ifndef NIBDNS_NIBPCAP_LADDER_LAYOUT_H
#define NIBDNS_NIBPCAP_LADDER_LAYOUT_H

#include "nibpcap/ladder/ladder.h"

enum {
    GLYPH = 7, /* of 11px, and HEAD_GLYPH of 13px */
    HEAD_GLYPH = 9,
    LINE = 14,       /* from one line of text to the next */
    LEFT = 158,      /* frame number and times */
    TIME_CHARS = 12, /* of a time in there */
    EDGE = 24,       /* around everything */
    BAR = 5,         /* half the width of a bar on a lifeline */
    CUT = 40,        /* a silence */
    GAP = 16,        /* between rows */
    NARROW = 150,    /* between lifelines, at least and at most */
    WIDE = 380,
    HEAD_CHARS = 24, /* of an address, in one line of its head */
    PANELS_MAX = 5,
};

struct panel {
    size_t first, end; /* rows */
    int x, y, height;
};

struct layout {
    const struct ladder *ladder;
    int x[LIFELINES_MAX]; /* of the lifelines, from a panel's left edge */
    int panel_width, head_height;
    struct panel panels[PANELS_MAX];
    size_t n_panels;
    int width, height;
};

void layout_make(struct layout *layout, const struct ladder *ladder, bool wide);

/* What stands above a row's arrow, and below it. */
void layout_words_above(struct line *line, const struct ladder *ladder, const struct row *row);
int layout_chars(const struct layout *layout, const struct row *row); /* in one line of either */

/* Of a row: its height, and how far below its top its arrow is. */
int layout_row_height(const struct layout *layout, const struct row *row);
int layout_arrow(const struct layout *layout, const struct row *row);

#endif
