/*
 * Layer 5, private: our addresses and the system's.
 */
#ifndef NIBDNS_OS_SOCKADDR_H
#define NIBDNS_OS_SOCKADDR_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "nibdns/addr.h"

union sockaddr_any {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

static inline socklen_t sockaddr_from(const struct nib_addr *addr, union sockaddr_any *out)
{
    memset(out, 0, sizeof *out);
    if (addr->family == 4) {
        out->in.sin_family = AF_INET;
        out->in.sin_port = htons(addr->port);
        memcpy(&out->in.sin_addr, addr->ip, 4);
        return sizeof out->in;
    }
    out->in6.sin6_family = AF_INET6;
    out->in6.sin6_port = htons(addr->port);
    out->in6.sin6_scope_id = addr->scope;
    memcpy(&out->in6.sin6_addr, addr->ip, 16);
    return sizeof out->in6;
}

static inline void sockaddr_to(const union sockaddr_any *in, struct nib_addr *addr)
{
    memset(addr, 0, sizeof *addr);
    if (in->sa.sa_family == AF_INET) {
        addr->family = 4;
        addr->port = ntohs(in->in.sin_port);
        memcpy(addr->ip, &in->in.sin_addr, 4);
    } else if (in->sa.sa_family == AF_INET6) {
        addr->family = 6;
        addr->port = ntohs(in->in6.sin6_port);
        memcpy(addr->ip, &in->in6.sin6_addr, 16);
        if (IN6_IS_ADDR_LINKLOCAL(&in->in6.sin6_addr))
            addr->scope = in->in6.sin6_scope_id;
    }
}

#endif
