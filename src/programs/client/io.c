#define _POSIX_C_SOURCE 200809L
#include "client/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/json.h"
#include "common/streams.h"
#include "nibdns/cursor.h"
#include "nibdns/name.h"

/* ---- in ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Cuts the next word off the front of a line; length 0 when there is none. */
static struct nib_text next_word(struct nib_text *line)
{
    size_t begin = 0;
    while (begin < line->len && is_blank(line->ptr[begin]))
        begin++;
    size_t end = begin;
    while (end < line->len && !is_blank(line->ptr[end]))
        end++;
    struct nib_text word = {line->ptr + begin, end - begin};
    *line = (struct nib_text){line->ptr + end, line->len - end};
    return word;
}

/* `[Client] "word" words` to standard error, the word made harmless. */
static void complain(struct nib_text word, const char *words, const char *more)
{
    char shown[4 * 80 + 1];
    bool cut = word.len > 80;
    struct nib_writer w = nib_writer_init((uint8_t *)shown, sizeof shown - 1);
    nib_writer_escaped(&w, (struct nib_text){word.ptr, cut ? 80 : word.len});
    shown[w.off] = '\0';
    fprintf(stderr, "[Client] \"%s%s\" %s%s\n", shown, cut ? "..." : "", words, more);
}

static const char *hint(struct nib_text name, size_t bad, enum nib_err err)
{
    if (err == NIB_ERR_NAME_OCTET && (uint8_t)name.ptr[bad] >= 0x80)
        return " (write an international name in its xn-- form)";
    return "";
}

static bool parse(struct nib_text name, struct nib_text type, struct client_words *words)
{
    size_t bad;
    char why[160];
    words->name = name;
    if (name.len > 1 && name.ptr[name.len - 1] == '.')
        words->name.len--;
    enum nib_err err = nib_name_check(words->name, &bad);
    if (err != NIB_OK) {
        (void)snprintf(why, sizeof why, "%s%s", nib_err_words(err), hint(words->name, bad, err));
        complain(name, "is no host name: ", why);
        return false;
    }
    if (type.len > 0 && !nib_type_parse(type, &words->type)) {
        complain(type, "is no query type: use one of " NIB_TYPE_NAMES, "");
        return false;
    }
    return true;
}

bool client_parse(struct nib_text line, struct client_words *words)
{
    struct nib_text name = next_word(&line), type = next_word(&line), more = next_word(&line);
    if (name.len == 0) {
        words->name = name;
        return true;
    }
    if (more.len == 0)
        return parse(name, type, words);
    complain(more, "is one word too many: type <hostname> [<query type>]", "");
    return false;
}

bool client_parse_words(const char *name, const char *type, struct client_words *words)
{
    struct nib_text type_text = {type, type == NULL ? 0 : strlen(type)};
    if (type != NULL && type_text.len == 0) {
        complain(type_text, "is no query type: use one of " NIB_TYPE_NAMES, "");
        return false;
    }
    return parse((struct nib_text){name, strlen(name)}, type_text, words);
}

bool client_is_quit(struct nib_text line)
{
    static const char quit[] = "quit";
    struct nib_text word = next_word(&line);
    if (word.len != 4 || next_word(&line).len > 0)
        return false;
    for (size_t i = 0; i < 4; i++)
        if ((word.ptr[i] | 0x20) != quit[i])
            return false;
    return true;
}

bool client_is_comment(struct nib_text line)
{
    struct nib_text word = next_word(&line);
    return word.len > 0 && word.ptr[0] == '#';
}

int client_open(const char *path)
{
    return strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
}

/* Reads more behind what is there. At the end `over` is set. */
static void read_more(struct client_lines *lines)
{
    memmove(lines->buffer, lines->buffer + lines->begin, lines->end - lines->begin);
    lines->end -= lines->begin;
    lines->begin = 0;
    ssize_t n = read(lines->fd, lines->buffer + lines->end, sizeof lines->buffer - lines->end);
    if (n < 0 && errno == EAGAIN) { /* somebody else made it non-blocking */
        struct pollfd p = {.fd = lines->fd, .events = POLLIN};
        (void)poll(&p, 1, -1);
    } else if (n > 0) {
        lines->end += (size_t)n;
    } else if (n == 0 || errno != EINTR) {
        lines->over = true;
        lines->error = n < 0 ? errno : 0;
    }
}

