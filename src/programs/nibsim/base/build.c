#include "nibsim/base/build.h"

#include <stdarg.h>
#include <stdio.h>

#include "nibsim/base/model.h"

struct nib_text sim_keep(struct sim_world *world, const char *format, ...)
{
    char *at = world->text + world->used;
    size_t left = sizeof world->text - world->used;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(at, left, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= left)
        return (struct nib_text){"full", 4};
    world->used += (size_t)n + 1;
    return (struct nib_text){at, (size_t)n};
}

static bool has_name(const struct sim_world *world, int owner, struct nib_text name)
{
    static const enum nib_type types[] = {NIB_TYPES(NIB_TYPE_SYMBOL)};
    for (size_t i = 0; i < NIB_TYPE_COUNT; i++)
        if (sim_model_record(world, owner, name, types[i]) != NULL)
            return true;
    return false;
}

void sim_add(struct sim_world *world, int owner, enum nib_type type, struct nib_text name,
    struct nib_text result)
{
    if (world->n_records == SIM_RECORDS || name.len > NIB_NAME_MAX || result.len > NIB_RESULT_MAX ||
        sim_model_record(world, owner, name, NIB_CNAME) != NULL ||
        (type == NIB_CNAME && has_name(world, owner, name)) ||
        (type != NIB_NS && sim_model_record(world, owner, name, type) != NULL))
        return;
    world->records[world->n_records++] = (struct sim_record){owner, type, name, result, -1};
}

void sim_ask_for(struct sim_world *world, struct nib_text name)
{
    if (world->n_names < SIM_NAMES && name.len <= NIB_NAME_MAX)
        world->names[world->n_names++] = name;
}

void sim_draw_addresses(struct sim_world *world, struct sim_authority *a)
{
    struct sim_rng *rng = &world->rng;
    int number = world->n_authorities + 10;
    uint32_t families = sim_below(rng, 8);
    if (a->behaviour == SIM_SELF) {
        a->ip4 = world->local4;
        a->ip4.port = world->upstream_port;
        return;
    }
    if (families < 6) /* 6: IPv6 alone, 7: no address at all */
        a->ip4 = (struct nib_addr){
            .ip = {192, 0, 2, (uint8_t)number}, .family = 4, .port = world->upstream_port};
    if (families < 2 || families == 6)
        a->ip6 = (struct nib_addr){.ip = {0x20, 1, 0x0d, 0xb8, [12] = 0xff, [15] = (uint8_t)number},
            .family = 6,
            .port = world->upstream_port};
}

void sim_add_address(
    struct sim_world *world, int owner, struct nib_text host, const struct nib_addr *addr)
{
    char ip[NIB_IP_TEXT_MAX];
    if (addr->family == 0)
        return;
    (void)nib_ip_format(addr, ip);
    sim_add(world, owner, addr->family == 4 ? NIB_A : NIB_AAAA, host, sim_keep(world, "%s", ip));
}

enum sim_behaviour sim_draw_behaviour(struct sim_rng *rng)
{
    static const enum sim_behaviour odd[] = {SIM_DEAD, SIM_DEAD, SIM_DEAD, SIM_CLOSED, SIM_CLOSED,
        SIM_NO_ROUTE, SIM_LAME, SIM_LAME, SIM_MISMATCHING, SIM_SELF};
    return sim_below(rng, 10) < 8 ? SIM_REAL : SIM_PICK(rng, odd);
}
