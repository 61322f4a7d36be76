#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "nibdns/os/udp.h"
#include "server_private.h"

enum {
    REPLIES = 64,     /* read from one socket before the others have their turn */
    KEPT_SLOTS = 256, /* slots that keep their socket from one fetch to the next */
};

bool slots_init(struct nib_server *server)
{
    server->slots = calloc((size_t)server->config.max_slots + 1, sizeof *server->slots);
    if (server->slots == NULL)
        return false;
    for (uint32_t i = 0; i < server->config.max_slots; i++) {
        (void)pthread_mutex_init(&server->slots[i].lock, NULL);
        server->slots[i].fd = server->slots[i].kept = -1;
    }
    return true;
}

static struct slot *take(struct nib_server *server, uint32_t index)
{
    struct slot *s = &server->slots[index];
    (void)pthread_mutex_lock(&s->lock);
    return s;
}

static void give_back(struct slot *s)
{
    (void)pthread_mutex_unlock(&s->lock);
}

static void discard(struct slot *s, int *fd)
{
    if (*fd >= 0) {
        nib_waiter_remove(s->waiter, *fd);
        (void)close(*fd);
    }
    *fd = -1;
}

/*
 * The port is closed: for whoever sends there and for what is still to come the socket is gone.
 * Making sockets, and having them watched, is a third of what a fetch costs, so some are kept.
 */
static void close_socket(struct nib_server *server, struct slot *s)
{
    bool keeps = s - server->slots < KEPT_SLOTS && !atomic_load(&server->scarce);
    if (s->fd >= 0 && s->kept < 0 && keeps && nib_udp_disconnect(s->fd)) {
        s->kept = s->fd;
        s->fd = -1;
    }
    discard(s, &s->fd);
}

void slots_close(struct nib_server *server, struct nib_slot slot)
{
    struct slot *s = take(server, slot.index);
    if ((int32_t)(slot.serial - s->serial) >= 0) {
        close_socket(server, s);
        s->serial = slot.serial;
        s->over = true;
    }
    give_back(s);
}

/* The slot's socket, on a port of its own. False with errno set. */
static bool open_socket(
    struct nib_worker *worker, struct slot *s, uint32_t number, const struct nib_addr *to)
{
    struct nib_server *server = worker->server;
    struct nib_addr *self = server->capture == NULL ? NULL : &s->self;
    if (s->kept >= 0 && s->peer.family == to->family &&
        nib_udp_connect_again(s->kept, to, self) == 0) {
        s->fd = s->kept;
        s->kept = -1;
        s->peer = *to;
        return true;
    }
    discard(s, &s->kept);
    s->peer = *to;
    s->waiter = worker->waiter;
    s->fd = nib_udp_connect(to, self);
    if (s->fd >= 0 && nib_waiter_add_to_all(server->waiters, server->config.workers, worker->index,
                          s->fd, number) == 0)
        return true;
    int error = errno;
    discard(s, &s->fd);
    errno = error;
    return false;
}

static bool is_exhaustion(struct nib_server *server, int error)
{
    if (error == EMFILE || error == ENFILE)
        atomic_store(&server->scarce, true);
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
           error == ENOSPC || error == EAGAIN;
}

/* Whether a socket has been closed, or another one has its place. */
static bool is_over(const struct slot *s, struct nib_slot slot)
{
    return (int32_t)(slot.serial - s->serial) < 0 || (s->over && s->serial == slot.serial);
}

bool slots_send(struct nib_worker *worker, const struct nib_output *query, struct unsent *unsent)
{
    struct nib_server *server = worker->server;
    const struct nib_addr *to = &query->path.peer;
    struct slot *s = take(server, query->slot.index);
    bool ok = true;
    *unsent = (struct unsent){.slot = query->slot};
    if (is_over(s, query->slot)) {
        give_back(s);
        return true; /* another worker's list was faster: nobody waits for this any more */
    }
    if (s->serial != query->slot.serial)
        close_socket(server, s);
    s->serial = query->slot.serial;
    s->over = false;
    if (s->fd < 0 && !open_socket(worker, s, FIRST_SLOT + query->slot.index, to)) {
        unsent->exhausted = is_exhaustion(server, errno);
        ok = false;
    } else if (nib_udp_send_one(s->fd, NULL, query->octets, query->len) != 0) {
        ok = nib_udp_is_passing(errno); /* a datagram that is lost on its way */
    } else if (server->capture != NULL) {
        nib_capture_datagram(server->capture, NIB_DIRECTION_OUT, &s->self, &s->peer, query->octets,
            query->len, query->len, &query->decision);
    }
    give_back(s);
    return ok;
}

/* One datagram or refusal; false: nothing is there. The lock keeps the socket what it is. */
static bool read_one(struct nib_server *server, uint32_t index, struct reply *r)
{
    struct slot *s = take(server, index);
    errno = EAGAIN;
    ptrdiff_t n = s->fd < 0 ? -1 : nib_udp_receive_one(s->fd, NULL, r->octets, sizeof r->octets);
    bool there = n >= 0 || errno != EAGAIN;
    r->slot = (struct nib_slot){index, s->serial};
    r->self = s->self;
    r->peer = s->peer;
    r->refused = n < 0;
    r->real_len = n < 0 ? 0 : (size_t)n;
    r->len = r->real_len < sizeof r->octets ? r->real_len : sizeof r->octets;
    give_back(s);
    return there;
}

void slots_read(struct nib_worker *worker, uint32_t index)
{
    for (int i = 0; i < REPLIES && worker->n_replies < NIB_BATCH; i++) {
        if (!read_one(worker->server, index, &worker->replies[worker->n_replies]))
            return;
        worker->n_replies++;
    }
}
