#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/captures.h"
#include "lib/support.h"

#define MACS "020000000002 020000000001 "

/* Reads a frame out of a heap block of exactly its size. `cut` octets of it were not captured. */
static struct nib_packet read_hex(enum nib_link link, const char *hex, size_t cut)
{
    struct hex_octets o = octets_from_hex(hex);
    struct nib_packet packet;
    struct nib_text block = block_of((struct nib_text){(const char *)o.at, o.len - cut});
    struct nib_pcap_frame frame = {
        .link = link, .octets = (const uint8_t *)block.ptr, .len = o.len - cut, .real_len = o.len};
    nib_packet_read(&packet, &frame);
    if (packet.udp.payload != NULL) /* what it points to stays, for the tests to look at */
        packet.udp.payload = o.at + (packet.udp.payload - frame.octets);
    static uint8_t kept[4096];
    if (packet.udp.payload != NULL) {
        memcpy(kept, packet.udp.payload, packet.udp.len);
        packet.udp.payload = kept;
    }
    forget(block);
    return packet;
}

static void assert_is_the_query(const struct nib_packet *p, const char *src, const char *dst)
{
    char text[NIB_ADDR_TEXT_MAX];
    struct hex_octets query = octets_from_hex(HEX_QUERY);
    assert_int_equal(p->kind, NIB_PACKET_UDP);
    nib_addr_format(&p->udp.src, text);
    assert_string_equal(text, src);
    nib_addr_format(&p->udp.dst, text);
    assert_string_equal(text, dst);
    assert_int_equal(p->udp.len, query.len);
    assert_int_equal(p->udp.real_len, query.len);
    assert_memory_equal(p->udp.payload, query.at, query.len);
    assert_int_equal(p->udp_sum, NIB_SUM_RIGHT);
}

/* Each link type, with IPv4 and where it can be with IPv6; padding behind Ethernet's is not seen.
 */
static void the_datagram_is_found_behind_every_link_header(void **state)
{
    (void)state;
    static const struct {
        enum nib_link link;
        const char *hex;
        bool six;
    } frames[] = {
        {NIB_LINK_NULL, "02000000" HEX_PACKET, false},
        {NIB_LINK_NULL, "0000001e" HEX_PACKET6, true},
        {NIB_LINK_ETHERNET, MACS "0800" HEX_PACKET, false},
        {NIB_LINK_ETHERNET, MACS "0800" HEX_PACKET "000000000000", false},
        {NIB_LINK_ETHERNET, MACS "86dd" HEX_PACKET6, true},
        {NIB_LINK_RAW, HEX_PACKET, false},
        {NIB_LINK_RAW, HEX_PACKET6, true},
        {NIB_LINK_LOOP, "00000002" HEX_PACKET, false},
        {NIB_LINK_LOOP, "00000018" HEX_PACKET6, true},
        {NIB_LINK_SLL, "0000 0001 0006 0200000000010000 0800" HEX_PACKET, false},
        {NIB_LINK_SLL, "0004 0304 0006 0000000000000000 86dd" HEX_PACKET6, true},
        {NIB_LINK_RAW_BSD, HEX_PACKET, false},
        {NIB_LINK_RAW_OPENBSD, HEX_PACKET6, true},
        {NIB_LINK_IPV4, HEX_PACKET, false},
        {NIB_LINK_IPV6, HEX_PACKET6, true},
        {NIB_LINK_SLL2, "0800 0000 00000001 0304 00 06 0000000000000000" HEX_PACKET, false},
        {NIB_LINK_SLL2, "86dd 0000 00000001 0001 04 06 0200000000010000" HEX_PACKET6, true},
    };
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct nib_packet p = read_hex(frames[i].link, frames[i].hex, 0);
        if (frames[i].six)
            assert_is_the_query(&p, "[2001:db8::1]:40001", "[2001:db8::2]:21000");
        else
            assert_is_the_query(&p, "10.0.0.1:40001", "10.0.0.2:21000");
        assert_int_equal(p.ip_sum, frames[i].six ? NIB_SUM_UNKNOWN : NIB_SUM_RIGHT);
    }
}

