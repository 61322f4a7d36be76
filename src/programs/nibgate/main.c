/*
 * The bridge between nibdns and the real DNS, both ways.
 */
#include "common/streams.h"
#include "nibgate/bridge.h"

static const struct option_command commands[] = {
    {"dns", "DNS comes in (127.0.0.1:5300), a local server is asked", bridge_dns},
    {"nibdns", "nibdns comes in (127.0.0.1:22053), a resolver of the DNS is asked", bridge_nibdns},
    {NULL, NULL, NULL},
};

static const struct option_program command_line = {
    .name = "nibgate",
    .usage = "COMMAND [options]",
    .about = "The bridge between nibdns and the real DNS, both ways.",
    .notes = "nibgate COMMAND --help tells the options of a command.",
    .commands = commands,
};

int main(int argc, char **argv)
{
    keep_standard_streams();
    return options_run_command(&command_line, argc, argv);
}
