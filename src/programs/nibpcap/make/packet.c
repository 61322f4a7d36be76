#include "nibpcap/make/make.h"

/* ---- what a packet says ---- */

static void set_message(struct make *make, const struct nib_message *m)
{
    struct make_packet *p = &make->packet;
    p->len = nib_message_encode(p->octets, sizeof p->octets, m);
    if (p->len == 0)
        make_fault(make, m->qname, "does not fit into a message");
}

static void read_query(struct make *make, struct nib_text *rest)
{
    struct nib_message m = {.flag = NIB_QUERY};
    m.qtype = make_type(make, make_word(rest));
    m.qname = make_word(rest);
    make_expect(make, rest, "id");
    m.id = (uint32_t)make_next_number(make, rest, UINT32_MAX);
    set_message(make, &m);
}

/* The result goes to the word `ttl`: a miss has blanks in it. */
static struct nib_text read_result(const struct make *make, struct nib_text *rest)
{
    struct nib_text first = make_word(rest), last = first;
    for (;;) {
        struct nib_text before = *rest, word = make_word(rest);
        if (word.len == 0)
            make_fault(make, first, "ttl should stand behind this");
        if (make_is_word(word, "ttl")) {
            *rest = before;
            return (struct nib_text){first.ptr, (size_t)(last.ptr - first.ptr) + last.len};
        }
        last = word;
    }
}

static void read_response(struct make *make, struct nib_text *rest)
{
    struct nib_message m = {.flag = NIB_RESPONSE};
    m.qtype = make_type(make, make_word(rest));
    m.qname = make_word(rest);
    m.atype = m.qtype;
    m.aname = make->answers.len > 0 ? make->answers : m.qname;
    struct nib_text before = *rest;
    if (!nib_type_parse(make_word(rest), &m.atype))
        *rest = before;
    m.result = read_result(make, rest);
    make_expect(make, rest, "ttl");
    m.ttl_s = (uint32_t)make_next_number(make, rest, UINT32_MAX);
    make_expect(make, rest, "id");
    m.id = (uint32_t)make_next_number(make, rest, UINT32_MAX);
    set_message(make, &m);
}

static void read_error(struct make *make, struct nib_text *rest, bool refused)
{
    struct make_packet *p = &make->packet;
    bool six = p->dst.family == 6;
    p->unreachable = true;
    p->icmp_type = refused ? (six ? 1 : 3) : (uint8_t)make_next_number(make, rest, 255);
    p->icmp_code = refused ? (six ? 4 : 3) : (uint8_t)make_next_number(make, rest, 255);
    const struct make_kept *kept = make_frame(make, rest);
    p->len = kept->packet_len;
    memcpy(p->octets, kept->octets, p->len);
}

static void read_again(struct make *make, struct nib_text *rest)
{
    const struct make_kept *kept = make_frame(make, rest);
    make->packet.len = kept->payload_len;
    memcpy(make->packet.octets, kept->octets + kept->packet_len - kept->payload_len,
        kept->payload_len);
}

void make_what(struct make *make, struct nib_text *rest)
{
    struct make_packet *p = &make->packet;
    struct nib_text what = make_word(rest);
    if (make_is_word(what, "query") || make_is_word(what, "Query"))
        read_query(make, rest);
    else if (make_is_word(what, "response") || make_is_word(what, "Response"))
        read_response(make, rest);
    else if (make_is_word(what, "hex"))
        p->len = make_hex(make, rest, p->octets, sizeof p->octets);
    else if (make_is_word(what, "again"))
        read_again(make, rest);
    else if (make_is_word(what, "refused") || make_is_word(what, "icmp"))
        read_error(make, rest, make_is_word(what, "refused"));
    else
        make_fault(make, what, "none of query, response, hex, again, refused, icmp");
}

/* ---- modifiers ---- */

static void change_octet(struct make *make, struct nib_text *rest)
{
    struct make_packet *p = &make->packet;
    struct nib_text at = make_word(rest);
    uint64_t i = make_number(make, at, MAKE_OCTETS_MAX);
    if (i >= p->len)
        make_fault(make, at, "the payload has no such octet");
    struct nib_text value = make_word(rest);
    if (make_hex(make, &value, p->octets + i, 1) != 1)
        make_fault(make, at, "two hex digits should stand behind this");
}

static void change_length(struct make *make, struct nib_text *rest)
{
    struct make_packet *p = &make->packet;
    size_t len = (size_t)make_next_number(make, rest, MAKE_OCTETS_MAX);
    if (len > p->len)
        memset(p->octets + p->len, 0, len - p->len);
    p->len = len;
}

static void read_vlan(struct make *make, struct nib_text *rest)
{
    struct make_packet *p = &make->packet;
    struct nib_text word = make_word(rest);
    if (p->vlans == 2)
        make_fault(make, word, "a frame has two tags at most");
    do
        p->vlan[p->vlans++] = (uint16_t)make_number(make, word, 4095);
    while (p->vlans < 2 && (word = make_word(rest)).len > 0);
}

static void read_sum(struct make *make, struct nib_text *rest)
{
    struct nib_text word = make_word(rest);
    make->packet.udp_sum = make_is_word(word, "bad")       ? MAKE_SUM_BAD
                           : make_is_word(word, "none")    ? MAKE_SUM_NONE
                           : make_is_word(word, "partial") ? MAKE_SUM_PARTIAL
                                                           : MAKE_SUM_RIGHT;
    if (make->packet.udp_sum == MAKE_SUM_RIGHT)
        make_fault(make, word, "none of bad, none, partial");
}

void make_modifier(struct make *make, struct nib_text *rest)
{
    struct make_packet *p = &make->packet;
    struct nib_text what = make_word(rest);
    if (make_is_word(what, "answers"))
        (void)make_word(rest); /* taken before, with the message */
    else if (make_is_word(what, "octet"))
        change_octet(make, rest);
    else if (make_is_word(what, "length"))
        change_length(make, rest);
    else if (make_is_word(what, "vlan"))
        read_vlan(make, rest);
    else if (make_is_word(what, "sum"))
        read_sum(make, rest);
    else if (make_is_word(what, "cut"))
        p->cut = (size_t)make_next_number(make, rest, UINT16_MAX);
    else if (make_is_word(what, "extensions"))
        p->extensions = (uint8_t)make_next_number(make, rest, 16);
    else if (make_is_word(what, "udp-length"))
        p->udp_length = (uint16_t)make_next_number(make, rest, UINT16_MAX);
    else if (make_is_word(what, "fragments"))
        p->fragments = (size_t)make_next_number(make, rest, UINT16_MAX) & ~(size_t)7;
    else if (make_is_word(what, "ip-sum")) {
        make_expect(make, rest, "bad");
        p->bad_ip_sum = true;
    } else
        make_fault(make, what, "no modifier has that name");
}
