#define _POSIX_C_SOURCE 200809L
#include <time.h>
#include <unistd.h>

#include "nibpcap/base/nibpcap.h"
#include "nibpcap/commands.h"

/* One line a message, as tcpdump prints: time, addresses, what it is, its length, notes. */

struct dump {
    struct nibpcap_ports ports;
    bool hex, ascii, json;
    int64_t second; /* whose text stands in `clock` */
    char clock[16];
    uint64_t shown, other;
};

static void add_time(struct nibpcap_line *line, struct dump *dump, int64_t ns)
{
    char fraction[16];
    int64_t second = ns / 1000000000;
    if (second != dump->second || dump->clock[0] == '\0') {
        time_t t = (time_t)second;
        struct tm tm = {0};
        (void)localtime_r(&t, &tm);
        (void)strftime(dump->clock, sizeof dump->clock, "%H:%M:%S", &tm);
        dump->second = second;
    }
    (void)snprintf(fraction, sizeof fraction, ".%06d ", (int)(ns % 1000000000 / 1000));
    nibpcap_add(line, dump->clock);
    nibpcap_add(line, fraction);
}

static void add_route(struct nibpcap_line *line, const struct nib_packet_udp *d, bool ports)
{
    void (*add)(struct nibpcap_line *, const struct nib_addr *) =
        ports ? nibpcap_add_addr : nibpcap_add_ip;
    nibpcap_add(line, d->src.family == 6 ? "IP6 " : "IP ");
    add(line, &d->src);
    nibpcap_add(line, " > ");
    add(line, &d->dst);
    nibpcap_add(line, ": ");
}

static void add_count(struct nibpcap_line *line, const char *before, uint64_t n, const char *after)
{
    nibpcap_add(line, before);
    nibpcap_add_number(line, n);
    nibpcap_add(line, after);
}

static void add_notes(struct nibpcap_line *line, const struct nibpcap_seen *seen)
{
    const struct nib_packet *p = &seen->packet;
    if (seen->segments > 0) {
        add_count(line, " [segment ", seen->segment, "");
        add_count(line, " of ", seen->segments, "]");
    }
    if (p->ip_sum == NIB_SUM_WRONG)
        nibpcap_add(line, " [bad ip cksum]");
    if (p->udp_sum == NIB_SUM_NONE)
        nibpcap_add(line, " [no udp cksum]");
    if (p->udp_sum == NIB_SUM_WRONG) {
        nibpcap_add(line, " [bad udp cksum 0x");
        nib_writer_hex(&line->w, p->udp_sum_is, 4);
        nibpcap_add(line, " -> 0x");
        nib_writer_hex(&line->w, p->udp_sum_should, 4);
        nibpcap_add(line, "!]");
    }
}

static void add_fragment(struct nibpcap_line *line, const struct nib_packet *p)
{
    add_count(line, "nibdns fragment id ", p->fragment_id, "");
    add_count(line, " offset ", p->fragment_at, p->fragment_more ? "+" : "");
    add_count(line, ", not put together (", p->fragment_len, ")");
}

/* "unreachable" and its kin in tcpdump's words, as far as it has some. */
static void add_icmp(struct nibpcap_line *line, const struct nibpcap_seen *seen)
{
    const struct nib_packet *p = &seen->packet;
    bool six = p->udp.src.family == 6;
    bool unreachable = p->icmp_type == (six ? 1 : 3);
    nibpcap_add(line, six ? "ICMP6, " : "ICMP ");
    if (unreachable && p->icmp_code == (six ? 4 : 3)) {
        nibpcap_add_ip(line, &p->quoted.dst);
        add_count(line, " udp port ", p->quoted.dst.port, " unreachable");
    } else if (unreachable) {
        nibpcap_add_ip(line, &p->quoted.dst);
        add_count(line, " unreachable, code ", p->icmp_code, "");
    } else {
        add_count(line, "error type ", p->icmp_type, "");
        add_count(line, " code ", p->icmp_code, "");
    }
    add_count(line, ", length ", p->icmp_len, "");
    if (seen->quotes) {
        nibpcap_add(line, ", for nibdns ");
        nibpcap_add_message(line, &seen->m);
    }
}

