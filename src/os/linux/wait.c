#define _GNU_SOURCE
#include "nibdns/os/wait.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 256, LISTENERS = 16 };

/*
 * The listeners are waited for with ppoll(): a descriptor of an epoll set costs a call of the set's
 * for each datagram that comes and each that leaves, whether anybody waits or not. All others, of
 * which there may be many, are in a set, which is waited for like a listener.
 */
struct nib_waiter {
    struct pollfd polled[LISTENERS + 1]; /* the last is the set */
    uint32_t numbers[LISTENERS];
    size_t listeners;
    int set;
    struct epoll_event events[EVENTS];
};

struct nib_waiter *nib_waiter_open(void)
{
    struct nib_waiter *waiter = calloc(1, sizeof *waiter);
    if (waiter == NULL)
        return NULL;
    waiter->set = epoll_create1(EPOLL_CLOEXEC);
    waiter->polled[0] = (struct pollfd){.fd = waiter->set, .events = POLLIN};
    if (waiter->set >= 0)
        return waiter;
    free(waiter);
    return NULL;
}

void nib_waiter_close(struct nib_waiter *waiter)
{
    (void)close(waiter->set);
    free(waiter);
}

int nib_waiter_add(struct nib_waiter *waiter, int fd, uint32_t number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    return epoll_ctl(waiter->set, EPOLL_CTL_ADD, fd, &event);
}

int nib_waiter_add_listener(struct nib_waiter *waiter, int fd, uint32_t number)
{
    size_t i = waiter->listeners;
    if (i == LISTENERS)
        return nib_waiter_add(waiter, fd, number);
    waiter->polled[i + 1] = waiter->polled[i];
    waiter->polled[i] = (struct pollfd){.fd = fd, .events = POLLIN};
    waiter->numbers[i] = number;
    waiter->listeners++;
    return 0;
}

void nib_waiter_choose(struct nib_waiter *waiter, int fd, uint32_t number, bool read, bool write)
{
    struct epoll_event event = {.data.u32 = number};
    event.events = (read ? (uint32_t)EPOLLIN : 0) | (write ? (uint32_t)EPOLLOUT : 0);
    (void)epoll_ctl(waiter->set, EPOLL_CTL_MOD, fd, &event);
}

/* What is closed on the way has left the others already. */
int nib_waiter_add_to_all(
    struct nib_waiter *const *waiters, size_t n, size_t own, int fd, uint32_t number)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.u32 = number};
    if (n == 1)
        return nib_waiter_add(waiters[own], fd, number);
    for (size_t i = 0; i < n; i++)
        if (epoll_ctl(waiters[i]->set, EPOLL_CTL_ADD, fd, &event) != 0)
            return -1;
    return 0;
}

/* A closed descriptor leaves an epoll set by itself: nobody here duplicates descriptors. */
void nib_waiter_remove(struct nib_waiter *waiter, int fd)
{
    (void)waiter;
    (void)fd;
}

size_t nib_waiter_wait(
    struct nib_waiter *waiter, int timeout_ms, const sigset_t *mask, uint32_t *numbers, size_t most)
{
    const struct timespec time = {timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000000};
    size_t n = waiter->listeners, found = 0;
    if (ppoll(waiter->polled, n + 1, timeout_ms < 0 ? NULL : &time, mask) <= 0)
        return 0;
    for (size_t i = 0; i < n && found < most; i++)
        if (waiter->polled[i].revents != 0)
            numbers[found++] = waiter->numbers[i];
    if (waiter->polled[n].revents == 0 || found == most)
        return found;
    int max = most - found < EVENTS ? (int)(most - found) : EVENTS;
    int ready = epoll_wait(waiter->set, waiter->events, max, 0);
    for (int i = 0; i < ready; i++)
        numbers[found++] = waiter->events[i].data.u32;
    return found;
}
