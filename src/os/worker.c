#define _DEFAULT_SOURCE
#include <errno.h>
#include <unistd.h>

#include "nibdns/os/clock.h"
#include "nibdns/os/udp.h"
#include "server_private.h"

enum {
    EVENTS = 256,     /* descriptors looked at after one wait */
    BATCHES = 64,     /* read from one socket before the others have their turn */
    REPLIES = 64,     /* likewise from one slot's socket */
    KEPT_SLOTS = 256, /* slots that keep their socket from one question to the next */
};

uint32_t nib_worker_index(const struct nib_worker *worker)
{
    return worker->index;
}

bool worker_init(struct nib_worker *worker, struct nib_server *server, uint32_t index)
{
    *worker = (struct nib_worker){.server = server, .index = index};
    (void)pthread_mutex_init(&worker->own_lock, NULL);
    worker->waiter = nib_waiter_open();
    worker->in = nib_inbox_new();
    worker->out = nib_outbox_new();
    return worker->waiter != NULL && worker->in != NULL && worker->out != NULL &&
           nib_waiter_add(worker->waiter, server->wake[0], WAKE_NUMBER) == 0;
}

void worker_reset(struct nib_worker *worker)
{
    if (worker->waiter != NULL)
        nib_waiter_close(worker->waiter);
    nib_inbox_free(worker->in);
    nib_outbox_free(worker->out);
}

static void enter(struct nib_worker *worker)
{
    (void)pthread_mutex_lock(worker->lock);
}

static void leave(struct nib_worker *worker)
{
    (void)pthread_mutex_unlock(worker->lock);
}

/* ---- what the logic asks for ---- */

/* Who has an answer finds it, and what led to it, in the capture. */
static void capture_answers(struct nib_capture *capture, const struct nib_outbox *out)
{
    for (size_t i = 0; i < nib_outbox_count(out); i++) {
        struct nib_datagram d = nib_outbox_at(out, i);
        nib_capture_datagram(capture, &d.path->self, &d.path->peer, d.octets, d.len, d.len);
    }
    nib_capture_settle(capture);
}

/* Sends the answers; those that could not be sent are the return value's bits. */
static uint64_t send_answers(struct nib_worker *worker)
{
    struct nib_server *server = worker->server;
    uint32_t listener = worker->out_listener;
    if (nib_outbox_count(worker->out) == 0)
        return 0;
    if (server->capture != NULL)
        capture_answers(server->capture, worker->out);
    return nib_outbox_send(worker->out, worker->fds[listener], &server->config.listen[listener]);
}

static void count_unsent(struct nib_worker *worker, uint64_t unsent)
{
    const struct nib_service *service = &worker->server->service;
    for (; unsent != 0; unsent &= unsent - 1)
        service->unsent(service->ctx, worker);
}

/* Outside of the lock: a send takes its time. */
static void flush(struct nib_worker *worker)
{
    uint64_t unsent = send_answers(worker);
    if (unsent == 0)
        return;
    enter(worker);
    count_unsent(worker, unsent);
    leave(worker);
}

static uint8_t *room(void *ctx)
{
    struct nib_worker *worker = ctx;
    if (nib_outbox_full(worker->out))
        count_unsent(worker, send_answers(worker));
    return nib_outbox_reserve(worker->out);
}

