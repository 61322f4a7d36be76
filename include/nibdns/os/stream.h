/*
 * Layer 5: messages over TCP, each behind its length in two octets (RFC 1035, section 4.2.2; RFC
 * 7766). Nothing here blocks: what cannot be sent yet is kept, up to a limit.
 */
#ifndef NIBDNS_OS_STREAM_H
#define NIBDNS_OS_STREAM_H

#include "nibdns/addr.h"

enum {
    NIB_STREAM_MESSAGE_MAX = 65535, /* octets of a message */
    NIB_STREAM_UNSENT_MAX = 65536,  /* octets kept for a peer that does not read */
};

/* A listening socket at *addr, which becomes the address it got; -1 with errno set. */
int nib_stream_listen(struct nib_addr *addr);

struct nib_stream;

/*
 * The next connection that waits at a listening socket, and its two ends; NULL, with errno set,
 * when there is none or no memory for it (it is then refused).
 */
struct nib_stream *nib_stream_accept(int fd, struct nib_addr *peer, struct nib_addr *self);

/* Begins a connection; what is written meanwhile is sent when it stands. NULL with errno set. */
struct nib_stream *nib_stream_connect(const struct nib_addr *addr, struct nib_addr *self);

/* Ends the connection. NULL is one that has ended. */
void nib_stream_close(struct nib_stream *stream);

/* For waiting. */
int nib_stream_fd(const struct nib_stream *stream);

enum nib_stream_status {
    NIB_STREAM_MESSAGE, /* here is one */
    NIB_STREAM_LATER,   /* nothing whole yet */
    NIB_STREAM_ENDED,   /* the peer sends no more, or the connection is broken */
};

/* The next message; its octets stay until the next call for that stream. */
enum nib_stream_status nib_stream_read(
    struct nib_stream *stream, const uint8_t **octets, size_t *len);

/*
 * Sends a message, or keeps it to be sent. False, and nothing of it is sent: the connection is
 * broken, or too much is kept already.
 */
bool nib_stream_write(struct nib_stream *stream, const uint8_t *octets, size_t len);

/* Sends of what is kept as much as goes. False: the connection is broken. */
bool nib_stream_flush(struct nib_stream *stream);

/* Whether something is kept, so that it is worth waiting until more can be sent. */
bool nib_stream_has_unsent(const struct nib_stream *stream);

#endif
