/*
 * Captures on a disk that is full for a while (a limit of the file's size stands for it), in files
 * that are no files, and in those of others.
 */
#define _DEFAULT_SOURCE
#include "nibdns/os/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { DRAIN_MS = 10000, HEADER = 24, RECORD_HEADER = 16, LEN_AT = 8 };

static const struct nib_capture_names names = {"test", "local", "client", "amazone"};

static char folder[] = "/tmp/nibdns-capture-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* A capture stays until the process ends. */
static struct nib_capture *open_capture(const char *path)
{
    static struct nib_capture *kept[8];
    static size_t n;
    assert_in_range(n, 0, 7);
    kept[n] = nib_capture_open(path, &names);
    assert_non_null(kept[n]);
    return kept[n++];
}

static int make_folder(void **state)
{
    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path_of("full.pcap"));
    (void)unlink(path_of("two.pcap"));
    (void)unlink(path_of("fifo"));
    return rmdir(folder);
}

static void limit_files(rlim_t octets)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = octets;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void write_records(struct nib_capture *capture, unsigned n)
{
    static const uint8_t octets[100] = {1};
    const struct nib_addr a = {.ip = {127, 0, 0, 1}, .port = 1, .family = 4};
    for (unsigned i = 0; i < n; i++)
        nib_capture_datagram(
            capture, NIB_DIRECTION_OUT, &a, &a, octets, sizeof octets, sizeof octets, NULL);
    nib_capture_drain(capture, DRAIN_MS);
}

/* The file's records, each whole up to the file's end; fails where one is not. */
static unsigned records_in(const char *path)
{
    uint8_t header[RECORD_HEADER];
    unsigned n = 0;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file), place = HEADER;
    for (; place < size; n++) {
        uint32_t len;
        assert_int_equal(fseek(file, place, SEEK_SET), 0);
        assert_int_equal(fread(header, 1, sizeof header, file), sizeof header);
        memcpy(&len, header + LEN_AT, sizeof len); /* a capture has the writer's byte order */
        assert_in_range(len, 100, 200);
        place += RECORD_HEADER + (long)len;
    }
    assert_int_equal(place, size);
    (void)fclose(file);
    return n;
}

static void after_a_full_disk_the_capture_goes_on_behind_a_whole_record(void **state)
{
    (void)state;
    const char *path = path_of("full.pcap");
    struct nib_capture *capture = open_capture(path);
    limit_files(1000); /* in the middle of a record */
    write_records(capture, 50);
    assert_non_null(nib_capture_trouble(capture));
    unsigned before = records_in(path);
    assert_in_range(before, 1, 9);
    limit_files(RLIM_INFINITY);
    write_records(capture, 7);
    assert_int_equal(records_in(path), before + 7);
}

/* Locks are between processes. */
static void two_programs_do_not_share_a_file(void **state)
{
    (void)state;
    char why[NIB_CAPTURE_WHY_MAX];
    int status;
    const char *path = path_of("two.pcap");
    struct nib_capture *capture = open_capture(path);
    write_records(capture, 3);
    pid_t child = fork();
    if (child == 0)
        _exit(nib_capture_open(path, &names) == NULL ? errno : 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), EBUSY);
    nib_capture_why(EBUSY, why);
    assert_string_equal(why, "another program writes it; give --write a file of its own");
    assert_int_equal(records_in(path), 3); /* and is as it was */
}

static void a_fifo_that_nobody_reads_is_said_at_once(void **state)
{
    (void)state;
    char why[NIB_CAPTURE_WHY_MAX];
    const char *path = path_of("fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    (void)alarm(10); /* or it waits for ever */
    assert_null(nib_capture_open(path, &names));
    nib_capture_why(errno, why);
    assert_string_equal(why, "nobody reads this FIFO; start its reader first");
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    struct nib_capture *capture = open_capture(path);
    write_records(capture, 1);
    char octets[4096];
    assert_in_range(read(reader, octets, sizeof octets), HEADER + RECORD_HEADER + 100, 4096);
    (void)close(reader);
    (void)alarm(0);
}

static void standard_output_is_no_capture(void **state)
{
    (void)state;
    char why[NIB_CAPTURE_WHY_MAX];
    assert_null(nib_capture_open("-", &names));
    nib_capture_why(errno, why);
    assert_non_null(strstr(why, "standard output carries tables; "));
    assert_int_equal(access("-", F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_full_disk_the_capture_goes_on_behind_a_whole_record),
        cmocka_unit_test(two_programs_do_not_share_a_file),
        cmocka_unit_test(a_fifo_that_nobody_reads_is_said_at_once),
        cmocka_unit_test(standard_output_is_no_capture),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
