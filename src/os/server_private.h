/*
 * Layer 6, private: what server.c (start, end, signals, messages) and worker.c (the loop) share.
 */
#ifndef NIBDNS_OS_SERVER_PRIVATE_H
#define NIBDNS_OS_SERVER_PRIVATE_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "nibdns/os/capture.h"
#include "nibdns/os/notify.h"
#include "nibdns/os/queue.h"
#include "nibdns/os/server.h"
#include "nibdns/os/wait.h"

/*
 * A question's socket, -1 while closed, its two ends, and the waiter that watches it. A socket that
 * was disconnected, for the next question of that slot, is `kept`: it has no port.
 */
struct slot {
    int fd, kept;
    struct nib_addr self, peer;
    struct nib_waiter *waiter;
};

struct nib_worker {
    struct nib_server *server;
    uint32_t index;
    pthread_mutex_t own_lock, *lock;
    struct nib_waiter *waiter;
    int fds[NIB_LISTEN_MAX];
    struct nib_inbox *in;
    struct nib_outbox *out; /* answers, all for one listening socket */
    uint32_t out_listener;
    struct nib_datagram datagrams[NIB_BATCH];
    nib_ms now;
    uint64_t unprinted; /* requests finished, whose tables are still to be printed */
};

struct nib_server {
    struct nib_server_config config;
    struct nib_service service;
    sigset_t waiting; /* the signals that may interrupt the first worker's wait */
    struct nib_queue *tables, *messages;
    struct slot *slots;
    bool scarce; /* descriptors are few: none is kept, so that records can be read again */
    struct nib_capture *capture;
    struct nib_notify *notify;
    atomic_bool stop;
    int wake[2]; /* a pipe that every worker watches and nobody reads */
    pthread_mutex_t reload_lock;
    bool reload_wanted, reload_runs;
    struct nib_worker workers[NIB_WORKERS_MAX];
};

/* So many descriptors are enough to keep some. */
enum { PLENTY = 1024 };

/* What a worker waits for beside slots: numbers below NIB_LISTEN_MAX are listening sockets. */
enum { WAKE_NUMBER = NIB_LISTEN_MAX, FIRST_SLOT };

/* Prepares a worker, without its sockets. False with errno set. */
bool worker_init(struct nib_worker *worker, struct nib_server *server, uint32_t index);

/* Gives back the memory of a worker, prepared or all zero. */
void worker_reset(struct nib_worker *worker);

/* One wait and all that follows from it. Signals of `mask` may end the wait; deadline adds to it.
 */
void worker_turn(struct nib_worker *worker, const sigset_t *mask, nib_ms deadline);

#endif
