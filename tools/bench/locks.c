/*
 * Where threads wait for each other: a library for LD_PRELOAD that stands in the way of
 * pthread_mutex_lock() and pthread_mutex_unlock(), for tools/bench/locks.sh. It counts from
 * LOCKS_AFTER to LOCKS_UNTIL, seconds after the program's start (0, for ever), and says at the
 * program's end, a line each, what became of the mutexes that were held longest, and of all others
 * together:
 *
 *     locks: PROGRAM+OFFSET mutexes=1 taken=N waited=N waited_ns=N held_ns=N p50_ns=N p99_ns=N
 *         max_ns=N of_ns=N
 *     locks: others mutexes=N ...
 *
 * PROGRAM+OFFSET is where it was taken first. waited: how often another thread had it. held_ns is
 * the sum, p50_ns to max_ns are of a single time that it was held, of_ns is how long was counted.
 * What is known of a mutex is written by whoever holds it. A wait for a condition counts as held.
 * No call of the system is added before the end, so the servers' filter lets it be.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LOCKS_BITS = 14,
    LOCKS = 1 << LOCKS_BITS, /* mutexes that are told apart */
    PROBES = 64,             /* looked at for one; what finds no place is not counted */
    FINE = 8,                /* buckets for each power of two */
    BUCKETS = 40 * FINE,
    SHOWN = 4,
};

/* How long, in sums and buckets. */
struct counts {
    uint64_t taken, waited, waited_ns, held_ns, longest_ns;
    uint32_t held[BUCKETS];
};

struct lock {
    _Atomic(const pthread_mutex_t *) mutex; /* NULL: a free entry */
    const char *place;                      /* behind the call that took it first */
    uint64_t since;                         /* when it was taken; 0: that is not counted */
    struct counts counts;
};

static struct lock locks[LOCKS];
static int (*real_lock)(pthread_mutex_t *mutex);
static int (*real_trylock)(pthread_mutex_t *mutex);
static int (*real_unlock)(pthread_mutex_t *mutex);
static uint64_t begin_ns, end_ns;

static uint64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t setting_ns(const char *name, double otherwise)
{
    const char *text = getenv(name);
    return (uint64_t)((text == NULL ? otherwise : strtod(text, NULL)) * 1e9);
}

static void find_function(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, sizeof found);
}

__attribute__((constructor)) static void prepare(void)
{
    enum { FOR_EVER_S = 1000000000 };
    find_function(&real_lock, "pthread_mutex_lock");
    find_function(&real_trylock, "pthread_mutex_trylock");
    find_function(&real_unlock, "pthread_mutex_unlock");
    begin_ns = now_ns() + setting_ns("LOCKS_AFTER", 0);
    end_ns = now_ns() + setting_ns("LOCKS_UNTIL", FOR_EVER_S);
}

/* ---- counting ---- */

static struct lock *find(const pthread_mutex_t *mutex)
{
    uint64_t hash = (uint64_t)(uintptr_t)mutex * 0x9e3779b97f4a7c15u >> (64 - LOCKS_BITS);
    for (uint64_t i = 0; i < PROBES; i++) {
        struct lock *lock = &locks[(hash + i) & (LOCKS - 1)];
        const pthread_mutex_t *there = atomic_load_explicit(&lock->mutex, memory_order_relaxed);
        if (there == NULL && atomic_compare_exchange_strong(&lock->mutex, &there, mutex))
            return lock;
        if (there == mutex)
            return lock;
    }
    return NULL;
}

