/*
 * Preloaded: a kernel that knows neither Landlock nor, where OLD_KERNEL says "older", filters of
 * system calls.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LANDLOCK_FIRST = 444, LANDLOCK_LAST = 446 };

long syscall(long number, ...)
{
    static long (*real)(long, ...);
    long a[6];
    va_list list;
    const char *old = getenv("OLD_KERNEL");
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if ((number >= LANDLOCK_FIRST && number <= LANDLOCK_LAST) ||
        (number == SYS_seccomp && old != NULL && strcmp(old, "older") == 0)) {
        errno = ENOSYS;
        return -1;
    }
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
