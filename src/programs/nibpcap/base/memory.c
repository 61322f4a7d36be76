#include "nibpcap/base/memory.h"

#include <stdlib.h>
#include <string.h>

#include "nibpcap/base/status.h"

void *memory_resize(void *old, size_t n)
{
    void *memory = realloc(old, n);
    if (memory == NULL)
        exit(complain("no memory left"));
    return memory;
}

void *memory_zeroed(size_t n)
{
    return memset(memory_resize(NULL, n), 0, n);
}

void memory_free(void *memory)
{
    free(memory);
}
