/*
 * Layer 7: nibsim. The real logic of clients, a local server and authoritative servers over a
 * simulated network and clock. All that happens is an event in one queue; all chance comes from the
 * seed; after each step the promises are checked. A promise that is broken ends the program.
 *
 *     sim_world, sim_truth       the domains, their records, what is true
 *     sim_run                    the queue, the hosts' time, stops and returns
 *     sim_net                    datagrams under way: lost, late, twice, damaged, cut links
 *     sim_local, sim_sockets     the hosts around the logic of each program:
 *     sim_client, sim_authority  local server, clients, name servers
 *     sim_attacker               datagrams from somebody who guesses
 *     sim_watch, sim_ledger      what tables and requests must look like
 *     sim_trace                  what happened, in words and as a capture
 */
#ifndef NIBDNS_PROGRAMS_SIM_H
#define NIBDNS_PROGRAMS_SIM_H

#include "nibdns/authoritative.h"
#include "nibdns/client.h"
#include "nibdns/local.h"
#include "nibdns/os/progress.h"
#include "nibsim/base/invariants.h"
#include "nibsim/base/world.h"

typedef int64_t sim_us; /* microseconds since the run began */
#define SIM_NEVER INT64_MAX

enum {
    SIM_CLIENTS = 40,
    SIM_HOSTS = 1 + SIM_CLIENTS + SIM_AUTHORITIES,
    SIM_INBOX = 64,   /* datagrams that wait at a host */
    SIM_OCTETS = 800, /* of a datagram that are kept: more than the longest message */
    SIM_ROWS = 256,   /* dynamic records of a table at most */
    SIM_SLOTS = 64,
    SIM_REQUESTS = 4 * SIM_SLOTS + 1, /* at most that wait, and one that comes */
};

/* What a run is like. Chances are in a million. */
struct sim_mix {
    uint32_t loss, duplicate, corrupt, slow;
    sim_us delay_min, delay_max, length, think;
    uint32_t ports; /* that local sockets are drawn from */
    uint32_t clients;
    bool spoof, crash, pause, cut, reload, late, unsent, exhausted;
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
    bool spoofed;
    bool refusal;    /* ICMP: nobody listens at src */
    uint64_t socket; /* of a local server's slot: which of its sockets it came to */
    uint8_t octets[SIM_OCTETS];
};

#define SIM_EVENTS(X)                                                                              \
    X(SIM_ARRIVE)                                                                                  \
    X(SIM_WAKE)                                                                                    \
    X(SIM_LOOKUP) X(SIM_STOP) X(SIM_RETURN) X(SIM_CUT) X(SIM_ATTACK) X(SIM_RELOAD) X(SIM_PROBE)

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

struct sim_host {
    enum sim_role role;
    uint32_t no; /* of its role, from 0 */
    struct nib_addr ip4, ip6;
    bool up;
    nib_ms boot; /* what its clock showed when the run began */
    sim_us wake_at, busy_until, paused;
    struct sim_packet *inbox[SIM_INBOX];
    uint32_t n_inbox;
};

/* A dynamic record as it must be. */
struct sim_row {
    uint64_t no;
    nib_ms due;
    enum nib_type type;
    bool there; /* seen in the table just now */
    size_t name_len, result_len;
    char text[NIB_NAME_MAX + NIB_RESULT_MAX]; /* the name, then the result */
};

/* A table, its memory, and the rows that its cache must have, in the order of their numbers. */
struct sim_table {
    struct nib_table table;
    struct nib_cache cache;
    struct sim_block cache_block;
    struct sim_zone zones[2]; /* the static records, and room for the next ones */
    int current;
    uint32_t max_ttl_s, n_rows;
    uint64_t next_no, zone_sum;
    struct sim_row rows[SIM_ROWS];
};

