/*
 * Layer 7, nibpcap's base: where drawn text goes: a file, or a page's memory.
 */
#ifndef NIBDNS_NIBPCAP_SINK_H
#define NIBDNS_NIBPCAP_SINK_H

#include "common/line.h"

struct sink {
    void (*put)(void *ctx, const char *text, size_t len);
    void *ctx;
};

static inline void sink_text(const struct sink *sink, struct nib_text text)
{
    sink->put(sink->ctx, text.ptr, text.len);
}

static inline void sink_line(const struct sink *sink, const struct line *line)
{
    sink_text(sink, line_view(line));
    sink_text(sink, NIB_TEXT("\n"));
}

#endif
