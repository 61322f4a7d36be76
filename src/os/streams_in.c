#define _DEFAULT_SOURCE
#include <errno.h>

#include "streams_private.h"

/* ---- connections of clients ---- */

static struct connection *idlest(struct streams *streams)
{
    struct connection *found = NULL;
    for (struct connection *c = streams->connections; c < streams->connections + CONNECTIONS; c++)
        if (c->stream != NULL && (found == NULL || c->since < found->since))
            found = c;
    return found;
}

/* A free place; where there is none, that of the idlest. */
static struct connection *place_for_connection(struct nib_worker *worker)
{
    struct streams *streams = worker->server->streams;
    for (struct connection *c = streams->connections; c < streams->connections + CONNECTIONS; c++)
        if (c->stream == NULL)
            return c;
    struct connection *c = idlest(streams);
    streams_close_connection(worker, c);
    return c;
}

static void accept_one(struct nib_worker *worker, struct nib_stream *stream, struct nib_path path)
{
    struct nib_server *server = worker->server;
    struct connection *c = place_for_connection(worker);
    uint32_t place = (uint32_t)(c - server->streams->connections);
    path.stream = true;
    path.listener = NIB_LISTEN_MAX + place;
    *c = (struct connection){.stream = stream, .path = path, .since = worker->now};
    server->streams->n_connections++;
    if (nib_waiter_add(worker->waiter, nib_stream_fd(stream),
            streams_number(server, FIRST_CONNECTION + place)) != 0)
        streams_close_connection(worker, c);
}

/* Where the system has no descriptor left, the idlest connection gives its own. */
static void accept_some(struct nib_worker *worker, uint32_t listener)
{
    struct streams *streams = worker->server->streams;
    for (int i = 0; i < ACCEPTS; i++) {
        struct nib_path path = {.listener = listener};
        struct nib_stream *stream =
            nib_stream_accept(streams->listeners[listener], &path.peer, &path.self);
        if (stream != NULL)
            accept_one(worker, stream, path);
        else if ((errno == EMFILE || errno == ENFILE) && streams->n_connections > 0)
            streams_close_connection(worker, idlest(streams));
        else if (errno == EAGAIN)
            return;
    }
}

/* The next message is handed over. False: there is none, and c->ended says whether one may come. */
static bool hand_over_one(struct nib_worker *worker, struct connection *c)
{
    struct nib_datagram *d = &worker->datagrams[0];
    const struct nib_path path = c->path; /* stays while an answer closes the connection */
    enum nib_stream_status status = nib_stream_read(c->stream, &d->octets, &d->len);
    c->ended = status == NIB_STREAM_ENDED;
    if (status != NIB_STREAM_MESSAGE)
        return false;
    d->path = &path;
    d->real_len = d->len;
    c->since = worker->now;
    c->waiting++;
    worker_hand_over(worker, 1);
    return true;
}

/* Hands messages over until there are none, too many wait, or others must have their turn. */
static void read_connection(struct nib_worker *worker, struct connection *c)
{
    c->more = false;
    for (int i = 0; c->stream != NULL && !c->ended; i++) {
        c->more = i == MESSAGES || c->waiting == WAITING_MAX;
        if (c->more || !hand_over_one(worker, c))
            break;
    }
    if (c->stream != NULL)
        streams_settle(worker, c);
}

static void connection_ready(struct nib_worker *worker, struct connection *c)
{
    if (c->stream == NULL)
        return;
    if (nib_stream_flush(c->stream))
        read_connection(worker, c);
    else
        streams_close_connection(worker, c);
}

/* ---- streams upstream ---- */

/* One message is all that was asked for: with it, or with the end, the stream has done its work. */
static void upstream_ready(struct nib_worker *worker, struct upstream *u)
{
    const struct nib_service *service = &worker->server->service;
    const struct upstream here = *u; /* stays when its slot is closed meanwhile */
    const uint8_t *octets;
    size_t len;
    if (u->stream == NULL)
        return;
    enum nib_stream_status status = NIB_STREAM_ENDED;
    if (nib_stream_flush(u->stream))
        status = nib_stream_read(u->stream, &octets, &len);
    if (status == NIB_STREAM_LATER) {
        streams_watch_upstream(worker, u);
        return;
    }
    nib_ms now = worker_enter(worker);
    struct nib_decision decision =
        status == NIB_STREAM_ENDED
            ? service->unreachable(service->ctx, now, here.slot, &worker->outputs)
            : service->reply(service->ctx, now, here.slot, octets, len, &worker->outputs);
    worker_leave(worker);
    if (status == NIB_STREAM_MESSAGE)
        worker_tell(worker, true, &here.peer, octets, len, &decision);
    worker_drain(worker);
}

/* ---- in the loop ---- */

bool streams_ready(struct nib_worker *worker, uint32_t number)
{
    struct streams *streams = worker->server->streams;
    uint32_t first = streams_number(worker->server, 0);
    if (streams == NULL || number < first)
        return false;
    number -= first;
    if (number < FIRST_CONNECTION)
        accept_some(worker, number);
    else if (number < FIRST_UPSTREAM)
        connection_ready(worker, &streams->connections[number - FIRST_CONNECTION]);
    else
        upstream_ready(worker, &streams->upstreams[number - FIRST_UPSTREAM]);
    return true;
}

void streams_tick(struct nib_worker *worker)
{
    struct streams *streams = worker->server->streams;
    if (streams == NULL || streams->n_connections == 0)
        return;
    for (struct connection *c = streams->connections; c < streams->connections + CONNECTIONS; c++) {
        if (c->stream != NULL && streams_goes_on(c))
            read_connection(worker, c);
        if (c->stream != NULL && worker->now - c->since >= IDLE_MS)
            streams_close_connection(worker, c);
    }
}
