#include "nibdns/gate_nibdns.h"

/*
 *     query --> fetch over UDP --TC--> fetch over TCP
 *                 |  ^-- FORMERR or NOTIMP: once more, without EDNS
 *                 v
 *               NOERROR, NXDOMAIN --> the record, the CNAME, Record not found
 *               any other code, silence, nobody there --> Server failure
 */

/* One call from outside: the gate, the time, and where what is to be sent goes. */
struct event {
    struct nib_gate_nibdns *gate;
    nib_ms now;
    struct nib_outputs *out;
};

/* What is said to those who wait. */
struct verdict {
    enum nib_gate_nibdns_counter counter;
    enum nib_type type; /* of the result; the question's for a miss */
    uint32_t ttl_s;
    size_t len;
    char text[NIB_RESULT_MAX];
};

static void count(const struct event *e, enum nib_gate_nibdns_counter which)
{
    e->gate->counters[which]++;
}

void nib_gate_nibdns_init(struct nib_gate_nibdns *gate, struct nib_gate_table *table,
    const struct nib_gate_nibdns_config *config)
{
    *gate = (struct nib_gate_nibdns){.config = *config, .table = table};
}

/* ---- answers ---- */

static struct verdict miss(
    enum nib_gate_nibdns_counter counter, enum nib_type type, struct nib_text text)
{
    struct verdict verdict = {.counter = counter, .type = type, .len = text.len};
    memcpy(verdict.text, text.ptr, text.len);
    return verdict;
}

static void send_answer(const struct event *e, const struct nib_gate_query *query,
    const struct verdict *verdict, const struct nib_decision *decision)
{
    struct nib_message m = {.id = query->id,
        .flag = NIB_RESPONSE,
        .qtype = query->type,
        .qname = nib_gate_query_name(query),
        .atype = verdict->type,
        .aname = nib_gate_query_name(query),
        .ttl_s = verdict->ttl_s,
        .result = {verdict->text, verdict->len}};
    uint8_t *octets = nib_outputs_reserve(e->out);
    count(e, NIB_GATE_NIBDNS_ANSWERED);
    count(e, verdict->counter);
    if (octets == NULL)
        nib_gate_nibdns_answer_unsent(e->gate);
    else
        nib_outputs_answer(
            e->out, &query->path, nib_message_encode(octets, NIB_MESSAGE_MAX, &m), decision);
}

/* ---- fetches ---- */

static struct nib_decision decision_of(
    const struct event *e, enum nib_decided what, const struct nib_gate_fetch *fetch)
{
    return (struct nib_decision){.what = what, .number = fetch->id, .addr = e->gate->config.server};
}

/* Each try waits twice as long as the one before; over TCP there is one, as long as the last. */
static nib_ms patience(const struct event *e, const struct nib_gate_fetch *fetch)
{
    uint32_t tries = fetch->stream ? e->gate->config.tries : fetch->tried;
    return e->gate->config.timeout_ms << (tries - 1);
}

static struct nib_decision ask(
    const struct event *e, struct nib_gate_fetch *fetch, enum nib_decided what)
{
    struct nib_slot slot = nib_gate_slot(e->gate->table, fetch);
    struct nib_decision decision = decision_of(e, what, fetch);
    uint8_t *octets = nib_outputs_reserve(e->out);
    if (octets != NULL) {
        size_t len = nib_dns_encode_query(
            octets, (uint16_t)fetch->id, nib_gate_fetch_name(fetch), fetch->type, !fetch->plain);
        nib_outputs_query(e->out, slot, &e->gate->config.server, len, &decision);
        e->out->items[e->out->n - 1].path.stream = fetch->stream;
    }
    nib_heap_set(&e->gate->table->retries, slot.index, e->now + patience(e, fetch));
    count(e, NIB_GATE_NIBDNS_MESSAGES);
    return decision;
}

