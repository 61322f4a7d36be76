#include "nibpcap/ladder/ladder.h"

/*
 * The ladder as a picture: rows of equal height, a silence as a cut. Numbers are whole, fonts the
 * reader's own, colours follow the reader's choice of light or dark; nothing in it moves or loads.
 */

enum {
    LEFT = 150, /* frame number and times */
    EDGE = 84,  /* from there, and to the right edge, to the outer lifelines */
    TOP = 96,   /* of the first row's arrow */
    ROW = 56,
    CUT = 40,     /* a silence */
    NARROW = 132, /* between neighbours, by what has to stand there */
    WIDE = 330,
    GLYPH = 7, /* of the fixed-width font, rounded up */
    HEAD_WIDTH = 124,
    HEAD_HEIGHT = 42,
    BAR = 5, /* half the width of a bar on a lifeline */
};

static const char style[] =
    "  .page { fill: #ffffff; stroke: #d8dee4 }\n"
    "  .line { stroke: #c3ccd5; stroke-width: 1.5 }\n"
    "  .head { fill: #f3f6f9; stroke: #c3ccd5 }\n"
    "  .bar { fill: #dfe7f1; stroke: #b3c2d4 }\n"
    "  .cut { stroke: #8a96a3; stroke-width: 1.5; stroke-dasharray: 1.5 5; stroke-linecap: round "
    "}\n"
    "  .gap { fill: #ffffff }\n"
    "  text { font: 12px ui-sans-serif, system-ui, -apple-system, 'Segoe UI', sans-serif; fill: "
    "#24292f }\n"
    "  .role { font-size: 13px; font-weight: 600; text-anchor: middle }\n"
    "  .host { font: 10.5px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', "
    "monospace; text-anchor: middle }\n"
    "  .what { font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', "
    "monospace; text-anchor: middle; paint-order: stroke; stroke: #ffffff; stroke-width: 5px; "
    "stroke-linejoin: round }\n"
    "  .note { font-size: 10.5px; text-anchor: middle; font-style: italic; paint-order: stroke; "
    "stroke: #ffffff; stroke-width: 5px; stroke-linejoin: round }\n"
    "  .time { font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', "
    "monospace; text-anchor: end }\n"
    "  .dim { fill: #6a7683 }\n"
    "  .arrow { fill: none; stroke-width: 1.75 }\n"
    "  .again { stroke-dasharray: 6 4 }\n"
    "  .q .arrow { stroke: #0b62d6 } .q .tip { fill: #0b62d6 }\n"
    "  .f .arrow { stroke: #15803d } .f .tip { fill: #15803d }\n"
    "  .m .arrow { stroke: #a15c00 } .m .tip { fill: #a15c00 }\n"
    "  .e .arrow { stroke: #cf222e } .e .tip { fill: #cf222e } .e .cross { stroke: #cf222e }\n"
    "  .cross { fill: none; stroke-width: 2; stroke-linecap: round }\n"
    "  .q .note { fill: #0b62d6 } .f .note { fill: #15803d } .m .note { fill: #a15c00 }\n"
    "  .e .note, .bad { fill: #cf222e }\n"
    "  @media (prefers-color-scheme: dark) {\n"
    "    .page { fill: #0d1117; stroke: #30363d }\n"
    "    .line { stroke: #3d4753 }\n"
    "    .head { fill: #161d26; stroke: #3d4753 }\n"
    "    .bar { fill: #24303f; stroke: #42536a }\n"
    "    .cut { stroke: #76828f }\n"
    "    .gap { fill: #0d1117 }\n"
    "    text { fill: #e6edf3 }\n"
    "    .what, .note { stroke: #0d1117 }\n"
    "    .dim { fill: #8d98a5 }\n"
    "    .q .arrow { stroke: #6cb0ff } .q .tip { fill: #6cb0ff }\n"
    "    .f .arrow { stroke: #4fc466 } .f .tip { fill: #4fc466 }\n"
    "    .m .arrow { stroke: #e0a33a } .m .tip { fill: #e0a33a }\n"
    "    .e .arrow { stroke: #ff7b72 } .e .tip { fill: #ff7b72 } .e .cross { stroke: #ff7b72 }\n"
    "    .q .note { fill: #6cb0ff } .f .note { fill: #4fc466 } .m .note { fill: #e0a33a }\n"
    "    .e .note, .bad { fill: #ff7b72 }\n"
    "  }\n";

