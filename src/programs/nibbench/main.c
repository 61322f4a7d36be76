/*
 * Measures: the codec, the tables, a server under load, and the bare echo beside which a server's
 * cost is to be read.
 */
#include "common/options.h"
#include "common/streams.h"
#include "nibbench/commands.h"

static const struct option_command commands[] = {
    {"codec", "nanoseconds a message for decode and encode", bench_codec},
    {"table", "nanoseconds a lookup, insert and expiry; memory a record", bench_table},
    {"load", "answers a second, lost, latency, the server's CPU time", bench_load},
    {"echo", "a bare echo server: the kernel's own limit", bench_echo},
    {"flood", "junk for a server, as much as can be", bench_flood},
    {NULL, NULL, NULL},
};

static const struct option_program command_line = {
    .name = "nibbench",
    .usage = "COMMAND [options]",
    .about = "Measures the codec, the tables, and servers under load.",
    .notes = "'nibbench COMMAND --help' shows a command's options; each takes --json.\n"
             "Status: 0 measured, 1 wrong answers, 2 wrong use, 3 no answer.",
    .commands = commands,
};

int main(int argc, char **argv)
{
    keep_standard_streams();
    return options_run_command(&command_line, argc, argv);
}
