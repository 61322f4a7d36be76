#define _DEFAULT_SOURCE
#include "nibdns/os/server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "nibdns/os/capture.h"
#include "nibdns/os/clock.h"
#include "nibdns/os/notify.h"
#include "nibdns/os/outlet.h"
#include "nibdns/os/signals.h"
#include "nibdns/os/udp.h"
#include "nibdns/os/wait.h"

enum {
    EVENTS = 256,        /* descriptors looked at after one wait */
    BATCHES = 64,        /* read from one socket before the others have their turn */
    REPLIES = 64,        /* likewise from one slot's socket */
    SAY_CAP = 1 << 18,   /* octets of messages that may wait for a slow reader */
    PATIENCE_MS = 500,   /* for a reader that takes nothing, at the end */
    COUNTERS_MAX = 8192, /* octets of all counters as text */
};

/* A question's socket, -1 while closed, and its two ends. */
struct slot {
    int fd;
    struct nib_addr self, peer;
};

struct nib_server {
    struct nib_server_config config;
    struct nib_service service;
    struct nib_waiter *waiter;
    sigset_t waiting;
    struct nib_outlet *tables, *messages;
    int fds[NIB_LISTEN_MAX];
    struct slot *slots;
    struct nib_capture *capture;
    struct nib_notify *notify;
    const struct nib_zone *rereading; /* the old records, while they are read again */
    bool warns;                       /* what is said now is a warning */
    nib_ms now;
    uint64_t unprinted; /* requests finished, whose tables are still to be printed */
    struct nib_inbox *in;
    struct nib_outbox *out; /* answers, all for one listening socket */
    uint32_t out_via;
};

/* What is said of records before they stand in the table is a complaint about them. */
static enum nib_rank rank(const struct nib_server *server)
{
    const struct nib_zone *old = server->rereading;
    bool refused = old != NULL && server->service.table->zone == old;
    return refused || server->warns ? NIB_RANK_WARNING : NIB_RANK_INFO;
}

void nib_server_say(struct nib_server *server, const char *format, ...)
{
    char line[COUNTERS_MAX];
    va_list args;
    size_t len = (size_t)snprintf(line, sizeof line, "%s", nib_rank_prefix(rank(server)));
    va_start(args, format);
    int n = vsnprintf(line + len, sizeof line - 1 - len, format, args);
    va_end(args);
    if (n < 0)
        return;
    len = (size_t)n < sizeof line - 1 - len ? len + (size_t)n : sizeof line - 2;
    line[len++] = '\n';
    (void)nib_outlet_write(server->messages, line, len);
}

/* ---- opening ---- */

static const char *advice(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "; end the program that has it, or choose another with --listen";
    case EACCES:
        return "; choose a port above 1023 with --listen";
    case EADDRNOTAVAIL:
        return "; choose an address of this machine with --listen";
    default:
        return "";
    }
}

static bool listen_all(struct nib_server *server)
{
    struct nib_server_config *config = &server->config;
    for (size_t i = 0; i < config->n_listen; i++) {
        char text[NIB_ADDR_TEXT_MAX];
        server->fds[i] = nib_udp_listen(&config->listen[i]);
        nib_inbox_prepare(server->fds[i]);
        if (server->fds[i] >= 0 && nib_waiter_add(server->waiter, server->fds[i], (uint32_t)i) == 0)
            continue;
        int error = errno;
        (void)nib_addr_format(&config->listen[i], text);
        fprintf(stderr, "%s%s: cannot listen on %s: %s%s\n", nib_rank_prefix(NIB_RANK_ERROR),
            config->program, text, strerror(error), advice(error));
        return false;
    }
    return true;
}

/* A descriptor for each question under way, as far as the system's hard limit goes. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool open_capture(struct nib_server *server)
{
    const struct nib_server_config *config = &server->config;
    if (config->write == NULL)
        return true;
    server->capture = nib_capture_open(config->write);
    if (server->capture == NULL)
        fprintf(stderr, "%s%s: cannot write %s: %s; give --write a file that can be made\n",
            nib_rank_prefix(NIB_RANK_ERROR), config->program, config->write, strerror(errno));
    return server->capture != NULL;
}

struct nib_server *nib_server_open(const struct nib_server_config *config)
{
    struct nib_server *server = calloc(1, sizeof *server);
    struct slot *slots = calloc((size_t)config->max_slots + 1, sizeof *slots);
    struct nib_waiter *waiter = nib_waiter_open();
    struct nib_inbox *in = nib_inbox_new();
    struct nib_outbox *out = nib_outbox_new();
    struct nib_outlet *messages = nib_outlet_open(STDERR_FILENO, SAY_CAP);
    struct nib_outlet *tables =
        config->quiet ? NULL : nib_outlet_open(STDOUT_FILENO, config->table_cap);
    if (server == NULL || slots == NULL || waiter == NULL || in == NULL || out == NULL ||
        messages == NULL || (tables == NULL && !config->quiet)) {
        fprintf(stderr, "%s%s: cannot start: %s\n", nib_rank_prefix(NIB_RANK_ERROR),
            config->program, strerror(errno));
        return NULL;
    }
    server->config = *config;
    server->slots = slots;
    server->waiter = waiter;
    server->in = in;
    server->out = out;
    server->messages = messages;
    server->tables = tables;
    for (uint32_t i = 0; i < config->max_slots; i++)
        slots[i].fd = -1;
    raise_descriptor_limit();
    if (!listen_all(server) || !open_capture(server))
        return NULL;
    nib_signals_init(&server->waiting);
    server->notify = nib_notify_open();
    return server;
}

const struct nib_addr *nib_server_listening(const struct nib_server *server, size_t *n)
{
    *n = server->config.n_listen;
    return server->config.listen;
}

/* ---- what the logic asks for ---- */

