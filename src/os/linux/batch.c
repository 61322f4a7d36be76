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
    return in->n == NIB_BATCH;
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
 * A short run leaves answer by answer: it has little to gain, and whoever watches the loopback
 * device with tcpdump sees each answer in a frame of its own.
 */
enum { BUCKETS = 256, NONE = 255, RUN_MIN = 4 };

/* Answers of one length to one client: they leave as the segments of one send. */
struct run {
    uint8_t first, last, n;
};

struct nib_outbox {
    size_t n;
    bool knows_segments; /* a kernel that does not would send a run as one long datagram */
    struct nib_path paths[NIB_BATCH];
    uint16_t len[NIB_BATCH];
    uint8_t next[NIB_BATCH]; /* in the same run */
    size_t n_runs;
    struct run runs[NIB_BATCH];
    uint8_t buckets[BUCKETS]; /* the newest run of a client and length */
    struct mmsghdr headers[NIB_BATCH];
    struct iovec iov[NIB_BATCH];
    union sockaddr_any names[NIB_BATCH];
    struct control controls[NIB_BATCH];
    uint8_t octets[NIB_BATCH][NIB_MESSAGE_MAX + 60];
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
    memset(out->buckets, NONE, sizeof out->buckets);
    return out;
}

void nib_outbox_free(struct nib_outbox *out)
{
    free(out);
}

bool nib_outbox_full(const struct nib_outbox *out)
{
    return out->n == NIB_BATCH;
}

uint8_t *nib_outbox_reserve(struct nib_outbox *out)
{
    return out->octets[out->n];
}

size_t nib_outbox_count(const struct nib_outbox *out)
{
    return out->n;
}

struct nib_datagram nib_outbox_at(const struct nib_outbox *out, size_t i)
{
    return (struct nib_datagram){&out->paths[i], out->octets[i], out->len[i], out->len[i]};
}

static unsigned bucket_of(const struct nib_path *path, size_t len)
{
    unsigned low = (unsigned)path->peer.ip[3] ^ path->peer.ip[15];
    return (path->peer.port * 31u + low * 7u + (unsigned)len) & (BUCKETS - 1);
}

/* Puts the newest answer into its run, or begins one. */
static void join_run(struct nib_outbox *out, uint8_t i)
{
    uint8_t *bucket = &out->buckets[bucket_of(&out->paths[i], out->len[i])];
    struct run *run = &out->runs[*bucket == NONE ? 0 : *bucket];
    out->next[i] = NONE;
    if (*bucket != NONE && out->knows_segments && out->len[run->first] == out->len[i] &&
        nib_addr_equal(&out->paths[run->first].peer, &out->paths[i].peer) &&
        nib_ip_equal(&out->paths[run->first].self, &out->paths[i].self)) {
        out->next[run->last] = i;
        run->last = i;
        run->n++;
        return;
    }
    out->runs[out->n_runs] = (struct run){i, i, 1};
    *bucket = (uint8_t)out->n_runs++;
}

void nib_outbox_add(struct nib_outbox *out, const struct nib_path *path, size_t len)
{
    uint8_t i = (uint8_t)out->n++;
    out->paths[i] = *path;
    out->len[i] = (uint16_t)len;
    join_run(out, i);
}

/* The header of a run; its answers' octets are gathered from where they stand. */
static void fill_header(
    struct nib_outbox *out, size_t r, struct iovec *iov, const struct nib_addr *self)
{
    const struct run *run = &out->runs[r];
    struct msghdr *h = &out->headers[r].msg_hdr;
    const struct nib_path *path = &out->paths[run->first];
    *h = (struct msghdr){.msg_name = &out->names[r],
        .msg_namelen = sockaddr_from(&path->peer, &out->names[r]),
        .msg_iov = iov,
        .msg_iovlen = run->n};
    for (uint8_t i = run->first; i != NONE; i = out->next[i])
        *iov++ = (struct iovec){out->octets[i], out->len[i]};
    if (nib_addr_is_wildcard(self))
        control_leave_from(h, &out->controls[r], &path->self);
    if (run->n > 1) {
        uint16_t size = out->len[run->first];
        memcpy(control_add(h, &out->controls[r], IPPROTO_UDP, UDP_SEGMENT, sizeof size), &size,
            sizeof size);
    }
}

static void split_short_runs(struct nib_outbox *out)
{
    for (size_t r = 0, n = out->n_runs; r < n; r++) {
        struct run run = out->runs[r];
        uint8_t i = out->next[run.first];
        if (run.n >= RUN_MIN)
            continue;
        out->runs[r] = (struct run){run.first, run.first, 1};
        out->next[run.first] = NONE;
        for (uint8_t next; i != NONE; i = next) {
            next = out->next[i];
            out->next[i] = NONE;
            out->runs[out->n_runs++] = (struct run){i, i, 1};
        }
    }
}

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
static uint64_t send_singly(
    struct nib_outbox *out, int fd, size_t r, struct iovec *iov, const struct nib_addr *self)
{
    uint64_t unsent = 0;
    struct run all = out->runs[r];
    for (uint8_t i = all.first, next; i != NONE; i = next) {
        next = out->next[i];
        out->next[i] = NONE;
        out->runs[r] = (struct run){i, i, 1};
        fill_header(out, r, iov, self);
        if (send_some(fd, &out->headers[r], 1) == 0)
            unsent |= (uint64_t)1 << i;
    }
    return unsent;
}

uint64_t nib_outbox_send(struct nib_outbox *out, int fd, const struct nib_addr *self)
{
    uint64_t unsent = 0;
    struct iovec *iov = out->iov;
    split_short_runs(out);
    for (size_t r = 0; r < out->n_runs; iov += out->runs[r].n, r++)
        fill_header(out, r, iov, self);
    for (size_t r = 0; r < out->n_runs;) {
        size_t sent = send_some(fd, out->headers + r, out->n_runs - r);
        if (sent == 0)
            unsent |= send_singly(out, fd, r, out->headers[r].msg_hdr.msg_iov, self);
        r += sent > 0 ? sent : 1;
    }
    for (size_t i = 0; i < out->n; i++)
        out->buckets[bucket_of(&out->paths[i], out->len[i])] = NONE;
    out->n = out->n_runs = 0;
    return unsent;
}
