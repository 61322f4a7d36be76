#define _GNU_SOURCE
#include "nibdns/os/batch.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "../posix/control.h"
#include "../posix/udp_system.h"
#include "nibdns/os/memory.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/*
 * The headers that the system calls want are filled in once and only touched up between calls: for
 * a single query that is most of our own work.
 */

/* Behind its longest content a piece's memory goes on a little: pieces then differ in cache sets.
 */
enum { PIECE_MAX = 65536, PIECE_STRIDE = PIECE_MAX + 1024 + 64 };

struct nib_inbox {
    struct mmsghdr headers[NIB_BATCH];
    struct iovec iov[NIB_BATCH];
    union sockaddr_any names[NIB_BATCH];
    struct control controls[NIB_BATCH];
    struct nib_path paths[NIB_BATCH];
    size_t segment[NIB_BATCH]; /* octets of each datagram in a piece but the last */
    uint8_t *memory;
    size_t n;             /* pieces read */
    size_t piece, offset; /* the next datagram to be taken */
};

void nib_inbox_prepare(int fd)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
}

struct nib_inbox *nib_inbox_new(void)
{
    struct nib_inbox *in = calloc(1, sizeof *in);
    if (in == NULL)
        return NULL;
    in->memory = nib_memory_map((size_t)NIB_BATCH * PIECE_STRIDE);
    if (in->memory == NULL) {
        free(in);
        return NULL;
    }
    for (size_t i = 0; i < NIB_BATCH; i++) {
        in->iov[i] = (struct iovec){in->memory + i * PIECE_STRIDE, PIECE_MAX};
        in->headers[i].msg_hdr = (struct msghdr){.msg_name = &in->names[i],
            .msg_namelen = sizeof in->names[i],
            .msg_iov = &in->iov[i],
            .msg_iovlen = 1,
            .msg_control = in->controls[i].octets,
            .msg_controllen = sizeof in->controls[i]};
    }
    return in;
}

void nib_inbox_free(struct nib_inbox *in)
{
    if (in != NULL)
        nib_memory_unmap(in->memory, (size_t)NIB_BATCH * PIECE_STRIDE);
    free(in);
}

static void read_control(struct msghdr *h, struct nib_addr *self, size_t *segment)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = control_after(h, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int size;
            memcpy(&size, CMSG_DATA(c), sizeof size);
            *segment = size > 0 ? (size_t)size : *segment;
        } else {
            control_read_self(c, self);
        }
    }
}

/* What the last read left changed in a header. */
static void touch_up(struct nib_inbox *in, size_t i)
{
    in->headers[i].msg_hdr.msg_namelen = sizeof in->names[i];
    in->headers[i].msg_hdr.msg_controllen = sizeof in->controls[i];
}

bool nib_inbox_read(struct nib_inbox *in, int fd, uint32_t listener, const struct nib_addr *self)
{
    int n;
    for (size_t i = 0; i < in->n; i++)
        touch_up(in, i);
    do
        n = recvmmsg(fd, in->headers, NIB_BATCH, MSG_DONTWAIT, NULL);
    while (n < 0 && errno == EINTR);
    in->n = n > 0 ? (size_t)n : 0;
    in->piece = in->offset = 0;
    for (size_t i = 0; i < in->n; i++) {
        in->paths[i].listener = listener;
        in->paths[i].self = *self;
        in->segment[i] = PIECE_MAX;
        sockaddr_to(&in->names[i], &in->paths[i].peer);
        if (in->headers[i].msg_hdr.msg_controllen > 0)
            read_control(&in->headers[i].msg_hdr, &in->paths[i].self, &in->segment[i]);
    }
    return in->n > 1;
}

size_t nib_inbox_take(struct nib_inbox *in, struct nib_datagram *datagrams)
{
    size_t n = 0;
    while (n < NIB_BATCH && in->piece < in->n) {
        size_t left = in->headers[in->piece].msg_len - in->offset;
        size_t real = left < in->segment[in->piece] ? left : in->segment[in->piece];
        datagrams[n++] = (struct nib_datagram){.path = &in->paths[in->piece],
            .octets = in->memory + in->piece * PIECE_STRIDE + in->offset,
            .len = real < NIB_DATAGRAM_CAP ? real : NIB_DATAGRAM_CAP,
            .real_len = real};
        in->offset += real;
        if (real == left) {
            in->piece++;
            in->offset = 0;
        }
    }
    return n;
}

/* ---- out ---- */

