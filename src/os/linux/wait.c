#define _DEFAULT_SOURCE
#include "nibdns/os/wait.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 256 };

struct nib_waiter {
    int epoll;
    struct epoll_event events[EVENTS];
};

struct nib_waiter *nib_waiter_open(void)
{
    struct nib_waiter *waiter = calloc(1, sizeof *waiter);
    if (waiter == NULL)
        return NULL;
    waiter->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (waiter->epoll >= 0)
        return waiter;
    free(waiter);
    return NULL;
}

void nib_waiter_close(struct nib_waiter *waiter)
{
    (void)close(waiter->epoll);
    free(waiter);
}

int nib_waiter_add(struct nib_waiter *waiter, int fd, uint32_t number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    return epoll_ctl(waiter->epoll, EPOLL_CTL_ADD, fd, &event);
}

void nib_waiter_choose(struct nib_waiter *waiter, int fd, uint32_t number, bool read, bool write)
{
    struct epoll_event event = {.data.u32 = number};
    event.events = (read ? (uint32_t)EPOLLIN : 0) | (write ? (uint32_t)EPOLLOUT : 0);
    (void)epoll_ctl(waiter->epoll, EPOLL_CTL_MOD, fd, &event);
}

/* What is closed on the way has left the others already. */
int nib_waiter_add_to_all(
    struct nib_waiter *const *waiters, size_t n, size_t own, int fd, uint32_t number)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.u32 = number};
    if (n == 1)
        return nib_waiter_add(waiters[own], fd, number);
    for (size_t i = 0; i < n; i++)
        if (epoll_ctl(waiters[i]->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
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
    int max = most < EVENTS ? (int)most : EVENTS;
    int n = epoll_pwait(waiter->epoll, waiter->events, max, timeout_ms, mask);
    for (int i = 0; i < n; i++)
        numbers[i] = waiter->events[i].data.u32;
    return n > 0 ? (size_t)n : 0;
}
