#define _GNU_SOURCE

#include "lib/process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const char *words(const char *format, ...)
{
    static char texts[64][512];
    static unsigned next;
    char *text = texts[next++ % 64];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof texts[0], format, args);
    va_end(args);
    return text;
}

/* ---- processes ---- */

enum { PROCESSES_MAX = 16, ARGUMENTS_MAX = 48, DESCRIPTORS = 512 };

static struct process processes[PROCESSES_MAX];
static size_t n_processes;

static const char *program_path(const char *name)
{
    char self[400];
    const char *folder = getenv("NIB_BIN");
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash != NULL)
        *slash = '\0';
    const char *path =
        folder != NULL ? words("%s/%s", folder, name) : words("%s/../../bin/%s", self, name);
    return access(path, X_OK) == 0 ? path : name;
}

/* Streams are moved to high descriptors, where they are in nobody's way. */
static void require_descriptors(void)
{
    struct rlimit limit;
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < DESCRIPTORS) {
        print_error("these tests need %d descriptors: raise ulimit -n\n", DESCRIPTORS);
        exit(EXIT_FAILURE);
    }
    if (limit.rlim_cur < DESCRIPTORS)
        limit.rlim_cur = DESCRIPTORS;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

void require_programs(const char *const *names)
{
    require_descriptors();
    for (; *names != NULL; names++) {
        if (strchr(program_path(*names), '/') != NULL)
            continue;
        print_error("%s is not built: make check builds everything\n", *names);
        exit(EXIT_FAILURE);
    }
}

/* What a sanitizer finds ends a child with a status that no program here has. */
static void set_sanitizers(void)
{
    const char *asan = getenv("ASAN_OPTIONS");
    (void)setenv("ASAN_OPTIONS", words("%s:exitcode=99", asan == NULL ? "" : asan), 1);
    (void)setenv("UBSAN_OPTIONS", "exitcode=99:print_stacktrace=1", 1);
}

static void in_child(const char *path, char *const *argv, const struct how *how, int ends[3],
    int slave, pid_t parent)
{
    sigset_t none;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(126);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    if (slave >= 0) {
        (void)setsid();
        (void)ioctl(slave, TIOCSCTTY, 0);
    }
    for (int i = 0; i < 3; i++) /* away from 0 to 2, so that none is overwritten */
        if (ends[i] >= 0)
            ends[i] = fcntl(ends[i], F_DUPFD, 100);
    for (int i = 0; i < 3; i++) {
        (void)close(i);
        if (ends[i] >= 0)
            (void)dup2(ends[i], i);
    }
    for (int i = 3; i < 200; i++)
        (void)close(i);
    if (how->descriptors > 0) {
        struct rlimit limit = {how->descriptors, how->descriptors};
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    set_sanitizers();
    (void)execvp(path, argv);
    _exit(127);
}

static int own_end(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 200);
    (void)close(fd);
    (void)fcntl(high, F_SETFL, fcntl(high, F_GETFL) | O_NONBLOCK);
    return high;
}

static void open_terminal(struct process *p, int *master)
{
    *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(*master >= 0 && grantpt(*master) == 0 && unlockpt(*master) == 0);
    int slave = open(ptsname(*master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(slave >= 0);
    p->slave = fcntl(slave, F_DUPFD_CLOEXEC, 200);
    (void)close(slave);
    *master = own_end(*master);
}

/* The child's end of a stream; ours goes into the process. */
static int make_end(struct process *p, int i, int what, int *master)
{
    int ends[2];
    switch (what) {
    case PIPE:
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        p->streams[i].fd = own_end(ends[i == IN ? 1 : 0]);
        return ends[i == IN ? 0 : 1];
    case TERMINAL:
        if (*master < 0)
            open_terminal(p, master);
        if (i == IN || p->streams[OUT].fd < 0)
            p->streams[i].fd = fcntl(*master, F_DUPFD_CLOEXEC, 200);
        return dup(p->slave);
    case NOTHING:
        return open("/dev/null", O_RDWR | O_CLOEXEC);
    case CLOSED:
        return -1;
    default:
        return dup(what);
    }
}

struct process *start_list(const struct how *how, const char *name, const char *const *arguments)
{
    const char *argv[ARGUMENTS_MAX + 2] = {name};
    int ends[3], master = -1;
    pid_t parent = getpid();
    assert_true(n_processes < PROCESSES_MAX);
    struct process *p = &processes[n_processes++];
    *p = (struct process){.slave = -1, .pidfd = -1};
    for (int i = 0; i < 3; i++)
        p->streams[i].fd = -1;
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_true(i < ARGUMENTS_MAX);
        argv[i + 1] = arguments[i];
    }
    for (int i = 0; i < 3; i++)
        ends[i] = make_end(p, i, how->fd[i], &master);
    const char *path = program_path(name);
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0)
        in_child(path, (char *const *)(uintptr_t)argv, how, ends, p->slave, parent);
    for (int i = 0; i < 3; i++)
        if (ends[i] >= 0)
            (void)close(ends[i]);
    if (master >= 0)
        (void)close(master);
    p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    assert_true(p->pidfd >= 0);
    return p;
}

