/*
 * Preloaded: a machine that sleeps. The file that NIB_SLEPT names holds, as a decimal number, how
 * many seconds it has slept so far; the clock that goes on while a machine sleeps is ahead by them.
 * The file is mapped at the start, so that a sandbox makes no difference.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *slept;

__attribute__((constructor)) static void map_file(void)
{
    const char *name = getenv("NIB_SLEPT");
    int fd = name == NULL ? -1 : open(name, O_RDONLY);
    void *page = fd < 0 ? MAP_FAILED : mmap(NULL, 64, PROT_READ, MAP_SHARED, fd, 0);
    slept = page == MAP_FAILED ? NULL : page;
    if (fd >= 0)
        (void)close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    int result = (int)syscall(SYS_clock_gettime, clock, t);
    if (clock == CLOCK_BOOTTIME && slept != NULL)
        t->tv_sec += strtol(slept, NULL, 10);
    return result;
}
