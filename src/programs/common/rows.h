/*
 * Layer 7: one option: a row of a program's table, from which follow parsing, `--help`, complaints
 * and the shells' completions (tools/package/completion.sh reads `--help`).
 *
 * A new option is a field in the program's settings and a line in its table:
 *
 *     OPTION_NUMBER(0, "deadline", "MS", struct local, config.deadline_ms, 1, 3600000,
 *         "what has waited so long is answered Server failure (6000)"),
 *
 * and an item in its manual page (tests/scripts/test_manual.sh holds the page to `--help`). The
 * default is what the settings hold before options_read(). `FILE`, `FILE.pcap`, `ADDR[:PORT]`,
 * `TYPE`, `PID` and `A|B|C` as the name of a value tell the shells what to offer; "may be given
 * again" in the words, that it can be repeated. A value that no kind of value here fits is read by
 * a function of the program's own (OPTION_CALL).
 */
#ifndef NIBDNS_PROGRAMS_ROWS_H
#define NIBDNS_PROGRAMS_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct option_row;

/* An option as it was given. */
struct option_use {
    const char *program;
    const struct option_row *row;
    const char *text; /* its value; NULL when it takes none */
    void *settings, *field;
};

/* Stores the value, or ends the program by option_wrong(). */
typedef void option_take(const struct option_use *use);

struct option_row {
    char letter; /* 0: none */
    const char *name;
    const char *value; /* what its value is, for --help; NULL: it takes none */
    option_take *take;
    size_t at, size; /* the field in the settings */
    int64_t min, max;
    const char *words; /* for --help; lines are joined by \n */
};

#define OPTION_ROW(letter, name, value, take, type, field, min, max, words)                        \
    {                                                                                              \
        letter, name, value, take, offsetof(type, field), sizeof(((type *)0)->field), min, max,    \
            words                                                                                  \
    }

/* true into a bool */
#define OPTION_FLAG(letter, name, type, field, words)                                              \
    OPTION_ROW(letter, name, NULL, option_take_constant, type, field, 1, 1, words)
/* a constant into an enum or integer */
#define OPTION_SET(letter, name, type, field, constant, words)                                     \
    OPTION_ROW(letter, name, NULL, option_take_constant, type, field, constant, constant, words)
/* a whole number from min to max, without sign, into an integer of any size */
#define OPTION_NUMBER(letter, name, value, type, field, min, max, words)                           \
    OPTION_ROW(letter, name, value, option_take_number, type, field, min, max, words)
/* a decimal number as 3 or 0.5, in millionths (seconds become microseconds), into an int64_t */
#define OPTION_DECIMAL(letter, name, value, type, field, min, max, words)                          \
    OPTION_ROW(letter, name, value, option_take_decimal, type, field, min, max, words)
/* the text itself, which lives as long as the command line, into a const char * */
#define OPTION_TEXT(letter, name, value, type, field, words)                                       \
    OPTION_ROW(letter, name, value, option_take_text, type, field, 0, 0, words)
/* an address, and a port where it has none, into a struct nib_addr */
#define OPTION_ADDR(letter, name, type, field, port, words)                                        \
    OPTION_ROW(letter, name, "ADDR[:PORT]", option_take_addr, type, field, port, 0, words)
/* the same of somebody to ask: any address stands for this machine, and port 0 is none */
#define OPTION_PEER(letter, name, type, field, port, words)                                        \
    OPTION_ROW(letter, name, "ADDR[:PORT]", option_take_peer, type, field, port, 0, words)
/* what the program's own function makes of it */
#define OPTION_CALL(letter, name, value, take, words)                                              \
    {                                                                                              \
        letter, name, value, take, 0, 0, 0, 0, words                                               \
    }

option_take option_take_constant, option_take_number, option_take_decimal, option_take_text,
    option_take_addr, option_take_peer;

/* `program: --option 'value' `, printf's format, then status 2. */
_Noreturn void option_wrong(const struct option_use *use, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A whole number without sign up to INT64_MAX; -1 when the text is none. */
int64_t option_whole(const char *text);

/* `7`, `0.05` or `.05` in millionths, without floating point; text moves behind it. -1: no digit.
 */
int64_t option_decimal(const char **text);

#endif
