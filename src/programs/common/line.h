/*
 * Layer 7: a line of text being made, in memory of a fixed size; what does not fit is left out.
 * Knows no file: common/print.h writes lines.
 */
#ifndef NIBDNS_PROGRAMS_LINE_H
#define NIBDNS_PROGRAMS_LINE_H

#include "nibdns/addr.h"
#include "nibdns/cursor.h"
#include "nibdns/message.h"

enum { LINE_MAX_LEN = 4096 };

struct line {
    struct nib_writer w;
    uint8_t text[LINE_MAX_LEN + 1]; /* room for a newline or a terminator */
};

/* Begins it anew. */
void line_begin(struct line *line);

void line_add(struct line *line, const char *word);
void line_text(struct line *line, struct nib_text text);
void line_number(struct line *line, uint64_t number);

/* `BEFORE number AFTER`, without the blanks. */
void line_count(struct line *line, const char *before, uint64_t number, const char *after);

/* Seconds with 6 digits behind the point, cut off, with a sign where they are negative. */
void line_seconds(struct line *line, int64_t ns);

void line_ip(struct line *line, const struct nib_addr *addr);
void line_dotted(struct line *line, const struct nib_addr *addr); /* tcpdump's ADDR.PORT */
void line_addr(struct line *line, const struct nib_addr *addr);   /* ADDR:PORT */

/* A message in one line, and what is wrong with one: `malformed: WORDS (RULE) at octet N`. */
void line_message(struct line *line, const struct nib_message *m);
void line_malformed(struct line *line, enum nib_err err, size_t bad);

/* Blanks up to that column, from 0. */
void line_pad(struct line *line, size_t column);

/* What was made so far; valid until the line changes. */
struct nib_text line_view(const struct line *line);
const char *line_string(struct line *line);

#endif
