#include "nibdns/client.h"

void nib_client_init(struct nib_client *client, struct nib_table *table,
    const struct nib_addr *server, nib_ms timeout_ms, uint32_t tries)
{
    *client = (struct nib_client){.table = table,
        .server = *server,
        .timeout_ms = timeout_ms,
        .tries = tries,
        .due = NIB_NEVER};
}

static void end(struct nib_client *client, enum nib_client_status status, struct nib_outputs *out)
{
    client->status = status;
    client->due = NIB_NEVER;
    if (client->tried > 0)
        nib_outputs_close(out, client->slot);
}

static void keep_result(
    struct nib_client *client, enum nib_type type, struct nib_text result, uint32_t ttl_s)
{
    client->atype = type;
    client->ttl_s = ttl_s;
    client->result_len = result.len;
    memcpy(client->result, result.ptr, result.len);
}

static struct nib_decision try_it(
    struct nib_client *client, nib_ms now, enum nib_decided what, struct nib_outputs *out)
{
    struct nib_decision decision = {.what = what, .number = client->id, .addr = client->server};
    uint8_t *octets = nib_outputs_reserve(out);
    client->due = now + (client->timeout_ms << client->tried);
    client->tried++;
    if (octets != NULL) {
        memcpy(octets, client->query, client->query_len);
        nib_outputs_query(out, client->slot, &client->server, client->query_len, &decision);
    }
    return decision;
}

static void forget_last(struct nib_client *client, enum nib_type type)
{
    memset(client->discarded, 0, sizeof client->discarded);
    client->type = client->atype = type;
    client->tried = 0;
    client->ttl_s = 0;
    client->result_len = 0;
}

/* What has become of a walk: where it has ended, so has the lookup. */
static void follow_walk(struct nib_client *client, nib_ms now)
{
    static const enum nib_client_status statuses[] = {[NIB_FOUND] = NIB_CLIENT_FOUND,
        [NIB_NOT_FOUND] = NIB_CLIENT_NOT_FOUND,
        [NIB_FAILURE] = NIB_CLIENT_FAILURE};
    const struct nib_walk *walk = client->walk;
    client->due = nib_walk_deadline(walk);
    client->tried = walk->datagrams;
    if (!walk->ended)
        return;
    client->status = walk->silent ? NIB_CLIENT_NO_ANSWER : statuses[walk->outcome];
    if (walk->outcome != NIB_FOUND)
        return;
    struct nib_text result = {walk->result, walk->result_len};
    keep_result(client, client->type, result, walk->ttl_s);
    (void)nib_table_store(client->table, now, client->name, client->type, result, walk->ttl_s);
}

struct nib_decision nib_client_start(struct nib_client *client, nib_ms now, struct nib_text name,
    enum nib_type type, struct nib_outputs *out)
{
    struct nib_rr rr;
    struct nib_message m = {.id = client->next_id, .qtype = type, .qname = name};
    (void)nib_cache_expire(client->table->cache, now, UINT32_MAX);
    forget_last(client, type);
    client->id = m.id;
    client->query_len = nib_message_encode(client->query, sizeof client->query, &m);
    client->name = (struct nib_text){(const char *)client->query + NIB_AT_QNAME, name.len};
    struct nib_key key = nib_key_of(name, client->table->zone->seed);
    /* NIB-8.15: the own table first */
    client->from_table = nib_table_find(client->table, now, key, type, &rr);
    if (client->from_table) {
        keep_result(client, type, rr.result, rr.ttl_s);
        end(client, NIB_CLIENT_FOUND, out);
        return (struct nib_decision){.what = NIB_FOUND_IN_TABLE, .number = rr.no};
    }
    if (client->walk != NULL) {
        nib_walk_start(client->walk, now, client->name, type, out);
        follow_walk(client, now);
        return (struct nib_decision){.what = NIB_ASKED, .addr = client->server};
    }
    client->next_id++;
    client->slot.serial++;
    return try_it(client, now, NIB_ASKED, out);
}

bool nib_discard_of(const struct nib_decision *decision, enum nib_discard *reason)
{
    static const enum nib_discard mismatches[NIB_MISMATCH_COUNT] = {
        [NIB_MISMATCH_FLAG] = NIB_DISCARD_FLAG,
        [NIB_MISMATCH_ID] = NIB_DISCARD_ID,
        [NIB_MISMATCH_QUESTION] = NIB_DISCARD_QUESTION,
        [NIB_MISMATCH_ANSWER] = NIB_DISCARD_ANSWER,
    };
    if (decision->what == NIB_DROPPED_SOURCE)
        *reason = NIB_DISCARD_SOURCE;
    else if (decision->what == NIB_DROPPED_MALFORMED)
        *reason = NIB_DISCARD_MALFORMED;
    else if (decision->what == NIB_DROPPED_MISMATCH)
        *reason = mismatches[decision->mismatch];
    else
        return false;
    return true;
}