/* What some editors put in front of a text is none of it. */
static void skip_byte_order_mark(struct client_lines *lines, struct nib_text *line)
{
    bool utf_16 = line->len >= 2 &&
                  (memcmp(line->ptr, "\xff\xfe", 2) == 0 || memcmp(line->ptr, "\xfe\xff", 2) == 0);
    if (line->len >= 3 && memcmp(line->ptr, "\xef\xbb\xbf", 3) == 0)
        *line = (struct nib_text){line->ptr + 3, line->len - 3};
    lines->began = true;
    lines->over = lines->over || utf_16;
    lines->error = utf_16 ? EILSEQ : lines->error;
}

enum client_line client_next_line(struct client_lines *lines, struct nib_text *line)
{
    bool too_long = false;
    for (;;) {
        const char *begin = lines->buffer + lines->begin;
        size_t there = lines->end - lines->begin;
        const char *newline = there == 0 ? NULL : memchr(begin, '\n', there);
        size_t len = newline == NULL ? there : (size_t)(newline - begin);
        too_long = too_long || len > CLIENT_LINE_MAX;
        if (newline == NULL && !lines->over) {
            if (too_long) /* on to its end */
                lines->begin = lines->end;
            read_more(lines);
            continue;
        }
        lines->begin += newline == NULL ? len : len + 1;
        *line = (struct nib_text){begin, len};
        if (!lines->began)
            skip_byte_order_mark(lines, line);
        if (lines->error == EILSEQ)
            return CLIENT_LINE_NONE;
        if (!too_long)
            return newline == NULL && len == 0 ? CLIENT_LINE_NONE : CLIENT_LINE;
        fprintf(stderr, "[Client] That line is too long: passed over\n");
        return CLIENT_LINE_TOO_LONG;
    }
}

/* ---- out ---- */

