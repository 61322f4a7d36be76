#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "common/print.h"
#include "nibpcap/base/words.h"
#include "nibpcap/dump/dump.h"

static void add_time(struct line *line, struct dump *dump, int64_t ns)
{
    int64_t second = ns / 1000000000 - (ns % 1000000000 < 0);
    if (second != dump->second || dump->clock[0] == '\0') {
        time_t t = (time_t)second;
        struct tm tm = {0};
        (void)localtime_r(&t, &tm);
        (void)strftime(dump->clock, sizeof dump->clock, "%H:%M:%S", &tm);
        dump->second = second;
    }
    char fraction[16];
    (void)snprintf(fraction, sizeof fraction, ".%06d ", (int)((ns - second * 1000000000) / 1000));
    line_add(line, dump->clock);
    line_add(line, fraction);
}

static void add_route(struct line *line, const struct nib_packet_udp *d)
{
    bool ports = d->src.port != 0 || d->dst.port != 0;
    void (*add)(struct line *, const struct nib_addr *) = ports ? line_dotted : line_ip;
    line_add(line, d->src.family == 6 ? "IP6 " : "IP ");
    add(line, &d->src);
    line_add(line, " > ");
    add(line, &d->dst);
    line_add(line, ": ");
}

static void add_sums(struct line *line, const struct nib_packet *p)
{
    if (p->ip_sum == NIB_SUM_WRONG)
        line_add(line, " [bad ip cksum]");
    if (p->udp_sum == NIB_SUM_NONE)
        line_add(line, " [no udp cksum]");
    if (p->udp_sum == NIB_SUM_WRONG) {
        line_add(line, " [bad udp cksum 0x");
        nib_writer_hex(&line->w, p->udp_sum_is, 4);
        line_add(line, " -> 0x");
        nib_writer_hex(&line->w, p->udp_sum_should, 4);
        line_add(line, "!]");
    }
}

static void add_judgement(struct line *line, const struct judgement *j)
{
    size_t before = line->w.off;
    line_add(line, " [");
    words_of_judgement(line, j);
    if (line->w.off == before + 2)
        line->w.off = before;
    else
        line_add(line, "]");
}

static void add_fragment(struct line *line, const struct nib_packet *p)
{
    line_count(line, "nibdns fragment id ", p->fragment_id, "");
    line_count(line, " offset ", p->fragment_at, p->fragment_more ? "+" : "");
    line_count(line, ", not put together (", p->fragment_len, ")");
}

static void add_icmp(struct line *line, const struct seen *seen)
{
    line_add(line, seen->packet.udp.src.family == 6 ? "ICMP6, " : "ICMP ");
    words_of_icmp(line, &seen->packet);
    line_count(line, ", length ", seen->packet.icmp_len, "");
    if (seen->has_message) {
        line_add(line, ", for nibdns ");
        line_message(line, &seen->m);
    }
}

static void add_what(struct line *line, const struct seen *seen)
{
    const struct nib_packet *p = &seen->packet;
    switch (seen->kind) {
    case SEEN_MESSAGE:
        line_add(line, "nibdns ");
        line_message(line, &seen->m);
        line_count(line, " (", p->udp.real_len, ")");
        break;
    case SEEN_MALFORMED:
        line_add(line, "nibdns ");
        line_malformed(line, seen->err, seen->bad);
        line_count(line, " (", p->udp.real_len, ")");
        break;
    case SEEN_CUT:
        line_count(line, "nibdns cut: ", p->udp.len, "");
        line_count(line, " of ", p->udp.real_len, " octets captured");
        break;
    case SEEN_FRAGMENT:
        add_fragment(line, p);
        break;
    case SEEN_BROKEN:
        line_add(line, "nibdns broken: the lengths in its headers contradict each other");
        break;
    case SEEN_ICMP:
        add_icmp(line, seen);
        break;
    case SEEN_OTHER:
        break;
    }
}

static void print_octets(const struct nib_packet_udp *d, bool ascii, FILE *out)
{
    struct line line;
    for (size_t off = 0; off < d->len; off += 16) {
        size_t n = d->len - off < 16 ? d->len - off : 16;
        line_begin(&line);
        line_add(&line, "\t0x");
        nib_writer_hex(&line.w, off, 4);
        line_add(&line, ": ");
        for (size_t i = 0; i < n; i++) {
            line_add(&line, i % 2 == 0 ? " " : "");
            nib_writer_hex(&line.w, d->payload[off + i], 2);
        }
        if (ascii)
            line_pad(&line, 51);
        for (size_t i = 0; ascii && i < n; i++) {
            uint8_t c = d->payload[off + i];
            nib_writer_u8(&line.w, c >= 0x20 && c < 0x7f ? c : '.');
        }
        print_line(&line, out);
    }
}

void dump_text(
    struct dump *dump, const struct seen *seen, const struct judgement *judgement, FILE *out)
{
    struct line line;
    line_begin(&line);
    add_time(&line, dump, seen->frame.time_ns);
    add_route(&line, &seen->packet.udp);
    add_what(&line, seen);
    add_judgement(&line, judgement);
    if (seen->segments > 0) {
        line_count(&line, " [segment ", seen->segment, "");
        line_count(&line, " of ", seen->segments, "]");
    }
    add_sums(&line, &seen->packet);
    if (seen->frame.comment.len > 0) {
        line_add(&line, " {");
        words_of_comment(&line, seen->frame.comment);
        line_add(&line, "}");
    }
    print_line(&line, out);
    if (dump->hex || dump->ascii)
        print_octets(&seen->packet.udp, dump->ascii, out);
}
