/*
 * Shows, checks, draws, makes, reruns and replays captures of nibdns traffic.
 */
#include "common/options.h"
#include "common/streams.h"
#include "nibpcap/commands.h"

static const struct option_command commands[] = {
    {"dump", "a line a message, as tcpdump would print it", command_dump},
    {"check", "what is wrong in a capture, and a summary", command_check},
    {"ladder", "a sequence diagram, in text or as a picture", command_ladder},
    {"rerun", "feeds a capture to a program's own logic and compares", command_rerun},
    {"replay", "sends a capture's queries to a live server and compares", command_replay},
    {"make", "a capture from a readable description", command_make},
    {NULL, NULL, NULL},
};

static const struct option_program command_line = {
    .name = "nibpcap",
    .usage = "COMMAND [options] FILE",
    .about = "Shows, checks, draws, makes, reruns and replays captures of nibdns traffic.",
    .notes =
        "'nibpcap COMMAND --help' shows a command's options. FILE is a pcap or pcapng file; -\n"
        "is standard input.",
    .commands = commands,
};

int main(int argc, char **argv)
{
    keep_standard_streams();
    return options_run_command(&command_line, argc, argv);
}
