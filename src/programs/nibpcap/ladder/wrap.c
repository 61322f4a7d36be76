#include "nibpcap/ladder/wrap.h"

bool wrap_next(struct nib_text *rest, size_t most, struct nib_text *line)
{
    while (rest->len > 0 && rest->ptr[0] == ' ')
        *rest = (struct nib_text){rest->ptr + 1, rest->len - 1};
    if (rest->len == 0)
        return false;
    size_t n = rest->len;
    if (n > most) {
        n = most;
        while (n > 0 && rest->ptr[n] != ' ')
            n--;
        n = n == 0 ? most : n; /* a word that is longer than a line */
    }
    *line = (struct nib_text){rest->ptr, n};
    *rest = (struct nib_text){rest->ptr + n, rest->len - n};
    return true;
}

size_t wrap_count(struct nib_text text, size_t most)
{
    struct nib_text line;
    size_t n = 0;
    while (wrap_next(&text, most, &line))
        n++;
    return n;
}
