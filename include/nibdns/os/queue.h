/*
 * Layer 5: output that never blocks its writer. What is written goes into a buffer; a thread of the
 * queue's own passes it on to the descriptor, however long that takes. What does not fit whole is
 * dropped and counted, and so is what a closed pipe or a full disk does not take. The descriptor's
 * flags are left alone: it may be shared with other programs.
 */
#ifndef NIBDNS_OS_QUEUE_H
#define NIBDNS_OS_QUEUE_H

#include "nibdns/base.h"

struct nib_queue;

/* A queue to fd, holding at most cap octets at a time; NULL, with errno set, when there is none.
 */
struct nib_queue *nib_queue_open(int fd, size_t cap);

/*
 * To be called before anything is written: the descriptor is a file that nobody else writes to.
 * What a full disk took of a piece in part is then taken back, so that the file holds whole pieces
 * only.
 */
void nib_queue_owns_file(struct nib_queue *queue);

/*
 * A place for n octets to be filled in and then given to nib_queue_commit(), or NULL: dropped. One
 * thread may write; between the two calls it must not call anything else of the queue.
 */
char *nib_queue_reserve(struct nib_queue *queue, size_t n);
void nib_queue_commit(struct nib_queue *queue, size_t n);

/* Both in one. False: dropped. */
bool nib_queue_write(struct nib_queue *queue, const void *octets, size_t n);

/*
 * The same piece n times, which takes memory for one; as often as there is space for it in the
 * queue's cap octets, the others are dropped. One of no octets is dropped n times.
 */
void nib_queue_repeat(struct nib_queue *queue, const void *octets, size_t len, uint64_t n);

/* How many pieces were dropped, or not taken whole by the descriptor. */
uint64_t nib_queue_dropped(struct nib_queue *queue);

/* The errno of the last write that failed, told once; 0 when there was none since. */
int nib_queue_error(struct nib_queue *queue);

/*
 * Waits until all is passed on, or until nothing was for patience_ms: false. The queue stays as it
 * is: its thread may hang in a write for good, so only the process's end takes it away.
 */
bool nib_queue_drain(struct nib_queue *queue, nib_ms patience_ms);

#endif
