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
static const enum nib_type probes[] = {NIB_TYPES(NIB_TYPE_SYMBOL)};

/* One call from outside: the gate, the time, and where what is to be sent goes. */
struct event {
    struct nib_gate_dns *gate;
    nib_ms now;
    struct nib_outputs *out;
};

static void count(const struct event *e, enum nib_gate_dns_counter which)
{
    e->gate->counters[which]++;
}

void nib_gate_dns_init(struct nib_gate_dns *gate, struct nib_gate_table *table,
    const struct nib_gate_dns_config *config)
{
    *gate = (struct nib_gate_dns){.config = *config, .table = table};
}

/* ---- answers ---- */

static enum nib_gate_dns_counter counter_of(const struct nib_dns_answer *answer)
{
    static const enum nib_gate_dns_counter counters[] = {[NIB_DNS_NOERROR] = NIB_GATE_DNS_NODATA,
        [NIB_DNS_FORMERR] = NIB_GATE_DNS_FORMERR,
        [NIB_DNS_SERVFAIL] = NIB_GATE_DNS_SERVFAIL,
        [NIB_DNS_NXDOMAIN] = NIB_GATE_DNS_NXDOMAIN,
        [NIB_DNS_NOTIMP] = NIB_GATE_DNS_NOTIMP,
        [NIB_DNS_REFUSED] = NIB_GATE_DNS_REFUSED,
        [NIB_DNS_BADVERS] = NIB_GATE_DNS_BADVERS};
    return answer->found ? NIB_GATE_DNS_FOUND : counters[answer->rcode];
}

/* fetch is the one that brought the answer; NULL: none did. */
static struct nib_decision send_answer(const struct event *e, const struct nib_gate_query *query,
    const struct nib_dns_answer *answer, const struct nib_gate_fetch *fetch)
{
    struct nib_decision decision = {.what = NIB_DNS_ANSWERED, .rcode = answer->rcode};
    uint8_t *octets = nib_outputs_reserve(e->out);
    if (fetch != NULL) {
        decision.what = NIB_DNS_ANSWERED_FETCH;
        decision.number = fetch->id;
    }
    count(e, NIB_GATE_DNS_ANSWERED);
    count(e, counter_of(answer));
    if (octets == NULL) {
        nib_gate_dns_answer_unsent(e->gate);
        return decision;
    }
    size_t limit = query->path.stream ? NIB_MESSAGE_MAX : nib_dns_udp_limit(&query->dns);
    limit = limit < NIB_MESSAGE_MAX ? limit : NIB_MESSAGE_MAX;
    size_t len = nib_dns_encode_answer(octets, limit, &query->dns, answer);
    if ((octets[2] & NIB_DNS_TC >> 8) != 0)
        count(e, NIB_GATE_DNS_TRUNCATED);
    nib_outputs_answer(e->out, &query->path, len, &decision);
    return decision;
}

static struct nib_decision send_code(const struct event *e, const struct nib_gate_query *query,
    enum nib_dns_rcode rcode, const struct nib_gate_fetch *fetch)
{
    const struct nib_dns_answer answer = {.rcode = rcode, .ede = NIB_DNS_EDE_NONE};
    return send_answer(e, query, &answer, fetch);
}

static struct nib_decision send_failure(const struct event *e, const struct nib_gate_query *query,
    enum nib_dns_ede ede, struct nib_text why, const struct nib_gate_fetch *fetch)
{
    const struct nib_dns_answer answer = {.rcode = NIB_DNS_SERVFAIL, .ede = ede, .ede_text = why};
    return send_answer(e, query, &answer, fetch);
}

/* ---- fetches ---- */

static struct nib_decision decision_of(
    const struct event *e, enum nib_decided what, const struct nib_gate_fetch *fetch)
{
    return (struct nib_decision){.what = what, .number = fetch->id, .addr = e->gate->config.server};
}

static void ask(const struct event *e, struct nib_gate_fetch *fetch, enum nib_decided what)
{
    struct nib_slot slot = nib_gate_slot(e->gate->table, fetch);
    struct nib_decision decision = decision_of(e, what, fetch);
    struct nib_message m = {
        .id = fetch->id, .qtype = fetch->type, .qname = nib_gate_fetch_name(fetch)};
    uint8_t *octets = nib_outputs_reserve(e->out);
    if (octets != NULL)
        nib_outputs_query(e->out, slot, &e->gate->config.server,
            nib_message_encode(octets, NIB_MESSAGE_MAX, &m), &decision);
    nib_heap_set(&e->gate->table->retries, slot.index,
        e->now + (e->gate->config.timeout_ms << fetch->tried));
    fetch->tried++;
    count(e, NIB_GATE_DNS_DATAGRAMS);
}

/* Frees the place; the list of those that waited stays in *ended while the place is used anew. */
static void end_fetch(
    const struct event *e, struct nib_gate_fetch *fetch, struct nib_gate_fetch *ended)
{
    *ended = *fetch;
    nib_outputs_close(e->out, nib_gate_slot(e->gate->table, fetch));
    nib_gate_close(e->gate->table, fetch);
}

