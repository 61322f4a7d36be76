#include "nibdns/gate_dns.h"

#include "nibdns/name.h"

/*
 *     query --> [answered at once: an error]
 *       |
 *       v   the type asked for, then the others in this order
 *     fetch --found, as asked--> the record
 *       |  \--found, another type--> NOERROR, empty
 *       |  \--server failure, no answer--> SERVFAIL
 *       | not found
 *       v
 *     the next type; none left --> NXDOMAIN
 */
static const enum nib_type probes[] = {NIB_A, NIB_AAAA, NIB_CNAME, NIB_NS};
enum { PROBES = sizeof probes / sizeof probes[0] };

static void count(struct nib_gate_dns *gate, enum nib_gate_dns_counter which)
{
    gate->counters[which]++;
}

void nib_gate_dns_init(
    struct nib_gate_dns *gate, struct nib_gate_table *table, nib_ms timeout_ms, uint32_t tries)
{
    *gate = (struct nib_gate_dns){.table = table, .timeout_ms = timeout_ms, .tries = tries};
}

/* ---- answers ---- */

static enum nib_gate_dns_counter send_answer(struct nib_gate_dns *gate,
    const struct nib_gate_query *query, enum nib_gate_dns_counter what,
    const struct nib_dns_answer *answer, struct nib_gate_outputs *out)
{
    struct nib_gate_output *output = nib_gate_append(out, NIB_GATE_ANSWER);
    size_t limit = query->stream ? sizeof output->octets : nib_dns_udp_limit(&query->dns);
    output->path = query->path;
    output->stream = query->stream;
    output->len = (uint16_t)nib_dns_encode_answer(output->octets,
        limit < sizeof output->octets ? limit : sizeof output->octets, &query->dns, answer);
    count(gate, NIB_GATE_DNS_ANSWERED);
    count(gate, what);
    if ((output->octets[2] & NIB_DNS_TC >> 8) != 0)
        count(gate, NIB_GATE_DNS_TRUNCATED);
    return what;
}

static enum nib_gate_dns_counter send_code(struct nib_gate_dns *gate,
    const struct nib_gate_query *query, enum nib_gate_dns_counter what, enum nib_dns_rcode rcode,
    struct nib_gate_outputs *out)
{
    const struct nib_dns_answer answer = {.rcode = rcode, .ede = NIB_DNS_EDE_NONE};
    return send_answer(gate, query, what, &answer, out);
}

static enum nib_gate_dns_counter send_failure(struct nib_gate_dns *gate,
    const struct nib_gate_query *query, enum nib_dns_ede ede, struct nib_text why,
    struct nib_gate_outputs *out)
{
    const struct nib_dns_answer answer = {.rcode = NIB_DNS_SERVFAIL, .ede = ede, .ede_text = why};
    return send_answer(gate, query, NIB_GATE_DNS_SERVFAIL, &answer, out);
}

/* ---- fetches ---- */

static void transmit(struct nib_gate_dns *gate, nib_ms now, struct nib_gate_fetch *fetch,
    struct nib_gate_outputs *out)
{
    struct nib_gate_output *output = nib_gate_append(out, NIB_GATE_SEND);
    struct nib_message m = {
        .id = fetch->id, .qtype = fetch->type, .qname = nib_gate_fetch_name(fetch)};
    output->slot = nib_gate_slot(gate->table, fetch);
    output->len = (uint16_t)nib_message_encode(output->octets, sizeof output->octets, &m);
    nib_heap_set(&gate->table->retries, output->slot, now + (gate->timeout_ms << fetch->tried));
    fetch->tried++;
    count(gate, NIB_GATE_DNS_DATAGRAMS);
}

/* Frees the slot; the list of those that waited stays in *ended while the slot is used anew. */
static void end_fetch(struct nib_gate_dns *gate, struct nib_gate_fetch *fetch,
    struct nib_gate_fetch *ended, struct nib_gate_outputs *out)
{
    *ended = *fetch;
    nib_gate_append(out, NIB_GATE_CLOSE)->slot = nib_gate_slot(gate->table, fetch);
    nib_gate_close(gate->table, fetch);
}

/* The fetch ends without an answer. */
static void give_up(
    struct nib_gate_dns *gate, struct nib_gate_fetch *fetch, struct nib_gate_outputs *out)
{
    struct nib_gate_fetch ended;
    struct nib_gate_query query;
    end_fetch(gate, fetch, &ended, out);
    while (nib_gate_next(gate->table, &ended, &query))
        (void)send_failure(
            gate, &query, NIB_DNS_EDE_NETWORK, NIB_TEXT("no answer from the local server"), out);
}

/* ---- queries ---- */

