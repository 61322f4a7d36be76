/*
 * Layer 7, nibpcap's base: which ports are servers', as far as one was told or the capture has
 * shown. Knows no file.
 */
#ifndef NIBDNS_NIBPCAP_HOSTS_H
#define NIBDNS_NIBPCAP_HOSTS_H

#include "nibdns/addr.h"

enum { PORTS_MAX = 8, PORTS_LEARNT_MAX = 32 };

/*
 * UDP ports of servers: the local server's, then authoritative ones. Given ones are all there are;
 * else what decodes is a message on any port, and whom a query goes to is a server.
 */
struct ports {
    uint16_t port[PORTS_MAX];
    size_t n;
    bool given;
};

/* PORT[,PORT...]. False, ports untouched, where it is not. */
bool ports_parse(const char *text, struct ports *ports);
struct ports ports_default(void);
bool ports_have(const struct ports *ports, uint16_t port);

/* Symbol, name in a picture, name on the command line. A stranger talks to no server. */
#define ROLES(X)                                                                                   \
    X(ROLE_CLIENT, "client")                                                                       \
    X(ROLE_LOCAL, "local")                                                                         \
    X(ROLE_AMAZONE, "amazone")                                                                     \
    X(ROLE_STRANGER, "other")

enum role {
#define X(symbol, name) symbol,
    ROLES(X)
#undef X
        ROLE_COUNT
};

const char *role_name(enum role role);

struct hosts {
    struct ports ports;
    uint16_t local;                     /* the first port learnt; 0: none */
    uint16_t amazone[PORTS_LEARNT_MAX]; /* those learnt later */
    size_t n_amazone;
};

/* The role of a server at that port; ROLE_STRANGER: it is no server's. */
enum role hosts_server(const struct hosts *hosts, uint16_t port);

/*
 * A query went to that port of somebody who asks nobody. A client's query comes before those that
 * it causes, so the first port asked is the local server's.
 */
void hosts_learn(struct hosts *hosts, uint16_t port);

#endif
