#include "nibpcap/base/nibpcap.h"

static const int64_t keep_ns = 60000000000;

static size_t place_of(const struct nib_addr *addr)
{
    return (size_t)(nib_addr_hash(addr, 0) >> 20) % NIBPCAP_KNOWN_MAX;
}

bool nibpcap_is_known(
    const struct nibpcap_known *known, const struct nib_addr *addr, int64_t now_ns)
{
    size_t at = place_of(addr);
    return nib_addr_equal(&known->sockets[at].addr, addr) &&
           now_ns - known->sockets[at].seen_ns <= keep_ns;
}

static void note_socket(struct nibpcap_known *known, const struct nib_addr *addr, int64_t now_ns)
{
    size_t at = place_of(addr);
    known->sockets[at].addr = *addr;
    known->sockets[at].seen_ns = now_ns;
}

enum nibpcap_role nibpcap_role(
    const struct nibpcap_known *known, const struct nibpcap_ports *ports, uint16_t port)
{
    if (port == ports->port[0] || (port == known->local && port != 0))
        return NIBPCAP_LOCAL;
    if (nibpcap_is_port(ports, port))
        return NIBPCAP_AUTHORITATIVE;
    for (size_t i = 0; i < known->n_others; i++)
        if (known->others[i] == port)
            return NIBPCAP_AUTHORITATIVE;
    return NIBPCAP_ASKER;
}

/* A request comes before the questions that it causes: so the local server is asked first. */
static void note_server(
    struct nibpcap_known *known, const struct nibpcap_ports *ports, uint16_t port)
{
    enum nibpcap_role role = nibpcap_role(known, ports, port);
    if (role == NIBPCAP_AUTHORITATIVE)
        return;
    if (known->local == 0)
        known->local = port;
    else if (role == NIBPCAP_ASKER && known->n_others < NIBPCAP_LEARNT_MAX)
        known->others[known->n_others++] = port;
}

void nibpcap_know(struct nibpcap_known *known, const struct nibpcap_ports *ports,
    const struct nib_packet_udp *query, int64_t now_ns)
{
    if (ports->given && !nibpcap_is_port(ports, query->dst.port))
        return;
    bool odd = nibpcap_role(known, ports, query->src.port) != NIBPCAP_ASKER ||
               (nibpcap_role(known, ports, query->dst.port) == NIBPCAP_ASKER &&
                   nibpcap_is_known(known, &query->dst, now_ns));
    if (odd) /* what comes from a server, or to one who asks, makes nobody a server */
        return;
    note_socket(known, &query->src, now_ns);
    if (ports->given)
        return;
    note_socket(known, &query->dst, now_ns);
    note_server(known, ports, query->dst.port);
}
