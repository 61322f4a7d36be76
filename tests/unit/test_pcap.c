#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/captures.h"
#include "lib/support.h"

/* magic, version 2.4, two zeros, snap length 65535, link type 101 */
#define LITTLE_MICRO "d4c3b2a1 0200 0400 00000000 00000000 ffff0000 65000000 "
#define BIG_MICRO "a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000065 "
#define LITTLE_NANO "4d3cb2a1 0200 0400 00000000 00000000 ffff0000 65000000 "
#define BIG_NANO "a1b23c4d 0002 0004 00000000 00000000 0000ffff 00000065 "

/* 1700000000 seconds, 5 units of a fraction, 3 octets of 60 captured, at once the frame's octets */
#define LITTLE_RECORD "00f15365 05000000 03000000 3c000000 aabbcc "
#define BIG_RECORD "6553f100 00000005 00000003 0000003c aabbcc "

static enum nib_pcap_step next(
    struct nib_pcap_reader *reader, struct nib_text *rest, struct nib_pcap_frame *frame)
{
    size_t used;
    enum nib_pcap_step step =
        nib_pcap_next(reader, (const uint8_t *)rest->ptr, rest->len, true, &used, frame);
    *rest = (struct nib_text){rest->ptr + used, rest->len - used};
    return step;
}

static void reads_both_byte_orders_and_both_units(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        int64_t time_ns;
    } files[] = {{LITTLE_MICRO LITTLE_RECORD, 1700000000000005000},
        {BIG_MICRO BIG_RECORD, 1700000000000005000},
        {LITTLE_NANO LITTLE_RECORD, 1700000000000000005},
        {BIG_NANO BIG_RECORD, 1700000000000000005}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct hex_octets o = octets_from_hex(files[i].hex);
        struct nib_text rest = {(const char *)o.at, o.len};
        struct nib_pcap_reader reader = {0};
        struct nib_pcap_frame frame;
        assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_FRAME);
        assert_true(frame.time_ns == files[i].time_ns);
        assert_int_equal(frame.no, 1);
        assert_int_equal(frame.at, 24);
        assert_int_equal(reader.interfaces[0].snaplen, 65535);
        assert_int_equal(frame.link, NIB_LINK_RAW);
        assert_int_equal(frame.len, 3);
        assert_int_equal(frame.real_len, 60);
        assert_octets(frame.octets, frame.len, "\xaa\xbb\xcc");
        assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_END);
    }
}

static void every_link_type_that_is_listed_is_taken_and_no_other(void **state)
{
    (void)state;
    const unsigned known[] = {0, 1, 12, 14, 101, 108, 113, 228, 229, 276};
    for (unsigned link = 0, k = 0; link < 400; link++) {
        struct hex_octets o = octets_from_hex(BIG_MICRO);
        o.at[22] = (uint8_t)(link >> 8);
        o.at[23] = (uint8_t)link;
        struct nib_text rest = {(const char *)o.at, o.len};
        struct nib_pcap_reader reader = {0};
        struct nib_pcap_frame frame;
        bool is_known = k < 10 && known[k] == link;
        k += is_known;
        assert_int_equal(next(&reader, &rest, &frame), is_known ? NIB_PCAP_END : NIB_PCAP_FAULT);
        assert_int_equal(reader.fault, is_known ? NIB_PCAP_FINE : NIB_PCAP_LINK);
        assert_int_equal(reader.fault_at, is_known ? 0 : 20);
    }
}