struct picture {
    const struct ladder *ladder;
    FILE *out;
    int x[LIFELINES_MAX];
    int width, height;
};

/* ---- places ---- */

static bool is_silent(const struct rung *rung)
{
    return rung->since_ns >= LADDER_SILENCE_NS;
}

static int glyphs_of(const struct rung *rung)
{
    struct nibpcap_line line;
    size_t question = strlen(rung->question), answer = strlen(rung->answer);
    nibpcap_begin(&line);
    ladder_marks(&line, rung);
    size_t most = question > answer ? question : answer;
    return (int)(line.w.off > most ? line.w.off : most);
}

/* A gap is as wide as the arrows that cross it and no other gap need, within bounds. */
static void place_lifelines(struct picture *picture)
{
    const struct ladder *ladder = picture->ladder;
    int gap[LIFELINES_MAX];
    for (size_t i = 0; i < LIFELINES_MAX; i++)
        gap[i] = NARROW;
    for (size_t i = 0; i < ladder->n; i++) {
        const struct rung *r = &ladder->rungs[i];
        size_t left = r->from < r->to ? r->from : r->to, right = r->from < r->to ? r->to : r->from;
        int need = glyphs_of(r) * GLYPH + 40;
        need = need > WIDE ? WIDE : need;
        int have = 0;
        for (size_t k = left; k < right; k++)
            have += gap[k];
        if (left < right && need > have)
            gap[right - 1] += need - have;
    }
    picture->x[0] = LEFT + EDGE;
    for (size_t i = 1; i < ladder->n_lines; i++)
        picture->x[i] = picture->x[i - 1] + gap[i - 1];
    picture->width = ladder->n_lines > 0 ? picture->x[ladder->n_lines - 1] + EDGE : 400;
    picture->height = TOP + 14;
    for (size_t i = 0; i < ladder->n; i++)
        picture->height += ROW + (is_silent(&ladder->rungs[i]) ? CUT : 0);
}

/* ---- pieces ---- */

static void put_escaped(struct picture *picture, const char *text, size_t most)
{
    size_t len = strlen(text);
    bool cut = len > most;
    for (size_t i = 0; i < (cut ? most - 1 : len); i++) {
        switch (text[i]) {
        case '<':
            (void)fputs("&lt;", picture->out);
            break;
        case '>':
            (void)fputs("&gt;", picture->out);
            break;
        case '&':
            (void)fputs("&amp;", picture->out);
            break;
        default:
            (void)fputc(text[i], picture->out);
        }
    }
    (void)fputs(cut ? "\xe2\x80\xa6" : "", picture->out);
}

