#include "nibpcap/ladder/ladder.h"

#include "nibpcap/ladder/svg.h"
#include "page/show/show.h"

/* A capture in memory, drawn as `nibpcap ladder -o FILE.svg` draws it. */

static void put(void *ctx, const char *text, size_t len)
{
    nib_writer_octets(ctx, text, len);
}

/* All that was seen in a frame: one message, or the segments of one send. */
static void take(struct ladder *ladder, struct traffic *traffic, const struct nib_pcap_frame *frame)
{
    struct seen seen;
    traffic_look(traffic, frame, &seen);
    do {
        struct judgement judgement;
        verdict_of(ladder->verdicts, &seen, &judgement);
        ladder_take(ladder, &seen, &judgement, true);
    } while (traffic_next_segment(traffic, &seen));
}

static void read_all(struct ladder *ladder, struct hosts *hosts, struct nib_pcap_reader *reader,
    struct nib_text file)
{
    static struct traffic traffic;
    struct nib_pcap_frame frame;
    const uint8_t *octets = (const uint8_t *)file.ptr;
    size_t used = 0, n;
    traffic = (struct traffic){.hosts = hosts};
    while (
        nib_pcap_next(reader, octets + used, file.len - used, true, &n, &frame) == NIB_PCAP_FRAME) {
        used += n;
        take(ladder, &traffic, &frame);
    }
}

/* `octet N: what is wrong`, where the file ends in a fault. */
static void tell_fault(struct line *line, const struct nib_pcap_reader *reader)
{
    if (reader->fault == NIB_PCAP_FINE)
        return;
    line_count(line, "octet ", reader->fault_at, ": ");
    line_add(line, nib_pcap_fault_words(reader->fault));
}

void page_show_ladder(struct nib_text file, struct nib_writer *svg, struct nib_writer *words)
{
    struct hosts hosts = {.ports = ports_default()};
    struct nib_pcap_reader reader = {0};
    struct verdicts verdicts;
    struct ladder ladder;
    struct line line;
    const struct sink sink = {put, svg};
    verdicts_init(&verdicts, &hosts, 0);
    ladder_init(&ladder, &verdicts, SVG_ROWS, LIFELINES_MAX);
    read_all(&ladder, &hosts, &reader, file);
    verdicts_finish(&verdicts);
    ladder_place(&ladder);
    svg_draw(&ladder, false, &sink);
    line_begin(&line);
    ladder_left_out(&line, &ladder);
    tell_fault(&line, &reader);
    nib_writer_text(words, line_view(&line));
    ladder_free(&ladder);
}
