#define _POSIX_C_SOURCE 200809L
#include "common/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common/help.h"

enum { ROWS_MAX = 64, FIRST_LONG = 256 };

/* A program's rows in one list, and what getopt_long wants to know of them. */
struct rows {
    const struct option_row *row[ROWS_MAX];
    size_t n;
    struct option long_options[ROWS_MAX + 1];
    char letters[2 * ROWS_MAX + 3];
};

enum { HELP, VERSION };
static const struct option_row standard[] = {
    [HELP] = OPTION_CALL('h', "help", NULL, NULL, "this text"),
    [VERSION] = OPTION_CALL('V', "version", NULL, NULL, "the version"),
};

static void add_rows(struct rows *rows, const struct option_row *more, size_t n)
{
    char *letters = rows->letters + strlen(rows->letters);
    for (size_t i = 0; i < n; i++) {
        const struct option_row *row = &more[i];
        if (rows->n == ROWS_MAX)
            abort();
        rows->long_options[rows->n] = (struct option){row->name,
            row->value == NULL ? no_argument : required_argument, NULL, FIRST_LONG + (int)rows->n};
        rows->row[rows->n++] = row;
        if (row->letter != 0)
            *letters++ = row->letter;
        if (row->letter != 0 && row->value != NULL)
            *letters++ = ':';
        *letters = '\0';
    }
}

static void collect(struct rows *rows, const struct option_program *program)
{
    /* With commands, what follows the first word is the command's. */
    memcpy(rows->letters, program->commands != NULL ? "+:" : ":\0", sizeof "+:");
    for (size_t i = 0; i < OPTION_TABLES && program->tables[i] != NULL; i++)
        add_rows(rows, program->tables[i]->rows, program->tables[i]->n);
    add_rows(rows, standard, sizeof standard / sizeof standard[0]);
}

/* What getopt_long stumbled over: a word of the command line, or a letter of one. */
static _Noreturn void bad_option(const char *program, const char *word, int option, int letter)
{
    const char text[] = {'-', (char)letter, '\0'};
    const char *why = "is unknown, or short for more than one";
    struct shown shown = shown_word(word);
    if (option == ':') {
        why = "needs a value";
    } else if (letter != 0 && strncmp(word, "--", 2) == 0) {
        why = "takes no value";
    } else if (letter != 0) {
        why = "is unknown";
        shown = shown_word(text);
    }
    usage_error(program, "option '%s' %s; see %s --help", shown.text, why, program);
}

static const struct option_row *row_of(const struct rows *rows, int option)
{
    if (option >= FIRST_LONG && (size_t)(option - FIRST_LONG) < rows->n)
        return rows->row[option - FIRST_LONG];
    for (size_t i = 0; i < rows->n; i++)
        if (rows->row[i]->letter == option)
            return rows->row[i];
    return NULL;
}

int options_read(const struct option_program *program, void *settings, int argc, char **argv)
{
    struct rows rows = {.n = 0};
    int option;
    collect(&rows, program);
    opterr = 0;
    while ((option = getopt_long(argc, argv, rows.letters, rows.long_options, NULL)) != -1) {
        const struct option_row *row = row_of(&rows, option);
        if (row == NULL)
            bad_option(
                program->name, argv[optind - 1], option, optopt < FIRST_LONG ? (char)optopt : '-');
        if (row == &standard[HELP])
            option_print_help(program, rows.row, rows.n);
        if (row == &standard[VERSION])
            option_print_version(program->name);
        const struct option_use use = {.program = program->name,
            .row = row,
            .text = row->value == NULL ? NULL : optarg,
            .settings = settings,
            .field = (char *)settings + row->at};
        row->take(&use);
        if (program->seen != NULL)
            program->seen(&use);
    }
    if (program->commands == NULL && argc - optind > program->operands) {
        const char *word = argv[optind + program->operands];
        usage_error(
            program->name, "unexpected '%s'; see %s --help", shown_word(word).text, program->name);
    }
    return optind;
}

int options_run_command(const struct option_program *program, int argc, char **argv)
{
    char none = 0; /* commands have their settings themselves */
    if (argc > 1 && argv[1][0] == '-')
        (void)options_read(program, &none, argc, argv);
    if (argc < 2)
        usage_error(program->name, "a command is missing; see %s --help", program->name);
    for (const struct option_command *c = program->commands; c->name != NULL; c++)
        if (strcmp(argv[1], c->name) == 0)
            return c->run(argc - 1, argv + 1);
    usage_error(
        program->name, "no command '%s'; see %s --help", shown_word(argv[1]).text, program->name);
}
