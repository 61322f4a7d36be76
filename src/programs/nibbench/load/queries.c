#include <stdio.h>
#include <stdlib.h>

#include "common/complain.h"
#include "nibbench/base/random.h"
#include "nibbench/load/dns.h"
#include "nibbench/load/queries.h"
#include "nibdns/message.h"
#include "nibdns/name.h"
#include "nibdns/os/memory.h"

static const char builtin[] = "shop.amazone.com A 3.33.147.88\n"
                              "cloud.amazone.com A 15.197.140.28\n";

/* So few that they are drawn at random each time, or a server's processor would know the turn. */
enum { FEW = 4096 };

struct line {
    const char *path, *program;
    size_t number;
    struct nib_text rest;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct nib_text trim(struct nib_text text)
{
    while (text.len > 0 && is_blank(text.ptr[0]))
        text = (struct nib_text){text.ptr + 1, text.len - 1};
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static struct nib_text next_word(struct nib_text *rest)
{
    size_t n = 0;
    while (n < rest->len && !is_blank(rest->ptr[n]))
        n++;
    struct nib_text word = {rest->ptr, n};
    *rest = trim((struct nib_text){rest->ptr + n, rest->len - n});
    return word;
}

/* The next line that has something in it. */
static bool next_line(struct nib_text *text, struct line *line)
{
    while (text->len > 0) {
        const char *end = memchr(text->ptr, '\n', text->len);
        size_t n = end == NULL ? text->len : (size_t)(end - text->ptr);
        line->rest = trim((struct nib_text){text->ptr, n});
        line->number++;
        n += end == NULL ? 0 : 1;
        *text = (struct nib_text){text->ptr + n, text->len - n};
        if (line->rest.len > 0 && line->rest.ptr[0] != '#')
            return true;
    }
    return false;
}

/* The datagram with the ID zero, and behind it the result that is expected. */
static void put(struct bench_queries *q, struct bench_query *one, const struct nib_message *m)
{
    uint8_t *out = q->octets + q->used;
    one->at = (uint32_t)q->used;
    one->type = (uint8_t)m->qtype;
    one->name_len = (uint8_t)m->qname.len;
    one->len = (uint16_t)(q->mode == BENCH_DNS ? bench_dns_query(m->qname, m->qtype, out)
                                               : nib_message_encode(out, BENCH_QUERY_CAP, m));
    one->expect_len = (uint8_t)m->result.len;
    if (m->result.len > 0)
        memcpy(out + one->len, m->result.ptr, m->result.len);
    q->used += (size_t)one->len + one->expect_len;
}

static void read_query(struct bench_queries *q, const struct line *line)
{
    struct nib_text rest = line->rest;
    struct nib_message m = {.qtype = NIB_A, .qname = next_word(&rest)};
    struct nib_text type = next_word(&rest);
    size_t bad;
    if (m.qname.len > 1 && m.qname.ptr[m.qname.len - 1] == '.')
        m.qname.len--;
    if (nib_name_check(m.qname, &bad) != NIB_OK)
        usage_error(line->program, "%s:%zu: not a name", line->path, line->number);
    if (type.len > 0 && !nib_type_parse(type, &m.qtype))
        usage_error(
            line->program, "%s:%zu: a type is one of " NIB_TYPE_NAMES, line->path, line->number);
    m.result = rest;
    if (rest.len > 0 && nib_result_outcome(rest) == NIB_FOUND &&
        nib_result_check(m.qtype, rest, &bad) != NIB_OK)
        usage_error(line->program, "%s:%zu: not a result of that type", line->path, line->number);
    put(q, &q->list[q->n++], &m);
}

/* Names in random order, so that neither a server's memory nor ours is walked along. */
static struct line *shuffled_lines(struct nib_text text, struct line line, uint32_t *n)
{
    struct nib_text count = text;
    struct line at = line;
    uint64_t random = 1;
    *n = 0;
    while (next_line(&count, &at))
        ++*n;
    struct line *lines = calloc((size_t)*n + 1, sizeof *lines);
    for (uint32_t i = 0; lines != NULL && next_line(&text, &line); i++) {
        uint32_t j = bench_random_below(&random, i + 1);
        lines[i] = lines[j];
        lines[j] = line;
    }
    return lines;
}

void bench_queries_read(
    struct bench_queries *q, const char *program, enum bench_mode mode, const char *path)
{
    struct nib_text text = NIB_TEXT(builtin);
    struct line line = {.path = path, .program = program};
    uint32_t n;
    *q = (struct bench_queries){.mode = mode, .random = 88172645463325252u};
    if (path != NULL && !nib_memory_read_file(path, &text))
        usage_error(program, "%s cannot be read: give --names a file with a name a line", path);
    struct line *lines = shuffled_lines(text, line, &n);
    /* DNS adds at most 18 octets to a name and its type, ours 6; results only get shorter */
    q->cap = text.len + (size_t)n * 24 + BENCH_QUERY_CAP;
    q->octets = malloc(q->cap);
    q->list = calloc((size_t)n + 1, sizeof *q->list);
    if (lines == NULL || q->octets == NULL || q->list == NULL || q->cap > UINT32_MAX)
        usage_error(program, "%s: too many names", path == NULL ? "built-in names" : path);
    for (uint32_t i = 0; i < n; i++)
        read_query(q, &lines[i]);
    if (n == 0)
        usage_error(program, "%s has no names", path);
    free(lines);
    if (path != NULL)
        nib_memory_free_text(text);
}

static const struct bench_query *draw(struct bench_queries *q)
{
    if (q->n < FEW)
        return &q->list[bench_random_below(&q->random, q->n)];
    uint32_t i = q->next;
    q->next = i + 1 == q->n ? 0 : i + 1;
    return &q->list[i];
}

/* The longest first. */
static void by_length(const struct bench_query **queries, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct bench_query *one = queries[i];
        size_t at = i;
        for (; at > 0 && queries[at - 1]->len < one->len; at--)
            queries[at] = queries[at - 1];
        queries[at] = one;
    }
}

void bench_queries_draw(
    struct bench_queries *q, const struct bench_query **out, size_t n, bool segments)
{
    for (size_t i = 0; i < n; i++)
        out[i] = draw(q);
    if (segments)
        by_length(out, n);
}