/* Decodes a datagram, and says what it is to the lookup under way. */
static struct nib_decision classify(const struct nib_client *client, const struct nib_addr *from,
    const uint8_t *octets, size_t len, struct nib_message *m)
{
    struct nib_message query = {.id = client->id, .qtype = client->type, .qname = client->name};
    size_t bad;
    if (client->due == NIB_NEVER) /* nothing is asked: whatever this is, it comes late (NIB-6.7) */
        return (struct nib_decision){.what = NIB_DROPPED_LATE};
    if (!nib_addr_equal(from, &client->server)) /* NIB-6.5, NIB-6.6 */
        return (struct nib_decision){.what = NIB_DROPPED_SOURCE};
    enum nib_err err = nib_message_decode(m, octets, len, &bad);
    if (err != NIB_OK)
        return (struct nib_decision){.what = NIB_DROPPED_MALFORMED, .rule = err};
    enum nib_mismatch mismatch = nib_message_fits(&query, m);
    if (mismatch != NIB_FITS)
        return (struct nib_decision){.what = NIB_DROPPED_MISMATCH, .mismatch = mismatch};
    return (struct nib_decision){.what = NIB_TOOK_ANSWER, .number = client->id, .addr = *from};
}

struct nib_decision nib_client_input(struct nib_client *client, nib_ms now,
    const struct nib_addr *from, const uint8_t *octets, size_t len, struct nib_outputs *out)
{
    static const enum nib_client_status statuses[] = {[NIB_FOUND] = NIB_CLIENT_FOUND,
        [NIB_NOT_FOUND] = NIB_CLIENT_NOT_FOUND,
        [NIB_FAILURE] = NIB_CLIENT_FAILURE};
    struct nib_message m;
    enum nib_discard reason;
    bool walks = client->walk != NULL && client->due != NIB_NEVER;
    struct nib_decision decision = walks ? nib_walk_input(client->walk, now, from, octets, len, out)
                                         : classify(client, from, octets, len, &m);
    if (walks)
        follow_walk(client, now);
    if (nib_discard_of(&decision, &reason))
        client->discarded[reason]++;
    if (walks || decision.what != NIB_TOOK_ANSWER)
        return decision;
    if (m.outcome == NIB_FOUND) {
        keep_result(client, m.atype, m.result, m.ttl_s);
        (void)nib_table_store(client->table, now, m.qname, m.atype, m.result, m.ttl_s);
    }
    end(client, statuses[m.outcome], out);
    return decision;
}

struct nib_decision nib_client_unreachable(
    struct nib_client *client, nib_ms now, struct nib_outputs *out)
{
    if (client->due == NIB_NEVER)
        return (struct nib_decision){.what = NIB_DECIDED_NOTHING};
    if (client->walk != NULL) {
        struct nib_decision decision = nib_walk_unreachable(client->walk, now, out);
        follow_walk(client, now);
        return decision;
    }
    end(client, NIB_CLIENT_NO_ANSWER, out);
    return (struct nib_decision){
        .what = NIB_UNREACHABLE, .number = client->id, .addr = client->server};
}

struct nib_decision nib_client_tick(struct nib_client *client, nib_ms now, struct nib_outputs *out)
{
    if (now < client->due)
        return (struct nib_decision){.what = NIB_DECIDED_NOTHING};
    if (client->walk != NULL) {
        nib_walk_tick(client->walk, now, out);
        follow_walk(client, now);
        return (struct nib_decision){.what = NIB_ASKED_AGAIN, .addr = *nib_client_asked(client)};
    }
    if (client->tried < client->tries)
        return try_it(client, now, NIB_ASKED_AGAIN, out);
    end(client, NIB_CLIENT_NO_ANSWER, out);
    return (struct nib_decision){.what = NIB_GAVE_UP, .addr = client->server};
}

const char *nib_discard_words(enum nib_discard reason)
{
    switch (reason) {
#define X(symbol, words)                                                                           \
    case symbol:                                                                                   \
        return words;
        NIB_DISCARDS(X)
#undef X
    case NIB_DISCARD_COUNT:
        break;
    }
    return "";
}
