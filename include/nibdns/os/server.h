/*
 * Layer 6: the event loops of a server. Each worker waits once, reads the clock once, hands that
 * time to all: first every datagram that waits is read and answered, then what is due is done, then
 * the table is printed. It knows sockets and time; what a datagram means is the service's.
 *
 * Workers are threads with sockets of their own on the same addresses. A service is called inside
 * its worker's lock: with `shared` set all workers have one lock, so its state needs no locks of
 * its own, and the time that it is told never goes back. Nothing is sent, printed or written inside
 * a lock: the service appends what is to be sent to its worker's list.
 */
#ifndef NIBDNS_OS_SERVER_H
#define NIBDNS_OS_SERVER_H

#include "nibdns/cursor.h"
#include "nibdns/os/addresses.h"
#include "nibdns/os/batch.h"
#include "nibdns/os/capture.h"
#include "nibdns/os/notify.h"
#include "nibdns/output.h"
#include "nibdns/table.h"

enum { NIB_LISTEN_MAX = 16, NIB_WORKERS_MAX = 64 };

struct nib_server;

/* What the loop asks of a service; `worker` is from 0. Calls that it has no use for are NULL. */
struct nib_service {
    void *ctx;
    bool shared;
    const struct nib_table *table; /* what is printed */
    /* Outside of the lock: what of n datagrams, NIB_BATCH at most, needs nothing that changes. */
    void (*read)(void *ctx, uint32_t worker, const struct nib_datagram *datagrams, size_t n);
    /* These datagrams, inside the lock; decisions has room for as many. */
    void (*input)(void *ctx, uint32_t worker, nib_ms now, const struct nib_datagram *datagrams,
        size_t n, struct nib_decision *decisions, struct nib_outputs *out);
    struct nib_decision (*reply)(void *ctx, nib_ms now, struct nib_slot slot, const uint8_t *octets,
        size_t len, struct nib_outputs *out);
    struct nib_decision (*unreachable)(
        void *ctx, nib_ms now, struct nib_slot slot, struct nib_outputs *out);
    void (*query_unsent)(
        void *ctx, nib_ms now, struct nib_slot slot, bool exhausted, struct nib_outputs *out);
    void (*answer_unsent)(void *ctx, uint32_t worker);
    void (*tick)(void *ctx, nib_ms now, struct nib_outputs *out);
    nib_ms (*deadline)(void *ctx);
    /* inside all locks */
    void (*counters)(void *ctx, struct nib_writer *w);
    /* on a thread of its own, outside of every lock: see nib_server_with_all_locks(). False: all is
     * as it was. */
    bool (*reload)(void *ctx);
    /* config.addresses may have others than before; outside of every lock */
    void (*readdress)(void *ctx);
};

struct nib_server_config {
    const char *program; /* for messages: localserver */
    const char *banner;  /* and at the start: [LocalDNS] */
    struct nib_addr listen[NIB_LISTEN_MAX];
    size_t n_listen;
    uint32_t workers;           /* 1 to NIB_WORKERS_MAX */
    uint32_t max_slots;         /* sockets upstream */
    uint32_t outputs_max;       /* that one call of the service appends */
    bool streams;               /* queries may go over TCP; one worker only */
    bool stream_clients;        /* with streams: clients may come over TCP, at the same addresses */
    bool quiet;                 /* no tables */
    bool trace;                 /* a line on standard error for each datagram */
    enum nib_table_form form;   /* of the tables */
    const char *write;          /* a file for a capture of the traffic, or NULL */
    const char *const *records; /* files that a reload reads: no others can be opened any more */
    size_t n_records;
    struct nib_addresses *addresses; /* to be watched, or NULL; stays the caller's */
    struct nib_capture_names capture_names;
    size_t text_cap;  /* octets that a printed table has at most */
    size_t table_cap; /* octets of tables that may wait for a slow reader, repeats counted */
};

/*
 * Opens the sockets and takes over the signals. NULL, with one line on standard error that says
 * what to do, when that fails.
 */
struct nib_server *nib_server_open(const struct nib_server_config *config);

/* The sockets' addresses, with the ports that they got. */
const struct nib_addr *nib_server_listening(const struct nib_server *server, size_t *n);

/* Says that it listens, then serves until SIGINT or SIGTERM. Returns the exit status. */
int nib_server_run(struct nib_server *server, const struct nib_service *service);

/* Calls `change` while no worker is inside the service: for a change that must be short. */
void nib_server_with_all_locks(struct nib_server *server, void (*change)(void *ctx), void *ctx);

/* A line to standard error that never blocks: printf's format, the newline is added. Any thread. */
void nib_server_say(struct nib_server *server, enum nib_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