static void vlan_tags_are_taken_off_and_told(void **state)
{
    (void)state;
    struct nib_packet p = read_hex(NIB_LINK_ETHERNET, MACS "8100 600a 0800" HEX_PACKET, 0);
    assert_is_the_query(&p, "10.0.0.1:40001", "10.0.0.2:21000");
    assert_int_equal(p.vlans, 1);
    assert_int_equal(p.vlan[0], 10);
    p = read_hex(NIB_LINK_ETHERNET, MACS "88a8 0fff 8100 0001 86dd" HEX_PACKET6, 0);
    assert_is_the_query(&p, "[2001:db8::1]:40001", "[2001:db8::2]:21000");
    assert_int_equal(p.vlans, 2);
    assert_int_equal(p.vlan[0], 4095);
    assert_int_equal(p.vlan[1], 1);
    p = read_hex(NIB_LINK_SLL, "0000 0001 0006 0200000000010000 8100 0002 0800" HEX_PACKET, 0);
    assert_is_the_query(&p, "10.0.0.1:40001", "10.0.0.2:21000");
    p = read_hex(NIB_LINK_ETHERNET, MACS "8100 00", 0);
    assert_int_equal(p.kind, NIB_PACKET_BROKEN);
}

/* Hop-by-hop options, destination options of 16 octets, authentication, an atomic fragment. */
static void extension_headers_are_walked(void **state)
{
    (void)state;
    struct nib_packet p = read_hex(NIB_LINK_RAW,
        "60000000 0053 00 40 " HEX_ADDRESSES6 "3c00 010400000000 3301 010c000000000000000000000000"
        "2c04 000000000001 00000001 000000000000000000000000 1100 0000 12345678" HEX_UDP6,
        0);
    assert_is_the_query(&p, "[2001:db8::1]:40001", "[2001:db8::2]:21000");
    p = read_hex(NIB_LINK_RAW, "60000000 0008 3c 40 " HEX_ADDRESSES6 "1101 010400000000", 0);
    assert_int_equal(p.kind, NIB_PACKET_BROKEN); /* 16 octets in a packet of 8 */
    p = read_hex(NIB_LINK_RAW, "60000000 0008 3b 40 " HEX_ADDRESSES6 "0000000000000000", 0);
    assert_int_equal(p.kind, NIB_PACKET_OTHER); /* no next header */
    /* each of the others around the same datagram, with 16 octets; 59 and 61 are none */
    for (unsigned protocol = 0; protocol < 256; protocol++) {
        char hex[512];
        snprintf(hex, sizeof hex,
            "60000000 002b %02x 40 " HEX_ADDRESSES6 "1101 0000 00000000 0000000000000000" HEX_UDP6,
            protocol);
        bool walked = protocol == 0 || protocol == 43 || protocol == 60 || protocol == 135 ||
                      protocol == 139 || protocol == 140;
        p = read_hex(NIB_LINK_RAW, hex, 0);
        assert_int_equal(p.kind == NIB_PACKET_UDP && p.udp.dst.port == 21000, walked);
    }
    /* authentication counts in units of 4 octets: 24 of them, all ones at the end */
    p = read_hex(NIB_LINK_RAW,
        "60000000 0033 33 40 " HEX_ADDRESSES6
        "1104 0000 00000001 00000001 ffffffffffffffffffffffff" HEX_UDP6,
        0);
    assert_is_the_query(&p, "[2001:db8::1]:40001", "[2001:db8::2]:21000");
}

/* With a routing header under way the checksum is over an address that is not here. */
static void a_routed_packet_has_no_verdict_on_its_checksum(void **state)
{
    (void)state;
    struct nib_packet p = read_hex(NIB_LINK_RAW,
        "60000000 0033 2b 40 " HEX_ADDRESSES6
        "1102 0001 00000000 fe800000000000000000000000000001" HEX_UDP6,
        0);
    assert_int_equal(p.kind, NIB_PACKET_UDP);
    assert_int_equal(p.udp_sum, NIB_SUM_UNKNOWN);
}

