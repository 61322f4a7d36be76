#include "nibpcap/base/hosts.h"

#include "nibdns/protocol.h"

static size_t digits_up_to_comma(const char *text)
{
    size_t len = 0;
    while (text[len] != ',' && text[len] != '\0')
        len++;
    return len;
}

bool ports_parse(const char *text, struct ports *ports)
{
    struct ports read = {.given = true};
    while (read.n < PORTS_MAX) {
        size_t len = digits_up_to_comma(text);
        uint16_t *port = &read.port[read.n++];
        if (!nib_port_parse((struct nib_text){text, len}, port) || *port == 0)
            return false;
        if (text[len] == '\0') {
            *ports = read;
            return true;
        }
        text += len + 1;
    }
    return false;
}

struct ports ports_default(void)
{
    return (struct ports){{NIB_PORT_LOCAL, NIB_PORT_AUTHORITATIVE}, 2, false};
}

bool ports_have(const struct ports *ports, uint16_t port)
{
    for (size_t i = 0; i < ports->n; i++)
        if (ports->port[i] == port)
            return true;
    return false;
}

const char *role_name(enum role role)
{
    static const char *const names[] = {
#define X(symbol, name) [symbol] = name,
        ROLES(X)
#undef X
    };
    return names[role];
}

enum role hosts_server(const struct hosts *hosts, uint16_t port)
{
    if (port == 0)
        return ROLE_STRANGER;
    if (port == hosts->ports.port[0] || port == hosts->local)
        return ROLE_LOCAL;
    if (ports_have(&hosts->ports, port))
        return ROLE_AMAZONE;
    for (size_t i = 0; i < hosts->n_amazone; i++)
        if (hosts->amazone[i] == port)
            return ROLE_AMAZONE;
    return ROLE_STRANGER;
}

void hosts_learn(struct hosts *hosts, uint16_t port)
{
    if (hosts->ports.given || hosts_server(hosts, port) == ROLE_AMAZONE)
        return;
    if (hosts->local == 0)
        hosts->local = port;
    else if (hosts_server(hosts, port) == ROLE_STRANGER && hosts->n_amazone < PORTS_LEARNT_MAX)
        hosts->amazone[hosts->n_amazone++] = port;
}