/* The same try once more, in another way: from a socket and with an ID of its own. */
static struct nib_decision ask_otherwise(
    const struct event *e, struct nib_gate_fetch *fetch, enum nib_decided what)
{
    nib_outputs_close(e->out, nib_gate_slot(e->gate->table, fetch));
    nib_gate_renew(e->gate->table, fetch);
    return ask(e, fetch, what);
}

/* Frees the place, and tells all who waited. */
static void conclude(const struct event *e, struct nib_gate_fetch *fetch,
    const struct verdict *verdict, enum nib_decided what)
{
    struct nib_decision decision = decision_of(e, what, fetch);
    struct nib_gate_fetch ended = *fetch;
    struct nib_gate_query query;
    nib_outputs_close(e->out, nib_gate_slot(e->gate->table, fetch));
    nib_gate_close(e->gate->table, fetch);
    while (nib_gate_next(e->gate->table, &ended, &query))
        send_answer(e, &query, verdict, &decision);
}

static void give_up(const struct event *e, struct nib_gate_fetch *fetch)
{
    struct verdict failure = miss(NIB_GATE_NIBDNS_FAILURE, fetch->type, NIB_TEXT_FAILURE);
    conclude(e, fetch, &failure, NIB_FAILED_SERVERS);
}

/* ---- queries ---- */

/* Lets a query wait, on a fetch under way or a new one; where there is no room, it has failed. */
static struct nib_decision serve(const struct event *e, const struct nib_gate_query *query)
{
    struct nib_gate_table *table = e->gate->table;
    struct nib_text name = nib_gate_query_name(query);
    struct nib_gate_fetch *fetch = NULL;
    bool has_room = table->n_queries < table->max_queries;
    if (has_room)
        fetch = nib_gate_find(table, name, query->type);
    bool joins = fetch != NULL;
    if (has_room && !joins)
        fetch = nib_gate_open(table, name, query->type);
    if (fetch == NULL) {
        struct verdict failure = miss(NIB_GATE_NIBDNS_FAILURE, query->type, NIB_TEXT_FAILURE);
        struct nib_decision decision = {.what = NIB_FAILED_FULL};
        count(e, NIB_GATE_NIBDNS_FULL);
        send_answer(e, query, &failure, &decision);
        return decision;
    }
    (void)nib_gate_wait(table, fetch, query); /* there is room */
    count(e, joins ? NIB_GATE_NIBDNS_SHARED : NIB_GATE_NIBDNS_FETCHES);
    if (joins)
        return decision_of(e, NIB_JOINED, fetch);
    fetch->tried = 1;
    return ask(e, fetch, NIB_ASKED);
}

static struct nib_decision drop(
    const struct event *e, enum nib_gate_nibdns_counter counter, struct nib_decision decision)
{
    count(e, counter);
    return decision;
}

struct nib_decision nib_gate_nibdns_input(struct nib_gate_nibdns *gate, nib_ms now,
    const struct nib_path *path, const uint8_t *octets, size_t len, struct nib_outputs *out)
{
    const struct event e = {gate, now, out};
    struct nib_message m;
    size_t bad;
    count(&e, NIB_GATE_NIBDNS_RECEIVED);
    enum nib_err err = nib_message_decode(&m, octets, len, &bad);
    if (err != NIB_OK) {
        gate->malformed[err]++;
        return drop(&e, NIB_GATE_NIBDNS_DROPPED_MALFORMED,
            (struct nib_decision){.what = NIB_DROPPED_MALFORMED, .rule = err});
    }
    if (m.flag != NIB_QUERY)
        return drop(&e, NIB_GATE_NIBDNS_DROPPED_RESPONSE,
            (struct nib_decision){.what = NIB_DROPPED_RESPONSE});
    struct nib_gate_query query = {
        .path = *path, .id = m.id, .type = m.qtype, .name_len = (uint8_t)m.qname.len};
    memcpy(query.name, m.qname.ptr, m.qname.len);
    if (nib_gate_repeats(gate->table, &query))
        return drop(
            &e, NIB_GATE_NIBDNS_DROPPED_REPEAT, (struct nib_decision){.what = NIB_DROPPED_REPEAT});
    return serve(&e, &query);
}