/* A datagram of 27 octets in two pieces of 24 and 3. */
static void fragments_are_named(void **state)
{
    (void)state;
    struct nib_packet p = read_hex(NIB_LINK_RAW,
        "4500 002c 1234 2000 4011 348b " HEX_ADDRESSES
        "9c41 5208 001b e63e 00000000 080d 7777772e637375736d2e",
        0);
    assert_int_equal(p.kind, NIB_PACKET_FRAGMENT);
    assert_int_equal(p.fragment_id, 0x1234);
    assert_int_equal(p.fragment_at, 0);
    assert_true(p.fragment_more);
    assert_int_equal(p.udp.dst.port, 21000);
    p = read_hex(NIB_LINK_RAW, "4500 0017 1234 0003 4011 549d " HEX_ADDRESSES "656475", 0);
    assert_int_equal(p.kind, NIB_PACKET_FRAGMENT);
    assert_int_equal(p.fragment_at, 24);
    assert_int_equal(p.fragment_len, 3);
    assert_false(p.fragment_more);
    assert_int_equal(p.udp.dst.port, 0);
    p = read_hex(
        NIB_LINK_RAW, "60000000 000b 2c 40 " HEX_ADDRESSES6 "1100 0018 deadbeef 656475", 0);
    assert_int_equal(p.kind, NIB_PACKET_FRAGMENT);
    assert_true(p.fragment_id == 0xdeadbeef);
    assert_int_equal(p.fragment_at, 24);
    assert_false(p.fragment_more);
    p = read_hex(NIB_LINK_RAW,
        "60000000 0010 2c 40 " HEX_ADDRESSES6 "1100 0001 deadbeef 9c41 5208 001b 9ecc", 0);
    assert_int_equal(p.kind, NIB_PACKET_FRAGMENT);
    assert_int_equal(p.fragment_at, 0);
    assert_true(p.fragment_more);
    assert_int_equal(p.udp.dst.port, 21000);
    /* the last piece of a large datagram: 2048 in units of 8 octets is 0100 */
    p = read_hex(NIB_LINK_RAW, "4500 0017 1234 0100 4011 54a0 " HEX_ADDRESSES "656475", 0);
    assert_int_equal(p.fragment_at, 2048);
    assert_false(p.fragment_more);
}

static void checksums_are_judged(void **state)
{
    (void)state;
#define WITH_SUM(sum) HEX_IPV4 "9c41 5208 001b " sum HEX_QUERY
    struct nib_packet p = read_hex(NIB_LINK_RAW, WITH_SUM("e63f"), 0);
    assert_int_equal(p.udp_sum, NIB_SUM_WRONG);
    assert_int_equal(p.udp_sum_is, 0xe63f);
    assert_int_equal(p.udp_sum_should, 0xe63e);
    assert_int_equal(read_hex(NIB_LINK_RAW, WITH_SUM("0000"), 0).udp_sum, NIB_SUM_NONE);
    assert_int_equal(read_hex(NIB_LINK_RAW, WITH_SUM("142f"), 0).udp_sum, NIB_SUM_PARTIAL);
    assert_int_equal(read_hex(NIB_LINK_RAW, HEX_PACKET, 1).udp_sum, NIB_SUM_UNKNOWN);
#define WITH_IP_SUM(sum) "4500 002f 0000 4000 4011 " sum HEX_ADDRESSES HEX_UDP
    p = read_hex(NIB_LINK_RAW, WITH_IP_SUM("26bd"), 0);
    assert_int_equal(p.ip_sum, NIB_SUM_WRONG);
    assert_int_equal(p.kind, NIB_PACKET_UDP);
    assert_int_equal(p.udp_sum, NIB_SUM_RIGHT);
    assert_int_equal(read_hex(NIB_LINK_RAW, WITH_IP_SUM("0000"), 0).ip_sum, NIB_SUM_NONE);
}

/* Captured in part: 47 octets of packet of which the last 1 to 46 are missing. */
static void cut_packets_show_what_there_is(void **state)
{
    (void)state;
    for (size_t cut = 1; cut <= 47; cut++) {
        struct nib_packet p = read_hex(NIB_LINK_RAW, HEX_PACKET, cut);
        size_t captured = 47 - cut;
        if (captured < 28) {
            assert_int_equal(p.kind, NIB_PACKET_CUT);
            continue;
        }
        assert_int_equal(p.kind, NIB_PACKET_UDP);
        assert_int_equal(p.udp.len, captured - 28);
        assert_int_equal(p.udp.real_len, 19);
    }
}

