#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/captures.h"
#include "lib/support.h"

/* type, length, byte order, version 1.0, section length unknown, length */
#define LITTLE_SECTION "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000 "
#define BIG_SECTION "0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c "

/* type, length, link type 101, reserved, snap length 65535, length: microseconds unless told */
#define LITTLE_INTERFACE "01000000 14000000 6500 0000 ffff0000 14000000 "
#define BIG_INTERFACE "00000001 00000014 0065 0000 0000ffff 00000014 "

/* interface 0, 1700000000000005 units = 0x60a24181e4005, 3 octets of 60, padding */
#define LITTLE_PACKET                                                                              \
    "06000000 24000000 00000000 240a0600 05401e18 03000000 3c000000 aabbcc00 24000000 "
#define BIG_PACKET                                                                                 \
    "00000006 00000024 00000000 00060a24 181e4005 00000003 0000003c aabbcc00 00000024 "

static enum nib_pcap_step next(
    struct nib_pcap_reader *reader, struct nib_text *rest, struct nib_pcap_frame *frame)
{
    size_t used;
    enum nib_pcap_step step =
        nib_pcap_next(reader, (const uint8_t *)rest->ptr, rest->len, true, &used, frame);
    *rest = (struct nib_text){rest->ptr + used, rest->len - used};
    return step;
}

/* Reads a file to its end; the last frame of it in *frame, the fault in *reader. */
static enum nib_pcap_step read_all(
    const char *hex, struct nib_pcap_reader *reader, struct nib_pcap_frame *frame)
{
    static struct hex_octets o; /* the frame points into it */
    o = octets_from_hex(hex);
    struct nib_text rest = {(const char *)o.at, o.len};
    enum nib_pcap_step step;
    *reader = (struct nib_pcap_reader){0};
    while ((step = next(reader, &rest, frame)) == NIB_PCAP_FRAME)
        ;
    return step;
}

static void reads_both_byte_orders_in_one_file(void **state)
{
    (void)state;
    struct nib_pcap_reader reader = {0};
    struct nib_pcap_frame frame;
    struct hex_octets o = octets_from_hex(
        LITTLE_SECTION LITTLE_INTERFACE LITTLE_PACKET BIG_SECTION BIG_INTERFACE BIG_PACKET);
    struct nib_text rest = {(const char *)o.at, o.len};
    for (unsigned no = 1; no <= 2; no++) {
        assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_FRAME);
        assert_int_equal(frame.no, no);
        assert_int_equal(frame.at, no == 1 ? 48 : 48 + 36 + 48);
        assert_true(frame.time_ns == 1700000000000005000);
        assert_int_equal(frame.link, NIB_LINK_RAW);
        assert_int_equal(frame.real_len, 60);
        assert_octets(frame.octets, frame.len, "\xaa\xbb\xcc");
        assert_int_equal(frame.odd, NIB_PCAP_FINE);
        assert_null(frame.comment.ptr);
    }
    assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_END);
}

/* An interface with one option, and a packet of it whose time is `time`; 1 or 2 units a test. */
#define WITH_OPTION(total, option)                                                                 \
    LITTLE_SECTION "01000000 " total "6500 0000 00000000 " option total
#define AT(high, low) "06000000 20000000 00000000 " high low "00000000 00000000 20000000 "

