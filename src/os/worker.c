#define _DEFAULT_SOURCE
#include <unistd.h>

#include "nibdns/message.h"
#include "nibdns/os/clock.h"
#include "nibdns/os/memory.h"
#include "server_private.h"

enum {
    EVENTS = 256, /* descriptors looked at after one wait */
    BATCHES = 64, /* read from one socket before the others have their turn */
};

bool worker_init(struct nib_worker *worker, struct nib_server *server, uint32_t index)
{
    const struct nib_server_config *config = &server->config;
    *worker = (struct nib_worker){.server = server, .index = index};
    (void)pthread_mutex_init(&worker->own_lock, NULL);
    worker->waiter = server->waiters[index] = nib_waiter_open();
    worker->in = nib_inbox_new();
    worker->out = nib_outbox_new();
    worker->outputs_memory = nib_memory_map(nib_outputs_bytes(config->outputs_max));
    worker->unsent = nib_memory_map(config->outputs_max * sizeof *worker->unsent);
    worker->table_text = config->quiet ? NULL : nib_memory_map(config->table_cap);
    if (worker->waiter == NULL || worker->in == NULL || worker->out == NULL ||
        worker->outputs_memory == NULL || worker->unsent == NULL ||
        (worker->table_text == NULL && !config->quiet))
        return false;
    nib_outputs_init(&worker->outputs, worker->outputs_memory, config->outputs_max);
    return nib_waiter_add(worker->waiter, server->wake[0], WAKE_NUMBER) == 0;
}

void worker_reset(struct nib_worker *worker)
{
    if (worker->server == NULL)
        return;
    const struct nib_server_config *config = &worker->server->config;
    if (worker->waiter != NULL)
        nib_waiter_close(worker->waiter);
    nib_inbox_free(worker->in);
    nib_outbox_free(worker->out);
    nib_memory_unmap(worker->outputs_memory, nib_outputs_bytes(config->outputs_max));
    nib_memory_unmap(worker->unsent, config->outputs_max * sizeof *worker->unsent);
    nib_memory_unmap(worker->table_text, config->table_cap);
}

/* Where one service serves several workers, none takes it back to an earlier time. */
nib_ms worker_enter(struct nib_worker *worker)
{
    struct nib_server *server = worker->server;
    (void)pthread_mutex_lock(worker->lock);
    if (!server->service.shared)
        return worker->now;
    if (worker->now > server->latest)
        server->latest = worker->now;
    return server->latest;
}

void worker_leave(struct nib_worker *worker)
{
    (void)pthread_mutex_unlock(worker->lock);
}

/* ---- what is seen of it ---- */

static void describe(const uint8_t *octets, size_t len, char line[NIB_DNS_LINE_MAX])
{
    struct nib_message m;
    struct nib_dns_message dns;
    size_t bad;
    if (nib_message_decode(&m, octets, len, &bad) == NIB_OK)
        (void)nib_message_line(&m, line);
    else if (nib_dns_decode(&dns, octets, len) == NIB_DNS_OK)
        (void)nib_dns_line(&dns, line);
    else
        memcpy(line, "(no message)", sizeof "(no message)");
}

static void trace(struct nib_worker *worker, bool came, const struct nib_addr *peer,
    const uint8_t *octets, size_t len, const struct nib_decision *decision)
{
    char addr[NIB_ADDR_TEXT_MAX], line[NIB_DNS_LINE_MAX], words[NIB_DECISION_TEXT_MAX];
    _Static_assert((int)NIB_LINE_MAX <= (int)NIB_DNS_LINE_MAX, "room for either");
    (void)nib_addr_format(peer, addr);
    describe(octets, len, line);
    (void)nib_decision_text(decision, words);
    nib_server_say(worker->server, NIB_LOG_INFO, "[Trace] %s %s  %s: %s", came ? "<-" : "->", addr,
        line, words);
}

void worker_tell(struct nib_worker *worker, bool came, const struct nib_addr *peer,
    const uint8_t *octets, size_t len, const struct nib_decision *decision)
{
    if (worker->server->config.trace)
        trace(worker, came, peer, octets, len, decision);
}

/* ---- what the service wants sent ---- */

/* Who has an answer finds it, and what led to it, in the capture. */
static void capture_answers(struct nib_capture *capture, const struct nib_outbox *out)
{
    for (size_t i = 0; i < nib_outbox_count(out); i++) {
        struct nib_datagram d = nib_outbox_at(out, i);
        nib_capture_datagram(capture, &d.path->self, &d.path->peer, d.octets, d.len, d.len);
    }
    nib_capture_settle(capture);
}

/* Sends the answers that have gathered. Returns how many could not be sent. */
static uint32_t send_answers(struct nib_worker *worker)
{
    struct nib_server *server = worker->server;
    uint32_t listener = worker->out_listener, n = 0;
    if (nib_outbox_count(worker->out) == 0)
        return 0;
    if (server->capture != NULL)
        capture_answers(server->capture, worker->out);
    uint64_t failed =
        nib_outbox_send(worker->out, worker->fds[listener], &server->config.listen[listener]);
    for (; failed != 0; failed &= failed - 1)
        n++;
    return n;
}