/* ---- the resolver's answers ---- */

static bool has(const struct nib_dns_message *m, enum nib_type type, struct verdict *verdict)
{
    *verdict = (struct verdict){.type = type};
    verdict->len = nib_dns_pick(m, type, &verdict->ttl_s, verdict->text);
    return verdict->len > 0;
}

static struct verdict verdict_of(const struct nib_dns_message *m, enum nib_type type)
{
    struct verdict verdict;
    if (m->rcode != NIB_DNS_NOERROR && m->rcode != NIB_DNS_NXDOMAIN)
        return miss(NIB_GATE_NIBDNS_FAILURE, type, NIB_TEXT_FAILURE);
    if (has(m, type, &verdict))
        verdict.counter = NIB_GATE_NIBDNS_FOUND;
    else if (has(m, NIB_CNAME, &verdict))
        verdict.counter = NIB_GATE_NIBDNS_CNAME;
    else
        verdict = miss(NIB_GATE_NIBDNS_NOT_FOUND, type, NIB_TEXT_NOT_FOUND);
    return verdict;
}

/* A resolver without EDNS may leave the question out where it says so (RFC 6891, section 7). */
static bool is_without_edns(
    const struct nib_gate_fetch *fetch, const struct nib_dns_message *head, bool edns)
{
    return !fetch->plain && !edns &&
           (head->rcode == NIB_DNS_FORMERR || head->rcode == NIB_DNS_NOTIMP);
}

/* Whether a message answers the fetch, to judge by its head. */
static enum nib_mismatch match(
    const struct nib_gate_fetch *fetch, const struct nib_dns_message *head)
{
    struct nib_dns_name name = nib_dns_name_of(nib_gate_fetch_name(fetch));
    if ((head->flags & NIB_DNS_QR) == 0 || (head->flags & NIB_DNS_OPCODE) != 0)
        return NIB_MISMATCH_FLAG;
    if (head->id != (uint16_t)fetch->id)
        return NIB_MISMATCH_ID;
    if (head->n_questions == 0 && is_without_edns(fetch, head, false))
        return NIB_FITS;
    if (head->n_questions != 1 || head->qclass != NIB_DNS_IN ||
        head->qtype != nib_dns_type_of(fetch->type) || !nib_dns_name_equal(&head->qname, &name))
        return NIB_MISMATCH_QUESTION;
    return NIB_FITS;
}

static struct nib_decision mismatched(const struct event *e, enum nib_mismatch mismatch)
{
    static const enum nib_gate_nibdns_counter counters[NIB_MISMATCH_COUNT] = {
        [NIB_MISMATCH_FLAG] = NIB_GATE_NIBDNS_FLAG,
        [NIB_MISMATCH_ID] = NIB_GATE_NIBDNS_ID,
        [NIB_MISMATCH_QUESTION] = NIB_GATE_NIBDNS_QUESTION,
    };
    return drop(e, counters[mismatch],
        (struct nib_decision){.what = NIB_DROPPED_MISMATCH, .mismatch = mismatch});
}

static struct nib_decision malformed(const struct event *e, enum nib_dns_err err)
{
    return drop(e, NIB_GATE_NIBDNS_MALFORMED,
        (struct nib_decision){.what = NIB_DNS_DROPPED_MALFORMED, .dns_err = err});
}

