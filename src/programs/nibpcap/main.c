/*
 * nibpcap: shows, checks, draws, makes, reruns and replays captures of nibdns traffic.
 */
#include "common/options.h"
#include "common/streams.h"
#include "nibpcap/commands.h"

static const struct option_command commands[] = {
    {"dump", "a line a message, as tcpdump would print it", nibpcap_dump},
    {"check", "every message, every pair of query and response; status 1 when one is wrong",
        nibpcap_check},
    {"ladder", "a sequence diagram in text or as a picture", nibpcap_ladder},
    {"rerun", "feeds a capture into the programs' own logic and compares", nibpcap_rerun},
    {"replay", "sends a capture's queries to a live server and compares", nibpcap_replay},
    {"make", "a capture from a readable description", nibpcap_make},
    {NULL, NULL, NULL},
};

static const struct option_program command_line = {
    .name = "nibpcap",
    .usage = "COMMAND [options] FILE",
    .about = "Shows, checks, draws, makes, reruns and replays captures of nibdns traffic.",
    .notes =
        "'nibpcap COMMAND --help' shows a command's options. FILE may be - for standard input.",
    .commands = commands,
};

int main(int argc, char **argv)
{
    return options_run_command(&command_line, argc, argv);
}