static uint32_t add_answer(struct nib_worker *worker, const struct nib_output *o)
{
    uint32_t n = 0;
    if (nib_outbox_full(worker->out) ||
        (nib_outbox_count(worker->out) > 0 && worker->out_listener != o->path.listener))
        n = send_answers(worker);
    worker->out_listener = o->path.listener;
    memcpy(nib_outbox_reserve(worker->out), o->octets, o->len);
    nib_outbox_add(worker->out, &o->path, o->len);
    worker->unprinted++;
    return n;
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

/* ---- what came ---- */

void worker_hand_over(struct nib_worker *worker, size_t n)
{
    struct nib_server *server = worker->server;
    nib_ms now = worker_enter(worker);
    server->service.input(server->service.ctx, worker->index, now, worker->datagrams, n,
        worker->decisions, &worker->outputs);
    worker_leave(worker);
    for (size_t i = 0; i < n; i++) {
        const struct nib_datagram *d = &worker->datagrams[i];
        if (server->capture != NULL && !d->path->stream)
            nib_capture_datagram(
                server->capture, &d->path->peer, &d->path->self, d->octets, d->len, d->real_len);
        worker_tell(worker, true, &d->path->peer, d->octets, d->len, &worker->decisions[i]);
    }
    worker_drain(worker);
}

static void read_requests(struct nib_worker *worker, uint32_t listener)
{
    const struct nib_addr *self = &worker->server->config.listen[listener];
    bool more = true;
    for (int batch = 0; more && batch < BATCHES; batch++) {
        size_t n;
        more = nib_inbox_read(worker->in, worker->fds[listener], listener, self);
        while ((n = nib_inbox_take(worker->in, worker->datagrams)) > 0)
            worker_hand_over(worker, n);
    }
}

static void hand_over_replies(struct nib_worker *worker)
{
    const struct nib_service *service = &worker->server->service;
    struct nib_capture *capture = worker->server->capture;
    size_t n = worker->n_replies;
    if (n == 0)
        return;
    nib_ms now = worker_enter(worker);
    for (size_t i = 0; i < n; i++) {
        const struct reply *r = &worker->replies[i];
        worker->decisions[i] =
            r->refused
                ? service->unreachable(service->ctx, now, r->slot, &worker->outputs)
                : service->reply(service->ctx, now, r->slot, r->octets, r->len, &worker->outputs);
    }
    worker_leave(worker);
    for (size_t i = 0; i < n; i++) {
        const struct reply *r = &worker->replies[i];
        if (r->refused)
            continue;
        if (capture != NULL)
            nib_capture_datagram(capture, &r->peer, &r->self, r->octets, r->len, r->real_len);
        worker_tell(worker, true, &r->peer, r->octets, r->len, &worker->decisions[i]);
    }
    worker->n_replies = 0;
    worker_drain(worker);
}

static void read_replies(struct nib_worker *worker, const uint32_t *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (numbers[i] < FIRST_SLOT || streams_ready(worker, numbers[i]))
            continue;
        slots_read(worker, numbers[i] - FIRST_SLOT);
        if (worker->n_replies == NIB_BATCH)
            hand_over_replies(worker);
    }
    hand_over_replies(worker);
}

/* ---- the loop ---- */

static void tick(struct nib_worker *worker)
{
    const struct nib_service *service = &worker->server->service;
    if (service->tick == NULL)
        return;
    nib_ms now = worker_enter(worker);
    service->tick(service->ctx, now, &worker->outputs);
    worker_leave(worker);
    worker_drain(worker);
}

static int wait_ms(struct nib_worker *worker, nib_ms due)
{
    const struct nib_service *service = &worker->server->service;
    if (service->deadline != NULL) {
        (void)worker_enter(worker);
        nib_ms own = service->deadline(service->ctx);
        worker_leave(worker);
        due = own < due ? own : due;
    }
    nib_ms streams = streams_deadline(worker->server);
    due = streams < due ? streams : due;
    if (due == NIB_NEVER)
        return -1;
    nib_ms left = due - nib_clock_ms();
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* Datagrams that wait are read before what is due by the same clock reading is done (NIB-9.6). */
void worker_turn(struct nib_worker *worker, const sigset_t *mask, nib_ms deadline)
{
    uint32_t numbers[EVENTS];
    size_t n = nib_waiter_wait(worker->waiter, wait_ms(worker, deadline), mask, numbers, EVENTS);
    worker->now = nib_clock_ms();
    for (size_t i = 0; i < n; i++)
        if (numbers[i] < NIB_LISTEN_MAX)
            read_requests(worker, numbers[i]);
    read_replies(worker, numbers, n);
    streams_tick(worker);
    tick(worker);
    print_tables(worker);
}
