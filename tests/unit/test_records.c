#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/records.h"
#include "nibdns/table.h"

enum { SEED = 5, FAULTS_MAX = 16 };

#define HEADER "record_no,name,type,result,ttl,static\n"
#define LOCAL_ROWS                                                                                 \
    "0,www.csusm.edu,A,144.37.5.45,None,1\n"                                                       \
    "1,my.csusm.edu,A,144.37.5.150,None,1\n"                                                       \
    "2,amazone.com,NS,dns.amazone.com,None,1\n"                                                    \
    "3,dns.amazone.com,A,127.0.0.1,None,1\n"
#define LOCAL HEADER LOCAL_ROWS

/* A file that was read: its zone, and what was said of it. */
struct reading {
    struct nib_zone zone;
    void *memory;
    struct nib_text block;
    bool ok;
    struct nib_faults faults;
    struct {
        size_t line, column;
        char words[NIB_FAULT_MAX];
    } said[FAULTS_MAX];
    size_t n_said;
};

static void note(void *ctx, size_t line, size_t column, const char *words)
{
    struct reading *r = ctx;
    assert_true(strlen(words) < NIB_FAULT_MAX);
    for (const char *c = words; *c != '\0'; c++)
        assert_in_range(*c, 0x20, 0x7e);
    if (r->n_said == FAULTS_MAX)
        return;
    r->said[r->n_said].line = line;
    r->said[r->n_said].column = column;
    memcpy(r->said[r->n_said++].words, words, strlen(words) + 1);
}

static void prepare(struct reading *r, size_t records, size_t octets)
{
    memset(r, 0, sizeof *r);
    r->memory = zeroed(nib_zone_bytes(records, octets));
    nib_zone_init(&r->zone, r->memory, records, octets, SEED);
    r->faults = (struct nib_faults){.ctx = r, .fault = note};
}

/* Reads from a block of exactly the file's size into a zone of exactly the promised room. */
static void read_file(struct reading *r, struct nib_text file)
{
    prepare(r, nib_records_count(file), file.len);
    r->block = block_of(file);
    r->ok = nib_records_read(r->block, &r->zone, &r->faults);
    assert_int_equal(r->ok, r->faults.n == 0);
    assert_true(r->n_said == r->faults.n || r->n_said == FAULTS_MAX);
}

/* The same in pieces of that many lines, each gone when the next one comes. */
static void read_pieces(struct reading *r, struct nib_text file, size_t lines)
{
    size_t room = nib_records_count(file);
    prepare(r, room, file.len);
    struct nib_records records = {.zone = &r->zone, .faults = &r->faults};
    for (size_t from = 0, to = 0; from < file.len; from = to) {
        for (size_t n = 0; to < file.len && n < lines; to++)
            n += file.ptr[to] == '\n';
        struct nib_text piece = block_of((struct nib_text){file.ptr + from, to - from});
        nib_records_piece(&records, piece);
        forget(piece);
    }
    r->ok = nib_records_end(&records);
}

static void reset(struct reading *r)
{
    if (r->block.ptr != NULL)
        forget(r->block);
    free(r->memory);
}

/* The same records, the same faults. */
static void assert_same_reading(struct reading *a, struct reading *b)
{
    struct nib_zone_walk in_a = {0}, in_b = {0};
    struct nib_rr x, y;
    assert_int_equal(a->ok, b->ok);
    assert_int_equal(a->zone.n, b->zone.n);
    while (nib_zone_walk(&a->zone, &in_a, &x) && nib_zone_walk(&b->zone, &in_b, &y)) {
        assert_same_text(x.name, y.name);
        assert_int_equal(x.type, y.type);
        assert_same_text(x.result, y.result);
    }
    assert_int_equal(a->faults.n, b->faults.n);
    for (size_t i = 0; i < a->n_said; i++) {
        assert_string_equal(a->said[i].words, b->said[i].words);
        assert_int_equal(a->said[i].line, b->said[i].line);
        assert_int_equal(a->said[i].column, b->said[i].column);
    }
}

/* The file is refused for this fault alone, and its line adds nothing to the records before it. */
static void assert_refused_behind(
    uint32_t records, struct nib_text file, size_t line, size_t column, const char *words)
{
    struct reading r;
    read_file(&r, file);
    assert_false(r.ok);
    assert_int_equal(r.faults.n, 1);
    assert_string_equal(r.said[0].words, words);
    assert_int_equal(r.said[0].line, line);
    assert_int_equal(r.said[0].column, column);
    assert_int_equal(r.zone.n, records);
    reset(&r);
}

