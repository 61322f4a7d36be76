/*
 * Measures: the codec, the tables, a server under load, and the bare echo beside which a server's
 * cost is to be read.
 */
#include <stdio.h>

#include "common/options.h"
#include "nibbench/base/bench.h"

static const char help[] =
    "Usage: nibbench COMMAND [options]\n"
    "\n"
    "  nibbench codec                nanoseconds a message for decode and encode\n"
    "  nibbench table                nanoseconds a lookup, insert and expiry; memory a record\n"
    "  nibbench load --to ADDR:PORT  answers a second, lost, latency, the server's CPU time\n"
    "  nibbench echo                 a bare echo server: the kernel's own limit\n"
    "  nibbench flood --to ADDR:PORT junk, as much as can be\n"
    "\n"
    "'nibbench COMMAND --help' shows a command's options; each takes --json.\n"
    "Status: 0 measured, 1 wrong answers, 2 wrong use, 3 no answer.\n";

static const struct {
    const char *name;
    const char *argv0; /* what complaints begin with */
    int (*run)(int argc, char **argv);
} commands[] = {
    {"codec", "nibbench codec", bench_codec},
    {"table", "nibbench table", bench_table},
    {"load", "nibbench load", bench_load},
    {"echo", "nibbench echo", bench_echo},
    {"flood", "nibbench flood", bench_flood},
};

static void take_option(int argc, char **argv)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
    int option = option_next("nibbench", argc, argv, "+:hV", options);
    if (option == 'h')
        print_and_exit(help);
    if (option == 'V')
        print_version("nibbench");
}

int main(int argc, char **argv)
{
    keep_standard_streams();
    if (argc < 2)
        usage_error("nibbench", "give a command: codec, table, load, echo or flood");
    if (argv[1][0] == '-')
        take_option(argc, argv);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        char argv0[32];
        (void)snprintf(argv0, sizeof argv0, "%s", commands[i].argv0);
        argv[1] = argv0;
        return commands[i].run(argc - 1, argv + 1);
    }
    usage_error("nibbench", "no command '%s': codec, table, load, echo or flood", argv[1]);
}