/* What follows from a message whose head answers the fetch. */
static struct nib_decision take_answer(const struct event *e, struct nib_gate_fetch *fetch,
    const struct nib_dns_message *head, const uint8_t *octets, size_t len)
{
    struct nib_dns_message m;
    if ((head->flags & NIB_DNS_TC) != 0 && !fetch->stream) { /* cut anywhere: not looked at */
        count(e, NIB_GATE_NIBDNS_TRUNCATED);
        fetch->stream = true;
        return ask_otherwise(e, fetch, NIB_DNS_ASKED_STREAM);
    }
    enum nib_dns_err err = nib_dns_decode(&m, octets, len);
    if (err != NIB_DNS_OK)
        return malformed(e, err);
    if (is_without_edns(fetch, &m, m.edns)) {
        count(e, NIB_GATE_NIBDNS_PLAIN);
        fetch->plain = true;
        return ask_otherwise(e, fetch, NIB_DNS_ASKED_PLAIN);
    }
    struct nib_decision decision = decision_of(e, NIB_TOOK_ANSWER, fetch);
    struct verdict verdict = verdict_of(&m, fetch->type);
    count(e, NIB_GATE_NIBDNS_ANSWERS);
    conclude(e, fetch, &verdict, NIB_ANSWERED_FETCH);
    return decision;
}

struct nib_decision nib_gate_nibdns_reply(struct nib_gate_nibdns *gate, nib_ms now,
    struct nib_slot slot, const uint8_t *octets, size_t len, struct nib_outputs *out)
{
    const struct event e = {gate, now, out};
    struct nib_gate_fetch *fetch = nib_gate_fetch_in(gate->table, slot);
    struct nib_dns_message head;
    if (fetch == NULL)
        return drop(&e, NIB_GATE_NIBDNS_LATE, (struct nib_decision){.what = NIB_DROPPED_LATE});
    if (!nib_dns_decode_head(&head, octets, len))
        return malformed(&e, NIB_DNS_ERR_HEADER);
    enum nib_mismatch mismatch = match(fetch, &head);
    return mismatch == NIB_FITS ? take_answer(&e, fetch, &head, octets, len)
                                : mismatched(&e, mismatch);
}

/* A resolver that lets its streams fail gets no second one: TCP has its own retries. */
struct nib_decision nib_gate_nibdns_unreachable(
    struct nib_gate_nibdns *gate, struct nib_slot slot, struct nib_outputs *out)
{
    const struct event e = {gate, 0, out};
    struct nib_gate_fetch *fetch = nib_gate_fetch_in(gate->table, slot);
    struct nib_decision decision = {.what = NIB_DROPPED_LATE};
    if (fetch == NULL)
        return decision;
    decision = decision_of(&e, NIB_UNREACHABLE, fetch);
    count(&e, NIB_GATE_NIBDNS_UNREACHABLE);
    give_up(&e, fetch);
    return decision;
}

void nib_gate_nibdns_tick(struct nib_gate_nibdns *gate, nib_ms now, struct nib_outputs *out)
{
    const struct event e = {gate, now, out};
    struct nib_heap *retries = &gate->table->retries;
    while (nib_heap_due(retries) <= now) {
        struct nib_gate_fetch *fetch = &gate->table->fetches[nib_heap_first(retries)];
        count(&e, NIB_GATE_NIBDNS_TIMEOUTS);
        if (fetch->tried == gate->config.tries || fetch->stream) {
            give_up(&e, fetch);
        } else {
            fetch->tried++;
            count(&e, NIB_GATE_NIBDNS_RETRIES);
            (void)ask(&e, fetch, NIB_ASKED_AGAIN);
        }
    }
}

void nib_gate_nibdns_answer_unsent(struct nib_gate_nibdns *gate)
{
    gate->counters[NIB_GATE_NIBDNS_ANSWERED]--;
    gate->counters[NIB_GATE_NIBDNS_DROPPED_UNSENT]++;
}

void nib_gate_nibdns_counters(const struct nib_gate_nibdns *gate, struct nib_writer *w)
{
    static const char *const names[] = {
#define X(symbol, name) name,
        NIB_GATE_NIBDNS_COUNTERS(X)
#undef X
    };
    uint64_t values[NIB_GATE_NIBDNS_COUNT];
    memcpy(values, gate->counters, sizeof values);
    values[NIB_GATE_NIBDNS_WAITING] = gate->table->n_queries;
    nib_counters_text(w, names, values, NIB_GATE_NIBDNS_COUNT);
    nib_counters_rules_text(w, gate->malformed);
}