static void assert_refused(struct nib_text file, size_t line, size_t column, const char *words)
{
    assert_refused_behind(0, file, line, column, words);
}

/* The file is taken; the zone, numbered, prints as this behind the header. */
static void assert_read(struct nib_text file, const char *rows)
{
    struct reading r;
    struct nib_table table = {0};
    char out[2048], want[2048];
    read_file(&r, file);
    for (size_t i = 0; i < r.n_said; i++)
        print_error("%zu:%zu: %s\n", r.said[i].line, r.said[i].column, r.said[i].words);
    assert_true(r.ok);
    nib_table_set_zone(&table, &r.zone);
    size_t len = nib_table_text(&table, 0, out, sizeof out);
    snprintf(want, sizeof want, "\n%s%s", HEADER, rows);
    assert_text(((struct nib_text){out, len}), want);
    reset(&r);
}

static void the_local_servers_file_is_read(void **state)
{
    (void)state;
    assert_read(NIB_TEXT(LOCAL), LOCAL_ROWS);
}

static void a_header_alone_is_a_file_of_no_records(void **state)
{
    (void)state;
    assert_read(NIB_TEXT(HEADER), "");
    assert_read(NIB_TEXT("record_no,name,type,result,ttl,static"), "");
}

static void comments_and_empty_lines_are_fine_everywhere(void **state)
{
    (void)state;
    assert_read(NIB_TEXT("# the campus\n"
                         "\n"
                         "   \t\n"
                         "record_no,name,type,result,ttl,static # the header\n"
                         "#0,gone.csusm.edu,A,144.37.5.1,None,1\n"
                         "0,www.csusm.edu,A,144.37.5.45,None,1# the site, and more, here\n"
                         "\n"
                         "  # the end\n"
                         "#"),
        "0,www.csusm.edu,A,144.37.5.45,None,1\n");
}

static void blanks_around_fields_are_no_part_of_them(void **state)
{
    (void)state;
    assert_read(NIB_TEXT("  record_no,name,type,result,ttl,static\t\n"
                         " 0 ,\twww.csusm.edu\t, A , 144.37.5.45 ,  None , 1 \n"),
        "0,www.csusm.edu,A,144.37.5.45,None,1\n");
}

static void lines_may_end_in_cr_lf(void **state)
{
    (void)state;
    assert_read(NIB_TEXT("record_no,name,type,result,ttl,static\r\n"
                         "\r\n"
                         "0,www.csusm.edu,A,144.37.5.45,None,1\r\n"
                         "1,my.csusm.edu,A,144.37.5.150,None,1\r\n"),
        "0,www.csusm.edu,A,144.37.5.45,None,1\n1,my.csusm.edu,A,144.37.5.150,None,1\n");
}

static void the_last_line_needs_no_newline(void **state)
{
    (void)state;
    assert_read(NIB_TEXT(HEADER "0,www.csusm.edu,A,144.37.5.45,None,1"),
        "0,www.csusm.edu,A,144.37.5.45,None,1\n");
}

static void record_numbers_may_be_empty_and_are_given_anew(void **state)
{
    (void)state;
    assert_read(NIB_TEXT(HEADER ",a.example,A,192.0.2.1,None,1\n"
                                "77,b.example,A,192.0.2.2,None,1\n"
                                "77,c.example,A,192.0.2.3,None,1\n"
                                "99999999999999999999999,d.example,A,192.0.2.4,None,1\n"),
        "0,a.example,A,192.0.2.1,None,1\n1,b.example,A,192.0.2.2,None,1\n"
        "2,c.example,A,192.0.2.3,None,1\n3,d.example,A,192.0.2.4,None,1\n");
}

static void types_are_read_in_any_case_and_names_keep_theirs(void **state)
{
    (void)state;
    assert_read(NIB_TEXT(HEADER ",A.Example,aaaa,2001:DB8::1,None,1\n"
                                ",B.example,Cname,A.Example,None,1\n"),
        "0,A.Example,AAAA,2001:DB8::1,None,1\n1,B.example,CNAME,A.Example,None,1\n");
}

static void several_name_servers_of_a_domain_are_read(void **state)
{
    (void)state;
    assert_read(NIB_TEXT(HEADER ",amazone.com,NS,b.amazone.com,None,1\n"
                                ",amazone.com,NS,a.amazone.com,None,1\n"),
        "0,amazone.com,NS,b.amazone.com,None,1\n1,amazone.com,NS,a.amazone.com,None,1\n");
}

