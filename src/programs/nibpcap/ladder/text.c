#include "nibpcap/ladder/text.h"

#include "nibpcap/ladder/wrap.h"

/*
 *  frame       time      since  client    local     amazone
 *      1   0.000000             |-------->|         |         A www.csusm.edu id 0
 *
 * Columns of numbers, lifelines `step` apart, then the words, over several lines where they need
 * them. Narrow texts leave out the time since the row before.
 */
enum {
    FRAME_WIDTH = 7,
    TIME_WIDTH = 11,
    NARROW = 90,    /* from here on there is no room for the time since */
    WORDS_MIN = 26, /* columns for the words, at least */
    STEP_MIN = 10,  /* between lifelines: "amazone 2" and a blank */
    STEP_MAX = 12,
};

struct columns {
    size_t first, step, words; /* the first lifeline, the next one, the words */
};

static size_t first_of(const struct text_style *style)
{
    return FRAME_WIDTH + TIME_WIDTH + (style->width < NARROW ? 0 : TIME_WIDTH) + 2;
}

size_t text_lines_most(const struct text_style *style)
{
    size_t n = 1 + (style->width - first_of(style) - WORDS_MIN - 3) / STEP_MIN;
    return n < 3 ? 3 : n;
}

static struct columns columns_of(const struct ladder *ladder, const struct text_style *style)
{
    struct columns c = {.first = first_of(style), .step = STEP_MAX};
    size_t gaps = ladder->n_lines > 1 ? ladder->n_lines - 1 : 0;
    size_t room = style->width - c.first - WORDS_MIN - 3;
    if (gaps > 0 && gaps * c.step > room)
        c.step = room / gaps < STEP_MIN ? STEP_MIN : room / gaps;
    c.words = c.first + gaps * c.step + 3;
    return c;
}

/* ---- a line of it ---- */

static void put_right(struct line *line, size_t column, struct nib_text text)
{
    line_pad(line, column > text.len ? column - text.len : 0);
    line_text(line, text);
}

static void put_time(struct line *line, size_t column, int64_t ns)
{
    struct line time;
    line_begin(&time);
    row_time(&time, ns, TIME_WIDTH - 1);
    put_right(line, column, line_view(&time));
}

static void put_lifelines(
    const struct ladder *ladder, const struct columns *c, struct line *line, char sign)
{
    line_pad(line, c->words - 2);
    for (size_t i = 0; i < ladder->n_lines; i++)
        line->text[c->first + i * c->step] = (uint8_t)sign;
}

static void put_arrow(const struct columns *c, struct line *line, const struct row *row)
{
    size_t from = c->first + row->from * c->step, to = c->first + row->to * c->step;
    size_t left = from < to ? from : to, right = from < to ? to : from;
    if (left == right) {
        line->text[left] = '*';
        return;
    }
    for (size_t i = left + 1; i < right; i++)
        line->text[i] = row->again && (i - left) % 2 == 0 ? ' ' : '-';
    line->text[from < to ? right - 1 : left + 1] = row->bad && !row->unanswered ? 'x'
                                                   : from < to                  ? '>'
                                                                                : '<';
}

/* ---- the words ---- */

enum { PARTS_MAX = 5 };

/* What there is to say of a row, in parts that stand in one line each where they can. */
static size_t say(struct line parts[PARTS_MAX], const struct ladder *ladder, const struct row *row)
{
    size_t n = 0;
    line_begin(&parts[n]);
    row_strangers(&parts[n], ladder, row);
    line_add(&parts[n], parts[n].w.off > 0 ? ":" : "");
    line_begin(&parts[++n]);
    line_add(&parts[n], row->question);
    line_begin(&parts[++n]);
    line_add(&parts[n], row->result);
    line_begin(&parts[++n]);
    if (row->has_id)
        line_count(&parts[n], "id ", row->id, "");
    line_begin(&parts[++n]);
    if (*row->notes != '\0') {
        line_add(&parts[n], "[");
        line_add(&parts[n], row->notes);
        line_add(&parts[n], "]");
    }
    return n + 1;
}

/* The parts one behind the other, a new line where the next one does not fit. */
static void fill(struct line *words, size_t most, const struct line *parts, size_t n)
{
    size_t column = 0;
    line_begin(words);
    for (size_t i = 0; i < n; i++) {
        struct nib_text rest = line_view(&parts[i]), line;
        if (rest.len > 0 && column > 0 && column + 1 + rest.len > most) {
            line_add(words, "\n");
            column = 0;
        }
        for (bool first = true; wrap_next(&rest, most, &line); first = false) {
            line_add(words, column == 0 ? "" : first ? " " : "\n");
            column = column > 0 && first ? column + 1 + line.len : line.len;
            line_text(words, line);
        }
    }
}

