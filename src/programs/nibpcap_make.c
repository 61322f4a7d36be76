#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>

#include "nibdns/os/memory.h"
#include "nibpcap_make.h"

/*
 * A description is lines; # begins a comment. Settings and hosts come before the first packet:
 *
 *     link NAME          null ethernet raw loop sll ipv4 ipv6 sll2 (raw)
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

enum { HOSTS_MAX = 64 };

struct make {
    const char *path;
    size_t line;
    int64_t start_ns, time_ns;
    struct make_file file;
    struct make_packet packet;
    size_t n_hosts;
    struct {
        struct nib_text name;
        struct nib_addr addr;
    } hosts[HOSTS_MAX];
    struct nib_text answers; /* the answer name, where it is not the question's */
};

__attribute__((format(printf, 3, 4))) _Noreturn static void fault(
    const struct make *make, struct nib_text word, const char *format, const char *hint)
{
    char text[200];
    struct nib_writer w = nib_writer_init((uint8_t *)text, sizeof text - 1);
    nib_writer_escaped(&w, word);
    text[w.off] = '\0';
    char words[200];
    (void)snprintf(words, sizeof words, format, hint);
    (void)fprintf(stderr, "%s:%zu: %s%s%s\n", make->path, make->line, text, *text ? ": " : "", words);
    exit(NIBPCAP_USE);
}

/* ---- words ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct nib_text next_word(struct nib_text *rest)
{
    while (rest->len > 0 && is_blank(rest->at[0]))
        *rest = (struct nib_text){rest->at + 1, rest->len - 1};
    size_t n = 0;
    while (n < rest->len && !is_blank(rest->at[n]))
        n++;
    struct nib_text word = {rest->at, n};
    *rest = (struct nib_text){rest->at + n, rest->len - n};
    return word;
}

static bool is_word(struct nib_text word, const char *want)
{
    return nib_text_same(word, (struct nib_text){want, strlen(want)});
}

static void expect(const struct make *make, struct nib_text *rest, const char *want)
{
    struct nib_text word = next_word(rest);
    if (!is_word(word, want))
        fault(make, word, "%s should stand here", want);
}

static uint64_t number(const struct make *make, struct nib_text word, uint64_t most)
{
    uint64_t value = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] < '0' || word.at[i] > '9' || value > most / 10)
            fault(make, word, "%s", "not a number, or too large");
        value = value * 10 + (uint64_t)(word.at[i] - '0');
    }
    if (word.len == 0 || value > most)
        fault(make, word, "%s", "a number should stand here, or this one is too large");
    return value;
}

static uint64_t next_number(const struct make *make, struct nib_text *rest, uint64_t most)
{
    return number(make, next_word(rest), most);
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c);
    return at == NULL ? -1 : (int)(at - digits);
}

static size_t read_hex(const struct make *make, struct nib_text *rest, uint8_t *out, size_t cap)
{
    size_t n = 0;
    for (struct nib_text word; (word = next_word(rest)).len > 0;) {
        for (size_t i = 0; i < word.len; i += 2) {
            int high = hex_digit(word.at[i]);
            int low = i + 1 < word.len ? hex_digit(word.at[i + 1]) : -1;
            if (high < 0 || low < 0 || n == cap)
                fault(make, word, "%s", "two hex digits an octet should stand here");
            out[n++] = (uint8_t)(high << 4 | low);
        }
    }
    return n;
}

/* Seconds with up to nine digits behind the point. */
static int64_t read_time(const struct make *make, struct nib_text word)
{
    struct nib_text whole = word;
    size_t point = 0;
    while (point < word.len && word.at[point] != '.')
        point++;
    whole.len = point;
    int64_t ns = (int64_t)number(make, whole, 4000000000) * 1000000000;
    int64_t unit = 100000000;
    for (size_t i = point + 1; i < word.len; i++, unit /= 10) {
        if (word.at[i] < '0' || word.at[i] > '9' || unit == 0)
            fault(make, word, "%s", "no time: seconds, as in 0.000120 or +0.5");
        ns += unit * (word.at[i] - '0');
    }
    return ns;
}

static enum nib_type read_type(const struct make *make, struct nib_text word)
{
    enum nib_type type = NIB_A;
    if (!nib_type_parse(word, &type))
        fault(make, word, "%s", "none of A, AAAA, CNAME, NS");
    return type;
}

