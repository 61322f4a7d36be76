/*
 * Layer 7: `--walk`: each step down the tree, a line each on standard error:
 *
 *     [Walk] 127.0.0.2:22000  www.eu.amazone.com A: amazone.com is at ns.amazone.com
 *     [Walk] 127.0.0.2:22000  ns.amazone.com A: 127.0.0.3
 *     [Walk] 127.0.0.3:22000  www.eu.amazone.com A: asked again
 */
#ifndef NIBDNS_PROGRAMS_CLIENT_STEPS_H
#define NIBDNS_PROGRAMS_CLIENT_STEPS_H

#include "nibdns/message.h"
#include "nibdns/output.h"

/* A query that leaves: worth a line where it is not the first to that server. */
void client_step_query(const struct nib_output *query);

/* A response that was taken. */
void client_step_response(const struct nib_addr *from, const uint8_t *octets, size_t len,
    const struct nib_decision *decision);

/* A server that cannot be reached. */
void client_step_unreachable(const struct nib_addr *server, const char *why);

#endif
