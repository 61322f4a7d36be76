#include "nibdns/output.h"

#include "nibdns/arena.h"

void nib_outputs_init(struct nib_outputs *outputs, void *memory, uint32_t cap)
{
    struct nib_arena arena = {memory, 0};
    *outputs = (struct nib_outputs){.cap = cap};
    outputs->items = nib_arena_take(&arena, cap * sizeof *outputs->items);
    outputs->octets = nib_arena_take(&arena, (size_t)cap * NIB_MESSAGE_MAX);
}

/* Each output has room for the longest message, so while one is left its octets fit, too. */
uint8_t *nib_outputs_reserve(struct nib_outputs *outputs)
{
    return outputs->n == outputs->cap ? NULL : outputs->octets + outputs->used;
}

void nib_outputs_answer(struct nib_outputs *outputs, const struct nib_path *path, size_t len,
    const struct nib_decision *decision)
{
    struct nib_output *o = &outputs->items[outputs->n++];
    o->kind = NIB_OUTPUT_ANSWER;
    o->path = *path;
    o->octets = outputs->octets + outputs->used;
    o->len = len;
    o->decision = *decision;
    outputs->used += len;
}

void nib_outputs_query(struct nib_outputs *outputs, struct nib_slot slot, const struct nib_addr *to,
    size_t len, const struct nib_decision *decision)
{
    const struct nib_path path = {.peer = *to};
    nib_outputs_answer(outputs, &path, len, decision);
    outputs->items[outputs->n - 1].kind = NIB_OUTPUT_QUERY;
    outputs->items[outputs->n - 1].slot = slot;
}

void nib_outputs_close(struct nib_outputs *outputs, struct nib_slot slot)
{
    if (outputs->n < outputs->cap)
        outputs->items[outputs->n++] = (struct nib_output){.kind = NIB_OUTPUT_CLOSE, .slot = slot};
}