/* The type to ask for next: the one in question, then the others. False: none is left. */
static bool next_type(const struct nib_gate_query *query, enum nib_type *type)
{
    if (nib_dns_type_known(query->dns.qtype, type) && !(query->missed & *type))
        return true;
    for (int i = 0; i < PROBES; i++)
        if (!(query->missed & probes[i])) {
            *type = probes[i];
            return true;
        }
    return false;
}

/* Lets a query go on: to a fetch under way, a new one, or its answer. */
static enum nib_gate_dns_counter serve(struct nib_gate_dns *gate, nib_ms now,
    const struct nib_gate_query *query, struct nib_gate_outputs *out)
{
    struct nib_gate_table *table = gate->table;
    struct nib_text name = nib_gate_query_name(query);
    enum nib_type type;
    if (!next_type(query, &type))
        return send_code(gate, query, NIB_GATE_DNS_NXDOMAIN, NIB_DNS_NXDOMAIN, out);
    enum nib_gate_dns_counter what = NIB_GATE_DNS_SHARED;
    struct nib_gate_fetch *fetch = NULL;
    if (table->n_queries < table->max_queries)
        fetch = nib_gate_find(table, name, type);
    if (fetch == NULL && table->n_queries < table->max_queries) {
        what = NIB_GATE_DNS_FETCHES;
        fetch = nib_gate_open(table, name, type);
    }
    if (fetch == NULL) {
        count(gate, NIB_GATE_DNS_FULL);
        return send_failure(
            gate, query, NIB_DNS_EDE_OTHER, NIB_TEXT("too many queries under way"), out);
    }
    (void)nib_gate_wait(table, fetch, query); /* there is room */
    count(gate, what);
    if (what == NIB_GATE_DNS_FETCHES)
        transmit(gate, now, fetch, out);
    return what;
}

/* What is wrong with a query in itself, or NIB_GATE_DNS_FOUND: nothing. */
static enum nib_gate_dns_counter fault_of(
    const struct nib_dns_message *m, enum nib_dns_err err, enum nib_dns_rcode *rcode)
{
    if ((m->flags & NIB_DNS_OPCODE) != 0) {
        *rcode = NIB_DNS_NOTIMP;
        return NIB_GATE_DNS_NOTIMP;
    }
    if (err != NIB_DNS_OK || m->n_questions != 1) {
        *rcode = NIB_DNS_FORMERR;
        return NIB_GATE_DNS_FORMERR;
    }
    if (m->edns && m->edns_version > 0) {
        *rcode = NIB_DNS_BADVERS;
        return NIB_GATE_DNS_BADVERS;
    }
    if (m->qclass != NIB_DNS_IN) {
        *rcode = NIB_DNS_REFUSED;
        return NIB_GATE_DNS_REFUSED;
    }
    return NIB_GATE_DNS_FOUND;
}

enum nib_gate_dns_counter nib_gate_dns_input(struct nib_gate_dns *gate, nib_ms now,
    const struct nib_path *path, bool stream, const uint8_t *octets, size_t len,
    struct nib_gate_outputs *out)
{
    struct nib_gate_query query = {.path = *path, .stream = stream};
    struct nib_dns_message *m = &query.dns;
    enum nib_dns_rcode rcode;
    count(gate, NIB_GATE_DNS_RECEIVED);
    enum nib_dns_err err = nib_dns_decode(m, octets, len);
    if (err != NIB_DNS_OK && !nib_dns_decode_head(m, octets, len)) {
        count(gate, NIB_GATE_DNS_DROPPED_HEADER);
        return NIB_GATE_DNS_DROPPED_HEADER;
    }
    if ((m->flags & NIB_DNS_QR) != 0) {
        count(gate, NIB_GATE_DNS_DROPPED_RESPONSE);
        return NIB_GATE_DNS_DROPPED_RESPONSE;
    }
    enum nib_gate_dns_counter fault = fault_of(m, err, &rcode);
    if (fault != NIB_GATE_DNS_FOUND)
        return send_code(gate, &query, fault, rcode, out);
    query.id = m->id;
    query.name_len = (uint8_t)nib_dns_name_text(&m->qname, query.name);
    if (query.name_len == 0)
        return send_code(gate, &query, NIB_GATE_DNS_NXDOMAIN, NIB_DNS_NXDOMAIN, out);
    if (nib_gate_repeats(gate->table, &query)) {
        count(gate, NIB_GATE_DNS_DROPPED_REPEAT);
        return NIB_GATE_DNS_DROPPED_REPEAT;
    }
    return serve(gate, now, &query, out);
}

/* ---- upstream ---- */

