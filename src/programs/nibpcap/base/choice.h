/*
 * Layer 7, nibpcap's base: the options of every command that shows messages. A command's settings
 * begin with a struct choice.
 */
#ifndef NIBDNS_NIBPCAP_CHOICE_H
#define NIBDNS_NIBPCAP_CHOICE_H

#include "common/options.h"
#include "nibpcap/base/filter.h"

struct choice {
    struct ports ports;
    struct filter filter;
};

extern const struct option_table ports_options, choice_options;

/*
 * Reads a command's options into its settings, and its one operand, which is returned. Ends the
 * program where that is missing.
 */
const char *choice_read(const struct option_program *program, void *settings, const char *operand,
    int argc, char **argv);

#endif
