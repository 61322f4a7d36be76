/*
 * What a service manager hears: this test plays systemd with a socket of its own, first against the
 * module, then against the local server as a process.
 */
#define _DEFAULT_SOURCE
#include "nibdns/os/notify.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 10000, WORDS_MAX = 512 };

/* ---- the manager's side ---- */

struct manager {
    int fd;
    char name[108]; /* what NOTIFY_SOCKET says: it begins with / or @ */
};

static struct manager manager_open(char kind)
{
    static int n;
    struct manager m = {.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    (void)snprintf(m.name, sizeof m.name, "%s/nibdns-test-%ld-%d", kind == '@' ? "@" : P_tmpdir,
        (long)getpid(), n++);
    size_t len = strlen(m.name);
    memcpy(addr.sun_path, m.name, len);
    if (kind == '@')
        addr.sun_path[0] = '\0';
    assert_true(m.fd >= 0);
    assert_int_equal(bind(m.fd, (const struct sockaddr *)&addr,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (kind != '@'))),
        0);
    assert_int_equal(setenv("NOTIFY_SOCKET", m.name, 1), 0);
    return m;
}

static void manager_close(struct manager *m)
{
    (void)close(m->fd);
    if (m->name[0] == '/')
        (void)unlink(m->name);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    (void)unsetenv("JOURNAL_STREAM");
}

/* The next datagram; an empty text when none comes within that time. */
static const char *hear(const struct manager *m, int patience_ms)
{
    static char words[WORDS_MAX];
    struct pollfd p = {.fd = m->fd, .events = POLLIN};
    words[0] = '\0';
    if (poll(&p, 1, patience_ms) != 1)
        return words;
    ssize_t n = recv(m->fd, words, sizeof words - 1, 0);
    assert_true(n >= 0);
    words[n] = '\0';
    return words;
}

