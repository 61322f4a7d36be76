#include "nibdns/gate_nibdns.h"

/*
 *     query --> fetch over UDP --TC--> fetch over TCP
 *                 |  ^-- FORMERR or NOTIMP: once more, without EDNS
 *                 v
 *               NOERROR, NXDOMAIN --> the record, the CNAME, Record not found
 *               any other code, silence, nobody there --> Server failure
 */

/* What is said to those who wait. */
struct verdict {
    enum nib_gate_nibdns_counter what;
    enum nib_type type; /* of the result; the question's for a miss */
    uint32_t ttl_s;
    size_t len;
    char text[NIB_RESULT_MAX];
};

static void count(struct nib_gate_nibdns *gate, enum nib_gate_nibdns_counter which)
{
    gate->counters[which]++;
}

void nib_gate_nibdns_init(
    struct nib_gate_nibdns *gate, struct nib_gate_table *table, nib_ms timeout_ms, uint32_t tries)
{
    *gate = (struct nib_gate_nibdns){.table = table, .timeout_ms = timeout_ms, .tries = tries};
}

/* ---- answers ---- */

static struct verdict miss(
    enum nib_gate_nibdns_counter what, enum nib_type type, struct nib_text text)
{
    struct verdict verdict = {.what = what, .type = type, .len = text.len};
    memcpy(verdict.text, text.ptr, text.len);
    return verdict;
}

static enum nib_gate_nibdns_counter send_answer(struct nib_gate_nibdns *gate,
    const struct nib_gate_query *query, const struct verdict *verdict, struct nib_gate_outputs *out)
{
    struct nib_gate_output *output = nib_gate_append(out, NIB_GATE_ANSWER);
    struct nib_message m = {.id = query->id,
        .flag = NIB_RESPONSE,
        .qtype = query->type,
        .qname = nib_gate_query_name(query),
        .atype = verdict->type,
        .aname = nib_gate_query_name(query),
        .ttl_s = verdict->ttl_s,
        .result = {verdict->text, verdict->len}};
    output->path = query->path;
    output->len = (uint16_t)nib_message_encode(output->octets, sizeof output->octets, &m);
    count(gate, NIB_GATE_NIBDNS_ANSWERED);
    count(gate, verdict->what);
    return verdict->what;
}

/* ---- fetches ---- */

/* Each try waits twice as long as the one before; over TCP there is one, as long as the last. */
static nib_ms patience(const struct nib_gate_nibdns *gate, const struct nib_gate_fetch *fetch)
{
    return gate->timeout_ms << ((fetch->stream ? gate->tries : fetch->tried) - 1);
}

static void transmit(struct nib_gate_nibdns *gate, nib_ms now, struct nib_gate_fetch *fetch,
    struct nib_gate_outputs *out)
{
    struct nib_gate_output *output =
        nib_gate_append(out, fetch->stream ? NIB_GATE_SEND_STREAM : NIB_GATE_SEND);
    output->slot = nib_gate_slot(gate->table, fetch);
    output->len = (uint16_t)nib_dns_encode_query(output->octets, (uint16_t)fetch->id,
        nib_gate_fetch_name(fetch), fetch->type, !fetch->plain);
    nib_heap_set(&gate->table->retries, output->slot, now + patience(gate, fetch));
    count(gate, NIB_GATE_NIBDNS_MESSAGES);
}

static void begin_try(struct nib_gate_nibdns *gate, nib_ms now, struct nib_gate_fetch *fetch,
    struct nib_gate_outputs *out)
{
    fetch->tried++;
    transmit(gate, now, fetch, out);
}

/* The same try once more, in another way: on a socket and with an ID of its own. */
static void ask_otherwise(struct nib_gate_nibdns *gate, nib_ms now, struct nib_gate_fetch *fetch,
    struct nib_gate_outputs *out)
{
    nib_gate_append(out, NIB_GATE_CLOSE)->slot = nib_gate_slot(gate->table, fetch);
    fetch->id = nib_gate_new_id(gate->table);
    transmit(gate, now, fetch, out);
}

/* Frees the slot, and tells all who waited. */
static void conclude(struct nib_gate_nibdns *gate, struct nib_gate_fetch *fetch,
    const struct verdict *verdict, struct nib_gate_outputs *out)
{
    struct nib_gate_fetch ended = *fetch;
    struct nib_gate_query query;
    nib_gate_append(out, NIB_GATE_CLOSE)->slot = nib_gate_slot(gate->table, fetch);
    nib_gate_close(gate->table, fetch);
    while (nib_gate_next(gate->table, &ended, &query))
        (void)send_answer(gate, &query, verdict, out);
}

