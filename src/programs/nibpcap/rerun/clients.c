#include "nibpcap/base/memory.h"
#include "nibpcap/rerun/rerun.h"

/* A socket that asks a local server, and its events: a client with a table of its own. */
struct client {
    struct client *next, *later; /* of one hash; in the order of their first event */
    struct nib_addr addr;
    size_t *events, n, cap;
};

struct clients {
    struct client **buckets, *first, **end;
    size_t n_buckets;
};

static bool is_client(const struct rerun *rerun, const struct event *e)
{
    const struct nib_addr *at = &rerun->options.at;
    if (e->refused || ports_have(&rerun->options.ports, e->src.port))
        return false;
    if (at->port != 0)
        return nib_addr_equal(&e->src, at);
    return e->dst.port == rerun->options.ports.port[0] &&
           (at->family == 0 || nib_ip_equal(&e->src, at));
}

static struct client **find(const struct clients *clients, const struct nib_addr *addr)
{
    struct client **at = &clients->buckets[(nib_addr_hash(addr, 0) >> 20) % clients->n_buckets];
    while (*at != NULL && !nib_addr_equal(&(*at)->addr, addr))
        at = &(*at)->next;
    return at;
}

static void add_event(struct client *client, size_t i)
{
    if (client->n == client->cap) {
        client->cap = client->cap * 2 + 8;
        client->events = memory_resize(client->events, client->cap * sizeof *client->events);
    }
    client->events[client->n++] = i;
}

static void sort_event(struct clients *clients, const struct rerun *rerun, size_t i)
{
    const struct event *e = &rerun->events.items[i];
    struct client **src = find(clients, &e->src);
    if (*src == NULL && is_client(rerun, e)) {
        *src = memory_zeroed(sizeof **src);
        (*src)->addr = e->src;
        *clients->end = *src;
        clients->end = &(*src)->later;
    }
    struct client **dst = find(clients, &e->dst);
    if (*src != NULL)
        add_event(*src, i);
    if (*dst != NULL && *dst != *src)
        add_event(*dst, i);
}

/* A table has no more records than its client had datagrams. */
static uint32_t records_of(const struct client *client)
{
    return client->n < RERUN_RECORDS_MAX ? (uint32_t)client->n : RERUN_RECORDS_MAX;
}

bool rerun_clients(struct rerun *rerun, struct nib_zone *zone)
{
    struct clients clients = {.n_buckets = 2 * rerun->events.n + 1};
    clients.end = &clients.first;
    clients.buckets = memory_zeroed(clients.n_buckets * sizeof(struct client *));
    for (size_t i = 0; i < rerun->events.n; i++)
        sort_event(&clients, rerun, i);
    bool found = clients.first != NULL;
    for (struct client *client = clients.first, *later; client != NULL; client = later) {
        later = client->later;
        rerun_open_table(rerun, zone, records_of(client));
        rerun_client(rerun, &client->addr, client->events, client->n);
        rerun_close_table(rerun);
        memory_free(client->events);
        memory_free(client);
    }
    memory_free(clients.buckets);
    return found;
}