static int64_t monotonic_usec(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* RELOADING=1 with a time between then and now, as Type=notify-reload wants it. */
static void check_reloading(const char *words, int64_t then)
{
    long long usec = 0;
    assert_int_equal(sscanf(words, "RELOADING=1\nMONOTONIC_USEC=%lld\n", &usec), 1);
    assert_in_range(usec, then, monotonic_usec());
}

/* ---- the module ---- */

static void without_a_manager_every_call_does_nothing(void **state)
{
    static const char *const names[] = {NULL, "", "/", "@", "relative", "vsock:2:1234"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unsetenv("NOTIFY_SOCKET");
        if (names[i] != NULL)
            (void)setenv("NOTIFY_SOCKET", names[i], 1);
        struct nib_notify *notify = nib_notify_open();
        assert_null(notify);
        nib_notify_ready(notify, "listening");
        nib_notify_reloading(notify);
        nib_notify_stopping(notify);
        nib_notify_tick(notify, 1);
        assert_true(nib_notify_deadline(notify) == NIB_NEVER);
        nib_notify_close(notify);
    }
    (void)unsetenv("NOTIFY_SOCKET");
}

static void a_name_longer_than_a_socket_has_is_nobody(void **state)
{
    char name[200];
    (void)state;
    memset(name, 'a', sizeof name - 1);
    name[0] = '/';
    name[sizeof name - 1] = '\0';
    (void)setenv("NOTIFY_SOCKET", name, 1);
    assert_null(nib_notify_open());
    (void)unsetenv("NOTIFY_SOCKET");
}

static void say_everything(char kind)
{
    struct manager m = manager_open(kind);
    struct nib_notify *notify = nib_notify_open();
    assert_non_null(notify);
    nib_notify_ready(notify, "Listening on 127.0.0.1:21000");
    assert_string_equal(hear(&m, PATIENCE_MS), "READY=1\nSTATUS=Listening on 127.0.0.1:21000");
    int64_t then = monotonic_usec();
    nib_notify_reloading(notify);
    check_reloading(hear(&m, PATIENCE_MS), then);
    nib_notify_stopping(notify);
    assert_string_equal(hear(&m, PATIENCE_MS), "STOPPING=1\nSTATUS=Ending");
    assert_true(nib_notify_deadline(notify) == NIB_NEVER);
    nib_notify_tick(notify, 1000);
    assert_string_equal(hear(&m, 0), "");
    nib_notify_close(notify);
    manager_close(&m);
}

static void a_socket_with_a_path_hears_everything(void **state)
{
    (void)state;
    say_everything('/');
}

static void an_abstract_socket_hears_everything(void **state)
{
    (void)state;
    say_everything('@');
}

static void a_sign_of_life_comes_at_half_of_the_time(void **state)
{
    (void)state;
    struct manager m = manager_open('@');
    (void)setenv("WATCHDOG_USEC", "3000000", 1);
    struct nib_notify *notify = nib_notify_open();
    nib_notify_tick(notify, 10000);
    assert_string_equal(hear(&m, PATIENCE_MS), "WATCHDOG=1");
    assert_true(nib_notify_deadline(notify) == 11500);
    nib_notify_tick(notify, 11499);
    assert_string_equal(hear(&m, 0), "");
    nib_notify_tick(notify, 11500);
    assert_string_equal(hear(&m, PATIENCE_MS), "WATCHDOG=1");
    assert_true(nib_notify_deadline(notify) == 13000);
    nib_notify_close(notify);
    manager_close(&m);
}

static void a_watchdog_of_another_process_is_not_fed(void **state)
{
    static const char *const usec[] = {"3000000", "0", "", "-1", "3s", "99999999999999999999"};
    (void)state;
    struct manager m = manager_open('@');
    for (size_t i = 0; i < sizeof usec / sizeof usec[0]; i++) {
        char self[24];
        (void)snprintf(self, sizeof self, "%ld", (long)getpid());
        (void)setenv("WATCHDOG_USEC", usec[i], 1);
        (void)setenv("WATCHDOG_PID", i == 0 ? "1" : self, 1);
        struct nib_notify *notify = nib_notify_open();
        assert_non_null(notify);
        assert_true(nib_notify_deadline(notify) == NIB_NEVER);
        nib_notify_close(notify);
    }
    manager_close(&m);
}

/* systemd is busy: the words wait, the program does not. */
static void the_last_word_is_said_again_to_a_manager_without_room(void **state)
{
    (void)state;
    struct manager m = manager_open('@');
    struct nib_notify *notify = nib_notify_open();
    int said = 0;
    while (nib_notify_deadline(notify) == NIB_NEVER && said < 100000) {
        nib_notify_ready(notify, "early");
        said++;
    }
    nib_notify_stopping(notify);
    nib_notify_tick(notify, 5000);
    assert_true(nib_notify_deadline(notify) == 5100);
    for (int i = 1; i < said; i++)
        assert_string_equal(hear(&m, PATIENCE_MS), "READY=1\nSTATUS=early");
    assert_string_equal(hear(&m, 0), "");
    nib_notify_tick(notify, 5099);
    assert_string_equal(hear(&m, 0), "");
    nib_notify_tick(notify, 5100);
    assert_string_equal(hear(&m, PATIENCE_MS), "STOPPING=1\nSTATUS=Ending");
    assert_true(nib_notify_deadline(notify) == NIB_NEVER);
    nib_notify_close(notify);
    manager_close(&m);
}

static void a_manager_that_went_away_is_no_trouble(void **state)
{
    (void)state;
    struct manager m = manager_open('/');
    struct nib_notify *notify = nib_notify_open();
    manager_close(&m);
    nib_notify_ready(notify, "listening");
    nib_notify_tick(notify, 1);
    assert_true(nib_notify_deadline(notify) == NIB_NEVER);
    nib_notify_close(notify);
}

/* ---- a server under the manager ---- */

struct service {
    pid_t pid;
    char records[64], messages[64];
};

static void set_journal(const char *path)
{
    struct stat st;
    char name[48];
    assert_int_equal(stat(path, &st), 0);
    (void)snprintf(name, sizeof name, "%llu:%llu", (unsigned long long)st.st_dev,
        (unsigned long long)st.st_ino);
    (void)setenv("JOURNAL_STREAM", name, 1);
}

static void write_records(const struct service *s, const char *record)
{
    FILE *f = fopen(s->records, "w");
    assert_non_null(f);
    (void)fprintf(f, "record_no,name,type,result,ttl,static\n%s\n", record);
    assert_int_equal(fclose(f), 0);
}

static struct service service_start(bool journal, const char *listen)
{
    struct service s;
    (void)snprintf(
        s.records, sizeof s.records, "%s/nibdns-test-records-%ld", P_tmpdir, (long)getpid());
    (void)snprintf(
        s.messages, sizeof s.messages, "%s/nibdns-test-messages-%ld", P_tmpdir, (long)getpid());
    write_records(&s, "0,www.csusm.edu,A,144.37.5.45,None,1");
    int messages = open(s.messages, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(messages >= 0);
    if (journal)
        set_journal(s.messages);
    s.pid = fork();
    assert_true(s.pid >= 0);
    if (s.pid == 0) {
        (void)dup2(messages, STDERR_FILENO);
        (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* a program that ends frees nothing */
        (void)execl("build/test/bin/localserver", "localserver", "--quiet", "--listen", listen,
            "--records", s.records, (char *)NULL);
        _exit(127);
    }
    (void)close(messages);
    return s;
}

/* Its exit status, and its messages in out. */
static int service_end(const struct service *s, char *out, size_t cap)
{
    int status;
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    FILE *f = fopen(s->messages, "r");
    assert_non_null(f);
    out[fread(out, 1, cap - 1, f)] = '\0';
    (void)fclose(f);
    (void)unlink(s->messages);
    (void)unlink(s->records);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The next words that are no sign of life. */
static const char *hear_news(const struct manager *m)
{
    const char *words;
    do
        words = hear(m, PATIENCE_MS);
    while (strcmp(words, "WATCHDOG=1") == 0);
    return words;
}

static void reload_and_hear(const struct manager *m, const struct service *s, const char *ready)
{
    int64_t then = monotonic_usec();
    assert_int_equal(kill(s->pid, SIGHUP), 0);
    check_reloading(hear_news(m), then);
    assert_string_equal(hear_news(m), ready);
}

static void a_server_tells_its_manager_what_it_does(void **state)
{
    char messages[4096], ready[WORDS_MAX], kept[WORDS_MAX + 64];
    (void)state;
    if (access("build/test/bin/localserver", X_OK) != 0)
        skip();
    struct manager m = manager_open('@');
    (void)setenv("WATCHDOG_USEC", "100000", 1);
    struct service s = service_start(true, "127.0.0.1:0");
    (void)snprintf(ready, sizeof ready, "%s", hear_news(&m));
    assert_int_equal(strncmp(ready, "READY=1\nSTATUS=Listening on 127.0.0.1:", 38), 0);
    for (int i = 0; i < 3; i++)
        assert_string_equal(hear(&m, PATIENCE_MS), "WATCHDOG=1");
    (void)snprintf(kept, sizeof kept, "%s; the last reload failed, the old records stay", ready);
    write_records(&s, "0,www.csusm.edu,A,nonsense,None,1");
    reload_and_hear(&m, &s, kept);
    write_records(&s, "0,www.csusm.edu,A,144.37.5.46,None,1");
    reload_and_hear(&m, &s, ready);
    assert_int_equal(kill(s.pid, SIGTERM), 0);
    assert_string_equal(hear_news(&m), "STOPPING=1\nSTATUS=Ending");
    assert_int_equal(service_end(&s, messages, sizeof messages), 0);
    assert_non_null(strstr(messages, "<6>[LocalDNS] Server listening on port "));
    assert_non_null(strstr(messages, "<4>/")); /* the fault, by its file */
    assert_non_null(strstr(messages, "<4>localserver: the records have faults"));
    assert_non_null(strstr(messages, "<6>localserver: 1 records read again"));
    manager_close(&m);
}

static void a_server_that_cannot_listen_is_never_ready(void **state)
{
    char messages[4096];
    (void)state;
    if (access("build/test/bin/localserver", X_OK) != 0)
        skip();
    struct manager m = manager_open('/');
    struct service s = service_start(true, "192.0.2.1:21000");
    assert_int_equal(service_end(&s, messages, sizeof messages), 2);
    assert_string_equal(hear(&m, 0), "");
    assert_int_equal(strncmp(messages, "<3>localserver: cannot listen on ", 33), 0);
    manager_close(&m);
}

static void standard_error_that_is_no_journal_has_no_ranks(void **state)
{
    char messages[4096];
    (void)state;
    if (access("build/test/bin/localserver", X_OK) != 0)
        skip();
    struct manager m = manager_open('/');
    (void)setenv("JOURNAL_STREAM", "1:2", 1);
    struct service s = service_start(false, "192.0.2.1:21000");
    assert_int_equal(service_end(&s, messages, sizeof messages), 2);
    assert_int_equal(strncmp(messages, "localserver: cannot listen on ", 30), 0);
    manager_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_manager_every_call_does_nothing),
        cmocka_unit_test(a_name_longer_than_a_socket_has_is_nobody),
        cmocka_unit_test(a_socket_with_a_path_hears_everything),
        cmocka_unit_test(an_abstract_socket_hears_everything),
        cmocka_unit_test(a_sign_of_life_comes_at_half_of_the_time),
        cmocka_unit_test(a_watchdog_of_another_process_is_not_fed),
        cmocka_unit_test(the_last_word_is_said_again_to_a_manager_without_room),
        cmocka_unit_test(a_manager_that_went_away_is_no_trouble),
        cmocka_unit_test(a_server_tells_its_manager_what_it_does),
        cmocka_unit_test(a_server_that_cannot_listen_is_never_ready),
        cmocka_unit_test(standard_error_that_is_no_journal_has_no_ranks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