static void give_up(
    struct nib_gate_nibdns *gate, struct nib_gate_fetch *fetch, struct nib_gate_outputs *out)
{
    struct verdict failure = miss(NIB_GATE_NIBDNS_FAILURE, fetch->type, NIB_TEXT_FAILURE);
    conclude(gate, fetch, &failure, out);
}

/* ---- queries ---- */

/* Lets a query wait, on a fetch under way or a new one; where there is no room, it has failed. */
static enum nib_gate_nibdns_counter serve(struct nib_gate_nibdns *gate, nib_ms now,
    const struct nib_gate_query *query, struct nib_gate_outputs *out)
{
    struct nib_gate_table *table = gate->table;
    struct nib_text name = nib_gate_query_name(query);
    enum nib_gate_nibdns_counter what = NIB_GATE_NIBDNS_SHARED;
    struct nib_gate_fetch *fetch = NULL;
    if (table->n_queries < table->max_queries)
        fetch = nib_gate_find(table, name, query->type);
    if (fetch == NULL && table->n_queries < table->max_queries) {
        what = NIB_GATE_NIBDNS_FETCHES;
        fetch = nib_gate_open(table, name, query->type);
    }
    if (fetch == NULL) {
        struct verdict failure = miss(NIB_GATE_NIBDNS_FAILURE, query->type, NIB_TEXT_FAILURE);
        count(gate, NIB_GATE_NIBDNS_FULL);
        return send_answer(gate, query, &failure, out);
    }
    (void)nib_gate_wait(table, fetch, query); /* there is room */
    count(gate, what);
    if (what == NIB_GATE_NIBDNS_FETCHES)
        begin_try(gate, now, fetch, out);
    return what;
}

