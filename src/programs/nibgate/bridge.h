/*
 * Layer 7: what both directions of nibgate share: options, memory, the start.
 */
#ifndef NIBDNS_PROGRAMS_NIBGATE_BRIDGE_H
#define NIBDNS_PROGRAMS_NIBGATE_BRIDGE_H

#include "common/options.h"
#include "nibdns/gate.h"
#include "nibdns/os/server.h"

/* The settings of a direction begin with it. */
struct bridge {
    struct nib_server_config config;
    uint16_t port;         /* to listen at, unless told otherwise */
    struct nib_addr asked; /* family 0: not given */
    nib_ms timeout_ms;
    uint32_t tries;
    bool quiet, check;
    struct nib_gate_table table;
    struct nib_server *server; /* NULL until it runs */
};

/* Reads the value of --listen. */
option_take bridge_take_listen;

/* The options of both directions, behind their own. */
extern const struct option_table bridge_rows;

#define BRIDGE_NOTES                                                                               \
    "Messages go to standard error. SIGUSR1 says the counters, SIGINT and SIGTERM end.\n"          \
    "Status: 0 ended by a signal (or nothing to complain of with --check), 2 wrong use."

/* Fills in what was not given. With --check, says what would be done, and ends the program. */
void bridge_options_done(struct bridge *bridge);

/* Opens the sockets and serves; returns the exit status. */
int bridge_run(struct bridge *bridge, const struct nib_service *service);

/* The two commands: argv[0] is the command; they return the exit status. */
int bridge_dns(int argc, char **argv);
int bridge_nibdns(int argc, char **argv);

#endif
