/*
 * Layer 6, private: what the files of the server share. server.c starts and ends it, and takes
 * signals; reload.c has its records read again; worker.c is the loop, and beneath it streams_in.c
 * (messages over TCP) and print.c (tables); drain.c hands over what came and sends what is wanted,
 * by slots.c (sockets upstream) and streams.c; service.c has the lock, threads and the messages to
 * people.
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
 * A fetch's socket, -1 while closed, its serial, its two ends, and the waiter that it is taken off
 * again. A socket that was disconnected, for the next fetch at that place, is `kept`: it has no
 * port. Whoever touches any of this holds the slot's lock, which is held for one call of the
 * system; with it held no other lock is taken.
 */
struct slot {
    pthread_mutex_t lock;
    int fd, kept;
    uint32_t serial;
    bool over; /* that socket has been closed */
    struct nib_addr self, peer;
    struct nib_waiter *waiter;
};

/* What came on a slot's socket: octets, or the news that nobody listens there. */
struct reply {
    struct nib_slot slot;
    struct nib_addr self, peer;
    bool refused;
    size_t len, real_len;
    uint8_t octets[NIB_DATAGRAM_CAP];
};

struct nib_worker {
    struct nib_server *server;
    uint32_t index;
    pthread_mutex_t own_lock, *lock;
    struct nib_waiter *waiter;
    int fds[NIB_LISTEN_MAX];
    struct nib_inbox *in;
    struct nib_outbox *out;
    const struct nib_output *answers[NIB_BATCH]; /* to be sent, all from one listening socket */
    size_t n_answers;
    struct nib_datagram datagrams[NIB_BATCH];
    struct nib_decision decisions[NIB_BATCH];
    struct reply replies[NIB_BATCH];
    size_t n_replies;
    void *outputs_memory;
    struct nib_outputs outputs;
    struct unsent
        *unsent; /* queries of these that could not be sent, as many as there are outputs */
    nib_ms now;
    uint64_t unprinted; /* requests finished, for whom no table is begun */
    uint64_t printing;  /* those for whom the text is that is being made, 0: none is */
    struct nib_table_print print;
    struct nib_writer text;
    char *text_memory; /* config.text_cap octets, or NULL */
    pthread_t thread;  /* not of the first worker, which runs in main's */
};

/* A query that could not be sent, for want of a socket or because no way leads there. */
struct unsent {
    struct nib_slot slot;
    bool exhausted;
};

struct nib_server {
    struct nib_server_config config;
    struct nib_service service;
    sigset_t waiting; /* the signals that may interrupt the first worker's wait */
    struct nib_queue *tables, *messages;
    struct slot *slots;
    struct streams *streams; /* NULL where none are wanted; the first worker's */
    atomic_bool scarce; /* descriptors are few: none is kept, so that records can be read again */
    nib_ms latest;      /* the latest time that a shared service was told; inside its lock */
    struct nib_capture *capture;
    struct nib_notify *notify;
    bool files_open; /* the kernel does not keep the process from other files */
    atomic_bool stop;
    int wake[2]; /* a pipe that every worker watches and nobody reads */
    pthread_mutex_t reload_lock;
    bool reload_wanted, reload_runs; /* inside the lock */
    nib_ms reload_due;               /* when to start what is wanted; the first worker's alone */
    bool reload_said;                /* that it could not be started, likewise */
    struct nib_waiter *waiters[NIB_WORKERS_MAX]; /* of all workers */
    struct nib_worker workers[NIB_WORKERS_MAX];
};

/* Octets that are said at once at most: the counters are the longest text. */
enum { SAY_MAX = 8192 };

/* So many descriptors are enough to keep some. */
enum { PLENTY = 1024 };

/* What a worker waits for beside slots: numbers below NIB_LISTEN_MAX are listening sockets. */
enum { WAKE_NUMBER = NIB_LISTEN_MAX, ADDRESSES_NUMBER, FIRST_SLOT };

/* Prepares a worker, without its sockets. False with errno set. */
bool worker_init(struct nib_worker *worker, struct nib_server *server, uint32_t index);

/* Gives back the memory of a worker, prepared or all zero. */
void worker_reset(struct nib_worker *worker);

/* One wait and all that follows from it. Signals of `mask` may end the wait; deadline adds to it.
 */
void worker_turn(struct nib_worker *worker, const sigset_t *mask, nib_ms deadline);

/* The service's lock, and the time that it is told inside. */
nib_ms worker_enter(struct nib_worker *worker);
void worker_leave(struct nib_worker *worker);

/* What was decided about a datagram, for whoever wants to see it. */
void worker_tell(struct nib_worker *worker, bool came, const struct nib_addr *peer,
    const uint8_t *octets, size_t len, const struct nib_decision *decision);

/* Hands worker->datagrams[0..n) to the service, and carries out what it wants sent. */
void worker_hand_over(struct nib_worker *worker, size_t n);

/* Carries out the list. */
void worker_drain(struct nib_worker *worker);

/* ---- slots.c ---- */

/* All slots, closed. False with errno set. */
bool slots_init(struct nib_server *server);

/* Sends a query from its socket, which it opens. False: *unsent says what kept it. */
bool slots_send(struct nib_worker *worker, const struct nib_output *query, struct unsent *unsent);

void slots_close(struct nib_server *server, struct nib_slot slot);

/* Reads what waits at a slot's socket into the worker's replies, as far as there is room. */
void slots_read(struct nib_worker *worker, uint32_t index);

/* ---- streams.c, streams_in.c: messages over TCP, of a server with one worker ---- */

/* False with errno set. */
bool streams_init(struct nib_server *server);

/* Listens at the address of a listener that has its port, where clients may come over TCP. 0, or -1
 * with errno set. */
int streams_listen(struct nib_worker *worker, uint32_t listener);

/* Sends an answer back over its connection. False: that is gone. */
bool streams_answer(struct nib_worker *worker, const struct nib_output *answer);

/* Sends a query over a connection of its own. False: *unsent says what kept it. */
bool streams_send(struct nib_worker *worker, const struct nib_output *query, struct unsent *unsent);

/* Closes the connection of a slot, where it has one. */
void streams_close(struct nib_worker *worker, struct nib_slot slot);

/* Does what a watched number asks for. False: it is none of the streams'. */
bool streams_ready(struct nib_worker *worker, uint32_t number);

/* Ends idle connections, and goes on with those that were left. */
void streams_tick(struct nib_worker *worker);
nib_ms streams_deadline(const struct nib_server *server);

/* ---- print.c ---- */

/* Goes on printing the table for the requests that were finished; a turn's share of it, or all. */
void print_tables(struct nib_worker *worker);
void print_all_tables(struct nib_worker *worker);

/* Whether tables are left to be printed, so that the next turn must not wait. */
bool print_is_due(const struct nib_worker *worker);

/* A thread that takes no signal. 0, or an errno. */
int start_thread(pthread_t *thread, void *(*run)(void *), void *arg);

/* ---- reload.c ---- */

/* Tells the service manager that the server listens; `kept`: the last reload changed nothing. */
void reload_say_ready(struct nib_server *server, bool kept);

/* The records are to be read again; reload_tick() starts that, and tries again when it cannot. */
void reload_want(struct nib_server *server);
void reload_tick(struct nib_server *server, nib_ms now);

#endif
