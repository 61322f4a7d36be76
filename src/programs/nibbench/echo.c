#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "common/options.h"
#include "nibbench/load/load.h"
#include "nibdns/os/udp.h"

static const char help[] =
    "Usage: nibbench echo [options]\n"
    "Sends back what it receives, in batches of 64 as the servers do: what is left of a server's\n"
    "cost beside this is its own.\n"
    "\n"
    "  -l, --listen ADDR[:PORT]  listen there (127.0.0.1:23000)\n"
    "      --size N              send N octets, as long as a real answer\n"
    "      --runs                send answers to one client as segments of one datagram\n"
    "      --segments            and receive so, from a client that sends so\n"
    "      --cpu N               stay on that core\n"
    "      --json                one JSON object at the end\n"
    "  -h, --help                this text\n"
    "  -V, --version             the version\n"
    "\n"
    "SIGINT and SIGTERM end it.\n";

enum { ECHO_PORT = 23000, SIZE_MAX_OCTETS = 1024, LOOK_US = 200000 };

struct echo {
    struct nib_addr listen;
    size_t size;
    struct bench_net_config net;
    bool json;
    uint64_t received, answered;
};

/* Blocking, so that a turn is two calls; looks up now and then whether it is to end. */
static int open_echo(struct echo *echo, const struct bench_net *net)
{
    struct timeval look = {.tv_usec = LOOK_US};
    int fd = nib_udp_listen(&echo->listen, false);
    if (fd >= 0 && bench_net_prepare(net, fd) &&
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof look) == 0)
        return fd;
    char text[NIB_ADDR_TEXT_MAX];
    (void)nib_addr_format(&echo->listen, text);
    usage_error("nibbench echo", "cannot listen on %s: %s", text, strerror(errno));
}

static void serve(struct echo *echo, int fd, struct bench_net *net)
{
    const volatile sig_atomic_t *stop = bench_stop_on_signals();
    struct bench_view *views;
    while (!*stop) {
        size_t n = bench_net_receive(net, fd, &views);
        for (size_t i = 0; echo->size > 0 && i < n; i++)
            views[i].len = echo->size;
        echo->received += n;
        echo->answered += bench_net_send(net, fd, views, n);
    }
}

static void read_options(struct echo *echo, int argc, char **argv)
{
    static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
        {"size", required_argument, NULL, 's'}, {"runs", no_argument, NULL, 'r'},
        {"segments", no_argument, NULL, 'g'}, BENCH_COMMON_OPTIONS};
    int option;
    while ((option = option_next(argv[0], argc, argv, ":l:hV", options)) != -1) {
        switch (option) {
        case 'l':
            echo->listen = option_addr(argv[0], "--listen", optarg, ECHO_PORT);
            break;
        case 's':
            echo->size = (size_t)option_number(argv[0], "--size", optarg, 1, SIZE_MAX_OCTETS);
            break;
        case 'r':
            echo->net.send_runs = true;
            break;
        case 'g':
            echo->net.send_runs = echo->net.receive_runs = true;
            break;
        default:
            bench_common_option(argv[0], option, optarg, help, &echo->json);
        }
    }
    if (optind < argc)
        usage_error(argv[0], "unexpected '%s'", argv[optind]);
    if (echo->size > 0 && echo->net.receive_runs)
        usage_error(argv[0], "--size does not go with --segments");
}

int bench_echo(int argc, char **argv)
{
    struct echo echo = {.listen = {.ip = {127, 0, 0, 1}, .port = ECHO_PORT, .family = 4}};
    struct bench_report report = {.n = 0};
    read_options(&echo, argc, argv);
    struct bench_net *net = bench_net_new(&echo.net);
    if (net == NULL)
        usage_error(argv[0], "not enough memory");
    int fd = open_echo(&echo, net);
    fprintf(stderr, "[Echo] Server listening on port %u\n", echo.listen.port);
    serve(&echo, fd, net);
    bench_net_free(net);
    bench_report_value(&report, "received", "received", "", 0, (double)echo.received);
    bench_report_value(&report, "answered", "answered", "", 0, (double)echo.answered);
    return bench_report_print(&report, echo.json, 0);
}
