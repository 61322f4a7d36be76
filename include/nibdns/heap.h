/*
 * Layer 1: a binary heap of deadlines over items that live in somebody's array. The heap holds item
 * numbers; each item holds its own `struct nib_timer`, so finding, moving and removing need no
 * search. Insert, move and remove are O(log n), the earliest is O(1). Among equal deadlines any may
 * be first.
 */
#ifndef NIBDNS_HEAP_H
#define NIBDNS_HEAP_H

#include "nibdns/base.h"

struct nib_timer {
    nib_ms due;
    uint32_t place; /* in the heap, plus one; 0: not in it */
};

struct nib_heap {
    uint32_t *items; /* room for as many as the array has items */
    uint32_t n;
    unsigned char *timers; /* the timer of item 0 */
    size_t stride;         /* octets from one item's timer to the next one's */
};

static inline struct nib_timer *nib_heap_timer(const struct nib_heap *heap, uint32_t item)
{
    return (struct nib_timer *)(void *)(heap->timers + (size_t)item * heap->stride);
}

/* Puts an item in, or moves one that is in to a new deadline. */
void nib_heap_set(struct nib_heap *heap, uint32_t item, nib_ms due);

/* Takes an item out; one that is not in stays out. */
void nib_heap_drop(struct nib_heap *heap, uint32_t item);

/* The earliest deadline, NIB_NEVER when the heap is empty. */
static inline nib_ms nib_heap_due(const struct nib_heap *heap)
{
    return heap->n == 0 ? NIB_NEVER : nib_heap_timer(heap, heap->items[0])->due;
}

/* The item with the earliest deadline; the heap must not be empty. */
static inline uint32_t nib_heap_first(const struct nib_heap *heap)
{
    return heap->items[0];
}

#endif
