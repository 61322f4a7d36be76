#define _DEFAULT_SOURCE
#include "nibdns/os/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

void *nib_memory_map(size_t n)
{
    void *memory =
        mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void nib_memory_will_be_full(void *memory, size_t n)
{
#ifdef MADV_HUGEPAGE
    enum { LARGE = 8 << 20 };
    if (n >= LARGE)
        (void)madvise(memory, n, MADV_HUGEPAGE);
#else
    (void)memory;
    (void)n;
#endif
}

void nib_memory_unmap(void *memory, size_t n)
{
    if (memory != NULL)
        (void)munmap(memory, n);
}

/* Reads to the end, whatever kind of file it is and however it grows meanwhile. */
static char *read_all(int fd, size_t cap, size_t *len)
{
    char *memory = malloc(cap);
    *len = 0;
    while (memory != NULL) {
        ssize_t n = read(fd, memory + *len, cap - *len);
        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        *len += n > 0 ? (size_t)n : 0;
        char *more = n < 0 ? NULL : *len < cap ? memory : realloc(memory, cap *= 2);
        if (more == NULL)
            free(memory);
        memory = more;
    }
    return memory;
}

bool nib_memory_read_file(const char *path, struct nib_text *text)
{
    struct stat st;
    bool standard_input = strcmp(path, "-") == 0;
    int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t cap = 65536;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        cap = (size_t)st.st_size + 1;
    text->ptr = read_all(fd, cap, &text->len);
    int error = errno;
    if (!standard_input)
        (void)close(fd);
    errno = error;
    return text->ptr != NULL;
}

void nib_memory_free_text(struct nib_text text)
{
    union {
        const char *read_only;
        char *own;
    } at = {text.ptr};
    free(at.own);
}
