#define _GNU_SOURCE
#include "nibdns/os/batch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "control.h"
#include "nibdns/os/memory.h"

/* A system call for each datagram. */

/* Behind the longest content a datagram's memory goes on a little: they differ in cache sets. */
enum { LONGEST = 65536, STRIDE = LONGEST + 1024 + 64 };

struct nib_inbox {
    struct nib_path paths[NIB_BATCH];
    size_t len[NIB_BATCH];
    uint8_t *memory;
    size_t n, taken;
};

void nib_inbox_prepare(int fd)
{
    (void)fd;
}

struct nib_inbox *nib_inbox_new(void)
{
    struct nib_inbox *in = calloc(1, sizeof *in);
    if (in == NULL)
        return NULL;
    in->memory = nib_memory_map((size_t)NIB_BATCH * STRIDE);
    if (in->memory != NULL)
        return in;
    free(in);
    return NULL;
}

void nib_inbox_free(struct nib_inbox *in)
{
    if (in != NULL)
        nib_memory_unmap(in->memory, (size_t)NIB_BATCH * STRIDE);
    free(in);
}

/* One datagram into the next place. False when none is there. */
static bool receive(struct nib_inbox *in, int fd, uint32_t listener, const struct nib_addr *self)
{
    union sockaddr_any name;
    struct control control;
    struct nib_path *path = &in->paths[in->n];
    struct iovec iov = {in->memory + in->n * STRIDE, LONGEST};
    struct msghdr h = {.msg_name = &name,
        .msg_namelen = sizeof name,
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.octets,
        .msg_controllen = sizeof control};
    ssize_t n;
    do
        n = recvmsg(fd, &h, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return false;
    path->listener = listener;
    path->self = *self;
    sockaddr_to(&name, &path->peer);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c != NULL; c = control_after(&h, c))
        control_read_self(c, &path->self);
    in->len[in->n++] = (size_t)n;
    return true;
}

bool nib_inbox_read(struct nib_inbox *in, int fd, uint32_t listener, const struct nib_addr *self)
{
    bool more = true;
    in->n = in->taken = 0;
    while (more && in->n < NIB_BATCH)
        more = receive(in, fd, listener, self);
    return more;
}

size_t nib_inbox_take(struct nib_inbox *in, struct nib_datagram *datagrams)
{
    size_t n = 0;
    for (; in->taken < in->n; in->taken++) {
        size_t len = in->len[in->taken];
        datagrams[n++] = (struct nib_datagram){.path = &in->paths[in->taken],
            .octets = in->memory + in->taken * STRIDE,
            .len = len < NIB_DATAGRAM_CAP ? len : NIB_DATAGRAM_CAP,
            .real_len = len};
    }
    return n;
}

/* ---- out ---- */

struct nib_outbox *nib_outbox_new(void)
{
    return malloc(1);
}

void nib_outbox_free(struct nib_outbox *out)
{
    free(out);
}

static bool send_one(int fd, const struct msghdr *h)
{
    for (int tries = 3; tries > 0; tries--) {
        if (sendmsg(fd, h, MSG_DONTWAIT) >= 0)
            return true;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != ENOBUFS)
            break;
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        (void)poll(&p, 1, 1); /* a full queue of our own: a moment, not longer */
    }
    return false;
}

uint64_t nib_outbox_send(struct nib_outbox *out, int fd, const struct nib_addr *self,
    const struct nib_output *const *answers, size_t n)
{
    uint64_t unsent = 0;
    (void)out;
    for (size_t i = 0; i < n; i++) {
        const struct nib_output *o = answers[i];
        union sockaddr_any name;
        struct control control;
        struct iovec iov = iovec_of(o->octets, o->len);
        struct msghdr h = {.msg_name = &name,
            .msg_namelen = sockaddr_from(&o->path.peer, &name),
            .msg_iov = &iov,
            .msg_iovlen = 1};
        if (nib_addr_is_wildcard(self))
            control_leave_from(&h, &control, &o->path.self);
        if (!send_one(fd, &h))
            unsent |= (uint64_t)1 << i;
    }
    return unsent;
}