static struct nib_addr read_host(const struct make *make, struct nib_text word)
{
    struct nib_addr addr;
    size_t colon = 0;
    while (colon < word.len && word.at[colon] != ':')
        colon++;
    for (size_t i = 0; i < make->n_hosts; i++) {
        addr = make->hosts[i].addr;
        if (!nib_text_same(make->hosts[i].name, (struct nib_text){word.at, colon}))
            continue;
        if (colon == word.len || nib_port_parse((struct nib_text){word.at + colon + 1,
                                                    word.len - colon - 1},
                                     &addr.port))
            return addr;
    }
    if (!nib_addr_parse(word, 0, &addr) || addr.port == 0)
        fault(make, word, "%s", "neither a host of this file nor ADDR:PORT");
    return addr;
}

static const struct make_kept *read_frame_number(const struct make *make, struct nib_text *rest)
{
    struct nib_text word = next_word(rest);
    uint64_t n = number(make, word, UINT32_MAX);
    if (n < 1 || n > make->file.frames)
        fault(make, word, "%s", "no frame before this one has that number");
    return &make->file.kept[n - 1];
}

/* ---- what a packet says ---- */

static void set_message(struct make *make, const struct nib_message *m)
{
    struct make_packet *p = &make->packet;
    p->len = nib_message_encode(p->octets, sizeof p->octets, m);
    if (p->len == 0)
        fault(make, m->qname, "%s", "does not fit into a message");
}

static void read_query(struct make *make, struct nib_text *rest)
{
    struct nib_message m = {.flag = NIB_QUERY};
    m.qtype = read_type(make, next_word(rest));
    m.qname = next_word(rest);
    expect(make, rest, "id");
    m.id = (uint32_t)next_number(make, rest, UINT32_MAX);
    set_message(make, &m);
}

/* The result goes to the word `ttl`: a miss has blanks in it. */
static struct nib_text read_result(const struct make *make, struct nib_text *rest)
{
    struct nib_text first = next_word(rest), last = first;
    for (;;) {
        struct nib_text before = *rest, word = next_word(rest);
        if (word.len == 0)
            fault(make, first, "%s", "ttl should stand behind this");
        if (is_word(word, "ttl")) {
            *rest = before;
            return (struct nib_text){first.at, (size_t)(last.at - first.at) + last.len};
        }
        last = word;
    }
}

static void read_response(struct make *make, struct nib_text *rest)
{
    struct nib_message m = {.flag = NIB_RESPONSE};
    m.qtype = read_type(make, next_word(rest));
    m.qname = next_word(rest);
    m.atype = m.qtype;
    m.aname = make->answers.len > 0 ? make->answers : m.qname;
    struct nib_text before = *rest;
    if (!nib_type_parse(next_word(rest), &m.atype))
        *rest = before;
    m.result = read_result(make, rest);
    expect(make, rest, "ttl");
    m.ttl_s = (uint32_t)next_number(make, rest, UINT32_MAX);
    expect(make, rest, "id");
    m.id = (uint32_t)next_number(make, rest, UINT32_MAX);
    set_message(make, &m);
}

static void read_error(struct make *make, struct nib_text *rest, bool refused)
{
    struct make_packet *p = &make->packet;
    bool six = p->dst.family == 6;
    p->unreachable = true;
    p->icmp_type = refused ? (six ? 1 : 3) : (uint8_t)next_number(make, rest, 255);
    p->icmp_code = refused ? (six ? 4 : 3) : (uint8_t)next_number(make, rest, 255);
    const struct make_kept *kept = read_frame_number(make, rest);
    p->len = kept->packet_len;
    memcpy(p->octets, kept->octets, p->len);
}

static void read_again(struct make *make, struct nib_text *rest)
{
    const struct make_kept *kept = read_frame_number(make, rest);
    make->packet.len = kept->payload_len;
    memcpy(make->packet.octets, kept->octets + kept->packet_len - kept->payload_len,
        kept->payload_len);
}

static void read_what(struct make *make, struct nib_text *rest)
{
    struct make_packet *p = &make->packet;
    struct nib_text what = next_word(rest);
    if (is_word(what, "query") || is_word(what, "Query"))
        read_query(make, rest);
    else if (is_word(what, "response") || is_word(what, "Response"))
        read_response(make, rest);
    else if (is_word(what, "hex"))
        p->len = read_hex(make, rest, p->octets, sizeof p->octets);
    else if (is_word(what, "again"))
        read_again(make, rest);
    else if (is_word(what, "refused") || is_word(what, "icmp"))
        read_error(make, rest, is_word(what, "refused"));
    else
        fault(make, what, "%s", "none of query, response, hex, again, refused, icmp");
}

/* ---- modifiers ---- */

