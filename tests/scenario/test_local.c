/*
 * Runs the scenarios, one test a file, and what does not fit into one. An argument is a pattern of
 * tests' names (* and ?): test_local 'a_full_cache*' runs those alone.
 */
#define _POSIX_C_SOURCE 200809L

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/local.h"
#include "nibdns/records.h"
#include "scenario/scenario.h"
#include "scenario/scenario_world.h"

#define SCENARIOS "tests/scenario/cases/"

static void a_scenario(void **state)
{
    scenario_run(*state);
}

static int clean_up(void **state)
{
    (void)state;
    scenario_reset();
    return 0;
}

/* The file's name without its folder and ending. */
static char *name_of(const char *path)
{
    size_t len = strlen(path) - strlen(SCENARIOS) - strlen(".txt");
    char *name = malloc(len + 1);
    if (name == NULL)
        exit(2);
    memcpy(name, path + strlen(SCENARIOS), len);
    name[len] = '\0';
    return name;
}

/* NIB-8.9: the first NS record of a zone that has one of the server's own addresses. */
static bool asks_itself(const char *rows, struct nib_text *name)
{
    static const struct nib_addr own[] = {
        {.ip = {10, 0, 0, 9}, .port = 22000, .family = 4},
        {.ip = {0xfd, [15] = 9}, .port = 22000, .family = 6},
        {.ip = {10, 0, 0, 8}, .port = 21000, .family = 4},
    };
    static struct nib_local local = {.config = {.upstream_port = 22000}};
    nib_local_set_own(&local, own, sizeof own / sizeof own[0]);
    static char text[1024];
    struct nib_faults faults = {0};
    struct nib_zone zone;
    struct nib_rr ns = {0};
    snprintf(text, sizeof text, "record_no,name,type,result,ttl,static\n%s", rows);
    void *memory = zeroed(nib_zone_bytes(16, sizeof text));
    nib_zone_init(&zone, memory, 16, sizeof text, 1);
    assert_true(nib_records_read(text_of(text), &zone, &faults));
    bool found = nib_local_asks_itself(&local, &zone, &ns);
    *name = found ? block_of(ns.name) : (struct nib_text){0};
    free(memory);
    return found;
}

static void a_name_server_that_is_the_server_itself_is_found_in_the_records(void **state)
{
    (void)state;
    struct nib_text name;
    assert_false(asks_itself("", &name));
    assert_false(asks_itself(",a.example,NS,ns.example,None,1\n", &name));
    assert_false(asks_itself(",a.example,NS,ns.example,None,1\n"
                             ",ns.example,A,10.0.0.8,None,1\n"   /* another port */
                             ",own.example,A,10.0.0.9,None,1\n", /* no name server */
        &name));
    assert_true(asks_itself(",a.example,NS,ns1.example,None,1\n"
                            ",b.example,NS,ns2.example,None,1\n"
                            ",ns1.example,A,10.0.0.7,None,1\n"
                            ",NS2.example,A,10.0.0.9,None,1\n",
        &name));
    assert_text(name, "b.example");
    forget(name);
    assert_true(asks_itself(",c.example,NS,ns.example,None,1\n"
                            ",ns.example,A,10.0.0.7,None,1\n"
                            ",ns.example,AAAA,fd00::9,None,1\n",
        &name));
    assert_text(name, "c.example");
    forget(name);
}

static void a_name_server_is_found_behind_records_of_other_types(void **state)
{
    (void)state;
    struct nib_text name;
    assert_true(asks_itself(",ns.example,A,10.0.0.9,None,1\n"
                            ",alias.example,CNAME,ns.example,None,1\n"
                            ",a.example,NS,ns.example,None,1\n",
        &name));
    assert_text(name, "a.example");
    forget(name);
}

/* NIB-8.9: whether a name server at that address is the server that has this one address. */
static bool is_itself(struct nib_addr own, const char *type, const char *result)
{
    static struct nib_local local = {.config = {.upstream_port = 22000}};
    nib_local_set_own(&local, &own, 1);
    static char text[256];
    struct nib_faults faults = {0};
    struct nib_zone zone;
    struct nib_rr ns = {0};
    snprintf(text, sizeof text,
        "record_no,name,type,result,ttl,static\n,a.example,NS,ns.example,None,1\n"
        ",ns.example,%s,%s,None,1\n",
        type, result);
    void *memory = zeroed(nib_zone_bytes(4, sizeof text));
    nib_zone_init(&zone, memory, 4, sizeof text, 1);
    assert_true(nib_records_read(text_of(text), &zone, &faults));
    bool found = nib_local_asks_itself(&local, &zone, &ns);
    free(memory);
    return found;
}

