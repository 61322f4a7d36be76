/*
 * Floor 7, private to nibpcap rerun --as local.
 */
#ifndef NIBDNS_NIBPCAP_RERUN_LOCAL_H
#define NIBDNS_NIBPCAP_RERUN_LOCAL_H

#include "nibdns/local.h"
#include "nibpcap_rerun.h"

enum { LOCAL_QUESTIONS = 4096, LOCAL_REQUESTS = 4 * LOCAL_QUESTIONS, LOCAL_DELAYS = 131072 };

struct upstream_socket {
    bool open, met;
    uint32_t number; /* unlike that of any other socket */
    struct nib_addr self, to;
};

struct local_run {
    struct rerun *rerun;
    struct nib_local logic;
    struct nib_pending pending;
    struct nib_addr at;
    struct upstream_socket sockets[LOCAL_QUESTIONS];
    uint32_t by_port[65536]; /* slot plus one of a socket that was met */
    uint32_t numbers;
    nib_ms delays[LOCAL_DELAYS]; /* of a record, by its number: how much later it may have been
                                    stored */
    nib_ms most_delay;
    uint8_t room[NIB_MESSAGE_MAX];
    /* what the logic is busy with */
    uint64_t frame;
    int64_t time_ns;
    bool timed;
};

/* The time at which a request is to be fed, so that it is answered as the capture says. */
nib_ms rerun_clock(
    struct local_run *run, const struct rerun_event *e, const struct nib_message *query);

#endif
