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

static size_t length_at(const struct nib_queue *queue, size_t begin)
{
    size_t n;
    memcpy(&n, queue->buffer + begin, sizeof n);
    return n;
}

/* What one write passes on, from the first octet that is not. */
static int gather(const struct nib_queue *queue, size_t end, struct iovec *iov)
{
    size_t octets = 0, skip = queue->taken;
    int n = 0;
    for (size_t at = queue->begin; at < end && n < PIECES && octets < AT_ONCE; skip = 0) {
        size_t len = length_at(queue, at), left = len - skip;
        if (left > AT_ONCE - octets)
            left = AT_ONCE - octets;
        iov[n++] = (struct iovec){queue->buffer + at + LENGTH + skip, left};
        octets += left;
        at += LENGTH + len;
    }
    return n;
}

/* Steps over so many octets that were passed on. */
static void advance(struct nib_queue *queue, size_t octets)
{
    queue->taken += octets;
    while (queue->begin < queue->end && queue->taken >= length_at(queue, queue->begin)) {
        size_t len = length_at(queue, queue->begin);
        queue->taken -= len;
        queue->begin += LENGTH + len;
    }
}

/* All that waits is lost with the write that failed; what a file of ours has of it in part, too. */
static void drop_all(struct nib_queue *queue)
{
    off_t here = queue->own_file && queue->taken > 0 ? lseek(queue->fd, 0, SEEK_CUR) : -1;
    if (here >= (off_t)queue->taken && ftruncate(queue->fd, here - (off_t)queue->taken) == 0)
        (void)lseek(queue->fd, here - (off_t)queue->taken, SEEK_SET);
    for (; queue->begin < queue->end; queue->begin += LENGTH + length_at(queue, queue->begin))
        queue->dropped++;
    queue->taken = 0;
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
    struct nib_queue *queue = arg;
    struct iovec iov[PIECES];
    (void)pthread_mutex_lock(&queue->lock);
    for (;;) {
        while (queue->begin == queue->end)
            (void)pthread_cond_wait(&queue->filled, &queue->lock);
        size_t taken, end = queue->end;
        (void)pthread_mutex_unlock(&queue->lock);
        bool ok = pass_on(queue->fd, iov, gather(queue, end, iov), &taken);
        int error = errno;
        (void)pthread_mutex_lock(&queue->lock);
        advance(queue, taken);
        if (!ok) {
            queue->error = error;
            drop_all(queue);
        }
        if (queue->begin == queue->end)
            queue->begin = queue->end = 0;
        (void)pthread_cond_broadcast(&queue->passed); /* every worker may wait */
    }
    return NULL;
}

/* The thread takes no signal: they are the event loop's. */
static int start(struct nib_queue *queue)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attr, 65536);
    int error = pthread_create(&thread, &attr, run, queue);
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
    struct nib_queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL)
        return NULL;
    queue->fd = fd;
    queue->cap = cap;
    queue->buffer = nib_memory_map(cap);
    (void)pthread_mutex_init(&queue->lock, NULL);
    (void)pthread_cond_init(&queue->filled, NULL);
    init_passed(&queue->passed);
    int error = queue->buffer == NULL ? ENOMEM : start(queue);
    if (error == 0)
        return queue;
    nib_memory_unmap(queue->buffer, cap);
    free(queue);
    errno = error;
    return NULL;
}

void nib_queue_owns_file(struct nib_queue *queue)
{
    queue->own_file = true;
}

char *nib_queue_reserve(struct nib_queue *queue, size_t n)
{
    (void)pthread_mutex_lock(&queue->lock);
    char *place = queue->buffer + queue->end + LENGTH;
    if (queue->cap - queue->end < LENGTH || n > queue->cap - queue->end - LENGTH) {
        queue->dropped++;
        place = NULL;
        (void)pthread_mutex_unlock(&queue->lock);
    }
    return place; /* with the lock held, so that the thread does not reset the buffer meanwhile */
}

void nib_queue_commit(struct nib_queue *queue, size_t n)
{
    memcpy(queue->buffer + queue->end, &n, sizeof n);
    queue->end += n == 0 ? 0 : LENGTH + n;
    (void)pthread_cond_signal(&queue->filled);
    (void)pthread_mutex_unlock(&queue->lock);
}

bool nib_queue_write(struct nib_queue *queue, const void *octets, size_t n)
{
    char *place = nib_queue_reserve(queue, n);
    if (place == NULL)
        return false;
    memcpy(place, octets, n);
    nib_queue_commit(queue, n);
    return true;
}

void nib_queue_repeat(struct nib_queue *queue, const void *octets, size_t len, uint64_t n)
{
    (void)pthread_mutex_lock(&queue->lock);
    for (; n > 0 && len > 0 && queue->cap - queue->end >= LENGTH &&
           len <= queue->cap - queue->end - LENGTH;
         n--) {
        memcpy(queue->buffer + queue->end, &len, sizeof len);
        memcpy(queue->buffer + queue->end + LENGTH, octets, len);
        queue->end += LENGTH + len;
    }
    queue->dropped += n;
    (void)pthread_cond_signal(&queue->filled);
    (void)pthread_mutex_unlock(&queue->lock);
}

void nib_queue_drop(struct nib_queue *queue, uint64_t n)
{
    (void)pthread_mutex_lock(&queue->lock);
    queue->dropped += n;
    (void)pthread_mutex_unlock(&queue->lock);
}

uint64_t nib_queue_dropped(struct nib_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    uint64_t dropped = queue->dropped;
    (void)pthread_mutex_unlock(&queue->lock);
    return dropped;
}

int nib_queue_error(struct nib_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    int error = queue->error;
    queue->error = 0;
    (void)pthread_mutex_unlock(&queue->lock);
    return error;
}

bool nib_queue_drain(struct nib_queue *queue, nib_ms patience_ms)
{
    (void)pthread_mutex_lock(&queue->lock);
    int timed_out = 0;
    while (queue->begin != queue->end && timed_out == 0) {
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += (time_t)(patience_ms / 1000);
        until.tv_nsec += (long)(patience_ms % 1000) * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        timed_out = pthread_cond_timedwait(&queue->passed, &queue->lock, &until);
    }
    bool done = queue->begin == queue->end;
    (void)pthread_mutex_unlock(&queue->lock);
    return done;
}