static void flush(struct nib_server *server)
{
    uint32_t via = server->out_via;
    size_t n = nib_outbox_count(server->out);
    if (n == 0)
        return;
    uint64_t unsent = nib_outbox_send(server->out, server->fds[via], &server->config.listen[via]);
    for (size_t i = 0; server->capture != NULL && i < n; i++) {
        struct nib_datagram d = nib_outbox_at(server->out, i);
        if ((unsent >> i & 1) == 0)
            nib_capture_datagram(
                server->capture, &d.path->self, &d.path->peer, d.octets, d.len, d.len);
    }
    for (; unsent != 0; unsent &= unsent - 1)
        server->service.unsent(server->service.ctx);
}

static uint8_t *room(void *ctx)
{
    struct nib_server *server = ctx;
    if (nib_outbox_full(server->out))
        flush(server);
    return nib_outbox_room(server->out);
}

static void answer(void *ctx, const struct nib_path *path, size_t len)
{
    struct nib_server *server = ctx;
    if (nib_outbox_count(server->out) > 0 && server->out_via != path->via) {
        const uint8_t *written = nib_outbox_room(server->out);
        flush(server);
        memcpy(nib_outbox_room(server->out), written, len);
    }
    server->out_via = path->via;
    nib_outbox_add(server->out, path, len);
    server->unprinted++;
}

static void hang_up(void *ctx, uint32_t slot)
{
    struct nib_server *server = ctx;
    struct slot *s = &server->slots[slot];
    if (s->fd < 0)
        return;
    nib_waiter_remove(server->waiter, s->fd);
    (void)close(s->fd);
    s->fd = -1;
}

static enum nib_ask ask_failed(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
                   error == EAGAIN
               ? NIB_ASK_EXHAUSTED
               : NIB_ASK_UNREACHABLE;
}

static enum nib_ask ask(
    void *ctx, uint32_t slot, const struct nib_addr *to, const uint8_t *octets, size_t len)
{
    struct nib_server *server = ctx;
    struct slot *s = &server->slots[slot];
    if (s->fd < 0) {
        s->peer = *to;
        s->fd = nib_udp_connect(to, server->capture == NULL ? NULL : &s->self);
        if (s->fd < 0)
            return ask_failed(errno);
        if (nib_waiter_add(server->waiter, s->fd, NIB_LISTEN_MAX + slot) != 0) {
            hang_up(server, slot);
            return NIB_ASK_EXHAUSTED;
        }
    }
    if (nib_udp_send_one(s->fd, NULL, octets, len) != 0)
        return ask_failed(errno);
    if (server->capture != NULL)
        nib_capture_datagram(server->capture, &s->self, &s->peer, octets, len, len);
    return NIB_ASK_SENT;
}

struct nib_local_host nib_server_host(struct nib_server *server)
{
    return (struct nib_local_host){server, room, answer, ask, hang_up};
}

/* ---- the loop ---- */

/* The same datagrams to the capture and to the service. */
static void hand_over(struct nib_server *server, const struct nib_datagram *datagrams, size_t n)
{
    for (size_t i = 0; server->capture != NULL && i < n; i++) {
        const struct nib_datagram *d = &datagrams[i];
        nib_capture_datagram(
            server->capture, &d->path->peer, &d->path->self, d->octets, d->len, d->real_len);
    }
    server->service.input(server->service.ctx, server->now, datagrams, n);
}

static void read_requests(struct nib_server *server, uint32_t via)
{
    struct nib_datagram datagrams[NIB_BATCH];
    bool more = true;
    for (int batch = 0; more && batch < BATCHES; batch++) {
        size_t n;
        more = nib_inbox_read(server->in, server->fds[via], via, &server->config.listen[via]);
        while ((n = nib_inbox_take(server->in, datagrams)) > 0)
            hand_over(server, datagrams, n);
        flush(server);
    }
}

static void read_replies(struct nib_server *server, uint32_t slot)
{
    const struct nib_service *service = &server->service;
    struct slot *s = &server->slots[slot];
    uint8_t octets[NIB_DATAGRAM_CAP];
    for (int i = 0; i < REPLIES && s->fd >= 0; i++) {
        ptrdiff_t n = nib_udp_receive_one(s->fd, NULL, octets, sizeof octets);
        if (n >= 0) {
            size_t len = (size_t)n < sizeof octets ? (size_t)n : sizeof octets;
            if (server->capture != NULL)
                nib_capture_datagram(server->capture, &s->peer, &s->self, octets, len, (size_t)n);
            service->reply(service->ctx, server->now, slot, octets, len);
        } else if (errno == EAGAIN) {
            return;
        } else {
            service->unreachable(service->ctx, server->now, slot);
        }
    }
}