static void a_damaged_file_names_the_octet_after_what_can_be_read(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum nib_pcap_fault fault;
        unsigned at, frames;
    } files[] = {
        {"", NIB_PCAP_CUT_FILE, 0, 0},
        {"d4c3", NIB_PCAP_CUT_FILE, 2, 0},
        {"d4c3b2a1 0200", NIB_PCAP_CUT_FILE, 6, 0},
        {"1f8b0800", NIB_PCAP_GZIP, 0, 0},
        {"fd377a58 5a00", NIB_PCAP_XZ, 0, 0},
        {"28b52ffd", NIB_PCAP_ZSTD, 0, 0},
        {"425a6839", NIB_PCAP_BZIP2, 0, 0},
        {"04224d18", NIB_PCAP_LZ4, 0, 0},
        {"47455420 2f0d0a", NIB_PCAP_NO_PCAP, 0, 0},
        {"d4c3b2a1 0300 0400 00000000 00000000 ffff0000 65000000", NIB_PCAP_VERSION, 4, 0},
        {LITTLE_MICRO "00", NIB_PCAP_CUT_RECORD, 25, 0},
        {LITTLE_MICRO LITTLE_RECORD "00f15365", NIB_PCAP_CUT_RECORD, 47, 1},
        {LITTLE_MICRO LITTLE_RECORD "00f15365 00000000 02000000 02000000 aa", NIB_PCAP_CUT_FRAME,
            60, 1},
        {LITTLE_MICRO LITTLE_RECORD "00f15365 00000000 01000400 01000400", NIB_PCAP_TOO_LONG, 51,
            1},
        {LITTLE_MICRO LITTLE_RECORD LITTLE_RECORD "00f15365 00000000 ffffffff ffffffff",
            NIB_PCAP_TOO_LONG, 70, 2},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct hex_octets o = octets_from_hex(files[i].hex);
        struct nib_text rest = {(const char *)o.at, o.len};
        struct nib_pcap_reader reader = {0};
        struct nib_pcap_frame frame;
        while (next(&reader, &rest, &frame) == NIB_PCAP_FRAME)
            ;
        assert_int_equal(reader.fault, files[i].fault);
        assert_int_equal(reader.fault_at, files[i].at);
        assert_int_equal(reader.frames, files[i].frames);
        assert_true(*nib_pcap_fault_words(reader.fault) != '\0');
        assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_FAULT); /* and stays so */
    }
}

/* Numbers that cannot be, in a record whose length is clear. */
static void an_odd_record_is_noted_and_the_next_one_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum nib_pcap_fault odd;
        unsigned at, len, real_len;
        int64_t time_ns;
    } files[] = {
        {LITTLE_MICRO "00f15365 40420f00 00000000 00000000", NIB_PCAP_FRACTION, 28, 0, 0,
            1700000001000000000},
        {LITTLE_NANO "00f15365 00ca9a3b 00000000 00000000", NIB_PCAP_FRACTION, 28, 0, 0,
            1700000001000000000},
        {LITTLE_MICRO "00f15365 00000000 02000000 01000000 aabb", NIB_PCAP_LENGTHS, 32, 2, 2,
            1700000000000000000},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char hex[300];
        (void)snprintf(hex, sizeof hex, "%s %s", files[i].hex, LITTLE_RECORD);
        struct hex_octets o = octets_from_hex(hex);
        struct nib_text rest = {(const char *)o.at, o.len};
        struct nib_pcap_reader reader = {0};
        struct nib_pcap_frame frame;
        assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_FRAME);
        assert_int_equal(frame.odd, files[i].odd);
        assert_int_equal(frame.odd_at, files[i].at);
        assert_int_equal(frame.len, files[i].len);
        assert_int_equal(frame.real_len, files[i].real_len);
        assert_true(frame.time_ns == files[i].time_ns);
        assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_FRAME);
        assert_int_equal(frame.odd, NIB_PCAP_FINE);
        assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_END);
    }
}

static void the_largest_fraction_and_frame_are_taken(void **state)
{
    (void)state;
    struct hex_octets o = octets_from_hex(LITTLE_MICRO "00f15365 3f420f00 00000400 00000400");
    uint8_t *file = zeroed(o.len + NIB_PCAP_FRAME_MAX);
    memcpy(file, o.at, o.len);
    struct nib_text rest = {(const char *)file, o.len + NIB_PCAP_FRAME_MAX};
    struct nib_pcap_reader reader = {0};
    struct nib_pcap_frame frame;
    assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_FRAME);
    assert_int_equal(frame.len, 262144);
    assert_true(frame.time_ns % 1000000000 == 999999000);
    free(file);
}