static void lengths_that_contradict_each_other_are_broken(void **state)
{
    (void)state;
    static const char *const packets[] = {
        HEX_IPV4 "9c41 5208 001c e63e" HEX_QUERY,              /* UDP one octet longer than IP */
        HEX_IPV4 "9c41 5208 0007 e63e" HEX_QUERY,              /* UDP shorter than its header */
        "4400 002f 0000 4000 4011 26bc" HEX_ADDRESSES HEX_UDP, /* a header of 16 octets */
        "4400 002f 0000 4000 4006 26bc" HEX_ADDRESSES HEX_UDP, /* the same around TCP */
        "4f00 002f 0000 4000 4011 26bc" HEX_ADDRESSES HEX_UDP, /* of 60, in 47 */
        "4500 0013 0000 4000 4011 26bc" HEX_ADDRESSES HEX_UDP, /* a packet of 19 */
        "5500 002f 0000 4000 4011 26bc" HEX_ADDRESSES HEX_UDP, /* version 5 */
        "4500 001b 0000 4000 4011 26bc" HEX_ADDRESSES HEX_UDP, /* 7 octets of UDP */
    };
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++)
        assert_int_equal(read_hex(NIB_LINK_RAW, packets[i], 0).kind, NIB_PACKET_BROKEN);
    /* UDP one octet longer than IPv6, which stands behind it as padding */
    struct nib_packet p =
        read_hex(NIB_LINK_ETHERNET, MACS "86dd 60000000 001a 11 40" HEX_ADDRESSES6 HEX_UDP6, 0);
    assert_int_equal(p.kind, NIB_PACKET_BROKEN);
    p = read_hex(NIB_LINK_RAW, packets[0], 0);
    assert_int_equal(p.udp.dst.port, 21000); /* so that one knows whose it is */
}

static void other_traffic_is_other(void **state)
{
    (void)state;
    static const char *const frames[] = {
        MACS "0806 0001 0800 0604 0001 020000000001 0a000001 000000000000 0a000002",
        MACS "0800 4500 0028 0000 4000 4006 26ce" HEX_ADDRESSES
             "9c41 5208 00000000 00000000 5000 ffff 0000 0000",
        MACS "0800 4500 001c 0000 4000 4001 26df" HEX_ADDRESSES "0800 f7ff 0000 0000", /* ping */
    };
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
        assert_int_equal(read_hex(NIB_LINK_ETHERNET, frames[i], 0).kind, NIB_PACKET_OTHER);
}

static void an_icmp_error_shows_what_it_quotes(void **state)
{
    (void)state;
    struct nib_packet p = read_hex(NIB_LINK_RAW,
        "4500 004b 0000 4000 4001 26b0 0a000002 0a000001 0303 112c 00000000" HEX_PACKET, 0);
    assert_int_equal(p.kind, NIB_PACKET_ICMP);
    assert_int_equal(p.icmp_type, 3);
    assert_int_equal(p.icmp_code, 3);
    assert_int_equal(p.icmp_len, 55);
    assert_int_equal(p.udp.src.ip[3], 2);
    assert_int_equal(p.quoted.src.port, 40001);
    assert_int_equal(p.quoted.dst.port, 21000);
    assert_int_equal(p.quoted.len, 19);
    assert_int_equal(p.ip_sum, NIB_SUM_RIGHT);
    /* a router that quotes 8 octets behind the IP header */
    p = read_hex(NIB_LINK_RAW,
        "4500 0038 0000 4000 4001 26c3 0a000002 0a000001 0b00 0000 00000000" HEX_IPV4
        "9c41 5208 001b e63e",
        0);
    assert_int_equal(p.kind, NIB_PACKET_ICMP);
    assert_int_equal(p.icmp_type, 11);
    assert_int_equal(p.icmp_code, 0);
    assert_int_equal(p.quoted.len, 0);
    assert_int_equal(p.quoted.real_len, 19);
    p = read_hex(
        NIB_LINK_RAW, "60000000 004b 3a 40 " HEX_ADDRESSES6 "0104 0000 00000000" HEX_PACKET6, 0);
    assert_int_equal(p.kind, NIB_PACKET_ICMP);
    assert_int_equal(p.quoted.dst.family, 6);
    /* one that quotes less than ports and a length, one octet that is no IP, and nothing */
    p = read_hex(NIB_LINK_RAW,
        "4500 0037 0000 4000 4001 26c4 0a000002 0a000001 0303 112c 00000000" HEX_IPV4
        "9c41 5208 001b e6",
        0);
    assert_int_equal(p.kind, NIB_PACKET_OTHER);
    assert_int_equal(p.quoted.len, 0);
    p = read_hex(
        NIB_LINK_RAW, "4500 001d 0000 4000 4001 26de 0a000002 0a000001 0303 112c 00000000 55", 0);
    assert_int_equal(p.kind, NIB_PACKET_OTHER);
    p = read_hex(
        NIB_LINK_RAW, "4500 001c 0000 4000 4001 26df 0a000002 0a000001 0303 112c 00000000", 0);
    assert_int_equal(p.kind, NIB_PACKET_OTHER);
}

