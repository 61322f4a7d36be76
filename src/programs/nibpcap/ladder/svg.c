#include "nibpcap/ladder/svg.h"

#include <stdarg.h>

#include "nibpcap/base/words.h"
#include "nibpcap/ladder/svg_layout.h"
#include "nibpcap/ladder/svg_style.h"
#include "nibpcap/ladder/wrap.h"

struct picture {
    struct layout layout;
    const struct ladder *ladder;
    const struct sink *sink;
};

/* ---- pieces ---- */

static void put_number(const struct picture *picture, int number)
{
    struct line line;
    line_begin(&line);
    line_add(&line, number < 0 ? "-" : "");
    line_number(&line, (uint64_t)(number < 0 ? -number : number));
    sink_text(picture->sink, line_view(&line));
}

/* Each # stands for the next number. */
static void put(const struct picture *picture, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    for (const char *p = format; *p != '\0';) {
        size_t len = strcspn(p, "#");
        sink_text(picture->sink, (struct nib_text){p, len});
        p += len;
        if (*p != '#')
            break;
        put_number(picture, va_arg(args, int));
        p++;
    }
    va_end(args);
}

static void put_escaped(const struct picture *picture, struct nib_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '<':
            put(picture, "&lt;");
            break;
        case '>':
            put(picture, "&gt;");
            break;
        case '&':
            put(picture, "&amp;");
            break;
        default:
            sink_text(picture->sink, (struct nib_text){text.ptr + i, 1});
        }
    }
}

static void put_text(
    const struct picture *picture, const char *class, int x, int y, struct nib_text text)
{
    put(picture, "<text class=\"");
    put(picture, class);
    put(picture, "\" x=\"#\" y=\"#\">", x, y);
    put_escaped(picture, text);
    put(picture, "</text>\n");
}

/* Text in lines, the first one's base at y. Returns where the next line's would be. */
static int put_lines(const struct picture *picture, const char *class, int x, int y,
    struct nib_text text, size_t most)
{
    struct nib_text line;
    while (wrap_next(&text, most, &line)) {
        put_text(picture, class, x, y, line);
        y += LINE;
    }
    return y;
}

static struct nib_text text_of(const char *string)
{
    return (struct nib_text){string, strlen(string)};
}

/* ---- lifelines ---- */

static void put_head(const struct picture *picture, const struct panel *panel, size_t i)
{
    const struct lifeline *line = &picture->ladder->lines[i];
    int x = panel->x + picture->layout.x[i], y = panel->y, width = 20;
    int height = picture->layout.head_height, chars = (int)strlen(line->text);
    chars = (chars < HEAD_CHARS ? chars : HEAD_CHARS) * GLYPH;
    int role = (int)strlen(line->name) * HEAD_GLYPH;
    width += chars > role ? chars : role;
    put(picture, "<line class=\"line\" x1=\"#\" y1=\"#\" x2=\"#\" y2=\"#\"/>\n", x, y + height, x,
        y + panel->height);
    put(picture, "<rect class=\"head\" x=\"#\" y=\"#\" width=\"#\" height=\"#\" rx=\"7\"/>\n",
        x - width / 2, y, width, height);
    put_text(picture, "role", x, y + 18, text_of(line->name));
    (void)put_lines(picture, "host dim", x, y + 18 + LINE + 2, text_of(line->text), HEAD_CHARS);
}

/* Whoever is asked is busy from the query until what answers it. */
static void put_bars(const struct picture *picture, const struct panel *panel)
{
    const struct ladder *ladder = picture->ladder;
    int top = panel->y + picture->layout.head_height + GAP;
    for (size_t i = panel->first; i < panel->end; i++) {
        const struct row *r = &ladder->rows[i];
        int from = top + layout_arrow(&picture->layout, r), y = top;
        top += layout_row_height(&picture->layout, r);
        if (r->answer == 0 || ladder->lines[r->to].others)
            continue;
        size_t last = r->answer - 1 < panel->end ? r->answer - 1 : panel->end;
        for (size_t k = i; k < last; k++)
            y += layout_row_height(&picture->layout, &ladder->rows[k]);
        if (last < panel->end)
            y += layout_arrow(&picture->layout, &ladder->rows[last]);
        put(picture, "<rect class=\"bar\" x=\"#\" y=\"#\" width=\"#\" height=\"#\" rx=\"2\"/>\n",
            panel->x + picture->layout.x[r->to] - BAR, from, 2 * BAR, y - from);
    }
}