static void a_file_without_a_header_is_refused(void **state)
{
    (void)state;
    const char *words = "the first line must be record_no,name,type,result,ttl,static";
    assert_refused(NIB_TEXT(""), 1, 1, words);
    assert_refused(NIB_TEXT("\n"), 1, 1, words);
    assert_refused(NIB_TEXT("\n# nothing but this\n\n"), 1, 1, words);
    assert_refused(NIB_TEXT("0,www.csusm.edu,A,144.37.5.45,None,1\n"), 1, 1, words);
    assert_refused(NIB_TEXT("record_no,name,type,result,ttl\n"), 1, 1, words);
    assert_refused(NIB_TEXT("Record_no,name,type,result,ttl,static\n"), 1, 1, words);
}

static void a_wrong_header_is_said_where_it_stands_and_ends_the_reading(void **state)
{
    (void)state;
    assert_refused(NIB_TEXT("# a comment\n\n  name,type\nwhatever,follows\n"), 3, 3,
        "the first line must be record_no,name,type,result,ttl,static");
}

/* One line behind the header, with one fault. */
struct wrong_line {
    const char *line;
    size_t column;
    const char *words;
};

static void assert_lines_refused(const struct wrong_line *lines, size_t n)
{
    char file[1024];
    for (size_t i = 0; i < n; i++) {
        snprintf(file, sizeof file, "%s%s\n", HEADER, lines[i].line);
        assert_refused(text_of(file), 2, lines[i].column, lines[i].words);
    }
}

#define ASSERT_LINES_REFUSED(lines) assert_lines_refused((lines), sizeof(lines) / sizeof *(lines))

static void a_line_with_another_number_of_fields_is_refused(void **state)
{
    (void)state;
    static const struct wrong_line lines[] = {
        {"www.csusm.edu", 1, "a record has 6 fields, this line has 1"},
        {"0,www.csusm.edu,A,144.37.5.45,None", 1, "a record has 6 fields, this line has 5"},
        {"  0,www.csusm.edu,A,144.37.5.45,None", 3, "a record has 6 fields, this line has 5"},
        {"0,www.csusm.edu,A,144.37.5.45,None,1,", 1, "a record has 6 fields, this line has 7"},
        {",,,,,,,,", 1, "a record has 6 fields, this line has 9"},
        {"0,www.csusm.edu,A,144.37.5.45,None#,1", 1, "a record has 6 fields, this line has 5"},
    };
    ASSERT_LINES_REFUSED(lines);
}

static void a_record_number_that_is_none_is_refused(void **state)
{
    (void)state;
    static const struct wrong_line lines[] = {
        {"x,a.example,A,192.0.2.1,None,1", 1, "record number \"x\" is no number: leave it empty"},
        {"-1,a.example,A,192.0.2.1,None,1", 1, "record number \"-1\" is no number: leave it empty"},
        {" 12a,a.example,A,192.0.2.1,None,1", 4,
            "record number \"12a\" is no number: leave it empty"},
        {"1 2,a.example,A,192.0.2.1,None,1", 2,
            "record number \"1 2\" is no number: leave it empty"},
    };
    ASSERT_LINES_REFUSED(lines);
}

static void a_name_that_is_none_is_refused_at_its_wrong_octet(void **state)
{
    (void)state;
    static const struct wrong_line lines[] = {
        {"0,,A,192.0.2.1,None,1", 3, "name: name length is not 1 to 253"},
        {"0,a b.example,A,192.0.2.1,None,1", 4,
            "name \"a b.example\": name has an octet that is no letter, digit, -, _ or ."},
        {"0,a..example,A,192.0.2.1,None,1", 5, "name \"a..example\": name has an empty label"},
        {"0,.example,A,192.0.2.1,None,1", 3, "name \".example\": name has an empty label"},
        {"0,a.example.,A,192.0.2.1,None,1", 12,
            "name \"a.example.\": name has an empty label; leave out the dot at the end"},
        {"0,.,A,192.0.2.1,None,1", 3, "name \".\": name has an empty label"},
        {"0,m\xc3\xbcnchen.example,A,192.0.2.1,None,1", 4,
            "name \"m\\195\\188nchen.example\": name has an octet that is no letter, digit, -, _ "
            "or .; an international name is written in its xn-- form (punycode)"},
        {"0,a\x1b[2J,A,192.0.2.1,None,1", 4,
            "name \"a\\027[2J\": name has an octet that is no letter, digit, -, _ or ."},
        /* 64 octets in a label */
        {"0,aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg,A,192.0.2.1,None,1",
            66,
            "name \"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg\": "
            "name has a label of more than 63 octets"},
    };
    ASSERT_LINES_REFUSED(lines);
}