static const char *colour_of(const struct row *row)
{
    static const char *const colours[] = {
        [ROW_QUERY] = "\033[34m",
        [ROW_FOUND] = "\033[32m",
        [ROW_MISS] = "\033[33m",
        [ROW_FAILURE] = "\033[31m",
        [ROW_REFERRAL] = "\033[36m",
        [ROW_PART] = "\033[33m",
        [ROW_MALFORMED] = "\033[31m",
        [ROW_ERROR] = "\033[31m",
        [ROW_REMARK] = "\033[31m",
    };
    return row->bad ? "\033[31m" : colours[row->kind];
}

static void end_line(const struct text_style *style, const struct row *row, struct line *line,
    struct nib_text words, const struct sink *sink)
{
    line_add(line, " ");
    line_add(line, style->colour ? colour_of(row) : "");
    line_text(line, words);
    line_add(line, style->colour ? "\033[0m" : "");
    sink_line(sink, line);
}

static bool next_line(struct nib_text *rest, struct nib_text *line)
{
    if (rest->len == 0)
        return false;
    const char *end = memchr(rest->ptr, '\n', rest->len);
    line->ptr = rest->ptr;
    line->len = end == NULL ? rest->len : (size_t)(end - rest->ptr);
    size_t used = end == NULL ? line->len : line->len + 1;
    *rest = (struct nib_text){rest->ptr + used, rest->len - used};
    return true;
}

static void draw_silence(const struct ladder *ladder, const struct text_style *style,
    const struct row *row, const struct sink *sink)
{
    struct columns c = columns_of(ladder, style);
    struct line line;
    line_begin(&line);
    put_lifelines(ladder, &c, &line, ':');
    line_add(&line, " silence of ");
    line_seconds(&line, row->since_ns);
    line_add(&line, " s");
    sink_line(sink, &line);
}

void text_row(const struct ladder *ladder, const struct text_style *style, const struct row *row,
    const struct sink *sink)
{
    struct columns c = columns_of(ladder, style);
    struct line line, number, words, parts[PARTS_MAX];
    if (row_is_silent(row))
        draw_silence(ladder, style, row, sink);
    line_begin(&line);
    line_begin(&number);
    line_number(&number, row->frame);
    if (row->kind != ROW_REMARK) {
        put_right(&line, FRAME_WIDTH, line_view(&number));
        put_time(&line, FRAME_WIDTH + TIME_WIDTH, row->time_ns);
        if (style->width >= NARROW && !row->first)
            put_time(&line, FRAME_WIDTH + 2 * TIME_WIDTH, row->since_ns);
    }
    put_lifelines(ladder, &c, &line, '|');
    if (row->kind != ROW_REMARK)
        put_arrow(&c, &line, row);
    fill(&words, style->width - c.words + 1, parts, say(parts, ladder, row));
    struct nib_text rest = line_view(&words), part;
    while (next_line(&rest, &part)) {
        end_line(style, row, &line, part, sink);
        line_begin(&line);
        put_lifelines(ladder, &c, &line, '|');
    }
}

/* ---- the whole ---- */

void text_head(const struct ladder *ladder, const struct text_style *style, const struct sink *sink)
{
    struct columns c = columns_of(ladder, style);
    struct line line;
    for (size_t i = 0; i < ladder->n_lines; i++) {
        line_begin(&line);
        line_add(&line, ladder->lines[i].name);
        line_pad(&line, 11);
        line_add(&line, ladder->lines[i].text);
        sink_line(sink, &line);
    }
    line_begin(&line);
    sink_line(sink, &line);
    put_right(&line, FRAME_WIDTH, NIB_TEXT("frame"));
    put_right(&line, FRAME_WIDTH + TIME_WIDTH, NIB_TEXT("time"));
    if (style->width >= NARROW)
        put_right(&line, FRAME_WIDTH + 2 * TIME_WIDTH, NIB_TEXT("since"));
    for (size_t i = 0; i < ladder->n_lines; i++) {
        line_pad(&line, c.first + i * c.step);
        line_add(&line, ladder->lines[i].name);
    }
    sink_line(sink, &line);
}

void text_draw(const struct ladder *ladder, const struct text_style *style, const struct sink *sink)
{
    struct line line;
    if (ladder->n == 0)
        sink_text(sink, NIB_TEXT("no messages\n"));
    else
        text_head(ladder, style, sink);
    for (size_t i = 0; i < ladder->n; i++)
        text_row(ladder, style, &ladder->rows[i], sink);
    line_begin(&line);
    ladder_left_out(&line, ladder);
    if (line.w.off > 0)
        sink_line(sink, &line);
}
