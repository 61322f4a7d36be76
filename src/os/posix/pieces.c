#define _POSIX_C_SOURCE 200809L
#include "nibdns/os/pieces.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 256 << 10 }; /* stays in a processor's cache */

bool nib_pieces_open(struct nib_pieces *pieces, const char *path)
{
    struct stat st;
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    *pieces = (struct nib_pieces){.fd = fd, .most = SIZE_MAX, .cap = PIECE};
    if (fd < 0)
        return false;
    pieces->start = lseek(fd, 0, SEEK_CUR);
    pieces->seekable = pieces->start >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    pieces->memory = malloc(PIECE);
    return pieces->memory != NULL;
}

bool nib_pieces_of(struct nib_pieces *pieces, const char *text)
{
    size_t len = strlen(text);
    *pieces = (struct nib_pieces){.fd = -1, .ended = true, .cap = len, .len = len, .read = len};
    pieces->memory = malloc(len + 1);
    if (pieces->memory != NULL)
        memcpy(pieces->memory, text, len);
    return pieces->memory != NULL;
}

/* The octets up to the last newline, all at the end of the file; 0: more must be read. */
static size_t whole_lines(const struct nib_pieces *pieces)
{
    size_t n = pieces->len;
    if (pieces->ended)
        return n;
    if (!pieces->seekable)
        return 0;
    while (n > 0 && pieces->memory[n - 1] != '\n')
        n--;
    return n;
}

static bool read_on(struct nib_pieces *pieces)
{
    if (pieces->len == pieces->cap) {
        char *more = realloc(pieces->memory, pieces->cap * 2);
        if (more == NULL)
            return false;
        pieces->memory = more;
        pieces->cap *= 2;
    }
    size_t room = pieces->cap - pieces->len, left = pieces->most - pieces->read;
    ssize_t n = read(pieces->fd, pieces->memory + pieces->len, room < left ? room : left);
    if (n < 0)
        return errno == EINTR;
    pieces->ended = n == 0;
    pieces->len += (size_t)n;
    pieces->read += (size_t)n;
    return true;
}

bool nib_pieces_next(struct nib_pieces *pieces, struct nib_text *piece)
{
    pieces->len -= pieces->given;
    memmove(pieces->memory, pieces->memory + pieces->given, pieces->len);
    pieces->given = 0;
    while (!pieces->ended && (pieces->len < PIECE || whole_lines(pieces) == 0))
        if (!read_on(pieces))
            return false;
    pieces->parted = pieces->parted || !pieces->ended;
    pieces->given = whole_lines(pieces);
    *piece = (struct nib_text){pieces->memory, pieces->given};
    return true;
}

bool nib_pieces_again(struct nib_pieces *pieces)
{
    pieces->given = 0;
    pieces->most = pieces->read;
    if (!pieces->parted) { /* all of it is still there */
        pieces->len = pieces->read;
        return true;
    }
    pieces->len = pieces->read = 0;
    pieces->ended = pieces->parted = false;
    return lseek(pieces->fd, (off_t)pieces->start, SEEK_SET) >= 0;
}

void nib_pieces_close(struct nib_pieces *pieces)
{
    int error = errno;
    free(pieces->memory);
    if (pieces->fd > STDIN_FILENO)
        (void)close(pieces->fd);
    errno = error;
}