/* Linux: icmp_err_convert and tab_unreach, the codes that are "fatal" to a connected socket. */
static void icmp_codes_that_refuse(void **state)
{
    (void)state;
    const char *four = "0011001111100111"; /* codes 0 to 15 of type 3 */
    const char *six = "0100111";           /* codes 0 to 6 of type 1 */
    for (uint8_t code = 0; code < 16; code++)
        assert_int_equal(nib_icmp_refuses(4, 3, code), four[code] == '1');
    for (uint8_t code = 0; code < 7; code++)
        assert_int_equal(nib_icmp_refuses(6, 1, code), six[code] == '1');
    assert_false(nib_icmp_refuses(4, 11, 0));
    assert_false(nib_icmp_refuses(6, 3, 0));
}

/* Whatever stands in a frame: nothing outside it is read, and views stay inside it. */
static void mutated_frames_are_read_within_their_bounds(void **state)
{
    (void)state;
    static const struct {
        enum nib_link link;
        const char *hex;
    } seeds[] = {
        {NIB_LINK_ETHERNET, MACS "88a8 0fff 8100 0001 86dd" HEX_PACKET6},
        {NIB_LINK_RAW,
            "4500 004b 0000 4000 4001 26b0 0a000002 0a000001 0303 112c 00000000" HEX_PACKET},
        {NIB_LINK_RAW,
            "60000000 003b 00 40 " HEX_ADDRESSES6
            "3c00 010400000000 2c01 010c000000000000000000000000 1100 0000 12345678" HEX_UDP6},
        {NIB_LINK_SLL2, "0800 0000 00000001 0304 00 06 0000000000000000" HEX_PACKET},
        {NIB_LINK_NULL, "02000000" HEX_PACKET},
    };
    struct rng rng = dice_init();
    for (int round = 0; round < 20000; round++) {
        size_t seed = (size_t)round % 5;
        struct hex_octets o = octets_from_hex(seeds[seed].hex);
        struct nib_packet p;
        for (uint32_t n = dice_below(&rng, 6); n > 0; n--)
            o.at[dice_below(&rng, (uint32_t)o.len)] = (uint8_t)dice_next(&rng);
        size_t len = dice_below(&rng, 4) == 0 ? dice_below(&rng, (uint32_t)o.len + 1) : o.len;
        struct nib_text block = block_of((struct nib_text){(const char *)o.at, len});
        struct nib_pcap_frame frame = {.link = seeds[seed].link,
            .octets = (const uint8_t *)block.ptr,
            .len = len,
            .real_len = len + dice_below(&rng, 3)};
        nib_packet_read(&p, &frame);
        const struct nib_packet_udp *views[] = {&p.udp, &p.quoted};
        for (int i = 0; i < 2; i++) {
            if (views[i]->payload == NULL)
                continue;
            assert_true(views[i]->payload >= frame.octets);
            assert_true(views[i]->payload + views[i]->len <= frame.octets + len);
            assert_true(views[i]->len <= views[i]->real_len);
        }
        forget(block);
    }
}

static void a_third_tag_is_taken_off_and_not_told(void **state)
{
    (void)state;
    struct nib_packet p =
        read_hex(NIB_LINK_ETHERNET, MACS "9100 0001 88a8 0002 8100 0003 0800" HEX_PACKET, 0);
    assert_is_the_query(&p, "10.0.0.1:40001", "10.0.0.2:21000");
    assert_int_equal(p.vlans, 2);
    assert_int_equal(p.vlan[0], 1);
    assert_int_equal(p.vlan[1], 2);
}