/* The fetch ends without an answer. */
static void give_up(const struct event *e, struct nib_gate_fetch *fetch)
{
    struct nib_gate_fetch ended;
    struct nib_gate_query query;
    end_fetch(e, fetch, &ended);
    while (nib_gate_next(e->gate->table, &ended, &query))
        (void)send_failure(
            e, &query, NIB_DNS_EDE_NETWORK, NIB_TEXT("no answer from the local server"), &ended);
}

/* ---- queries ---- */

static bool has_missed(const struct nib_gate_query *query, enum nib_type type)
{
    return (query->missed >> type & 1) != 0;
}

/* The type to ask for next: the one in question, then the others. False: none is left. */
static bool next_type(const struct nib_gate_query *query, enum nib_type *type)
{
    if (nib_dns_type_known(query->dns.qtype, type) && !has_missed(query, *type))
        return true;
    for (int i = 0; i < NIB_TYPE_COUNT; i++)
        if (!has_missed(query, probes[i])) {
            *type = probes[i];
            return true;
        }
    return false;
}

/* Lets a query go on: to a fetch under way, a new one, or its answer. */
static struct nib_decision serve(const struct event *e, const struct nib_gate_query *query)
{
    struct nib_gate_table *table = e->gate->table;
    struct nib_text name = nib_gate_query_name(query);
    struct nib_gate_fetch *fetch = NULL;
    enum nib_type type;
    if (!next_type(query, &type))
        return send_code(e, query, NIB_DNS_NXDOMAIN, NULL);
    bool has_room = table->n_queries < table->max_queries;
    if (has_room)
        fetch = nib_gate_find(table, name, type);
    bool joins = fetch != NULL;
    if (has_room && !joins)
        fetch = nib_gate_open(table, name, type);
    if (fetch == NULL) {
        count(e, NIB_GATE_DNS_FULL);
        return send_failure(
            e, query, NIB_DNS_EDE_OTHER, NIB_TEXT("too many queries under way"), NULL);
    }
    (void)nib_gate_wait(table, fetch, query); /* there is room */
    count(e, joins ? NIB_GATE_DNS_SHARED : NIB_GATE_DNS_FETCHES);
    if (!joins)
        ask(e, fetch, NIB_ASKED);
    return decision_of(e, joins ? NIB_JOINED : NIB_ASKED, fetch);
}

/* What is wrong with a query in itself. False: nothing. */
static bool has_fault(
    const struct nib_dns_message *m, enum nib_dns_err err, enum nib_dns_rcode *rcode)
{
    if ((m->flags & NIB_DNS_OPCODE) != 0)
        *rcode = NIB_DNS_NOTIMP;
    else if (err != NIB_DNS_OK || m->n_questions != 1)
        *rcode = NIB_DNS_FORMERR;
    else if (m->edns && m->edns_version > 0)
        *rcode = NIB_DNS_BADVERS;
    else if (m->qclass != NIB_DNS_IN)
        *rcode = NIB_DNS_REFUSED;
    else
        return false;
    return true;
}

static struct nib_decision drop(
    const struct event *e, enum nib_gate_dns_counter counter, enum nib_decided what)
{
    count(e, counter);
    return (struct nib_decision){.what = what, .dns_err = NIB_DNS_ERR_HEADER};
}

struct nib_decision nib_gate_dns_input(struct nib_gate_dns *gate, nib_ms now,
    const struct nib_path *path, const uint8_t *octets, size_t len, struct nib_outputs *out)
{
    const struct event e = {gate, now, out};
    struct nib_gate_query query = {.path = *path};
    struct nib_dns_message *m = &query.dns;
    enum nib_dns_rcode rcode;
    count(&e, NIB_GATE_DNS_RECEIVED);
    enum nib_dns_err err = nib_dns_decode(m, octets, len);
    if (err != NIB_DNS_OK && !nib_dns_decode_head(m, octets, len))
        return drop(&e, NIB_GATE_DNS_DROPPED_HEADER, NIB_DNS_DROPPED_MALFORMED);
    if ((m->flags & NIB_DNS_QR) != 0)
        return drop(&e, NIB_GATE_DNS_DROPPED_RESPONSE, NIB_DNS_DROPPED_RESPONSE);
    if (has_fault(m, err, &rcode))
        return send_code(&e, &query, rcode, NULL);
    query.id = m->id;
    query.name_len = (uint8_t)nib_dns_name_text(&m->qname, query.name);
    if (query.name_len == 0)
        return send_code(&e, &query, NIB_DNS_NXDOMAIN, NULL);
    if (nib_gate_repeats(gate->table, &query))
        return drop(&e, NIB_GATE_DNS_DROPPED_REPEAT, NIB_DROPPED_REPEAT);
    return serve(&e, &query);
}

/* ---- upstream ---- */

