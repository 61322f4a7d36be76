#include "nibdns/authoritative.h"

static void count(struct nib_authoritative *server, enum nib_authoritative_counter which)
{
    server->counters[which]++;
}

struct nib_decision nib_authoritative_begin(struct nib_authoritative *server,
    const struct nib_path *path, const uint8_t *octets, size_t len,
    struct nib_authoritative_query *query)
{
    size_t bad;
    count(server, NIB_AUTH_RECEIVED);
    enum nib_err err = nib_message_decode(&query->message, octets, len, &bad);
    if (err != NIB_OK) { /* NIB-6.1, NIB-6.2 */
        count(server, NIB_AUTH_DROPPED_MALFORMED);
        server->malformed[err]++;
        return (struct nib_decision){.what = NIB_DROPPED_MALFORMED, .rule = err};
    }
    if (query->message.flag != NIB_QUERY) { /* NIB-6.3 */
        count(server, NIB_AUTH_DROPPED_RESPONSE);
        return (struct nib_decision){.what = NIB_DROPPED_RESPONSE};
    }
    query->path = path;
    query->key = nib_key_of(query->message.qname, server->table->zone->seed);
    nib_zone_fetch_bucket(server->table->zone, query->key);
    return (struct nib_decision){.what = NIB_DECIDED_NOTHING};
}

void nib_authoritative_seek(
    const struct nib_authoritative *server, const struct nib_authoritative_query *query)
{
    nib_zone_fetch_record(server->table->zone, query->key, query->message.qtype);
}

/* ---- zones ---- */

/* The closest enclosing zone of a name; of length 0: it is under none. */
static struct nib_text zone_of(const struct nib_authoritative *server, struct nib_text name)
{
    struct nib_text closest = {name.ptr, 0};
    for (size_t i = 0; i < server->n_zones; i++)
        if (server->zones[i].len > closest.len && nib_name_is_under(name, server->zones[i]))
            closest = server->zones[i];
    return closest;
}

/* NIB-8.18: of the NS records of a domain the one in place ID modulo their number. */
static bool pick_server(
    const struct nib_zone *zone, struct nib_text domain, uint32_t id, struct nib_rr *rr)
{
    struct nib_key key = nib_key_of(domain, zone->seed);
    struct nib_probe probe = nib_zone_begin(zone, key, NIB_NS);
    uint32_t n = 0;
    while (nib_zone_next(zone, key, NIB_NS, &probe, rr))
        n++;
    if (n == 0)
        return false;
    probe = nib_zone_begin(zone, key, NIB_NS);
    for (uint32_t i = 0; i <= id % n; i++)
        (void)nib_zone_next(zone, key, NIB_NS, &probe, rr);
    return true;
}

/* The referral for a name in a zone, its domain in the letters of the question. */
static bool refer(const struct nib_authoritative *server, const struct nib_message *query,
    size_t zone_len, struct nib_rr *rr, struct nib_text *domain)
{
    bool found = false;
    struct nib_text name = query->qname;
    for (; name.len > zone_len && zone_len > 0; name = nib_name_parent(name)) {
        struct nib_rr one;
        if (!pick_server(server->table->zone, name, query->id, &one))
            continue;
        found = true; /* and the topmost, if none comes behind it */
        *rr = one;
        *domain = name;
    }
    return found;
}

/* ---- answers ---- */

/*
 * NIB-8.1: the record with that name and type, else the CNAME record of that name, else a referral,
 * else a miss. *aname is the answer's name.
 */
static struct nib_decision look_up(struct nib_authoritative *server,
    const struct nib_authoritative_query *query, struct nib_rr *rr, struct nib_text *aname)
{
    const struct nib_zone *zone = server->table->zone;
    const struct nib_message *m = &query->message;
    size_t zone_len = server->n_zones == 0 ? 0 : zone_of(server, m->qname).len;
    *aname = m->qname;
    if (server->n_zones > 0 && zone_len == 0) {
        count(server, NIB_AUTH_FAILURE);
        *rr = (struct nib_rr){.type = m->qtype, .result = NIB_TEXT_FAILURE};
        return (struct nib_decision){.what = NIB_FAILED_ZONE};
    }
    if (nib_zone_find(zone, query->key, m->qtype, rr)) {
        count(server, NIB_AUTH_FOUND);
        return (struct nib_decision){.what = NIB_ANSWERED_RECORD, .number = rr->no};
    }
    if (nib_zone_find(zone, query->key, NIB_CNAME, rr)) {
        count(server, NIB_AUTH_CNAME);
        return (struct nib_decision){.what = NIB_ANSWERED_CNAME, .number = rr->no};
    }
    if (refer(server, m, zone_len, rr, aname)) {
        count(server, NIB_AUTH_REFERRAL);
        return (struct nib_decision){.what = NIB_ANSWERED_REFERRAL, .number = rr->no};
    }
    count(server, NIB_AUTH_NOT_FOUND);
    *rr = (struct nib_rr){.type = m->qtype, .result = NIB_TEXT_NOT_FOUND};
    return (struct nib_decision){.what = NIB_ANSWERED_NOT_FOUND};
}

struct nib_decision nib_authoritative_finish(struct nib_authoritative *server,
    struct nib_authoritative_query *query, struct nib_outputs *out)
{
    struct nib_message *m = &query->message;
    struct nib_rr rr;
    struct nib_text aname;
    struct nib_decision decision = look_up(server, query, &rr, &aname);
    uint8_t *octets = nib_outputs_reserve(out);
    m->flag = NIB_RESPONSE;
    m->atype = rr.type;
    m->aname = aname;
    m->ttl_s = rr.is_static ? server->ttl_s : 0;
    m->result = rr.result;
    count(server, NIB_AUTH_ANSWERED);
    if (octets == NULL)
        nib_authoritative_answer_unsent(server);
    else
        nib_outputs_answer(
            out, query->path, nib_message_encode(octets, NIB_MESSAGE_MAX, m), &decision);
    return decision;
}

struct nib_decision nib_authoritative_input(struct nib_authoritative *server,
    const struct nib_path *path, const uint8_t *octets, size_t len, struct nib_outputs *out)
{
    struct nib_authoritative_query query;
    struct nib_decision decision = nib_authoritative_begin(server, path, octets, len, &query);
    if (decision.what != NIB_DECIDED_NOTHING)
        return decision;
    return nib_authoritative_finish(server, &query, out);
}

void nib_authoritative_answer_unsent(struct nib_authoritative *server)
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
