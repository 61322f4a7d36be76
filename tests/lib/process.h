/*
 * What the tests of whole programs need: a program as a child, its streams, signals and end, and
 * the other end of its sockets. Everything waits for events, with a deadline that fails the test
 * and shows what the program said. What a failed test leaves behind, processes_end_all() ends.
 */
#ifndef NIBDNS_TESTS_PROCESS_H
#define NIBDNS_TESTS_PROCESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

enum { DEADLINE_MS = 10000 }; /* for whatever should be there at once, on a busy machine */

int64_t now_ms(void);

/* printf's format as text, valid for the next 63 calls. */
const char *words(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- processes ---- */

/* What a stream is, beside a descriptor of the caller's own (1 or more). */
enum { PIPE = 0, CLOSED = -1, TERMINAL = -2, NOTHING = -3 };

struct how {
    int fd[3];            /* standard input, output, error */
    unsigned descriptors; /* the most that it may have open; 0: as we */
};

enum { IN, OUT, ERR };

struct stream {
    int fd; /* our end, -1 when there is none any more */
    char *text;
    size_t len, seen; /* octets read; and of them, those that expect() went past */
};

struct process {
    pid_t pid;
    int pidfd;
    struct stream streams[3];
    int slave; /* the terminal as the program sees it, to stop and resize it */
    bool ended;
    int status;
};

/* Ends the tests when one of these programs, up to NULL, was not built, or descriptors are few. */
void require_programs(const char *const *names);

/*
 * Starts a program of this build (or, where the name has no file there, a tool of the system's)
 * with arguments up to NULL. The folder is bin beside the tests, or the environment's NIB_BIN.
 */
struct process *start(const char *name, ...) __attribute__((sentinel));
struct process *start_how(const struct how *how, const char *name, ...) __attribute__((sentinel));
struct process *start_list(const struct how *how, const char *name, const char *const *arguments);

/* Writes to its standard input, all of it, reading its outputs meanwhile. */
void type(struct process *p, const char *text);
void type_octets(struct process *p, const void *octets, size_t len);
void end_input(struct process *p);

/* Waits until a text stands in a stream behind what was seen before, and goes past it. */
void expect(struct process *p, int stream, const char *text);

/* The same for the n-th time that it stands there. */
void expect_times(struct process *p, int stream, const char *text, unsigned n);

/* Reads what is there now; true while the program runs. Waits for at most that long. */
bool pump(struct process *p, int64_t ms);

/* All that came from a stream so far, terminated. */
const char *said(struct process *p, int stream);

/* Ends its input, waits for its end. The exit status, 128 + number when a signal ended it. */
int finish(struct process *p);

/* The same, its input left open. */
int await_end(struct process *p);

void send_signal(struct process *p, int number);

/* A signal, then its end with that status; nothing that a sanitizer says may be left. */
void stop(struct process *p, int number, int status);

/* The port in `Server listening on port N`, and of the n-th such line. */
uint16_t port_of(struct process *p);

/* SIGUSR1, and the value of one counter in what it brings; of all, read once by read_counters(). */
void read_counters(struct process *p);
uint64_t counter(struct process *p, const char *name);

/* For every test's end: kills and forgets all children. A teardown of cmocka's. */
int processes_end_all(void **state);

/* How often a text stands in another. */
unsigned times(const char *text, const char *part);

/* Fails unless a text is n lines of printable ASCII. */
#define assert_lines(text, n) check_lines((text), (n), __FILE__, __LINE__)
void check_lines(const char *text, unsigned n, const char *file, int line);

/* ---- files ---- */

/* A path in a folder of this run's own, which is removed at the end. */
const char *file_path(const char *name);
void write_file(const char *path, const char *text);

/* The octets of a file, terminated; to be freed. */
char *read_file(const char *path, size_t *len);

/* Waits until a file has at least that many octets. */
void await_file(const char *path, size_t len);
void remove_files(void);

/* ---- datagrams ---- */

struct octets {
    size_t len;
    uint8_t at[2048];
};

/* Octets from a literal with hex and text mixed, as C writes them. */
#define OCTETS_OF(literal) octets_from((literal), sizeof(literal) - 1)
struct octets octets_from(const char *at, size_t len);

/* Messages as section 2 of the written protocol says, whatever the program's encoder thinks. */
enum { A = 8, AAAA = 4, CNAME = 2, NS = 1 };
struct octets query_of(uint32_t id, int type_code, const char *name);
struct octets response_to(
    const struct octets *query, int answer_type, uint32_t ttl, const char *result);
uint32_t id_of(const struct octets *message);

#define assert_same_octets(a, b)                                                                   \
    do {                                                                                           \
        assert_int_equal((a).len, (b).len);                                                        \
        assert_memory_equal((a).at, (b).at, (b).len);                                              \
    } while (0)

union where {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

union where where_of(const char *ip, uint16_t port);
bool same_where(const union where *a, const union where *b);
uint16_t port_in(const union where *where);

/* A socket at an address, a port of 0 for any; *port, where not NULL, is the one that it got. */
int udp_at(const char *ip, uint16_t port, uint16_t *got);

/* A port at which nobody listens and which nobody else gets meanwhile: *fd keeps it. */
uint16_t deaf_port(int *fd);

void udp_send(int fd, const union where *to, const struct octets *octets);

/* Waits for a datagram; fails at the deadline. */
struct octets udp_receive(int fd, union where *from);

/* The same, false when none comes in that time. */
bool udp_receive_in(int fd, int64_t ms, struct octets *octets, union where *from);

/* Sends a query from a socket and returns the answer. */
struct octets udp_ask(int fd, const union where *to, const struct octets *query);

#endif