static void add_what(struct nibpcap_line *line, const struct nibpcap_seen *seen)
{
    const struct nib_packet *p = &seen->packet;
    switch (seen->what) {
    case NIBPCAP_MESSAGE:
        nibpcap_add(line, "nibdns ");
        nibpcap_add_message(line, &seen->m);
        add_count(line, " (", p->udp.real_len, ")");
        break;
    case NIBPCAP_BAD:
        nibpcap_add(line, "nibdns ");
        nibpcap_add_malformed(line, seen->err, seen->bad);
        add_count(line, " (", p->udp.real_len, ")");
        break;
    case NIBPCAP_CUT:
        add_count(line, "nibdns cut: ", p->udp.len, "");
        add_count(line, " of ", p->udp.real_len, " octets captured");
        break;
    case NIBPCAP_FRAGMENT:
        add_fragment(line, p);
        break;
    case NIBPCAP_BROKEN:
        nibpcap_add(line, "nibdns broken: the lengths in its headers contradict each other");
        break;
    case NIBPCAP_ICMP:
        add_icmp(line, seen);
        break;
    case NIBPCAP_OTHER:
        break;
    }
    add_notes(line, seen);
}

static void print_octets(const struct nib_packet_udp *d, bool ascii)
{
    struct nibpcap_line line;
    for (size_t at = 0; at < d->len; at += 16) {
        size_t n = d->len - at < 16 ? d->len - at : 16;
        nibpcap_begin(&line);
        nibpcap_add(&line, "\t0x");
        nib_writer_hex(&line.w, at, 4);
        nibpcap_add(&line, ": ");
        for (size_t i = 0; i < n; i++) {
            nibpcap_add(&line, i % 2 == 0 ? " " : "");
            nib_writer_hex(&line.w, d->payload[at + i], 2);
        }
        if (ascii)
            nibpcap_add_column(&line, 51);
        for (size_t i = 0; ascii && i < n; i++) {
            uint8_t c = d->payload[at + i];
            nib_writer_u8(&line.w, c >= 0x20 && c < 0x7f ? c : '.');
        }
        nibpcap_end(&line, stdout);
    }
}

static void print_text(struct dump *dump, const struct nibpcap_seen *seen)
{
    struct nibpcap_line line;
    nibpcap_begin(&line);
    add_time(&line, dump, seen->frame.time_ns);
    add_route(
        &line, &seen->packet.udp, seen->packet.udp.src.port != 0 || seen->packet.udp.dst.port != 0);
    add_what(&line, seen);
    nibpcap_end(&line, stdout);
    if (dump->hex || dump->ascii)
        print_octets(&seen->packet.udp, dump->ascii);
}

/* ---- JSON ---- */

static void add_key(struct nibpcap_line *line, const char *key)
{
    nibpcap_add(line, ",\"");
    nibpcap_add(line, key);
    nibpcap_add(line, "\":");
}

static void add_string(struct nibpcap_line *line, const char *key, const char *text)
{
    add_key(line, key);
    nibpcap_add(line, "\"");
    nibpcap_add(line, text);
    nibpcap_add(line, "\"");
}

/* Texts of messages that decoded have no octet that JSON would have to escape. */
static void add_view(struct nibpcap_line *line, const char *key, struct nib_text text)
{
    add_key(line, key);
    nibpcap_add(line, "\"");
    nib_writer_text(&line->w, text);
    nibpcap_add(line, "\"");
}

static void add_value(struct nibpcap_line *line, const char *key, uint64_t value)
{
    add_key(line, key);
    nibpcap_add_number(line, value);
}

static void add_host(
    struct nibpcap_line *line, const char *ip, const char *port, const struct nib_addr *addr)
{
    char text[NIB_IP_TEXT_MAX];
    nib_ip_format(addr, text);
    add_string(line, ip, text);
    if (addr->port != 0)
        add_value(line, port, addr->port);
}

static void add_message_fields(struct nibpcap_line *line, const struct nib_message *m)
{
    add_value(line, "id", m->id);
    add_string(line, "flag", m->flag == NIB_QUERY ? "query" : "response");
    add_string(line, "qtype", nib_type_name(m->qtype));
    add_view(line, "qname", m->qname);
    if (m->flag == NIB_QUERY)
        return;
    add_string(line, "atype", nib_type_name(m->atype));
    add_view(line, "aname", m->aname);
    add_value(line, "ttl", m->ttl_s);
    add_view(line, "result", m->result);
}