static void a_name_that_is_too_long_is_quoted_in_part(void **state)
{
    (void)state;
    char file[1024], name[NIB_NAME_MAX + 2], words[256];
    for (size_t i = 0; i < NIB_NAME_MAX + 1; i++)
        name[i] = i % 50 == 49 ? '.' : 'x';
    name[NIB_NAME_MAX + 1] = '\0';
    snprintf(file, sizeof file, "%s0,%s,A,192.0.2.1,None,1\n", HEADER, name);
    snprintf(words, sizeof words, "name \"%.80s...\": name length is not 1 to 253", name);
    assert_refused(text_of(file), 2, 3, words);
}

static void a_name_of_more_than_80_octets_is_quoted_in_part(void **state)
{
    (void)state;
    for (size_t len = 78; len <= 84; len++) {
        char file[1024], name[128], words[256];
        fill_name(name, len, 'x');
        name[len - 1] = '!';
        snprintf(file, sizeof file, "%s0,%s,A,192.0.2.1,None,1\n", HEADER, name);
        snprintf(words, sizeof words,
            "name \"%.80s%s\": name has an octet that is no letter, digit, -, _ or .", name,
            len > 80 ? "..." : "");
        assert_refused(text_of(file), 2, 2 + len, words);
    }
}

static void the_dot_behind_a_name_of_one_letter_has_its_hint(void **state)
{
    (void)state;
    static const struct wrong_line lines[] = {
        {"0,a.,A,192.0.2.1,None,1", 4,
            "name \"a.\": name has an empty label; leave out the dot at the end"},
    };
    ASSERT_LINES_REFUSED(lines);
}

static void a_type_that_goes_on_behind_a_blank_has_its_hint(void **state)
{
    (void)state;
    static const struct wrong_line lines[] = {
        {"0,a.example,NS 1,192.0.2.1,None,1", 13,
            "type \"NS 1\" is none of A, AAAA, CNAME, NS; did you mean NS?"},
    };
    ASSERT_LINES_REFUSED(lines);
}

static void a_type_that_is_none_is_refused_with_a_hint(void **state)
{
    (void)state;
    static const struct wrong_line lines[] = {
        {"0,a.example,MX,192.0.2.1,None,1", 13, "type \"MX\" is none of A, AAAA, CNAME, NS"},
        {"0,a.example,,192.0.2.1,None,1", 13, "type is none of A, AAAA, CNAME, NS"},
        {"0,a.example,AA,192.0.2.1,None,1", 13,
            "type \"AA\" is none of A, AAAA, CNAME, NS; did you mean AAAA?"},
        {"0,a.example,aaaaa,192.0.2.1,None,1", 13,
            "type \"aaaaa\" is none of A, AAAA, CNAME, NS; did you mean AAAA?"},
        {"0,a.example,CNMAE,192.0.2.1,None,1", 13,
            "type \"CNMAE\" is none of A, AAAA, CNAME, NS; did you mean CNAME?"},
        {"0,a.example,NAMESERVER,192.0.2.1,None,1", 13,
            "type \"NAMESERVER\" is none of A, AAAA, CNAME, NS; did you mean NS?"},
    };
    ASSERT_LINES_REFUSED(lines);
}