static void a_routing_header_that_is_used_up_leaves_the_checksum_to_be_judged(void **state)
{
    (void)state;
    struct nib_packet p = read_hex(
        NIB_LINK_RAW, "60000000 0023 2b 40 " HEX_ADDRESSES6 "1100 0000 00000000" HEX_UDP6, 0);
    assert_is_the_query(&p, "[2001:db8::1]:40001", "[2001:db8::2]:21000");
    assert_int_equal(p.udp_sum, NIB_SUM_RIGHT);
    /* one under way, then one used up */
    p = read_hex(NIB_LINK_RAW,
        "60000000 002b 2b 40 " HEX_ADDRESSES6 "2b00 0001 00000000 1100 0000 00000000" HEX_UDP6, 0);
    assert_int_equal(p.kind, NIB_PACKET_UDP);
    assert_int_equal(p.udp_sum, NIB_SUM_UNKNOWN);
}

static void checksums_at_the_edges_of_their_range_are_judged_right(void **state)
{
    (void)state;
    /* the identification makes the IPv4 header sum up with 0 in the checksum's place */
    struct nib_packet p =
        read_hex(NIB_LINK_RAW, "4500 002f 26bc 4000 4011 0000" HEX_ADDRESSES HEX_UDP, 0);
    assert_int_equal(p.ip_sum, NIB_SUM_RIGHT);
    /* e63e more in the source port's place: the sum comes out as 0, which is sent as ffff */
    p = read_hex(NIB_LINK_RAW, HEX_IPV4 "8280 5208 001b ffff" HEX_QUERY, 0);
    assert_int_equal(p.udp_sum_should, 0xffff);
    assert_int_equal(p.udp_sum, NIB_SUM_RIGHT);
}

static void a_first_fragment_with_a_length_that_cannot_be_is_broken(void **state)
{
    (void)state;
    struct nib_packet p = read_hex(NIB_LINK_RAW,
        "4500 002c 1234 2000 4011 348b " HEX_ADDRESSES
        "9c41 5208 0007 e63e 00000000 080d 7777772e637375736d2e",
        0);
    assert_int_equal(p.kind, NIB_PACKET_BROKEN);
    assert_int_equal(p.fragment_id, 0x1234);
    /* 0, a jumbogram's length, which no fragment has */
    p = read_hex(NIB_LINK_RAW,
        "4500 002c 1234 2000 4011 348b " HEX_ADDRESSES
        "9c41 5208 0000 e63e 00000000 080d 7777772e637375736d2e",
        0);
    assert_int_equal(p.kind, NIB_PACKET_BROKEN);
}

/* Types 0 to 18 of ICMP and 0 to 5 of ICMPv6 around the same packet. */
static void of_icmp_the_errors_alone_quote(void **state)
{
    (void)state;
    const char *four = "0001110000011000000", *six = "011110";
    char hex[512];
    for (unsigned type = 0; type < 19; type++) {
        snprintf(hex, sizeof hex,
            "4500 004b 0000 4000 4001 26b0 0a000002 0a000001 %02x00 0000 00000000" HEX_PACKET,
            type);
        assert_int_equal(read_hex(NIB_LINK_RAW, hex, 0).kind,
            four[type] == '1' ? NIB_PACKET_ICMP : NIB_PACKET_OTHER);
    }
    for (unsigned type = 0; type < 6; type++) {
        snprintf(hex, sizeof hex,
            "60000000 004b 3a 40 " HEX_ADDRESSES6 "%02x00 0000 00000000" HEX_PACKET6, type);
        assert_int_equal(read_hex(NIB_LINK_RAW, hex, 0).kind,
            six[type] == '1' ? NIB_PACKET_ICMP : NIB_PACKET_OTHER);
    }
}

static void a_frame_shorter_than_its_link_header_is_broken(void **state)
{
    (void)state;
    static const struct {
        enum nib_link link;
        size_t header;
    } links[] = {{NIB_LINK_NULL, 4}, {NIB_LINK_LOOP, 4}, {NIB_LINK_ETHERNET, 14},
        {NIB_LINK_SLL, 16}, {NIB_LINK_SLL2, 20}};
    const char *zeros = "0000000000000000000000000000000000000000";
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        const char *hex = zeros + 40 - 2 * (links[i].header - 1);
        assert_int_equal(read_hex(links[i].link, hex, 0).kind, NIB_PACKET_BROKEN);
        hex = zeros + 40 - 2 * links[i].header;
        assert_int_equal(read_hex(links[i].link, hex, 1).kind, NIB_PACKET_CUT);
    }
    assert_int_equal(read_hex((enum nib_link)147, HEX_PACKET, 0).kind, NIB_PACKET_OTHER);
}

