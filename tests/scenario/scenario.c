#include "scenario/scenario.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nibdns/builtin.h"
#include "scenario/scenario_expect.h"
#include "scenario/scenario_words.h"
#include "scenario/scenario_world.h"

enum { BLOCK_MAX = 65536, RANGES_MAX = 8 };

/* The one scenario that runs. */
static struct {
    const char *path;
    FILE *file;
    int line;
    struct settings settings;
    struct world world;
    bool begun; /* the world is there */
    char block[BLOCK_MAX];
} run;

/* ---- what goes wrong ---- */

static void broken(const char *what)
{
    nib_ms now = run.begun ? run.world.now - world_start : 0;
    print_error("%s:%d: at %" PRId64 " ms: %s\n", run.path, run.line, now, what);
    _fail(run.path, run.line);
}

static void must(bool ok)
{
    if (!ok)
        broken("this line is not in the language of scenarios");
}

/* ---- reading ---- */

/* The next line without comment, newline and blanks at its end; false at the end of the file. */
static bool read_line(char line[WORDS_LINE_MAX])
{
    if (fgets(line, WORDS_LINE_MAX, run.file) == NULL)
        return false;
    run.line++;
    size_t len = strcspn(line, "#\r\n");
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    line[len] = '\0';
    return true;
}

/* The rows up to `end`, without the blanks before them. */
static struct nib_text read_block(void)
{
    char line[WORDS_LINE_MAX];
    size_t len = 0;
    for (;;) {
        if (!read_line(line))
            broken("a block without its end");
        const char *row = line + strspn(line, " \t");
        if (strcmp(row, "end") == 0)
            return (struct nib_text){run.block, len};
        if (*row == '\0')
            continue;
        must(len + strlen(row) + 2 < BLOCK_MAX);
        len += (size_t)snprintf(run.block + len, BLOCK_MAX - len, "%s\n", row);
    }
}

/* ---- settings ---- */

static void set(const char *rest)
{
    struct settings *s = &run.settings;
    uint64_t n = 0;
    if (run.begun)
        broken("a setting stands before the first step");
    if (words_skip(&rest, "own")) {
        must(s->n_own < WORLD_OWN_MAX);
        must(words_addr(&rest, NIB_PORT_AUTHORITATIVE, &s->own[s->n_own++]));
        return;
    }
    if (words_skip(&rest, "forward")) {
        must(s->config.n_forwarders < NIB_FORWARDERS_MAX);
        must(words_addr(&rest, NIB_PORT_LOCAL, &s->config.forwarders[s->config.n_forwarders++]));
        return;
    }
    if (words_skip(&rest, "mix-case")) {
        s->config.mix = words_skip(&rest, "auto") ? NIB_MIX_AUTO : NIB_MIX_ALWAYS;
        must(s->config.mix == NIB_MIX_AUTO || words_skip(&rest, "always"));
        return;
    }
    char name[WORDS_TEXT_MAX];
    must(words_next(&rest, name) && words_number(&rest, &n) && words_end(rest));
    if (strcmp(name, "timeout") == 0)
        s->config.timeout_ms = (nib_ms)n;
    else if (strcmp(name, "tries") == 0)
        s->config.tries = (uint32_t)n;
    else if (strcmp(name, "ttl") == 0)
        s->config.static_ttl_s = (uint32_t)n;
    else if (strcmp(name, "max-ttl") == 0)
        s->config.max_ttl_s = (uint32_t)n;
    else if (strcmp(name, "max-ns-ttl") == 0)
        s->config.max_ns_ttl_s = (uint32_t)n;
    else if (strcmp(name, "deadline") == 0)
        s->config.deadline_ms = (nib_ms)n;
    else if (strcmp(name, "max-records") == 0)
        s->config.limits.records = (uint32_t)n;
    else if (strcmp(name, "max-pending") == 0)
        s->config.limits.fetches = (uint32_t)n;
    else if (strcmp(name, "max-requests") == 0)
        s->config.limits.requests = (uint32_t)n;
    else if (strcmp(name, "next-id") == 0)
        s->next_id = (uint32_t)n;
    else
        must(false);
}

static void begin(void)
{
    static const char builtin[] = NIB_BUILTIN_LOCAL;
    if (run.begun)
        return;
    world_init(&run.world, &run.settings, broken);
    run.begun = true;
    size_t head = NIB_TABLE_HEADER.len + 1;
    world_records(&run.world, (struct nib_text){builtin + head, sizeof builtin - 1 - head});
}

