#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "nibdns/counters.h"
#include "nibdns/os/sandbox.h"
#include "nibdns/os/signals.h"
#include "nibdns/os/udp.h"
#include "server_private.h"

enum {
    SAY_CAP = 1 << 18,      /* octets of messages that may wait for a slow reader */
    PATIENCE_MS = 500,      /* for a reader that takes nothing, at the end */
    CAPTURE_LOOK_MS = 1000, /* between looks at a capture that may be in trouble */
};

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

/*
 * A socket for each worker and address. Sockets that share an address let strangers share it too,
 * so where there are several, one that does not share is tried first.
 */
static int listen_for(struct nib_worker *worker, struct nib_addr *addr)
{
    bool share = worker->server->config.workers > 1;
    if (share && worker->index == 0) {
        int probe = nib_udp_listen(addr, false);
        if (probe < 0)
            return -1;
        (void)close(probe);
    }
    return nib_udp_listen(addr, share);
}

/* Where any port will do, one that is free for UDP may be taken for TCP: then another is tried. */
static bool open_listener(struct nib_worker *worker, uint32_t listener)
{
    enum { PORTS_TRIED = 16 };
    struct nib_addr *addr = &worker->server->config.listen[listener];
    int tries = addr->port == 0 ? PORTS_TRIED : 1;
    for (;;) {
        int fd = worker->fds[listener] = listen_for(worker, addr);
        if (fd < 0)
            return false;
        if (streams_listen(worker, listener) == 0) {
            nib_inbox_prepare(fd);
            return nib_waiter_add_listener(worker->waiter, fd, listener) == 0;
        }
        if (errno != EADDRINUSE || --tries == 0)
            return false;
        (void)close(fd);
        addr->port = 0;
    }
}

static bool listen_all(struct nib_server *server)
{
    struct nib_server_config *config = &server->config;
    for (size_t i = 0; i < config->n_listen * config->workers; i++) {
        size_t listener = i % config->n_listen;
        char text[NIB_ADDR_TEXT_MAX];
        if (open_listener(&server->workers[i / config->n_listen], (uint32_t)listener))
            continue;
        int error = errno;
        (void)nib_addr_format(&config->listen[listener], text);
        fprintf(stderr, "%s%s: cannot listen on %s: %s%s\n", nib_log_prefix(NIB_LOG_ERROR),
            config->program, text, strerror(error), advice(error));
        return false;
    }
    return true;
}

/* A descriptor for each fetch under way, as far as the system's hard limit goes. */
static void raise_descriptor_limit(struct nib_server *server)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    atomic_store(&server->scarce, limit.rlim_max < PLENTY);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static bool open_capture(struct nib_server *server)
{
    char why[NIB_CAPTURE_WHY_MAX];
    const struct nib_server_config *config = &server->config;
    if (config->write == NULL)
        return true;
    server->capture = nib_capture_open(config->write, &config->capture_names);
    if (server->capture != NULL)
        return true;
    nib_capture_why(errno, why);
    fprintf(stderr, "%s%s: cannot write %s: %s\n", nib_log_prefix(NIB_LOG_ERROR), config->program,
        config->write, why);
    return false;
}

static bool watch_for_addresses(struct nib_server *server)
{
    int fd = server->config.addresses == NULL ? -1 : nib_addresses_fd(server->config.addresses);
    return fd < 0 || nib_waiter_add(server->workers[0].waiter, fd, ADDRESSES_NUMBER) == 0;
}

/* All but sockets and files. False with errno set. */
static bool prepare(struct nib_server *server)
{
    const struct nib_server_config *config = &server->config;
    server->messages = nib_queue_open(STDERR_FILENO, SAY_CAP);
    server->tables = config->quiet ? NULL : nib_queue_open(STDOUT_FILENO, config->table_cap);
    server->notify = nib_notify_open();
    raise_descriptor_limit(server);
    (void)pthread_mutex_init(&server->reload_lock, NULL);
    if (!slots_init(server) || !streams_init(server) || server->messages == NULL ||
        pipe(server->wake) != 0 || (server->tables == NULL && !config->quiet))
        return false;
    for (uint32_t i = 0; i < config->workers; i++)
        if (!worker_init(&server->workers[i], server, i))
            return false;
    server->reload_due = NIB_NEVER;
    return watch_for_addresses(server);
}

