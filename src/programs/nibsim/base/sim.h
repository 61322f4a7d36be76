/*
 * Layer 7: the state of a simulation. All that happens is an event in one queue; all chance comes
 * from the seed; after each step the invariants are checked. One that is broken ends the program.
 *
 *     base/   rng, world, generate,  the domains and their records, drawn from the seed
 *             tree, build
 *             model                  what is true in that world
 *             events, host, net      what happens next, the hosts' time, datagrams under way
 *             trace                  what happened, in words and as a capture
 *     nodes/  local, step, sockets,  the hosts around the logic of each program:
 *             replies,               local server, clients, name servers
 *             client, authority
 *             attacker               datagrams from somebody who guesses
 *             table, requests,       what the local server's and the clients' state must look like
 *             health
 *     run     one run; main: options and the summary
 */
#ifndef NIBDNS_PROGRAMS_SIM_SIM_H
#define NIBDNS_PROGRAMS_SIM_SIM_H

#include "nibdns/os/progress.h"
#include "nibsim/base/invariants.h"
#include "nibsim/base/rng.h"
#include "nibsim/base/world.h"

typedef int64_t sim_us; /* microseconds since the run began */
#define SIM_NEVER INT64_MAX

enum {
    SIM_CLIENTS = 40,
    SIM_HOSTS = 1 + SIM_CLIENTS + SIM_AUTHORITIES,
    SIM_FIRST_PORT = 32768, /* of the sockets that ask */
    SIM_INBOX = 64,         /* datagrams that wait at a host */
    SIM_OCTETS = 800,       /* of a datagram that are kept: more than the longest message */
};

/* What a run is like. Chances are in a million. */
struct sim_mix {
    uint32_t loss, duplicate, corrupt, slow;
    sim_us delay_min, delay_max, length, think;
    uint32_t ports; /* that local sockets are drawn from */
    uint32_t clients;
    bool spoof, knows, crash, pause, cut, reload, late, unsent, exhausted;
};

/* What the command line says; -1: not given. */
struct sim_options {
    uint64_t seed;
    int64_t runs, clients, length_s, loss, duplicate, corrupt, delay_min, delay_max;
    bool spoof, crash, trace;
    const char *write;
    char again[512]; /* the options that repeat a run, without its seed */
};

struct sim_packet {
    struct nib_addr src, dst;
    size_t len;
    bool genuine; /* what it says was said by an authority, and not changed on the way */
    bool spoofed, aimed;
    bool refusal;    /* ICMP: nobody listens at src */
    uint64_t socket; /* of a local server's slot: which of its sockets it came to */
    uint8_t octets[SIM_OCTETS];
};

#define SIM_EVENTS(X)                                                                              \
    X(SIM_ARRIVE)                                                                                  \
    X(SIM_WAKE)                                                                                    \
    X(SIM_LOOKUP)                                                                                  \
    X(SIM_STOP) X(SIM_RETURN) X(SIM_CUT) X(SIM_ATTACK) X(SIM_RELOAD) X(SIM_DELEGATE) X(SIM_PROBE)

enum sim_kind {
#define X(symbol) symbol,
    SIM_EVENTS(X)
#undef X
};

struct sim_event {
    sim_us at;
    uint64_t no;
    enum sim_kind kind;
    uint32_t who; /* a host's number */
    struct sim_packet *packet;
};

enum sim_role { SIM_LOCAL_SERVER, SIM_CLIENT, SIM_AUTHORITY };

struct sim;
struct sim_host;

/* What runs on a host. A stop forgets all; a turn reads what waits in the inbox. */
struct sim_program {
    void (*start)(struct sim *sim, struct sim_host *host);
    void (*stop)(struct sim *sim, struct sim_host *host);
    void (*turn)(struct sim *sim, struct sim_host *host);
    /* whether one of its sockets takes a datagram; of a refused one nobody is told */
    bool (*takes)(struct sim *sim, struct sim_host *host, struct sim_packet *packet);
};

struct sim_host {
    enum sim_role role;
    const struct sim_program *program;
    uint32_t no; /* of its role, from 0 */
    struct nib_addr ip4, ip6;
    bool up;
    nib_ms boot; /* what its clock showed when the run began */
    sim_us wake_at, busy_until, paused;
    struct sim_packet *inbox[SIM_INBOX];
    uint32_t n_inbox;
};

struct sim_local;
struct sim_client;
struct sim_name_server;

struct sim {
    struct sim_options options;
    struct sim_mix mix;
    uint64_t seed, runs;          /* of this run; how many came before it */
    struct nib_progress progress; /* in thousandths of a run */
    struct sim_world world;
    struct sim_rng net, work, chaos, attack;
    sim_us now;
    struct sim_event *queue;
    size_t n_queue, cap_queue;
    uint64_t event_no, step, trouble, digest;
    bool closing; /* nothing new begins: what is under way ends */
    struct sim_host hosts[SIM_HOSTS];
    uint32_t n_hosts;
    uint32_t cut_a, cut_b; /* hosts between which nothing gets through */
    sim_us cut_until;
    struct sim_local *local; /* what the hosts run: nodes/state.h */
    struct sim_client *clients;
    struct sim_name_server *name_servers;
    struct sim_counts counts;
};

#endif
