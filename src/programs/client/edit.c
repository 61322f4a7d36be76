#define _DEFAULT_SOURCE
#include "client/edit.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/terminal.h"
#include "nibdns/name.h"
#include "nibdns/os/clock.h"

enum { SPACE_MIN = 10, MATCHES = 32 };
#define CONTROL(letter) ((letter)-64)

/* ---- the line ---- */

/* Characters of UTF-8 are stepped over whole, so that a terminal never gets half of one. */
static bool goes_on(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t before(const struct edit *e, size_t place)
{
    do
        place -= place > 0;
    while (place > 0 && goes_on(e->line[place]));
    return place;
}

static size_t after(const struct edit *e, size_t place)
{
    do
        place += place < e->len;
    while (place < e->len && goes_on(e->line[place]));
    return place;
}

static size_t width(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += !goes_on(text[i]);
    return n;
}

static void cut(struct edit *e, size_t begin, size_t end)
{
    memmove(e->line + begin, e->line + end, e->len - end);
    e->len -= end - begin;
    e->cursor = begin;
}

static void insert(struct edit *e, const char *text, size_t len)
{
    if (len > CLIENT_LINE_MAX - e->len)
        return;
    memmove(e->line + e->cursor + len, e->line + e->cursor, e->len - e->cursor);
    memcpy(e->line + e->cursor, text, len);
    e->len += len;
    e->cursor += len;
}

static void set_line(struct edit *e, const char *text)
{
    e->len = strlen(text);
    e->cursor = e->len;
    memcpy(e->line, text, e->len);
}

static size_t word_before(const struct edit *e)
{
    size_t begin = e->cursor;
    while (begin > 0 && e->line[begin - 1] == ' ')
        begin--;
    while (begin > 0 && e->line[begin - 1] != ' ')
        begin--;
    return begin;
}

static bool is_narrow(const struct edit *e)
{
    return strlen(e->prompt) + SPACE_MIN > terminal_columns();
}

/*
 * The line anew, the cursor where it belongs; of a long line the part around the cursor. Where the
 * prompt leaves no space, it stands on the line above.
 */
static void draw(const struct edit *e)
{
    char out[CLIENT_LINE_MAX + 256];
    const char *prompt = is_narrow(e) ? "> " : e->prompt;
    size_t wide = terminal_columns() - 1 - strlen(prompt), begin = 0, end = e->len;
    while (width(e->line + begin, e->cursor - begin) > wide)
        begin = after(e, begin);
    while (width(e->line + begin, end - begin) > wide)
        end = before(e, end);
    int n = snprintf(out, sizeof out, "\r%s%.*s\033[K\r\033[%zuC", prompt, (int)(end - begin),
        e->line + begin, strlen(prompt) + width(e->line + begin, e->cursor - begin));
    (void)client_print((struct nib_text){out, (size_t)n});
}

/* ---- what was typed ---- */

static void remember(struct edit *e)
{
    const char *newest = e->typed[(e->n + EDIT_HISTORY - 1) % EDIT_HISTORY];
    e->line[e->len] = '\0';
    if (e->len == 0 || (e->n > 0 && strcmp(newest, e->line) == 0))
        return;
    memcpy(e->typed[e->n++ % EDIT_HISTORY], e->line, e->len + 1);
}

static void step_back(struct edit *e, size_t back)
{
    if (back > e->n || back > EDIT_HISTORY)
        return;
    if (e->back == 0) {
        memcpy(e->kept, e->line, e->len);
        e->kept[e->len] = '\0';
    }
    e->back = back;
    set_line(e, back == 0 ? e->kept : e->typed[(e->n - back) % EDIT_HISTORY]);
}

/* ---- completion ---- */

struct matches {
    struct nib_text begin; /* what stands there */
    size_t n;
    char words[MATCHES][NIB_NAME_MAX + 1];
};

static void offer(struct matches *m, struct nib_text word)
{
    if (word.len < m->begin.len || word.len > NIB_NAME_MAX || m->n == MATCHES ||
        strncasecmp(word.ptr, m->begin.ptr, m->begin.len) != 0)
        return;
    for (size_t i = 0; i < m->n; i++)
        if (strlen(m->words[i]) == word.len && strncasecmp(m->words[i], word.ptr, word.len) == 0)
            return;
    memcpy(m->words[m->n], word.ptr, word.len);
    m->words[m->n++][word.len] = '\0';
}

static void offer_names(struct matches *m, const struct edit *e)
{
    uint32_t place = 0;
    struct nib_rr rr;
    for (size_t back = 1; back <= e->n && back <= EDIT_HISTORY; back++) {
        const char *typed = e->typed[(e->n - back) % EDIT_HISTORY];
        size_t len = strcspn(typed, " ");
        struct nib_text name = {typed, len};
        if (nib_name_check(name, &(size_t){0}) == NIB_OK)
            offer(m, name);
    }
    while (nib_cache_walk(e->table->cache, nib_clock_ms(), &place, &rr))
        offer(m, rr.name);
}

static void offer_types(struct matches *m)
{
#define X(symbol, code, text) offer(m, NIB_TEXT(text));
    NIB_TYPES(X)
#undef X
}

static size_t common(const struct matches *m)
{
    size_t len = strlen(m->words[0]);
    for (size_t i = 1; i < m->n; i++)
        while (strncasecmp(m->words[0], m->words[i], len) != 0)
            len--;
    return len;
}

static void show(const struct matches *m)
{
    (void)client_print(NIB_TEXT("\r\n"));
    for (size_t i = 0; i < m->n; i++) {
        (void)client_print((struct nib_text){m->words[i], strlen(m->words[i])});
        (void)client_print(i + 1 < m->n ? NIB_TEXT("  ") : NIB_TEXT("\r\n"));
    }
}

/* The first word is a name, the second a type; what fits all that may be meant is written. */
static void complete(struct edit *e)
{
    static struct matches m;
    size_t begin = e->cursor, words = 0;
    while (begin > 0 && e->line[begin - 1] != ' ')
        begin--;
    for (size_t i = 0; i < begin; i++)
        words += e->line[i] != ' ' && e->line[i + 1] == ' ';
    m.begin = (struct nib_text){e->line + begin, e->cursor - begin};
    m.n = 0;
    if (words == 0)
        offer_names(&m, e);
    else if (words == 1)
        offer_types(&m);
    if (m.n == 0)
        return;
    size_t len = common(&m), had = m.begin.len;
    if (m.n > 1 && len == had) {
        show(&m);
        return;
    }
    cut(e, begin, e->cursor);
    insert(e, m.words[0], len);
    if (m.n == 1 && words == 0)
        insert(e, " ", 1);
}

/* ---- the loop ---- */

static void move(struct edit *e, int key)
{
    switch (key) {
    case KEY_LEFT:
    case CONTROL('B'):
        e->cursor = before(e, e->cursor);
        break;
    case KEY_RIGHT:
    case CONTROL('F'):
        e->cursor = after(e, e->cursor);
        break;
    case KEY_HOME:
    case CONTROL('A'):
        e->cursor = 0;
        break;
    case KEY_END:
    case CONTROL('E'):
        e->cursor = e->len;
        break;
    case KEY_UP:
    case CONTROL('P'):
        step_back(e, e->back + 1);
        break;
    case KEY_DOWN:
    case CONTROL('N'):
        if (e->back > 0)
            step_back(e, e->back - 1);
        break;
    default:
        break;
    }
}

static void change(struct edit *e, int key)
{
    const char octet = (char)key;
    switch (key) {
    case 127:
    case CONTROL('H'):
        cut(e, before(e, e->cursor), e->cursor);
        break;
    case KEY_DELETE:
    case CONTROL('D'):
        cut(e, e->cursor, after(e, e->cursor));
        break;
    case CONTROL('K'):
        e->len = e->cursor;
        break;
    case CONTROL('U'):
        cut(e, 0, e->cursor);
        break;
    case CONTROL('W'):
        cut(e, word_before(e), e->cursor);
        break;
    case CONTROL('L'):
        (void)client_print(NIB_TEXT("\033[H\033[2J"));
        break;
    case '\t':
        complete(e);
        break;
    default:
        if (key >= ' ' && key < 256)
            insert(e, &octet, 1);
        else
            move(e, key);
        break;
    }
}

static enum client_line type_line(struct edit *e)
{
    if (is_narrow(e)) {
        (void)client_print((struct nib_text){e->prompt, strlen(e->prompt)});
        (void)client_print(NIB_TEXT("\r\n"));
    }
    for (;;) {
        draw(e);
        int key = terminal_key();
        if (key == KEY_END_OF_INPUT || (key == CONTROL('D') && e->len == 0))
            return CLIENT_LINE_NONE;
        if (key == '\r' || key == '\n')
            return CLIENT_LINE;
        change(e, key);
    }
}

enum client_line edit_line(struct edit *e, struct nib_text *line)
{
    e->len = e->cursor = e->back = 0;
    if (!terminal_take())
        return CLIENT_LINE_NONE;
    enum client_line kind = type_line(e);
    terminal_restore();
    if (kind != CLIENT_LINE)
        return kind;
    (void)client_print(NIB_TEXT("\r\n"));
    remember(e);
    *line = (struct nib_text){e->line, e->len};
    return kind;
}
