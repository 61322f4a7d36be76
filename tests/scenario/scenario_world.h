/*
 * The world of a scenario: the real local server between clients, name servers, a network and a
 * clock that are all made up. It keeps what was sent until somebody expects it, and checks after
 * every step the invariants that always hold.
 */
#ifndef NIBDNS_TESTS_SCENARIO_WORLD_H
#define NIBDNS_TESTS_SCENARIO_WORLD_H

#include "nibdns/local.h"

enum {
    WORLD_OWN_MAX = 4,
    WORLD_LABELS_MAX = 8192, /* q1 to q8191 */
    WORLD_AWAY_MAX = 8,
    WORLD_COUNTERS_MAX = 4096, /* octets of the counters' text */
};

struct settings {
    struct nib_local_config config;
    struct nib_addr own[WORLD_OWN_MAX];
    size_t n_own;
    uint32_t next_id;
};

/* A datagram that the server sent and no line has expected yet. */
struct sent {
    bool upstream;
    bool again;           /* upstream: the socket was open before */
    struct nib_path path; /* to a client */
    struct nib_addr to;   /* upstream */
    uint32_t slot, serial;
    size_t len;
    uint8_t octets[NIB_MESSAGE_MAX];
};

/* A slot's socket, or what a label remembers of one. */
struct line_out {
    bool open;
    uint32_t slot, serial;
    uint64_t closed_in; /* which of the world's drains */
    struct nib_addr to;
    size_t len;
    uint8_t octets[NIB_QUERY_MAX];
};

/* A query that may still be answered. */
struct asked {
    uint32_t client, id;
    enum nib_type type;
    size_t name_len;
    char name[NIB_NAME_MAX];
};

struct world {
    struct settings settings;
    struct nib_local local;
    struct nib_table table;
    struct nib_outputs outputs;
    void *memory, *outputs_memory, *zone_memory[2];
    struct nib_zone zones[2];
    int zone;
    nib_ms now;
    struct sent *sent;
    size_t n_sent, first_sent, cap_sent;
    struct asked *asked;
    size_t n_asked, cap_asked;
    struct line_out *sockets; /* by slot */
    struct line_out *labels;
    struct nib_addr away[WORLD_AWAY_MAX]; /* no way to them */
    size_t n_away;
    bool no_sockets;
    uint32_t n_open, next_id;
    uint64_t drains;
    uint64_t received, answered, lost, asks; /* as seen from outside */
    void (*broken)(const char *what);        /* does not come back */
};

/* Where the server listens, and where the zero of a scenario's clock lies on the server's. */
extern const struct nib_addr world_self;
extern const nib_ms world_start;

void world_init(struct world *world, const struct settings *settings, void (*broken)(const char *));
void world_reset(struct world *world);

/* Static records from the rows of a records file: the first ones, or a reload. */
void world_records(struct world *world, struct nib_text rows);

struct nib_path world_path(uint32_t client);

/* A client's datagram; an answer upstream; what the network says. */
void world_request(struct world *world, uint32_t client, const uint8_t *octets, size_t len);
void world_reply(struct world *world, struct nib_slot slot, const uint8_t *octets, size_t len);
void world_refuse(struct world *world, struct nib_slot slot);
void world_unsent(struct world *world);

/* The time goes on; what is due at `time` itself is done when `inclusive`. Stops, not having
 * arrived, when something was sent on the way: false. */
bool world_go(struct world *world, nib_ms time, bool inclusive);

/* Lets time pass until nothing is under way any more, and looks whether all was answered. */
void world_finish(struct world *world);

/* The oldest datagram that nobody has expected yet, or NULL. */
struct sent *world_sent(struct world *world);
void world_took(struct world *world);

/*
 * The invariants that always hold: received = answered + waiting + dropped; the counters say what is
 * seen from outside; there are as many open sockets as fetches; whoever waits has a deadline in
 * the future. While datagrams are sent, the world watches that an answer goes to a query that is
 * waiting, once, and that IDs, sockets and addresses stay together (see scenario_world.c).
 */
void world_check(struct world *world);

/* The value of a counter by its name; false: there is none. */
bool world_counter(const struct world *world, const char *name, uint64_t *value);

#endif
