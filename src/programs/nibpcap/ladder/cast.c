#include <stdlib.h>

#include "nibpcap/ladder/ladder.h"

/*
 * Who is who. A server is a socket, known by its port. Whoever else talks to an authoritative
 * server alone is the local server under one of its random ports; whoever talks to a local server
 * is a client. A client is a host, but on a host that runs a server too (on loopback all do) each
 * socket is a client. Who talks to no server, as who forges answers does, is another one.
 */

enum { CLIENTS_MAX = 8, OTHERS_MAX = 2 }; /* the rest share the last one's lifeline */

static bool is_loopback(const struct nib_addr *addr)
{
    static const uint8_t six[16] = {[15] = 1};
    return addr->family == 6 ? memcmp(addr->ip, six, 16) == 0 : addr->ip[0] == 127;
}

static size_t add_line(
    struct ladder *ladder, enum lifeline_role role, const struct nib_addr *addr, bool port)
{
    size_t same = 0, last = ladder->n_lines - 1;
    for (size_t i = 0; i < ladder->n_lines; i++) {
        if (ladder->lines[i].role != role)
            continue;
        same++;
        last = i;
        if (nib_ip_equal(&ladder->lines[i].addr, addr) &&
            ladder->lines[i].addr.port == (port ? addr->port : 0))
            return i;
    }
    if (ladder->n_lines == LIFELINES_MAX || (role == ROLE_CLIENT && same == CLIENTS_MAX) ||
        (role == ROLE_OTHER && same == OTHERS_MAX))
        return last;
    struct lifeline *line = &ladder->lines[ladder->n_lines];
    *line = (struct lifeline){.role = role, .addr = *addr};
    line->addr.port = port ? addr->port : 0;
    if (port)
        nib_addr_format(addr, line->text);
    else
        nib_ip_format(addr, line->text);
    return ladder->n_lines++;
}

/* ---- every socket of the capture, once ---- */

struct socket {
    struct nib_addr addr; /* family 0: the place is empty */
    enum lifeline_role role;
    bool asks_local, asks_amazone;
    size_t line; /* its lifeline plus one */
};

struct cast {
    struct ladder *ladder;
    struct socket *sockets;
    size_t n_places; /* more than there are sockets */
    const struct socket *servers[LIFELINES_MAX];
    size_t n_servers;
};

static struct socket *socket_of(struct cast *cast, const struct nib_addr *addr)
{
    size_t at = (size_t)(nib_addr_hash(addr, 0) >> 20) % cast->n_places;
    while (cast->sockets[at].addr.family != 0 && !nib_addr_equal(&cast->sockets[at].addr, addr))
        at = (at + 1) % cast->n_places;
    struct socket *socket = &cast->sockets[at];
    if (socket->addr.family != 0)
        return socket;
    *socket = (struct socket){.addr = *addr, .role = ladder_role(cast->ladder, addr)};
    if (socket->role != ROLE_CLIENT && cast->n_servers < LIFELINES_MAX)
        cast->servers[cast->n_servers++] = socket;
    return socket;
}

static void note_socket(
    struct cast *cast, const struct nib_addr *addr, const struct nib_addr *other)
{
    struct socket *socket = socket_of(cast, addr);
    enum lifeline_role role = ladder_role(cast->ladder, other);
    socket->asks_local = socket->asks_local || role == ROLE_LOCAL;
    socket->asks_amazone = socket->asks_amazone || role == ROLE_AMAZONE;
}

static bool is_server_host(const struct cast *cast, const struct nib_addr *addr)
{
    for (size_t i = 0; i < cast->n_servers; i++)
        if (nib_ip_equal(&cast->servers[i]->addr, addr))
            return true;
    return false;
}

/* The local server on that host; else one on loopback, which asks from another address. */
static const struct nib_addr *local_of(const struct cast *cast, const struct nib_addr *addr)
{
    const struct nib_addr *loopback = NULL;
    for (size_t i = 0; i < cast->n_servers; i++) {
        const struct nib_addr *server = &cast->servers[i]->addr;
        if (cast->servers[i]->role != ROLE_LOCAL)
            continue;
        if (nib_ip_equal(server, addr))
            return server;
        if (loopback == NULL && is_loopback(server))
            loopback = server;
    }
    return loopback;
}

static size_t line_of(struct cast *cast, const struct nib_addr *addr)
{
    struct socket *socket = socket_of(cast, addr);
    if (socket->line > 0)
        return socket->line - 1;
    size_t line;
    const struct nib_addr *local = local_of(cast, addr);
    if (socket->role != ROLE_CLIENT)
        line = add_line(cast->ladder, socket->role, addr, true);
    else if (!socket->asks_amazone && !socket->asks_local)
        line = add_line(cast->ladder, ROLE_OTHER, addr, is_server_host(cast, addr));
    else if (socket->asks_local)
        line = add_line(cast->ladder, ROLE_CLIENT, addr, is_server_host(cast, addr));
    else if (local == NULL)
        line = add_line(cast->ladder, ROLE_LOCAL, addr, false);
    else
        line = add_line(cast->ladder, ROLE_LOCAL, local, true);
    socket->line = line + 1;
    return line;
}

/* Clients on the left, authoritative servers on the right; in the order of their first frame. */
static void sort_lines(struct ladder *ladder)
{
    static const char *const names[] = {"client", "local", "amazone", "other"};
    struct lifeline sorted[LIFELINES_MAX];
    size_t place[LIFELINES_MAX] = {0}, n = 0;
    for (int role = 0; role < ROLE_COUNT; role++) {
        unsigned count = 0;
        for (size_t i = 0; i < ladder->n_lines; i++) {
            if ((int)ladder->lines[i].role != role)
                continue;
            struct lifeline *line = &sorted[n];
            *line = ladder->lines[i];
            place[i] = n++;
            if (++count == 1)
                (void)snprintf(line->name, sizeof line->name, "%s", names[role]);
            else
                (void)snprintf(line->name, sizeof line->name, "%s %u", names[role], count);
        }
    }
    memcpy(ladder->lines, sorted, n * sizeof sorted[0]);
    for (size_t i = 0; i < ladder->n; i++) {
        ladder->rungs[i].from = place[ladder->rungs[i].from];
        ladder->rungs[i].to = place[ladder->rungs[i].to];
    }
}

void ladder_cast(struct ladder *ladder)
{
    struct cast cast = {.ladder = ladder, .n_places = 4 * ladder->n + 1};
    cast.sockets = nibpcap_allocate(NULL, cast.n_places * sizeof *cast.sockets);
    memset(cast.sockets, 0, cast.n_places * sizeof *cast.sockets);
    for (size_t i = 0; i < ladder->n; i++) {
        note_socket(&cast, &ladder->rungs[i].src, &ladder->rungs[i].dst);
        note_socket(&cast, &ladder->rungs[i].dst, &ladder->rungs[i].src);
    }
    for (size_t i = 0; i < ladder->n; i++) {
        ladder->rungs[i].from = line_of(&cast, &ladder->rungs[i].src);
        ladder->rungs[i].to = line_of(&cast, &ladder->rungs[i].dst);
    }
    free(cast.sockets);
    sort_lines(ladder);
}