static void collect(const char **list, va_list args)
{
    size_t n = 0;
    do {
        assert_true(n <= ARGUMENTS_MAX);
        list[n] = va_arg(args, const char *);
    } while (list[n++] != NULL);
}

struct process *start(const char *name, ...)
{
    static const struct how pipes;
    const char *list[ARGUMENTS_MAX + 1];
    va_list args;
    va_start(args, name);
    collect(list, args);
    va_end(args);
    return start_list(&pipes, name, list);
}

struct process *start_how(const struct how *how, const char *name, ...)
{
    const char *list[ARGUMENTS_MAX + 1];
    va_list args;
    va_start(args, name);
    collect(list, args);
    va_end(args);
    return start_list(how, name, list);
}

static void close_stream(struct stream *s)
{
    if (s->fd >= 0)
        (void)close(s->fd);
    s->fd = -1;
}

static void read_stream(struct stream *s)
{
    for (;;) {
        char *more = realloc(s->text, s->len + 65536 + 1);
        assert_non_null(more);
        s->text = more;
        ssize_t n = read(s->fd, s->text + s->len, 65536);
        s->len += n > 0 ? (size_t)n : 0;
        s->text[s->len] = '\0';
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            close_stream(s);
        if (n <= 0)
            return;
    }
}

static void reap(struct process *p)
{
    int status;
    if (p->ended || waitpid(p->pid, &status, WNOHANG) != p->pid)
        return;
    p->ended = true;
    p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool pump(struct process *p, int64_t ms)
{
    struct pollfd fds[3] = {{.fd = p->streams[OUT].fd, .events = POLLIN},
        {.fd = p->streams[ERR].fd, .events = POLLIN},
        {.fd = p->ended ? -1 : p->pidfd, .events = POLLIN}};
    bool was_ended = p->ended;
    (void)poll(fds, 3, was_ended ? 0 : (int)ms);
    reap(p); /* before the streams: what it said before it ended must be read */
    for (int i = OUT; i <= ERR; i++)
        if (p->streams[i].fd >= 0)
            read_stream(&p->streams[i]);
    return !p->ended;
}

const char *said(struct process *p, int stream)
{
    return p->streams[stream].text == NULL ? "" : p->streams[stream].text;
}

/* The end of a text, where what matters mostly is. */
static const char *tail(const char *text)
{
    size_t len = strlen(text);
    return len > 2000 ? text + len - 2000 : text;
}

static void fail_with(struct process *p, const char *what, const char *more)
{
    fprintf(stderr, "%s%s\n--- standard output ---\n%s\n--- standard error ---\n%s\n---\n", what,
        more, tail(said(p, OUT)), tail(said(p, ERR)));
    fail();
}

void type_octets(struct process *p, const void *octets, size_t len)
{
    const char *at = octets;
    int64_t until = now_ms() + DEADLINE_MS;
    while (len > 0) {
        ssize_t n = write(p->streams[IN].fd, at, len);
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        } else if (!pump(p, 10) || now_ms() > until) {
            fail_with(p, "it does not read its input", "");
        }
    }
}

void type(struct process *p, const char *text)
{
    type_octets(p, text, strlen(text));
}

void end_input(struct process *p)
{
    if (p->slave < 0)
        close_stream(&p->streams[IN]);
}

void expect_times(struct process *p, int stream, const char *text, unsigned n)
{
    struct stream *s = &p->streams[stream];
    int64_t until = now_ms() + DEADLINE_MS;
    for (;;) {
        char *found = s->text == NULL ? NULL : strstr(s->text + s->seen, text);
        if (found != NULL) {
            s->seen = (size_t)(found - s->text) + strlen(text);
            if (--n == 0)
                return;
        } else if (now_ms() > until || (p->ended && s->fd < 0)) {
            fail_with(p, "what does not come: ", text);
        } else {
            (void)pump(p, until - now_ms() + 1);
        }
    }
}

void expect(struct process *p, int stream, const char *text)
{
    expect_times(p, stream, text, 1);
}

int await_end(struct process *p)
{
    int64_t until = now_ms() + DEADLINE_MS;
    while (pump(p, until - now_ms() + 1))
        if (now_ms() > until)
            fail_with(p, "it does not end", "");
    (void)pump(p, 0);
    if (p->status == 99 || strstr(said(p, ERR), "Sanitizer") != NULL)
        fail_with(p, "a sanitizer has something to say", "");
    return p->status;
}