/* A prefix ends behind a frame, or is refused at its own length: nothing is read behind it. */
static void every_prefix_ends_or_is_refused_at_its_length(void **state)
{
    (void)state;
    struct hex_octets o = octets_from_hex(LITTLE_MICRO LITTLE_RECORD LITTLE_RECORD);
    for (size_t len = 0; len < o.len; len++) {
        struct nib_text block = block_of((struct nib_text){(const char *)o.at, len}), rest = block;
        struct nib_pcap_reader reader = {0};
        struct nib_pcap_frame frame;
        enum nib_pcap_step step;
        while ((step = next(&reader, &rest, &frame)) == NIB_PCAP_FRAME)
            ;
        bool whole = len == 24 || len == 24 + 19;
        assert_int_equal(step, whole ? NIB_PCAP_END : NIB_PCAP_FAULT);
        assert_int_equal(reader.fault_at, whole ? 0 : len);
        assert_int_equal(reader.frames, len >= 24 + 19);
        forget(block);
    }
}

/* As from a pipe: each octet is shown as it comes, and no frame is early, late or different. */
static void a_file_may_come_an_octet_at_a_time(void **state)
{
    (void)state;
    struct hex_octets o = octets_from_hex(LITTLE_MICRO LITTLE_RECORD LITTLE_RECORD);
    struct nib_pcap_reader reader = {0};
    struct nib_pcap_frame frame;
    size_t begin = 0, used;
    for (size_t end = 0; end <= o.len; end++) {
        struct nib_text block =
            block_of((struct nib_text){(const char *)o.at + begin, end - begin});
        enum nib_pcap_step step =
            nib_pcap_next(&reader, (const uint8_t *)block.ptr, block.len, false, &used, &frame);
        bool complete = end == 24 + 19 || end == o.len;
        assert_int_equal(step, complete ? NIB_PCAP_FRAME : NIB_PCAP_MORE);
        if (complete)
            assert_octets(frame.octets, frame.len, "\xaa\xbb\xcc");
        begin += used;
        forget(block);
    }
    assert_int_equal(nib_pcap_next(&reader, o.at, 0, true, &used, &frame), NIB_PCAP_END);
}

/* ---- writing ---- */

static const struct nib_addr client = {.ip = {10, 0, 0, 1}, .port = 40001, .family = 4};
static const struct nib_addr server = {.ip = {10, 0, 0, 2}, .port = 21000, .family = 4};
static const struct nib_addr client6 = {
    .ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .port = 40001, .family = 6};
static const struct nib_addr server6 = {
    .ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 2}, .port = 21000, .family = 6};

static void assert_hex(const uint8_t *octets, size_t len, const char *hex)
{
    struct hex_octets want = octets_from_hex(hex);
    assert_int_equal(len, want.len);
    assert_memory_equal(octets, want.at, len);
}

static void a_written_file_is_these_octets(void **state)
{
    (void)state;
    uint8_t out[256];
    struct hex_octets query = octets_from_hex(HEX_QUERY);
    nib_pcap_header(out);
    assert_hex(out, 24, LITTLE_MICRO);
    size_t n = nib_pcap_record(
        out, sizeof out, 1700000000000005, &client, &server, query.at, query.len, query.len);
    assert_hex(out, n, "00f15365 05000000 2f000000 2f000000 " HEX_PACKET);
    n = nib_pcap_record(
        out, sizeof out, 1700000000999999, &client6, &server6, query.at, query.len, query.len);
    assert_hex(out, n, "00f15365 3f420f00 43000000 43000000 " HEX_PACKET6);
}

/* Of 19 octets 6 were kept: lengths tell of 19, and there is no checksum. */
static void a_datagram_kept_in_part_keeps_its_length(void **state)
{
    (void)state;
    uint8_t out[256];
    struct hex_octets query = octets_from_hex(HEX_QUERY);
    size_t n = nib_pcap_record(out, sizeof out, 0, &client, &server, query.at, 6, 19);
    assert_hex(out, n,
        "00000000 00000000 22000000 2f000000 " HEX_IPV4 "9c41 5208 001b 0000 00000000 080d");
}

