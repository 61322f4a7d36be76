#define _DEFAULT_SOURCE
#include "nibdns/os/queue.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "nibdns/os/memory.h"

/*
 * The buffer is not a ring: pieces stand in [begin, end), each behind its length, and the next one
 * goes to end; when all are passed on, both go back to 0. So a piece is always in one place, and
 * memory that no backlog ever needed is never touched. The thread writes from [begin, end) without
 * the lock: the writer only appends, and nothing but the thread moves begin or resets both.
 */
struct nib_queue {
    int fd;
    bool own_file; /* what is taken in part can be taken back */
    char *buffer;
    size_t cap;
    pthread_mutex_t lock;
    pthread_cond_t filled, passed;
    size_t begin, end; /* begin <= end <= cap */
    size_t taken;      /* octets of the piece at begin that are passed on */
    uint64_t dropped;
    int error;
};

enum {
    LENGTH = sizeof(size_t), /* in front of each piece */
    PIECES = 64,             /* passed on by one write at most */
    AT_ONCE = 1 << 16,       /* octets, likewise, so that progress shows */
};

static size_t length_at(const struct nib_queue *o, size_t begin)
{
    size_t n;
    memcpy(&n, o->buffer + begin, sizeof n);
    return n;
}

/* What one write passes on, from the first octet that is not. */
static int gather(const struct nib_queue *o, size_t end, struct iovec *iov)
{
    size_t octets = 0, skip = o->taken;
    int n = 0;
    for (size_t at = o->begin; at < end && n < PIECES && octets < AT_ONCE; skip = 0) {
        size_t len = length_at(o, at), left = len - skip;
        if (left > AT_ONCE - octets)
            left = AT_ONCE - octets;
        iov[n++] = (struct iovec){o->buffer + at + LENGTH + skip, left};
        octets += left;
        at += LENGTH + len;
    }
    return n;
}

/* Steps over so many octets that were passed on. */
static void advance(struct nib_queue *o, size_t octets)
{
    o->taken += octets;
    while (o->begin < o->end && o->taken >= length_at(o, o->begin)) {
        size_t len = length_at(o, o->begin);
        o->taken -= len;
        o->begin += LENGTH + len;
    }
}

/* All that waits is lost with the write that failed; what a file of ours has of it in part, too. */
static void drop_all(struct nib_queue *o)
{
    off_t here = o->own_file && o->taken > 0 ? lseek(o->fd, 0, SEEK_CUR) : -1;
    if (here >= (off_t)o->taken && ftruncate(o->fd, here - (off_t)o->taken) == 0)
        (void)lseek(o->fd, here - (off_t)o->taken, SEEK_SET);
    for (; o->begin < o->end; o->begin += LENGTH + length_at(o, o->begin))
        o->dropped++;
    o->taken = 0;
}

/* Passes on what is there. False when the descriptor does not take it: see errno. */
static bool pass_on(int fd, const struct iovec *iov, int n, size_t *taken)
{
    ssize_t done = writev(fd, iov, n);
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
    struct iovec iov[PIECES];
    (void)pthread_mutex_lock(&o->lock);
    for (;;) {
        while (o->begin == o->end)
            (void)pthread_cond_wait(&o->filled, &o->lock);
        size_t taken, end = o->end;
        (void)pthread_mutex_unlock(&o->lock);
        bool ok = pass_on(o->fd, iov, gather(o, end, iov), &taken);
        int error = errno;
        (void)pthread_mutex_lock(&o->lock);
        advance(o, taken);
        if (!ok) {
            o->error = error;
            drop_all(o);
        }
        if (o->begin == o->end)
            o->begin = o->end = 0;
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

void nib_queue_owns_file(struct nib_queue *o)
{
    o->own_file = true;
}

char *nib_queue_reserve(struct nib_queue *o, size_t n)
{
    (void)pthread_mutex_lock(&o->lock);
    char *place = o->buffer + o->end + LENGTH;
    if (o->cap - o->end < LENGTH || n > o->cap - o->end - LENGTH) {
        o->dropped++;
        place = NULL;
        (void)pthread_mutex_unlock(&o->lock);
    }
    return place; /* with the lock held, so that the thread does not reset the buffer meanwhile */
}

void nib_queue_commit(struct nib_queue *o, size_t n)
{
    memcpy(o->buffer + o->end, &n, sizeof n);
    o->end += n == 0 ? 0 : LENGTH + n;
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

void nib_queue_repeat(struct nib_queue *o, const void *octets, size_t len, uint64_t n)
{
    (void)pthread_mutex_lock(&o->lock);
    for (; n > 0 && len > 0 && o->cap - o->end >= LENGTH && len <= o->cap - o->end - LENGTH; n--) {
        memcpy(o->buffer + o->end, &len, sizeof len);
        memcpy(o->buffer + o->end + LENGTH, octets, len);
        o->end += LENGTH + len;
    }
    o->dropped += n;
    (void)pthread_cond_signal(&o->filled);
    (void)pthread_mutex_unlock(&o->lock);
}

void nib_queue_drop(struct nib_queue *o, uint64_t n)
{
    (void)pthread_mutex_lock(&o->lock);
    o->dropped += n;
    (void)pthread_mutex_unlock(&o->lock);
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
