/*
 * Layer 5: a file of any length as text, in pieces of whole lines, so that it needs little memory
 * of its own; and once more from its beginning. What cannot be read twice, a pipe, is one piece.
 */
#ifndef NIBDNS_OS_PIECES_H
#define NIBDNS_OS_PIECES_H

#include "nibdns/base.h"

struct nib_pieces {
    int fd;
    bool seekable; /* can be read again from where it stood, `start` */
    bool ended;    /* nothing stands behind what is in memory */
    bool parted;   /* a piece was given before the end was there */
    int64_t start;
    size_t most, read; /* octets that are read at most, and have been */
    char *memory;
    size_t cap, len, given; /* octets there, filled, of the last piece */
};

/* `-` is standard input. False: see errno. Is to be closed either way. */
bool nib_pieces_open(struct nib_pieces *pieces, const char *path);

/* The same of a text, which is copied, instead of a file. */
bool nib_pieces_of(struct nib_pieces *pieces, const char *text);

/*
 * The next piece, which lives until the next call: whole lines, the last of the file with or
 * without a newline. Length 0: that was all. False: see errno.
 */
bool nib_pieces_next(struct nib_pieces *pieces, struct nib_text *piece);

/*
 * After the last piece: from the first one again. What the file has grown meanwhile is left out.
 * False: see errno.
 */
bool nib_pieces_again(struct nib_pieces *pieces);

void nib_pieces_close(struct nib_pieces *pieces);

#endif
