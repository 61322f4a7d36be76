/*
 * Layer 5: waiting for descriptors, signals and the time in one place.
 */
#ifndef NIBDNS_OS_WAIT_H
#define NIBDNS_OS_WAIT_H

#include <signal.h>

#include "nibdns/base.h"

struct nib_waiter;

/* NULL, with errno set, when the system has no space for one. */
struct nib_waiter *nib_waiter_open(void);
void nib_waiter_close(struct nib_waiter *waiter);

/*
 * Watches a descriptor for datagrams and errors under a number of the caller's; -1 with errno set
 * when it cannot. A descriptor must be taken off before it is closed.
 */
int nib_waiter_add(struct nib_waiter *waiter, int fd, uint32_t number);

/*
 * The same for a socket to which many datagrams come, and which stays to the end. The system then
 * has nothing to do for the waiter with each datagram while nobody waits.
 */
int nib_waiter_add_listener(struct nib_waiter *waiter, int fd, uint32_t number);

/*
 * The same for several waiters, each a thread's own: whichever of them waits is told, where the
 * system knows how, else the one of the thread that calls. It is taken off that one.
 */
int nib_waiter_add_to_all(
    struct nib_waiter *const *waiters, size_t n, size_t own, int fd, uint32_t number);

void nib_waiter_remove(struct nib_waiter *waiter, int fd);

/*
 * Of a descriptor that is watched: whether something to read is waited for, and whether room to
 * write is. Errors, and that a connection is gone, are told anyway.
 */
void nib_waiter_choose(struct nib_waiter *waiter, int fd, uint32_t number, bool read, bool write);

/*
 * Waits until something is there, timeout_ms have passed (-1: for ever) or a signal that `mask`
 * lets through came. Returns how many numbers it wrote, 0 to most.
 */
size_t nib_waiter_wait(struct nib_waiter *waiter, int timeout_ms, const sigset_t *mask,
    uint32_t *numbers, size_t most);

#endif
