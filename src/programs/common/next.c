#define _POSIX_C_SOURCE 200809L
#include "common/next.h"

#include <stdlib.h>
#include <string.h>

#include "common/complain.h"
#include "common/help.h"
#include "nibdns/cursor.h"

/* What getopt_long stumbled over: `word` of the command line, or the short option `letter`. */
static _Noreturn void bad_option(
    const char *program, const char *word, char letter, const char *why)
{
    char shown[4 * 64 + 1];
    const char text[] = {'-', letter};
    struct nib_text culprit = {word, word == NULL ? 0 : strlen(word)};
    if (word == NULL)
        culprit = (struct nib_text){text, sizeof text};
    struct nib_writer w = nib_writer_init((uint8_t *)shown, sizeof shown - 1);
    nib_writer_escaped(&w, (struct nib_text){culprit.ptr, culprit.len > 64 ? 64 : culprit.len});
    shown[w.off] = '\0';
    usage_error(program, "option '%s' %s; see --help", shown, why);
}

int option_next(const char *program, int argc, char **argv, const char *short_options,
    const struct option *options)
{
    opterr = 0;
    int option = getopt_long(argc, argv, short_options, options, NULL);
    if (option != '?' && option != ':')
        return option;
    const char *word = argv[optind - 1];
    if (option == ':')
        bad_option(program, word, 0, "needs a value");
    if (optopt == 0)
        bad_option(program, word, 0, "is unknown, or short for more than one");
    if (strncmp(word, "--", 2) == 0)
        bad_option(program, word, 0, "takes no value");
    bad_option(program, NULL, (char)optopt, "is unknown");
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

void print_version(const char *program)
{
    option_print_version(program);
}