/* A question's socket. */
struct sim_slot {
    bool open, refused;
    uint64_t socket; /* number of its socket */
    uint32_t serial; /* and the logic's */
    struct nib_addr self, peer;
    sim_us sent_at;
    uint32_t tries;     /* datagrams from this socket */
    uint64_t trouble;   /* the count when the question began */
    uint64_t closed_in; /* step */
    size_t len;
    uint8_t query[NIB_QUERY_MAX];
};

/* A request that the local server has and has not answered. */
struct sim_request {
    struct nib_path path;
    uint32_t id;
    enum nib_type type;
    size_t name_len;
    sim_us since, paused;
    uint64_t trouble;
    uint32_t datagrams; /* upstream, that went into it */
    char name[NIB_NAME_MAX];
};

/* When an address last gave no answer, and whether it has given one since. */
struct sim_health {
    bool failed;
    sim_us at;
};

struct sim_local {
    struct nib_local logic;
    struct nib_outputs outputs;
    struct sim_block block, outputs_block;
    struct sim_table table;
    struct nib_local_config config;
    struct sim_slot slots[SIM_SLOTS];
    struct sim_request requests[SIM_REQUESTS];
    uint32_t n_requests;
    const struct sim_record *pin; /* a domain's record that is static here for a while */
    uint64_t sockets, next_id;
    uint64_t fed, fed_malformed, fed_responses, fed_repeats, replies; /* datagrams it got */
    uint64_t answers, unsent, sent;                                   /* and those it gave */
    uint64_t full_before; /* the count of a full pending table before this step */
    struct sim_health health[SIM_AUTHORITIES][2]; /* of each name server's addresses */
    const struct sim_packet *packet;              /* of a server, that this step reads */
    uint32_t to_fail;      /* answers of this step that the system does not take */
    bool request, asked;   /* this step reads a request; asked upstream */
    enum sim_promise mute; /* what an answer or question in this step would break */
};

struct sim_client {
    struct nib_client logic;
    struct nib_outputs outputs;
    struct sim_block outputs_block;
    struct sim_table table;
    struct nib_addr self;
    nib_ms timeout_ms;
    uint32_t tries, max_records;
    bool active;
    sim_us began, paused, sent_at;
    uint64_t trouble;
    uint32_t asked, next_id;
    char name[NIB_NAME_MAX + 1];
};

struct sim_name_server {
    const struct sim_authority *what;
    struct nib_authoritative logic;
    struct nib_outputs outputs;
    struct sim_block outputs_block;
    struct nib_table table;
    struct sim_zone zone;
    uint64_t fed, answered;
};

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
    struct sim_local local;
    struct sim_client clients[SIM_CLIENTS];
    struct sim_name_server name_servers[SIM_AUTHORITIES];
    struct sim_counts counts;
};

/* ---- sim_run ---- */

void sim_run(struct sim *sim, uint64_t seed);
void sim_push(struct sim *sim, sim_us at, enum sim_kind kind, uint32_t who, struct sim_packet *p);

/* Lets a host have its turn at that time, or when it next gets any. */
void sim_wake(struct sim *sim, uint32_t no, sim_us at);

/* The time on a host's clock, and when that clock will show a time. */
nib_ms sim_clock(const struct sim *sim, const struct sim_host *host);
sim_us sim_when(const struct sim_host *host, nib_ms at);

/* ---- sim_mix ---- */

void sim_mix_draw(struct sim *sim);

/* ---- sim_net ---- */

enum sim_origin { SIM_SAID, SIM_MUMBLED, SIM_SPOOFED };

void sim_send(struct sim *sim, const struct nib_addr *src, const struct nib_addr *dst,
    const uint8_t *octets, size_t len, enum sim_origin origin);

/* A datagram reaches its host. */
void sim_arrive(struct sim *sim, struct sim_packet *packet);

/* The host with that address, or NULL. */
struct sim_host *sim_host_at(struct sim *sim, const struct nib_addr *addr);

