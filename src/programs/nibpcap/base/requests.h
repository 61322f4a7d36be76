/*
 * Layer 7, nibpcap's base: which query upstream is for which client's query. A request is a
 * client's query that waits at a local server; it looks for its own question, for the target of an
 * alias once that is known, and for the addresses of a name server that it was referred to.
 */
#ifndef NIBDNS_NIBPCAP_REQUESTS_H
#define NIBDNS_NIBPCAP_REQUESTS_H

#include "nibpcap/base/exchanges.h"

struct want_bucket {
    struct want *first, **end;
};

struct requests {
    struct exchange *open; /* the newest first */
    size_t n_open;
    struct want_bucket *buckets;
    size_t n_buckets, n_wants;
};

void requests_init(struct requests *requests);
void requests_finish(struct requests *requests);

/* A request begins; it is answered, or forgotten. */
void request_open(struct requests *requests, struct exchange *request);
void request_close(struct requests *requests, struct exchange *request);

/*
 * A query upstream begins. Its request is the first one that looks for just that, else the only one
 * that is open, else nobody knows.
 */
void request_cause(struct requests *requests, struct exchange *query);

/* An answer or a referral to a query upstream: what its request looks for from now on. */
void request_learn(
    struct requests *requests, const struct exchange *query, const struct nib_message *response);

#endif
