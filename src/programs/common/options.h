/*
 * Layer 7: a program's command line: its tables of options (common/rows.h says how to add one), its
 * commands, `--help` and `--version`.
 */
#ifndef NIBDNS_PROGRAMS_OPTIONS_H
#define NIBDNS_PROGRAMS_OPTIONS_H

#include "common/complain.h"
#include "common/rows.h"

#define NIB_VERSION "0.1.0"

struct option_table {
    const struct option_row *rows;
    size_t n;
};

/* A table of all rows of an array, and a pointer to one. */
#define OPTION_TABLE(rows)                                                                         \
    {                                                                                              \
        (rows), sizeof(rows) / sizeof(rows)[0]                                                     \
    }
#define OPTION_ROWS(rows) (&(const struct option_table)OPTION_TABLE(rows))

/* A program whose first word is a command. */
struct option_command {
    const char *name, *words;
    int (*run)(int argc, char **argv); /* argv[0] is the command; returns the exit status */
};

enum { OPTION_TABLES = 4 };

struct option_program {
    const char *name;  /* what complaints begin with: `client`, `nibpcap dump` */
    const char *usage; /* what follows the name; several ways to use it are joined by \n */
    const char *about; /* text above the options */
    const char *notes; /* and below them; NULL: none */
    const struct option_table *tables[OPTION_TABLES]; /* --help and --version follow them */
    int operands;                                     /* words that are no options, at most */
    const struct option_command *commands;            /* the last one has no name; NULL: none */
    void (*seen)(const struct option_use *use);       /* hears of each option; NULL: nobody does */
};

/*
 * Reads the command line into the settings. Options may stand between operands, which are
 * argv[RESULT] and what follows. Ends the program after --help and --version, and when the user
 * got it wrong.
 */
int options_read(const struct option_program *program, void *settings, int argc, char **argv);

/* Runs the command that argv[1] names, and returns its status. */
int options_run_command(const struct option_program *program, int argc, char **argv);

#endif
