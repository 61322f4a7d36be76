#define _DEFAULT_SOURCE
#include "nibdns/os/clock.h"
#include "nibdns/os/memory.h"
#include "server_private.h"

enum {
    EVENTS = 256, /* descriptors looked at after one wait */
    BATCHES = 16, /* read from one socket before the others have their turn */
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
    worker->text_memory = config->quiet ? NULL : nib_memory_map(config->text_cap);
    if (worker->waiter == NULL || worker->in == NULL || worker->out == NULL ||
        worker->outputs_memory == NULL || worker->unsent == NULL ||
        (worker->text_memory == NULL && !config->quiet))
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
    nib_memory_unmap(worker->text_memory, config->text_cap);
}

/* ---- what came ---- */

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
            nib_capture_datagram(capture, NIB_DIRECTION_IN, &r->peer, &r->self, r->octets, r->len,
                r->real_len, &worker->decisions[i]);
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
    if (print_is_due(worker))
        return 0;
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