static void a_result_that_does_not_fit_its_type_is_refused(void **state)
{
    (void)state;
    static const struct wrong_line lines[] = {
        {"0,a.example,A,,None,1", 15, "result: result length is not 1 to 253"},
        {"0,a.example,A,192.0.2,None,1", 15,
            "result \"192.0.2\": result of type A is no IPv4 address"},
        {"0,a.example,A,192.0.2.01,None,1", 15,
            "result \"192.0.2.01\": result of type A is no IPv4 address"},
        {"0,a.example,A,::1,None,1", 15, "result \"::1\": result of type A is no IPv4 address"},
        {"0,a.example,A,Record not found,None,1", 15,
            "result \"Record not found\": result of type A is no IPv4 address"},
        {"0,a.example,AAAA,192.0.2.1,None,1", 18,
            "result \"192.0.2.1\": result of type AAAA is no IPv6 address"},
        {"0,a.example,AAAA,fe80::1%1,None,1", 18,
            "result \"fe80::1%1\": result of type AAAA is no IPv6 address"},
        {"0,a.example,CNAME,b..c,None,1", 21, "result \"b..c\": name has an empty label"},
        {"0,a.example,CNAME,Server failure,None,1", 25,
            "result \"Server failure\": name has an octet that is no letter, digit, -, _ or ."},
        {"0,a.example,NS,dns.example.,None,1", 27,
            "result \"dns.example.\": name has an empty label; leave out the dot at the end"},
    };
    ASSERT_LINES_REFUSED(lines);
}

static void a_ttl_other_than_none_is_refused(void **state)
{
    (void)state;
    static const struct wrong_line lines[] = {
        {"0,a.example,A,192.0.2.1,60,1", 25, "ttl \"60\" must be None"},
        {"0,a.example,A,192.0.2.1,none,1", 25, "ttl \"none\" must be None"},
        {"0,a.example,A,192.0.2.1,,1", 25, "ttl must be None"},
    };
    ASSERT_LINES_REFUSED(lines);
}

static void a_record_that_is_not_static_is_refused(void **state)
{
    (void)state;
    static const struct wrong_line lines[] = {
        {"0,a.example,A,192.0.2.1,None,0", 30, "static \"0\" must be 1"},
        {"0,a.example,A,192.0.2.1,None,", 30, "static must be 1"},
        {"0,a.example,A,192.0.2.1,None,11", 30, "static \"11\" must be 1"},
    };
    ASSERT_LINES_REFUSED(lines);
}

static void a_record_that_clashes_with_one_before_is_refused(void **state)
{
    (void)state;
    static const struct wrong_line seconds[] = {
        {",A.example,A,192.0.2.2,None,1", 2,
            "name \"A.example\" has a record of this type already"},
        {"9,a.example,CNAME,b.example,None,1", 3,
            "name \"a.example\" has a CNAME record and another one: a name with a CNAME has no "
            "other record"},
        {",c.example,AAAA,::1,None,1", 2,
            "name \"c.example\" has a CNAME record and another one: a name with a CNAME has no "
            "other record"},
        {",d.example,NS,NS.example,None,1", 2, "name \"d.example\" has this NS record already"},
    };
    char file[1024];
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        snprintf(file, sizeof file, "%s%s%s\n", HEADER,
            ",a.example,A,192.0.2.1,None,1\n"
            ",c.example,CNAME,b.example,None,1\n"
            ",d.example,NS,ns.example,None,1\n",
            seconds[i].line);
        assert_refused_behind(3, text_of(file), 5, seconds[i].column, seconds[i].words);
    }
}

static void a_nul_octet_is_said_like_any_other(void **state)
{
    (void)state;
    assert_refused(NIB_TEXT(HEADER "0,a\0b,A,192.0.2.1,None,1\n"), 2, 4,
        "name \"a\\000b\": name has an octet that is no letter, digit, -, _ or .");
    assert_refused(NIB_TEXT(HEADER "0,a,A\0,192.0.2.1,None,1\n"), 2, 5,
        "type \"A\\000\" is none of A, AAAA, CNAME, NS");
    assert_refused(NIB_TEXT(HEADER "\0"), 2, 1, "a record has 6 fields, this line has 1");
}

#define MANY_FAULTS                                                                                \
    HEADER "x,a..b,A,192.0.2,60,0\n"                                                               \
           "\n"                                                                                    \
           ",a.example,A,192.0.2.1,None,1\n"                                                       \
           ",a.example,A,192.0.2.2,None,1\n"                                                       \
           "short\r\n"                                                                             \
           ",b.example,MX,not looked at,None,1"

