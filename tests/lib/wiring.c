#include "lib/wiring.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/support.h"
#include "nibdns/builtin.h"
#include "nibdns/records.h"

enum { SEED = 5 };

static struct nib_addr addr_of(enum wiring_host host)
{
    static const uint16_t ports[WIRING_HOSTS] = {
        40001, 40002, NIB_PORT_LOCAL, NIB_PORT_AUTHORITATIVE};
    return (struct nib_addr){.ip = {127, 0, 0, 1}, .port = ports[host], .family = 4};
}

static enum wiring_host host_of(const struct nib_addr *addr)
{
    for (enum wiring_host host = WIRING_CLIENT; host < WIRING_HOSTS; host++) {
        struct nib_addr other = addr_of(host);
        if (nib_addr_equal(addr, &other))
            return host;
    }
    abort();
}

static void *memory(struct wiring *wiring, size_t n)
{
    return wiring->memory[wiring->n_memory++] = zeroed(n);
}

static struct wiring_datagram *put(struct wiring *wiring, enum wiring_host from,
    enum wiring_host to, const uint8_t *octets, size_t len)
{
    if (wiring->n == WIRING_DATAGRAMS)
        abort();
    struct wiring_datagram *d = &wiring->datagrams[wiring->n++];
    *d = (struct wiring_datagram){.from = from, .to = to, .len = len};
    memcpy(d->octets, octets, len);
    return d;
}

/* ---- what a host wants sent ---- */

static void drain(struct wiring *wiring, enum wiring_host from, struct nib_slot back)
{
    for (uint32_t i = 0; i < wiring->outputs.n; i++) {
        const struct nib_output *o = &wiring->outputs.items[i];
        if (o->kind == NIB_OUTPUT_CLOSE)
            continue;
        put(wiring, from, host_of(&o->path.peer), o->octets, o->len)->slot =
            from == WIRING_AMAZONE ? back : o->slot;
    }
    nib_outputs_clear(&wiring->outputs);
}

/* ---- building ---- */

static void no_fault(void *ctx, size_t line, size_t column, const char *words)
{
    (void)ctx;
    fprintf(stderr, "built-in records, line %zu column %zu: %s\n", line, column, words);
    abort();
}

static void fill_table(struct wiring *wiring, enum wiring_host host, struct nib_text records)
{
    struct nib_faults faults = {.fault = no_fault};
    struct nib_zone *zone = &wiring->zones[host];
    struct nib_table *table = &wiring->tables[host];
    size_t n = nib_records_count(records);
    nib_zone_init(zone, memory(wiring, nib_zone_bytes(n, records.len)), n, records.len, SEED);
    (void)nib_records_read(records, zone, &faults);
    if (host < WIRING_LOCAL) {
        nib_cache_init(&wiring->caches[host], memory(wiring, nib_cache_bytes(WIRING_RECORDS)),
            WIRING_RECORDS, SEED);
        table->cache = &wiring->caches[host];
    }
    nib_table_set_zone(table, zone);
}

static void start_local(struct wiring *wiring)
{
    const struct nib_local_config config = {
        .limits = {WIRING_RECORDS, WIRING_QUESTIONS, WIRING_QUESTIONS},
        .seed = SEED,
        NIB_LOCAL_DEFAULTS};
    uint32_t outputs = nib_local_outputs_max(&config.limits, 1);
    nib_local_open(&wiring->local, &wiring->tables[WIRING_LOCAL],
        memory(wiring, nib_local_bytes(&config.limits)), &config);
    nib_outputs_init(&wiring->outputs, memory(wiring, nib_outputs_bytes(outputs)), outputs);
}