static void times_come_in_any_resolution(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        int64_t time_ns;
    } files[] = {
        {WITH_OPTION("20000000 ", "0900 0100 00000000 00000000 ") AT("00000000 ", "07000000 "),
            7000000000},
        {WITH_OPTION("20000000 ", "0900 0100 03000000 00000000 ") AT("00000000 ", "07000000 "),
            7000000},
        {WITH_OPTION("20000000 ", "0900 0100 09000000 00000000 ") AT("01000000 ", "07000000 "),
            4294967303},
        /* 10^-12: picoseconds are cut off */
        {WITH_OPTION("20000000 ", "0900 0100 0c000000 00000000 ") AT("00000000 ", "d0070000 "), 2},
        {WITH_OPTION("20000000 ", "0900 0100 0c000000 00000000 ") AT("00000000 ", "cf070000 "), 1},
        /* 10^-20 and 10^-127: not even 2^64 of them make a second, or a nanosecond */
        {WITH_OPTION("20000000 ", "0900 0100 14000000 00000000 ") AT("ffffffff ", "ffffffff "),
            184467440},
        {WITH_OPTION("20000000 ", "0900 0100 7f000000 00000000 ") AT("ffffffff ", "ffffffff "), 0},
        /* 2^-1, 2^-32, 2^-63, 2^-64, 2^-127 */
        {WITH_OPTION("20000000 ", "0900 0100 81000000 00000000 ") AT("00000000 ", "03000000 "),
            1500000000},
        {WITH_OPTION("20000000 ", "0900 0100 a0000000 00000000 ") AT("05000000 ", "00000080 "),
            5500000000},
        {WITH_OPTION("20000000 ", "0900 0100 bf000000 00000000 ") AT("000000c0 ", "00000000 "),
            1500000000},
        {WITH_OPTION("20000000 ", "0900 0100 c0000000 00000000 ") AT("00000080 ", "00000000 "),
            500000000},
        {WITH_OPTION("20000000 ", "0900 0100 ff000000 00000000 ") AT("ffffffff ", "ffffffff "), 0},
        /* an hour earlier, by if_tsoffset; no end of options */
        {WITH_OPTION("20000000 ", "0e00 0800 f0f1ffffffffffff ") AT("00000000 ", "40420f00 "),
            -3599000000000},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct nib_pcap_reader reader;
        struct nib_pcap_frame frame = {0};
        assert_int_equal(read_all(files[i].hex, &reader, &frame), NIB_PCAP_END);
        assert_int_equal(reader.frames, 1);
        assert_true(frame.time_ns == files[i].time_ns);
        assert_int_equal(frame.odd, NIB_PCAP_FINE);
    }
}

/* Ethernet, raw, and one of a kind that is not read. */
static void each_packet_has_the_link_type_of_its_interface(void **state)
{
    (void)state;
    struct nib_pcap_reader reader = {0};
    struct nib_pcap_frame frame;
    struct hex_octets o = octets_from_hex(
        LITTLE_SECTION "01000000 14000000 0100 0000 00000000 14000000 " LITTLE_INTERFACE
                       "01000000 14000000 bd00 0000 00000000 14000000 "
                       "06000000 20000000 01000000 00000000 00000000 00000000 00000000 20000000 "
                       "06000000 20000000 02000000 00000000 00000000 00000000 00000000 20000000 "
                       "06000000 20000000 00000000 00000000 00000000 00000000 00000000 20000000 "
                       "06000000 20000000 03000000 00000000 00000000 00000000 00000000 20000000 "
                       "02000000 20000000 0000 0000 00000000 00000000 00000000 00000000 20000000 ");
    struct nib_text rest = {(const char *)o.at, o.len};
    static const struct {
        enum nib_link link;
        enum nib_pcap_fault odd;
    } want[] = {{NIB_LINK_RAW, NIB_PCAP_FINE}, {NIB_LINK_UNKNOWN, NIB_PCAP_LINK},
        {NIB_LINK_ETHERNET, NIB_PCAP_FINE}, {NIB_LINK_UNKNOWN, NIB_PCAP_INTERFACE},
        {NIB_LINK_ETHERNET, NIB_PCAP_FINE}};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_FRAME);
        assert_int_equal(frame.link, want[i].link);
        assert_int_equal(frame.odd, want[i].odd);
    }
    assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_END);
}

/* Its length is the wire's, cut to the snap length of the first interface: 2. */
static void a_simple_packet_has_no_time_and_the_first_interface(void **state)
{
    (void)state;
    struct nib_pcap_reader reader;
    struct nib_pcap_frame frame;
    assert_int_equal(read_all(LITTLE_SECTION "01000000 14000000 6500 0000 02000000 14000000 "
                                             "03000000 14000000 3c000000 aabb0000 14000000 ",
                         &reader, &frame),
        NIB_PCAP_END);
    assert_int_equal(reader.frames, 1);
    assert_octets(frame.octets, frame.len, "\xaa\xbb");
    assert_int_equal(frame.real_len, 60);
    assert_int_equal(frame.link, NIB_LINK_RAW);
    assert_int_equal(frame.time_ns, 0);
}