int finish(struct process *p)
{
    end_input(p);
    return await_end(p);
}

void send_signal(struct process *p, int number)
{
    assert_int_equal(kill(p->pid, number), 0);
}

void stop(struct process *p, int number, int status)
{
    send_signal(p, number);
    int got = await_end(p);
    if (got != status)
        fail_with(p, words("it ended with status %d, not %d", got, status), "");
}

uint16_t port_of(struct process *p)
{
    expect(p, ERR, "Server listening on port ");
    while (strchr(p->streams[ERR].text + p->streams[ERR].seen, '\n') == NULL && pump(p, 1000))
        continue;
    unsigned long port = strtoul(p->streams[ERR].text + p->streams[ERR].seen, NULL, 10);
    assert_in_range(port, 1, 65535);
    return (uint16_t)port;
}

void read_counters(struct process *p)
{
    (void)pump(p, 0);
    p->streams[ERR].seen = p->streams[ERR].len;
    send_signal(p, SIGUSR1);
    expect(p, ERR, "\nwaiting: "); /* and all of them: they come in one piece */
    expect(p, ERR, "\n");
}

uint64_t counter(struct process *p, const char *name)
{
    const char *text = said(p, ERR), *found = NULL, *next;
    const char *line = words("\n%s: ", name);
    for (next = text; (next = strstr(next, "received: ")) != NULL; next++)
        found = next > text ? next - 1 : next;
    if (found == NULL)
        fail_with(p, "no counters: ", name);
    found = found == NULL ? NULL : strstr(found, line); /* what is 0 is left out */
    return found == NULL ? 0 : strtoull(found + strlen(line), NULL, 10);
}

int processes_end_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_processes; i++) {
        struct process *p = &processes[i];
        if (p->pid > 0 && !p->ended) {
            (void)kill(p->pid, SIGKILL);
            (void)waitpid(p->pid, NULL, 0);
        }
        for (int s = 0; s < 3; s++) {
            close_stream(&p->streams[s]);
            free(p->streams[s].text);
        }
        if (p->slave >= 0)
            (void)close(p->slave);
        if (p->pidfd >= 0)
            (void)close(p->pidfd);
    }
    n_processes = 0;
    return 0;
}

unsigned times(const char *text, const char *part)
{
    unsigned n = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        n++;
    return n;
}

void check_lines(const char *text, unsigned n, const char *file, int line)
{
    unsigned lines = 0;
    bool printable = true;
    for (const char *c = text; *c != '\0'; c++) {
        lines += *c == '\n';
        printable = printable && (*c == '\n' || (*c >= 0x20 && *c <= 0x7e));
    }
    bool whole = *text == '\0' || text[strlen(text) - 1] == '\n';
    if (lines == n && printable && whole)
        return;
    print_error("not %u lines of printable text: %s\n", n, text);
    _fail(file, line);
}

/* ---- files ---- */

static char folder[64];
static char made[64][128];
static size_t n_made;

const char *file_path(const char *name)
{
    if (folder[0] == '\0') {
        (void)snprintf(folder, sizeof folder, "/tmp/nibdns-test-XXXXXX");
        assert_non_null(mkdtemp(folder));
        (void)chmod(folder, 0755); /* tcpdump reads as another user */
    }
    const char *path = words("%s/%s", folder, name);
    for (size_t i = 0; i < n_made; i++)
        if (strcmp(made[i], path) == 0)
            return made[i];
    assert_true(n_made < sizeof made / sizeof made[0]);
    (void)snprintf(made[n_made], sizeof made[0], "%s", path);
    return made[n_made++];
}

void remove_files(void)
{
    for (size_t i = 0; i < n_made; i++)
        (void)remove(made[i]);
    if (folder[0] != '\0')
        (void)rmdir(folder);
    n_made = 0;
    folder[0] = '\0';
}

void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

char *read_file(const char *path, size_t *len)
{
    struct stat st;
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &st), 0);
    char *text = calloc(1, (size_t)st.st_size + 1);
    assert_non_null(text);
    *len = fread(text, 1, (size_t)st.st_size, file);
    (void)fclose(file);
    return text;
}

void await_file(const char *path, size_t len)
{
    struct stat st = {0};
    const struct timespec nap = {0, 5000000};
    int64_t until = now_ms() + DEADLINE_MS;
    while (stat(path, &st) != 0 || (size_t)st.st_size < len) {
        if (now_ms() > until)
            fail_msg("%s has %lld octets, not %zu", path, (long long)st.st_size, len);
        (void)nanosleep(&nap, NULL);
    }
}

/* ---- datagrams ---- */

struct octets octets_from(const char *at, size_t len)
{
    struct octets o = {.len = len};
    assert_true(len <= sizeof o.at);
    memcpy(o.at, at, len);
    return o;
}

