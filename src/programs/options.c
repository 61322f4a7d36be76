#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "nibdns/cursor.h"

void usage_error(const char *program, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s: ", program);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(NIB_EXIT_USAGE);
}

void usage_hint(const char *program)
{
    fprintf(stderr, "Try '%s --help'.\n", program);
    exit(NIB_EXIT_USAGE);
}

uint64_t option_number(
    const char *program, const char *option, const char *text, uint64_t min, uint64_t max)
{
    char *end = NULL;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < min || value > max ||
        strlen(text) > 19)
        usage_error(program, "%s takes a whole number from %llu to %llu", option,
            (unsigned long long)min, (unsigned long long)max);
    return value;
}

struct nib_addr option_addr(
    const char *program, const char *option, const char *text, uint16_t default_port)
{
    struct nib_addr addr;
    if (!nib_addr_parse((struct nib_text){text, strlen(text)}, default_port, &addr))
        usage_error(program, "%s takes an address: 127.0.0.1, 127.0.0.1:%u, ::1 or [::1]:%u",
            option, default_port, default_port);
    return addr;
}

void print_and_exit(const char *text)
{
    exit(fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

void print_version(const char *program)
{
    printf("%s (nibdns) %s\n", program, NIB_VERSION);
    exit(EXIT_SUCCESS);
}
