#include "nibpcap/rerun/outputs.h"

#include "nibdns/name.h"
#include "nibpcap/base/memory.h"

/* So many are looked at for what is no exact match: it is for words in a difference alone. */
enum { LOOK = 64 };

void outputs_init(struct outputs *outputs, size_t n)
{
    outputs->n_buckets = 64;
    while (outputs->n_buckets < n)
        outputs->n_buckets *= 2;
    outputs->by_id = memory_zeroed(outputs->n_buckets * sizeof *outputs->by_id);
    outputs->by_place = memory_zeroed(outputs->n_buckets * sizeof *outputs->by_place);
    outputs->all = outputs->unmet = (struct output_head){0};
}

void outputs_free(struct outputs *outputs)
{
    while (outputs->all.first != NULL)
        outputs_remove(outputs->all.first);
    memory_free(outputs->by_id);
    memory_free(outputs->by_place);
}

/* ---- lists ---- */

static void append(struct output *o, enum output_list list, struct output_head *head)
{
    if (head->first == NULL)
        head->end = &head->first;
    o->links[list] = (struct output_link){NULL, head->end, head};
    *head->end = o;
    head->end = &o->links[list].next;
}

static void take_out(struct output *o, enum output_list list)
{
    struct output_link *link = &o->links[list];
    if (link->back == NULL)
        return;
    *link->back = link->next;
    if (link->next != NULL)
        link->next->links[list].back = link->back;
    else
        link->head->end = link->back;
    *link = (struct output_link){0};
}

static struct output_head *head_of(const struct outputs *outputs, struct output_head *buckets,
    const struct nib_addr *to, uint32_t number)
{
    uint64_t hash = nib_addr_hash(to, number) ^ number * 0x9e3779b97f4a7c15u;
    return &buckets[(hash >> 20) & (outputs->n_buckets - 1)];
}

static uint32_t id_of(const uint8_t *octets, size_t len)
{
    struct nib_reader r = nib_reader_init(octets, len);
    return nib_reader_u32(&r);
}

struct output *outputs_add(struct outputs *outputs, const struct nib_addr *from,
    const struct nib_addr *to, uint32_t socket, const uint8_t *octets, size_t len)
{
    struct output *o = memory_resize(NULL, sizeof *o + len);
    *o = (struct output){.from = *from, .to = *to, .socket = socket, .len = len};
    memcpy(o->octets, octets, len);
    append(o, OUTPUTS_ALL, &outputs->all);
    append(o, OUTPUTS_ID, head_of(outputs, outputs->by_id, to, id_of(octets, len)));
    append(o, OUTPUTS_PLACE, head_of(outputs, outputs->by_place, to, socket));
    if (socket != 0 && from->port == 0)
        append(o, OUTPUTS_UNMET, &outputs->unmet);
    return o;
}

void outputs_remove(struct output *output)
{
    for (int list = 0; list < OUTPUT_LISTS; list++)
        take_out(output, (enum output_list)list);
    memory_free(output);
}

static bool is_like(const struct output *o, const struct nib_addr *to, uint32_t socket)
{
    return o->socket == socket && nib_addr_equal(&o->to, to);
}

void outputs_meet(struct outputs *outputs, const struct nib_addr *to, uint32_t socket,
    const struct nib_addr *self)
{
    struct output *o = head_of(outputs, outputs->by_place, to, socket)->first;
    for (; o != NULL; o = o->links[OUTPUTS_PLACE].next) {
        if (!is_like(o, to, socket))
            continue;
        o->from = *self;
        take_out(o, OUTPUTS_UNMET);
    }
}

/* ---- what an event shows ---- */

/* A query but for the case of its name's letters; what else it has is the same octets. */
static bool is_in_any_case(const struct output *output, const uint8_t *octets)
{
    struct nib_text ours = {
        (const char *)output->octets + NIB_AT_QNAME, output->len - NIB_AT_QNAME};
    struct nib_text theirs = {(const char *)octets + NIB_AT_QNAME, ours.len};
    return memcmp(output->octets, octets, NIB_AT_QNAME) == 0 && nib_name_equal(ours, theirs);
}

bool output_is(const struct output *output, const struct event *event, const uint8_t *octets)
{
    if (event->cut ? event->len > output->len : event->len != output->len)
        return false;
    if (output->any_case && !event->cut && output->len > NIB_AT_QNAME)
        return is_in_any_case(output, octets);
    return memcmp(output->octets, octets, event->len) == 0;
}

struct output *outputs_find(const struct outputs *outputs, const struct nib_addr *to,
    uint32_t socket, const struct event *event, const uint8_t *octets)
{
    uint32_t id = id_of(octets, event->len);
    struct output *any = NULL, *o = head_of(outputs, outputs->by_id, to, id)->first;
    for (; o != NULL; o = o->links[OUTPUTS_ID].next) {
        if (!is_like(o, to, socket) || id_of(o->octets, o->len) != id)
            continue;
        if (output_is(o, event, octets))
            return o;
        any = any == NULL ? o : any;
    }
    o = any != NULL ? NULL : head_of(outputs, outputs->by_place, to, socket)->first;
    for (int i = 0; o != NULL && i < LOOK; o = o->links[OUTPUTS_PLACE].next, i++) {
        if (!is_like(o, to, socket))
            continue;
        if (output_is(o, event, octets))
            return o;
        any = any == NULL ? o : any;
    }
    return any;
}

struct output *outputs_find_unmet(
    const struct outputs *outputs, const struct event *event, const uint8_t *octets)
{
    struct output *any = NULL;
    struct output *o =
        head_of(outputs, outputs->by_id, &event->dst, id_of(octets, event->len))->first;
    for (; o != NULL; o = o->links[OUTPUTS_ID].next)
        if (o->links[OUTPUTS_UNMET].back != NULL && nib_addr_equal(&o->to, &event->dst) &&
            output_is(o, event, octets))
            return o;
    o = outputs->unmet.first;
    for (int i = 0; o != NULL && i < LOOK; o = o->links[OUTPUTS_UNMET].next, i++) {
        if (!nib_addr_equal(&o->to, &event->dst))
            continue;
        if (output_is(o, event, octets))
            return o;
        any = any == NULL ? o : any;
    }
    return any;
}

const struct output *outputs_oldest_like(const struct outputs *outputs, const struct output *output)
{
    const struct output *o =
        head_of(outputs, outputs->by_place, &output->to, output->socket)->first;
    while (!is_like(o, &output->to, output->socket))
        o = o->links[OUTPUTS_PLACE].next;
    return o;
}
