/*
 * nibpcap: shows, checks, draws, makes, reruns and replays captures of nibdns traffic.
 */
#include "nibpcap/base/nibpcap.h"

const struct nibpcap_command nibpcap_commands[] = {
    {"dump", nibpcap_dump,
        "dump [options] FILE\n"
        "One line a message, as tcpdump would print it. FILE may be - for standard input.\n\n"
        "  -x, --hex        the octets of each message too\n"
        "  -X, --ascii      the same, with the characters beside them\n"
        "      --json       a JSON object a line\n"
        "  -p, --port LIST  these ports alone (21000,22000, and where else messages are found)\n"},
    {"check", nibpcap_check,
        "check [options] FILE\n"
        "Every message decodes and encodes back to the same octets, every response has its query "
        "and\n"
        "every query its response. Status 1 when something is wrong.\n\n"
        "      --json       the summary as a JSON object\n"
        "  -p, --port LIST  these ports alone (21000,22000, and where else messages are found)\n"},
    {"ladder", nibpcap_ladder,
        "ladder [options] FILE\n"
        "A sequence diagram in text.\n\n"
        "  -o FILE.svg      the same as a picture\n"
        "      --most N     messages drawn at most (1000)\n"
        "  -p, --port LIST  the local server's, the authoritative one's (21000,22000, or found)\n"},
    {"rerun", nibpcap_rerun,
        "rerun FILE --as local|amazone|client [options]\n"
        "Feeds what that host received into the program's own logic, in the capture's time, and\n"
        "compares what it sends with what the capture says it sent. Status 1 and a difference\n"
        "otherwise.\n\n"
        "      --as ROLE            whose logic\n"
        "      --at ADDR[:PORT]     which host, where the capture has several\n"
        "      --records FILE       its records (the built-in ones)\n"
        "      --ttl SECONDS        that answers from static records carry (60)\n"
        "      --timeout MS         of its first try (local 500, client 1000)\n"
        "      --tries N            tries (3)\n"
        "      --max-ttl SECONDS    longer TTLs from upstream are cut to this (86400)\n"
        "      --upstream-port PORT where authoritative servers listen (22000, or found)\n"
        "      --late MS            how late a retry may leave (100)\n"},
    {"replay", nibpcap_replay,
        "replay FILE --to ADDR:PORT [options]\n"
        "Sends the capture's queries to a live server and compares the answers. Status 1 when "
        "they\n"
        "differ.\n\n"
        "      --to ADDR:PORT   the server\n"
        "      --speed N        N times as fast as the capture (1)\n"
        "      --fast           as fast as answered\n"
        "      --timeout MS     how long an answer is waited for (1000)\n"
        "  -p, --port PORT      queries to this port of the capture are sent (21000, or found)\n"},
    {"make", nibpcap_make,
        "make TEXT -o FILE\n"
        "A capture from a readable description, the same octets each time.\n\n"
        "  -o, --output FILE    - for standard output\n"},
    {NULL, NULL, NULL},
};

static int show_help(void)
{
    printf("usage: nibpcap COMMAND [options] FILE\n"
           "Shows, checks, draws, makes, reruns and replays captures of nibdns traffic.\n\n");
    for (const struct nibpcap_command *c = nibpcap_commands; c->name != NULL; c++)
        printf("  nibpcap %.*s\n", (int)strcspn(c->help, "\n"), c->help);
    printf("\nnibpcap COMMAND --help says more. FILE may be - for standard input.\n");
    return nibpcap_finish_output(NIBPCAP_FINE);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {NIBPCAP_COMMON_OPTIONS};
    if (argc < 2)
        return nibpcap_complain("a command is missing; see nibpcap --help");
    int option = argv[1][0] == '-' ? option_next("nibpcap", argc, argv, "+:", options) : -1;
    if (option == NIBPCAP_HELP || strcmp(argv[1], "help") == 0)
        return show_help();
    if (option == NIBPCAP_VERSION)
        print_version("nibpcap");
    for (const struct nibpcap_command *c = nibpcap_commands; c->name != NULL; c++)
        if (strcmp(argv[1], c->name) == 0)
            return c->run(argc - 1, argv + 1);
    return nibpcap_complain("no such command: %s; see nibpcap --help", argv[1]);
}