static void records(void)
{
    struct nib_text rows = read_block();
    if (!run.begun) {
        world_init(&run.world, &run.settings, broken);
        run.begun = true;
    }
    world_records(&run.world, rows);
}

/* ---- steps ---- */

static void client_step(uint32_t client, const char *rest)
{
    uint8_t octets[WORDS_OCTETS_MAX];
    struct draft draft;
    size_t len;
    if (words_skip(&rest, "sends") || words_skip(&rest, "send")) {
        must(words_hex(&rest, octets, sizeof octets, &len));
    } else if (words_skip(&rest, "asks") || words_skip(&rest, "ask")) {
        must(words_query(&rest, &draft) && words_but(&rest, &draft));
        len = draft_octets(&draft, octets);
    } else {
        must(words_skip(&rest, "says") && words_query(&rest, &draft) && words_skip(&rest, "->"));
        must(words_answer(&rest, &draft) && words_but(&rest, &draft));
        len = draft_octets(&draft, octets);
    }
    must(words_end(rest));
    world_request(&run.world, client, octets, len);
}

/* The draft of an answer to a query that was sent upstream, to be answered. */
static struct draft draft_of(const struct line_out *query)
{
    struct nib_message m;
    struct draft draft = {0};
    size_t bad;
    if (nib_message_decode(&m, query->octets, query->len, &bad) != NIB_OK)
        broken("a query upstream that does not decode");
    draft.id = m.id;
    draft.qtype = m.qtype;
    memcpy(draft.qname, m.qname.ptr, m.qname.len);
    return draft;
}

/* The end of a question's name, in the letters that were sent. */
static void take_letters(struct draft *draft)
{
    size_t len = strlen(draft->aname), whole = strlen(draft->qname);
    struct nib_text aname = {draft->aname, len}, qname = {draft->qname, whole};
    if (len > 0 && nib_name_is_under(qname, aname))
        memcpy(draft->aname, draft->qname + whole - len, len);
}

static void server_step(uint32_t label, const char *rest)
{
    const struct line_out *query = expect_known(&run.world, label);
    const struct nib_slot slot = {query->slot, query->serial};
    struct draft draft = draft_of(query);
    uint8_t octets[WORDS_OCTETS_MAX];
    size_t len;
    if (words_skip(&rest, "refuses") || words_skip(&rest, "refuse")) {
        must(words_end(rest));
        world_refuse(&run.world, slot);
        return;
    }
    if (words_skip(&rest, "sends") || words_skip(&rest, "send")) {
        must(words_hex(&rest, octets, sizeof octets, &len));
    } else {
        must(words_skip(&rest, "answers") || words_skip(&rest, "answer"));
        must(words_answer(&rest, &draft));
        if (run.settings.config.mix != NIB_MIX_NEVER)
            take_letters(&draft);
        must(words_but(&rest, &draft));
        len = draft_octets(&draft, octets);
    }
    must(words_end(rest));
    world_reply(&run.world, slot, octets, len);
}

static void go(nib_ms time, bool inclusive)
{
    if (time < run.world.now)
        broken("time does not go back");
    if (!world_go(&run.world, time, inclusive))
        expect_no_more(&run.world);
}

/* `no way to`, and its end: rest is the address. */
static void way(const char *rest, bool away)
{
    struct world *w = &run.world;
    struct nib_addr addr;
    must(words_addr(&rest, NIB_PORT_AUTHORITATIVE, &addr));
    must(words_end(rest) || words_skip(&rest, "again"));
    size_t i = 0;
    while (i < w->n_away && !nib_ip_equal(&w->away[i], &addr))
        i++;
    if (!away && i < w->n_away)
        w->away[i] = w->away[--w->n_away];
    if (away && i == w->n_away) {
        must(w->n_away < WORLD_AWAY_MAX);
        w->away[w->n_away++] = addr;
    }
}

/* ---- lines ---- */

static void expect_line(const char *rest)
{
    nib_ms time;
    if (words_skip(&rest, "table")) {
        struct nib_text rows = read_block();
        expect_table(&run.world, rows);
        return;
    }
    if (!words_skip(&rest, "nothing until")) {
        expect(&run.world, rest);
        return;
    }
    must(words_time(&rest, &time) && words_end(rest));
    expect_no_more(&run.world);
    go(world_start + time, true);
    expect_no_more(&run.world);
}