static void change_octet(struct make *make, struct nib_text *rest)
{
    struct make_packet *p = &make->packet;
    struct nib_text at = next_word(rest);
    uint64_t i = number(make, at, MAKE_OCTETS_MAX);
    if (i >= p->len)
        fault(make, at, "%s", "the payload has no such octet");
    struct nib_text value = next_word(rest);
    if (read_hex(make, &value, p->octets + i, 1) != 1)
        fault(make, at, "%s", "two hex digits should stand behind this");
}

static void change_length(struct make *make, struct nib_text *rest)
{
    struct make_packet *p = &make->packet;
    size_t len = (size_t)next_number(make, rest, MAKE_OCTETS_MAX);
    if (len > p->len)
        memset(p->octets + p->len, 0, len - p->len);
    p->len = len;
}

static void read_vlan(struct make *make, struct nib_text *rest)
{
    struct make_packet *p = &make->packet;
    struct nib_text word = next_word(rest);
    do
        p->vlan[p->vlans++] = (uint16_t)number(make, word, 4095);
    while (p->vlans < 2 && (word = next_word(rest)).len > 0);
}

static void read_sum(struct make *make, struct nib_text *rest)
{
    struct nib_text word = next_word(rest);
    make->packet.udp_sum = is_word(word, "bad")       ? MAKE_SUM_BAD
                           : is_word(word, "none")    ? MAKE_SUM_NONE
                           : is_word(word, "partial") ? MAKE_SUM_PARTIAL
                                                      : MAKE_SUM_RIGHT;
    if (make->packet.udp_sum == MAKE_SUM_RIGHT)
        fault(make, word, "%s", "none of bad, none, partial");
}

static void read_modifier(struct make *make, struct nib_text *rest)
{
    struct make_packet *p = &make->packet;
    struct nib_text what = next_word(rest);
    if (is_word(what, "answers"))
        (void)next_word(rest); /* taken before, with the message */
    else if (is_word(what, "octet"))
        change_octet(make, rest);
    else if (is_word(what, "length"))
        change_length(make, rest);
    else if (is_word(what, "vlan"))
        read_vlan(make, rest);
    else if (is_word(what, "sum"))
        read_sum(make, rest);
    else if (is_word(what, "cut"))
        p->cut = (size_t)next_number(make, rest, UINT16_MAX);
    else if (is_word(what, "extensions"))
        p->extensions = (uint8_t)next_number(make, rest, 16);
    else if (is_word(what, "udp-length"))
        p->udp_length = (uint16_t)next_number(make, rest, UINT16_MAX);
    else if (is_word(what, "fragments"))
        p->fragments = (size_t)next_number(make, rest, UINT16_MAX) & ~(size_t)7;
    else if (is_word(what, "ip-sum")) {
        expect(make, rest, "bad");
        p->bad_ip_sum = true;
    } else
        fault(make, what, "%s", "no modifier has that name");
}

/* ---- lines ---- */

static struct nib_text cut_at(struct nib_text *rest, char c)
{
    size_t n = 0;
    while (n < rest->len && rest->at[n] != c)
        n++;
    struct nib_text part = {rest->at, n};
    n += n < rest->len;
    *rest = (struct nib_text){rest->at + n, rest->len - n};
    return part;
}

static void nothing_more(const struct make *make, struct nib_text rest)
{
    struct nib_text word = next_word(&rest);
    if (word.len > 0)
        fault(make, word, "%s", "too much on this line");
}

/* The answer name stands behind the message but goes into it. */
static struct nib_text find_answers(struct nib_text modifiers)
{
    while (modifiers.len > 0) {
        struct nib_text part = cut_at(&modifiers, ';');
        if (is_word(next_word(&part), "answers"))
            return next_word(&part);
    }
    return (struct nib_text){"", 0};
}

static void read_packet(struct make *make, struct nib_text time, struct nib_text *modifiers)
{
    struct make_packet *p = &make->packet;
    struct nib_text rest = cut_at(modifiers, ';');
    bool relative = time.len > 0 && time.at[0] == '+';
    int64_t ns = read_time(make, (struct nib_text){time.at + relative, time.len - relative});
    make->time_ns = relative ? make->time_ns + ns : make->start_ns + ns;
    memset(p, 0, sizeof *p);
    p->time_ns = make->time_ns;
    make->answers = find_answers(*modifiers);
    struct nib_text from = next_word(&rest);
    p->raw = is_word(from, "frame");
    if (p->raw) {
        p->len = read_hex(make, &rest, p->octets, sizeof p->octets);
    } else {
        p->src = read_host(make, from);
        expect(make, &rest, ">");
        p->dst = read_host(make, next_word(&rest));
        if (p->src.family != p->dst.family)
            fault(make, from, "%s", "IPv4 and IPv6 in one packet");
        read_what(make, &rest);
    }
    nothing_more(make, rest);
    while (modifiers->len > 0) {
        rest = cut_at(modifiers, ';');
        read_modifier(make, &rest);
        nothing_more(make, rest);
    }
    if (make->file.len == 0)
        make_begin(&make->file);
    if (!make_add(&make->file, p))
        fault(make, from, "%s", "this does not fit into an IP packet");
}

