#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>

#include "nibpcap/commands.h"
#include "nibpcap/ladder/ladder.h"

void ladder_marks(struct nibpcap_line *line, const struct rung *rung)
{
    static const char *const words[] = {
#define X(symbol, text) text,
        RUNG_MARKS(X)
#undef X
    };
    const char *joint = "";
    for (int i = 0; i < RUNG_MARK_COUNT; i++) {
        if (rung->mark[i] == 0)
            continue;
        nibpcap_add(line, joint);
        nibpcap_add(line, words[i]);
        if (words[i][strlen(words[i]) - 1] == ' ')
            nibpcap_add_number(line, rung->mark[i]);
        joint = "; ";
    }
}

void ladder_seconds(int64_t ns, char *text, size_t cap)
{
    long long us = ns < 0 ? -(ns / 1000) : ns / 1000; /* frames may stand in any order */
    (void)snprintf(text, cap, "%s%lld.%06lld", ns <= -1000 ? "-" : "", us / 1000000, us % 1000000);
}

/* ---- text ---- */

enum { TEXT_LEFT = 31, TEXT_STEP = 12 };

static size_t column_of(size_t lifeline)
{
    return TEXT_LEFT + lifeline * TEXT_STEP;
}

static size_t text_end(const struct ladder *ladder)
{
    return column_of(ladder->n_lines == 0 ? 0 : ladder->n_lines - 1) + 1;
}

static void put_lifelines(const struct ladder *ladder, struct nibpcap_line *line, char c)
{
    nibpcap_add_column(line, text_end(ladder));
    for (size_t i = 0; i < ladder->n_lines; i++)
        line->text[column_of(i)] = (uint8_t)c;
}

static void put_arrow(struct nibpcap_line *line, const struct rung *rung)
{
    size_t from = column_of(rung->from), to = column_of(rung->to);
    size_t left = from < to ? from : to, right = from < to ? to : from;
    bool again = rung->mark[MARK_RETRANSMISSION] != 0 || rung->mark[MARK_DUPLICATE] != 0;
    bool lost = rung->kind == RUNG_MALFORMED || rung->mark[MARK_UNSOLICITED] != 0 ||
                rung->mark[MARK_MISMATCH] != 0 || rung->kind == RUNG_REFUSED;
    if (left == right) {
        line->text[left] = '*';
        return;
    }
    for (size_t i = left + 1; i < right; i++)
        line->text[i] = again ? (i - left) % 2 != 0 ? '-' : ' ' : '-';
    line->text[from < to ? right - 1 : left + 1] = lost ? 'x' : from < to ? '>' : '<';
}

static void put_right(struct nibpcap_line *line, size_t column, const char *text)
{
    size_t len = strlen(text);
    nibpcap_add_column(line, column > len ? column - len : 0);
    nibpcap_add(line, text);
}

static void print_silence(const struct ladder *ladder, int64_t ns, FILE *out)
{
    struct nibpcap_line line;
    nibpcap_begin(&line);
    put_lifelines(ladder, &line, ':');
    nibpcap_add(&line, "  silence of ");
    nibpcap_add_seconds(&line, ns);
    nibpcap_add(&line, " s");
    nibpcap_end(&line, out);
}

static void print_rung(const struct ladder *ladder, const struct rung *rung, bool first, FILE *out)
{
    char text[40];
    struct nibpcap_line line;
    nibpcap_begin(&line);
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)rung->frame);
    put_right(&line, 6, text);
    ladder_seconds(rung->time_ns, text, sizeof text);
    put_right(&line, 18, text);
    ladder_seconds(rung->since_ns, text, sizeof text);
    put_right(&line, TEXT_LEFT - 2, first ? "" : text);
    put_lifelines(ladder, &line, '|');
    put_arrow(&line, rung);
    nibpcap_add(&line, rung->upstream ? "    " : "  ");
    nibpcap_add(&line, rung->question);
    nibpcap_add(&line, *rung->question != '\0' && *rung->answer != '\0' ? " " : "");
    nibpcap_add(&line, rung->answer);
    if (rung->kind <= RUNG_FAILURE) {
        nibpcap_add(&line, " id ");
        nibpcap_add_number(&line, rung->id);
    }
    size_t before = line.w.off;
    nibpcap_add(&line, "  [");
    size_t inside = line.w.off;
    ladder_marks(&line, rung);
    if (line.w.off == inside)
        line.w.off = before;
    else
        nibpcap_add(&line, "]");
    nibpcap_end(&line, out);
}

