#define _GNU_SOURCE
#include "nibdns/os/background.h"

#include <pthread.h>
#include <sys/resource.h>

/*
 * The lowest: whoever wakes on the same core has it at once, where at 15 he waits for the clock's next
 * tick now and then. A core that is busy all the time still leaves it 1 or 2 %.
 */
enum { NICENESS = 19 };

struct job {
    void (*work)(void *ctx);
    void *ctx;
};

/* Here a priority is a thread's own, and 0 the thread that calls. It cannot be raised again. */
static void *run(void *arg)
{
    const struct job *job = arg;
    (void)setpriority(PRIO_PROCESS, 0, NICENESS);
    job->work(job->ctx);
    return NULL;
}

void nib_background_do(void (*work)(void *ctx), void *ctx)
{
    struct job job = {work, ctx};
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, &job) == 0)
        (void)pthread_join(thread, NULL);
    else
        work(ctx);
}