static void add_packet_fields(struct nibpcap_line *line, const struct nibpcap_seen *seen)
{
    static const char *const sums[] = {"unknown", "right", "wrong", "partial", "none"};
    const struct nib_packet *p = &seen->packet;
    if (seen->what == NIBPCAP_BAD) {
        add_string(line, "malformed", nib_err_words(seen->err));
        add_string(line, "rule", nib_err_rule(seen->err));
        add_value(line, "octet", seen->bad);
    }
    if (seen->what == NIBPCAP_FRAGMENT) {
        add_value(line, "fragment_id", p->fragment_id);
        add_value(line, "fragment_offset", p->fragment_at);
    }
    if (seen->what == NIBPCAP_ICMP) {
        add_value(line, "icmp_type", p->icmp_type);
        add_value(line, "icmp_code", p->icmp_code);
        add_host(line, "quoted_src", "quoted_sport", &p->quoted.src);
        add_host(line, "quoted_dst", "quoted_dport", &p->quoted.dst);
    } else if (p->udp.src.port != 0 || p->udp.dst.port != 0) {
        add_value(line, "length", p->udp.real_len);
        add_value(line, "captured", p->udp.len);
        add_string(line, "udp_checksum", sums[p->udp_sum]);
    }
    if (p->udp.src.family == 4)
        add_string(line, "ip_checksum", sums[p->ip_sum]);
    if (seen->segments > 0) {
        add_value(line, "segment", seen->segment);
        add_value(line, "segments", seen->segments);
    }
    for (int i = 0; i < p->vlans; i++)
        add_value(line, i == 0 ? "vlan" : "inner_vlan", p->vlan[i]);
}

static void print_json(const struct dump *dump, const struct nibpcap_seen *seen)
{
    static const char *const kinds[] = {
        "other", "message", "malformed", "cut", "fragment", "broken", "icmp"};
    struct nibpcap_line line;
    char time[40];
    const struct nib_packet_udp *d = &seen->packet.udp;
    nibpcap_begin(&line);
    nibpcap_add(&line, "{\"frame\":");
    nibpcap_add_number(&line, seen->frame.no);
    (void)snprintf(time, sizeof time, ",\"time\":%lld.%09lld",
        (long long)(seen->frame.time_ns / 1000000000),
        (long long)(seen->frame.time_ns % 1000000000));
    nibpcap_add(&line, time);
    add_string(&line, "kind", kinds[seen->what]);
    add_host(&line, "src", "sport", &d->src);
    add_host(&line, "dst", "dport", &d->dst);
    if (seen->what == NIBPCAP_MESSAGE || (seen->what == NIBPCAP_ICMP && seen->quotes))
        add_message_fields(&line, &seen->m);
    add_packet_fields(&line, seen);
    nibpcap_add(&line, dump->hex ? ",\"octets\":\"" : "");
    for (size_t i = 0; dump->hex && i < d->len && line.w.off < NIBPCAP_TEXT_MAX - 8; i++)
        nib_writer_hex(&line.w, d->payload[i], 2);
    nibpcap_add(&line, dump->hex ? "\"}" : "}");
    nibpcap_end(&line, stdout);
}

static int run(struct dump *dump, const char *path, const struct nibpcap_ports *ports)
{
    struct nibpcap_input input;
    struct nibpcap_seen seen;
    if (!nibpcap_open(&input, path, ports))
        return NIBPCAP_USE;
    if (isatty(STDOUT_FILENO)) /* where the lines run by themselves */
        input.progress = (struct nib_progress){0};
    while (nibpcap_next(&input, &seen)) {
        if (seen.what == NIBPCAP_OTHER) {
            dump->other++;
            continue;
        }
        dump->shown++;
        if (dump->json)
            print_json(dump, &seen);
        else
            print_text(dump, &seen);
    }
    int status = nibpcap_finish_output(nibpcap_close(&input));
    if (dump->other > 0)
        nibpcap_complain("other traffic left out, frames: %llu; --port says which ports are shown",
            (unsigned long long)dump->other);
    return status;
}

static const struct option_row rows[] = {
    OPTION_FLAG('x', "hex", struct dump, hex, "the octets of each message too"),
    OPTION_FLAG('X', "ascii", struct dump, ascii, "the same, with the characters beside them"),
    OPTION_FLAG(0, "json", struct dump, json, "a JSON object a line"),
    NIBPCAP_PORTS(
        struct dump, ports, "these ports alone (21000,22000, and where else messages are found)"),
};

static const struct option_program command_line = {
    .name = "nibpcap dump",
    .usage = "[options] FILE",
    .about = "One line a message, as tcpdump would print it. FILE may be - for standard input.",
    .tables = {OPTION_ROWS(rows)},
    .operands = 1,
};

int nibpcap_dump(int argc, char **argv)
{
    struct dump dump = {.ports = nibpcap_default_ports()};
    const char *path = nibpcap_options(&command_line, &dump, argc, argv, "FILE");
    return run(&dump, path, &dump.ports);
}