static void print_head(const struct ladder *ladder, FILE *out)
{
    struct nibpcap_line line;
    for (size_t i = 0; i < ladder->n_lines; i++)
        (void)fprintf(out, "%-10s %s\n", ladder->lines[i].name, ladder->lines[i].text);
    (void)fputs(ladder->n_lines > 0 ? "\n" : "", out);
    nibpcap_begin(&line);
    put_right(&line, 6, "frame");
    put_right(&line, 18, "time");
    put_right(&line, TEXT_LEFT - 2, "since");
    for (size_t i = 0; i < ladder->n_lines; i++) {
        nibpcap_add_column(&line, column_of(i));
        nibpcap_add(&line, ladder->lines[i].name);
    }
    nibpcap_end(&line, out);
}

void ladder_text(const struct ladder *ladder, FILE *out)
{
    if (ladder->n == 0) {
        (void)fputs("no messages\n", out);
        return;
    }
    print_head(ladder, out);
    for (size_t i = 0; i < ladder->n; i++) {
        if (ladder->rungs[i].since_ns >= LADDER_SILENCE_NS)
            print_silence(ladder, ladder->rungs[i].since_ns, out);
        print_rung(ladder, &ladder->rungs[i], i == 0, out);
    }
    if (ladder->left_out > 0)
        (void)fprintf(out, "%llu further messages are not drawn; --most says how many are\n",
            (unsigned long long)ladder->left_out);
}

/* ---- the command ---- */

static int draw(const struct ladder *ladder, const char *path)
{
    if (path == NULL) {
        ladder_text(ladder, stdout);
        return nibpcap_finish_output(NIBPCAP_FINE);
    }
    bool to_stdout = strcmp(path, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(path, "wb");
    if (out != NULL)
        ladder_svg(ladder, out);
    bool ok = out != NULL && !ferror(out) && (to_stdout ? fflush(out) : fclose(out)) == 0;
    return ok ? NIBPCAP_FINE : nibpcap_complain("%s: %s", path, strerror(errno));
}

static void free_ladder(struct ladder *ladder)
{
    for (size_t i = 0; i < ladder->n; i++) {
        free(ladder->rungs[i].question);
        free(ladder->rungs[i].answer);
        free(ladder->rungs[i].now);
    }
    free(ladder->rungs);
}

static const struct option_row rows[] = {
    OPTION_TEXT('o', "output", "FILE.svg", struct ladder, output, "the same as a picture"),
    OPTION_NUMBER(
        0, "most", "N", struct ladder, most, 1, 10000000, "messages drawn at most (1000)"),
    NIBPCAP_PORTS(struct ladder, ports,
        "the local server's, the authoritative one's (21000,22000, or found)"),
};

static const struct option_program command_line = {
    .name = "nibpcap ladder",
    .usage = "[options] FILE",
    .about = "A sequence diagram in text.",
    .tables = {OPTION_ROWS(rows)},
    .operands = 1,
};

int nibpcap_ladder(int argc, char **argv)
{
    struct ladder ladder = {.most = 1000, .ports = nibpcap_default_ports()};
    struct nibpcap_input input;
    const char *path = nibpcap_options(&command_line, &ladder, argc, argv, "FILE");
    if (!nibpcap_open(&input, path, &ladder.ports))
        return NIBPCAP_USE;
    ladder_read(&ladder, &input);
    ladder_cast(&ladder);
    int status = draw(&ladder, ladder.output);
    int read_status = nibpcap_close(&input);
    free_ladder(&ladder);
    return status != NIBPCAP_FINE ? status : read_status;
}
