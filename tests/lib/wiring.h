/*
 * The logic of all three programs in one process: two clients, the local server and the
 * authoritative server of amazone.com, with their built-in records, over a network that loses
 * nothing and takes no time. The clock is set by hand. Every datagram is written down.
 */
#ifndef NIBDNS_TESTS_WIRING_H
#define NIBDNS_TESTS_WIRING_H

#include "nibdns/authoritative.h"
#include "nibdns/client.h"
#include "nibdns/local.h"

enum {
    WIRING_CLIENTS = 2,
    WIRING_RECORDS = 16,   /* dynamic ones that a program holds */
    WIRING_QUESTIONS = 4,  /* under way at the local server */
    WIRING_DATAGRAMS = 16, /* written down since wiring_forget() */
    WIRING_TEXT_MAX = 4096,
};

enum wiring_host { WIRING_CLIENT, WIRING_CLIENT_2, WIRING_LOCAL, WIRING_AMAZONE, WIRING_HOSTS };

struct wiring_datagram {
    enum wiring_host from, to;
    struct nib_slot slot; /* the local server's socket, on the way up and back */
    size_t len;
    uint8_t octets[NIB_MESSAGE_MAX];
};

struct wiring {
    nib_ms now;
    struct nib_client clients[WIRING_CLIENTS];
    struct nib_local local;
    struct nib_authoritative amazone;
    struct nib_outputs outputs; /* of whoever has his turn */
    struct nib_zone zones[WIRING_HOSTS];
    struct nib_cache caches[WIRING_HOSTS];
    struct nib_table tables[WIRING_HOSTS];
    void *memory[2 * WIRING_HOSTS + 2];
    size_t n_memory;
    size_t n, delivered;
    struct wiring_datagram datagrams[WIRING_DATAGRAMS];
};

void wiring_init(struct wiring *wiring, nib_ms now);
void wiring_reset(struct wiring *wiring);

/* One lookup of a client, up to its end. */
enum nib_client_status wiring_look_up(
    struct wiring *wiring, enum wiring_host client, const char *name, enum nib_type type);

/* Begins a new page of datagrams. */
void wiring_forget(struct wiring *wiring);

/* The datagrams as lines, `client -> local: Query A www.csusm.edu id 0`; a table as it is printed,
 * without its empty line and header. Both terminated. */
void wiring_ladder(const struct wiring *wiring, char out[WIRING_TEXT_MAX]);
void wiring_rows(const struct wiring *wiring, enum wiring_host host, char out[WIRING_TEXT_MAX]);

#endif
