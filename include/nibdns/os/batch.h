/*
 * Layer 5: datagrams read from and sent by a listening socket in batches: where the system can, one
 * system call for up to NIB_BATCH of them, and whole runs of one client's in the place of one.
 */
#ifndef NIBDNS_OS_BATCH_H
#define NIBDNS_OS_BATCH_H

#include "nibdns/output.h"

enum {
    NIB_BATCH = 64,          /* datagrams looked at, or sent, at a time */
    NIB_DATAGRAM_CAP = 1280, /* octets kept of one: more than any message has (NIB-1.1), or any
                                datagram of the DNS that we ask for (RFC 6891) */
};

/* A datagram that was read. Its octets stay until the next read. */
struct nib_datagram {
    const struct nib_path *path;
    const uint8_t *octets;
    size_t len;      /* octets that are here */
    size_t real_len; /* octets that it had, more than len where it was cut */
};

struct nib_inbox;

/* NULL, with errno set, when there is no memory. */
struct nib_inbox *nib_inbox_new(void);
void nib_inbox_free(struct nib_inbox *inbox);

/* Asks for runs of datagrams in one piece; a system that has none simply gives single ones. */
void nib_inbox_prepare(int fd);

/*
 * Reads what waits at a listening socket, NIB_BATCH pieces at most. `self` tells a socket on a
 * wildcard address from others. False: it was one at most, so that it is hardly worth to look again
 * at once.
 */
bool nib_inbox_read(
    struct nib_inbox *inbox, int fd, uint32_t listener, const struct nib_addr *self);

/* The next of the datagrams read, NIB_BATCH at most; 0: all were taken. */
size_t nib_inbox_take(struct nib_inbox *inbox, struct nib_datagram *datagrams);

/* What answers in batches are sent with: headers for the system's calls, and no answers. */
struct nib_outbox;

/* NULL, with errno set, when there is no memory. */
struct nib_outbox *nib_outbox_new(void);
void nib_outbox_free(struct nib_outbox *outbox);

/*
 * Sends n answers, NIB_BATCH at most, back along their paths, all from one listening socket; `self`
 * as above. Those of one length to one client go in their order, but for one that leaves behind
 * longer ones. Those that cannot be sent are skipped; their bit is set in what is returned.
 */
uint64_t nib_outbox_send(struct nib_outbox *outbox, int fd, const struct nib_addr *self,
    const struct nib_output *const *answers, size_t n);

#endif
