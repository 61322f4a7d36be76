#include "common/complain.h"

#include <stdio.h>
#include <stdlib.h>

#include "nibdns/cursor.h"

struct shown shown_word(const char *word)
{
    struct shown shown;
    struct nib_writer w = nib_writer_init((uint8_t *)shown.text, sizeof shown.text - 1);
    size_t len = strlen(word);
    nib_writer_escaped(&w, (struct nib_text){word, len > SHOWN_MAX ? SHOWN_MAX : len});
    shown.text[w.off] = '\0';
    return shown;
}

void usage_error_va(const char *begin, const char *format, va_list args)
{
    (void)fputs(begin, stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    exit(NIB_EXIT_USAGE);
}

void usage_error(const char *program, const char *format, ...)
{
    va_list args;
    (void)fprintf(stderr, "%s: ", program);
    va_start(args, format);
    usage_error_va("", format, args);
}
