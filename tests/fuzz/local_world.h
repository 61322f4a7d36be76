/*
 * The local server and everything around it, for fuzz_local.c: clients, sockets upstream, a clock,
 * two zones to reload. The world keeps its own books, and holds the server to them.
 */
#ifndef NIBDNS_TESTS_FUZZ_LOCAL_WORLD_H
#define NIBDNS_TESTS_FUZZ_LOCAL_WORLD_H

#include "fuzz/fuzz.h"
#include "nibdns/local.h"

enum {
    WORLD_QUESTIONS = 4,
    WORLD_REQUESTS = 7,
    WORLD_RECORDS = 5,
    WORLD_STATIC_TTL = 60,
    WORLD_MAX_TTL = 300,
    WORLD_MAX_NS_TTL = 100,
    WORLD_FILES = 2,
};

/* A query that has been let in and has no answer yet. */
struct world_query {
    struct nib_path path;
    uint32_t id;
    enum nib_type type;
    struct nib_text name;
    uint8_t *name_block;
};

struct world_socket {
    bool open;
    uint32_t serial, id;
    uint64_t closed_in; /* which of the world's drains */
    struct nib_addr to;
    size_t len; /* of what was last sent there */
    uint8_t octets[NIB_QUERY_MAX];
};

struct world {
    nib_ms now;
    struct nib_local local;
    struct nib_table table;
    struct nib_outputs outputs;
    struct nib_zone zones[2]; /* the one in use, and the one before or after it */
    uint32_t zone, file;
    void *memory[4];
    struct world_query queries[WORLD_REQUESTS + 1];
    size_t n_queries;
    struct world_socket sockets[WORLD_QUESTIONS];
    unsigned trouble; /* of the next queries upstream, two bits each: 2 unreachable, 3 no socket */
    uint32_t next_id; /* that a new question must have */
    uint64_t answers, received, drains;
    bool reloaded;
    bool zero_found; /* an answer that is no miss had TTL 0 */
};

/* Settings come from the input. */
void world_init(struct world *w, struct fuzz_input *in);
void world_reset(struct world *w);

/* A datagram from a client: if it is a query that is no repeat, an answer is now owed. */
void world_input(struct world *w, const struct nib_path *path, const uint8_t *octets, size_t len);

/* Reads one of the WORLD_FILES records files again, and puts it in place in one of two ways. */
void world_reload(struct world *w, uint32_t file, bool in_steps);

/* Sends what the server wants sent, after each call of it. */
void world_drain(struct world *w);

/* Whether an answer that was given is one that could not be sent. */
void world_unsent(struct world *w);

/* Every invariant that can be looked at between two events. */
void world_check(const struct world *w);

/* Static records stand as they did (NIB-7.3), and the table has room to be printed. */
void world_check_table(const struct world *w);

#endif