/* The table as it stands, once for each request finished since the last time. */
static void print_tables(struct nib_server *server)
{
    const struct nib_table *table = server->service.table;
    if (server->tables == NULL)
        server->unprinted = 0;
    for (; server->unprinted > 0; server->unprinted--) {
        size_t max = nib_table_text_max(table);
        char *out = nib_outlet_room(server->tables, max);
        if (out != NULL)
            nib_outlet_commit(server->tables, nib_table_text(table, server->now, out, max));
    }
}

static void say_counters(struct nib_server *server)
{
    char text[COUNTERS_MAX];
    struct nib_writer w = nib_writer_init((uint8_t *)text, sizeof text);
    static const char *const names[] = {"tables_dropped"};
    uint64_t dropped = server->tables == NULL ? 0 : nib_outlet_dropped(server->tables);
    server->service.counters(server->service.ctx, &w);
    nib_counters_text(&w, names, &dropped, 1);
    (void)nib_outlet_write(server->messages, text, w.off);
}

static int wait_ms(const struct nib_server *server)
{
    nib_ms due = server->service.deadline == NULL ? NIB_NEVER
                                                  : server->service.deadline(server->service.ctx);
    nib_ms told = nib_notify_deadline(server->notify);
    due = told < due ? told : due;
    if (due == NIB_NEVER)
        return -1;
    nib_ms left = due - nib_clock_ms();
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* A capture that went wrong is said once; the service goes on. */
static void watch_capture(struct nib_server *server)
{
    const char *trouble = server->capture == NULL ? NULL : nib_capture_trouble(server->capture);
    server->warns = true;
    if (trouble != NULL)
        nib_server_say(server, "%s: writing %s: %s; the service goes on without",
            server->config.program, server->config.write, trouble);
    server->warns = false;
}

/* Datagrams that wait are read before what is due by the same clock reading is done (NIB-9.6). */
static void turn(struct nib_server *server)
{
    uint32_t numbers[EVENTS];
    size_t n = nib_waiter_wait(server->waiter, wait_ms(server), &server->waiting, numbers, EVENTS);
    server->now = nib_clock_ms();
    for (size_t i = 0; i < n; i++) {
        if (numbers[i] < NIB_LISTEN_MAX)
            read_requests(server, numbers[i]);
        else
            read_replies(server, numbers[i] - NIB_LISTEN_MAX);
    }
    if (server->service.tick != NULL)
        server->service.tick(server->service.ctx, server->now);
    flush(server);
    print_tables(server);
    watch_capture(server);
    nib_notify_tick(server->notify, server->now);
}

static void say_listening(struct nib_server *server)
{
    for (size_t i = 0; i < server->config.n_listen; i++) {
        const struct nib_addr *addr = &server->config.listen[i];
        struct nib_addr usual = {.ip = {127, 0, 0, 1}, .family = 4};
        char ip[NIB_IP_TEXT_MAX];
        (void)nib_ip_format(addr, ip);
        nib_server_say(server, "%s Server listening on port %u%s%s", server->config.banner,
            addr->port, nib_ip_equal(addr, &usual) ? "" : ", address ",
            nib_ip_equal(addr, &usual) ? "" : ip);
    }
}

/* The manager hears of the service when it listens, and when it has new records or kept the old. */
static void say_ready(struct nib_server *server)
{
    char address[NIB_ADDR_TEXT_MAX], status[NIB_ADDR_TEXT_MAX + 48];
    size_t more = server->config.n_listen - 1;
    (void)nib_addr_format(&server->config.listen[0], address);
    int n = snprintf(status, sizeof status, "Listening on %s", address);
    if (more > 0)
        (void)snprintf(status + n, sizeof status - (size_t)n, " and %zu more", more);
    nib_notify_ready(server->notify, status);
}

static void reload(struct nib_server *server)
{
    nib_notify_reloading(server->notify);
    server->rereading = server->service.table->zone;
    server->service.reload(server->service.ctx);
    server->rereading = NULL;
    say_ready(server);
}

int nib_server_run(struct nib_server *server, const struct nib_service *service)
{
    server->service = *service;
    say_listening(server);
    say_ready(server);
    for (;;) {
        turn(server);
        struct nib_signals came = nib_signals_take();
        if (came.reload)
            reload(server);
        if (came.counters)
            say_counters(server);
        if (came.stop)
            break;
    }
    nib_notify_stopping(server->notify);
    if (server->tables != NULL)
        nib_outlet_drain(server->tables, PATIENCE_MS);
    if (server->capture != NULL)
        nib_capture_drain(server->capture, PATIENCE_MS);
    nib_outlet_drain(server->messages, PATIENCE_MS);
    return 0;
}
