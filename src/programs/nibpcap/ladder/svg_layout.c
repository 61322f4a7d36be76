#include "nibpcap/ladder/svg_layout.h"

#include "nibpcap/ladder/wrap.h"

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static struct nib_text text_of(const char *string)
{
    return (struct nib_text){string, strlen(string)};
}

void layout_words_above(struct line *line, const struct ladder *ladder, const struct row *row)
{
    line_begin(line);
    row_strangers(line, ladder, row);
    line_add(line, line->w.off > 0 && *row->question != '\0' ? ": " : "");
    line_add(line, row->question);
    if (row->has_id)
        line_count(line, " id ", row->id, "");
}

/* ---- rows ---- */

int layout_chars(const struct layout *layout, const struct row *row)
{
    int a = layout->x[row->from], b = layout->x[row->to];
    int width = a < b ? b - a : a > b ? a - b : NARROW;
    return (width - 2 * BAR - 14) / GLYPH;
}

static int lines_above(const struct layout *layout, const struct row *row)
{
    struct line line;
    layout_words_above(&line, layout->ladder, row);
    return (int)wrap_count(line_view(&line), (size_t)layout_chars(layout, row));
}

static int lines_below(const struct layout *layout, const struct row *row)
{
    size_t most = (size_t)layout_chars(layout, row);
    return (int)(wrap_count(text_of(row->result), most) + wrap_count(text_of(row->notes), most));
}

int layout_arrow(const struct layout *layout, const struct row *row)
{
    return (row_is_silent(row) ? CUT : 0) + larger(1, lines_above(layout, row)) * LINE + 4;
}

int layout_row_height(const struct layout *layout, const struct row *row)
{
    return layout_arrow(layout, row) + larger(1, lines_below(layout, row)) * LINE + 4 + GAP;
}

/* ---- lifelines ---- */

static int head_width(const struct lifeline *line)
{
    size_t chars = strlen(line->text) < HEAD_CHARS ? strlen(line->text) : HEAD_CHARS;
    return larger((int)strlen(line->name) * HEAD_GLYPH, (int)chars * GLYPH) + 20;
}

/* As many characters as the longest of a row's lines would have. */
static int chars_of(const struct ladder *ladder, const struct row *row)
{
    struct line line;
    layout_words_above(&line, ladder, row);
    int most = larger((int)line.w.off, (int)strlen(row->result));
    return larger(most, (int)strlen(row->notes));
}

/* A gap is as wide as the arrows that cross it and no other gap need, within bounds. */
static void place_lifelines(struct layout *layout)
{
    const struct ladder *ladder = layout->ladder;
    int gap[LIFELINES_MAX] = {0};
    size_t n = ladder->n_lines;
    for (size_t i = 0; i + 1 < n; i++)
        gap[i] = larger(
            NARROW, (head_width(&ladder->lines[i]) + head_width(&ladder->lines[i + 1])) / 2 + 12);
    for (size_t i = 0; i < ladder->n; i++) {
        const struct row *r = &ladder->rows[i];
        size_t left = r->from < r->to ? r->from : r->to, right = r->from < r->to ? r->to : r->from;
        int need = chars_of(ladder, r) * GLYPH + 2 * BAR + 14, have = 0;
        need = need > WIDE ? WIDE : need;
        for (size_t k = left; k < right; k++)
            have += gap[k];
        if (left < right && need > have)
            gap[right - 1] += need - have;
    }
    int half = n > 0 ? larger(head_width(&ladder->lines[0]) / 2, NARROW / 2) : 0;
    layout->x[0] = LEFT + half;
    for (size_t i = 1; i < n; i++)
        layout->x[i] = layout->x[i - 1] + gap[i - 1];
    half = n > 0 ? larger(head_width(&ladder->lines[n - 1]) / 2, NARROW / 2) : 160;
    layout->panel_width = (n > 0 ? layout->x[n - 1] : LEFT) + half;
}

static int head_lines(const struct ladder *ladder)
{
    int most = 1;
    for (size_t i = 0; i < ladder->n_lines; i++)
        most = larger(most, (int)wrap_count(text_of(ladder->lines[i].text), HEAD_CHARS));
    return most;
}

/* ---- panels ---- */

/* Rows into so many panels of about the same height; returns the height of the highest. */
static int fill_panels(struct layout *layout, size_t n_panels, int rows_height)
{
    const struct ladder *ladder = layout->ladder;
    int most = 0;
    size_t row = 0;
    layout->n_panels = 0;
    for (size_t i = 0; i < n_panels && (row < ladder->n || i == 0); i++) {
        struct panel *panel = &layout->panels[layout->n_panels++];
        int share = rows_height / (int)n_panels + (n_panels > 1 ? LINE : 0), height = 0;
        panel->first = row;
        while (row < ladder->n && (height < share || i + 1 == n_panels))
            height += layout_row_height(layout, &ladder->rows[row++]);
        panel->end = row;
        panel->height = layout->head_height + GAP + height;
        most = larger(most, panel->height);
    }
    return most;
}

static void place_panels(struct layout *layout, int bottom)
{
    int most = 0;
    for (size_t i = 0; i < layout->n_panels; i++) {
        struct panel *panel = &layout->panels[i];
        panel->x = EDGE + (int)i * (layout->panel_width + 2 * EDGE);
        panel->y = EDGE;
        most = larger(most, panel->height);
    }
    layout->width = (int)layout->n_panels * (layout->panel_width + 2 * EDGE);
    layout->height = most + 2 * EDGE + bottom;
}

/* How much smaller than its own size a picture of 16 to 9 has to be drawn: less is better. */
static int size_of(const struct layout *layout, size_t n_panels, int height)
{
    int width = (int)n_panels * (layout->panel_width + 2 * EDGE);
    return larger(width * 9, (height + 2 * EDGE) * 16);
}

static void make_wide(struct layout *layout, int rows_height, int bottom)
{
    size_t best = 1;
    int least = 0;
    for (size_t n = 1; n <= PANELS_MAX; n++) {
        int size = size_of(layout, n, fill_panels(layout, n, rows_height) + bottom);
        if (n == 1 || size < least) {
            best = n;
            least = size;
        }
    }
    (void)fill_panels(layout, best, rows_height);
    place_panels(layout, bottom);
    int width = larger(layout->width, (layout->height * 16 + 8) / 9);
    int height = larger(layout->height, (width * 9 + 8) / 16);
    for (size_t i = 0; i < layout->n_panels; i++)
        layout->panels[i].x += (width - layout->width) / 2;
    layout->width = width;
    layout->height = height;
}

void layout_make(struct layout *layout, const struct ladder *ladder, bool wide)
{
    int rows_height = 0, bottom = ladder->left_out > 0 ? 2 * LINE : 0;
    *layout = (struct layout){.ladder = ladder};
    place_lifelines(layout);
    layout->head_height = 14 + LINE + 4 + head_lines(ladder) * LINE;
    for (size_t i = 0; i < ladder->n; i++)
        rows_height += layout_row_height(layout, &ladder->rows[i]);
    if (wide) {
        make_wide(layout, rows_height, bottom);
        return;
    }
    (void)fill_panels(layout, 1, rows_height);
    place_panels(layout, bottom);
}
