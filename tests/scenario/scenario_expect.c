/* What a scenario expects: datagrams, tables, counters, deadlines. */
#include "scenario/scenario_expect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "scenario/scenario_words.h"

static void must(struct world *world, bool ok)
{
    if (!ok)
        world->broken("this line is not in the language of scenarios");
}

enum { TABLE_SHOWN_MAX = 8192 };

/* A message as a line; octets that are none, in hex. */
static void describe(const uint8_t *octets, size_t len, char out[NIB_LINE_MAX])
{
    struct nib_message m;
    size_t bad, used = 0;
    if (nib_message_decode(&m, octets, len, &bad) == NIB_OK) {
        (void)nib_message_line(&m, out);
        return;
    }
    for (size_t i = 0; i < len && used + 4 < NIB_LINE_MAX; i++)
        used += (size_t)snprintf(out + used, NIB_LINE_MAX - used, "%02x ", octets[i]);
}

static void describe_sent(const struct sent *sent, char out[NIB_LINE_MAX + 128])
{
    char line[NIB_LINE_MAX], addr[NIB_ADDR_TEXT_MAX];
    if (sent == NULL) {
        snprintf(out, NIB_LINE_MAX, "nothing");
        return;
    }
    describe(sent->octets, sent->len, line);
    (void)nib_addr_format(sent->upstream ? &sent->to : &sent->path.peer, addr);
    snprintf(out, NIB_LINE_MAX + 128, "%s to %s: %s",
        !sent->upstream ? "an answer"
        : sent->again   ? "a retry"
                        : "a query",
        addr, line);
}

void expect_no_more(struct world *world)
{
    char got[NIB_LINE_MAX + 128], text[NIB_LINE_MAX + 160];
    if (world_sent(world) == NULL)
        return;
    describe_sent(world_sent(world), got);
    snprintf(text, sizeof text, "nobody expected %s", got);
    world->broken(text);
}

static void fail_expected(
    struct world *world, const uint8_t *octets, size_t len, const struct sent *sent)
{
    char want[NIB_LINE_MAX], got[NIB_LINE_MAX + 128], text[2 * NIB_LINE_MAX + 256];
    describe(octets, len, want);
    describe_sent(sent, got);
    snprintf(text, sizeof text, "expected %s\n    got %s", want, got);
    world->broken(text);
}

const struct line_out *expect_known(struct world *world, uint32_t label)
{
    if (label >= WORLD_LABELS_MAX || !world->labels[label].open)
        world->broken("no query of that name was expected before");
    return &world->labels[label];
}

static struct line_out remember(const struct sent *sent)
{
    struct line_out label = {
        .open = true, .slot = sent->slot, .serial = sent->serial, .to = sent->to, .len = sent->len};
    memcpy(label.octets, sent->octets, sent->len);
    return label;
}

/* The octets; where letters are mixed, the name's in any case. */
static bool is_query(struct world *world, const struct sent *s, const uint8_t *octets, size_t len)
{
    if (s->len != len)
        return false;
    if (world->settings.config.mix == NIB_MIX_NEVER)
        return memcmp(s->octets, octets, len) == 0;
    struct nib_text want = {(const char *)octets + NIB_AT_QNAME, len - NIB_AT_QNAME};
    struct nib_text got = {(const char *)s->octets + NIB_AT_QNAME, len - NIB_AT_QNAME};
    return memcmp(s->octets, octets, NIB_AT_QNAME) == 0 && nib_name_equal(want, got);
}

static void expect_query(struct world *world, const char *rest)
{
    uint32_t label;
    struct nib_addr to;
    struct draft draft;
    uint8_t octets[WORDS_OCTETS_MAX];
    must(world,
        words_label(&rest, 'q', &label) && label < WORLD_LABELS_MAX && words_skip(&rest, "to"));
    must(world, words_addr(&rest, NIB_PORT_AUTHORITATIVE, &to));
    must(world, words_query(&rest, &draft) && words_end(rest));
    size_t len = draft_octets(&draft, octets);
    const struct sent *s = world_sent(world);
    if (s == NULL || !s->upstream || s->again || !nib_addr_equal(&s->to, &to) ||
        !is_query(world, s, octets, len))
        fail_expected(world, octets, len, s);
    world->labels[label] = remember(s);
    world_took(world);
}

