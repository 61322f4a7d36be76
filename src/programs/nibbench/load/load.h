/*
 * Layer 7: the parts of the load generator: questions with the answers that are expected, batches
 * of datagrams in and out, the check of an answer, a histogram, another process's CPU time.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_LOAD_H
#define NIBDNS_PROGRAMS_BENCH_LOAD_H

#include "nibbench/base/bench.h"
#include "nibdns/addr.h"
#include "nibdns/message.h"

/* ---- questions ---- */

enum bench_mode { BENCH_NIB, BENCH_DNS, BENCH_ECHO };

enum { BENCH_QUERY_CAP = 12 + 255 + 4 }; /* octets: the longest query, ours or DNS */

/* What is sent, and what shall come back: octets of the datagram (ID zero), then the result. */
struct bench_query {
    uint32_t at;
    uint16_t len;
    uint8_t type, name_len;
    uint8_t expect_len; /* 0: any result that is found will do */
};

struct bench_queries {
    enum bench_mode mode;
    struct bench_query *list; /* in random order */
    uint32_t n, next;
    uint64_t random;
    uint8_t *octets;
    size_t used, cap;
};

/*
 * Reads `name [type [result]]` a line from a file (NULL: the two records that amazoneserver is born
 * with). Ends the program, with the line, where something is wrong.
 */
void bench_questions_read(
    struct bench_queries *q, const char *program, enum bench_mode mode, const char *path);

/* The next n questions; those of one length side by side when they are to be segments. */
void bench_questions_draw(
    struct bench_queries *q, const struct bench_query **out, size_t n, bool segments);

static inline const uint8_t *bench_query(
    const struct bench_queries *q, const struct bench_query *one)
{
    return q->octets + one->at;
}

static inline struct nib_text bench_expected(
    const struct bench_queries *q, const struct bench_query *one)
{
    return (struct nib_text){(const char *)q->octets + one->at + one->len, one->expect_len};
}

/* ---- answers ---- */

#define BENCH_VERDICTS(X)                                                                          \
    X(BENCH_FOUND, "found", "found")                                                               \
    X(BENCH_NOT_FOUND, "not_found", "record not found")                                            \
    X(BENCH_FAILURE, "server_failure", "server failure")                                           \
    X(BENCH_MALFORMED, "wrong_malformed", "WRONG: malformed")                                      \
    X(BENCH_QUERY, "wrong_question", "WRONG: another question or answer type")                     \
    X(BENCH_RESULT, "wrong_result", "WRONG: another result than expected")

/* From BENCH_MALFORMED on they are wrong answers, and no answers a second are made of them. */
enum bench_verdict {
#define X(symbol, key, words) symbol,
    BENCH_VERDICTS(X)
#undef X
        BENCH_VERDICT_COUNT
};

/* What to make of a datagram that has the ID of that question's query. */
enum bench_verdict bench_check(const struct bench_queries *q, const struct bench_query *one,
    uint32_t id, const uint8_t *octets, size_t len);

/* DNS: the query for a valid name into out, the check of an answer, a result as its RDATA. */
size_t bench_dns_query(struct nib_text name, enum nib_type type, uint8_t out[BENCH_QUERY_CAP]);
size_t bench_dns_rdata(enum nib_type type, struct nib_text result, uint8_t out[256]);
enum bench_verdict bench_dns_check(const struct bench_queries *q, const struct bench_query *one,
    const uint8_t *octets, size_t len);

/* ---- datagrams ---- */

enum { BENCH_BATCH = 64, BENCH_VIEWS = 1024 };

/* One datagram of a batch, and who sent it (NULL on a connected socket). */
struct bench_view {
    uint8_t *at;
    size_t len;
    void *peer;
};

struct bench_net; /* room for a batch each way; one for any number of sockets */

struct bench_net_config {
    bool connected;    /* the sockets are */
    bool send_runs;    /* datagrams of equal length to one peer leave as segments of one */
    bool receive_runs; /* and are received so (UDP_GRO) */
};

/* NULL when there is no memory. */
struct bench_net *bench_net_new(const struct bench_net_config *config);
void bench_net_free(struct bench_net *net);

/* Prepares a socket: large buffers, runs when they are wanted. False: see errno. */
bool bench_net_prepare(const struct bench_net *net, int fd);

/* Waits for the first datagram on a blocking socket. Returns how many; 0: see errno. */
size_t bench_net_receive(struct bench_net *net, int fd, struct bench_view **views);

/*
 * Room for the octets of a batch to be sent, to be laid out one behind the other, so that views of
 * equal length become segments.
 */
uint8_t *bench_net_room(struct bench_net *net);

/* Sends n <= BENCH_VIEWS views in order. Returns how many were sent; fewer: see errno. */
size_t bench_net_send(struct bench_net *net, int fd, const struct bench_view *views, size_t n);

/* ---- latencies ---- */

enum { BENCH_SUB = 64, BENCH_POWERS = 40 }; /* 64 steps to a power of two: 1.6 % at most */

struct bench_histogram {
    uint64_t n, max;
    uint64_t counts[BENCH_POWERS * BENCH_SUB];
};

void bench_histogram_add(struct bench_histogram *h, int64_t ns);

/* The latency in microseconds that this share of all did not exceed. */
double bench_histogram_us(const struct bench_histogram *h, double share);

/* ---- another process ---- */

enum { BENCH_PIDS_MAX = 16 };

struct bench_pids {
    int pid[BENCH_PIDS_MAX];
    size_t n;
};

/*
 * CPU time of all threads: the sum to the nanosecond; the user's share of it is the kernel's, by
 * ticks. Memory in KiB: resident, and in proportion to how many share it.
 */
struct bench_usage {
    double cpu_ns, user, system;
    double rss_kib, pss_kib;
};

/* False when one of the processes is not there. */
bool bench_usage_read(const struct bench_pids *pids, struct bench_usage *usage);

#endif
