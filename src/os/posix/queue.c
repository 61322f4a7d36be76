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
 * The buffer is not a ring: pieces stand in [begin, end), each behind its head, and the next one
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
    size_t taken;      /* octets of the piece at begin, repeats and all, that are passed on */
    size_t waiting;    /* octets to be passed on, repeats and all */
    uint64_t dropped;
    int error;
};

/* In front of each piece: how long it is, and how many times it is passed on. */
struct head {
    size_t len, times;
};

enum {
    HEAD = sizeof(struct head),
    PARTS = 512,       /* passed on by one write at most */
    AT_ONCE = 1 << 16, /* octets, likewise, so that progress shows */
};

static struct head head_at(const struct nib_queue *queue, size_t begin)
{
    struct head head;
    memcpy(&head, queue->buffer + begin, sizeof head);
    return head;
}

/* What one write passes on, from the first octet that is not. */
static int gather(const struct nib_queue *queue, size_t end, struct iovec *iov)
{
    size_t octets = 0, done = queue->taken;
    int n = 0;
    for (size_t at = queue->begin; at < end && n < PARTS && octets < AT_ONCE; done = 0) {
        struct head head = head_at(queue, at);
        for (; done < head.len * head.times && n < PARTS && octets < AT_ONCE; n++) {
            size_t skip = done % head.len, left = head.len - skip;
            if (left > AT_ONCE - octets)
                left = AT_ONCE - octets;
            iov[n] = (struct iovec){queue->buffer + at + HEAD + skip, left};
            octets += left;
            done += left;
        }
        at += HEAD + head.len;
    }
    return n;
}

/* Steps over so many octets that were passed on. */
static void advance(struct nib_queue *queue, size_t octets)
{
    queue->taken += octets;
    queue->waiting -= octets;
    while (queue->begin < queue->end) {
        struct head head = head_at(queue, queue->begin);
        if (queue->taken < head.len * head.times)
            return;
        queue->taken -= head.len * head.times;
        queue->begin += HEAD + head.len;
    }
}

/* All that waits is lost with the write that failed; what a file of ours has of it in part, too. */
static void drop_all(struct nib_queue *queue)
{
    size_t part = queue->begin < queue->end ? queue->taken % head_at(queue, queue->begin).len : 0;
    off_t here = queue->own_file && part > 0 ? lseek(queue->fd, 0, SEEK_CUR) : -1;
    if (here >= (off_t)part && ftruncate(queue->fd, here - (off_t)part) == 0)
        (void)lseek(queue->fd, here - (off_t)part, SEEK_SET);
    while (queue->begin < queue->end) {
        struct head head = head_at(queue, queue->begin);
        queue->dropped += head.times - queue->taken / head.len;
        queue->begin += HEAD + head.len;
        queue->taken = 0;
    }
    queue->waiting = 0;
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
    struct iovec iov[PARTS];
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

/* Whether there is memory for a piece. */
static bool fits(const struct nib_queue *queue, size_t n)
{
    return queue->cap - queue->end >= HEAD && n <= queue->cap - queue->end - HEAD;
}

/* What stands behind its head becomes a piece, where it is one. */
static void append(struct nib_queue *queue, size_t len, size_t times)
{
    const struct head head = {len, times};
    if (len == 0 || times == 0)
        return;
    memcpy(queue->buffer + queue->end, &head, sizeof head);
    queue->end += HEAD + len;
    queue->waiting += len * times;
    (void)pthread_cond_signal(&queue->filled);
}

char *nib_queue_reserve(struct nib_queue *queue, size_t n)
{
    (void)pthread_mutex_lock(&queue->lock);
    char *place = queue->buffer + queue->end + HEAD;
    if (!fits(queue, n)) {
        queue->dropped++;
        place = NULL;
        (void)pthread_mutex_unlock(&queue->lock);
    }
    return place; /* with the lock held, so that the thread does not reset the buffer meanwhile */
}

void nib_queue_commit(struct nib_queue *queue, size_t n)
{
    append(queue, n, 1);
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
    size_t free = queue->waiting < queue->cap ? queue->cap - queue->waiting : 0;
    uint64_t most = len == 0 || !fits(queue, len) ? 0 : free / len;
    uint64_t times = n < most ? n : most;
    if (times > 0)
        memcpy(queue->buffer + queue->end + HEAD, octets, len);
    append(queue, len, (size_t)times);
    queue->dropped += n - times;
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
