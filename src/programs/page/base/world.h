/*
 * The networks that there are to play in: hosts, their addresses, their static records.
 */
#ifndef NIBDNS_PAGE_WORLD_H
#define NIBDNS_PAGE_WORLD_H

#include "page/base/page.h"

struct page_world_host {
    enum page_role role;
    const char *name;
    uint8_t ip[4];
    uint16_t port;
    const char *records; /* NULL: it has none of its own */
    const char *zones;   /* of a name server, up to PAGE_ZONES; NULL: it answers for every name */
};

struct page_world {
    const char *name, *words;
    struct page_world_host hosts[PAGE_HOSTS]; /* up to the one without a name */
};

/* The world of that name, or NULL. An empty name is the usual one. */
const struct page_world *page_world_of(struct nib_text name);

/* All of them, from 0 on; NULL behind the last. */
const struct page_world *page_world_at(size_t i);

#endif