/* Whether a packet answers a query as far as its receiver can tell. */
bool sim_fits(const struct sim_packet *packet, const uint8_t *query, size_t len);

/* ---- the hosts ---- */

void sim_local_start(struct sim *sim);
void sim_local_stop(struct sim *sim);
void sim_local_turn(struct sim *sim, struct sim_host *host);
void sim_local_reload(struct sim *sim);
void sim_local_quiet(struct sim *sim);

/* The open socket at a port, or NULL. */
struct sim_slot *sim_local_socket(struct sim *sim, uint16_t port);

/* Sends what its logic wants sent: answers, and queries from sockets of their own. */
void sim_local_drain(struct sim *sim);

/* What is known of servers' health (NIB-8.8): they fail, answer, and are chosen. */
void sim_health_failed(struct sim *sim, const struct nib_addr *addr);
void sim_health_answered(struct sim *sim, const struct nib_addr *addr);
void sim_health_overdue(struct sim *sim, nib_ms now);
void sim_health_check(struct sim *sim, struct nib_text name, const struct nib_addr *chosen);

void sim_client_start(struct sim *sim, uint32_t no);
void sim_client_stop(struct sim *sim, uint32_t no);
void sim_client_turn(struct sim *sim, struct sim_host *host);
void sim_client_look_up(struct sim *sim, struct sim_host *host);
void sim_client_quiet(struct sim *sim, uint32_t no);

void sim_authority_start(struct sim *sim, uint32_t no);
void sim_authority_stop(struct sim *sim, uint32_t no);
void sim_authority_turn(struct sim *sim, struct sim_host *host);

void sim_attack(struct sim *sim);

/* ---- sim_watch: tables ---- */

void sim_table_start(struct sim *sim, struct sim_table *table, int owner, uint32_t max,
    uint32_t max_ttl_s, uint64_t next_no);
void sim_table_free(struct sim_table *table);

/* Puts a zone with one static record more in the place of the one before (NULL: none more). */
void sim_table_reload(struct sim *sim, struct sim_table *table, const struct sim_record *pin);

/*
 * Compares a table with the rows that it must have, after a step that read a packet (NULL: none).
 * `took` says that the logic took the packet for the answer that it waited for.
 */
void sim_table_check(struct sim *sim, struct sim_table *table, struct sim_host *host,
    const struct sim_packet *packet, bool took);

/* The living row of that key, or NULL. */
const struct sim_row *sim_table_row(
    const struct sim_table *table, nib_ms now, struct nib_text name, enum nib_type type);

/* All rows are gone once their time is over. */
void sim_table_empty(struct sim *sim, struct sim_table *table, nib_ms now);

/* ---- sim_ledger: requests at the local server ---- */

/*
 * The count of troubles, as it was when the oldest question under way began: what went wrong since
 * then is a reason for a failure of a request that comes now.
 */
uint64_t sim_trouble_before(const struct sim *sim);

void sim_ledger_query(struct sim *sim, const struct nib_path *path, const struct nib_message *m);
void sim_ledger_answer(struct sim *sim, const struct nib_path *path, const struct nib_message *m);
void sim_ledger_check(struct sim *sim);
void sim_ledger_bill(struct sim *sim, uint32_t slot);
void sim_counters_check(struct sim *sim);

/* ---- sim_trace ---- */

/* Ends the program: a promise is broken. */
_Noreturn void sim_break(struct sim *sim, enum sim_promise promise, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void sim_trace_start(struct sim *sim);
void sim_trace_run(struct sim *sim); /* a run begins */
void sim_trace_end(struct sim *sim);
void sim_note(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_note_packet(struct sim *sim, const struct sim_packet *packet, const char *remark);
void sim_capture(struct sim *sim, const struct nib_addr *src, const struct nib_addr *dst,
    const uint8_t *octets, size_t len);
void sim_host_name(struct sim *sim, const struct nib_addr *addr, char out[80]);
const char *sim_promise_words(enum sim_promise promise);

#endif
