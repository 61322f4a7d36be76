#include "nibdns/authoritative.h"

#include "nibdns/message.h"

static void count(struct nib_authoritative *server, enum nib_authoritative_counter which)
{
    server->counters[which]++;
}

/* NIB-8.1: the record with that name and type, else the CNAME record of that name, else a miss. */
static void look_up(struct nib_authoritative *server, struct nib_message *m)
{
    const struct nib_zone *zone = server->table->zone;
    struct nib_key key = nib_key_of(m->qname, zone->seed);
    struct nib_rr rr = {.type = m->qtype, .result = NIB_TEXT_NOT_FOUND};
    if (nib_zone_find(zone, key, m->qtype, &rr))
        count(server, NIB_AUTH_FOUND);
    else if (nib_zone_find(zone, key, NIB_CNAME, &rr))
        count(server, NIB_AUTH_CNAME);
    else
        count(server, NIB_AUTH_NOT_FOUND);
    m->flag = NIB_RESPONSE;
    m->atype = rr.type;
    m->aname = m->qname;
    m->ttl_s = rr.is_static ? server->ttl_s : 0;
    m->result = rr.result;
}

size_t nib_authoritative_input(
    struct nib_authoritative *server, const uint8_t *octets, size_t len, uint8_t *out)
{
    struct nib_message m;
    size_t bad;
    count(server, NIB_AUTH_RECEIVED);
    enum nib_err err = nib_message_decode(&m, octets, len, &bad);
    if (err != NIB_OK) { /* NIB-6.1, NIB-6.2 */
        count(server, NIB_AUTH_DROPPED_MALFORMED);
        server->malformed[err]++;
        return 0;
    }
    if (m.flag != NIB_QUERY) { /* NIB-6.3 */
        count(server, NIB_AUTH_DROPPED_RESPONSE);
        return 0;
    }
    look_up(server, &m);
    count(server, NIB_AUTH_ANSWERED);
    return nib_message_encode(out, NIB_MESSAGE_MAX, &m);
}

void nib_authoritative_unsent(struct nib_authoritative *server)
{
    server->counters[NIB_AUTH_ANSWERED]--;
    count(server, NIB_AUTH_DROPPED_UNSENT);
}

void nib_authoritative_counters(const struct nib_authoritative *server, struct nib_writer *w)
{
    static const char *const names[] = {
#define X(symbol, name) name,
        NIB_AUTHORITATIVE_COUNTERS(X)
#undef X
    };
    nib_counters_text(w, names, server->counters, NIB_AUTH_COUNTERS);
    nib_counters_rules_text(w, server->malformed);
}
