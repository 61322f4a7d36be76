/*
 * nibpcap make: a description is refused with a line that names its place, or becomes a capture
 * that reads back without a fault, the same octets each time. The command's own files are taken in
 * here, so that its end of the program can be the end of one input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "nibpcap/base/memory.h"
#include "nibpcap/base/status.h"

static jmp_buf way_out;
static size_t said;

static _Noreturn void refuse(int status)
{
    INVARIANT(status == 2 && said == 1);
    longjmp(way_out, 1);
}

/* What it says of a fault: printable, one line. */
__attribute__((format(printf, 2, 3))) static int say(FILE *to, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    INVARIANT(to == stderr && n > 0 && (size_t)n < sizeof line && line[n - 1] == '\n');
    for (int i = 0; i + 1 < n; i++)
        INVARIANT(line[i] >= ' ' && line[i] <= '~');
    said++;
    return n;
}

#define exit refuse
#define fprintf say
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "nibpcap/make/build.c"
#include "nibpcap/make/description.c"
#include "nibpcap/make/packet.c"
#include "nibpcap/make/words.c"
/* NOLINTEND(bugprone-suspicious-include) */
#undef exit
#undef fprintf

void *memory_resize(void *old, size_t n)
{
    void *memory = realloc(old, n);
    INVARIANT(memory != NULL);
    return memory;
}

void memory_free(void *memory)
{
    free(memory);
}

/* False: refused. */
static bool make_file(struct make *make, struct nib_text text)
{
    memset(make, 0, sizeof *make);
    make->path = "input";
    make->start_ns = 1700000000ll * 1000000000;
    make->file.link = NIB_LINK_RAW;
    make->file.snaplen = NIB_PCAP_FRAME_MAX;
    said = 0;
    if (setjmp(way_out) != 0)
        return false;
    make_capture(make, text);
    return true;
}

static void read_back(const struct make_file *file)
{
    struct nib_pcap_reader reader = {0};
    struct nib_pcap_frame frame;
    struct nib_packet packet;
    size_t at = 0, used, frames = 0;
    enum nib_pcap_step step;
    for (;; at += used, frames++) {
        step = nib_pcap_next(&reader, file->octets + at, file->len - at, true, &used, &frame);
        if (step != NIB_PCAP_FRAME)
            break;
        INVARIANT(frame.link == file->link && frame.len <= file->snaplen);
        nib_packet_read(&packet, &frame);
    }
    INVARIANT(step == NIB_PCAP_END && frames == file->frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static struct make first, second;
    uint8_t *block = fuzz_block(octets, len);
    struct nib_text text = {(const char *)block, len};
    bool ok = make_file(&first, text);
    INVARIANT(make_file(&second, text) == ok);
    if (ok) {
        read_back(&first.file);
        INVARIANT(first.file.len == second.file.len);
        INVARIANT(memcmp(first.file.octets, second.file.octets, first.file.len) == 0);
    }
    make_free(&first.file);
    make_free(&second.file);
    free(block);
    return 0;
}
