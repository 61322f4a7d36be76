#define _POSIX_C_SOURCE 200809L
#include "nibpcap/dump/dump.h"

#include <unistd.h>

#include "nibpcap/base/choice.h"
#include "nibpcap/base/status.h"
#include "nibpcap/capture/input.h"
#include "nibpcap/commands.h"

struct settings {
    struct choice choice;
    bool hex, ascii, json;
};

static const struct option_row rows[] = {
    OPTION_FLAG('x', "hex", struct settings, hex, "the octets of each message too"),
    OPTION_FLAG('X', "ascii", struct settings, ascii, "the same, with the characters beside them"),
    OPTION_FLAG(0, "json", struct settings, json, "a JSON object a line"),
};

static const struct option_program program = {
    .name = "nibpcap dump",
    .usage = "[options] FILE",
    .about = "A line a message, as tcpdump would print it.",
    .notes = "FILE may be - for standard input, live too:\n"
             "tcpdump -i lo -U -w - udp port 21000 | nibpcap dump -",
    .tables = {OPTION_ROWS(rows), &choice_options, &ports_options},
    .operands = 1,
};

static int run(const struct settings *settings, const char *path)
{
    struct dump dump = {.hex = settings->hex, .ascii = settings->ascii};
    struct verdicts verdicts;
    struct seen seen;
    uint64_t other = 0;
    struct input *input = input_open(path, &settings->choice.ports);
    if (input == NULL)
        return STATUS_USE;
    if (isatty(STDOUT_FILENO)) /* where the lines run by themselves */
        input->progress = (struct nib_progress){0};
    verdicts_init(&verdicts, &input->hosts, 0);
    while (input_next(input, &seen)) {
        struct judgement judgement;
        verdict_of(&verdicts, &seen, &judgement);
        if (seen.kind == SEEN_OTHER)
            other++;
        else if (filter_takes(&settings->choice.filter, &seen, &judgement))
            settings->json ? dump_json(&dump, &seen, &judgement, stdout)
                           : dump_text(&dump, &seen, &judgement, stdout);
    }
    verdicts_finish(&verdicts);
    int status = finish_output(input_close(input));
    if (other > 0)
        (void)complain("other traffic left out, frames: %llu; --port says which ports are shown",
            (unsigned long long)other);
    return status;
}

int command_dump(int argc, char **argv)
{
    struct settings settings = {.choice.ports = ports_default()};
    const char *path = choice_read(&program, &settings, "FILE", argc, argv);
    return run(&settings, path);
}