static void put_text(
    struct picture *picture, const char *class, int x, int y, const char *text, size_t most)
{
    (void)fprintf(picture->out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
    put_escaped(picture, text, most);
    (void)fputs("</text>\n", picture->out);
}

static void put_head(struct picture *picture, size_t i)
{
    const struct lifeline *line = &picture->ladder->lines[i];
    int x = picture->x[i], width = HEAD_WIDTH;
    int need = (int)strlen(line->text) * GLYPH + 12;
    width = need > width ? need : width;
    (void)fprintf(picture->out,
        "<line class=\"line\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n"
        "<rect class=\"head\" x=\"%d\" y=\"14\" width=\"%d\" height=\"%d\" rx=\"7\"/>\n",
        x, 14 + HEAD_HEIGHT, x, picture->height - 14, x - width / 2, width, HEAD_HEIGHT);
    put_text(picture, "role", x, 32, line->name, 40);
    put_text(picture, "host dim", x, 47, line->text, 70);
}

/* A server is busy from a query until what it sends as the answer. */
static void put_bars(struct picture *picture)
{
    const struct ladder *ladder = picture->ladder;
    int y = TOP;
    for (size_t i = 0; i < ladder->n; i++, y += ROW) {
        const struct rung *r = &ladder->rungs[i];
        y += is_silent(r) ? CUT : 0;
        if (r->kind != RUNG_QUERY || r->mark[MARK_RETRANSMISSION] != 0)
            continue;
        int end = y;
        for (size_t k = i + 1; k < ladder->n; k++) {
            const struct rung *a = &ladder->rungs[k];
            end += ROW + (is_silent(a) ? CUT : 0);
            if (a->kind == RUNG_QUERY || a->kind > RUNG_FAILURE || a->id != r->id ||
                !nib_addr_equal(&a->dst, &r->src) || !nib_addr_equal(&a->src, &r->dst))
                continue;
            (void)fprintf(picture->out,
                "<rect class=\"bar\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\"/>\n",
                picture->x[r->to] - BAR, y, 2 * BAR, end - y);
            break;
        }
    }
}

static void put_cut(struct picture *picture, int y, int64_t ns)
{
    char text[64];
    for (size_t i = 0; i < picture->ladder->n_lines; i++)
        (void)fprintf(picture->out,
            "<rect class=\"gap\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"26\"/>"
            "<line class=\"cut\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n",
            picture->x[i] - BAR - 2, y - 13, 2 * BAR + 4, picture->x[i], y - 10, picture->x[i],
            y + 11);
    int64_t tenths = (ns + 50000000) / 100000000;
    (void)snprintf(
        text, sizeof text, "%lld.%lld s later", (long long)(tenths / 10), (long long)(tenths % 10));
    put_text(picture, "time dim", LEFT - 12, y + 4, text, 40);
}

/* "0.5 ms": a time as people say it. */
static void say_time(int64_t ns, char *text, size_t cap)
{
    if (ns < 0)
        (void)snprintf(text, cap, "earlier");
    else if (ns < 1000000)
        (void)snprintf(text, cap, "+%lld us", (long long)(ns / 1000));
    else if (ns < 1000000000)
        (void)snprintf(text, cap, "+%lld.%lld ms", (long long)(ns / 1000000),
            (long long)(ns % 1000000 / 100000));
    else
        (void)snprintf(text, cap, "+%lld.%03lld s", (long long)(ns / 1000000000),
            (long long)(ns % 1000000000 / 1000000));
}

static void put_times(struct picture *picture, const struct rung *rung, int y, bool first)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)rung->frame);
    (void)fprintf(
        picture->out, "<text class=\"time dim\" x=\"40\" y=\"%d\">%s</text>\n", y + 4, text);
    ladder_seconds(rung->time_ns, text, sizeof text);
    put_text(picture, "time", LEFT - 12, y + 4, text, 40);
    if (first || is_silent(rung))
        return;
    say_time(rung->since_ns, text, sizeof text);
    put_text(picture, "time dim", LEFT - 12, y - ROW / 2 + 4, text, 40);
}

static void put_title(struct picture *picture, const struct rung *rung)
{
    struct nibpcap_line line;
    nibpcap_begin(&line);
    nibpcap_add(&line, "frame ");
    nibpcap_add_number(&line, rung->frame);
    nibpcap_add(&line, ", ");
    nibpcap_add_seconds(&line, rung->time_ns);
    nibpcap_add(&line, " s: ");
    if (rung->kind <= RUNG_FAILURE)
        nibpcap_add(&line, rung->kind == RUNG_QUERY ? "Query " : "Response ");
    nibpcap_add(&line, rung->question);
    nibpcap_add(&line, *rung->question != '\0' && *rung->answer != '\0' ? " " : "");
    nibpcap_add(&line, rung->answer);
    if (rung->kind <= RUNG_FAILURE) {
        nibpcap_add(&line, " id ");
        nibpcap_add_number(&line, rung->id);
    }
    nibpcap_add(&line, ", ");
    nibpcap_add_socket(&line, &rung->src);
    nibpcap_add(&line, " > ");
    nibpcap_add_socket(&line, &rung->dst);
    size_t before = line.w.off;
    nibpcap_add(&line, ", ");
    ladder_marks(&line, rung);
    if (line.w.off == before + 2)
        line.w.off = before;
    line.text[line.w.off] = '\0';
    (void)fputs("<title>", picture->out);
    put_escaped(picture, (const char *)line.text, NIBPCAP_TEXT_MAX);
    (void)fputs("</title>\n", picture->out);
}