static void put(struct octets *o, const void *at, size_t len)
{
    assert_true(len <= sizeof o->at - o->len);
    memcpy(o->at + o->len, at, len);
    o->len += len;
}

static void put_number(struct octets *o, uint32_t value, int octets)
{
    while (octets-- > 0) {
        uint8_t octet = (uint8_t)(value >> (8 * octets));
        put(o, &octet, 1);
    }
}

static void put_text(struct octets *o, const char *text)
{
    put_number(o, (uint32_t)strlen(text), 1);
    put(o, text, strlen(text));
}

struct octets query_of(uint32_t id, int type_code, const char *name)
{
    struct octets o = {.len = 0};
    put_number(&o, id, 4);
    put_number(&o, (uint32_t)type_code, 1); /* flag 0: query */
    put_text(&o, name);
    return o;
}

struct octets response_to(
    const struct octets *query, int answer_type, uint32_t ttl, const char *result)
{
    struct octets o = {.len = 0};
    put(&o, query->at, query->len);
    o.at[4] = (uint8_t)(0x10 | (query->at[4] & 0x0f)); /* flag 1: response */
    put_number(&o, (uint32_t)answer_type, 1);
    put(&o, query->at + 5, query->len - 5); /* the question's name again */
    put_number(&o, ttl, 4);
    put_text(&o, result);
    return o;
}

uint32_t id_of(const struct octets *m)
{
    return (uint32_t)m->at[0] << 24 | (uint32_t)m->at[1] << 16 | (uint32_t)m->at[2] << 8 | m->at[3];
}

union where where_of(const char *ip, uint16_t port)
{
    union where where;
    memset(&where, 0, sizeof where);
    if (strchr(ip, ':') != NULL) {
        where.in6.sin6_family = AF_INET6;
        where.in6.sin6_port = htons(port);
        assert_int_equal(inet_pton(AF_INET6, ip, &where.in6.sin6_addr), 1);
    } else {
        where.in.sin_family = AF_INET;
        where.in.sin_port = htons(port);
        assert_int_equal(inet_pton(AF_INET, ip, &where.in.sin_addr), 1);
    }
    return where;
}

static socklen_t size_of(const union where *where)
{
    return where->sa.sa_family == AF_INET6 ? sizeof where->in6 : sizeof where->in;
}

bool same_where(const union where *a, const union where *b)
{
    if (a->sa.sa_family != b->sa.sa_family || port_in(a) != port_in(b))
        return false;
    if (a->sa.sa_family == AF_INET)
        return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
    return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, 16) == 0;
}

uint16_t port_in(const union where *where)
{
    return ntohs(where->sa.sa_family == AF_INET6 ? where->in6.sin6_port : where->in.sin_port);
}

int udp_at(const char *ip, uint16_t port, uint16_t *got)
{
    union where where = where_of(ip, port);
    socklen_t len = size_of(&where);
    int size = 4 << 20;
    int fd = socket(where.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(fd, &where.sa, len) != 0)
        fail_msg("no socket at %s port %u: %s", ip, port, strerror(errno));
    assert_int_equal(getsockname(fd, &where.sa, &len), 0);
    if (got != NULL)
        *got = port_in(&where);
    return fd;
}

/* A connected socket takes nothing from strangers: they are told that nobody listens. */
uint16_t deaf_port(int *fd)
{
    uint16_t port;
    *fd = udp_at("127.0.0.1", 0, &port);
    union where itself = where_of("127.0.0.1", port);
    assert_int_equal(connect(*fd, &itself.sa, sizeof itself.in), 0);
    return port;
}

void udp_send(int fd, const union where *to, const struct octets *octets)
{
    ssize_t n;
    do
        n = sendto(fd, octets->at, octets->len, 0, &to->sa, size_of(to));
    while (n < 0 && (errno == EINTR || errno == ECONNREFUSED));
    assert_int_equal(n, octets->len);
}

bool udp_receive_in(int fd, int64_t ms, struct octets *octets, union where *from)
{
    int64_t until = now_ms() + ms;
    union where any;
    for (;;) {
        socklen_t len = sizeof any;
        ssize_t n = recvfrom(fd, octets->at, sizeof octets->at, 0, &any.sa, &len);
        octets->len = n > 0 ? (size_t)n : 0;
        if (n >= 0 && from != NULL)
            *from = any;
        if (n >= 0)
            return true;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = until - now_ms();
        if (left < 0)
            return false;
        (void)poll(&p, 1, (int)left + 1);
    }
}

struct octets udp_receive(int fd, union where *from)
{
    struct octets octets;
    if (!udp_receive_in(fd, DEADLINE_MS, &octets, from))
        fail_msg("no datagram comes");
    return octets;
}

struct octets udp_ask(int fd, const union where *to, const struct octets *query)
{
    udp_send(fd, to, query);
    return udp_receive(fd, NULL);
}