/* What cannot start gives back its memory; its sockets and its outlets end with the process. */
static struct nib_server *abandon(struct nib_server *server)
{
    for (size_t i = 0; i < NIB_WORKERS_MAX; i++)
        worker_reset(&server->workers[i]);
    nib_notify_close(server->notify);
    free(server->slots);
    free(server->streams);
    free(server);
    return NULL;
}

/* The first of all: threads that are there already would go on as they are. */
static void close_files(struct nib_server *server)
{
    const struct nib_server_config *config = &server->config;
    const struct nib_sandbox_files files = {.read = config->records,
        .n_read = config->n_records,
        .write = config->write,
        .streams = config->streams};
    server->files_open = !nib_sandbox_files(&files);
}

struct nib_server *nib_server_open(const struct nib_server_config *config)
{
    struct nib_server *server = calloc(1, sizeof *server);
    bool prepared = false;
    if (server != NULL) {
        server->config = *config;
        close_files(server);
        prepared = prepare(server);
    }
    if (!prepared)
        fprintf(stderr, "%s%s: cannot start: %s\n", nib_log_prefix(NIB_LOG_ERROR), config->program,
            strerror(errno));
    if (!prepared || !listen_all(server) || !open_capture(server))
        return server == NULL ? NULL : abandon(server);
    nib_signals_init(&server->waiting);
    return server;
}

const struct nib_addr *nib_server_listening(const struct nib_server *server, size_t *n)
{
    *n = server->config.n_listen;
    return server->config.listen;
}

/* ---- beside the loops ---- */

void nib_server_with_all_locks(struct nib_server *server, void (*change)(void *ctx), void *ctx)
{
    uint32_t locks = server->service.shared ? 1 : server->config.workers;
    for (uint32_t i = 0; i < locks; i++)
        (void)pthread_mutex_lock(server->workers[i].lock);
    change(ctx);
    for (uint32_t i = locks; i-- > 0;)
        (void)pthread_mutex_unlock(server->workers[i].lock);
}

struct counters_text {
    struct nib_server *server;
    struct nib_writer w;
};

static void write_counters(void *ctx)
{
    struct counters_text *text = ctx;
    text->server->service.counters(text->server->service.ctx, &text->w);
}

static void say_counters(struct nib_server *server)
{
    static const char *const names[] = {"tables_dropped"};
    char text[SAY_MAX];
    struct counters_text c = {server, nib_writer_init((uint8_t *)text, sizeof text)};
    uint64_t dropped = server->tables == NULL ? 0 : nib_queue_dropped(server->tables);
    nib_server_with_all_locks(server, write_counters, &c);
    nib_counters_text(&c.w, names, &dropped, 1);
    (void)nib_queue_write(server->messages, text, c.w.off);
}

/* A capture that went wrong is said once; the service goes on. */
static void watch_capture(struct nib_server *server)
{
    const char *trouble = server->capture == NULL ? NULL : nib_capture_trouble(server->capture);
    if (trouble != NULL)
        nib_server_say(server, NIB_LOG_WARNING,
            "%s: writing %s: %s; the service goes on, datagrams are missing there",
            server->config.program, server->config.write, trouble);
}

