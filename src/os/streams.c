#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "streams_private.h"

uint32_t streams_number(const struct nib_server *server, uint32_t which)
{
    return FIRST_SLOT + server->config.max_slots + which;
}

bool streams_init(struct nib_server *server)
{
    if (server->config.streams)
        server->streams = calloc(1, sizeof *server->streams);
    return !server->config.streams || server->streams != NULL;
}

int streams_listen(struct nib_worker *worker, uint32_t listener)
{
    struct nib_server *server = worker->server;
    if (server->streams == NULL || !server->config.stream_clients)
        return 0;
    int fd = nib_stream_listen(&server->config.listen[listener]);
    server->streams->listeners[listener] = fd;
    return fd < 0 ? -1 : nib_waiter_add(worker->waiter, fd, streams_number(server, listener));
}

/* ---- connections of clients ---- */

void streams_close_connection(struct nib_worker *worker, struct connection *c)
{
    nib_waiter_remove(worker->waiter, nib_stream_fd(c->stream));
    nib_stream_close(c->stream);
    c->stream = NULL;
    worker->server->streams->n_connections--;
}

void streams_settle(struct nib_worker *worker, struct connection *c)
{
    struct streams *streams = worker->server->streams;
    uint32_t number =
        streams_number(worker->server, FIRST_CONNECTION + (uint32_t)(c - streams->connections));
    bool unsent = nib_stream_has_unsent(c->stream);
    if (c->ended && c->waiting == 0 && !unsent)
        streams_close_connection(worker, c);
    else
        nib_waiter_choose(worker->waiter, nib_stream_fd(c->stream), number,
            !c->ended && !unsent && c->waiting < WAITING_MAX, unsent);
}

bool streams_answer(struct nib_worker *worker, const struct nib_output *answer)
{
    uint32_t place = answer->path.listener - NIB_LISTEN_MAX;
    struct connection *c = &worker->server->streams->connections[place];
    if (c->stream == NULL || !nib_addr_equal(&c->path.peer, &answer->path.peer))
        return false;
    c->since = worker->now;
    c->waiting--;
    bool sent = nib_stream_write(c->stream, answer->octets, answer->len);
    if (sent)
        streams_settle(worker, c);
    else
        streams_close_connection(worker, c);
    return sent;
}

bool streams_goes_on(const struct connection *c)
{
    return c->more && c->waiting < WAITING_MAX;
}

nib_ms streams_deadline(const struct nib_server *server)
{
    const struct streams *streams = server->streams;
    nib_ms due = NIB_NEVER;
    if (streams == NULL || streams->n_connections == 0)
        return due;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        const struct connection *c = &streams->connections[i];
        nib_ms own = streams_goes_on(c) ? c->since : c->since + IDLE_MS;
        if (c->stream != NULL && own < due)
            due = own;
    }
    return due;
}

/* ---- streams upstream ---- */

static void close_upstream(struct nib_worker *worker, struct upstream *u)
{
    nib_waiter_remove(worker->waiter, nib_stream_fd(u->stream));
    nib_stream_close(u->stream);
    u->stream = NULL;
    worker->server->streams->n_upstreams--;
}

void streams_close(struct nib_worker *worker, struct nib_slot slot)
{
    struct streams *streams = worker->server->streams;
    if (streams == NULL || streams->n_upstreams == 0)
        return;
    for (struct upstream *u = streams->upstreams; u < streams->upstreams + UPSTREAM; u++)
        if (u->stream != NULL && u->slot.index == slot.index && u->slot.serial == slot.serial)
            close_upstream(worker, u);
}

void streams_watch_upstream(struct nib_worker *worker, struct upstream *u)
{
    uint32_t place = (uint32_t)(u - worker->server->streams->upstreams);
    nib_waiter_choose(worker->waiter, nib_stream_fd(u->stream),
        streams_number(worker->server, FIRST_UPSTREAM + place), true,
        nib_stream_has_unsent(u->stream));
}

bool streams_send(struct nib_worker *worker, const struct nib_output *query, struct unsent *unsent)
{
    struct nib_server *server = worker->server;
    struct upstream *u = server->streams->upstreams;
    *unsent = (struct unsent){.slot = query->slot, .exhausted = true};
    while (u < server->streams->upstreams + UPSTREAM && u->stream != NULL)
        u++;
    if (u == server->streams->upstreams + UPSTREAM)
        return false;
    uint32_t number =
        streams_number(server, FIRST_UPSTREAM + (uint32_t)(u - server->streams->upstreams));
    *u = (struct upstream){.slot = query->slot, .peer = query->path.peer};
    u->stream = nib_stream_connect(&u->peer, &u->self);
    unsent->exhausted = u->stream == NULL && errno == EMFILE;
    if (u->stream == NULL)
        return false;
    server->streams->n_upstreams++;
    if (nib_waiter_add(worker->waiter, nib_stream_fd(u->stream), number) == 0 &&
        nib_stream_write(u->stream, query->octets, query->len)) {
        streams_watch_upstream(worker, u);
        return true;
    }
    close_upstream(worker, u);
    return false;
}
