#define _POSIX_C_SOURCE 200809L
#include "nibpcap/make/make.h"

#include <errno.h>
#include <stdio.h>

#include "nibdns/os/memory.h"
#include "nibpcap/base/choice.h"
#include "nibpcap/base/status.h"
#include "nibpcap/commands.h"

static int write_file(const struct make *make, const char *path)
{
    bool to_stdout = strcmp(path, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(path, "wb");
    bool ok = out != NULL && fwrite(make->file.octets, 1, make->file.len, out) == make->file.len;
    ok = out != NULL && (to_stdout ? fflush(out) : fclose(out)) == 0 && ok;
    return ok ? STATUS_FINE : complain("%s: %s", path, strerror(errno));
}

static const struct option_row rows[] = {
    OPTION_TEXT('o', "output", "FILE.pcap", struct make, output, "- for standard output"),
};

static const struct option_program program = {
    .name = "nibpcap make",
    .usage = "TEXT -o FILE.pcap",
    .about = "A capture from a readable description, the same octets each time.",
    .tables = {OPTION_ROWS(rows)},
    .operands = 1,
};

int command_make(int argc, char **argv)
{
    static struct make make = {.start_ns = 1700000000ll * 1000000000,
        .file = {.link = NIB_LINK_RAW, .snaplen = NIB_PCAP_FRAME_MAX}};
    struct nib_text text;
    make.path = choice_read(&program, &make, "TEXT", argc, argv);
    if (make.output == NULL)
        return complain("-o FILE is missing; - is standard output");
    if (!nib_memory_read_file(make.path, &text))
        return complain("%s: %s", make.path, strerror(errno));
    make_capture(&make, text);
    int status = write_file(&make, make.output);
    make_free(&make.file);
    nib_memory_free_text(text);
    return status;
}
