/*
 * Layer 7, a part of nibpcap's ladder: the ladder as a picture (SVG). Numbers are whole, fonts the
 * reader's own, colours follow the reader's choice of light or dark; nothing in it moves or loads.
 * Its style holds for the picture alone, wherever it stands.
 */
#ifndef NIBDNS_NIBPCAP_LADDER_SVG_H
#define NIBDNS_NIBPCAP_LADDER_SVG_H

#include "nibpcap/base/sink.h"
#include "nibpcap/ladder/ladder.h"

enum {
    SVG_ROWS = 250,     /* as many rows as somebody still scrolls through */
    SVG_ROWS_WIDE = 45, /* as many as can be read on a slide */
    SVG_LINES_WIDE = 5,
};

/* The whole ladder, placed; `wide`: 16 to 9, in several panels where there are many rows. */
void svg_draw(const struct ladder *ladder, bool wide, const struct sink *sink);

#endif