/* What the answer to a fetch means for one of the queries that waited for it. */
static void pass_on(const struct event *e, struct nib_gate_query *query,
    const struct nib_gate_fetch *fetch, const struct nib_message *m)
{
    const struct nib_dns_answer found = {.found = true,
        .type = m->atype,
        .ttl_s = m->ttl_s,
        .result = m->result,
        .ede = NIB_DNS_EDE_NONE};
    switch (m->outcome) {
    case NIB_FAILURE:
        (void)send_failure(e, query, NIB_DNS_EDE_NO_AUTHORITY,
            NIB_TEXT("the local server says: Server failure"), fetch);
        break;
    case NIB_NOT_FOUND:
        query->missed |= (uint16_t)(1u << m->qtype);
        (void)serve(e, query);
        break;
    case NIB_FOUND:
        if (nib_dns_type_of(m->qtype) == query->dns.qtype)
            (void)send_answer(e, query, &found, fetch);
        else
            (void)send_code(e, query, NIB_DNS_NOERROR, fetch);
        break;
    }
}

static struct nib_decision mismatched(const struct event *e, enum nib_mismatch mismatch)
{
    static const enum nib_gate_dns_counter counters[NIB_MISMATCH_COUNT] = {
        [NIB_MISMATCH_FLAG] = NIB_GATE_DNS_FLAG,
        [NIB_MISMATCH_ID] = NIB_GATE_DNS_ID,
        [NIB_MISMATCH_QUESTION] = NIB_GATE_DNS_QUESTION,
        [NIB_MISMATCH_ANSWER] = NIB_GATE_DNS_ANSWER,
    };
    count(e, counters[mismatch]);
    return (struct nib_decision){.what = NIB_DROPPED_MISMATCH, .mismatch = mismatch};
}

/* The answer is there: all that waited go on. */
static struct nib_decision conclude(
    const struct event *e, struct nib_gate_fetch *fetch, const struct nib_message *m)
{
    struct nib_decision decision = decision_of(e, NIB_TOOK_ANSWER, fetch);
    struct nib_gate_fetch ended;
    struct nib_gate_query query;
    count(e, NIB_GATE_DNS_ANSWERS);
    end_fetch(e, fetch, &ended);
    while (nib_gate_next(e->gate->table, &ended, &query))
        pass_on(e, &query, &ended, m);
    return decision;
}

struct nib_decision nib_gate_dns_reply(struct nib_gate_dns *gate, nib_ms now, struct nib_slot slot,
    const uint8_t *octets, size_t len, struct nib_outputs *out)
{
    const struct event e = {gate, now, out};
    struct nib_gate_fetch *fetch = nib_gate_fetch_in(gate->table, slot);
    struct nib_message m;
    size_t bad;
    if (fetch == NULL)
        return drop(&e, NIB_GATE_DNS_LATE, NIB_DROPPED_LATE);
    enum nib_err err = nib_message_decode(&m, octets, len, &bad);
    if (err != NIB_OK) {
        count(&e, NIB_GATE_DNS_MALFORMED);
        return (struct nib_decision){.what = NIB_DROPPED_MALFORMED, .rule = err};
    }
    struct nib_message query = {
        .id = fetch->id, .qtype = fetch->type, .qname = nib_gate_fetch_name(fetch)};
    enum nib_mismatch mismatch = nib_message_fits(&query, &m);
    return mismatch == NIB_FITS ? conclude(&e, fetch, &m) : mismatched(&e, mismatch);
}

struct nib_decision nib_gate_dns_unreachable(
    struct nib_gate_dns *gate, struct nib_slot slot, struct nib_outputs *out)
{
    const struct event e = {gate, 0, out};
    struct nib_gate_fetch *fetch = nib_gate_fetch_in(gate->table, slot);
    struct nib_decision decision = {.what = NIB_DROPPED_LATE};
    if (fetch == NULL)
        return decision;
    decision = decision_of(&e, NIB_UNREACHABLE, fetch);
    count(&e, NIB_GATE_DNS_UNREACHABLE);
    give_up(&e, fetch);
    return decision;
}

void nib_gate_dns_tick(struct nib_gate_dns *gate, nib_ms now, struct nib_outputs *out)
{
    const struct event e = {gate, now, out};
    struct nib_heap *retries = &gate->table->retries;
    while (nib_heap_due(retries) <= now) {
        struct nib_gate_fetch *fetch = &gate->table->fetches[nib_heap_first(retries)];
        count(&e, NIB_GATE_DNS_TIMEOUTS);
        if (fetch->tried == gate->config.tries) {
            give_up(&e, fetch);
        } else {
            count(&e, NIB_GATE_DNS_RETRIES);
            ask(&e, fetch, NIB_ASKED_AGAIN);
        }
    }
}

void nib_gate_dns_answer_unsent(struct nib_gate_dns *gate)
{
    gate->counters[NIB_GATE_DNS_ANSWERED]--;
    gate->counters[NIB_GATE_DNS_DROPPED_UNSENT]++;
}

void nib_gate_dns_counters(const struct nib_gate_dns *gate, struct nib_writer *w)
{
    static const char *const names[] = {
#define X(symbol, name) name,
        NIB_GATE_DNS_COUNTERS(X)
#undef X
    };
    uint64_t values[NIB_GATE_DNS_COUNT];
    memcpy(values, gate->counters, sizeof values);
    values[NIB_GATE_DNS_WAITING] = gate->table->n_queries;
    nib_counters_text(w, names, values, NIB_GATE_DNS_COUNT);
}