/* One step, without ranges. */
static void step(const char *rest)
{
    uint32_t label;
    nib_ms time;
    if (words_label(&rest, 'c', &label)) {
        client_step(label, rest);
    } else if (words_label(&rest, 'q', &label)) {
        server_step(label, rest);
    } else if (words_skip(&rest, "at")) {
        must(words_time(&rest, &time) && words_end(rest));
        go(world_start + time, true);
    } else if (words_skip(&rest, "after")) {
        must(words_time(&rest, &time) && words_end(rest));
        go(run.world.now + time, true);
    } else if (words_skip(&rest, "until")) {
        must(words_time(&rest, &time) && words_end(rest));
        go(world_start + time, false);
    } else if (words_skip(&rest, "no way to")) {
        way(rest, true);
    } else if (words_skip(&rest, "a way to")) {
        way(rest, false);
    } else if (words_skip(&rest, "no sockets")) {
        run.world.no_sockets = true;
    } else if (words_skip(&rest, "sockets")) {
        run.world.no_sockets = false;
    } else {
        must(words_skip(&rest, "the answer is lost") && words_end(rest));
        world_unsent(&run.world);
    }
}

/* The first range in a word: where it begins, and its two numbers. */
static bool find_range(const char *text, const char **at, size_t *len, unsigned long ends[2])
{
    const char *dots = text;
    char *end;
    while ((dots = strstr(dots, "..")) != NULL) {
        const char *from = dots, *to = dots + 2;
        while (from > text && from[-1] >= '0' && from[-1] <= '9')
            from--;
        if (*to >= 'a' && *to <= 'z')
            to++;
        if (from < dots && *to >= '0' && *to <= '9') {
            ends[0] = strtoul(from, NULL, 10);
            ends[1] = strtoul(to, &end, 10);
            *at = from;
            *len = (size_t)(end - from);
            return true;
        }
        dots += 2;
    }
    return false;
}

/* The i-th of the lines that a line with ranges stands for. Returns how many there are. */
static unsigned long expand(const char *text, unsigned long i, char out[WORDS_LINE_MAX])
{
    const char *at;
    size_t len, used = 0;
    unsigned long ends[2], lines = 1, first = 0;
    bool ranges = false;
    while (find_range(text, &at, &len, ends)) {
        must(ends[0] <= ends[1] && (!ranges || ends[1] - ends[0] + 1 == lines));
        lines = ends[1] - ends[0] + 1;
        first = ranges ? first : ends[0];
        ranges = true;
        used += (size_t)snprintf(
            out + used, WORDS_LINE_MAX - used, "%.*s%lu", (int)(at - text), text, ends[0] + i);
        text = at + len;
    }
    snprintf(out + used, WORDS_LINE_MAX - used, "%s", text);
    for (char *braces; ranges && (braces = strstr(out, "{}")) != NULL;) {
        char rest[WORDS_LINE_MAX];
        snprintf(rest, sizeof rest, "%s", braces + 2);
        snprintf(braces, WORDS_LINE_MAX - (size_t)(braces - out), "%lu%s", first + i, rest);
    }
    return lines;
}

static void play(const char *text)
{
    char line[WORDS_LINE_MAX];
    const char *rest = text;
    unsigned long lines = expand(text, 0, line);
    if (words_end(text))
        return;
    if (words_skip(&rest, "set")) {
        set(rest);
    } else if (words_skip(&rest, "records")) {
        records();
    } else {
        begin();
        bool expects = words_skip(&rest, "expect");
        if (!expects)
            expect_no_more(&run.world);
        for (unsigned long i = 0; i < lines; i++) {
            (void)expand(expects ? rest : text, i, line);
            expects ? expect_line(line) : step(line);
        }
    }
}

void scenario_reset(void)
{
    if (run.begun)
        world_reset(&run.world);
    if (run.file != NULL)
        fclose(run.file);
    run.begun = false;
    run.file = NULL;
}

void scenario_run(const char *path)
{
    char line[WORDS_LINE_MAX];
    scenario_reset();
    run.path = path;
    run.line = 0;
    run.settings = (struct settings){0};
    run.settings.config =
        (struct nib_local_config){.limits = {.records = 100, .fetches = 64, .requests = 1024},
            .mix = NIB_MIX_NEVER,
            NIB_LOCAL_DEFAULTS};
    run.file = fopen(path, "r");
    if (run.file == NULL)
        broken("cannot be read");
    while (read_line(line))
        play(line);
    begin();
    expect_no_more(&run.world);
    world_finish(&run.world);
    scenario_reset();
}