static void say_listening(struct nib_server *server)
{
    for (size_t i = 0; i < server->config.n_listen; i++) {
        const struct nib_addr *addr = &server->config.listen[i];
        struct nib_addr usual = {.ip = {127, 0, 0, 1}, .family = 4};
        char ip[NIB_IP_TEXT_MAX];
        (void)nib_ip_format(addr, ip);
        nib_server_say(server, NIB_LOG_INFO, "%s Server listening on port %u%s%s",
            server->config.banner, addr->port, nib_ip_equal(addr, &usual) ? "" : ", address ",
            nib_ip_equal(addr, &usual) ? "" : ip);
    }
}

/* ---- running ---- */

static void *run_worker(void *arg)
{
    struct nib_worker *worker = arg;
    sigset_t none;
    (void)sigfillset(&none);
    while (!atomic_load(&worker->server->stop))
        worker_turn(worker, &none, NIB_NEVER);
    print_all_tables(worker);
    return NULL;
}

static bool start_workers(struct nib_server *server)
{
    for (uint32_t i = 0; i < server->config.workers; i++) {
        struct nib_worker *worker = &server->workers[i];
        worker->lock = server->service.shared ? &server->workers[0].own_lock : &worker->own_lock;
    }
    for (uint32_t i = 1; i < server->config.workers; i++)
        if (start_thread(&server->workers[i].thread, run_worker, &server->workers[i]) != 0)
            return false;
    return true;
}

static nib_ms sooner(nib_ms a, nib_ms b)
{
    return a < b ? a : b;
}

/* When the first worker must look after what no datagram tells of. */
static nib_ms deadline(const struct nib_server *server)
{
    nib_ms due = sooner(nib_notify_deadline(server->notify), server->reload_due);
    if (server->config.addresses != NULL)
        due = sooner(due, nib_addresses_deadline(server->config.addresses));
    return server->capture == NULL ? due : sooner(due, server->workers[0].now + CAPTURE_LOOK_MS);
}

static void watch_addresses(struct nib_server *server, nib_ms now)
{
    if (server->config.addresses != NULL && nib_addresses_changed(server->config.addresses, now))
        server->service.readdress(server->service.ctx);
}

/* What the first worker does beside its turns. */
static void look_after(struct nib_server *server, const struct nib_signals *came)
{
    nib_ms now = server->workers[0].now;
    watch_capture(server);
    watch_addresses(server, now);
    nib_notify_tick(server->notify, now);
    if (came->reload && server->service.reload != NULL)
        reload_want(server);
    reload_tick(server, now);
    if (came->counters)
        say_counters(server);
}

static void drain(struct nib_server *server)
{
    if (server->tables != NULL)
        (void)nib_queue_drain(server->tables, PATIENCE_MS);
    if (server->capture != NULL)
        nib_capture_drain(server->capture, PATIENCE_MS);
    watch_capture(server);
    (void)nib_queue_drain(server->messages, PATIENCE_MS);
}

/* Each finishes what it has in hand. */
static void end_workers(struct nib_server *server)
{
    atomic_store(&server->stop, true);
    (void)!write(server->wake[1], "", 1);
    print_all_tables(&server->workers[0]);
    for (uint32_t i = 1; i < server->config.workers; i++)
        (void)pthread_join(server->workers[i].thread, NULL);
}

int nib_server_run(struct nib_server *server, const struct nib_service *service)
{
    struct nib_signals came = {0};
    server->service = *service;
    if (!start_workers(server)) {
        fprintf(stderr, "%s: cannot start so many --workers\n", server->config.program);
        return 2;
    }
    (void)nib_sandbox_enter(
        server->config.streams); /* an old kernel has no such filter: the service does without */
    say_listening(server);
    if (server->files_open)
        nib_server_say(server, NIB_LOG_INFO,
            "%s: this kernel has no Landlock: other files than the records can still be read",
            server->config.program);
    reload_say_ready(server, false);
    while (!came.stop) {
        worker_turn(&server->workers[0], &server->waiting, deadline(server));
        came = nib_signals_take(server->workers[0].now);
        look_after(server, &came);
    }
    nib_notify_stopping(server->notify);
    end_workers(server);
    drain(server);
    return 0;
}
