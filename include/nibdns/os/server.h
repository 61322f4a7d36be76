/*
 * Floor 6: the event loop of a server. It waits once, reads the clock once, hands that time to all:
 * first every datagram that waits is read and answered, then what is due is done, then tables are
 * printed. It knows sockets and time; what a datagram means is the service's.
 */
#ifndef NIBDNS_OS_SERVER_H
#define NIBDNS_OS_SERVER_H

#include "nibdns/cursor.h"
#include "nibdns/local.h"
#include "nibdns/os/batch.h"

enum { NIB_LISTEN_MAX = 16 };

/* What the loop asks of a service. Calls that a service has no use for are NULL. */
struct nib_service {
    void *ctx;
    /* n of them, NIB_BATCH at most, that came together */
    void (*input)(void *ctx, nib_ms now, const struct nib_datagram *datagrams, size_t n);
    void (*reply)(void *ctx, nib_ms now, uint32_t slot, const uint8_t *octets, size_t len);
    void (*unreachable)(void *ctx, nib_ms now, uint32_t slot);
    void (*tick)(void *ctx, nib_ms now);
    nib_ms (*deadline)(void *ctx);
    void (*unsent)(void *ctx);
    void (*reload)(void *ctx);
    void (*counters)(void *ctx, struct nib_writer *w);
    const struct nib_table *table;
};

struct nib_server_config {
    const char *program; /* for messages: localserver */
    const char *banner;  /* and at the start: [LocalDNS] */
    struct nib_addr listen[NIB_LISTEN_MAX];
    size_t n_listen;
    uint32_t max_slots; /* sockets for questions upstream */
    bool quiet;         /* no tables */
    const char *write;  /* a file for a capture of the traffic, or NULL */
    size_t table_cap;   /* octets of tables that may wait for a slow reader */
};

struct nib_server;

/*
 * Opens the sockets and takes over the signals. NULL, with one line on standard error that says
 * what to do, when that fails.
 */
struct nib_server *nib_server_open(const struct nib_server_config *config);

/* The sockets' addresses, with the ports that they got. */
const struct nib_addr *nib_server_listening(const struct nib_server *server, size_t *n);

/* The four calls that a local server's logic needs; the first two serve any service. */
struct nib_local_host nib_server_host(struct nib_server *server);

/* Says that it listens, then serves until SIGINT or SIGTERM. Returns the exit status. */
int nib_server_run(struct nib_server *server, const struct nib_service *service);

/* A line to standard error that never blocks: printf's format, the newline is added. */
void nib_server_say(struct nib_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
