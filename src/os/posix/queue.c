#define _DEFAULT_SOURCE
#include "nibdns/os/queue.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "nibdns/os/memory.h"

/*
 * The buffer is not a ring: octets stand in [begin, end) and the next ones go to end; when all are
 * passed on, both go back to 0. So a piece is always in one place, and memory that no backlog ever
 * needed is never touched. The thread writes from [begin, end) without the lock: the writer only
 * appends, and nothing but the thread moves begin or resets both.
 */
struct nib_queue {
    int fd;
    char *buffer;
    size_t cap;
    pthread_mutex_t lock;
    pthread_cond_t filled, passed;
    size_t begin, end; /* begin <= end <= cap */
    size_t mark;       /* begin <= mark <= end: where the thread last looked at what is there */
    uint64_t marked;   /* pieces in [begin, mark), also those passed on in part */
    uint64_t behind;   /* pieces in [mark, end) */
    uint64_t dropped;
    int error;
};

enum { AT_ONCE = 1 << 16 }; /* octets a write at most, so that progress shows */

/* Passes on n octets. False when the descriptor does not take them. */
static bool pass_on(struct nib_queue *o, const char *octets, size_t n, size_t *taken)
{
    ssize_t done = write(o->fd, octets, n);
    *taken = done > 0 ? (size_t)done : 0;
    if (done >= 0 || errno == EINTR)
        return true;
    if (errno == EAGAIN) { /* somebody else made it non-blocking: wait here, not in the service */
        const struct timespec nap = {0, 10 * 1000 * 1000};
        (void)nanosleep(&nap, NULL);
        return true;
    }
    return false;
}

static void *run(void *arg)
{
    struct nib_queue *o = arg;
    (void)pthread_mutex_lock(&o->lock);
    for (;;) {
        while (o->begin == o->end)
            (void)pthread_cond_wait(&o->filled, &o->lock);
        if (o->begin == o->mark) { /* all that was marked is passed on */
            o->mark = o->end;
            o->marked = o->behind;
            o->behind = 0;
        }
        size_t taken, n = o->mark - o->begin;
        const char *octets = o->buffer + o->begin;
        (void)pthread_mutex_unlock(&o->lock);
        bool ok = pass_on(o, octets, n < AT_ONCE ? n : AT_ONCE, &taken);
        int error = errno;
        (void)pthread_mutex_lock(&o->lock);
        o->begin += taken;
        if (!ok) { /* all that waits is lost with it */
            o->error = error;
            o->dropped += o->marked + o->behind;
            o->begin = o->mark = o->end;
            o->behind = 0;
        }
        if (o->begin == o->end)
            o->begin = o->mark = o->end = 0;
        (void)pthread_cond_broadcast(&o->passed); /* every worker may wait */
    }
    return NULL;
}

/* The thread takes no signal: they are the event loop's. */
static int start(struct nib_queue *o)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attr, 65536);
    int error = pthread_create(&thread, &attr, run, o);
    (void)pthread_attr_destroy(&attr);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* Waits on it are not touched by a wall clock that is set. */
static void init_passed(pthread_cond_t *passed)
{
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(passed, &attr);
    (void)pthread_condattr_destroy(&attr);
}

struct nib_queue *nib_queue_open(int fd, size_t cap)
{
    struct nib_queue *o = calloc(1, sizeof *o);
    if (o == NULL)
        return NULL;
    o->fd = fd;
    o->cap = cap;
    o->buffer = nib_memory_map(cap);
    (void)pthread_mutex_init(&o->lock, NULL);
    (void)pthread_cond_init(&o->filled, NULL);
    init_passed(&o->passed);
    int error = o->buffer == NULL ? ENOMEM : start(o);
    if (error == 0)
        return o;
    nib_memory_unmap(o->buffer, cap);
    free(o);
    errno = error;
    return NULL;
}

char *nib_queue_reserve(struct nib_queue *o, size_t n)
{
    (void)pthread_mutex_lock(&o->lock);
    char *place = o->buffer + o->end;
    if (n > o->cap - o->end) {
        o->dropped++;
        place = NULL;
        (void)pthread_mutex_unlock(&o->lock);
    }
    return place; /* with the lock held, so that the thread does not reset the buffer meanwhile */
}

void nib_queue_commit(struct nib_queue *o, size_t n)
{
    o->end += n;
    o->behind++;
    (void)pthread_cond_signal(&o->filled);
    (void)pthread_mutex_unlock(&o->lock);
}

bool nib_queue_write(struct nib_queue *o, const void *octets, size_t n)
{
    char *place = nib_queue_reserve(o, n);
    if (place == NULL)
        return false;
    memcpy(place, octets, n);
    nib_queue_commit(o, n);
    return true;
}

uint64_t nib_queue_dropped(struct nib_queue *o)
{
    (void)pthread_mutex_lock(&o->lock);
    uint64_t dropped = o->dropped;
    (void)pthread_mutex_unlock(&o->lock);
    return dropped;
}

int nib_queue_error(struct nib_queue *o)
{
    (void)pthread_mutex_lock(&o->lock);
    int error = o->error;
    o->error = 0;
    (void)pthread_mutex_unlock(&o->lock);
    return error;
}

bool nib_queue_drain(struct nib_queue *o, nib_ms patience_ms)
{
    (void)pthread_mutex_lock(&o->lock);
    int timed_out = 0;
    while (o->begin != o->end && timed_out == 0) {
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += (time_t)(patience_ms / 1000);
        until.tv_nsec += (long)(patience_ms % 1000) * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        timed_out = pthread_cond_timedwait(&o->passed, &o->lock, &until);
    }
    bool done = o->begin == o->end;
    (void)pthread_mutex_unlock(&o->lock);
    return done;
}