static void put_arrow(struct picture *picture, const struct rung *rung, int y)
{
    bool again = rung->mark[MARK_RETRANSMISSION] != 0 || rung->mark[MARK_DUPLICATE] != 0;
    bool lost = rung->kind == RUNG_MALFORMED || rung->kind == RUNG_REFUSED ||
                rung->mark[MARK_UNSOLICITED] != 0 || rung->mark[MARK_MISMATCH] != 0;
    int from = picture->x[rung->from], to = picture->x[rung->to];
    int step = from < to ? 1 : -1;
    from += step * BAR;
    to -= step * BAR;
    if (rung->from == rung->to)
        to = from + 40;
    (void)fprintf(picture->out, "<path class=\"arrow%s\" d=\"M%d %dH%d\"/>\n",
        again ? " again" : "", from, y, to - step * (lost ? 14 : 8));
    if (lost)
        (void)fprintf(picture->out, "<path class=\"cross\" d=\"M%d %dl8 8m0 -8l-8 8\"/>\n",
            to - step * 8 - 4, y - 4);
    else
        (void)fprintf(
            picture->out, "<path class=\"tip\" d=\"M%d %dl%d -5v10z\"/>\n", to, y, -step * 10);
}

/* Question above the arrow, answer below it; marks take what is left, or a line of their own. */
static void put_words(struct picture *picture, const struct rung *rung, int y)
{
    struct nibpcap_line line;
    int a = picture->x[rung->from], b = picture->x[rung->to];
    int x = (a + b) / 2, width = a < b ? b - a : a - b;
    size_t most = (size_t)((width < NARROW ? NARROW : width) - 2 * BAR - 14) * 10 / 67;
    bool bare = *rung->answer == '\0';
    if (*rung->question != '\0')
        put_text(picture, "what", x, y - 7, rung->question, most);
    nibpcap_begin(&line);
    ladder_marks(&line, rung);
    line.text[line.w.off] = '\0';
    if (!bare)
        put_text(picture, "what", x, *rung->question != '\0' ? y + 15 : y - 7, rung->answer, most);
    if (line.w.off > 0)
        put_text(picture, "note", x, y + (bare || *rung->question == '\0' ? 15 : 28),
            (const char *)line.text, most * 12 / 10);
}

static void put_rung(struct picture *picture, const struct rung *rung, int y, bool first)
{
    static const char *const classes[] = {"q", "f", "m", "e", "e", "m", "e"};
    bool bad = rung->mark[MARK_UNSOLICITED] != 0 || rung->mark[MARK_MISMATCH] != 0 ||
               rung->mark[MARK_UNANSWERED] != 0;
    (void)fprintf(picture->out, "<g class=\"%s\">", bad ? "e" : classes[rung->kind]);
    put_title(picture, rung);
    put_times(picture, rung, y, first);
    put_arrow(picture, rung, y);
    put_words(picture, rung, y);
    (void)fputs("</g>\n", picture->out);
}

void ladder_svg(const struct ladder *ladder, FILE *out)
{
    struct picture picture = {.ladder = ladder, .out = out};
    place_lifelines(&picture);
    (void)fprintf(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
        "%d\" "
        "role=\"img\">\n<title>nibdns messages, one arrow each</title>\n<style>\n%s</style>\n"
        "<rect class=\"page\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"9\"/>\n",
        picture.width, picture.height, picture.width, picture.height, style, picture.width - 1,
        picture.height - 1);
    for (size_t i = 0; i < ladder->n_lines; i++)
        put_head(&picture, i);
    put_bars(&picture);
    int y = TOP;
    for (size_t i = 0; i < ladder->n; i++, y += ROW) {
        if (is_silent(&ladder->rungs[i])) {
            put_cut(&picture, y - ROW / 2 + CUT / 2 + 4, ladder->rungs[i].since_ns);
            y += CUT;
        }
        put_rung(&picture, &ladder->rungs[i], y, i == 0);
    }
    (void)fputs("</svg>\n", out);
}