static void every_fault_of_a_file_is_said(void **state)
{
    (void)state;
    struct reading r;
    read_file(&r, NIB_TEXT(MANY_FAULTS));
    static const struct {
        size_t line, column;
        const char *words;
    } want[] = {
        {2, 1, "record number \"x\" is no number: leave it empty"},
        {2, 5, "name \"a..b\": name has an empty label"},
        {2, 10, "result \"192.0.2\": result of type A is no IPv4 address"},
        {2, 18, "ttl \"60\" must be None"},
        {2, 21, "static \"0\" must be 1"},
        {5, 2, "name \"a.example\" has a record of this type already"},
        {6, 1, "a record has 6 fields, this line has 1"},
        {7, 12, "type \"MX\" is none of A, AAAA, CNAME, NS"},
    };
    assert_false(r.ok);
    assert_int_equal(r.faults.n, sizeof want / sizeof want[0]);
    assert_int_equal(r.zone.n, 1); /* a line with a fault adds nothing */
    for (size_t i = 0; i < r.n_said; i++) {
        assert_string_equal(r.said[i].words, want[i].words);
        assert_int_equal(r.said[i].line, want[i].line);
        assert_int_equal(r.said[i].column, want[i].column);
    }
    reset(&r);
}

static void a_file_in_pieces_is_read_as_in_one(void **state)
{
    (void)state;
    static const char *const files[] = {"", "\n\n# nothing\n", HEADER, LOCAL, MANY_FAULTS,
        "# the campus\n\n" LOCAL, "wrong\n" LOCAL "short\n", LOCAL LOCAL};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        for (size_t lines = 1; lines < 10; lines++) {
            struct reading whole, pieces;
            read_file(&whole, text_of(files[i]));
            read_pieces(&pieces, text_of(files[i]), lines);
            assert_same_reading(&whole, &pieces);
            reset(&whole);
            reset(&pieces);
        }
}

/* What is nearly a line as tables print it; a comment sees to it that it is read the other way. */
static void a_comment_behind_a_line_changes_nothing(void **state)
{
    (void)state;
    static const char *const lines[] = {"7,a.example,A,192.0.2.1,None,1",
        ",a.example,a,192.0.2.1,None,1", "7,a.example,AAAA,2001:db8::1,None,1",
        "7,a.example,CNAME,B.example,None,1", "7,a.example,NS,b.example,None,1",
        "7x,a.example,A,192.0.2.1,None,1", "7,a..example,A,192.0.2.1,None,1",
        "7,a.example,B,192.0.2.1,None,1", "7,a.example,A,192.0.2.256,None,1",
        "7,a.example,A,192.0.2.1,none,1", "7,a.example,A,192.0.2.1,None,0",
        "7,a.example,A,192.0.2.1,None,1,", "7,a.example,A,192.0.2.1,,None,1",
        "7,a.example,CNAME,b.example,c.example,None,1", "7,a.example,A,None,1",
        "7,a.example,None,1", "7,None,1", ",None,1", "None,1", ",1",
        "7,a.example,A,192.0.2.1 ,None,1", " 7,a.example,A,192.0.2.1,None,1",
        "7,a.example ,A,192.0.2.1,None,1", ",,,,None,1"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char plain[128], commented[128];
        struct reading a, b;
        (void)snprintf(plain, sizeof plain, "%s%s\n", HEADER, lines[i]);
        (void)snprintf(commented, sizeof commented, "%s%s#, None,1\n", HEADER, lines[i]);
        read_file(&a, text_of(plain));
        read_file(&b, text_of(commented));
        assert_same_reading(&a, &b);
        assert_int_equal(a.zone.n, a.ok);
        reset(&a);
        reset(&b);
    }
}

static void more_records_than_the_zone_has_room_for_are_refused(void **state)
{
    (void)state;
    struct reading r = {.ok = false};
    struct nib_faults faults = {.ctx = &r, .fault = note};
    r.memory = zeroed(nib_zone_bytes(1, 100));
    nib_zone_init(&r.zone, r.memory, 1, 100, SEED);
    assert_false(nib_records_read(NIB_TEXT(LOCAL), &r.zone, &faults));
    assert_int_equal(faults.n, 3);
    assert_int_equal(r.said[0].line, 3);
    assert_int_equal(r.said[0].column, 3);
    free(r.memory);
}

static void a_count_of_records_is_never_too_small(void **state)
{
    (void)state;
    struct nib_text one_line = NIB_TEXT(HEADER ",a,A,192.0.2.1,None,1");
    assert_true(nib_records_count(NIB_TEXT(LOCAL)) >= 4);
    assert_true(nib_records_count(one_line) >= 1);
}