/* As a host sees what its network device will cut into segments, or a jumbogram. */
static void a_length_of_0_is_left_to_the_frame(void **state)
{
    (void)state;
    struct nib_packet p =
        read_hex(NIB_LINK_RAW, "4500 0000 0000 4000 4011 26eb" HEX_ADDRESSES HEX_UDP, 0);
    assert_is_the_query(&p, "10.0.0.1:40001", "10.0.0.2:21000");
    assert_int_equal(p.ip_sum, NIB_SUM_RIGHT);
    p = read_hex(NIB_LINK_RAW, "60000000 0000 11 40 " HEX_ADDRESSES6 HEX_UDP6, 0);
    assert_is_the_query(&p, "[2001:db8::1]:40001", "[2001:db8::2]:21000");
    p = read_hex(NIB_LINK_RAW, HEX_IPV4 "9c41 5208 0000 0000" HEX_QUERY, 0);
    assert_int_equal(p.kind, NIB_PACKET_UDP);
    assert_int_equal(p.udp.real_len, 19);
}

/* Nothing of a packet is asked for before its kind says that it must be there. */
static void a_packet_that_ends_with_its_headers_is_a_whole_one(void **state)
{
    (void)state;
    static const char *const packets[] = {
        "4500 0014 0000 4000 4006 26e2" HEX_ADDRESSES,             /* TCP of nothing */
        "60000000 0000 3b 40 " HEX_ADDRESSES6,                     /* no next header */
        "60000000 0008 00 40 " HEX_ADDRESSES6 "3b00 010400000000", /* options alone */
        "60000000 0010 00 40 " HEX_ADDRESSES6 "3c00 010400000000 3b00 010400000000",
    };
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++)
        assert_int_equal(read_hex(NIB_LINK_RAW, packets[i], 0).kind, NIB_PACKET_OTHER);
}

/* The one octet tells a version, and the frame's length that it cannot be right. */
static void a_packet_of_which_one_octet_was_captured_may_be_broken_all_the_same(void **state)
{
    (void)state;
    assert_int_equal(read_hex(NIB_LINK_RAW, "45000014", 3).kind, NIB_PACKET_BROKEN);
    assert_int_equal(read_hex(NIB_LINK_RAW, "60000000", 3).kind, NIB_PACKET_BROKEN);
    assert_int_equal(read_hex(NIB_LINK_RAW, "5500" HEX_PACKET, 48).kind, NIB_PACKET_BROKEN);
    assert_int_equal(read_hex(NIB_LINK_RAW, HEX_PACKET, 46).kind, NIB_PACKET_CUT);
    assert_int_equal(read_hex(NIB_LINK_RAW, HEX_PACKET6, 66).kind, NIB_PACKET_CUT);
    assert_int_equal(read_hex(NIB_LINK_RAW, HEX_PACKET, 47).kind, NIB_PACKET_CUT);
}

static void an_ipv6_packet_of_one_octet_has_no_room_for_udp(void **state)
{
    (void)state;
    struct nib_packet p = read_hex(NIB_LINK_RAW, "60000000 0001 11 40 " HEX_ADDRESSES6 HEX_UDP6, 0);
    assert_int_equal(p.kind, NIB_PACKET_BROKEN);
}

/* Port 768 looks like an error's type and code, and its data like what the error quotes. */
static void tcp_that_reads_like_an_icmp_error_is_other(void **state)
{
    (void)state;
    struct nib_packet p = read_hex(NIB_LINK_RAW,
        "4500 0037 0000 4000 4006 26bf 0a000002 0a000001 0303 0000 00000000" HEX_PACKET, 0);
    assert_int_equal(p.kind, NIB_PACKET_OTHER);
}

static void a_fragment_of_an_icmp_error_is_other(void **state)
{
    (void)state;
    struct nib_packet p = read_hex(NIB_LINK_RAW,
        "4500 004b 1234 2000 4001 347c 0a000002 0a000001 0303 112c 00000000" HEX_PACKET, 0);
    assert_int_equal(p.kind, NIB_PACKET_OTHER);
}

