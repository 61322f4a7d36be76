#include "scenario/scenario_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/support.h"
#include "nibdns/records.h"

enum { SEED = 77 };
const struct nib_addr world_self = {.ip = {127, 0, 0, 1}, .port = 21000, .family = 4};
const nib_ms world_start = 7000123;

/* Room for one more in a list of items of that size. */
static void *grown(void *list, size_t n, size_t *cap, size_t item)
{
    if (n < *cap)
        return list;
    *cap = 2 * *cap + 16;
    list = realloc(list, *cap * item);
    if (list == NULL)
        exit(2);
    return list;
}

/* c1 is 10.0.0.1 port 30001, but each fifth is an IPv6 neighbour; three listening sockets. */
struct nib_path world_path(uint32_t client)
{
    const uint8_t number[3] = {(uint8_t)(client >> 16), (uint8_t)(client >> 8), (uint8_t)client};
    struct nib_path path = {
        .peer = {.ip = {10}, .port = (uint16_t)(30000 + client % 30000), .family = 4},
        .self = world_self,
        .listener = client % 3};
    memcpy(path.peer.ip + 1, number, sizeof number);
    if (client % 5 == 0) {
        path.peer =
            (struct nib_addr){.ip = {0xfe, 0x80}, .scope = 2, .port = path.peer.port, .family = 6};
        memcpy(path.peer.ip + 13, number, sizeof number);
        path.self = (struct nib_addr){.ip = {0xfe, 0x80, [15] = 1}, .port = 21000, .family = 6};
    }
    return path;
}

static uint32_t client_of(const struct nib_path *path)
{
    const uint8_t *number = path->peer.ip + (path->peer.family == 6 ? 13 : 1);
    return (uint32_t)number[0] << 16 | (uint32_t)number[1] << 8 | number[2];
}

static struct sent *new_sent(struct world *world, const uint8_t *octets, size_t len)
{
    world->sent = grown(world->sent, world->n_sent, &world->cap_sent, sizeof *world->sent);
    struct sent *s = &world->sent[world->n_sent++];
    *s = (struct sent){.len = len};
    memcpy(s->octets, octets, len);
    return s;
}

/* ---- what the server wants sent ---- */

/* Every answer must be for a query of that client that has none yet. */
static void answers_a_query(
    struct world *world, const struct nib_path *path, const uint8_t *octets, size_t len)
{
    struct nib_message m;
    size_t bad;
    if (nib_message_decode(&m, octets, len, &bad) != NIB_OK || m.flag != NIB_RESPONSE)
        world->broken("an answer that is no valid response");
    for (size_t i = 0; i < world->n_asked; i++) {
        const struct asked *a = &world->asked[i];
        if (a->client != client_of(path) || a->id != m.id || a->type != m.qtype ||
            !nib_text_same(m.qname, (struct nib_text){a->name, a->name_len}))
            continue;
        world->asked[i] = world->asked[--world->n_asked];
        return;
    }
    world->broken("an answer to what nobody asked, or a second one");
}

static void take_answer(struct world *world, const struct nib_output *o)
{
    const struct nib_path *path = &o->path;
    struct nib_path want = world_path(client_of(path));
    if (!nib_addr_equal(&path->peer, &want.peer) || !nib_addr_equal(&path->self, &want.self) ||
        path->listener != want.listener)
        world->broken("an answer that does not go back the way its query came");
    answers_a_query(world, path, o->octets, o->len);
    new_sent(world, o->octets, o->len)->path = *path;
    world->answered++;
}

static bool is_away(const struct world *world, const struct nib_addr *to)
{
    for (size_t i = 0; i < world->n_away; i++)
        if (nib_ip_equal(&world->away[i], to))
            return true;
    return false;
}

static uint32_t id_in(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
           octets[3];
}

