#define _GNU_SOURCE
#include "nibbench/load/net.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum {
    PLAIN_CAP = 2048,      /* octets kept of a datagram */
    SEGMENTED_CAP = 65536, /* of many in one */
    SEGMENTED_BATCH = 8,
    SEGMENTS_MAX = 64,     /* the kernel's limit */
    SEGMENTED_MAX = 65000, /* octets in one go, a little below its limit */
    OUT_CAP = BENCH_VIEWS * PLAIN_CAP,
    SOCKET_BUFFER = 4 << 20,
};

union peer {
    struct sockaddr sa;
    struct sockaddr_in6 in6;
};

struct control {
    _Alignas(struct cmsghdr) unsigned char octets[CMSG_SPACE(sizeof(int))];
};

struct bench_net {
    struct bench_net_config config;
    struct mmsghdr headers[BENCH_BATCH];
    struct control controls[BENCH_BATCH];
    union peer peers[BENCH_BATCH];
    struct iovec iov[BENCH_VIEWS];
    struct bench_view views[BENCH_VIEWS];
    uint8_t *in, *out;
};

struct bench_net *bench_net_new(const struct bench_net_config *config)
{
    size_t in_octets = config->receive_runs ? (size_t)SEGMENTED_BATCH * SEGMENTED_CAP
                                            : (size_t)BENCH_BATCH * PLAIN_CAP;
    struct bench_net *net = calloc(1, sizeof *net);
    if (net == NULL)
        return NULL;
    net->config = *config;
    net->in = malloc(in_octets);
    net->out = malloc(OUT_CAP);
    if (net->in != NULL && net->out != NULL)
        return net;
    bench_net_free(net);
    return NULL;
}

void bench_net_free(struct bench_net *net)
{
    if (net != NULL) {
        free(net->in);
        free(net->out);
    }
    free(net);
}

bool bench_net_prepare(const struct bench_net *net, int fd)
{
    int size = SOCKET_BUFFER, on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return !net->config.receive_runs || setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0;
}

/* ---- in ---- */

/* How long the datagrams are that the kernel put together into this one; 0: it is one. */
static size_t segment_of(struct msghdr *h)
{
    int size = 0;
    struct cmsghdr *c = CMSG_FIRSTHDR(h); /* nothing else was asked for */
    if (c != NULL && c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
        memcpy(&size, CMSG_DATA(c), sizeof size);
    return size > 0 ? (size_t)size : 0;
}

static size_t split(struct bench_net *net, size_t message, size_t n)
{
    struct mmsghdr *m = &net->headers[message];
    uint8_t *at = m->msg_hdr.msg_iov->iov_base;
    size_t left = m->msg_len, segment = net->config.receive_runs ? segment_of(&m->msg_hdr) : 0;
    if (segment == 0)
        segment = left;
    do {
        size_t len = left < segment ? left : segment;
        if (n == BENCH_VIEWS)
            break;
        net->views[n++] =
            (struct bench_view){at, len, net->config.connected ? NULL : &net->peers[message]};
        at += len;
        left -= len;
    } while (left > 0);
    return n;
}

size_t bench_net_receive(struct bench_net *net, int fd, struct bench_view **views)
{
    size_t batch = net->config.receive_runs ? SEGMENTED_BATCH : BENCH_BATCH, n = 0;
    size_t cap = net->config.receive_runs ? SEGMENTED_CAP : PLAIN_CAP;
    for (size_t i = 0; i < batch; i++) {
        net->iov[i] = (struct iovec){net->in + i * cap, cap};
        net->headers[i].msg_hdr = (struct msghdr){.msg_iov = &net->iov[i], .msg_iovlen = 1};
        if (!net->config.connected) {
            net->headers[i].msg_hdr.msg_name = &net->peers[i];
            net->headers[i].msg_hdr.msg_namelen = sizeof net->peers[i];
        }
        if (net->config.receive_runs) {
            net->headers[i].msg_hdr.msg_control = net->controls[i].octets;
            net->headers[i].msg_hdr.msg_controllen = sizeof net->controls[i];
        }
    }
    int got = recvmmsg(fd, net->headers, (unsigned)batch, MSG_WAITFORONE, NULL);
    for (int i = 0; i < got; i++)
        n = split(net, (size_t)i, n);
    *views = net->views;
    return n;
}

/* ---- out ---- */

uint8_t *bench_net_room(struct bench_net *net)
{
    return net->out;
}

static socklen_t peer_octets(const void *peer)
{
    const union peer *p = peer;
    return p->sa.sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static bool same_peer(const void *a, const void *b)
{
    return a == b || (a != NULL && b != NULL && peer_octets(a) == peer_octets(b) &&
                         memcmp(a, b, peer_octets(a)) == 0);
}

void bench_net_by_length(struct bench_view *views, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct bench_view one = views[i];
        size_t at = i;
        for (; at > 0 && views[at - 1].len < one.len && same_peer(views[at - 1].peer, one.peer);
             at--)
            views[at] = views[at - 1];
        views[at] = one;
    }
}

/* How many views from the first on may leave as one; the last may be shorter. */
static size_t run_of(const struct bench_net *net, const struct bench_view *views, size_t n)
{
    size_t run = 1;
    while (net->config.send_runs && run < n && run < SEGMENTS_MAX &&
           views[run - 1].len == views[0].len && views[run].len <= views[0].len &&
           (run + 1) * views[0].len <= SEGMENTED_MAX && same_peer(views[run].peer, views[0].peer))
        run++;
    return run;
}

/* A message of a run of views; octets that lie one behind the other need one vector only. */
static void lay_out(
    struct bench_net *net, size_t message, size_t iov, const struct bench_view *views, size_t run)
{
    struct msghdr *h = &net->headers[message].msg_hdr;
    *h = (struct msghdr){.msg_iov = &net->iov[iov]};
    if (views[0].peer != NULL) {
        h->msg_name = views[0].peer;
        h->msg_namelen = peer_octets(views[0].peer);
    }
    for (size_t i = 0; i < run; i++) {
        struct iovec *last = h->msg_iovlen == 0 ? NULL : &h->msg_iov[h->msg_iovlen - 1];
        if (last != NULL && (uint8_t *)last->iov_base + last->iov_len == views[i].at)
            last->iov_len += views[i].len;
        else
            h->msg_iov[h->msg_iovlen++] = (struct iovec){views[i].at, views[i].len};
    }
    if (run == 1)
        return;
    uint16_t size = (uint16_t)views[0].len;
    h->msg_control = net->controls[message].octets;
    h->msg_controllen = CMSG_SPACE(sizeof size);
    struct cmsghdr *c = CMSG_FIRSTHDR(h);
    *c = (struct cmsghdr){
        .cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof size)};
    memcpy(CMSG_DATA(c), &size, sizeof size);
}

size_t bench_net_send(struct bench_net *net, int fd, const struct bench_view *views, size_t n)
{
    size_t runs[BENCH_BATCH] = {0}, done = 0;
    while (done < n) {
        size_t messages = 0, at = done;
        for (; messages < BENCH_BATCH && at < n; messages++) {
            runs[messages] = run_of(net, views + at, n - at);
            lay_out(net, messages, at, views + at, runs[messages]);
            at += runs[messages];
        }
        int sent = sendmmsg(fd, net->headers, (unsigned)messages, 0);
        for (int i = 0; i < sent; i++)
            done += runs[i];
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            break;
    }
    return done;
}
