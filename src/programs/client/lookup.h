/*
 * Layer 7: one lookup: the client's logic, a socket of the lookup's own and the clock.
 */
#ifndef NIBDNS_PROGRAMS_CLIENT_LOOKUP_H
#define NIBDNS_PROGRAMS_CLIENT_LOOKUP_H

#include "client/trace.h"
#include "nibdns/client.h"
#include "nibdns/os/capture.h"

/* A query, its socket's end, and what a query that cannot be sent adds to that. */
enum { LOOKUP_OUTPUTS = 2 * NIB_CLIENT_OUTPUTS };

/* What a lookup takes to work; set up once, used for one lookup after the other. */
struct lookup {
    _Alignas(64) unsigned char memory[NIB_OUTPUTS_BYTES(LOOKUP_OUTPUTS)]; /* of the outputs */
    struct nib_client logic;
    struct nib_capture *capture; /* of the traffic; may be NULL */
    struct client_trace trace;
    int64_t took_us; /* by the last lookup */
    /* of the lookup under way */
    int fd; /* its socket, -1 while there is none: an error of one lookup is none of the next */
    struct nib_addr self;
    unsigned overtime; /* datagrams read since the deadline */
    struct nib_outputs outputs;
};

/* Prepares all but `logic`, `capture` and `trace`, which are the caller's to set. */
void lookup_init(struct lookup *lookup);

/* Looks a name up that nib_name_check() takes. How it ended stands in `logic`. */
void lookup_run(struct lookup *lookup, struct nib_text name, enum nib_type type);

#endif
