#include "nibdns/authoritative.h"

static void count(struct nib_authoritative *server, enum nib_authoritative_counter which)
{
    server->counters[which]++;
}

bool nib_authoritative_begin(struct nib_authoritative *server, const uint8_t *octets, size_t len,
    struct nib_authoritative_query *query)
{
    size_t bad;
    count(server, NIB_AUTH_RECEIVED);
    enum nib_err err = nib_message_decode(&query->message, octets, len, &bad);
    if (err != NIB_OK) { /* NIB-6.1, NIB-6.2 */
        count(server, NIB_AUTH_DROPPED_MALFORMED);
        server->malformed[err]++;
        return false;
    }
    if (query->message.flag != NIB_QUERY) { /* NIB-6.3 */
        count(server, NIB_AUTH_DROPPED_RESPONSE);
        return false;
    }
    query->key = nib_key_of(query->message.qname, server->table->zone->seed);
    nib_zone_fetch_bucket(server->table->zone, query->key);
    return true;
}

void nib_authoritative_seek(
    const struct nib_authoritative *server, const struct nib_authoritative_query *query)
{
    nib_zone_fetch_record(server->table->zone, query->key, query->message.qtype);
}

/* NIB-8.1: the record with that name and type, else the CNAME record of that name, else a miss. */
size_t nib_authoritative_finish(
    struct nib_authoritative *server, struct nib_authoritative_query *query, uint8_t *out)
{
    const struct nib_zone *zone = server->table->zone;
    struct nib_message *m = &query->message;
    struct nib_rr rr = {.type = m->qtype, .result = NIB_TEXT_NOT_FOUND};
    if (nib_zone_find(zone, query->key, m->qtype, &rr))
        count(server, NIB_AUTH_FOUND);
    else if (nib_zone_find(zone, query->key, NIB_CNAME, &rr))
        count(server, NIB_AUTH_CNAME);
    else
        count(server, NIB_AUTH_NOT_FOUND);
    m->flag = NIB_RESPONSE;
    m->atype = rr.type;
    m->aname = m->qname;
    m->ttl_s = rr.is_static ? server->ttl_s : 0;
    m->result = rr.result;
    count(server, NIB_AUTH_ANSWERED);
    return nib_message_encode(out, NIB_MESSAGE_MAX, m);
}

size_t nib_authoritative_input(
    struct nib_authoritative *server, const uint8_t *octets, size_t len, uint8_t *out)
{
    struct nib_authoritative_query query;
    if (!nib_authoritative_begin(server, octets, len, &query))
        return 0;
    return nib_authoritative_finish(server, &query, out);
}

void nib_authoritative_unsent(struct nib_authoritative *server)
{
    server->counters[NIB_AUTH_ANSWERED]--;
    count(server, NIB_AUTH_DROPPED_UNSENT);
}

void nib_authoritative_add_counters(
    struct nib_authoritative *sum, const struct nib_authoritative *server)
{
    for (int i = 0; i < NIB_AUTH_COUNTERS; i++)
        sum->counters[i] += server->counters[i];
    for (int i = 0; i < NIB_ERR_COUNT; i++)
        sum->malformed[i] += server->malformed[i];
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
