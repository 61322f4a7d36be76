#include "nibpcap/base/traffic.h"

static const int64_t keep_ns = 60000000000;

const char *seen_kind_name(enum seen_kind kind)
{
    static const char *const names[] = {
#define X(symbol, name) [symbol] = name,
        SEEN_KINDS(X)
#undef X
    };
    return names[kind];
}

/* ---- who speaks ---- */

static size_t place_of(const struct nib_addr *addr)
{
    return (size_t)(nib_addr_hash(addr, 0) >> 20) % SPEAKERS;
}

static bool is_speaker(const struct traffic *traffic, const struct nib_addr *addr, int64_t now_ns)
{
    size_t place = place_of(addr);
    return nib_addr_equal(&traffic->speakers[place].addr, addr) &&
           now_ns - traffic->speakers[place].seen_ns <= keep_ns;
}

static void note_speaker(struct traffic *traffic, const struct nib_addr *addr, int64_t now_ns)
{
    size_t place = place_of(addr);
    traffic->speakers[place].addr = *addr;
    traffic->speakers[place].seen_ns = now_ns;
}

/* With given ports, who asks at one of them; else both sides of any query. */
static void note_query(struct traffic *traffic, const struct nib_packet_udp *d, int64_t now_ns)
{
    const struct ports *ports = &traffic->hosts->ports;
    if (ports->given && !ports_have(ports, d->dst.port))
        return;
    note_speaker(traffic, &d->src, now_ns);
    if (!ports->given)
        note_speaker(traffic, &d->dst, now_ns);
}

static bool is_ours(const struct traffic *traffic, const struct nib_packet_udp *d, int64_t now_ns)
{
    const struct hosts *hosts = traffic->hosts;
    return hosts_server(hosts, d->src.port) != ROLE_STRANGER ||
           hosts_server(hosts, d->dst.port) != ROLE_STRANGER ||
           is_speaker(traffic, &d->dst, now_ns) ||
           (!hosts->ports.given && is_speaker(traffic, &d->src, now_ns));
}

/* ---- datagrams ---- */

/* The question of a message that is not whole: its first octets, as a query, decode. */
static bool read_question(const struct nib_packet_udp *d, struct nib_message *m)
{
    uint8_t query[NIB_QUERY_MAX];
    struct nib_message read;
    size_t bad, len = d->len > NIB_AT_QNAME_LEN ? NIB_AT_QNAME + d->payload[NIB_AT_QNAME_LEN] : 0;
    if (len == 0 || len > d->len || len > sizeof query)
        return false;
    memcpy(query, d->payload, len);
    query[NIB_AT_FLAG_TYPE] &= 0x0f; /* the flag of a query */
    if (nib_message_decode(&read, query, len, &bad) != NIB_OK)
        return false;
    *m = (struct nib_message){.id = read.id,
        .flag = (enum nib_flag)(d->payload[NIB_AT_FLAG_TYPE] >> 4),
        .qtype = read.qtype,
        .qname = {(const char *)d->payload + NIB_AT_QNAME, read.qname.len}};
    return true;
}

/* A datagram of ours that is not whole: malformed, if that can be told already. */
static void look_at_part(struct seen *seen, enum seen_kind kind)
{
    const struct nib_packet_udp *d = &seen->packet.udp;
    struct nib_message m;
    seen->err = nib_message_decode(&m, d->payload, d->len, &seen->bad);
    bool broken =
        seen->err != NIB_OK && seen->err != NIB_ERR_SHORT && seen->err != NIB_ERR_TRAILING;
    seen->kind = broken ? SEEN_MALFORMED : kind;
    seen->has_question = !broken && read_question(d, &seen->m);
}

/* On ports that are not known to be ours, what decodes is. */
static void look_at_udp(struct traffic *traffic, struct seen *seen, bool ours)
{
    const struct nib_packet_udp *d = &seen->packet.udp;
    if (!ours && traffic->hosts->ports.given)
        return;
    if (d->len < d->real_len) {
        if (ours)
            look_at_part(seen, SEEN_CUT);
        return;
    }
    seen->err = nib_message_decode(&seen->m, d->payload, d->len, &seen->bad);
    seen->has_message = seen->has_question = seen->err == NIB_OK;
    seen->kind = seen->has_message ? SEEN_MESSAGE : ours ? SEEN_MALFORMED : SEEN_OTHER;
    if (seen->has_message && seen->m.flag == NIB_QUERY)
        note_query(traffic, d, seen->frame.time_ns);
}