/*
 * Answers of one length to one client leave as the segments of one send; behind them may go one
 * that is shorter. Few answers leave one by one: they have little to gain, and whoever watches the
 * loopback device with tcpdump sees each in a frame of its own.
 */
enum { BUCKETS = 256, FEW = 4, NONE = NIB_BATCH };

/* What leaves by one header, or as another run's last segment. */
struct run {
    const struct nib_output *first;
    uint8_t n;       /* answers of that length */
    uint8_t root;    /* the same client's first run */
    uint8_t next;    /* the same client's run made before it, or NONE */
    uint8_t newest;  /* of a client's first run: its newest */
    uint8_t shorter; /* the run of one answer that goes behind it, or NONE */
    uint8_t header;
    bool is_last; /* of another run */
    uint8_t *end; /* where its next answer's octets go */
};

struct nib_outbox {
    bool knows_segments; /* a kernel that does not would send a run as one long datagram */
    size_t n_runs;
    struct run runs[NIB_BATCH];
    uint8_t run_of[NIB_BATCH]; /* of each answer */
    uint8_t buckets[BUCKETS];  /* the first run of a client, or one of another send */
    size_t n_headers;
    struct mmsghdr headers[NIB_BATCH];
    struct iovec iov[NIB_BATCH];
    union sockaddr_any names[NIB_BATCH];
    struct control controls[NIB_BATCH];
    uint8_t octets[NIB_BATCH * NIB_MESSAGE_MAX];
};

static bool kernel_knows_segments(void)
{
    int none = 0, fd = udp_socket(4);
    bool known = fd >= 0 && setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &none, sizeof none) == 0;
    if (fd >= 0)
        (void)close(fd);
    return known;
}

struct nib_outbox *nib_outbox_new(void)
{
    struct nib_outbox *out = calloc(1, sizeof *out);
    if (out == NULL)
        return NULL;
    out->knows_segments = kernel_knows_segments();
    for (size_t i = 0; i < NIB_BATCH; i++)
        out->headers[i].msg_hdr =
            (struct msghdr){.msg_name = &out->names[i], .msg_iov = &out->iov[i], .msg_iovlen = 1};
    return out;
}

void nib_outbox_free(struct nib_outbox *out)
{
    free(out);
}

/* ---- which answers leave together ---- */

static bool same_way(const struct nib_output *a, const struct nib_output *b)
{
    return nib_addr_equal(&a->path.peer, &b->path.peer) &&
           nib_ip_equal(&a->path.self, &b->path.self);
}

static uint8_t *bucket_of(struct nib_outbox *out, const struct nib_output *o)
{
    unsigned low = (unsigned)o->path.peer.ip[3] ^ o->path.peer.ip[15];
    return &out->buckets[(o->path.peer.port * 31u + low * 7u) & (BUCKETS - 1)];
}

static uint8_t new_run(struct nib_outbox *out, const struct nib_output *o)
{
    uint8_t i = (uint8_t)out->n_runs++;
    out->runs[i] =
        (struct run){.first = o, .n = 1, .root = i, .newest = i, .next = NONE, .shorter = NONE};
    return i;
}

/* The number of the run that an answer joins or begins. A bucket may hold any number. */
static uint8_t join_run(struct nib_outbox *out, const struct nib_output *o)
{
    uint8_t *bucket = bucket_of(out, o), root = *bucket;
    if (root >= out->n_runs || !same_way(out->runs[root].first, o))
        return *bucket = new_run(out, o);
    uint8_t newest = out->runs[root].newest;
    for (uint8_t i = newest; i != NONE; i = out->runs[i].next)
        if (out->runs[i].first->len == o->len) {
            out->runs[i].n++;
            return i;
        }
    uint8_t i = new_run(out, o);
    out->runs[i].root = root;
    out->runs[i].next = newest;
    return out->runs[root].newest = i;
}

static bool may_follow(const struct run *shorter, const struct run *longer)
{
    return longer->first->len > shorter->first->len && longer->shorter == NONE && !longer->is_last;
}

/* Lets a run of one answer leave behind a longer one to the same client, if it can one of several. */
static void follow(struct nib_outbox *out, uint8_t one)
{
    struct run *runs = out->runs, *shorter = &runs[one];
    uint8_t longer = NONE;
    if (shorter->n > 1 || shorter->shorter != NONE)
        return;
    for (uint8_t i = runs[shorter->root].newest; i != NONE; i = runs[i].next)
        if (may_follow(shorter, &runs[i]) && (longer == NONE || runs[i].n > 1))
            longer = i;
    if (longer == NONE)
        return;
    runs[longer].shorter = one;
    shorter->is_last = true;
}