/* One more than there are lines, whatever the text's length and where they end. */
static void a_count_of_records_is_little_more_than_the_lines(void **state)
{
    (void)state;
    static char text[1000];
    for (size_t every = 1; every < 4; every++)
        for (size_t len = 0; len < sizeof text; len++) {
            memset(text, 'x', sizeof text);
            for (size_t i = 0; i < len; i += every)
                text[i] = '\n';
            struct nib_text block = block_of((struct nib_text){text, len});
            size_t ended = (len + every - 1) / every;
            bool last_is_not = len > 0 && text[len - 1] != '\n';
            assert_int_equal(nib_records_count(block), ended + last_is_not + 1);
            forget(block);
        }
}

static void every_prefix_of_a_file_is_read_or_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof LOCAL; len++) {
        struct reading r;
        read_file(&r, (struct nib_text){LOCAL, len});
        assert_true(r.zone.n <= 4);
        assert_true(r.faults.n <= 4);
        reset(&r);
    }
}

/* Octets that mean something in a file, and some that mean nothing. */
static char any_octet(struct rng *rng)
{
    static const char telling[] = ",,,,\n\n#\r\t .01AaNn-_:%\0\xc3\x1b";
    if (dice_below(rng, 4) == 0)
        return (char)dice_below(rng, 256);
    return telling[dice_below(rng, sizeof telling - 1)];
}

static void random_damage_is_read_or_refused(void **state)
{
    (void)state;
    struct rng rng = dice_init();
    enum { ROOM = sizeof LOCAL + 32 };
    for (int round = 0; round < 3000; round++) {
        char file[ROOM];
        size_t len = sizeof LOCAL - 1;
        memcpy(file, LOCAL, len);
        for (uint32_t n = 1 + dice_below(&rng, 8); n > 0; n--) {
            size_t at = dice_below(&rng, (uint32_t)len);
            switch (dice_below(&rng, 3)) {
            case 0:
                file[at] = any_octet(&rng);
                break;
            case 1:
                memmove(file + at, file + at + 1, len - at - 1);
                len--;
                break;
            default:
                memmove(file + at + 1, file + at, len - at);
                file[at] = any_octet(&rng);
                len++;
            }
        }
        struct reading r;
        read_file(&r, (struct nib_text){file, len});
        reset(&r);
    }
}

static void random_octets_behind_a_header_are_read_or_refused(void **state)
{
    (void)state;
    struct rng rng = dice_init();
    for (int round = 0; round < 1000; round++) {
        char file[300] = HEADER;
        size_t len = sizeof HEADER - 1 + dice_below(&rng, 200);
        for (size_t i = sizeof HEADER - 1; i < len; i++)
            file[i] = any_octet(&rng);
        struct reading r;
        read_file(&r, (struct nib_text){file, len});
        reset(&r);
    }
}

/* The longest fault there is: every octet of the quote escaped, the longest words behind it. */
static void the_longest_fault_fits_its_promised_room(void **state)
{
    (void)state;
    struct reading r;
    char file[1024] = HEADER "0,";
    memset(file + sizeof HEADER + 1, '\xff', 200);
    strcat(file, ",A,192.0.2.1,None,1\n");
    read_file(&r, text_of(file));
    assert_int_equal(r.faults.n, 1);
    const char *end = "; an international name is written in its xn-- form (punycode)";
    size_t len = strlen(r.said[0].words);
    assert_string_equal(r.said[0].words + len - strlen(end), end);
    reset(&r);
}

static void a_printed_table_of_static_records_reads_back_as_itself(void **state)
{
    (void)state;
    struct reading first, second;
    struct nib_table table = {0};
    char printed[2][2048];
    size_t len[2];
    read_file(&first, NIB_TEXT(HEADER ",WWW.csusm.edu,A,144.37.5.45,None,1\n"
                                      ",amazone.com,NS,b.amazone.com,None,1\n"
                                      ",_x-1.csusm.edu,CNAME,www.csusm.edu,None,1\n"
                                      ",amazone.com,NS,a.amazone.com,None,1\n"
                                      ",v6.csusm.edu,AAAA,::ffff:192.0.2.1,None,1\n"));
    assert_true(first.ok);
    nib_table_set_zone(&table, &first.zone);
    len[0] = nib_table_text(&table, 0, printed[0], sizeof printed[0]);
    read_file(&second, (struct nib_text){printed[0], len[0]});
    assert_true(second.ok);
    nib_table_set_zone(&table, &second.zone);
    len[1] = nib_table_text(&table, 0, printed[1], sizeof printed[1]);
    assert_same_text(
        ((struct nib_text){printed[1], len[1]}), ((struct nib_text){printed[0], len[0]}));
    reset(&first);
    reset(&second);
}

