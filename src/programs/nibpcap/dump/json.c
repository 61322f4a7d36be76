#include "common/json.h"
#include "common/print.h"
#include "nibpcap/base/words.h"
#include "nibpcap/dump/dump.h"

static const char *const sums[] = {
    [NIB_SUM_UNKNOWN] = "unknown",
    [NIB_SUM_RIGHT] = "right",
    [NIB_SUM_WRONG] = "wrong",
    [NIB_SUM_PARTIAL] = "partial",
    [NIB_SUM_NONE] = "none",
};

static void add_host(
    struct line *line, const char *ip, const char *port, const struct nib_addr *addr)
{
    char text[NIB_IP_TEXT_MAX];
    nib_ip_format(addr, text);
    json_word(&line->w, ip, text);
    if (addr->port != 0)
        json_number(&line->w, port, addr->port);
}

static void add_message(struct line *line, const struct nib_message *m)
{
    json_number(&line->w, "id", m->id);
    json_word(&line->w, "flag", m->flag == NIB_QUERY ? "query" : "response");
    json_word(&line->w, "qtype", nib_type_name(m->qtype));
    json_text(&line->w, "qname", m->qname);
    if (m->flag == NIB_QUERY)
        return;
    json_word(&line->w, "atype", nib_type_name(m->atype));
    json_text(&line->w, "aname", m->aname);
    json_number(&line->w, "ttl", m->ttl_s);
    json_text(&line->w, "result", m->result);
}

static void add_judgement(struct line *line, const struct judgement *j)
{
    if (j->verdict == VERDICT_NONE)
        return;
    json_word(&line->w, "verdict", verdict_words(j->verdict));
    if (j->reason != NIB_FITS)
        json_word(&line->w, "reason", reason_words(j->reason));
    if (j->frame != 0)
        json_number(&line->w, "of_frame", (int64_t)j->frame);
    if (j->for_frame != 0)
        json_number(&line->w, "for_frame", (int64_t)j->for_frame);
    if (j->differs)
        json_flag(&line->w, "differs", true);
}

static void add_packet(struct line *line, const struct seen *seen)
{
    const struct nib_packet *p = &seen->packet;
    if (seen->kind == SEEN_MALFORMED) {
        json_word(&line->w, "malformed", nib_err_words(seen->err));
        json_word(&line->w, "rule", nib_err_rule(seen->err));
        json_number(&line->w, "octet", (int64_t)seen->bad);
    }
    if (seen->kind == SEEN_FRAGMENT) {
        json_number(&line->w, "fragment_id", p->fragment_id);
        json_number(&line->w, "fragment_offset", p->fragment_at);
    }
    if (seen->kind == SEEN_ICMP) {
        json_number(&line->w, "icmp_type", p->icmp_type);
        json_number(&line->w, "icmp_code", p->icmp_code);
        add_host(line, "quoted_src", "quoted_sport", &p->quoted.src);
        add_host(line, "quoted_dst", "quoted_dport", &p->quoted.dst);
    } else if (p->udp.src.port != 0 || p->udp.dst.port != 0) {
        json_number(&line->w, "length", (int64_t)p->udp.real_len);
        json_number(&line->w, "captured", (int64_t)p->udp.len);
        json_word(&line->w, "udp_checksum", sums[p->udp_sum]);
    }
    if (p->udp.src.family == 4)
        json_word(&line->w, "ip_checksum", sums[p->ip_sum]);
    if (seen->segments > 0) {
        json_number(&line->w, "segment", seen->segment);
        json_number(&line->w, "segments", seen->segments);
    }
    for (int i = 0; i < p->vlans; i++)
        json_number(&line->w, i == 0 ? "vlan" : "inner_vlan", p->vlan[i]);
    if (seen->frame.comment.len > 0)
        json_text(&line->w, "comment", seen->frame.comment);
}

/* A frame has more octets than a line can have. */
static void print_octets(const struct nib_packet_udp *d, FILE *out)
{
    enum { STEP = 512 };
    struct line line;
    for (size_t off = 0; off < d->len; off += STEP) {
        line_begin(&line);
        for (size_t i = off; i < d->len && i < off + STEP; i++)
            nib_writer_hex(&line.w, d->payload[i], 2);
        print_part(&line, out);
    }
}

void dump_json(
    const struct dump *dump, const struct seen *seen, const struct judgement *judgement, FILE *out)
{
    struct line line;
    const struct nib_packet_udp *d = &seen->packet.udp;
    line_begin(&line);
    json_open(&line.w, NULL, '{');
    json_number(&line.w, "frame", (int64_t)seen->frame.no);
    json_fixed(&line.w, "time", seen->frame.time_ns, 9);
    json_word(&line.w, "kind", seen_kind_name(seen->kind));
    add_host(&line, "src", "sport", &d->src);
    add_host(&line, "dst", "dport", &d->dst);
    if (seen->has_message)
        add_message(&line, &seen->m);
    add_judgement(&line, judgement);
    add_packet(&line, seen);
    if (dump->hex) {
        line_add(&line, ",\"octets\":\"");
        print_part(&line, out);
        print_octets(d, out);
        line_begin(&line);
        line_add(&line, "\"");
    }
    json_close(&line.w, '}');
    print_line(&line, out);
}
