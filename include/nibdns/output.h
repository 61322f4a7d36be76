/*
 * Layer 3: what a server's or a client's logic wants done: a list that its caller owns. The logic
 * appends to it and remembers what it appended; the caller carries it out in its own time, outside
 * of any lock, and clears it. What cannot be sent comes back to the logic as an input.
 *
 * The octets stand in one piece of memory, one behind the other in the order of the list, so
 * answers of one length that follow each other can leave as segments of one send.
 */
#ifndef NIBDNS_OUTPUT_H
#define NIBDNS_OUTPUT_H

#include "nibdns/decision.h"

/*
 * A socket upstream: its place among those that can be open, and a number that no other socket at
 * that place has had lately. A socket is opened by the first query that names it, on a random port,
 * connected to the query's address; it is closed by NIB_OUTPUT_CLOSE, or when a query names
 * its place with another serial.
 */
struct nib_slot {
    uint32_t index, serial;
};

enum nib_output_kind {
    NIB_OUTPUT_ANSWER, /* octets go back along `path` */
    NIB_OUTPUT_QUERY,  /* octets go to `path.peer` from the socket `slot` */
    NIB_OUTPUT_CLOSE,  /* the socket `slot` is closed; what still arrives there is not wanted */
};

struct nib_output {
    enum nib_output_kind kind;
    struct nib_slot slot;
    struct nib_path path;
    const uint8_t *octets; /* in the list's memory, until it is cleared */
    size_t len;
    struct nib_decision decision;
};

struct nib_outputs {
    struct nib_output *items;
    uint32_t n, cap;
    uint8_t *octets;
    size_t used;
};

/*
 * Octets of memory for a list of that many outputs, each as long as a message can be. The memory is
 * aligned for 64 octets and stays the caller's; of what is never used nothing is touched.
 */
#define NIB_OUTPUTS_BYTES(cap)                                                                     \
    (((cap) * sizeof(struct nib_output) + 63) / 64 * 64 + (size_t)(cap)*NIB_MESSAGE_MAX)
static inline size_t nib_outputs_bytes(uint32_t cap)
{
    return NIB_OUTPUTS_BYTES(cap);
}

void nib_outputs_init(struct nib_outputs *outputs, void *memory, uint32_t cap);

/* Where the next datagram's octets go: NIB_MESSAGE_MAX of them. NULL: the list is full. */
uint8_t *nib_outputs_reserve(struct nib_outputs *outputs);

/* Appends what was written there. */
void nib_outputs_answer(struct nib_outputs *outputs, const struct nib_path *path, size_t len,
    const struct nib_decision *decision);
void nib_outputs_query(struct nib_outputs *outputs, struct nib_slot slot, const struct nib_addr *to,
    size_t len, const struct nib_decision *decision);

/* Appends that a socket is to be closed, unless the list is full. */
void nib_outputs_close(struct nib_outputs *outputs, struct nib_slot slot);

static inline void nib_outputs_clear(struct nib_outputs *outputs)
{
    outputs->n = 0;
    outputs->used = 0;
}

#endif