static void make_runs(struct nib_outbox *out, const struct nib_output *const *answers, size_t n)
{
    bool together = out->knows_segments && n >= FEW;
    out->n_runs = 0;
    for (size_t i = 0; i < n; i++)
        out->run_of[i] = together ? join_run(out, answers[i]) : new_run(out, answers[i]);
    for (size_t i = 0; together && i < out->n_runs; i++)
        follow(out, (uint8_t)i);
}

/* ---- headers ---- */

/* A header for octets that leave as one datagram, or as segments as long as the answer. */
static void add_header(struct nib_outbox *out, const struct nib_output *o, const uint8_t *octets,
    size_t len, const struct nib_addr *self)
{
    size_t i = out->n_headers++;
    struct msghdr *h = &out->headers[i].msg_hdr;
    h->msg_namelen = sockaddr_from(&o->path.peer, &out->names[i]);
    out->iov[i] = iovec_of(octets, len);
    h->msg_control = NULL;
    h->msg_controllen = 0;
    if (nib_addr_is_wildcard(self))
        control_leave_from(h, &out->controls[i], &o->path.self);
    if (len > o->len) {
        uint16_t size = (uint16_t)o->len;
        memcpy(control_add(h, &out->controls[i], IPPROTO_UDP, UDP_SEGMENT, sizeof size), &size,
            sizeof size);
    }
}

/* The headers of all runs, each with its place for the octets of its answers. */
static void fill_headers(struct nib_outbox *out, const struct nib_addr *self)
{
    uint8_t *octets = out->octets;
    out->n_headers = 0;
    for (size_t i = 0; i < out->n_runs; i++) {
        struct run *run = &out->runs[i];
        if (run->is_last)
            continue;
        size_t len = run->n * run->first->len;
        run->end = octets;
        run->header = (uint8_t)out->n_headers;
        if (run->shorter != NONE) {
            struct run *last = &out->runs[run->shorter];
            last->end = octets + len;
            last->header = run->header;
            len += last->first->len;
        }
        add_header(out, run->first, octets, len, self);
        octets += len;
    }
}

static void fill_octets(struct nib_outbox *out, const struct nib_output *const *answers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct run *run = &out->runs[out->run_of[i]];
        memcpy(run->end, answers[i]->octets, answers[i]->len);
        run->end += answers[i]->len;
    }
}

/* ---- sends ---- */

/* Sends as many as it can from the first on. 0: the first cannot be sent. */
static size_t send_some(int fd, struct mmsghdr *headers, size_t n)
{
    for (int tries = 3; tries > 0; tries--) {
        int sent = sendmmsg(fd, headers, (unsigned)n, MSG_DONTWAIT);
        if (sent > 0)
            return (size_t)sent;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != ENOBUFS)
            break;
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        (void)poll(&p, 1, 1); /* a full queue of our own: a moment, not longer */
    }
    return 0;
}

/*
 * A run that cannot leave as one goes answer by answer. Why it cannot (segments longer than the
 * device takes, a filter) is this run's matter and may be over by the next one: nothing is kept.
 */
static uint64_t send_singly(struct nib_outbox *out, int fd, const struct nib_addr *self,
    const struct nib_output *const *answers, size_t n, size_t header)
{
    uint64_t unsent = 0;
    size_t n_headers = out->n_headers;
    for (size_t i = 0; i < n; i++) {
        if (out->runs[out->run_of[i]].header != header)
            continue;
        out->n_headers = header;
        add_header(out, answers[i], answers[i]->octets, answers[i]->len, self);
        if (send_some(fd, &out->headers[header], 1) == 0)
            unsent |= (uint64_t)1 << i;
    }
    out->n_headers = n_headers;
    return unsent;
}

uint64_t nib_outbox_send(struct nib_outbox *out, int fd, const struct nib_addr *self,
    const struct nib_output *const *answers, size_t n)
{
    uint64_t unsent = 0;
    make_runs(out, answers, n);
    fill_headers(out, self);
    fill_octets(out, answers, n);
    for (size_t i = 0; i < out->n_headers;) {
        size_t sent = send_some(fd, out->headers + i, out->n_headers - i);
        if (sent == 0)
            unsent |= send_singly(out, fd, self, answers, n, i);
        i += sent > 0 ? sent : 1;
    }
    return unsent;
}
