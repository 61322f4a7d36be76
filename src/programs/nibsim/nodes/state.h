/*
 * Layer 7: what the hosts run, and what must be so of it.
 */
#ifndef NIBDNS_PROGRAMS_SIM_STATE_H
#define NIBDNS_PROGRAMS_SIM_STATE_H

#include "nibdns/authoritative.h"
#include "nibdns/client.h"
#include "nibdns/local.h"
#include "nibsim/base/block.h"
#include "nibsim/base/sim.h"
#include "nibsim/base/zone.h"

enum {
    SIM_ROWS = 256, /* dynamic records of a table at most */
    SIM_SLOTS = 64,
    SIM_REQUESTS = 4 * SIM_SLOTS + 1, /* at most that wait, and one that comes */
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
    uint32_t max_ttl_s, max_ns_ttl_s, n_rows;
    uint32_t first_ttl_s; /* of the first of two responses, in the step of the second one */
    uint64_t next_no, zone_sum;
    struct sim_row rows[SIM_ROWS];
};

/* A response that is not believed before a second one agrees (NIB-8.30). */
struct sim_first {
    bool there;
    enum nib_type atype;
    uint32_t ttl_s;
    size_t aname_len, result_len;
    char result[NIB_RESULT_MAX];
};

/* A fetch's socket. */
struct sim_slot {
    bool open, refused;
    uint64_t socket; /* number of its socket */
    uint32_t serial; /* and the logic's */
    struct nib_addr self, peer;
    sim_us sent_at;
    uint32_t tries;     /* datagrams from this socket */
    uint64_t trouble;   /* the count when the fetch began */
    uint64_t closed_in; /* step */
    uint32_t strikes;   /* responses that came to this socket and do not fit */
    uint32_t anew;      /* how often the fetch was begun anew */
    struct sim_first first;
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
    bool perhaps; /* its time was up when nobody waited for it any more */
    sim_us at, perhaps_at;
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
    uint32_t to_fail;        /* answers of this step that the system does not take */
    bool request, asked;     /* this step reads a request; asked upstream */
    bool unbelieved;         /* it reads a response that is not to be believed yet */
    enum sim_invariant mute; /* what an answer or query in this step would break */
};

struct sim_client {
    struct nib_client logic;
    struct nib_outputs outputs;
    struct sim_block outputs_block;
    struct sim_table table;
    struct nib_addr self;
    nib_ms timeout_ms;
    uint32_t tries, max_records;
    sim_us began, paused, sent_at;
    uint64_t trouble;
    uint32_t asked, next_id;
    bool active;
    char name[NIB_NAME_MAX + 1];
};

struct sim_name_server {
    const struct sim_authority *what;
    struct nib_authoritative logic;
    struct nib_outputs outputs;
    struct sim_block outputs_block;
    struct nib_table table;
    struct sim_zone zones[2]; /* its records, and room for the next ones */
    int current;
    uint64_t fed, answered;
};

#endif
