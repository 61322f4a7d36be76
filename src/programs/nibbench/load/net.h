/*
 * Layer 7: batches of datagrams in and out, as segments too.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_NET
#define NIBDNS_PROGRAMS_BENCH_NET

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_BATCH = 64, BENCH_VIEWS = 1024 };

/* One datagram of a batch, and who sent it (NULL on a connected socket). */
struct bench_view {
    uint8_t *at;
    size_t len;
    void *peer;
};

struct bench_net; /* room for a batch each way; one for any number of sockets */

struct bench_net_config {
    bool connected;    /* the sockets are */
    bool send_runs;    /* datagrams of equal length to one peer that follow each other leave as
                          segments of one, behind them perhaps a shorter one */
    bool receive_runs; /* and are received so (UDP_GRO) */
};

/* NULL when there is no memory. */
struct bench_net *bench_net_new(const struct bench_net_config *config);
void bench_net_free(struct bench_net *net);

/* Prepares a socket: large buffers, runs when they are wanted. False: see errno. */
bool bench_net_prepare(const struct bench_net *net, int fd);

/* Waits for the first datagram on a blocking socket. Returns how many; 0: see errno. */
size_t bench_net_receive(struct bench_net *net, int fd, struct bench_view **views);

/*
 * Room for the octets of a batch to be sent, to be laid out one behind the other, so that views of
 * equal length become segments.
 */
uint8_t *bench_net_room(struct bench_net *net);

/* Orders views to one peer that follow each other: the longest first, so that runs are long. */
void bench_net_by_length(struct bench_view *views, size_t n);

/* Sends n <= BENCH_VIEWS views in order. Returns how many were sent; fewer: see errno. */
size_t bench_net_send(struct bench_net *net, int fd, const struct bench_view *views, size_t n);

#endif