static void answer(void *ctx, const struct nib_path *path, size_t len)
{
    struct nib_worker *worker = ctx;
    if (nib_outbox_count(worker->out) > 0 && worker->out_listener != path->listener) {
        const uint8_t *written = nib_outbox_reserve(worker->out);
        count_unsent(worker, send_answers(worker));
        memcpy(nib_outbox_reserve(worker->out), written, len);
    }
    worker->out_listener = path->listener;
    nib_outbox_add(worker->out, path, len);
    worker->unprinted++;
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
 * Making sockets, and having them watched, is a third of what a question costs, so some are kept.
 */
static void close_fetch(void *ctx, uint32_t slot)
{
    struct nib_worker *worker = ctx;
    struct nib_server *server = worker->server;
    struct slot *s = &server->slots[slot];
    if (s->fd >= 0 && slot < KEPT_SLOTS && !server->scarce && nib_udp_disconnect(s->fd)) {
        s->kept = s->fd;
        s->fd = -1;
    }
    discard(s, &s->fd);
}

/* The slot's socket, on a port of its own. False with errno set. */
static bool open_slot(struct nib_worker *worker, uint32_t slot, const struct nib_addr *to)
{
    struct slot *s = &worker->server->slots[slot];
    struct nib_addr *self = worker->server->capture == NULL ? NULL : &s->self;
    bool fits = s->waiter == worker->waiter && s->peer.family == to->family;
    if (s->kept >= 0 && fits && nib_udp_connect_again(s->kept, to, self) == 0) {
        s->fd = s->kept;
        s->kept = -1;
        s->peer = *to;
        return true;
    }
    discard(s, &s->kept);
    s->peer = *to;
    s->waiter = worker->waiter;
    s->fd = nib_udp_connect(to, self);
    if (s->fd >= 0 && nib_waiter_add(s->waiter, s->fd, FIRST_SLOT + slot) == 0)
        return true;
    int error = errno;
    discard(s, &s->fd);
    errno = error;
    return false;
}

static enum nib_send_status ask_failed(struct nib_server *server, int error)
{
    server->scarce = server->scarce || error == EMFILE || error == ENFILE;
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
                   error == ENOSPC || error == EAGAIN
               ? NIB_SEND_EXHAUSTED
               : NIB_SEND_UNREACHABLE;
}

static enum nib_send_status ask(
    void *ctx, uint32_t slot, const struct nib_addr *to, const uint8_t *octets, size_t len)
{
    struct nib_worker *worker = ctx;
    struct nib_server *server = worker->server;
    struct slot *s = &server->slots[slot];
    if (s->fd < 0 && !open_slot(worker, slot, to))
        return ask_failed(server, errno);
    if (nib_udp_send_one(s->fd, NULL, octets, len) != 0)
        return ask_failed(server, errno);
    if (server->capture != NULL)
        nib_capture_datagram(server->capture, &s->self, &s->peer, octets, len, len);
    return NIB_SEND_SENT;
}

struct nib_local_host nib_worker_host(struct nib_worker *worker)
{
    return (struct nib_local_host){worker, room, answer, ask, close_fetch};
}

/* ---- the loop ---- */

/* The same datagrams to the capture and to the service. */
static void hand_over(struct nib_worker *worker, size_t n)
{
    struct nib_server *server = worker->server;
    for (size_t i = 0; server->capture != NULL && i < n; i++) {
        const struct nib_datagram *d = &worker->datagrams[i];
        nib_capture_datagram(
            server->capture, &d->path->peer, &d->path->self, d->octets, d->len, d->real_len);
    }
    enter(worker);
    server->service.input(server->service.ctx, worker, worker->now, worker->datagrams, n);
    leave(worker);
}

static void read_requests(struct nib_worker *worker, uint32_t listener)
{
    const struct nib_addr *self = &worker->server->config.listen[listener];
    bool more = true;
    for (int batch = 0; more && batch < BATCHES; batch++) {
        size_t n;
        more = nib_inbox_read(worker->in, worker->fds[listener], listener, self);
        while ((n = nib_inbox_take(worker->in, worker->datagrams)) > 0) {
            hand_over(worker, n);
            flush(worker);
        }
    }
}

/* Inside the lock: another worker may otherwise close the socket, and open it anew, meanwhile. */
static void read_replies(struct nib_worker *worker, uint32_t slot)
{
    const struct nib_service *service = &worker->server->service;
    struct nib_capture *capture = worker->server->capture;
    struct slot *s = &worker->server->slots[slot];
    uint8_t octets[NIB_DATAGRAM_CAP];
    for (int i = 0; i < REPLIES && s->fd >= 0; i++) {
        ptrdiff_t n = nib_udp_receive_one(s->fd, NULL, octets, sizeof octets);
        if (n >= 0) {
            size_t len = (size_t)n < sizeof octets ? (size_t)n : sizeof octets;
            if (capture != NULL)
                nib_capture_datagram(capture, &s->peer, &s->self, octets, len, (size_t)n);
            service->reply(service->ctx, worker, worker->now, slot, octets, len);
        } else if (errno == EAGAIN) {
            return;
        } else {
            service->unreachable(service->ctx, worker, worker->now, slot);
        }
    }
}

/* The table as it stands, once for each request finished since the last time. */
static void print_tables(struct nib_worker *worker)
{
    struct nib_queue *tables = worker->server->tables;
    const struct nib_table *table = worker->server->service.table;
    enum nib_table_form form = worker->server->config.form;
    if (tables == NULL)
        worker->unprinted = 0;
    for (; worker->unprinted > 0; worker->unprinted--) {
        size_t max = nib_table_form_max(table, form);
        char *out = nib_queue_reserve(tables, max);
        if (out != NULL)
            nib_queue_commit(tables, nib_table_form_text(table, form, worker->now, out, max));
    }
}

static int wait_ms(struct nib_worker *worker, nib_ms due)
{
    const struct nib_service *service = &worker->server->service;
    if (service->deadline != NULL) {
        enter(worker);
        nib_ms own = service->deadline(service->ctx);
        leave(worker);
        due = own < due ? own : due;
    }
    if (due == NIB_NEVER)
        return -1;
    nib_ms left = due - nib_clock_ms();
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* Datagrams that wait are read before what is due by the same clock reading is done (NIB-9.6). */
void worker_turn(struct nib_worker *worker, const sigset_t *mask, nib_ms deadline)
{
    const struct nib_service *service = &worker->server->service;
    uint32_t numbers[EVENTS];
    size_t n = nib_waiter_wait(worker->waiter, wait_ms(worker, deadline), mask, numbers, EVENTS);
    worker->now = nib_clock_ms();
    for (size_t i = 0; i < n; i++)
        if (numbers[i] < NIB_LISTEN_MAX)
            read_requests(worker, numbers[i]);
    enter(worker);
    for (size_t i = 0; i < n; i++)
        if (numbers[i] >= FIRST_SLOT)
            read_replies(worker, numbers[i] - FIRST_SLOT);
    if (service->tick != NULL)
        service->tick(service->ctx, worker, worker->now);
    leave(worker);
    flush(worker);
    enter(worker);
    print_tables(worker);
    leave(worker);
}
