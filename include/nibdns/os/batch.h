/*
 * Layer 5: datagrams read from and sent by a listening socket in batches: where the system can, one
 * system call for up to NIB_BATCH of them, and whole runs of one client's in the place of one.
 */
#ifndef NIBDNS_OS_BATCH_H
#define NIBDNS_OS_BATCH_H

#include "nibdns/addr.h"
#include "nibdns/protocol.h"

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
 * wildcard address from others. False: nothing more waits there after these.
 */
bool nib_inbox_read(
    struct nib_inbox *inbox, int fd, uint32_t listener, const struct nib_addr *self);

/* The next of the datagrams read, NIB_BATCH at most; 0: all were taken. */
size_t nib_inbox_take(struct nib_inbox *inbox, struct nib_datagram *datagrams);

struct nib_outbox;
struct nib_outbox *nib_outbox_new(void);
void nib_outbox_free(struct nib_outbox *outbox);

/* Whether there is no space for one more. */
bool nib_outbox_full(const struct nib_outbox *outbox);

/* Where the next datagram is to be written, NIB_MESSAGE_MAX octets at most; not when full. */
uint8_t *nib_outbox_reserve(struct nib_outbox *outbox);

/* What was written there is to go back along a path. All in one outbox leave by one socket. */
void nib_outbox_add(struct nib_outbox *outbox, const struct nib_path *path, size_t len);

/* What was added, in order: how many, and each. */
size_t nib_outbox_count(const struct nib_outbox *outbox);
struct nib_datagram nib_outbox_at(const struct nib_outbox *outbox, size_t i);

/*
 * Sends all and empties the outbox; nib_outbox_at() still shows them until the next one is added.
 * Those that cannot be sent are skipped; their bit is set in what is returned.
 */
uint64_t nib_outbox_send(struct nib_outbox *outbox, int fd, const struct nib_addr *self);

#endif
