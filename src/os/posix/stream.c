#define _DEFAULT_SOURCE
#include "nibdns/os/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "sockaddr.h"

enum { PREFIX = 2, BACKLOG = 128 };

/* in: what came and was not taken yet, from in_off on. out: what is to be sent, from out_off on. */
struct nib_stream {
    int fd;
    bool broken;
    size_t in_off, in_len, out_off, out_len;
    uint8_t in[PREFIX + NIB_STREAM_MESSAGE_MAX];
    uint8_t out[NIB_STREAM_UNSENT_MAX];
};

static int give_back(int fd)
{
    int error = errno;
    if (fd >= 0)
        (void)close(fd);
    errno = error;
    return -1;
}

/* Answers are short and go out whole: none waits for the acknowledgement of the one before. */
static bool prepare(int fd)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static int new_socket(uint8_t family)
{
    int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
    return fd < 0 || prepare(fd) ? fd : give_back(fd);
}

static bool self_of(int fd, struct nib_addr *self)
{
    union sockaddr_any sa = {0};
    socklen_t len = sizeof sa;
    if (getsockname(fd, &sa.sa, &len) != 0)
        return false;
    sockaddr_to(&sa, self);
    return true;
}

int nib_stream_listen(struct nib_addr *addr)
{
    union sockaddr_any sa = {0};
    socklen_t len = sockaddr_from(addr, &sa);
    int on = 1, fd = new_socket(addr->family);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (addr->family == 6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    bool ok = bind(fd, &sa.sa, len) == 0 && listen(fd, BACKLOG) == 0 && self_of(fd, addr);
    return ok ? fd : give_back(fd);
}

static struct nib_stream *stream_of(int fd)
{
    struct nib_stream *stream = malloc(sizeof *stream);
    if (stream == NULL) {
        (void)give_back(fd);
        return NULL;
    }
    stream->fd = fd;
    stream->broken = false;
    stream->in_off = stream->in_len = stream->out_off = stream->out_len = 0;
    return stream;
}

struct nib_stream *nib_stream_accept(int fd, struct nib_addr *peer, struct nib_addr *self)
{
    union sockaddr_any sa = {0};
    socklen_t len = sizeof sa;
    int accepted = accept(fd, &sa.sa, &len);
    if (accepted < 0)
        return NULL;
    sockaddr_to(&sa, peer);
    if (!prepare(accepted) || !self_of(accepted, self)) {
        (void)give_back(accepted);
        return NULL;
    }
    return stream_of(accepted);
}

struct nib_stream *nib_stream_connect(const struct nib_addr *addr, struct nib_addr *self)
{
    union sockaddr_any sa = {0};
    socklen_t len = sockaddr_from(addr, &sa);
    int fd = new_socket(addr->family);
    if (fd < 0)
        return NULL;
    if ((connect(fd, &sa.sa, len) != 0 && errno != EINPROGRESS) || !self_of(fd, self)) {
        (void)give_back(fd);
        return NULL;
    }
    return stream_of(fd);
}

void nib_stream_close(struct nib_stream *stream)
{
    if (stream == NULL)
        return;
    (void)close(stream->fd);
    free(stream);
}

int nib_stream_fd(const struct nib_stream *stream)
{
    return stream->fd;
}

/* ---- reading ---- */

/* A whole message at the front, taken; false: not yet. */
static bool take(struct nib_stream *s, const uint8_t **octets, size_t *len)
{
    const uint8_t *front = s->in + s->in_off;
    size_t there = s->in_len - s->in_off;
    size_t want = there < PREFIX ? PREFIX : PREFIX + ((size_t)front[0] << 8 | front[1]);
    if (there < PREFIX || there < want)
        return false;
    *octets = front + PREFIX;
    *len = want - PREFIX;
    s->in_off += want;
    return true;
}

/* Reads what is there, behind what is left. 1: something came; 0: nothing now; -1: the end. */
static int fill(struct nib_stream *s)
{
    ssize_t n;
    memmove(s->in, s->in + s->in_off, s->in_len - s->in_off);
    s->in_len -= s->in_off;
    s->in_off = 0;
    do
        n = recv(s->fd, s->in + s->in_len, sizeof s->in - s->in_len, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        s->in_len += (size_t)n;
    return n > 0 ? 1 : n < 0 && errno == EAGAIN ? 0 : -1;
}

enum nib_stream_status nib_stream_read(
    struct nib_stream *stream, const uint8_t **octets, size_t *len)
{
    while (!take(stream, octets, len)) {
        int filled = fill(stream); /* a message that is not whole leaves room for the rest of it */
        if (filled <= 0)
            return filled == 0 ? NIB_STREAM_LATER : NIB_STREAM_ENDED;
    }
    return NIB_STREAM_MESSAGE;
}

/* ---- writing ---- */

bool nib_stream_flush(struct nib_stream *s)
{
    while (!s->broken && s->out_off < s->out_len) {
        ssize_t n = send(s->fd, s->out + s->out_off, s->out_len - s->out_off, MSG_NOSIGNAL);
        if (n >= 0)
            s->out_off += (size_t)n;
        else if (errno == EAGAIN || errno == ENOTCONN) /* not connected yet */
            return true;
        else if (errno != EINTR)
            s->broken = true;
    }
    s->out_off = s->out_len = s->broken ? s->out_len : 0;
    return !s->broken;
}

bool nib_stream_write(struct nib_stream *s, const uint8_t *octets, size_t len)
{
    memmove(s->out, s->out + s->out_off, s->out_len - s->out_off);
    s->out_len -= s->out_off;
    s->out_off = 0;
    if (s->broken || len > NIB_STREAM_MESSAGE_MAX || PREFIX + len > sizeof s->out - s->out_len)
        return false;
    s->out[s->out_len] = (uint8_t)(len >> 8);
    s->out[s->out_len + 1] = (uint8_t)len;
    memcpy(s->out + s->out_len + PREFIX, octets, len);
    s->out_len += PREFIX + len;
    return nib_stream_flush(s);
}

bool nib_stream_has_unsent(const struct nib_stream *stream)
{
    return stream->out_off < stream->out_len;
}