bool client_print(struct nib_text text)
{
    while (text.len > 0) {
        ssize_t n = write(STDOUT_FILENO, text.ptr, text.len);
        if (n > 0) {
            text = (struct nib_text){text.ptr + n, text.len - (size_t)n};
        } else if (n < 0 && errno == EAGAIN) {
            struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
            (void)poll(&p, 1, -1);
        } else if (n == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool print_table(const struct nib_client *c, nib_ms now, enum nib_table_form form)
{
    size_t max = nib_table_form_max(c->table, form);
    char *text = malloc(max);
    if (text == NULL)
        return false;
    bool ok =
        client_print((struct nib_text){text, nib_table_form_text(c->table, form, now, text, max)});
    free(text);
    return ok;
}

static uint32_t discarded(const struct nib_client *c)
{
    uint32_t n = 0;
    for (int i = 0; i < NIB_DISCARD_COUNT; i++)
        n += c->discarded[i];
    return n;
}

static const char *status_word(const struct nib_client *c)
{
    static const char *const words[] = {[NIB_CLIENT_FOUND] = "found",
        [NIB_CLIENT_NOT_FOUND] = "not found",
        [NIB_CLIENT_NO_ANSWER] = "no answer",
        [NIB_CLIENT_FAILURE] = "server failure"};
    return words[c->status];
}

static bool print_line(struct nib_writer *w)
{
    json_close(w, '}');
    nib_writer_u8(w, '\n');
    return client_print((struct nib_text){(const char *)w->octets, w->off});
}

static bool print_json(const struct nib_client *c, int64_t took_us)
{
    uint8_t line[1024];
    char server[NIB_ADDR_TEXT_MAX];
    struct nib_writer w = nib_writer_init(line, sizeof line);
    (void)nib_addr_format(&c->server, server);
    json_open(&w, NULL, '{');
    if (c->from_table)
        json_null(&w, "id");
    else
        json_number(&w, "id", c->id);
    json_text(&w, "name", c->name);
    json_word(&w, "type", nib_type_name(c->type));
    json_word(&w, "status", status_word(c));
    if (c->status == NIB_CLIENT_FOUND) {
        json_text(&w, "result", (struct nib_text){c->result, c->result_len});
        json_number(&w, "ttl", c->ttl_s);
    } else {
        json_null(&w, "result");
        json_null(&w, "ttl");
    }
    json_word(&w, "source", c->from_table ? "table" : server);
    json_fixed(&w, "time_ms", took_us, 3);
    json_number(&w, "tries", c->tried);
    json_number(&w, "discarded", (int64_t)discarded(c));
    return print_line(&w);
}

/* A word of a line, whatever octets it has; one that is not there as null. */
static void add_word(struct nib_writer *w, const char *key, struct nib_text word)
{
    if (word.len == 0)
        json_null(w, key);
    else
        json_text(w, key, word);
}

bool client_report_invalid(struct nib_text line, enum client_output output)
{
    static uint8_t text[6 * CLIENT_LINE_MAX + 256];
    struct nib_writer w = nib_writer_init(text, sizeof text);
    if (output != CLIENT_JSON)
        return true;
    json_open(&w, NULL, '{');
    json_null(&w, "id");
    add_word(&w, "name", next_word(&line));
    add_word(&w, "type", next_word(&line));
    json_word(&w, "status", "invalid");
    json_null(&w, "result");
    json_null(&w, "ttl");
    json_null(&w, "source");
    json_fixed(&w, "time_ms", 0, 3);
    json_number(&w, "tries", 0);
    json_number(&w, "discarded", 0);
    return print_line(&w);
}

static void say_discarded(const struct nib_client *c)
{
    const char *between = ": ";
    if (discarded(c) == 0)
        return;
    fprintf(stderr, "[Client] Datagrams thrown away");
    for (int i = 0; i < NIB_DISCARD_COUNT; i++) {
        if (c->discarded[i] == 0)
            continue;
        fprintf(stderr, "%s%lu %s", between, (unsigned long)c->discarded[i],
            nib_discard_words((enum nib_discard)i));
        between = ", ";
    }
    fputc('\n', stderr);
}

static void say_outcome(const struct nib_client *c)
{
    char server[NIB_ADDR_TEXT_MAX];
    int name_len = (int)c->name.len, result_len = (int)c->result_len;
    switch (c->status) {
    case NIB_CLIENT_FOUND:
        if (c->from_table)
            fprintf(stderr, "[Client] Cached result: %.*s\n", result_len, c->result);
        else
            fprintf(stderr, "[Client] Record found: %.*s -> %.*s\n", name_len, c->name.ptr,
                result_len, c->result);
        break;
    case NIB_CLIENT_NOT_FOUND:
        fprintf(stderr, "[Client] Record not found for %.*s\n", name_len, c->name.ptr);
        break;
    case NIB_CLIENT_FAILURE:
        fprintf(stderr, "[Client] Server failure for %.*s\n", name_len, c->name.ptr);
        break;
    case NIB_CLIENT_NO_ANSWER:
        (void)nib_addr_format(&c->server, server);
        fprintf(stderr, "[Client] No answer from %s for %.*s\n", server, name_len, c->name.ptr);
        break;
    }
}

bool client_report(
    const struct nib_client *client, nib_ms now, int64_t took_us, enum client_output output)
{
    bool found = client->status == NIB_CLIENT_FOUND;
    say_discarded(client);
    if (output != CLIENT_SHORT || !found)
        say_outcome(client);
    switch (output) {
    case CLIENT_TABLES:
    case CLIENT_PRETTY:
        return client->status == NIB_CLIENT_NO_ANSWER ||
               print_table(
                   client, now, output == CLIENT_PRETTY ? option_pretty_form() : NIB_TABLE_CSV);
    case CLIENT_SHORT:
        return !found || (client_print((struct nib_text){client->result, client->result_len}) &&
                             client_print(NIB_TEXT("\n")));
    case CLIENT_JSON:
        return print_json(client, took_us);
    case CLIENT_QUIET:
        break;
    }
    return true;
}
