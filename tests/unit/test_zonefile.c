/*
 * Records files as servers read them: long ones, several, what stands in front of a text, and what
 * is said of what is wrong.
 */
#define _POSIX_C_SOURCE 200809L
#include "nibdns/os/zonefile.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/support.h"

#define HEADER "record_no,name,type,result,ttl,static\n"

enum { MANY = 40000, SEED = 7 }; /* records, of some 50 octets: several pieces */

static char folder[] = "/tmp/nibdns-zonefile-XXXXXX";
static const char *paths[2]; /* first and second */

/* What was said, a line each. */
static char said[4096];

static void say(void *ctx, const char *line)
{
    (void)ctx;
    size_t len = strlen(said);
    (void)snprintf(said + len, sizeof said - len, "%s\n", line);
}

static int make_folder(void **state)
{
    static char first[64], second[64];
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(first, sizeof first, "%s/first", folder);
    (void)snprintf(second, sizeof second, "%s/second", folder);
    paths[0] = first;
    paths[1] = second;
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(paths[0]);
    (void)unlink(paths[1]);
    return rmdir(folder);
}

static void write_file(const char *path, const char *octets, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(octets, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

#define WRITE(path, literal) write_file(path, literal, sizeof(literal) - 1)

/* MANY records, then the last lines as they are given. */
static void write_many(const char *path, const char *last)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(HEADER, file);
    for (int i = 0; i < MANY; i++)
        fprintf(file, "%d,host%d.amazone.com,A,10.0.%d.%d,None,1\n", i, i, i >> 8, i & 0xff);
    fputs(last, file);
    assert_int_equal(fclose(file), 0);
}

static bool read_files(struct nib_zonefile *file, size_t n)
{
    const struct nib_complaints complaints = {.say = say};
    said[0] = '\0';
    return nib_zonefile_read(
        file, paths, n, HEADER "0,a.example,A,192.0.2.1,None,1\n", SEED, &complaints);
}

static void assert_found(const struct nib_zonefile *file, const char *name, const char *result)
{
    struct nib_rr rr;
    struct nib_key key = nib_key_of(text_of(name), SEED);
    assert_true(nib_zone_find(&file->zone, key, NIB_A, &rr));
    assert_text(rr.result, result);
}

/* Refused, nothing is kept, and that is said. */
__attribute__((format(printf, 2, 3))) static void assert_refused(size_t n, const char *format, ...)
{
    struct nib_zonefile file;
    char want[sizeof said];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(want, sizeof want, format, args);
    va_end(args);
    assert_false(read_files(&file, n));
    assert_null(file.memory);
    assert_string_equal(said, want);
}

static void no_file_means_the_built_in_records(void **state)
{
    (void)state;
    struct nib_zonefile file;
    assert_true(read_files(&file, 0));
    assert_int_equal(file.zone.n, 1);
    assert_found(&file, "a.example", "192.0.2.1");
    nib_zonefile_free(&file);
}

static void long_files_make_one_zone(void **state)
{
    (void)state;
    struct nib_zonefile file;
    write_many(paths[0], "");
    WRITE(paths[1], "\xef\xbb\xbf" HEADER ",a.example,A,192.0.2.1,None,1");
    assert_true(read_files(&file, 2));
    assert_int_equal(file.zone.n, MANY + 1);
    assert_found(&file, "host0.amazone.com", "10.0.0.0");
    assert_found(&file, "host39999.amazone.com", "10.0.156.63");
    assert_found(&file, "a.example", "192.0.2.1");
    nib_zonefile_free(&file);
}

static void a_fault_at_the_end_of_a_long_file_has_its_line(void **state)
{
    (void)state;
    write_many(paths[0], "short\n,host1.amazone.com,A,192.0.2.1,None,1\n");
    assert_refused(1,
        "%s:%d: column 1: a record has 6 fields, this line has 1\n"
        "%s:%d: column 2: name \"host1.amazone.com\" has a record of this type already\n",
        paths[0], MANY + 2, paths[0], MANY + 3);
}

static void every_file_is_read_before_the_refusal(void **state)
{
    (void)state;
    WRITE(paths[0], HEADER "short\n");
    WRITE(paths[1], "\xff\xfeh\0i\0");
    assert_refused(2,
        "%s:2: column 1: a record has 6 fields, this line has 1\n"
        "%s:1: column 1: the file is UTF-16; save it as UTF-8\n",
        paths[0], paths[1]);
    WRITE(paths[1], "\xef\xbb\xbf");
    assert_refused(2,
        "%s:2: column 1: a record has 6 fields, this line has 1\n"
        "%s:1: column 1: the first line must be record_no,name,type,result,ttl,static\n",
        paths[0], paths[1]);
}

static void a_file_that_cannot_be_read_is_all_that_is_said(void **state)
{
    (void)state;
    WRITE(paths[0], HEADER "short\n");
    (void)unlink(paths[1]);
    assert_refused(2,
        "%s: cannot be read: No such file or directory; give --records a readable file\n",
        paths[1]);
    assert_int_equal(mkdir(paths[1], 0700), 0);
    assert_refused(
        2, "%s: cannot be read: Is a directory; give --records a readable file\n", paths[1]);
    assert_int_equal(rmdir(paths[1]), 0);
}

static void a_pipe_is_read_too(void **state)
{
    (void)state;
    struct nib_zonefile file;
    (void)unlink(paths[1]);
    assert_int_equal(mkfifo(paths[1], 0600), 0);
    WRITE(paths[0], HEADER);
    pid_t child = fork();
    if (child == 0) {
        (void)alarm(30); /* nobody may read it */
        write_many(paths[1], "");
        _exit(0);
    }
    assert_true(read_files(&file, 2));
    assert_int_equal(file.zone.n, MANY);
    assert_found(&file, "host39999.amazone.com", "10.0.156.63");
    nib_zonefile_free(&file);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)unlink(paths[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_file_means_the_built_in_records),
        cmocka_unit_test(long_files_make_one_zone),
        cmocka_unit_test(a_fault_at_the_end_of_a_long_file_has_its_line),
        cmocka_unit_test(every_file_is_read_before_the_refusal),
        cmocka_unit_test(a_file_that_cannot_be_read_is_all_that_is_said),
        cmocka_unit_test(a_pipe_is_read_too),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
