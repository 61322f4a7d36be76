#include <stdio.h>
#include <stdlib.h>

#include "nibpcap/base/status.h"
#include "nibpcap/make/make.h"

void make_fault(const struct make *make, struct nib_text word, const char *words)
{
    char text[200];
    struct nib_writer w = nib_writer_init((uint8_t *)text, sizeof text - 1);
    nib_writer_escaped(&w, word);
    text[w.off] = '\0';
    (void)fprintf(
        stderr, "%s:%zu: %s%s%s\n", make->path, make->line, text, *text ? ": " : "", words);
    exit(STATUS_USE);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct nib_text make_word(struct nib_text *rest)
{
    while (rest->len > 0 && is_blank(rest->ptr[0]))
        *rest = (struct nib_text){rest->ptr + 1, rest->len - 1};
    size_t n = 0;
    while (n < rest->len && !is_blank(rest->ptr[n]))
        n++;
    struct nib_text word = {rest->ptr, n};
    *rest = (struct nib_text){rest->ptr + n, rest->len - n};
    return word;
}

bool make_is_word(struct nib_text word, const char *want)
{
    return nib_text_same(word, (struct nib_text){want, strlen(want)});
}

static _Noreturn void fault_expected(
    const struct make *make, struct nib_text word, const char *want)
{
    char words[100];
    (void)snprintf(words, sizeof words, "%s should stand here", want);
    make_fault(make, word, words);
}

void make_expect(const struct make *make, struct nib_text *rest, const char *want)
{
    struct nib_text word = make_word(rest);
    if (!make_is_word(word, want))
        fault_expected(make, word, want);
}

uint64_t make_number(const struct make *make, struct nib_text word, uint64_t most)
{
    uint64_t value = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9' || value > most / 10)
            make_fault(make, word, "not a number, or too large");
        value = value * 10 + (uint64_t)(word.ptr[i] - '0');
    }
    if (word.len == 0 || value > most)
        make_fault(make, word, "a number should stand here, or this one is too large");
    return value;
}

uint64_t make_next_number(const struct make *make, struct nib_text *rest, uint64_t most)
{
    return make_number(make, make_word(rest), most);
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c);
    return at == NULL ? -1 : (int)(at - digits);
}

size_t make_hex(const struct make *make, struct nib_text *rest, uint8_t *out, size_t cap)
{
    size_t n = 0;
    for (struct nib_text word; (word = make_word(rest)).len > 0;) {
        for (size_t i = 0; i < word.len; i += 2) {
            int high = hex_digit(word.ptr[i]);
            int low = i + 1 < word.len ? hex_digit(word.ptr[i + 1]) : -1;
            if (high < 0 || low < 0 || n == cap)
                make_fault(make, word, "two hex digits an octet should stand here");
            out[n++] = (uint8_t)(high << 4 | low);
        }
    }
    return n;
}

/* Seconds with up to nine digits behind the point. */
int64_t make_time(const struct make *make, struct nib_text word)
{
    struct nib_text whole = word;
    size_t point = 0;
    while (point < word.len && word.ptr[point] != '.')
        point++;
    whole.len = point;
    int64_t ns = (int64_t)make_number(make, whole, 4000000000) * 1000000000;
    int64_t unit = 100000000;
    for (size_t i = point + 1; i < word.len; i++, unit /= 10) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9' || unit == 0)
            make_fault(make, word, "no time: seconds, as in 0.000120 or +0.5");
        ns += unit * (word.ptr[i] - '0');
    }
    return ns;
}

enum nib_type make_type(const struct make *make, struct nib_text word)
{
    enum nib_type type = NIB_A;
    if (!nib_type_parse(word, &type))
        make_fault(make, word, "none of " NIB_TYPE_NAMES);
    return type;
}

struct nib_addr make_host(const struct make *make, struct nib_text word)
{
    struct nib_addr addr;
    size_t colon = 0;
    while (colon < word.len && word.ptr[colon] != ':')
        colon++;
    for (size_t i = 0; i < make->n_hosts; i++) {
        addr = make->hosts[i].addr;
        if (!nib_text_same(make->hosts[i].name, (struct nib_text){word.ptr, colon}))
            continue;
        if (colon == word.len ||
            nib_port_parse(
                (struct nib_text){word.ptr + colon + 1, word.len - colon - 1}, &addr.port))
            return addr;
    }
    if (!nib_addr_parse(word, 0, &addr) || addr.port == 0)
        make_fault(make, word, "neither a host of this file nor ADDR:PORT");
    return addr;
}

const struct make_kept *make_frame(const struct make *make, struct nib_text *rest)
{
    struct nib_text word = make_word(rest);
    uint64_t n = make_number(make, word, UINT32_MAX);
    if (n < 1 || n > make->file.frames)
        make_fault(make, word, "no frame before this one has that number");
    return &make->file.kept[n - 1];
}

struct nib_text make_cut(struct nib_text *rest, char c)
{
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] != c)
        n++;
    struct nib_text part = {rest->ptr, n};
    n += n < rest->len;
    *rest = (struct nib_text){rest->ptr + n, rest->len - n};
    return part;
}

void make_nothing_more(const struct make *make, struct nib_text rest)
{
    struct nib_text word = make_word(&rest);
    if (word.len > 0)
        make_fault(make, word, "too much on this line");
}
