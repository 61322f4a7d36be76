#include "page/wasm/memory.h"

#include <stdint.h>
#include <string.h>

#include "nibpcap/base/memory.h"

enum { PAGE_OCTETS = 65536, ALIGN = 16 };

extern unsigned char __heap_base; /* the linker's: the first octet that is nobody's */

static uintptr_t next;

/* Its size stands in front of each piece. */
struct piece {
    _Alignas(ALIGN) size_t size;
};

void memory_begin(void)
{
    next = ((uintptr_t)&__heap_base + ALIGN - 1) / ALIGN * ALIGN;
}

static void *take(size_t n)
{
    size_t size = sizeof(struct piece) + (n + ALIGN - 1) / ALIGN * ALIGN;
    size_t there = (size_t)__builtin_wasm_memory_size(0) * PAGE_OCTETS;
    if (size > there - next) {
        size_t pages = (next + size - there + PAGE_OCTETS - 1) / PAGE_OCTETS;
        if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1)
            __builtin_trap();
    }
    struct piece *piece = (struct piece *)next;
    piece->size = n;
    next += size;
    return piece + 1;
}

void *memory_resize(void *old, size_t n)
{
    size_t was = old == NULL ? 0 : ((struct piece *)old - 1)->size;
    if (n <= was)
        return old;
    void *memory = take(n);
    if (was > 0)
        memcpy(memory, old, was);
    return memory;
}

void *memory_zeroed(size_t n)
{
    void *memory = take(n);
    return memset(memory, 0, n);
}

void memory_free(void *memory)
{
    (void)memory;
}