static void an_address_that_means_this_host_is_the_server_itself(void **state)
{
    (void)state;
    const struct nib_addr everywhere = {.port = 22000, .family = 4};
    const struct nib_addr another_port = {.port = 21000, .family = 4};
    const struct nib_addr host = {.ip = {127, 0, 0, 1}, .port = 22000, .family = 4};
    const struct nib_addr host6 = {.ip = {[15] = 1}, .port = 22000, .family = 6};
    /* who listens everywhere is reached at all of 127.0.0.0/8 */
    assert_true(is_itself(everywhere, "A", "127.0.0.5"));
    assert_true(is_itself(everywhere, "A", "0.0.0.0"));
    assert_false(is_itself(everywhere, "A", "126.0.0.5"));
    assert_false(is_itself(everywhere, "AAAA", "7f00::1"));
    assert_false(is_itself(another_port, "A", "127.0.0.5"));
    /* who listens at one address is reached there alone */
    assert_true(is_itself(host, "A", "127.0.0.1"));
    assert_true(is_itself(host, "A", "0.0.0.0"));
    assert_false(is_itself(host, "A", "127.0.0.5"));
    /* IPv4 inside IPv6 is IPv4, and :: is this host */
    assert_true(is_itself(host, "AAAA", "::ffff:127.0.0.1"));
    assert_true(is_itself(host, "AAAA", "::ffff:0.0.0.0"));
    assert_true(is_itself(host6, "AAAA", "::"));
    assert_true(is_itself(host6, "AAAA", "::1"));
    assert_false(is_itself(host, "AAAA", "::1"));
    assert_false(is_itself(host, "AAAA", "::fffe:127.0.0.1"));
}

/* Beside the loopback address, which any other that is lost could be taken for. */
static void an_ipv4_address_inside_an_ipv6_one_is_that_ipv4_address(void **state)
{
    (void)state;
    const struct nib_addr host = {.ip = {10, 0, 0, 9}, .port = 22000, .family = 4};
    const struct nib_addr loopback = {.ip = {127, 0, 0, 1}, .port = 22000, .family = 4};
    assert_true(is_itself(host, "AAAA", "::ffff:10.0.0.9"));
    assert_true(is_itself(host, "AAAA", "::FFFF:a00:9"));
    assert_false(is_itself(host, "AAAA", "::ffff:10.0.0.8"));
    assert_false(is_itself(loopback, "AAAA", "::ffff:10.0.0.9"));
}

/*
 * One client, one ID, and all 4096 ways to write a name in upper and lower case: if they had one
 * tag, each request would be compared with all before it.
 */
static void requests_that_differ_in_case_alone_do_not_queue_up_in_one_place(void **state)
{
    enum { N = 4096, LETTERS = 12 };
    (void)state;
    struct nib_pending pending;
    char name[LETTERS];
    struct nib_path path = world_path(1);
    struct nib_message query = {.id = 7, .qtype = NIB_A, .qname = {name, LETTERS}};
    struct nib_key key = nib_key_of(NIB_TEXT("aaaaaaaaaaaa"), 1);
    void *memory = zeroed(nib_pending_bytes(1, N));
    nib_pending_init(&pending, memory, 1, N, 1);
    struct nib_fetch *q = nib_pending_open(&pending, key, NIB_A, 1);
    for (int i = 0; i < N; i++) {
        for (int bit = 0; bit < LETTERS; bit++)
            name[bit] = i >> bit & 1 ? 'A' : 'a';
        assert_false(nib_pending_repeats(&pending, &path, &query));
        assert_true(nib_pending_wait(&pending, q, nib_pending_add(&pending, &path, &query), 1));
        assert_true(nib_pending_repeats(&pending, &path, &query));
    }
    size_t longest = 0, row = 0; /* of buckets in use: what a search may have to walk */
    for (uint32_t i = 0; i < pending.by_client.n; i++) {
        row = pending.by_client.buckets[i].ref == 0 ? 0 : row + 1;
        longest = row > longest ? row : longest;
    }
    assert_true(longest < 150);
    free(memory);
}

int main(int argc, char **argv)
{
    glob_t files;
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    if (glob(SCENARIOS "*.txt", 0, NULL, &files) != 0) {
        fprintf(stderr, "no scenarios in " SCENARIOS ": run this from the project's root\n");
        return 2;
    }
    static const struct CMUnitTest direct[] = {
        cmocka_unit_test(a_name_server_that_is_the_server_itself_is_found_in_the_records),
        cmocka_unit_test(a_name_server_is_found_behind_records_of_other_types),
        cmocka_unit_test(an_address_that_means_this_host_is_the_server_itself),
        cmocka_unit_test(an_ipv4_address_inside_an_ipv6_one_is_that_ipv4_address),
        cmocka_unit_test(requests_that_differ_in_case_alone_do_not_queue_up_in_one_place),
    };
    size_t n = files.gl_pathc + sizeof direct / sizeof direct[0];
    struct CMUnitTest *tests = zeroed(n * sizeof *tests);
    memcpy(tests + files.gl_pathc, direct, sizeof direct);
    for (size_t i = 0; i < files.gl_pathc; i++)
        tests[i] = (struct CMUnitTest){.name = name_of(files.gl_pathv[i]),
            .test_func = a_scenario,
            .teardown_func = clean_up,
            .initial_state = files.gl_pathv[i]};
    int failed = _cmocka_run_group_tests("local", tests, n, NULL, NULL);
    for (size_t i = 0; i < files.gl_pathc; i++)
        free((void *)(uintptr_t)tests[i].name);
    free(tests);
    globfree(&files);
    return failed;
}