static void an_unknown_sender_is_all_zeros(void **state)
{
    (void)state;
    uint8_t out[256] = {0};
    const struct nib_addr nobody = {.port = 40001};
    struct nib_packet packet;
    size_t n = nib_packet_write(out, sizeof out, &nobody, &server6, out, 0, 0);
    struct nib_pcap_frame frame = {.link = NIB_LINK_RAW, .octets = out, .len = n, .real_len = n};
    assert_int_equal(n, 48);
    nib_packet_read(&packet, &frame);
    assert_int_equal(packet.kind, NIB_PACKET_UDP);
    assert_int_equal(packet.udp_sum, NIB_SUM_RIGHT);
}

static void a_record_never_writes_past_its_room(void **state)
{
    (void)state;
    struct hex_octets query = octets_from_hex(HEX_QUERY);
    size_t need = NIB_PCAP_RECORD_HEADER + 28 + query.len;
    for (size_t cap = 0; cap < need; cap++) {
        uint8_t *out = zeroed(cap);
        assert_int_equal(
            nib_pcap_record(out, cap, 0, &client, &server, query.at, query.len, query.len), 0);
        free(out);
    }
    assert_int_equal(nib_packet_write(NULL, 0, &client, &server, query.at, 1, 65536), 0);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    struct rng rng = dice_init();
    static uint8_t file[70000];
    uint8_t payload[800];
    for (int round = 0; round < 500; round++) {
        struct nib_addr src = round % 2 == 0 ? client : client6;
        struct nib_addr dst = round % 2 == 0 ? server : server6;
        struct nib_pcap_reader reader = {0};
        struct nib_pcap_frame frame;
        struct nib_packet packet;
        size_t len = dice_below(&rng, sizeof payload);
        int64_t time_us = (int64_t)(dice_next(&rng) % 4000000000000000u);
        src.port = (uint16_t)dice_next(&rng);
        for (size_t i = 0; i < len; i++)
            payload[i] = (uint8_t)dice_next(&rng);
        nib_pcap_header(file);
        size_t n = 24 + nib_pcap_record(
                            file + 24, sizeof file - 24, time_us, &src, &dst, payload, len, len);
        struct nib_text rest = {(const char *)file, n};
        assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_FRAME);
        assert_true(frame.time_ns == time_us * 1000);
        nib_packet_read(&packet, &frame);
        assert_int_equal(packet.kind, NIB_PACKET_UDP);
        assert_true(nib_addr_equal(&packet.udp.src, &src) && nib_addr_equal(&packet.udp.dst, &dst));
        assert_int_equal(packet.udp.len, len);
        assert_memory_equal(packet.udp.payload, payload, len);
        assert_int_equal(packet.udp_sum, NIB_SUM_RIGHT);
        assert_int_equal(packet.ip_sum, src.family == 4 ? NIB_SUM_RIGHT : NIB_SUM_UNKNOWN);
        assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_END);
    }
}

