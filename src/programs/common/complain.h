/*
 * Layer 7: wrong use of a program: one line on standard error, `program: what is wrong; what to
 * do`, and status 2.
 */
#ifndef NIBDNS_PROGRAMS_COMPLAIN_H
#define NIBDNS_PROGRAMS_COMPLAIN_H

#include <stdarg.h>

enum { NIB_EXIT_USAGE = 2, SHOWN_MAX = 64 };

/* `program: ` and printf's format, then status 2. */
_Noreturn void usage_error(const char *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same behind another beginning. */
_Noreturn void usage_error_va(const char *begin, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* What somebody typed, printable and not too long. */
struct shown {
    char text[4 * SHOWN_MAX + 1];
};
struct shown shown_word(const char *word);

#endif
