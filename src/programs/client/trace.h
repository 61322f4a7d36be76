/*
 * Layer 7: `--trace`: each step of a lookup as it happens, a line each on standard error:
 *
 *     [Trace]    0.000 ms  own table: no record of shop.amazone.com A
 *     [Trace]    0.071 ms  -> 127.0.0.1:21000  Query A shop.amazone.com id 0 (try 1 of 3, waits
 * 1000 ms) [Trace]    0.412 ms  <- 127.0.0.1:21000  Response A shop.amazone.com 3.33.147.88 ttl 60
 * id 0
 */
#ifndef NIBDNS_PROGRAMS_CLIENT_TRACE_H
#define NIBDNS_PROGRAMS_CLIENT_TRACE_H

#include "nibdns/client.h"

struct client_trace {
    bool on;
    int64_t start_us;
};

/* A lookup begins, or is answered from the own table. */
void client_trace_begin(struct client_trace *trace, const struct nib_client *client);

/* The query was sent (errno 0) or could not be. */
void client_trace_query(
    const struct client_trace *trace, const struct nib_client *client, int error);

/* A datagram came, and what was decided about it. */
void client_trace_datagram(const struct client_trace *trace, const struct nib_addr *from,
    const uint8_t *octets, size_t len, const struct nib_decision *decision);

/* The server cannot be reached: the errno of a send, or what the network reported of the query. */
void client_trace_unreachable(
    const struct client_trace *trace, const struct nib_client *client, int error);

/* The time of the try with that number, from 1, is over. */
void client_trace_timeout(const struct client_trace *trace, uint32_t tried);

/* How it ended, and what the TTL shows of where the answer came from. */
void client_trace_end(const struct client_trace *trace, const struct nib_client *client);

#endif