/* Names, statistics, a custom block, and one of which nothing but its length is known. */
static void other_blocks_are_passed_over(void **state)
{
    (void)state;
    struct nib_pcap_reader reader;
    struct nib_pcap_frame frame;
    assert_int_equal(
        read_all(LITTLE_SECTION "04000000 10000000 00000000 10000000 " LITTLE_INTERFACE
                                "05000000 18000000 00000000 00000000 00000000 18000000 "
                                "ad0b0000 10000000 12345678 10000000 "
                                "efbeadde 0c000000 0c000000 " LITTLE_PACKET,
            &reader, &frame),
        NIB_PCAP_END);
    assert_int_equal(reader.frames, 1);
    assert_int_equal(frame.len, 3);
}

/* opt_comment "why", its padding, epb_flags outbound, end */
static void a_comment_is_shown_with_its_packet(void **state)
{
    (void)state;
    struct nib_pcap_reader reader;
    struct nib_pcap_frame frame;
    assert_int_equal(read_all(LITTLE_SECTION LITTLE_INTERFACE
                         "06000000 38000000 00000000 00000000 00000000 01000000 01000000 aa000000 "
                         "0200 0400 02000000 0100 0300 77687900 00000000 38000000 ",
                         &reader, &frame),
        NIB_PCAP_END);
    assert_octets((const uint8_t *)frame.comment.ptr, frame.comment.len, "why");
}

static void a_damaged_file_names_the_octet_after_what_can_be_read(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum nib_pcap_fault fault;
        unsigned at, frames;
    } files[] = {
        {"0a0d0d0a", NIB_PCAP_CUT_BLOCK, 4, 0},
        {"0a0d0d0a 1c000000 4d3c2b1a", NIB_PCAP_CUT_BLOCK, 12, 0},
        {"0a0d0d0a 1c000000 4d3c2b1b", NIB_PCAP_ORDER, 8, 0},
        {"0a0d0d0a 18000000 4d3c2b1a 0100 0000 ffffffff 18000000", NIB_PCAP_BLOCK_LENGTH, 4, 0},
        {"0a0d0d0a 1c000000 4d3c2b1a 0200 0000 ffffffffffffffff 1c000000", NIB_PCAP_VERSION, 12, 0},
        {"0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 18000000", NIB_PCAP_BLOCK_END, 24,
            0},
        {LITTLE_SECTION "01000000 10000000 6500 0000 10000000", NIB_PCAP_BLOCK_LENGTH, 32, 0},
        {LITTLE_SECTION "01000000 15000000 6500 0000 ffff0000", NIB_PCAP_BLOCK_LENGTH, 32, 0},
        {LITTLE_SECTION "01000000 08000000 6500 0000 ffff0000", NIB_PCAP_BLOCK_LENGTH, 32, 0},
        {LITTLE_SECTION LITTLE_INTERFACE "06000000 18000000 00000000 00000000 00000000 18000000",
            NIB_PCAP_BLOCK_LENGTH, 52, 0},
        {LITTLE_SECTION LITTLE_INTERFACE LITTLE_PACKET "06000000 24000000 0000", NIB_PCAP_CUT_BLOCK,
            94, 1},
        {LITTLE_SECTION LITTLE_INTERFACE LITTLE_PACKET "0a000000 24000000 00000000 0000",
            NIB_PCAP_CUT_BLOCK, 98, 1},
        {LITTLE_SECTION "03000000 0c000000 0c000000", NIB_PCAP_BLOCK_LENGTH, 32, 0},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct nib_pcap_reader reader;
        struct nib_pcap_frame frame;
        assert_int_equal(read_all(files[i].hex, &reader, &frame), NIB_PCAP_FAULT);
        assert_int_equal(reader.fault, files[i].fault);
        assert_int_equal(reader.fault_at, files[i].at);
        assert_int_equal(reader.frames, files[i].frames);
    }
}

