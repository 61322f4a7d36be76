#include "nibdns/heap.h"

static nib_ms due_at(const struct nib_heap *heap, uint32_t at)
{
    return nib_heap_timer(heap, heap->items[at])->due;
}

static void place(struct nib_heap *heap, uint32_t at, uint32_t item)
{
    heap->items[at] = item;
    nib_heap_timer(heap, item)->place = at + 1;
}

/* Lets an item rise or sink from a place until no parent is later and no child earlier. */
static void settle(struct nib_heap *heap, uint32_t at, uint32_t item)
{
    nib_ms due = nib_heap_timer(heap, item)->due;
    while (at > 0 && due < due_at(heap, (at - 1) / 2)) {
        place(heap, at, heap->items[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < heap->n && due_at(heap, child + 1) < due_at(heap, child))
            child++;
        if (child >= heap->n || due <= due_at(heap, child))
            break;
        place(heap, at, heap->items[child]);
        at = child;
    }
    place(heap, at, item);
}

void nib_heap_set(struct nib_heap *heap, uint32_t item, nib_ms due)
{
    struct nib_timer *timer = nib_heap_timer(heap, item);
    uint32_t at = timer->place == 0 ? heap->n++ : timer->place - 1;
    timer->due = due;
    settle(heap, at, item);
}

void nib_heap_drop(struct nib_heap *heap, uint32_t item)
{
    struct nib_timer *timer = nib_heap_timer(heap, item);
    if (timer->place == 0)
        return;
    uint32_t at = timer->place - 1, last = heap->items[--heap->n];
    timer->place = 0;
    if (last != item)
        settle(heap, at, last);
}
