#define _DEFAULT_SOURCE
#include "nibpcap/ladder/ladder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/streams.h"
#include "nibpcap/base/choice.h"
#include "nibpcap/base/status.h"
#include "nibpcap/capture/input.h"
#include "nibpcap/commands.h"
#include "nibpcap/ladder/svg.h"
#include "nibpcap/ladder/text.h"

enum { TEXT_ROWS = 1000, TEXT_WIDTH = 100 };

struct settings {
    struct choice choice;
    const char *output;
    size_t most, width;
    bool wide;
};

static const struct option_row rows[] = {
    OPTION_TEXT('o', "output", "FILE.svg", struct settings, output, "a picture"),
    OPTION_FLAG('w', "wide", struct settings, wide, "a picture for a slide, 16 to 9"),
    OPTION_NUMBER(0, "most", "N", struct settings, most, 1, 10000000,
        "messages drawn at most (1000; of a picture 250, a wide one 45)"),
    OPTION_NUMBER(0, "width", "COLUMNS", struct settings, width, TEXT_WIDTH_MIN, TEXT_WIDTH_MAX,
        "of the text (the terminal's, else 100)"),
};

static const struct option_program program = {
    .name = "nibpcap ladder",
    .usage = "[options] FILE",
    .about = "A sequence diagram: a lifeline for each host, an arrow for each message.",
    .notes = "FILE may be - for standard input; what comes live is drawn as it comes.",
    .tables = {OPTION_ROWS(rows), &choice_options, &ports_options},
    .operands = 1,
};

static void put(void *ctx, const char *text, size_t len)
{
    (void)fwrite(text, 1, len, ctx);
}

static struct text_style style_of(const struct settings *settings)
{
    struct winsize size;
    struct text_style style = {.width = settings->width};
    if (style.width == 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        style.width = size.ws_col;
    else if (style.width == 0)
        style.width = TEXT_WIDTH;
    style.width = style.width < TEXT_WIDTH_MIN ? TEXT_WIDTH_MIN : style.width;
    style.width = style.width > TEXT_WIDTH_MAX ? TEXT_WIDTH_MAX : style.width;
    style.colour = option_pretty_form() == NIB_TABLE_COLOUR;
    return style;
}

/* ---- live: each row as it comes ---- */

static void draw_live(
    struct ladder *ladder, const struct text_style *style, size_t *n_lines, const struct sink *sink)
{
    for (size_t i = 0; i < ladder->n; i++) {
        if (ladder->n_lines != *n_lines)
            text_head(ladder, style, sink);
        *n_lines = ladder->n_lines;
        text_row(ladder, style, &ladder->rows[i], sink);
    }
    ladder_drop(ladder);
}

static void run_live(struct ladder *ladder, const struct settings *settings, struct input *input)
{
    const struct sink sink = {put, stdout};
    const struct text_style style = style_of(settings);
    struct seen seen;
    size_t n_lines = 0;
    ladder->live = true;
    while (input_next(input, &seen)) {
        struct judgement j;
        verdict_of(ladder->verdicts, &seen, &j);
        bool shown = filter_takes(&settings->choice.filter, &seen, &j);
        ladder_take(ladder, &seen, &j, shown);
        draw_live(ladder, &style, &n_lines, &sink);
    }
    verdicts_finish(ladder->verdicts);
    draw_live(ladder, &style, &n_lines, &sink);
}

/* ---- files ---- */

static void read_all(struct ladder *ladder, const struct settings *settings, struct input *input)
{
    struct seen seen;
    while (input_next(input, &seen)) {
        struct judgement j;
        verdict_of(ladder->verdicts, &seen, &j);
        bool shown = filter_takes(&settings->choice.filter, &seen, &j);
        ladder_take(ladder, &seen, &j, shown);
    }
    verdicts_finish(ladder->verdicts);
    ladder_place(ladder);
}

static int draw_picture(const struct ladder *ladder, const struct settings *settings)
{
    const char *path = settings->output;
    bool to_stdout = strcmp(path, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(path, "wb");
    const struct sink sink = {put, out};
    if (out != NULL)
        svg_draw(ladder, settings->wide, &sink);
    bool ok = out != NULL && !ferror(out) && (to_stdout ? fflush(out) : fclose(out)) == 0;
    return ok ? STATUS_FINE : complain("%s: %s", path, strerror(errno));
}

static int draw(const struct ladder *ladder, const struct settings *settings)
{
    const struct sink sink = {put, stdout};
    const struct text_style style = style_of(settings);
    struct line line;
    int status = STATUS_FINE;
    if (settings->output != NULL)
        status = draw_picture(ladder, settings);
    else
        text_draw(ladder, &style, &sink);
    line_begin(&line);
    ladder_left_out(&line, ladder);
    if (line.w.off > 0)
        (void)complain("%s; --most says how many are", line_string(&line));
    return status == STATUS_FINE ? finish_output(status) : status;
}

/* ---- the command ---- */

static bool is_svg(const char *path)
{
    size_t len = strlen(path);
    return strcmp(path, "-") == 0 || (len > 4 && strcmp(path + len - 4, ".svg") == 0);
}

static size_t most_of(const struct settings *settings, bool live)
{
    if (live)
        return SIZE_MAX;
    if (settings->most > 0)
        return settings->most;
    return settings->output == NULL ? TEXT_ROWS : settings->wide ? SVG_ROWS_WIDE : SVG_ROWS;
}

static size_t lines_most(const struct settings *settings, const struct text_style *style)
{
    if (settings->output == NULL)
        return text_lines_most(style);
    return settings->wide ? SVG_LINES_WIDE : LIFELINES_MAX;
}

static int run(const struct settings *settings, const char *path)
{
    struct ladder ladder;
    struct verdicts verdicts;
    int status = STATUS_FINE;
    struct input *input = input_open(path, &settings->choice.ports);
    if (input == NULL)
        return STATUS_USE;
    bool live = input->live && settings->output == NULL;
    const struct text_style style = style_of(settings);
    verdicts_init(&verdicts, &input->hosts, 0);
    ladder_init(&ladder, &verdicts, most_of(settings, live), lines_most(settings, &style));
    if (live) {
        run_live(&ladder, settings, input);
    } else {
        read_all(&ladder, settings, input);
        nib_progress_wipe(&input->progress);
        status = draw(&ladder, settings);
    }
    ladder_free(&ladder);
    int read_status = input_close(input);
    return finish_output(status != STATUS_FINE ? status : read_status);
}

int command_ladder(int argc, char **argv)
{
    struct settings settings = {.choice.ports = ports_default()};
    const char *path = choice_read(&program, &settings, "FILE", argc, argv);
    if (settings.output != NULL && !is_svg(settings.output))
        usage_error(program.name, "-o writes a picture in SVG: name it FILE.svg, not %s",
            shown_word(settings.output).text);
    if (settings.wide && settings.output == NULL)
        usage_error(program.name, "--wide is for a picture: give -o FILE.svg, too");
    return run(&settings, path);
}