/* ---- segments ---- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * To nobody's server (what goes to one is no answer): how many whole responses of one length, the
 * last perhaps shorter, a datagram that has octets behind its message is made of; 0: it is not.
 */
static uint32_t count_segments(const struct nib_packet_udp *d)
{
    struct nib_message m;
    uint32_t n = 0;
    size_t step, bad;
    if (d->len < d->real_len ||
        nib_message_decode(&m, d->payload, d->len, &step) != NIB_ERR_TRAILING)
        return 0;
    for (size_t off = 0; off < d->len; off += step, n++)
        if (nib_message_decode(&m, d->payload + off, smaller(step, d->len - off), &bad) != NIB_OK ||
            m.flag != NIB_RESPONSE)
            return 0;
    return n;
}

bool traffic_next_segment(struct traffic *traffic, struct seen *seen)
{
    struct seen *frame = &traffic->frame;
    if (frame->segment == frame->segments)
        return false;
    size_t step = frame->bad, off = step * frame->segment++;
    *seen = *frame;
    struct nib_packet_udp *d = &seen->packet.udp;
    d->payload += off;
    d->len = d->real_len = smaller(step, frame->packet.udp.len - off);
    seen->err = nib_message_decode(&seen->m, d->payload, d->len, &seen->bad);
    seen->kind = SEEN_MESSAGE;
    seen->has_message = seen->has_question = true;
    return true;
}

static void begin_segments(struct traffic *traffic, struct seen *seen)
{
    const struct nib_packet *p = &seen->packet;
    bool may_be = p->kind == NIB_PACKET_UDP && seen->err == NIB_ERR_TRAILING &&
                  hosts_server(traffic->hosts, p->udp.dst.port) == ROLE_STRANGER;
    uint32_t n = may_be ? count_segments(&p->udp) : 0;
    if (n == 0)
        return;
    traffic->frame = *seen;
    traffic->frame.segments = n;
    (void)traffic_next_segment(traffic, seen);
}

/* ---- frames ---- */

static void look_at_icmp(struct seen *seen)
{
    const struct nib_packet_udp *d = &seen->packet.quoted;
    size_t bad;
    seen->kind = SEEN_ICMP;
    seen->has_message = seen->has_question =
        d->len == d->real_len && nib_message_decode(&seen->m, d->payload, d->len, &bad) == NIB_OK;
    if (!seen->has_message)
        seen->has_question = read_question(d, &seen->m);
}

void traffic_look(struct traffic *traffic, const struct nib_pcap_frame *frame, struct seen *seen)
{
    *seen = (struct seen){.frame = *frame, .kind = SEEN_OTHER};
    traffic->frame.segment = traffic->frame.segments = 0;
    nib_packet_read(&seen->packet, frame);
    const struct nib_packet *p = &seen->packet;
    bool ours = is_ours(traffic, p->kind == NIB_PACKET_ICMP ? &p->quoted : &p->udp, frame->time_ns);
    switch (p->kind) {
    case NIB_PACKET_UDP:
        look_at_udp(traffic, seen, ours);
        break;
    case NIB_PACKET_FRAGMENT: /* a later one has no ports to tell whose it is */
        if (p->fragment_at > 0)
            seen->kind = SEEN_FRAGMENT;
        else if (ours)
            look_at_part(seen, SEEN_FRAGMENT);
        break;
    case NIB_PACKET_ICMP:
        if (ours)
            look_at_icmp(seen);
        break;
    case NIB_PACKET_BROKEN:
        if (ours)
            seen->kind = SEEN_BROKEN;
        break;
    case NIB_PACKET_OTHER:
    case NIB_PACKET_CUT:
        break;
    }
    begin_segments(traffic, seen);
}
