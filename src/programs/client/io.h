/*
 * Layer 7: what the client reads from people and scripts, and what it tells them.
 */
#ifndef NIBDNS_PROGRAMS_CLIENT_IO_H
#define NIBDNS_PROGRAMS_CLIENT_IO_H

#include "nibdns/client.h"

/* What goes to standard output after a lookup. */
enum client_output { CLIENT_TABLES, CLIENT_PRETTY, CLIENT_SHORT, CLIENT_JSON, CLIENT_QUIET };

struct client_words {
    struct nib_text name; /* without a dot at its end; length 0: an empty line */
    enum nib_type type;
};

/*
 * `<hostname> [<query type>]`; words->type stays as it is where the line has none. False, with one
 * line on standard error, when it is not that.
 */
bool client_parse(struct nib_text line, struct client_words *words);

/* The same from two arguments; the type may be NULL. */
bool client_parse_words(const char *name, const char *type, struct client_words *words);

/* Lines from a descriptor: a line at a time is asked for, whatever comes in between. */
enum { CLIENT_LINE_MAX = 1024 };
struct client_lines {
    int fd;
    size_t begin, end;
    bool began, over; /* the first line was given; the input has ended */
    int error;        /* the errno that it ended with, or 0; EILSEQ: it is UTF-16 */
    char buffer[2 * CLIENT_LINE_MAX];
};

enum client_line {
    CLIENT_LINE,
    CLIENT_LINE_TOO_LONG, /* longer than CLIENT_LINE_MAX: said, and passed over */
    CLIENT_LINE_NONE,     /* the end */
};

/* The next line without its newline. */
enum client_line client_next_line(struct client_lines *lines, struct nib_text *line);

/* `quit` in any case, blanks around it allowed. */
bool client_is_quit(struct nib_text line);

/* A line of a batch that only people read: its first word begins with a #. */
bool client_is_comment(struct nib_text line);

/* A file to read lookups from, `-`: standard input; -1 with errno set. */
int client_open(const char *path);

/* To standard output, whole, however it has to be cut. False, with errno set, when it is lost. */
bool client_print(struct nib_text text);

/*
 * Tells how a lookup ended: words to standard error, then what was asked for to standard output.
 * False, with errno set, when that could not be written.
 */
bool client_report(
    const struct nib_client *client, nib_ms now, int64_t took_us, enum client_output output);

/* The same of a line that is no lookup; its words for people were said before. */
bool client_report_invalid(struct nib_text line, enum client_output output);

#endif