enum nib_gate_nibdns_counter nib_gate_nibdns_input(struct nib_gate_nibdns *gate, nib_ms now,
    const struct nib_path *path, const uint8_t *octets, size_t len, struct nib_gate_outputs *out)
{
    struct nib_message m;
    size_t bad;
    count(gate, NIB_GATE_NIBDNS_RECEIVED);
    enum nib_err err = nib_message_decode(&m, octets, len, &bad);
    if (err != NIB_OK) {
        count(gate, NIB_GATE_NIBDNS_DROPPED_MALFORMED);
        gate->malformed[err]++;
        return NIB_GATE_NIBDNS_DROPPED_MALFORMED;
    }
    if (m.flag != NIB_QUERY) {
        count(gate, NIB_GATE_NIBDNS_DROPPED_RESPONSE);
        return NIB_GATE_NIBDNS_DROPPED_RESPONSE;
    }
    struct nib_gate_query query = {
        .path = *path, .id = m.id, .type = m.qtype, .name_len = (uint8_t)m.qname.len};
    memcpy(query.name, m.qname.ptr, m.qname.len);
    if (nib_gate_repeats(gate->table, &query)) {
        count(gate, NIB_GATE_NIBDNS_DROPPED_REPEAT);
        return NIB_GATE_NIBDNS_DROPPED_REPEAT;
    }
    return serve(gate, now, &query, out);
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
        verdict.what = NIB_GATE_NIBDNS_FOUND;
    else if (has(m, NIB_CNAME, &verdict))
        verdict.what = NIB_GATE_NIBDNS_CNAME;
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

/* NIB_GATE_NIBDNS_ANSWERS when a message answers the fetch, to judge by its head; else why not. */
static enum nib_gate_nibdns_counter match(
    const struct nib_gate_fetch *fetch, const struct nib_dns_message *head)
{
    struct nib_dns_name name = nib_dns_name_of(nib_gate_fetch_name(fetch));
    if ((head->flags & NIB_DNS_QR) == 0 || (head->flags & NIB_DNS_OPCODE) != 0)
        return NIB_GATE_NIBDNS_FLAG;
    if (head->id != (uint16_t)fetch->id)
        return NIB_GATE_NIBDNS_ID;
    if (head->n_questions == 0 && is_without_edns(fetch, head, false))
        return NIB_GATE_NIBDNS_ANSWERS;
    if (head->n_questions != 1 || head->qclass != NIB_DNS_IN ||
        head->qtype != nib_dns_type_of(fetch->type) || !nib_dns_name_equal(&head->qname, &name))
        return NIB_GATE_NIBDNS_QUESTION;
    return NIB_GATE_NIBDNS_ANSWERS;
}

/* What follows from a message whose head answers the fetch. */
static enum nib_gate_nibdns_counter take_answer(struct nib_gate_nibdns *gate, nib_ms now,
    struct nib_gate_fetch *fetch, const struct nib_dns_message *head, const uint8_t *octets,
    size_t len, struct nib_gate_outputs *out)
{
    struct nib_dns_message m;
    if ((head->flags & NIB_DNS_TC) != 0 && !fetch->stream) { /* cut anywhere: not looked at */
        fetch->stream = true;
        ask_otherwise(gate, now, fetch, out);
        return NIB_GATE_NIBDNS_TRUNCATED;
    }
    if (nib_dns_decode(&m, octets, len) != NIB_DNS_OK)
        return NIB_GATE_NIBDNS_MALFORMED;
    if (is_without_edns(fetch, &m, m.edns)) {
        fetch->plain = true;
        ask_otherwise(gate, now, fetch, out);
        return NIB_GATE_NIBDNS_PLAIN;
    }
    struct verdict verdict = verdict_of(&m, fetch->type);
    conclude(gate, fetch, &verdict, out);
    return NIB_GATE_NIBDNS_ANSWERS;
}

enum nib_gate_nibdns_counter nib_gate_nibdns_reply(struct nib_gate_nibdns *gate, nib_ms now,
    uint32_t slot, const uint8_t *octets, size_t len, struct nib_gate_outputs *out)
{
    struct nib_gate_fetch *fetch = nib_gate_fetch_in(gate->table, slot);
    struct nib_dns_message head;
    enum nib_gate_nibdns_counter what;
    if (fetch == NULL)
        what = NIB_GATE_NIBDNS_LATE;
    else if (!nib_dns_decode_head(&head, octets, len))
        what = NIB_GATE_NIBDNS_MALFORMED;
    else
        what = match(fetch, &head);
    if (what == NIB_GATE_NIBDNS_ANSWERS)
        what = take_answer(gate, now, fetch, &head, octets, len, out);
    count(gate, what);
    return what;
}

/* A resolver that lets its streams fail gets no second one: TCP has its own retries. */
void nib_gate_nibdns_unreachable(
    struct nib_gate_nibdns *gate, uint32_t slot, struct nib_gate_outputs *out)
{
    struct nib_gate_fetch *fetch = nib_gate_fetch_in(gate->table, slot);
    if (fetch == NULL)
        return;
    count(gate, NIB_GATE_NIBDNS_UNREACHABLE);
    give_up(gate, fetch, out);
}

void nib_gate_nibdns_tick(struct nib_gate_nibdns *gate, nib_ms now, struct nib_gate_outputs *out)
{
    struct nib_heap *retries = &gate->table->retries;
    while (nib_heap_due(retries) <= now) {
        struct nib_gate_fetch *fetch = &gate->table->fetches[nib_heap_first(retries)];
        count(gate, NIB_GATE_NIBDNS_TIMEOUTS);
        if (fetch->tried == gate->tries || fetch->stream) {
            give_up(gate, fetch, out);
        } else {
            count(gate, NIB_GATE_NIBDNS_RETRIES);
            begin_try(gate, now, fetch, out);
        }
    }
}

void nib_gate_nibdns_unsent(struct nib_gate_nibdns *gate)
{
    gate->counters[NIB_GATE_NIBDNS_ANSWERED]--;
    count(gate, NIB_GATE_NIBDNS_DROPPED_UNSENT);
}

void nib_gate_nibdns_counters(const struct nib_gate_nibdns *gate, struct nib_writer *w)
{
    static const char *const names[] = {
#define X(symbol, name, words) name,
        NIB_GATE_NIBDNS_COUNTERS(X)
#undef X
    };
    uint64_t values[NIB_GATE_NIBDNS_COUNT];
    memcpy(values, gate->counters, sizeof values);
    values[NIB_GATE_NIBDNS_WAITING] = gate->table->n_queries;
    nib_counters_text(w, names, values, NIB_GATE_NIBDNS_COUNT);
    nib_counters_rules_text(w, gate->malformed);
}

const char *nib_gate_nibdns_words(enum nib_gate_nibdns_counter decision)
{
    static const char *const texts[] = {
#define X(symbol, name, words) words,
        NIB_GATE_NIBDNS_COUNTERS(X)
#undef X
    };
    return texts[decision];
}