/* What the answer to a fetch means for one of the queries that waited for it. */
static void pass_on(struct nib_gate_dns *gate, nib_ms now, struct nib_gate_query *query,
    const struct nib_message *m, struct nib_gate_outputs *out)
{
    struct nib_dns_answer answer = {.found = true,
        .type = m->atype,
        .ttl_s = m->ttl_s,
        .result = m->result,
        .ede = NIB_DNS_EDE_NONE};
    switch (m->outcome) {
    case NIB_FAILURE:
        (void)send_failure(gate, query, NIB_DNS_EDE_NO_AUTHORITY,
            NIB_TEXT("the local server says: Server failure"), out);
        break;
    case NIB_NOT_FOUND:
        query->missed |= (uint8_t)m->qtype;
        (void)serve(gate, now, query, out);
        break;
    case NIB_FOUND:
        if (nib_dns_type_of(m->qtype) == query->dns.qtype)
            (void)send_answer(gate, query, NIB_GATE_DNS_FOUND, &answer, out);
        else
            (void)send_code(gate, query, NIB_GATE_DNS_NODATA, NIB_DNS_NOERROR, out);
        break;
    }
}

static const enum nib_gate_dns_counter mismatch_counters[NIB_MISMATCH_COUNT] = {
    [NIB_MISMATCH_FLAG] = NIB_GATE_DNS_FLAG,
    [NIB_MISMATCH_ID] = NIB_GATE_DNS_ID,
    [NIB_MISMATCH_QUESTION] = NIB_GATE_DNS_QUESTION,
    [NIB_MISMATCH_ANSWER] = NIB_GATE_DNS_ANSWER,
};

/* NIB_GATE_DNS_ANSWERS when a datagram is the answer to the fetch, else why it is not. */
static enum nib_gate_dns_counter match(
    const struct nib_gate_fetch *fetch, struct nib_message *m, const uint8_t *octets, size_t len)
{
    size_t bad;
    if (fetch == NULL)
        return NIB_GATE_DNS_LATE;
    if (nib_message_decode(m, octets, len, &bad) != NIB_OK)
        return NIB_GATE_DNS_MALFORMED;
    struct nib_message query = {
        .id = fetch->id, .qtype = fetch->type, .qname = nib_gate_fetch_name(fetch)};
    enum nib_mismatch mismatch = nib_message_fits(&query, m);
    return mismatch == NIB_FITS ? NIB_GATE_DNS_ANSWERS : mismatch_counters[mismatch];
}

enum nib_gate_dns_counter nib_gate_dns_reply(struct nib_gate_dns *gate, nib_ms now, uint32_t slot,
    const uint8_t *octets, size_t len, struct nib_gate_outputs *out)
{
    struct nib_gate_fetch *fetch = nib_gate_fetch_in(gate->table, slot), ended;
    struct nib_gate_query query;
    struct nib_message m;
    enum nib_gate_dns_counter what = match(fetch, &m, octets, len);
    count(gate, what);
    if (what != NIB_GATE_DNS_ANSWERS)
        return what;
    end_fetch(gate, fetch, &ended, out);
    while (nib_gate_next(gate->table, &ended, &query))
        pass_on(gate, now, &query, &m, out);
    return what;
}

void nib_gate_dns_unreachable(
    struct nib_gate_dns *gate, uint32_t slot, struct nib_gate_outputs *out)
{
    struct nib_gate_fetch *fetch = nib_gate_fetch_in(gate->table, slot);
    if (fetch == NULL)
        return;
    count(gate, NIB_GATE_DNS_UNREACHABLE);
    give_up(gate, fetch, out);
}

void nib_gate_dns_tick(struct nib_gate_dns *gate, nib_ms now, struct nib_gate_outputs *out)
{
    struct nib_heap *retries = &gate->table->retries;
    while (nib_heap_due(retries) <= now) {
        struct nib_gate_fetch *fetch = &gate->table->fetches[nib_heap_first(retries)];
        count(gate, NIB_GATE_DNS_TIMEOUTS);
        if (fetch->tried == gate->tries) {
            give_up(gate, fetch, out);
        } else {
            count(gate, NIB_GATE_DNS_RETRIES);
            transmit(gate, now, fetch, out);
        }
    }
}

void nib_gate_dns_unsent(struct nib_gate_dns *gate)
{
    gate->counters[NIB_GATE_DNS_ANSWERED]--;
    count(gate, NIB_GATE_DNS_DROPPED_UNSENT);
}

void nib_gate_dns_counters(const struct nib_gate_dns *gate, struct nib_writer *w)
{
    static const char *const names[] = {
#define X(symbol, name, words) name,
        NIB_GATE_DNS_COUNTERS(X)
#undef X
    };
    uint64_t values[NIB_GATE_DNS_COUNT];
    memcpy(values, gate->counters, sizeof values);
    values[NIB_GATE_DNS_WAITING] = gate->table->n_queries;
    nib_counters_text(w, names, values, NIB_GATE_DNS_COUNT);
}

const char *nib_gate_dns_words(enum nib_gate_dns_counter decision)
{
    static const char *const texts[] = {
#define X(symbol, name, words) words,
        NIB_GATE_DNS_COUNTERS(X)
#undef X
    };
    return texts[decision];
}