/* A new socket has the next ID; an open one stays with its address and its octets. */
static void belongs_together(struct world *world, const struct line_out *socket,
    const struct nib_addr *to, const uint8_t *octets, size_t len)
{
    bool anew = !socket->open && socket->closed_in == world->drains &&
                id_in(octets) == id_in(socket->octets) && len == socket->len;
    if (!socket->open && !anew && id_in(octets) != world->next_id++)
        world->broken("a new query whose ID is not the next one");
    if (socket->open && !nib_addr_equal(&socket->to, to))
        world->broken("a socket that is used for another address");
    if (socket->open && (socket->len != len || memcmp(socket->octets, octets, len) != 0))
        world->broken("a retry that is not the query");
}

static void fail_query(struct world *world, struct nib_slot slot, bool exhausted)
{
    (void)nib_local_query_unsent(&world->local, world->now, slot, exhausted, &world->outputs);
}

static void take_query(struct world *world, const struct nib_output *o)
{
    const struct nib_addr *to = &o->path.peer;
    if (o->slot.index >= world->settings.config.limits.fetches)
        world->broken("a slot outside the table");
    struct line_out *socket = &world->sockets[o->slot.index];
    if (socket->open && socket->serial != o->slot.serial)
        world->broken("a new socket in the place of one that is open");
    belongs_together(world, socket, to, o->octets, o->len);
    if (!socket->open && world->no_sockets) {
        fail_query(world, o->slot, true);
        return;
    }
    if (is_away(world, to)) {
        fail_query(world, o->slot, false);
        return;
    }
    struct sent *s = new_sent(world, o->octets, o->len);
    s->upstream = true;
    s->again = socket->open;
    s->to = *to;
    s->slot = o->slot.index;
    s->serial = o->slot.serial;
    if (!socket->open)
        world->n_open++;
    *socket = (struct line_out){
        .open = true, .slot = o->slot.index, .serial = o->slot.serial, .to = *to, .len = o->len};
    memcpy(socket->octets, o->octets, o->len);
    world->asks++;
}

static void take_close(struct world *world, struct nib_slot slot)
{
    struct line_out *socket = &world->sockets[slot.index];
    if (socket->open && socket->serial != slot.serial)
        world->broken("a socket is closed that is another's");
    if (socket->open)
        world->n_open--;
    socket->open = false;
    socket->closed_in = world->drains;
}

/* The list may grow while it is carried out. */
static void drain(struct world *world)
{
    world->drains++;
    for (uint32_t i = 0; i < world->outputs.n; i++) {
        const struct nib_output o = world->outputs.items[i];
        if (o.kind == NIB_OUTPUT_ANSWER)
            take_answer(world, &o);
        else if (o.kind == NIB_OUTPUT_QUERY)
            take_query(world, &o);
        else
            take_close(world, o.slot);
    }
    if (world->outputs.n == world->outputs.cap)
        world->broken("more outputs than there may be");
    nib_outputs_clear(&world->outputs);
}

/* ---- building it ---- */

static void no_fault(void *ctx, size_t line, size_t column, const char *words)
{
    struct world *world = ctx;
    char text[NIB_FAULT_MAX + 64];
    snprintf(text, sizeof text, "records, row %zu column %zu: %s", line - 1, column, words);
    world->broken(text);
}

void world_records(struct world *world, struct nib_text rows)
{
    int next = !world->zone;
    size_t len = NIB_TABLE_HEADER.len + 1 + rows.len;
    char *text = malloc(len);
    if (text == NULL)
        exit(2);
    memcpy(text, NIB_TABLE_HEADER.ptr, NIB_TABLE_HEADER.len);
    text[NIB_TABLE_HEADER.len] = '\n';
    memcpy(text + NIB_TABLE_HEADER.len + 1, rows.ptr, rows.len);
    struct nib_text file = {text, len};
    size_t n = nib_records_count(file);
    world->zone_memory[next] = zeroed(nib_zone_bytes(n, len));
    nib_zone_init(&world->zones[next], world->zone_memory[next], n, len, SEED);
    struct nib_faults faults = {.ctx = world, .fault = no_fault};
    (void)nib_records_read(file, &world->zones[next], &faults);
    free(text);
    nib_table_set_zone(&world->table, &world->zones[next]);
    free(world->zone_memory[world->zone]);
    world->zone_memory[world->zone] = NULL;
    world->zone = next;
}

