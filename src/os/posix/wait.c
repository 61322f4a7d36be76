#define _GNU_SOURCE
#include "nibdns/os/wait.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * With ppoll(): each wait costs as much as there are descriptors.
 *
 * A fetch's end may take its socket off another worker's waiter while that one waits, so it
 * waits on a copy; a number that is told late finds its socket closed or empty.
 */
struct nib_waiter {
    pthread_mutex_t lock; /* of the first four */
    struct pollfd *watched;
    uint32_t *numbers;
    size_t n, cap;
    struct pollfd *asked; /* the copies, of the thread that waits; cap of each */
    uint32_t *asked_numbers;
    size_t first; /* where the last wait had no more space: the next one looks there first */
};

struct nib_waiter *nib_waiter_open(void)
{
    struct nib_waiter *waiter = calloc(1, sizeof *waiter);
    if (waiter != NULL)
        (void)pthread_mutex_init(&waiter->lock, NULL);
    return waiter;
}

void nib_waiter_close(struct nib_waiter *waiter)
{
    free(waiter->watched);
    free(waiter->numbers);
    free(waiter->asked);
    free(waiter->asked_numbers);
    (void)pthread_mutex_destroy(&waiter->lock);
    free(waiter);
}

/* The array with more space, or as it was and *ok false. */
static void *larger(void *array, size_t cap, size_t size, bool *ok)
{
    void *moved = realloc(array, cap * size);
    *ok = *ok && moved != NULL;
    return moved != NULL ? moved : array;
}

static bool make_space(struct nib_waiter *w)
{
    size_t cap = w->cap == 0 ? 64 : 2 * w->cap;
    bool ok = true;
    if (w->n < w->cap)
        return true;
    w->watched = larger(w->watched, cap, sizeof *w->watched, &ok);
    w->numbers = larger(w->numbers, cap, sizeof *w->numbers, &ok);
    w->asked = larger(w->asked, cap, sizeof *w->asked, &ok);
    w->asked_numbers = larger(w->asked_numbers, cap, sizeof *w->asked_numbers, &ok);
    w->cap = ok ? cap : w->cap;
    return ok;
}

/* Only the thread that waits adds, so it never waits on arrays that move. */
int nib_waiter_add(struct nib_waiter *waiter, int fd, uint32_t number)
{
    (void)pthread_mutex_lock(&waiter->lock);
    bool added = make_space(waiter);
    if (added) {
        waiter->watched[waiter->n] = (struct pollfd){.fd = fd, .events = POLLIN};
        waiter->numbers[waiter->n++] = number;
    }
    (void)pthread_mutex_unlock(&waiter->lock);
    return added ? 0 : -1;
}

int nib_waiter_add_listener(struct nib_waiter *waiter, int fd, uint32_t number)
{
    return nib_waiter_add(waiter, fd, number);
}

void nib_waiter_choose(struct nib_waiter *waiter, int fd, uint32_t number, bool read, bool write)
{
    (void)number; /* it has that one already */
    (void)pthread_mutex_lock(&waiter->lock);
    for (size_t i = 0; i < waiter->n; i++)
        if (waiter->watched[i].fd == fd)
            waiter->watched[i].events = (short)((read ? POLLIN : 0) | (write ? POLLOUT : 0));
    (void)pthread_mutex_unlock(&waiter->lock);
}

int nib_waiter_add_to_all(
    struct nib_waiter *const *waiters, size_t n, size_t own, int fd, uint32_t number)
{
    (void)n;
    return nib_waiter_add(waiters[own], fd, number);
}

void nib_waiter_remove(struct nib_waiter *waiter, int fd)
{
    (void)pthread_mutex_lock(&waiter->lock);
    for (size_t i = waiter->n; i-- > 0;) {
        if (waiter->watched[i].fd != fd)
            continue;
        waiter->n--;
        waiter->watched[i] = waiter->watched[waiter->n];
        waiter->numbers[i] = waiter->numbers[waiter->n];
        break;
    }
    (void)pthread_mutex_unlock(&waiter->lock);
}

static size_t copy(struct nib_waiter *waiter)
{
    (void)pthread_mutex_lock(&waiter->lock);
    size_t n = waiter->n;
    if (n > 0) {
        memcpy(waiter->asked, waiter->watched, n * sizeof *waiter->asked);
        memcpy(waiter->asked_numbers, waiter->numbers, n * sizeof *waiter->asked_numbers);
    }
    (void)pthread_mutex_unlock(&waiter->lock);
    return n;
}

size_t nib_waiter_wait(
    struct nib_waiter *waiter, int timeout_ms, const sigset_t *mask, uint32_t *numbers, size_t most)
{
    size_t n = copy(waiter), found = 0;
    const struct timespec time = {timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000000};
    if (ppoll(waiter->asked, (nfds_t)n, timeout_ms < 0 ? NULL : &time, mask) <= 0)
        return 0;
    for (size_t i = 0; i < n && found < most; i++) {
        size_t at = (waiter->first + i) % n;
        if ((waiter->asked[at].revents & (POLLIN | POLLOUT | POLLERR | POLLHUP)) != 0)
            numbers[found++] = waiter->asked_numbers[at];
        if (found == most)
            waiter->first = at + 1;
    }
    return found;
}