static void an_odd_packet_is_noted_and_the_next_one_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum nib_pcap_fault odd;
        unsigned len, real_len;
    } packets[] = {
        {"06000000 24000000 00000000 00000000 00000000 03000000 02000000 aabbcc00 24000000 ",
            NIB_PCAP_LENGTHS, 3, 3},
        {"06000000 24000000 00000000 00000000 00000000 05000000 09000000 aabbccdd 24000000 ",
            NIB_PCAP_OVER_BLOCK, 4, 9},
        {"03000000 14000000 3c000000 aabb0000 14000000 ", NIB_PCAP_OVER_BLOCK, 4, 60},
        {"06000000 20000000 00000000 ffffffff ffffffff 00000000 00000000 20000000 ", NIB_PCAP_TIME,
            0, 0},
    };
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        char hex[600];
        (void)snprintf(hex, sizeof hex, "%s%s%s", LITTLE_SECTION LITTLE_INTERFACE, packets[i].hex,
            LITTLE_PACKET);
        struct hex_octets o = octets_from_hex(hex);
        struct nib_text rest = {(const char *)o.at, o.len};
        struct nib_pcap_reader reader = {0};
        struct nib_pcap_frame frame;
        assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_FRAME);
        assert_int_equal(frame.odd, packets[i].odd);
        assert_int_equal(frame.odd_at, 48);
        assert_int_equal(frame.len, packets[i].len);
        assert_int_equal(frame.real_len, packets[i].real_len);
        assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_FRAME);
        assert_int_equal(frame.odd, NIB_PCAP_FINE);
        assert_int_equal(next(&reader, &rest, &frame), NIB_PCAP_END);
    }
}

static void a_section_has_256_interfaces_and_no_more(void **state)
{
    (void)state;
    struct hex_octets section = octets_from_hex(LITTLE_SECTION);
    struct hex_octets interface = octets_from_hex(LITTLE_INTERFACE);
    size_t len = section.len + 257 * interface.len;
    uint8_t *file = zeroed(len);
    memcpy(file, section.at, section.len);
    for (size_t i = 0; i < 257; i++)
        memcpy(file + section.len + i * interface.len, interface.at, interface.len);
    for (size_t n = 256; n <= 257; n++) {
        struct nib_text rest = {(const char *)file, section.len + n * interface.len};
        struct nib_pcap_reader reader = {0};
        struct nib_pcap_frame frame;
        assert_int_equal(next(&reader, &rest, &frame), n == 256 ? NIB_PCAP_END : NIB_PCAP_FAULT);
        assert_int_equal(reader.fault, n == 256 ? NIB_PCAP_FINE : NIB_PCAP_INTERFACES);
    }
    free(file);
}

/* A block of 4 MB that nobody knows is passed over with 16 octets to see at a time. */
static void a_long_block_needs_no_room(void **state)
{
    (void)state;
    struct nib_pcap_reader reader = {0};
    struct nib_pcap_frame frame;
    size_t used, len = 1 << 22;
    struct hex_octets section = octets_from_hex(LITTLE_SECTION);
    uint8_t *file = zeroed(section.len + len);
    memcpy(file, section.at, section.len);
    file[section.len] = 0x0a;
    file[section.len + 6] = file[section.len + len - 2] = 0x40; /* 0x400000 */
    for (size_t at = 0; at < section.len + len; at += used) {
        size_t left = section.len + len - at;
        enum nib_pcap_step step =
            nib_pcap_next(&reader, file + at, left < 16 ? left : 16, false, &used, &frame);
        assert_int_equal(step, NIB_PCAP_MORE);
        assert_true(used > 0);
    }
    assert_int_equal(nib_pcap_next(&reader, file, 0, true, &used, &frame), NIB_PCAP_END);
    free(file);
}

/* As from a pipe: each octet is shown as it comes, in a block of exactly what is there. */
static void a_file_may_come_an_octet_at_a_time(void **state)
{
    (void)state;
    struct hex_octets o = octets_from_hex(
        LITTLE_SECTION LITTLE_INTERFACE "04000000 10000000 00000000 10000000 " LITTLE_PACKET);
    struct nib_pcap_reader reader = {0};
    struct nib_pcap_frame frame;
    size_t begin = 0, used, frames = 0;
    for (size_t end = 0; end <= o.len; end++) {
        struct nib_text block =
            block_of((struct nib_text){(const char *)o.at + begin, end - begin});
        enum nib_pcap_step step =
            nib_pcap_next(&reader, (const uint8_t *)block.ptr, block.len, false, &used, &frame);
        assert_int_equal(step, end == o.len - 4 ? NIB_PCAP_FRAME : NIB_PCAP_MORE);
        if (step == NIB_PCAP_FRAME)
            assert_octets(frame.octets, frame.len, "\xaa\xbb\xcc");
        frames += step == NIB_PCAP_FRAME;
        begin += used;
        forget(block);
    }
    assert_int_equal(frames, 1);
    assert_int_equal(nib_pcap_next(&reader, o.at, 0, true, &used, &frame), NIB_PCAP_END);
}