void world_init(struct world *world, const struct settings *settings, void (*broken)(const char *))
{
    *world = (struct world){.settings = *settings, .now = world_start, .broken = broken};
    struct nib_local_config *config = &world->settings.config;
    uint32_t outputs = 2 * nib_local_outputs_max(&config->limits, 1);
    config->seed = SEED;
    world->memory = zeroed(nib_local_bytes(&config->limits));
    world->outputs_memory = zeroed(nib_outputs_bytes(outputs));
    world->sockets = zeroed(config->limits.fetches * sizeof *world->sockets);
    world->labels = zeroed(WORLD_LABELS_MAX * sizeof *world->labels);
    nib_local_open(&world->local, &world->table, world->memory, config);
    nib_local_set_own(&world->local, settings->own, settings->n_own);
    nib_outputs_init(&world->outputs, world->outputs_memory, outputs);
    world->local.next_id = world->next_id = settings->next_id;
}

void world_reset(struct world *world)
{
    free(world->memory);
    free(world->outputs_memory);
    free(world->zone_memory[0]);
    free(world->zone_memory[1]);
    free(world->sent);
    free(world->asked);
    free(world->sockets);
    free(world->labels);
    *world = (struct world){0};
}

/* ---- what happens to it ---- */

static void note_query(struct world *world, uint32_t client, const uint8_t *octets, size_t len)
{
    struct nib_message m;
    size_t bad;
    world->received++;
    if (nib_message_decode(&m, octets, len, &bad) != NIB_OK || m.flag != NIB_QUERY)
        return;
    world->asked = grown(world->asked, world->n_asked, &world->cap_asked, sizeof *world->asked);
    struct asked *a = &world->asked[world->n_asked++];
    *a = (struct asked){.client = client, .id = m.id, .type = m.qtype, .name_len = m.qname.len};
    memcpy(a->name, m.qname.ptr, m.qname.len);
}

void world_request(struct world *world, uint32_t client, const uint8_t *octets, size_t len)
{
    struct nib_path path = world_path(client);
    struct nib_text block = block_of((struct nib_text){(const char *)octets, len});
    note_query(world, client, octets, len);
    (void)nib_local_input(
        &world->local, world->now, &path, (const uint8_t *)block.ptr, len, &world->outputs);
    forget(block);
    drain(world);
    world_check(world);
}

void world_reply(struct world *world, struct nib_slot slot, const uint8_t *octets, size_t len)
{
    struct nib_text block = block_of((struct nib_text){(const char *)octets, len});
    (void)nib_local_reply(
        &world->local, world->now, slot, (const uint8_t *)block.ptr, len, &world->outputs);
    forget(block);
    drain(world);
    world_check(world);
}

void world_refuse(struct world *world, struct nib_slot slot)
{
    (void)nib_local_unreachable(&world->local, world->now, slot, &world->outputs);
    drain(world);
    world_check(world);
}

void world_unsent(struct world *world)
{
    nib_local_answer_unsent(&world->local);
    world->answered--;
    world->lost++;
    world_check(world);
}

static void tick(struct world *world)
{
    nib_local_tick(&world->local, world->now, &world->outputs);
    drain(world);
    if (nib_local_deadline(&world->local) <= world->now)
        world->broken("a deadline that is still due after the tick");
    world_check(world);
}

bool world_go(struct world *world, nib_ms time, bool inclusive)
{
    while (nib_local_deadline(&world->local) < time) {
        if (nib_local_deadline(&world->local) > world->now)
            world->now = nib_local_deadline(&world->local);
        tick(world);
        if (world_sent(world) != NULL && world->now < time)
            return false;
    }
    world->now = time;
    if (inclusive)
        tick(world);
    return true;
}

struct sent *world_sent(struct world *world)
{
    if (world->first_sent == world->n_sent)
        return NULL;
    return &world->sent[world->first_sent];
}

void world_took(struct world *world)
{
    world->first_sent++;
    if (world->first_sent == world->n_sent)
        world->first_sent = world->n_sent = 0;
}
