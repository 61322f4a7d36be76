#define _GNU_SOURCE
#include "nibdns/os/addresses.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "../posix/sockaddr.h"

/*
 * Through netlink (rtnetlink(7)), whose headers not every C library comes with, so what is needed
 * of them stands here. A question for all addresses is answered by messages of this form:
 *
 *     | len (4) | type (2) | flags (2) | sequence (4) | port (4) |              struct message
 *     | family (1) | prefix (1) | flags (1) | scope (1) | interface (4) |       struct interface
 *     | len (2) | type (2) | octets, to the next multiple of 4 | ...            struct attribute
 */
struct netlink_name {
    sa_family_t family;
    uint16_t pad;
    uint32_t port, groups;
};
struct message {
    uint32_t len;
    uint16_t type, flags;
    uint32_t sequence, port;
};
struct interface {
    uint8_t family, prefix, flags, scope;
    uint32_t number;
};
struct attribute {
    uint16_t len, type;
};

enum {
    ROUTE = 0, /* NETLINK_ROUTE */
    CHANGES = 0x10 | 0x100 /* RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR */,
    REQUEST_DUMP = 0x301, /* NLM_F_REQUEST | NLM_F_DUMP */
    ERROR = 2,            /* NLMSG_ERROR */
    DONE = 3,             /* NLMSG_DONE */
    NEW_ADDRESS = 20,     /* RTM_NEWADDR */
    GET_ADDRESSES = 22,   /* RTM_GETADDR */
    ADDRESS = 1,          /* IFA_ADDRESS: of a point-to-point link the other end's */
    LOCAL = 2,            /* IFA_LOCAL: ours, where there is one */
    ANSWER_MAX = 32768,
    ANSWER_MS = 1000,
};

struct nib_addresses {
    int news, asked; /* what changes is told by one socket, what is asked by another */
    uint32_t sequence;
};

static int open_socket(uint32_t groups)
{
    const struct netlink_name name = {.family = AF_NETLINK, .groups = groups};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, ROUTE);
    if (fd < 0 || bind(fd, (const struct sockaddr *)(const void *)&name, sizeof name) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

struct nib_addresses *nib_addresses_open(void)
{
    struct nib_addresses *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->news = open_socket(CHANGES);
    a->asked = open_socket(0);
    if (a->news >= 0 && a->asked >= 0)
        return a;
    int error = errno;
    if (a->news >= 0)
        (void)close(a->news);
    if (a->asked >= 0)
        (void)close(a->asked);
    free(a);
    errno = error;
    return NULL;
}

int nib_addresses_fd(const struct nib_addresses *addresses)
{
    return addresses->news;
}

nib_ms nib_addresses_deadline(const struct nib_addresses *addresses)
{
    (void)addresses;
    return NIB_NEVER;
}

/* What it says does not matter, nor that some of it was lost (ENOBUFS): all is read again. */
bool nib_addresses_changed(struct nib_addresses *addresses, nib_ms now)
{
    uint8_t octets[4096];
    bool changed = false;
    (void)now;
    while (recv(addresses->news, octets, sizeof octets, MSG_TRUNC) >= 0 || errno == ENOBUFS)
        changed = true;
    return changed;
}

/* ---- all of them ---- */

static bool ask(struct nib_addresses *a, uint8_t family)
{
    struct {
        struct message header;
        struct interface body;
    } question = {.header = {.len = sizeof question,
                      .type = GET_ADDRESSES,
                      .flags = REQUEST_DUMP,
                      .sequence = ++a->sequence},
        .body = {.family = family}};
    return send(a->asked, &question, sizeof question, 0) == (ssize_t)sizeof question;
}

/* The address of a message about one interface's address. False: it names none of that family. */
static bool read_address(
    const uint8_t *octets, size_t len, const struct nib_addr *addr, struct nib_addr *own)
{
    struct interface interface;
    size_t size = addr->family == 4 ? 4 : 16;
    bool found = false;
    if (len < sizeof interface)
        return false;
    memcpy(&interface, octets, sizeof interface);
    *own = (struct nib_addr){.port = addr->port, .family = addr->family};
    for (size_t place = sizeof interface; len - place >= sizeof(struct attribute);) {
        struct attribute attribute;
        memcpy(&attribute, octets + place, sizeof attribute);
        if (attribute.len < sizeof attribute || attribute.len > len - place)
            break;
        if (attribute.len == sizeof attribute + size &&
            (attribute.type == LOCAL || (attribute.type == ADDRESS && !found))) {
            memcpy(own->ip, octets + place + sizeof attribute, size);
            found = true;
        }
        size_t step = (attribute.len + 3u) & ~(size_t)3;
        place += step < len - place ? step : len - place;
    }
    if (own->ip[0] == 0xfe && (own->ip[1] & 0xc0) == 0x80 && addr->family == 6)
        own->scope = interface.number;
    return found && interface.family == (addr->family == 4 ? AF_INET : AF_INET6);
}

struct list {
    const struct nib_addr *addr;
    struct nib_addr *out;
    size_t n, cap;
};

/* The messages of one answer. False: that was the last. */
static bool read_answer(
    const struct nib_addresses *a, const uint8_t *octets, size_t len, struct list *list)
{
    struct message m;
    for (size_t place = 0; len - place >= sizeof m;) {
        memcpy(&m, octets + place, sizeof m);
        if (m.len < sizeof m || m.len > len - place)
            return false;
        bool ours = m.sequence == a->sequence;
        if (ours && (m.type == DONE || m.type == ERROR))
            return false;
        if (ours && m.type == NEW_ADDRESS && list->n < list->cap)
            list->n += read_address(
                octets + place + sizeof m, m.len - sizeof m, list->addr, &list->out[list->n]);
        size_t step = (m.len + 3u) & ~(size_t)3;
        place += step < len - place ? step : len - place;
    }
    return true;
}

size_t nib_addresses_reaching(
    struct nib_addresses *addresses, const struct nib_addr *addr, struct nib_addr *out, size_t cap)
{
    uint8_t octets[ANSWER_MAX];
    struct list list = {.addr = addr, .out = out, .cap = cap};
    if (cap > 0)
        out[list.n++] = *addr;
    if (addresses == NULL || !nib_addr_is_wildcard(addr) ||
        !ask(addresses, addr->family == 4 ? AF_INET : AF_INET6))
        return list.n;
    for (bool more = true; more;) {
        struct pollfd p = {.fd = addresses->asked, .events = POLLIN};
        if (poll(&p, 1, ANSWER_MS) != 1)
            break;
        ssize_t n = recv(addresses->asked, octets, sizeof octets, 0);
        more = n > 0 && read_answer(addresses, octets, (size_t)n, &list);
    }
    return list.n;
}