static void expect_retry(struct world *world, const char *rest)
{
    uint32_t label;
    must(world, words_label(&rest, 'q', &label) && words_end(rest));
    const struct line_out *q = expect_known(world, label);
    const struct sent *s = world_sent(world);
    if (s == NULL || !s->upstream || !s->again || s->slot != q->slot ||
        !nib_addr_equal(&s->to, &q->to) || s->len != q->len ||
        memcmp(s->octets, q->octets, q->len) != 0)
        fail_expected(world, q->octets, q->len, s);
    world_took(world);
}

static void expect_answer(struct world *world, const char *rest)
{
    uint32_t client;
    struct draft draft;
    uint8_t octets[WORDS_OCTETS_MAX];
    must(world, words_label(&rest, 'c', &client) && words_query(&rest, &draft));
    must(world, words_skip(&rest, "->") && words_answer(&rest, &draft) && words_end(rest));
    size_t len = draft_octets(&draft, octets);
    struct nib_path path = world_path(client);
    const struct sent *s = world_sent(world);
    if (s == NULL || s->upstream || !nib_addr_equal(&s->path.peer, &path.peer) || s->len != len ||
        memcmp(s->octets, octets, len) != 0)
        fail_expected(world, octets, len, s);
    world_took(world);
}

void expect_table(struct world *world, struct nib_text rows)
{
    size_t head = 1 + NIB_TABLE_HEADER.len + 1, cap = nib_table_text_max(&world->table);
    char text[TABLE_SHOWN_MAX], *out = malloc(cap);
    if (out == NULL)
        exit(2);
    size_t len = nib_table_text(&world->table, world->now, out, cap);
    bool ok = len >= head && out[0] == '\n' && out[head - 1] == '\n' &&
              memcmp(out + 1, NIB_TABLE_HEADER.ptr, NIB_TABLE_HEADER.len) == 0 &&
              nib_text_same((struct nib_text){out + head, len - head}, rows);
    snprintf(text, sizeof text, "the table is another:\n%.*s", (int)len, out);
    free(out);
    if (!ok)
        world->broken(text);
}

static void expect_counter(struct world *world, const char *rest)
{
    char name[WORDS_TEXT_MAX], text[WORDS_TEXT_MAX + 96];
    uint64_t want = 0, got = 0;
    must(world, words_next(&rest, name) && words_number(&rest, &want) && words_end(rest));
    if (!world_counter(world, name, &got))
        world->broken("there is no such counter");
    snprintf(text, sizeof text, "%s is %" PRIu64 ", not %" PRIu64, name, got, want);
    if (got != want)
        world->broken(text);
}

static void expect_deadline(struct world *world, const char *rest)
{
    char text[96];
    nib_ms want = NIB_NEVER, got = nib_local_deadline(&world->local);
    if (!words_skip(&rest, "never")) {
        must(world, words_time(&rest, &want));
        want += world_start;
    }
    must(world, words_end(rest));
    snprintf(text, sizeof text, "the deadline is another: %" PRId64 " ms", got - world_start);
    if (got != want)
        world->broken(got == NIB_NEVER ? "there is no deadline" : text);
}

void expect(struct world *world, const char *rest)
{
    if (words_skip(&rest, "query") || words_skip(&rest, "queries")) {
        expect_query(world, rest);
    } else if (words_skip(&rest, "retry")) {
        expect_retry(world, rest);
    } else if (words_skip(&rest, "answer") || words_skip(&rest, "answers")) {
        expect_answer(world, rest);
    } else if (words_skip(&rest, "counter")) {
        expect_counter(world, rest);
    } else if (words_skip(&rest, "deadline")) {
        expect_deadline(world, rest);
    } else {
        must(world, words_skip(&rest, "nothing") && words_end(rest));
        expect_no_more(world);
    }
}
