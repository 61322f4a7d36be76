#include "nibdns/pcap.h"

#include "pcap_ng.h"

/*
 * A frame is peeled from outside: link layer, tags, IP, extension headers, UDP or ICMP. Each layer
 * is a view that shrinks; it knows how many octets were captured and how many there were, and len
 * <= real_len holds for every view.
 */
struct view {
    const uint8_t *at;
    size_t len, real_len;
};

enum { PROTOCOL_ICMP = 1, PROTOCOL_UDP = 17, PROTOCOL_ICMPV6 = 58 };
enum { ETHER_IPV4 = 0x0800, ETHER_IPV6 = 0x86dd };

enum nib_link pcap_link(uint32_t number)
{
    switch (number) {
#define X(symbol, code, name) case code:
        NIB_LINKS(X)
#undef X
        return (enum nib_link)number;
    default:
        return NIB_LINK_UNKNOWN;
    }
}

static unsigned u16_at(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t u32_at(const uint8_t *p)
{
    return (uint32_t)u16_at(p) << 16 | u16_at(p + 2);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Takes n octets off the front. False: they were not captured, or (broken) are not there at all. */
static bool drop(struct nib_packet *packet, struct view *v, size_t n)
{
    if (n > v->len) {
        packet->kind = n > v->real_len ? NIB_PACKET_BROKEN : NIB_PACKET_CUT;
        return false;
    }
    *v = (struct view){v->at + n, v->len - n, v->real_len - n};
    return true;
}

/* Leaves what lies behind n octets out of sight: padding, or another packet's. */
static void trim(struct view *v, size_t n)
{
    *v = (struct view){v->at, smaller(v->len, n), smaller(v->real_len, n)};
}

/* ---- UDP ---- */

static void check_udp(
    struct nib_packet *packet, const struct nib_packet_udp *d, const uint8_t *header, bool routed)
{
    size_t len = 8 + d->real_len;
    unsigned sum = u16_at(header + 6);
    if (sum == 0) {
        packet->udp_sum = NIB_SUM_NONE;
        return;
    }
    if (d->len < d->real_len || routed)
        return;
    uint32_t pseudo = nib_sum_pseudo(&d->src, &d->dst, PROTOCOL_UDP, (uint32_t)len);
    unsigned should = nib_sum_fold(nib_sum_add(nib_sum_add(pseudo, header, 6), header + 8, d->len));
    should = should == 0 ? 0xffff : should;
    packet->udp_sum_is = (uint16_t)sum;
    packet->udp_sum_should = (uint16_t)should;
    if (sum == should)
        packet->udp_sum = NIB_SUM_RIGHT;
    else if (sum == (uint16_t)~nib_sum_fold(pseudo))
        packet->udp_sum = NIB_SUM_PARTIAL;
    else
        packet->udp_sum = NIB_SUM_WRONG;
}

/* Into *d, whose addresses stand already. In a first fragment the length is the whole datagram's.
 */
static bool read_udp(struct nib_packet *packet, struct nib_packet_udp *d, struct view v, bool part)
{
    const uint8_t *header = v.at;
    if (!drop(packet, &v, 8))
        return false;
    size_t len = u16_at(header + 4);
    d->src.port = (uint16_t)u16_at(header);
    d->dst.port = (uint16_t)u16_at(header + 2);
    if (len == 0 && !part) /* a jumbogram: IP alone says where it ends */
        len = 8 + v.real_len;
    if (len < 8 || (len - 8 > v.real_len && !part)) {
        packet->kind = NIB_PACKET_BROKEN;
        return false;
    }
    d->payload = v.at;
    d->len = smaller(v.len, len - 8);
    d->real_len = len - 8;
    return true;
}

/* ---- IP ---- */

struct ip {
    struct nib_packet_udp d; /* addresses only */
    unsigned protocol;
    bool fragment, more;
    bool routed; /* a routing header: the last destination is another one */
    uint32_t id, at;
};

static bool read_ipv4(struct nib_packet *packet, struct ip *ip, struct view *v)
{
    const uint8_t *p = v->at;
    struct view options = *v;
    if (!drop(packet, &options, 20))
        return false;
    size_t header = (size_t)(p[0] & 15) * 4, len = u16_at(p + 2);
    if (len == 0) /* left to the device, which cuts it into segments */
        len = v->real_len;
    if (header < 20 || len < header) {
        packet->kind = NIB_PACKET_BROKEN;
        return false;
    }
    trim(v, len);
    if (!drop(packet, v, header))
        return false;
    packet->ip_sum = nib_sum_fold(nib_sum_add(0, p, header)) == 0 ? NIB_SUM_RIGHT : NIB_SUM_WRONG;
    if (u16_at(p + 10) == 0 && packet->ip_sum == NIB_SUM_WRONG)
        packet->ip_sum = NIB_SUM_NONE;
    ip->protocol = p[9];
    ip->id = u16_at(p + 4);
    ip->at = (u16_at(p + 6) & 0x1fff) * 8;
    ip->more = (p[6] & 0x20) != 0;
    ip->fragment = ip->more || ip->at > 0;
    ip->d.src.family = ip->d.dst.family = 4;
    memcpy(ip->d.src.ip, p + 12, 4);
    memcpy(ip->d.dst.ip, p + 16, 4);
    return true;
}

/* The length of an extension header, 0: this protocol is none, or ends the walk. */
static size_t extension_len(unsigned protocol, const uint8_t *p)
{
    switch (protocol) {
    case 0:   /* hop-by-hop options */
    case 43:  /* routing */
    case 60:  /* destination options */
    case 135: /* mobility */
    case 139: /* host identity */
    case 140: /* shim6 */
        return 8 + (size_t)p[1] * 8;
    case 44: /* fragment */
        return 8;
    case 51: /* authentication */
        return 8 + (size_t)p[1] * 4;
    default:
        return 0;
    }
}

/* Every extension header has 8 octets or more, so the walk ends. */
static bool walk_extensions(struct nib_packet *packet, struct ip *ip, struct view *v)
{
    static const uint8_t none[2] = {0};
    while (!ip->fragment && extension_len(ip->protocol, none) > 0) {
        const uint8_t *p = v->at;
        struct view probe = *v;
        if (!drop(packet, &probe, 8) || !drop(packet, v, extension_len(ip->protocol, p)))
            return false;
        if (ip->protocol == 44) {
            ip->id = u32_at(p + 4);
            ip->at = u16_at(p + 2) & 0xfff8;
            ip->more = (p[3] & 1) != 0;
            ip->fragment = ip->more || ip->at > 0;
        }
        ip->routed = ip->routed || (ip->protocol == 43 && p[3] > 0);
        ip->protocol = p[0];
    }
    return true;
}

static bool read_ipv6(struct nib_packet *packet, struct ip *ip, struct view *v)
{
    const uint8_t *p = v->at;
    if (!drop(packet, v, 40))
        return false;
    size_t len = u16_at(p + 4);
    if (len > 0)
        trim(v, len);
    ip->protocol = p[6];
    ip->d.src.family = ip->d.dst.family = 6;
    memcpy(ip->d.src.ip, p + 8, 16);
    memcpy(ip->d.dst.ip, p + 24, 16);
    return walk_extensions(packet, ip, v);
}

static bool read_ip(struct nib_packet *packet, struct ip *ip, struct view *v)
{
    struct view first = *v;
    if (!drop(packet, &first, 1))
        return false;
    switch (v->at[0] >> 4) {
    case 4:
        return read_ipv4(packet, ip, v);
    case 6:
        return read_ipv6(packet, ip, v);
    default:
        packet->kind = NIB_PACKET_BROKEN;
        return false;
    }
}

/* ---- ICMP ---- */

static bool is_error(const struct ip *ip, unsigned type)
{
    if (ip->protocol == PROTOCOL_ICMPV6)
        return type >= 1 && type <= 4;
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* What an error quotes is cut more often than not, so only its ports must be there. */
static void read_icmp(struct nib_packet *packet, const struct ip *outer, struct view v)
{
    const uint8_t *p = v.at;
    size_t len = v.real_len;
    enum nib_sum ip_sum = packet->ip_sum;
    struct ip ip = {0};
    if (!drop(packet, &v, 8) || !is_error(outer, p[0]))
        return;
    bool udp = read_ip(packet, &ip, &v) && ip.protocol == PROTOCOL_UDP && ip.at == 0 &&
               read_udp(packet, &ip.d, v, true);
    packet->ip_sum = ip_sum; /* not that of the packet it quotes */
    packet->kind = udp ? NIB_PACKET_ICMP : NIB_PACKET_OTHER;
    if (!udp)
        return;
    packet->quoted = ip.d;
    packet->icmp_type = p[0];
    packet->icmp_code = p[1];
    packet->icmp_len = (uint32_t)len;
}

bool nib_icmp_refuses(uint8_t family, uint8_t type, uint8_t code)
{
    if (family == 6)
        return type == 1 && code != 0 && code != 2 && code != 3;
    return type == 3 && code != 0 && code != 1 && code != 4 && code != 5 && code != 11 &&
           code != 12;
}

/* ---- the frame ---- */

static void read_fragment(struct nib_packet *packet, const struct ip *ip, struct view v)
{
    packet->fragment_id = ip->id;
    packet->fragment_at = ip->at;
    packet->fragment_len = (uint32_t)v.real_len;
    packet->fragment_more = ip->more;
    if (ip->at == 0 && !read_udp(packet, &packet->udp, v, true))
        return;
    packet->kind = NIB_PACKET_FRAGMENT;
}

static void read_packet(struct nib_packet *packet, struct view v)
{
    struct ip ip = {0};
    if (!read_ip(packet, &ip, &v))
        return;
    packet->udp = ip.d;
    if (ip.protocol == PROTOCOL_UDP && ip.fragment) {
        read_fragment(packet, &ip, v);
    } else if (ip.protocol == PROTOCOL_UDP) {
        const uint8_t *header = v.at;
        if (!read_udp(packet, &packet->udp, v, false))
            return;
        packet->kind = NIB_PACKET_UDP;
        check_udp(packet, &packet->udp, header, ip.routed);
    } else if (!ip.fragment && (ip.protocol == PROTOCOL_ICMP || ip.protocol == PROTOCOL_ICMPV6)) {
        read_icmp(packet, &ip, v);
    }
}

/* Takes 802.1Q and 802.1ad tags off; returns the type behind them. */
static unsigned skip_tags(struct nib_packet *packet, struct view *v, unsigned type)
{
    while (type == 0x8100 || type == 0x88a8 || type == 0x9100) {
        const uint8_t *p = v->at;
        if (!drop(packet, v, 4))
            return 0;
        if (packet->vlans < 2)
            packet->vlan[packet->vlans++] = (uint16_t)(u16_at(p) & 0x0fff);
        type = u16_at(p + 2);
    }
    return type;
}

static void read_typed(struct nib_packet *packet, struct view v, unsigned type)
{
    type = skip_tags(packet, &v, type);
    if (type == ETHER_IPV4 || type == ETHER_IPV6)
        read_packet(packet, v);
}

void nib_packet_read(struct nib_packet *packet, const struct nib_pcap_frame *frame)
{
    struct view v = {frame->octets, frame->len, frame->real_len};
    const uint8_t *p = v.at;
    *packet = (struct nib_packet){.kind = NIB_PACKET_OTHER};
    switch (frame->link) {
    case NIB_LINK_NULL: /* address families differ among systems: the packet's version tells */
    case NIB_LINK_LOOP:
        if (drop(packet, &v, 4))
            read_packet(packet, v);
        break;
    case NIB_LINK_ETHERNET:
        if (drop(packet, &v, 14))
            read_typed(packet, v, u16_at(p + 12));
        break;
    case NIB_LINK_SLL:
        if (drop(packet, &v, 16))
            read_typed(packet, v, u16_at(p + 14));
        break;
    case NIB_LINK_SLL2:
        if (drop(packet, &v, 20))
            read_typed(packet, v, u16_at(p));
        break;
    case NIB_LINK_RAW:
    case NIB_LINK_RAW_BSD:
    case NIB_LINK_RAW_OPENBSD:
    case NIB_LINK_IPV4:
    case NIB_LINK_IPV6:
        read_packet(packet, v);
        break;
    case NIB_LINK_UNKNOWN:
        break;
    }
}
