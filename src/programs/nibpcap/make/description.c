#include "nibpcap/make/make.h"

/*
 * A description is lines; # begins a comment. Settings and hosts come before the first packet:
 *
 *     link NAME          null ethernet raw raw12 raw14 loop sll ipv4 ipv6 sll2 (raw)
 *     format pcap|pcapng (pcap)
 *     order little|big   of the file's integers (little)
 *     unit micro|nano    of its times (micro)
 *     snaplen N          octets captured of a frame at most (262144)
 *     start SECONDS      since 1970, of time 0 (1700000000)
 *     host NAME ADDR:PORT
 *
 * A packet: a time in seconds since the start, or +SECONDS since the packet before; from, to (a
 * host's name, NAME:PORT or ADDR:PORT); what it says; modifiers, each behind a semicolon:
 *
 *     0.5 client > local query A www.csusm.edu id 0
 *     +0.0001 local > client response A www.csusm.edu 144.37.5.45 ttl 60 id 0 ; cut 60
 *
 *     query TYPE NAME id N
 *     response TYPE NAME [TYPE] RESULT ttl N id N     the second TYPE is the answer's
 *     hex OCTETS         a payload
 *     again FRAME        the payload of that frame
 *     refused FRAME      the ICMP error "port unreachable" that quotes that frame
 *     icmp TYPE CODE FRAME
 *     TIME frame OCTETS  a whole frame, without from and to
 *
 *     cut N, fragments N, vlan N [N], extensions N, udp-length N, sum bad|none|partial, ip-sum bad,
 *     answers NAME (answer name), octet AT XX (changes the payload), length N (cuts or fills it)
 */

/* The answer name stands behind the message but goes into it. */
static struct nib_text find_answers(struct nib_text modifiers)
{
    while (modifiers.len > 0) {
        struct nib_text part = make_cut(&modifiers, ';');
        if (make_is_word(make_word(&part), "answers"))
            return make_word(&part);
    }
    return (struct nib_text){"", 0};
}

static void read_packet(struct make *make, struct nib_text time, struct nib_text *modifiers)
{
    struct make_packet *p = &make->packet;
    struct nib_text rest = make_cut(modifiers, ';');
    bool relative = time.len > 0 && time.ptr[0] == '+';
    int64_t ns = make_time(make, (struct nib_text){time.ptr + relative, time.len - relative});
    make->time_ns = relative ? make->time_ns + ns : make->start_ns + ns;
    if (make->time_ns / 1000000000 > UINT32_MAX)
        make_fault(make, time, "later than the 32 bits of a capture's seconds can say");
    memset(p, 0, sizeof *p);
    p->time_ns = make->time_ns;
    make->answers = find_answers(*modifiers);
    struct nib_text from = make_word(&rest);
    p->raw = make_is_word(from, "frame");
    if (p->raw) {
        p->len = make_hex(make, &rest, p->octets, sizeof p->octets);
    } else {
        p->src = make_host(make, from);
        make_expect(make, &rest, ">");
        p->dst = make_host(make, make_word(&rest));
        if (p->src.family != p->dst.family)
            make_fault(make, from, "IPv4 and IPv6 in one packet");
        make_what(make, &rest);
    }
    make_nothing_more(make, rest);
    while (modifiers->len > 0) {
        rest = make_cut(modifiers, ';');
        make_modifier(make, &rest);
        make_nothing_more(make, rest);
    }
    if (make->file.len == 0)
        make_begin(&make->file);
    if (!make_add(&make->file, p))
        make_fault(make, from, "this does not fit into an IP packet");
}

static void read_link(struct make *make, struct nib_text word)
{
#define X(symbol, code, name)                                                                      \
    if (make_is_word(word, name)) {                                                                \
        make->file.link = symbol;                                                                  \
        return;                                                                                    \
    }
    NIB_LINKS(X)
#undef X
    make_fault(make, word, "no link type has that name");
}

static void read_new_host(struct make *make, struct nib_text *rest)
{
    struct nib_text name = make_word(rest);
    if (make->n_hosts == HOSTS_MAX)
        make_fault(make, name, "too many hosts");
    struct nib_addr addr = make_host(make, make_word(rest));
    make->hosts[make->n_hosts].name = name;
    make->hosts[make->n_hosts++].addr = addr;
}

/* One of two words: whether it is the second. */
static bool read_either(
    const struct make *make, struct nib_text *rest, const char *first, const char *second)
{
    struct nib_text word = make_word(rest);
    if (!make_is_word(word, first) && !make_is_word(word, second))
        make_fault(make, word, "not one of the two words that this can have");
    return make_is_word(word, second);
}

static bool read_setting(struct make *make, struct nib_text what, struct nib_text *rest)
{
    if (make_is_word(what, "link"))
        read_link(make, make_word(rest));
    else if (make_is_word(what, "format"))
        make->file.ng = read_either(make, rest, "pcap", "pcapng");
    else if (make_is_word(what, "order"))
        make->file.big_endian = read_either(make, rest, "little", "big");
    else if (make_is_word(what, "unit"))
        make->file.nanos = read_either(make, rest, "micro", "nano");
    else if (make_is_word(what, "snaplen"))
        make->file.snaplen = (uint32_t)make_next_number(make, rest, NIB_PCAP_FRAME_MAX);
    else if (make_is_word(what, "start"))
        make->start_ns = make_time(make, make_word(rest));
    else
        return false;
    if (make->file.len > 0)
        make_fault(make, what, "settings come before the first packet");
    return true;
}

static void read_line(struct make *make, struct nib_text line)
{
    line = make_cut(&line, '#');
    struct nib_text rest = line, what = make_word(&rest);
    if (what.len == 0)
        return;
    if (make_is_word(what, "host"))
        read_new_host(make, &rest);
    else if (!read_setting(make, what, &rest)) {
        read_packet(make, what, &rest);
        return;
    }
    make_nothing_more(make, rest);
}

void make_capture(struct make *make, struct nib_text text)
{
    make->time_ns = make->start_ns;
    while (text.len > 0) {
        make->line++;
        struct nib_text line = make_cut(&text, '\n');
        read_line(make, line);
    }
    if (make->file.len == 0)
        make_begin(&make->file);
}