/* RFC 768: 0 stands for no checksum. Of all payloads of two octets one sums up to it. */
static void a_checksum_that_comes_out_as_0_is_written_as_ffff(void **state)
{
    (void)state;
    int n = 0;
    for (unsigned i = 0; i <= 0xffff; i++) {
        uint8_t out[64], payload[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        struct nib_packet packet;
        size_t len = nib_packet_write(out, sizeof out, &client, &server, payload, 2, 2);
        struct nib_pcap_frame frame = {
            .link = NIB_LINK_RAW, .octets = out, .len = len, .real_len = len};
        assert_int_equal(len, 30);
        assert_false(out[26] == 0 && out[27] == 0);
        if (out[26] != 0xff || out[27] != 0xff)
            continue;
        nib_packet_read(&packet, &frame);
        assert_int_equal(packet.udp_sum, NIB_SUM_RIGHT);
        n++;
    }
    assert_int_equal(n, 1);
}

static void no_datagram_is_longer_than_it_was_or_than_ip_carries(void **state)
{
    (void)state;
    static uint8_t out[65600], payload[65500];
    const size_t most = 65535 - 40 - 8;
    assert_int_equal(
        nib_packet_write(out, sizeof out, &client6, &server6, payload, most, most), 40 + 8 + most);
    assert_int_equal(
        nib_packet_write(out, sizeof out, &client6, &server6, payload, most + 1, most + 1), 0);
    assert_int_equal(nib_packet_write(out, sizeof out, &client, &server, payload, 2, 1), 0);
    assert_string_equal(nib_pcap_fault_words(NIB_PCAP_FAULT_COUNT), "");
}

static void the_first_four_octets_tell_what_is_no_capture(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum nib_pcap_step step;
        enum nib_pcap_fault fault;
    } starts[] = {
        {"0a0d0d", NIB_PCAP_MORE, NIB_PCAP_FINE},
        {"0a0d0d0a", NIB_PCAP_MORE, NIB_PCAP_FINE},
        {"1f8b", NIB_PCAP_MORE, NIB_PCAP_FINE},
        {"1f8b0800", NIB_PCAP_FAULT, NIB_PCAP_GZIP},
        {"474554", NIB_PCAP_MORE, NIB_PCAP_FINE},
        {"47455420", NIB_PCAP_FAULT, NIB_PCAP_NO_PCAP},
        {"d4c3b2a1", NIB_PCAP_MORE, NIB_PCAP_FINE},
    };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        struct hex_octets o = octets_from_hex(starts[i].hex);
        struct nib_pcap_reader reader = {0};
        struct nib_pcap_frame frame;
        size_t used;
        assert_int_equal(nib_pcap_next(&reader, o.at, o.len, false, &used, &frame), starts[i].step);
        assert_int_equal(reader.fault, starts[i].fault);
    }
}

/* 0a00 0001 0a00 0002, UDP, and a length that needs more than 16 bits. */
static void the_pseudo_header_has_all_of_its_fields(void **state)
{
    (void)state;
    assert_int_equal(nib_sum_pseudo(&client, &server, 17, 19), 0x1403 + 17 + 19);
    assert_int_equal(nib_sum_pseudo(&client, &server, 17, 0x20013), 0x1403 + 17 + 2 + 0x13);
    struct nib_addr scoped = client6; /* a scope is no part of an address in a packet */
    scoped.scope = 0x7fffffff;
    assert_int_equal(
        nib_sum_pseudo(&scoped, &scoped, 17, 19), nib_sum_pseudo(&client6, &client6, 17, 19));
}

static void a_carry_of_a_carry_is_added_too(void **state)
{
    (void)state;
    static uint8_t ones[NIB_PCAP_FRAME_MAX];
    memset(ones, 0xff, sizeof ones);
    assert_int_equal(nib_sum_fold(nib_sum_add(0, ones, sizeof ones)), 0);
    assert_int_equal(nib_sum_fold(0), 0xffff);
    assert_int_equal(nib_sum_fold(0xffff), 0);
    assert_int_equal(nib_sum_fold(0x1ffff), 0xfffe); /* 10000, then 1 */
    assert_int_equal(nib_sum_fold(0xffffffff), 0);   /* 1fffe, then ffff */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_both_byte_orders_and_both_units),
        cmocka_unit_test(every_link_type_that_is_listed_is_taken_and_no_other),
        cmocka_unit_test(a_damaged_file_names_the_octet_after_what_can_be_read),
        cmocka_unit_test(an_odd_record_is_noted_and_the_next_one_is_read),
        cmocka_unit_test(the_largest_fraction_and_frame_are_taken),
        cmocka_unit_test(every_prefix_ends_or_is_refused_at_its_length),
        cmocka_unit_test(a_file_may_come_an_octet_at_a_time),
        cmocka_unit_test(a_written_file_is_these_octets),
        cmocka_unit_test(a_datagram_kept_in_part_keeps_its_length),
        cmocka_unit_test(an_unknown_sender_is_all_zeros),
        cmocka_unit_test(a_record_never_writes_past_its_room),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(a_checksum_that_comes_out_as_0_is_written_as_ffff),
        cmocka_unit_test(no_datagram_is_longer_than_it_was_or_than_ip_carries),
        cmocka_unit_test(the_first_four_octets_tell_what_is_no_capture),
        cmocka_unit_test(the_pseudo_header_has_all_of_its_fields),
        cmocka_unit_test(a_carry_of_a_carry_is_added_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