/* TCP begins with two ports, too. */
static void an_icmp_error_that_quotes_no_udp_is_other(void **state)
{
    (void)state;
    struct nib_packet p = read_hex(NIB_LINK_RAW,
        "4500 004b 0000 4000 4001 26b0 0a000002 0a000001 0303 112c 00000000"
        "4500 002f 0000 4000 4006 26c7" HEX_ADDRESSES HEX_UDP,
        0);
    assert_int_equal(p.kind, NIB_PACKET_OTHER);
    /* nor what is no first fragment */
    p = read_hex(NIB_LINK_RAW,
        "4500 004b 0000 4000 4001 26b0 0a000002 0a000001 0303 112c 00000000"
        "4500 002f 0000 0003 4011 66b9" HEX_ADDRESSES HEX_UDP,
        0);
    assert_int_equal(p.kind, NIB_PACKET_OTHER);
}

static void the_ip_checksum_of_an_icmp_error_is_its_own_and_not_the_quoted_packets(void **state)
{
    (void)state;
    struct nib_packet p = read_hex(NIB_LINK_RAW,
        "4500 004b 0000 4000 4001 26b0 0a000002 0a000001 0303 112c 00000000" WITH_IP_SUM("26bd"),
        0);
    assert_int_equal(p.kind, NIB_PACKET_ICMP);
    assert_int_equal(p.ip_sum, NIB_SUM_RIGHT);
    p = read_hex(NIB_LINK_RAW,
        "4500 004b 0000 4000 4001 26b1 0a000002 0a000001 0303 112c 00000000" HEX_PACKET, 0);
    assert_int_equal(p.kind, NIB_PACKET_ICMP);
    assert_int_equal(p.ip_sum, NIB_SUM_WRONG);
    /* IPv6, which has none, around IPv4 */
    p = read_hex(
        NIB_LINK_RAW, "60000000 0037 3a 40 " HEX_ADDRESSES6 "0104 0000 00000000" HEX_PACKET, 0);
    assert_int_equal(p.kind, NIB_PACKET_ICMP);
    assert_int_equal(p.ip_sum, NIB_SUM_UNKNOWN);
    /* TCP with a wrong sum is quoted */
    p = read_hex(NIB_LINK_RAW,
        "4500 0030 0000 4000 4001 26cb 0a000002 0a000001 0303 112c 00000000"
        "4500 0014 0000 4000 4006 0000 0a000001 0a000002",
        0);
    assert_int_equal(p.kind, NIB_PACKET_OTHER);
    assert_int_equal(p.ip_sum, NIB_SUM_RIGHT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_datagram_is_found_behind_every_link_header),
        cmocka_unit_test(vlan_tags_are_taken_off_and_told),
        cmocka_unit_test(extension_headers_are_walked),
        cmocka_unit_test(a_routed_packet_has_no_verdict_on_its_checksum),
        cmocka_unit_test(fragments_are_named),
        cmocka_unit_test(checksums_are_judged),
        cmocka_unit_test(cut_packets_show_what_there_is),
        cmocka_unit_test(lengths_that_contradict_each_other_are_broken),
        cmocka_unit_test(other_traffic_is_other),
        cmocka_unit_test(an_icmp_error_shows_what_it_quotes),
        cmocka_unit_test(icmp_codes_that_refuse),
        cmocka_unit_test(mutated_frames_are_read_within_their_bounds),
        cmocka_unit_test(a_third_tag_is_taken_off_and_not_told),
        cmocka_unit_test(a_routing_header_that_is_used_up_leaves_the_checksum_to_be_judged),
        cmocka_unit_test(checksums_at_the_edges_of_their_range_are_judged_right),
        cmocka_unit_test(a_first_fragment_with_a_length_that_cannot_be_is_broken),
        cmocka_unit_test(of_icmp_the_errors_alone_quote),
        cmocka_unit_test(a_frame_shorter_than_its_link_header_is_broken),
        cmocka_unit_test(a_length_of_0_is_left_to_the_frame),
        cmocka_unit_test(a_packet_that_ends_with_its_headers_is_a_whole_one),
        cmocka_unit_test(a_packet_of_which_one_octet_was_captured_may_be_broken_all_the_same),
        cmocka_unit_test(an_ipv6_packet_of_one_octet_has_no_room_for_udp),
        cmocka_unit_test(tcp_that_reads_like_an_icmp_error_is_other),
        cmocka_unit_test(a_fragment_of_an_icmp_error_is_other),
        cmocka_unit_test(an_icmp_error_that_quotes_no_udp_is_other),
        cmocka_unit_test(the_ip_checksum_of_an_icmp_error_is_its_own_and_not_the_quoted_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