static void read_link(struct make *make, struct nib_text word)
{
#define X(symbol, code, name)                                                                      \
    if (is_word(word, name)) {                                                                     \
        make->file.link = symbol;                                                                  \
        return;                                                                                    \
    }
    NIB_LINKS(X)
#undef X
    fault(make, word, "%s", "none of null, ethernet, raw, loop, sll, ipv4, ipv6, sll2");
}

static void read_new_host(struct make *make, struct nib_text *rest)
{
    struct nib_text name = next_word(rest);
    if (make->n_hosts == HOSTS_MAX)
        fault(make, name, "%s", "too many hosts");
    struct nib_addr addr = read_host(make, next_word(rest));
    make->hosts[make->n_hosts].name = name;
    make->hosts[make->n_hosts++].addr = addr;
}

/* One of two words: whether it is the second. */
static bool read_either(
    const struct make *make, struct nib_text *rest, const char *first, const char *second)
{
    struct nib_text word = next_word(rest);
    if (!is_word(word, first) && !is_word(word, second))
        fault(make, word, "%s is the other choice here", first);
    return is_word(word, second);
}

static bool read_setting(struct make *make, struct nib_text what, struct nib_text *rest)
{
    if (is_word(what, "link"))
        read_link(make, next_word(rest));
    else if (is_word(what, "order"))
        make->file.big_endian = read_either(make, rest, "little", "big");
    else if (is_word(what, "unit"))
        make->file.nanos = read_either(make, rest, "micro", "nano");
    else if (is_word(what, "snaplen"))
        make->file.snaplen = (uint32_t)next_number(make, rest, NIB_PCAP_FRAME_MAX);
    else if (is_word(what, "start"))
        make->start_ns = read_time(make, next_word(rest));
    else
        return false;
    if (make->file.len > 0)
        fault(make, what, "%s", "settings come before the first packet");
    return true;
}

static void read_line(struct make *make, struct nib_text line)
{
    line = cut_at(&line, '#');
    struct nib_text rest = line, what = next_word(&rest);
    if (what.len == 0)
        return;
    if (is_word(what, "host"))
        read_new_host(make, &rest);
    else if (!read_setting(make, what, &rest)) {
        read_packet(make, what, &rest);
        return;
    }
    nothing_more(make, rest);
}

static int write_file(const struct make *make, const char *path)
{
    bool to_stdout = strcmp(path, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(path, "wb");
    bool ok = out != NULL && fwrite(make->file.octets, 1, make->file.len, out) == make->file.len;
    ok = out != NULL && (to_stdout ? fflush(out) : fclose(out)) == 0 && ok;
    return ok ? NIBPCAP_FINE : nibpcap_complain("%s: %s", path, strerror(errno));
}

int nibpcap_make(int argc, char **argv)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'}, NIBPCAP_COMMON_OPTIONS};
    static struct make make = {.start_ns = 1700000000ll * 1000000000,
        .file = {.link = NIB_LINK_RAW, .snaplen = NIB_PCAP_FRAME_MAX}};
    const char *output = NULL;
    struct nib_text text;
    int option, status;
    while ((option = nibpcap_option(argc, argv, ":o:", options, &status)) != -1) {
        if (option == NIBPCAP_STOP)
            return status;
        output = optarg;
    }
    make.path = nibpcap_operand(argc, argv, "TEXT");
    if (make.path == NULL)
        return NIBPCAP_USE;
    if (output == NULL)
        return nibpcap_complain("-o FILE is missing; - is standard output");
    if (!nib_memory_read_file(make.path, &text))
        return nibpcap_complain("%s: %s", make.path, strerror(errno));
    make.time_ns = make.start_ns;
    for (struct nib_text rest = text; rest.len > 0;) {
        make.line++;
        struct nib_text line = cut_at(&rest, '\n');
        read_line(&make, line);
    }
    if (make.file.len == 0)
        make_begin(&make.file);
    status = write_file(&make, output);
    make_free(&make.file);
    free((void *)(uintptr_t)text.at);
    return status;
}