static unsigned bucket_of(uint64_t ns)
{
    if (ns < FINE)
        return (unsigned)ns;
    unsigned power = 63 - (unsigned)__builtin_clzll(ns);
    unsigned bucket = (power - 2) * FINE + (unsigned)(ns >> (power - 3) & (FINE - 1));
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/* The least that is in a bucket. */
static uint64_t ns_of(unsigned bucket)
{
    if (bucket < FINE)
        return bucket;
    return (uint64_t)(FINE + bucket % FINE) << (bucket / FINE - 1);
}

static void taken(struct lock *lock, uint64_t waited_since, const char *place)
{
    uint64_t now = now_ns();
    if (now < begin_ns || now >= end_ns)
        return;
    if (lock->place == NULL)
        lock->place = place;
    lock->counts.taken++;
    if (waited_since > 0) {
        lock->counts.waited++;
        lock->counts.waited_ns += now - waited_since;
    }
    lock->since = now;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    struct lock *lock = find(mutex);
    uint64_t waited_since = 0;
    if (real_trylock(mutex) != 0) {
        waited_since = now_ns();
        int error = real_lock(mutex);
        if (error != 0)
            return error;
    }
    if (lock != NULL)
        taken(lock, waited_since, __builtin_return_address(0));
    return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    struct lock *lock = find(mutex);
    if (lock != NULL && lock->since > 0) {
        uint64_t held = now_ns() - lock->since;
        lock->counts.held_ns += held;
        lock->counts.held[bucket_of(held)]++;
        if (held > lock->counts.longest_ns)
            lock->counts.longest_ns = held;
        lock->since = 0;
    }
    return real_unlock(mutex);
}

/* ---- what it says at the end ---- */

static void add(struct counts *sum, const struct counts *one)
{
    sum->taken += one->taken;
    sum->waited += one->waited;
    sum->waited_ns += one->waited_ns;
    sum->held_ns += one->held_ns;
    sum->longest_ns = one->longest_ns > sum->longest_ns ? one->longest_ns : sum->longest_ns;
    for (unsigned i = 0; i < BUCKETS; i++)
        sum->held[i] += one->held[i];
}

static int busier_first(const void *a, const void *b)
{
    uint64_t x = (*(struct lock *const *)a)->counts.held_ns;
    uint64_t y = (*(struct lock *const *)b)->counts.held_ns;
    return (x < y) - (x > y);
}

static uint64_t percentile(const struct counts *counts, unsigned percent)
{
    uint64_t all = 0, below = 0;
    unsigned bucket = 0;
    for (unsigned i = 0; i < BUCKETS; i++)
        all += counts->held[i];
    while (bucket < BUCKETS - 1 && (below += counts->held[bucket]) * 100 < all * percent)
        bucket++;
    return ns_of(bucket);
}

static void say(const char *place, size_t mutexes, const struct counts *c, uint64_t of_ns)
{
    fprintf(stderr,
        "locks: %s mutexes=%zu taken=%" PRIu64 " waited=%" PRIu64 " waited_ns=%" PRIu64
        " held_ns=%" PRIu64 " p50_ns=%" PRIu64 " p99_ns=%" PRIu64 " max_ns=%" PRIu64
        " of_ns=%" PRIu64 "\n",
        place, mutexes, c->taken, c->waited, c->waited_ns, c->held_ns, percentile(c, 50),
        percentile(c, 99), c->longest_ns, of_ns);
}

static void say_one(const struct lock *lock, uint64_t of_ns)
{
    char text[256];
    Dl_info info = {.dli_fname = "?"};
    (void)dladdr(lock->place, &info);
    const char *slash = strrchr(info.dli_fname, '/');
    (void)snprintf(text, sizeof text, "%s+0x%tx", slash == NULL ? info.dli_fname : slash + 1,
        lock->place - 1 - (const char *)info.dli_fbase);
    say(text, 1, &lock->counts, of_ns);
}

__attribute__((destructor)) static void report(void)
{
    static struct lock *busiest[LOCKS];
    struct counts others = {0};
    uint64_t now = now_ns(), of_ns = (now < end_ns ? now : end_ns) - begin_ns;
    size_t n = 0;
    for (size_t i = 0; i < LOCKS; i++)
        if (locks[i].counts.taken > 0)
            busiest[n++] = &locks[i];
    qsort(busiest, n, sizeof busiest[0], busier_first);
    for (size_t i = 0; i < n && i < SHOWN; i++)
        say_one(busiest[i], of_ns);
    for (size_t i = SHOWN; i < n; i++)
        add(&others, &busiest[i]->counts);
    if (n > SHOWN)
        say("others", n - SHOWN, &others, of_ns);
}
