/*
 * Layer 7: the prompt at a terminal (terminal.h says whether it can be edited there): a line can be
 * edited (cursor keys, Home, End, Ctrl-A E K U W L), Up and Down bring back what was typed, Tab
 * completes names and query types. The terminal is as it was whenever no line is being typed.
 */
#ifndef NIBDNS_PROGRAMS_CLIENT_EDIT_H
#define NIBDNS_PROGRAMS_CLIENT_EDIT_H

#include "client/io.h"

enum { EDIT_HISTORY = 64 };

struct edit {
    const char *prompt;
    struct nib_table *table; /* whose names Tab knows, beside those that were typed */
    size_t n;                /* lines typed, the newest EDIT_HISTORY of them kept */
    char typed[EDIT_HISTORY][CLIENT_LINE_MAX + 1];
    /* the line being typed */
    char line[CLIENT_LINE_MAX + 1];
    size_t len, cursor;             /* cursor <= len <= CLIENT_LINE_MAX */
    size_t back;                    /* steps back into what was typed; 0: the new line */
    char kept[CLIENT_LINE_MAX + 1]; /* the new line meanwhile */
};

/* One line, valid until the next call; CLIENT_LINE_NONE at the end of input. */
enum client_line edit_line(struct edit *edit, struct nib_text *line);

#endif