/* ---- writing ---- */

static const struct nib_addr client = {.ip = {10, 0, 0, 1}, .port = 40001, .family = 4};
static const struct nib_addr server = {.ip = {10, 0, 0, 2}, .port = 21000, .family = 4};

static void assert_hex(const uint8_t *octets, size_t len, const char *hex)
{
    struct hex_octets want = octets_from_hex(hex);
    assert_int_equal(len, want.len);
    assert_memory_equal(octets, want.at, len);
}

static void what_is_written_is_these_octets(void **state)
{
    (void)state;
    uint8_t out[256];
    struct hex_octets query = octets_from_hex(HEX_QUERY);
    size_t n = nib_pcapng_header(out, sizeof out, NIB_TEXT("client 0.1"));
    assert_hex(out, n,
        "0a0d0d0a 30000000 4d3c2b1a 0100 0000 ffffffffffffffff "
        "0400 0a00 636c69656e7420302e31 0000 00000000 30000000 " LITTLE_INTERFACE);
    n = nib_pcapng_name(out, sizeof out, &client, NIB_TEXT("client"));
    assert_hex(out, n, "04000000 20000000 0100 0b00 0a000001 636c69656e7400 00 00000000 20000000");
    n = nib_pcapng_packet(out, sizeof out, 1700000000000005, NIB_DIRECTION_OUT, NIB_TEXT("why"),
        &client, &server, query.at, query.len, query.len);
    assert_hex(out, n,
        "06000000 64000000 00000000 240a0600 05401e18 2f000000 2f000000 " HEX_PACKET "00 "
        "0100 0300 77687900 0200 0400 02000000 00000000 64000000");
    n = nib_pcapng_packet(out, sizeof out, 0, NIB_DIRECTION_UNKNOWN, NIB_TEXT(""), &client, &server,
        query.at, query.len, query.len);
    assert_hex(out, n,
        "06000000 50000000 00000000 00000000 00000000 2f000000 2f000000 " HEX_PACKET "00 "
        "50000000");
}

static void nothing_is_written_past_its_room(void **state)
{
    (void)state;
    struct hex_octets query = octets_from_hex(HEX_QUERY);
    for (size_t cap = 0; cap < 100; cap++) {
        uint8_t *out = zeroed(cap);
        assert_int_equal(nib_pcapng_packet(out, cap, 0, NIB_DIRECTION_IN, NIB_TEXT("why"), &client,
                             &server, query.at, query.len, query.len),
            0);
        assert_true(cap >= 68 || nib_pcapng_header(out, cap, NIB_TEXT("client 0.1")) == 0);
        assert_true(cap >= 32 || nib_pcapng_name(out, cap, &client, NIB_TEXT("client")) == 0);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_both_byte_orders_in_one_file),
        cmocka_unit_test(times_come_in_any_resolution),
        cmocka_unit_test(each_packet_has_the_link_type_of_its_interface),
        cmocka_unit_test(a_simple_packet_has_no_time_and_the_first_interface),
        cmocka_unit_test(other_blocks_are_passed_over),
        cmocka_unit_test(a_comment_is_shown_with_its_packet),
        cmocka_unit_test(a_damaged_file_names_the_octet_after_what_can_be_read),
        cmocka_unit_test(an_odd_packet_is_noted_and_the_next_one_is_read),
        cmocka_unit_test(a_section_has_256_interfaces_and_no_more),
        cmocka_unit_test(a_long_block_needs_no_room),
        cmocka_unit_test(a_file_may_come_an_octet_at_a_time),
        cmocka_unit_test(what_is_written_is_these_octets),
        cmocka_unit_test(nothing_is_written_past_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
