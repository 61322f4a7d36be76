#include "nibpcap/base/words.h"

void words_of_judgement(struct line *line, const struct judgement *j)
{
    switch (j->verdict) {
    case VERDICT_RETRANSMISSION:
    case VERDICT_COPY:
    case VERDICT_DUPLICATE:
        line_add(line, verdict_words(j->verdict));
        line_count(line, " of frame ", j->frame, j->differs ? ", another answer" : "");
        break;
    case VERDICT_UNSOLICITED:
    case VERDICT_REFERRAL:
        line_add(line, verdict_words(j->verdict));
        line_add(line, j->reason == NIB_FITS ? "" : ": ");
        line_add(line, reason_words(j->reason));
        break;
    case VERDICT_QUERY:
        line_add(line, reason_words(j->reason));
        break;
    case VERDICT_NONE:
    case VERDICT_ANSWER:
        break;
    }
}

void words_of_comment(struct line *line, struct nib_text comment)
{
    enum { SHOWN = 200 };
    bool cut = comment.len > SHOWN;
    nib_writer_escaped(&line->w, (struct nib_text){comment.ptr, cut ? SHOWN : comment.len});
    line_add(line, cut ? "..." : "");
}

void words_of_route(struct line *line, const struct nib_addr *src, const struct nib_addr *dst)
{
    line_addr(line, src);
    line_add(line, " > ");
    line_addr(line, dst);
}

void words_of_icmp(struct line *line, const struct nib_packet *p)
{
    bool six = p->udp.src.family == 6;
    bool unreachable = p->icmp_type == (six ? 1 : 3);
    if (unreachable && p->icmp_code == (six ? 4 : 3)) {
        line_ip(line, &p->quoted.dst);
        line_count(line, " udp port ", p->quoted.dst.port, " unreachable");
    } else if (unreachable) {
        line_ip(line, &p->quoted.dst);
        line_count(line, " unreachable, code ", p->icmp_code, "");
    } else {
        line_count(line, "error type ", p->icmp_type, "");
        line_count(line, " code ", p->icmp_code, "");
    }
}
