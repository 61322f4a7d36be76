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

static enum nib_client_step finish(struct nib_client *client, enum nib_client_status status)
{
    client->status = status;
    client->due = NIB_NEVER;
    return NIB_CLIENT_DONE;
}

static void keep_result(
    struct nib_client *client, enum nib_type type, struct nib_text result, uint32_t ttl_s)
{
    client->atype = type;
    client->ttl_s = ttl_s;
    client->result_len = result.len;
    memcpy(client->result, result.ptr, result.len);
}

static enum nib_client_step try_again(struct nib_client *client, nib_ms now)
{
    client->due = now + (client->timeout_ms << client->tried);
    client->tried++;
    return NIB_CLIENT_SEND;
}

enum nib_client_step nib_client_start(
    struct nib_client *client, nib_ms now, struct nib_text name, enum nib_type type)
{
    struct nib_rr rr;
    struct nib_message m = {.id = client->next_id, .qtype = type, .qname = name};
    (void)nib_cache_expire(client->table->cache, now, UINT32_MAX);
    memset(client->discarded, 0, sizeof client->discarded);
    client->id = m.id;
    client->type = type;
    client->tried = 0;
    client->atype = type;
    client->ttl_s = 0;
    client->result_len = 0;
    client->query_len = nib_message_encode(client->query, sizeof client->query, &m);
    client->name = (struct nib_text){(const char *)client->query + NIB_AT_QNAME, name.len};
    struct nib_key key = nib_key_of(name, client->table->zone->seed);
    /* NIB-8.15: the own table first */
    client->from_table = nib_table_find(client->table, now, key, type, &rr);
    if (client->from_table) {
        keep_result(client, type, rr.result, rr.ttl_s);
        return finish(client, NIB_CLIENT_FOUND);
    }
    client->next_id++;
    return try_again(client, now);
}

static enum nib_client_step discard(struct nib_client *client, enum nib_discard reason)
{
    client->discarded[reason]++;
    return NIB_CLIENT_WAIT;
}

enum nib_client_step nib_client_input(struct nib_client *client, nib_ms now,
    const struct nib_addr *from, const uint8_t *octets, size_t len)
{
    static const enum nib_discard reasons[NIB_MISMATCH_COUNT] = {
        [NIB_MISMATCH_FLAG] = NIB_DISCARD_FLAG,
        [NIB_MISMATCH_ID] = NIB_DISCARD_ID,
        [NIB_MISMATCH_QUESTION] = NIB_DISCARD_QUESTION,
        [NIB_MISMATCH_ANSWER] = NIB_DISCARD_ANSWER,
    };
    struct nib_message query = {.id = client->id, .qtype = client->type, .qname = client->name};
    struct nib_message m;
    size_t bad;
    if (client->due == NIB_NEVER) /* nothing is asked: whatever this is, it comes late (NIB-6.7) */
        return NIB_CLIENT_WAIT;
    if (!nib_addr_equal(from, &client->server)) /* NIB-6.5, NIB-6.6 */
        return discard(client, NIB_DISCARD_SOURCE);
    if (nib_message_decode(&m, octets, len, &bad) != NIB_OK)
        return discard(client, NIB_DISCARD_MALFORMED);
    enum nib_mismatch mismatch = nib_message_fits(&query, &m);
    if (mismatch != NIB_FITS)
        return discard(client, reasons[mismatch]);
    switch (m.outcome) {
    case NIB_NOT_FOUND:
        return finish(client, NIB_CLIENT_NOT_FOUND);
    case NIB_FAILURE:
        return finish(client, NIB_CLIENT_FAILURE);
    case NIB_FOUND:
        break;
    }
    keep_result(client, m.atype, m.result, m.ttl_s);
    (void)nib_table_store(client->table, now, m.qname, m.atype, m.result, m.ttl_s);
    return finish(client, NIB_CLIENT_FOUND);
}

enum nib_client_step nib_client_unreachable(struct nib_client *client)
{
    return finish(client, NIB_CLIENT_NO_ANSWER);
}

enum nib_client_step nib_client_tick(struct nib_client *client, nib_ms now)
{
    if (now < client->due)
        return NIB_CLIENT_WAIT;
    if (client->tried >= client->tries)
        return finish(client, NIB_CLIENT_NO_ANSWER);
    return try_again(client, now);
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
