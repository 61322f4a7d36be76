#define _POSIX_C_SOURCE 200809L
#include "common/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/streams.h"

static size_t left_column(const struct option_row *row, char out[80])
{
    char letter[] = {'-', row->letter, ',', ' ', '\0'};
    return (size_t)snprintf(out, 80, "  %s--%s%s%s", row->letter == 0 ? "    " : letter, row->name,
        row->value == NULL ? "" : " ", row->value == NULL ? "" : row->value);
}

/* A left column of `wide` and words whose further lines stand under the first. */
static void print_row(const char *left, size_t wide, const char *words)
{
    for (;;) {
        size_t n = strcspn(words, "\n");
        printf("%-*s  %.*s\n", (int)wide, left, (int)n, words);
        if (words[n] == '\0')
            return;
        words += n + 1;
        left = "";
    }
}

static void print_options(const struct option_row *const *rows, size_t n_rows)
{
    char left[80];
    size_t wide = 0;
    for (size_t i = 0; i < n_rows; i++) {
        size_t n = left_column(rows[i], left);
        wide = n > wide ? n : wide;
    }
    for (size_t i = 0; i < n_rows; i++) {
        (void)left_column(rows[i], left);
        print_row(left, wide, rows[i]->words);
    }
}

static void print_commands(const struct option_program *program)
{
    char left[80];
    int wide = 0;
    for (const struct option_command *c = program->commands; c->name != NULL; c++) {
        int n = snprintf(left, sizeof left, "  %s %s", program->name, c->name);
        wide = n > wide ? n : wide;
    }
    for (const struct option_command *c = program->commands; c->name != NULL; c++) {
        (void)snprintf(left, sizeof left, "  %s %s", program->name, c->name);
        print_row(left, (size_t)wide, c->words);
    }
    printf("\n");
}

void option_print_help(
    const struct option_program *program, const struct option_row *const *rows, size_t n)
{
    const char *head = "Usage: ";
    for (const char *usage = program->usage; *usage != '\0'; head = "       ") {
        size_t len = strcspn(usage, "\n");
        printf("%s%s %.*s\n", head, program->name, (int)len, usage);
        usage += len + (usage[len] != '\0');
    }
    printf("%s\n\n", program->about);
    if (program->commands != NULL)
        print_commands(program);
    print_options(rows, n);
    if (program->notes != NULL)
        printf("\n%s\n", program->notes);
    exit(end_output(program->name, EXIT_SUCCESS));
}

void option_print_version(const char *program)
{
    printf("%.*s (nibdns) %s\n", (int)strcspn(program, " "), program, NIB_VERSION);
    exit(end_output(program, EXIT_SUCCESS));
}