static void put_cut(
    const struct picture *picture, const struct panel *panel, const struct row *row, int y)
{
    struct line text;
    for (size_t i = 0; i < picture->ladder->n_lines; i++) {
        int x = panel->x + picture->layout.x[i];
        put(picture, "<rect class=\"gap\" x=\"#\" y=\"#\" width=\"#\" height=\"26\"/>", x - BAR - 2,
            y - 13, 2 * BAR + 4);
        put(picture, "<line class=\"cut\" x1=\"#\" y1=\"#\" x2=\"#\" y2=\"#\"/>\n", x, y - 10, x,
            y + 11);
    }
    line_begin(&text);
    line_number(&text, (uint64_t)((row->since_ns + 50000000) / 1000000000));
    line_count(&text, ".", (uint64_t)((row->since_ns + 50000000) / 100000000 % 10), " s later");
    put_text(picture, "time dim", panel->x + LEFT - 12, y + 4, line_view(&text));
}

/* ---- rows ---- */

/* "+0.5 ms": a time as people say it. */
static void say_since(struct line *line, int64_t ns)
{
    uint64_t us = (uint64_t)(ns < 0 ? -ns : ns) / 1000;
    line_add(line, ns < 0 ? "-" : "+");
    if (us < 1000)
        line_count(line, "", us, " us");
    else if (us < 1000000)
        line_count(line, "", us / 1000, ".");
    else
        line_count(line, "", us / 1000000, ".");
    if (us >= 1000)
        line_count(line, "", us < 1000000 ? us % 1000 / 100 : us % 1000000 / 100000,
            us < 1000000 ? " ms" : " s");
}

/* Frame and time at the arrow, time since the row before above it. */
static void put_times(
    const struct picture *picture, const struct panel *panel, const struct row *row, int y)
{
    struct line text;
    line_begin(&text);
    line_number(&text, row->frame);
    put_text(picture, "time dim", panel->x + 50, y + 4, line_view(&text));
    line_begin(&text);
    row_time(&text, row->time_ns, TIME_CHARS);
    put_text(picture, "time", panel->x + LEFT - 12, y + 4, line_view(&text));
    if (row->first || row_is_silent(row))
        return;
    line_begin(&text);
    say_since(&text, row->since_ns);
    put_text(picture, "time dim", panel->x + LEFT - 12, y + 4 - LINE, line_view(&text));
}

static void put_title(const struct picture *picture, const struct row *row)
{
    struct line line;
    line_begin(&line);
    line_count(&line, "frame ", row->frame, ", ");
    line_seconds(&line, row->time_ns);
    line_add(&line, " s: ");
    if (row->has_id)
        line_add(&line, row->kind == ROW_QUERY ? "Query " : "Response ");
    line_add(&line, row->question);
    line_add(&line, *row->question != '\0' && *row->result != '\0' ? " " : "");
    line_add(&line, row->result);
    if (row->has_id)
        line_count(&line, " id ", row->id, "");
    line_add(&line, ", ");
    words_of_route(&line, &row->src, &row->dst);
    line_add(&line, *row->notes != '\0' ? ", " : "");
    line_add(&line, row->notes);
    put(picture, "<title>");
    put_escaped(picture, line_view(&line));
    put(picture, "</title>\n");
}

