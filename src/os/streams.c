#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "nibdns/os/stream.h"
#include "server_private.h"

enum {
    CONNECTIONS = 256,                 /* of clients; the idlest one ends for a new one */
    UPSTREAM = 256,                    /* streams to those we ask */
    IDLE_MS = 10000,                   /* after which a client's connection ends */
    WAITING_MAX = 64,                  /* of one connection; it is not read further meanwhile */
    ACCEPTS = 64,                      /* before the others have their turn */
    MESSAGES = 64,                     /* likewise, read from one connection */
    FIRST_CONNECTION = NIB_LISTEN_MAX, /* numbers of what is watched, the listeners' before */
    FIRST_UPSTREAM = FIRST_CONNECTION + CONNECTIONS,
};

/* Closed where stream is NULL. */
struct connection {
    struct nib_stream *stream;
    struct nib_path path; /* its listener is NIB_LISTEN_MAX and the place of the connection */
    nib_ms since;         /* it was last heard of, or answered */
    uint32_t waiting;     /* messages without an answer yet */
    bool ended;           /* the client sends no more */
    bool more;            /* messages were left for the next turn */
};

struct upstream {
    struct nib_stream *stream;
    struct nib_slot slot;
    struct nib_addr self, peer;
};

struct streams {
    int listeners[NIB_LISTEN_MAX];
    uint32_t n_connections, n_upstreams;
    struct connection connections[CONNECTIONS];
    struct upstream upstreams[UPSTREAM];
};

static uint32_t number_of(const struct nib_server *server, uint32_t which)
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
    return fd < 0 ? -1 : nib_waiter_add(worker->waiter, fd, number_of(server, listener));
}

/* ---- connections of clients ---- */

static void close_connection(struct nib_worker *worker, struct connection *c)
{
    nib_waiter_remove(worker->waiter, nib_stream_fd(c->stream));
    nib_stream_close(c->stream);
    c->stream = NULL;
    worker->server->streams->n_connections--;
}

/* What the connection is to be watched for; closes one from which nothing more can come. */
static void settle_connection(struct nib_worker *worker, struct connection *c)
{
    struct streams *streams = worker->server->streams;
    uint32_t number =
        number_of(worker->server, FIRST_CONNECTION + (uint32_t)(c - streams->connections));
    bool unsent = nib_stream_has_unsent(c->stream);
    if (c->ended && c->waiting == 0 && !unsent)
        close_connection(worker, c);
    else
        nib_waiter_choose(worker->waiter, nib_stream_fd(c->stream), number,
            !c->ended && !unsent && c->waiting < WAITING_MAX, unsent);
}

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
    close_connection(worker, c);
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
            number_of(server, FIRST_CONNECTION + place)) != 0)
        close_connection(worker, c);
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
            close_connection(worker, idlest(streams));
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
        settle_connection(worker, c);
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
        settle_connection(worker, c);
    else
        close_connection(worker, c);
    return sent;
}

static void connection_ready(struct nib_worker *worker, struct connection *c)
{
    if (c->stream == NULL)
        return;
    if (nib_stream_flush(c->stream))
        read_connection(worker, c);
    else
        close_connection(worker, c);
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

static void watch_upstream(struct nib_worker *worker, struct upstream *u)
{
    uint32_t place = (uint32_t)(u - worker->server->streams->upstreams);
    nib_waiter_choose(worker->waiter, nib_stream_fd(u->stream),
        number_of(worker->server, FIRST_UPSTREAM + place), true, nib_stream_has_unsent(u->stream));
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
        number_of(server, FIRST_UPSTREAM + (uint32_t)(u - server->streams->upstreams));
    *u = (struct upstream){.slot = query->slot, .peer = query->path.peer};
    u->stream = nib_stream_connect(&u->peer, &u->self);
    unsent->exhausted = u->stream == NULL && errno == EMFILE;
    if (u->stream == NULL)
        return false;
    server->streams->n_upstreams++;
    if (nib_waiter_add(worker->waiter, nib_stream_fd(u->stream), number) == 0 &&
        nib_stream_write(u->stream, query->octets, query->len)) {
        watch_upstream(worker, u);
        return true;
    }
    close_upstream(worker, u);
    return false;
}

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
        watch_upstream(worker, u);
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
    uint32_t first = number_of(worker->server, 0);
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

/* What came already is to be handed over, whether more comes or not. */
static bool goes_on(const struct connection *c)
{
    return c->more && c->waiting < WAITING_MAX;
}

void streams_tick(struct nib_worker *worker)
{
    struct streams *streams = worker->server->streams;
    if (streams == NULL || streams->n_connections == 0)
        return;
    for (struct connection *c = streams->connections; c < streams->connections + CONNECTIONS; c++) {
        if (c->stream != NULL && goes_on(c))
            read_connection(worker, c);
        if (c->stream != NULL && worker->now - c->since >= IDLE_MS)
            close_connection(worker, c);
    }
}

nib_ms streams_deadline(const struct nib_server *server)
{
    const struct streams *streams = server->streams;
    nib_ms due = NIB_NEVER;
    if (streams == NULL || streams->n_connections == 0)
        return due;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        const struct connection *c = &streams->connections[i];
        nib_ms own = goes_on(c) ? c->since : c->since + IDLE_MS;
        if (c->stream != NULL && own < due)
            due = own;
    }
    return due;
}