static void see_step(void *ctx, size_t octets)
{
    size_t *steps = ctx;
    assert_true(octets > 0);
    steps[++steps[0]] = octets;
}

static void a_long_file_tells_how_far_it_is(void **state)
{
    (void)state;
    enum { LINES = 2 * NIB_RECORDS_STEP }; /* the header and empty lines */
    static char text[sizeof HEADER + LINES];
    size_t steps[4] = {0};
    struct nib_zone zone;
    memcpy(text, HEADER, sizeof HEADER - 1);
    memset(text + sizeof HEADER - 1, '\n', LINES);
    struct nib_text file = {text, sizeof HEADER - 1 + LINES - 1};
    void *memory = zeroed(nib_zone_bytes(nib_records_count(file), file.len));
    nib_zone_init(&zone, memory, nib_records_count(file), file.len, SEED);
    struct nib_faults faults = {.ctx = steps, .step = see_step};
    struct nib_records records = {.zone = &zone, .faults = &faults};
    for (size_t at = 0, len; at < file.len; at += len) {
        len = file.len - at < 10000 ? file.len - at : 10000;
        nib_records_piece(&records, (struct nib_text){file.ptr + at, len});
    }
    assert_true(nib_records_end(&records));
    assert_int_equal(records.octets, file.len);
    assert_int_equal(steps[0], 2);
    assert_int_equal(steps[1], sizeof HEADER - 1 + NIB_RECORDS_STEP - 2);
    assert_int_equal(steps[2], sizeof HEADER - 1 + 2 * NIB_RECORDS_STEP - 2);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_local_servers_file_is_read),
        cmocka_unit_test(a_header_alone_is_a_file_of_no_records),
        cmocka_unit_test(comments_and_empty_lines_are_fine_everywhere),
        cmocka_unit_test(blanks_around_fields_are_no_part_of_them),
        cmocka_unit_test(lines_may_end_in_cr_lf),
        cmocka_unit_test(the_last_line_needs_no_newline),
        cmocka_unit_test(record_numbers_may_be_empty_and_are_given_anew),
        cmocka_unit_test(types_are_read_in_any_case_and_names_keep_theirs),
        cmocka_unit_test(several_name_servers_of_a_domain_are_read),
        cmocka_unit_test(a_file_without_a_header_is_refused),
        cmocka_unit_test(a_wrong_header_is_said_where_it_stands_and_ends_the_reading),
        cmocka_unit_test(a_line_with_another_number_of_fields_is_refused),
        cmocka_unit_test(a_record_number_that_is_none_is_refused),
        cmocka_unit_test(a_name_that_is_none_is_refused_at_its_wrong_octet),
        cmocka_unit_test(a_name_that_is_too_long_is_quoted_in_part),
        cmocka_unit_test(a_name_of_more_than_80_octets_is_quoted_in_part),
        cmocka_unit_test(the_dot_behind_a_name_of_one_letter_has_its_hint),
        cmocka_unit_test(a_type_that_is_none_is_refused_with_a_hint),
        cmocka_unit_test(a_type_that_goes_on_behind_a_blank_has_its_hint),
        cmocka_unit_test(a_result_that_does_not_fit_its_type_is_refused),
        cmocka_unit_test(a_ttl_other_than_none_is_refused),
        cmocka_unit_test(a_record_that_is_not_static_is_refused),
        cmocka_unit_test(a_record_that_clashes_with_one_before_is_refused),
        cmocka_unit_test(a_nul_octet_is_said_like_any_other),
        cmocka_unit_test(every_fault_of_a_file_is_said),
        cmocka_unit_test(a_file_in_pieces_is_read_as_in_one),
        cmocka_unit_test(a_comment_behind_a_line_changes_nothing),
        cmocka_unit_test(more_records_than_the_zone_has_room_for_are_refused),
        cmocka_unit_test(a_count_of_records_is_never_too_small),
        cmocka_unit_test(a_count_of_records_is_little_more_than_the_lines),
        cmocka_unit_test(every_prefix_of_a_file_is_read_or_refused),
        cmocka_unit_test(random_damage_is_read_or_refused),
        cmocka_unit_test(random_octets_behind_a_header_are_read_or_refused),
        cmocka_unit_test(the_longest_fault_fits_its_promised_room),
        cmocka_unit_test(a_printed_table_of_static_records_reads_back_as_itself),
        cmocka_unit_test(a_long_file_tells_how_far_it_is),
    };
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