static void put_arrow(const struct picture *picture, const struct row *row, int from, int to, int y)
{
    bool lost = row->bad && !row->unanswered;
    int step = from < to ? 1 : -1;
    from += step * BAR;
    to -= step * BAR;
    if (row->from == row->to)
        to = from + 40;
    put(picture, "<path class=\"arrow");
    put(picture, row->again ? " again" : "");
    put(picture, "\" d=\"M# #H#\"/>\n", from, y, to - step * (lost ? 14 : 8));
    if (lost)
        put(picture, "<path class=\"cross\" d=\"M# #l8 8m0 -8l-8 8\"/>\n", to - step * 8 - 4,
            y - 4);
    else
        put(picture, "<path class=\"tip\" d=\"M# #l# -5v10z\"/>\n", to, y, -step * 10);
}

/* The question above the arrow; the result and what is remarkable below it. */
static void put_words(const struct picture *picture, const struct row *row, int x, int y)
{
    struct line above;
    size_t most = (size_t)layout_chars(&picture->layout, row);
    layout_words_above(&above, picture->ladder, row);
    int lines = (int)wrap_count(line_view(&above), most);
    (void)put_lines(picture, "what", x, y - 7 - (lines - 1) * LINE, line_view(&above), most);
    y = put_lines(picture, "what", x, y + 15, text_of(row->result), most);
    (void)put_lines(picture, "what note", x, y, text_of(row->notes), most);
}

static void put_row(
    const struct picture *picture, const struct panel *panel, const struct row *row, int top)
{
    static const char *const classes[] = {
        [ROW_QUERY] = "q",
        [ROW_FOUND] = "f",
        [ROW_MISS] = "m",
        [ROW_FAILURE] = "e",
        [ROW_REFERRAL] = "f",
        [ROW_PART] = "m",
        [ROW_MALFORMED] = "e",
        [ROW_ERROR] = "e",
        [ROW_REMARK] = "e",
    };
    int y = top + layout_arrow(&picture->layout, row);
    int from = panel->x + picture->layout.x[row->from], to = panel->x + picture->layout.x[row->to];
    if (row_is_silent(row))
        put_cut(picture, panel, row, top + CUT / 2);
    put(picture, "<g class=\"");
    put(picture, row->bad ? "e" : classes[row->kind]);
    put(picture, "\">");
    put_title(picture, row);
    put_times(picture, panel, row, y);
    put_arrow(picture, row, from, to, y);
    put_words(picture, row, (from + to) / 2, y);
    put(picture, "</g>\n");
}

static void put_panel(const struct picture *picture, const struct panel *panel)
{
    int top = panel->y + picture->layout.head_height + GAP;
    for (size_t i = 0; i < picture->ladder->n_lines; i++)
        put_head(picture, panel, i);
    put_bars(picture, panel);
    for (size_t i = panel->first; i < panel->end; i++) {
        put_row(picture, panel, &picture->ladder->rows[i], top);
        top += layout_row_height(&picture->layout, &picture->ladder->rows[i]);
    }
}

void svg_draw(const struct ladder *ladder, bool wide, const struct sink *sink)
{
    struct picture picture = {.ladder = ladder, .sink = sink};
    struct line line;
    layout_make(&picture.layout, ladder, wide);
    int width = picture.layout.width, height = picture.layout.height;
    put(&picture,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"nibdns-ladder\" width=\"#\" "
        "height=\"#\" viewBox=\"0 0 # #\" role=\"img\">\n",
        width, height, width, height);
    put(&picture, "<title>nibdns messages, an arrow each</title>\n<style>\n");
    sink_text(sink, svg_style());
    put(&picture, "</style>\n");
    put(&picture, "<rect class=\"page\" x=\"0.5\" y=\"0.5\" width=\"#\" height=\"#\" rx=\"9\"/>\n",
        width - 1, height - 1);
    for (size_t i = 0; i < picture.layout.n_panels; i++)
        put_panel(&picture, &picture.layout.panels[i]);
    line_begin(&line);
    ladder_left_out(&line, ladder);
    line_add(&line, ladder->n == 0 ? "no messages" : "");
    if (line.w.off > 0)
        put_text(&picture, "host dim", width / 2, height - EDGE, line_view(&line));
    put(&picture, "</svg>\n");
}
