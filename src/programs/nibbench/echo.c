#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "nibbench/base/common_options.h"
#include "nibbench/base/report.h"
#include "nibbench/base/stop.h"
#include "nibbench/commands.h"
#include "nibbench/load/net.h"
#include "nibdns/os/udp.h"

enum { ECHO_PORT = 23000, SIZE_MAX_OCTETS = 1024, LOOK_US = 200000, WORKERS_MAX = 64 };

struct echo {
    struct bench_common common;
    struct nib_addr listen;
    size_t size, longer;
    struct bench_net_config net;
    uint32_t workers;
};

/* A thread, with a socket of its own on the same address. */
struct worker {
    const struct echo *echo;
    const volatile sig_atomic_t *stop;
    struct bench_net *net;
    int fd;
    uint64_t received, answered;
    pthread_t thread; /* not of the first worker, which runs in main's */
};

/* Blocking, so that a turn is two calls; looks up now and then whether it is to end. */
static int open_echo(struct echo *echo, const struct bench_net *net)
{
    struct timeval look = {.tv_usec = LOOK_US};
    int fd = nib_udp_listen(&echo->listen, echo->workers > 1);
    if (fd >= 0 && bench_net_prepare(net, fd) &&
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof look) == 0)
        return fd;
    char text[NIB_ADDR_TEXT_MAX];
    (void)nib_addr_format(&echo->listen, text);
    usage_error("nibbench echo", "cannot listen on %s: %s", text, strerror(errno));
}

static void *serve(void *arg)
{
    struct worker *worker = arg;
    const struct echo *echo = worker->echo;
    struct bench_view *views;
    while (!*worker->stop) {
        size_t n = bench_net_receive(worker->net, worker->fd, &views);
        for (size_t i = 0; i < n; i++)
            views[i].len = echo->size > 0 ? echo->size : views[i].len + echo->longer;
        if (echo->longer > 0 && echo->net.send_runs)
            bench_net_by_length(views, n);
        worker->received += n;
        worker->answered += bench_net_send(worker->net, worker->fd, views, n);
    }
    return NULL;
}

/* All sockets are there before the first datagram is taken. */
static void open_workers(struct echo *echo, struct worker *workers)
{
    const volatile sig_atomic_t *stop = bench_stop_on_signals();
    for (uint32_t i = 0; i < echo->workers; i++) {
        workers[i] = (struct worker){.echo = echo, .stop = stop, .net = bench_net_new(&echo->net)};
        if (workers[i].net == NULL)
            usage_error("nibbench echo", "not enough memory");
        workers[i].fd = open_echo(echo, workers[i].net);
    }
}

static void run_workers(struct worker *workers, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++)
        if (pthread_create(&workers[i].thread, NULL, serve, &workers[i]) != 0)
            usage_error("nibbench echo", "cannot start so many --workers");
    (void)serve(&workers[0]);
    for (uint32_t i = 1; i < n; i++)
        (void)pthread_join(workers[i].thread, NULL);
}

static const struct option_row rows[] = {
    OPTION_ADDR('l', "listen", struct echo, listen, ECHO_PORT, "listen there (127.0.0.1:23000)"),
    OPTION_NUMBER(0, "size", "N", struct echo, size, 1, SIZE_MAX_OCTETS,
        "send N octets, as long as a real answer"),
    OPTION_NUMBER(0, "longer", "N", struct echo, longer, 1, SIZE_MAX_OCTETS,
        "send N octets more than came: as many lengths as there are"),
    OPTION_FLAG(0, "runs", struct echo, net.send_runs,
        "send answers to one client as segments of one datagram"),
    OPTION_FLAG(0, "segments", struct echo, net.receive_runs,
        "and receive so, from a client that sends so"),
    OPTION_NUMBER(0, "workers", "N", struct echo, workers, 1, WORKERS_MAX,
        "threads, each with a socket of its own on that address (1)"),
};

static const struct option_program command_line = {
    .name = "nibbench echo",
    .usage = "[options]",
    .about = "Sends back what it receives, in batches of 64 as the servers do: what is left of a "
             "server's\n"
             "cost beside this is its own.",
    .notes = "SIGINT and SIGTERM end it.",
    .tables = {OPTION_ROWS(rows), &bench_common_rows},
};

static void read_options(struct echo *echo, int argc, char **argv)
{
    (void)options_read(&command_line, echo, argc, argv);
    if ((echo->size > 0) + (echo->longer > 0) + echo->net.receive_runs > 1)
        usage_error(command_line.name, "--size, --longer and --segments: give one of them at most");
    echo->net.send_runs = echo->net.send_runs || echo->net.receive_runs;
}

int bench_echo(int argc, char **argv)
{
    static struct worker workers[WORKERS_MAX];
    struct echo echo = {
        .listen = {.ip = {127, 0, 0, 1}, .port = ECHO_PORT, .family = 4}, .workers = 1};
    struct bench_report report = {.n = 0};
    uint64_t received = 0, answered = 0;
    read_options(&echo, argc, argv);
    open_workers(&echo, workers);
    fprintf(stderr, "[Echo] Server listening on port %u\n", echo.listen.port);
    run_workers(workers, echo.workers);
    for (uint32_t i = 0; i < echo.workers; i++) {
        received += workers[i].received;
        answered += workers[i].answered;
        bench_net_free(workers[i].net);
    }
    bench_report_value(&report, "received", "received", "", 0, (double)received);
    bench_report_value(&report, "answered", "answered", "", 0, (double)answered);
    return bench_report_print(&report, echo.common.json, 0);
}
