#include "page/base/words.h"

struct nib_text page_until(struct nib_text *text, char c)
{
    size_t n = 0;
    while (n < text->len && text->ptr[n] != c)
        n++;
    struct nib_text before = {text->ptr, n};
    size_t used = n < text->len ? n + 1 : n;
    *text = (struct nib_text){text->ptr + used, text->len - used};
    return before;
}

bool page_number(struct nib_text text, uint64_t most, uint64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || n > most / 10)
            return false;
        n = n * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    if (text.len == 0 || n > most)
        return false;
    *out = n;
    return true;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

size_t page_hex(struct nib_text text, uint8_t *out, size_t cap)
{
    if (text.len % 2 != 0 || text.len / 2 > cap)
        return 0;
    for (size_t i = 0; i < text.len; i += 2) {
        int high = digit(text.ptr[i]), low = digit(text.ptr[i + 1]);
        if (high < 0 || low < 0)
            return 0;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return text.len / 2;
}

bool page_is(struct nib_text text, const char *words)
{
    size_t n = strlen(words);
    if (n != text.len)
        return false;
    for (size_t i = 0; i < n; i++)
        if (page_small(text.ptr[i]) != words[i])
            return false;
    return true;
}
