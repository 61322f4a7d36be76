#define _DEFAULT_SOURCE
#include "server_private.h"

/* What left, and only that, is in the capture. */
static void capture_answers(struct nib_worker *worker, uint64_t failed)
{
    struct nib_capture *capture = worker->server->capture;
    for (size_t i = 0; i < worker->n_answers; i++) {
        const struct nib_output *o = worker->answers[i];
        if ((failed >> i & 1) == 0)
            nib_capture_datagram(capture, NIB_DIRECTION_OUT, &o->path.self, &o->path.peer,
                o->octets, o->len, o->len, &o->decision);
    }
    nib_capture_settle(capture);
}

/* Sends the answers that have gathered. Returns how many could not be sent. */
static uint32_t send_answers(struct nib_worker *worker)
{
    struct nib_server *server = worker->server;
    size_t n = worker->n_answers;
    uint32_t unsent = 0;
    if (n == 0)
        return 0;
    uint32_t listener = worker->answers[0]->path.listener;
    uint64_t failed = nib_outbox_send(
        worker->out, worker->fds[listener], &server->config.listen[listener], worker->answers, n);
    if (server->capture != NULL)
        capture_answers(worker, failed);
    worker->unprinted += n;
    worker->n_answers = 0;
    for (; failed != 0; failed &= failed - 1)
        unsent++;
    return unsent;
}

static uint32_t add_answer(struct nib_worker *worker, const struct nib_output *o)
{
    uint32_t unsent = 0;
    if (worker->n_answers == NIB_BATCH ||
        (worker->n_answers > 0 && worker->answers[0]->path.listener != o->path.listener))
        unsent = send_answers(worker);
    worker->answers[worker->n_answers++] = o;
    return unsent;
}

/* Returns how many answers could not be sent. */
static uint32_t send_answer(struct nib_worker *worker, const struct nib_output *o)
{
    return o->path.stream ? !streams_answer(worker, o) : add_answer(worker, o);
}

static bool send_query(struct nib_worker *worker, const struct nib_output *o, struct unsent *unsent)
{
    return o->path.stream ? streams_send(worker, o, unsent) : slots_send(worker, o, unsent);
}

/* Tells the service what could not be sent. What it then wants sent is in the list. */
static void report(struct nib_worker *worker, uint32_t answers, uint32_t queries)
{
    const struct nib_service *service = &worker->server->service;
    if (answers == 0 && queries == 0)
        return;
    nib_ms now = worker_enter(worker);
    for (; answers > 0; answers--)
        service->answer_unsent(service->ctx, worker->index);
    for (uint32_t i = 0; i < queries; i++)
        service->query_unsent(service->ctx, now, worker->unsent[i].slot,
            worker->unsent[i].exhausted, &worker->outputs);
    worker_leave(worker);
}

/*
 * Carries out the list, outside of the lock: a send takes its time. Each time round a server less
 * is left to be asked, so it ends.
 */
void worker_drain(struct nib_worker *worker)
{
    struct nib_outputs *outputs = &worker->outputs;
    while (outputs->n > 0) {
        uint32_t answers = 0, queries = 0;
        for (uint32_t i = 0; i < outputs->n; i++) {
            const struct nib_output *o = &outputs->items[i];
            if (o->kind == NIB_OUTPUT_CLOSE) {
                slots_close(worker->server, o->slot);
                streams_close(worker, o->slot);
                continue;
            }
            worker_tell(worker, false, &o->path.peer, o->octets, o->len, &o->decision);
            if (o->kind == NIB_OUTPUT_ANSWER)
                answers += send_answer(worker, o);
            else
                queries += !send_query(worker, o, &worker->unsent[queries]);
        }
        answers += send_answers(worker);
        nib_outputs_clear(outputs);
        report(worker, answers, queries);
    }
}

/* What came, for whoever wants to see it. */
static void show_datagrams(struct nib_worker *worker, size_t n)
{
    struct nib_capture *capture = worker->server->capture;
    for (size_t i = 0; i < n; i++) {
        const struct nib_datagram *d = &worker->datagrams[i];
        if (capture != NULL && !d->path->stream)
            nib_capture_datagram(capture, NIB_DIRECTION_IN, &d->path->peer, &d->path->self,
                d->octets, d->len, d->real_len, &worker->decisions[i]);
        worker_tell(worker, true, &d->path->peer, d->octets, d->len, &worker->decisions[i]);
    }
}

void worker_hand_over(struct nib_worker *worker, size_t n)
{
    struct nib_server *server = worker->server;
    if (server->service.read != NULL)
        server->service.read(server->service.ctx, worker->index, worker->datagrams, n);
    nib_ms now = worker_enter(worker);
    server->service.input(server->service.ctx, worker->index, now, worker->datagrams, n,
        worker->decisions, &worker->outputs);
    worker_leave(worker);
    if (server->capture != NULL || server->config.trace)
        show_datagrams(worker, n);
    worker_drain(worker);
}