void wiring_init(struct wiring *wiring, nib_ms now)
{
    static const char nothing[] = "record_no,name,type,result,ttl,static\n";
    const struct nib_addr server = addr_of(WIRING_LOCAL);
    *wiring = (struct wiring){.now = now};
    fill_table(wiring, WIRING_LOCAL, NIB_TEXT(NIB_BUILTIN_LOCAL));
    fill_table(wiring, WIRING_AMAZONE, NIB_TEXT(NIB_BUILTIN_AMAZONE));
    for (enum wiring_host i = WIRING_CLIENT; i < WIRING_LOCAL; i++) {
        fill_table(wiring, i, NIB_TEXT(nothing));
        nib_client_init(&wiring->clients[i], &wiring->tables[i], &server, 1000, 3);
    }
    start_local(wiring);
    wiring->amazone =
        (struct nib_authoritative){.table = &wiring->tables[WIRING_AMAZONE], .ttl_s = 60};
}

void wiring_reset(struct wiring *wiring)
{
    for (size_t i = 0; i < wiring->n_memory; i++)
        free(wiring->memory[i]);
    *wiring = (struct wiring){0};
}

/* ---- running ---- */

static void deliver(struct wiring *wiring, const struct wiring_datagram *d)
{
    struct nib_outputs *out = &wiring->outputs;
    struct nib_addr from = addr_of(d->from);
    struct nib_path path = {.peer = from, .self = addr_of(d->to)};
    if (d->to == WIRING_LOCAL && d->from == WIRING_AMAZONE)
        (void)nib_local_reply(&wiring->local, wiring->now, d->slot, d->octets, d->len, out);
    else if (d->to == WIRING_LOCAL)
        (void)nib_local_input(&wiring->local, wiring->now, &path, d->octets, d->len, out);
    else if (d->to == WIRING_AMAZONE)
        (void)nib_authoritative_input(&wiring->amazone, &path, d->octets, d->len, out);
    else
        (void)nib_client_input(&wiring->clients[d->to], wiring->now, &from, d->octets, d->len, out);
    drain(wiring, d->to, d->slot);
}

enum nib_client_status wiring_look_up(
    struct wiring *wiring, enum wiring_host client, const char *name, enum nib_type type)
{
    struct nib_client *c = &wiring->clients[client];
    nib_local_tick(&wiring->local, wiring->now, &wiring->outputs);
    (void)nib_client_start(c, wiring->now, text_of(name), type, &wiring->outputs);
    drain(wiring, client, (struct nib_slot){0});
    while (wiring->delivered < wiring->n) {
        const struct wiring_datagram d = wiring->datagrams[wiring->delivered++];
        deliver(wiring, &d);
    }
    return c->status;
}

void wiring_forget(struct wiring *wiring)
{
    wiring->n = wiring->delivered = 0;
}

void wiring_ladder(const struct wiring *wiring, char out[WIRING_TEXT_MAX])
{
    static const char *const names[WIRING_HOSTS] = {"client", "client 2", "local", "amazone"};
    char line[NIB_LINE_MAX];
    size_t used = 0, bad;
    out[0] = '\0';
    for (size_t i = 0; i < wiring->n && used < WIRING_TEXT_MAX; i++) {
        const struct wiring_datagram *d = &wiring->datagrams[i];
        struct nib_message m;
        if (nib_message_decode(&m, d->octets, d->len, &bad) == NIB_OK)
            (void)nib_message_line(&m, line);
        else
            snprintf(line, sizeof line, "malformed");
        used += (size_t)snprintf(out + used, WIRING_TEXT_MAX - used, "%s -> %s: %s\n",
            names[d->from], names[d->to], line);
    }
}

void wiring_rows(const struct wiring *wiring, enum wiring_host host, char out[WIRING_TEXT_MAX])
{
    char text[WIRING_TEXT_MAX];
    size_t head = 1 + NIB_TABLE_HEADER.len + 1;
    size_t len = nib_table_text(&wiring->tables[host], wiring->now, text, sizeof text);
    if (len < head || text[0] != '\n' ||
        memcmp(text + 1, NIB_TABLE_HEADER.ptr, NIB_TABLE_HEADER.len) != 0)
        abort();
    memcpy(out, text + head, len - head);
    out[len - head] = '\0';
}
