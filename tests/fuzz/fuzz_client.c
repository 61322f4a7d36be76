/*
 * The client over a stream of lookups, datagrams and times: a lookup asks at most `tries` times and
 * ends; what is thrown away is counted once; only what the text says is stored.
 */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "nibdns/client.h"

enum { RECORDS = 3 };

/* The client, and what the test knows of the lookup under way. */
struct world {
    struct nib_client client;
    struct nib_outputs outputs;
    struct nib_table table;
    struct nib_zone zone;
    struct nib_cache cache;
    nib_ms now;
    bool waiting;
    uint32_t sent, ids, thrown_away;
    struct nib_addr server;
};

static uint32_t discards(const struct nib_client *client)
{
    uint32_t n = 0;
    for (int i = 0; i < NIB_DISCARD_COUNT; i++)
        n += client->discarded[i];
    return n;
}

/* The query that is to be sent: one message, the same octets at each try. */
static void check_query(struct world *w, const uint8_t *before, size_t before_len)
{
    struct nib_client *c = &w->client;
    struct nib_message m;
    size_t bad;
    INVARIANT(
        nib_message_decode(&m, c->query, c->query_len, &bad) == NIB_OK && m.flag == NIB_QUERY);
    INVARIANT(m.id == c->id && m.qtype == c->type && m.id == w->ids);
    if (w->sent > 0)
        INVARIANT(before_len == c->query_len && memcmp(before, c->query, before_len) == 0);
    w->sent++;
    INVARIANT(w->sent == c->tried && c->tried <= c->tries);
    INVARIANT(nib_client_deadline(c) == w->now + (c->timeout_ms << (w->sent - 1)));
}

static void check_done(struct world *w)
{
    struct nib_client *c = &w->client;
    size_t bad;
    INVARIANT(nib_client_deadline(c) == NIB_NEVER);
    w->waiting = false;
    if (c->status != NIB_CLIENT_FOUND)
        return;
    struct nib_text result = {c->result, c->result_len};
    INVARIANT(nib_result_check(c->atype, result, &bad) == NIB_OK);
    INVARIANT(c->atype == c->type || c->atype == NIB_CNAME);
    INVARIANT(!c->from_table || (c->ttl_s > 0 && w->sent == 0));
}

/* The query that a call wants sent; there is at most one, and the socket closes at the end. */
static const struct nib_output *wanted(const struct world *w, bool ended)
{
    const struct nib_output *query = NULL;
    bool closes = false;
    for (uint32_t i = 0; i < w->outputs.n; i++) {
        const struct nib_output *o = &w->outputs.items[i];
        INVARIANT(o->kind == NIB_OUTPUT_CLOSE ? !closes : query == NULL);
        INVARIANT(o->slot.serial == w->client.slot.serial);
        closes = closes || o->kind == NIB_OUTPUT_CLOSE;
        query = o->kind == NIB_OUTPUT_QUERY ? o : query;
    }
    INVARIANT(closes == (ended && w->sent > 0));
    return query;
}

static void step(struct world *w)
{
    static uint8_t before[NIB_QUERY_MAX];
    static size_t before_len;
    bool ended = w->waiting && nib_client_deadline(&w->client) == NIB_NEVER;
    const struct nib_output *query = wanted(w, ended);
    if (query != NULL) {
        INVARIANT(w->waiting && !ended && w->sent < w->client.tries);
        INVARIANT(nib_addr_equal(&query->path.peer, &w->server));
        INVARIANT(query->len == w->client.query_len);
        INVARIANT(memcmp(query->octets, w->client.query, query->len) == 0);
        check_query(w, before, before_len);
        before_len = w->client.query_len;
        memcpy(before, w->client.query, before_len);
    }
    if (ended)
        check_done(w);
    nib_outputs_clear(&w->outputs);
}

static void ask(struct world *w, struct fuzz_input *in)
{
    struct nib_text name = fuzz_name(in);
    enum nib_type type = fuzz_type(in);
    if (w->waiting) /* one lookup at a time: the host waits for its end */
        return;
    uint32_t next = w->client.next_id;
    w->sent = w->thrown_away = 0;
    w->waiting = true;
    w->ids = next;
    (void)nib_client_start(&w->client, w->now, name, type, &w->outputs);
    step(w);
    INVARIANT(w->client.next_id == next + w->sent); /* NIB-8.15: none is used for a record found */
    INVARIANT(discards(&w->client) == 0);
}

/* NIB-7.5, NIB-7.6: whether this answer is one that is stored, under a new number. */
static bool will_store(const struct world *w, bool answers, const struct nib_message *m)
{
    struct nib_rr rr;
    return answers && m->outcome == NIB_FOUND && m->ttl_s > 0 &&
           !nib_table_find(&w->table, w->now, nib_key_of(m->qname, w->zone.seed), m->atype, &rr);
}

/* A datagram, from the server or not. */
static void datagram(struct world *w, struct fuzz_input *in, bool raw)
{
    uint8_t octets[NIB_MESSAGE_MAX + 1];
    struct nib_addr from = w->server;
    size_t len, bad;
    if (raw) {
        struct fuzz_input given = fuzz_take(in, fuzz_u8(in));
        len = given.len;
        if (len > 0)
            memcpy(octets, given.at, len);
    } else {
        len = fuzz_reply(in, w->client.query, w->client.query_len, octets);
    }
    if (fuzz_u8(in) % 8 == 0)
        from.port++;
    uint8_t *block = fuzz_block(octets, len);
    struct nib_message m = {0},
                       query = {.id = w->ids, .qtype = w->client.type, .qname = w->client.name};
    bool right = nib_addr_equal(&from, &w->server) &&
                 nib_message_decode(&m, block, len, &bad) == NIB_OK &&
                 nib_message_fits(&query, &m) == NIB_FITS;
    bool was_waiting = w->waiting;
    uint64_t no = w->table.next_no + will_store(w, was_waiting && right, &m);
    struct nib_decision decision =
        nib_client_input(&w->client, w->now, &from, block, len, &w->outputs);
    INVARIANT((decision.what == NIB_TOOK_ANSWER) == (was_waiting && right));
    INVARIANT(w->table.next_no == no);
    w->thrown_away += was_waiting && !right;
    step(w);
    INVARIANT(w->waiting == (was_waiting && !right));
    INVARIANT(discards(&w->client) == w->thrown_away);
    free(block);
}

/* NIB-7.4, NIB-7.6, NIB-7.8: what the table holds. */
static void check_table(struct world *w)
{
    struct nib_rr rr;
    uint32_t at = 0, n = 0;
    uint64_t last = 0;
    INVARIANT(w->cache.n <= RECORDS);
    while (nib_cache_walk(&w->cache, w->now, &at, &rr)) {
        size_t bad;
        INVARIANT(rr.ttl_s >= 1 && rr.ttl_s <= NIB_TTL_MAX && !rr.is_static);
        INVARIANT(n == 0 || rr.no > last);
        INVARIANT(nib_name_check(rr.name, &bad) == NIB_OK);
        INVARIANT(nib_result_outcome(rr.result) == NIB_FOUND);
        last = rr.no;
        n++;
    }
}

static void event(struct world *w, struct fuzz_input *in)
{
    static const nib_ms steps[] = {0, 1, 999, 1000, 1001, 60000, 300000, 3000000000};
    switch (fuzz_below(in, 6)) {
    case 0:
        ask(w, in);
        break;
    case 1:
    case 2:
        datagram(w, in, false);
        break;
    case 3:
        datagram(w, in, true);
        break;
    case 4:
        w->now += steps[fuzz_below(in, 8)];
        (void)nib_client_tick(&w->client, w->now, &w->outputs);
        step(w);
        break;
    default:
        if (w->waiting && fuzz_u8(in) % 4 == 0) {
            (void)nib_client_unreachable(&w->client, w->now, &w->outputs);
            step(w);
            INVARIANT(!w->waiting);
        } else if (w->waiting) { /* one before the deadline nothing happens, at it something does */
            w->now = nib_client_deadline(&w->client) - 1;
            (void)nib_client_tick(&w->client, w->now, &w->outputs);
            INVARIANT(w->outputs.n == 0 && nib_client_deadline(&w->client) == w->now + 1);
            w->now++;
            (void)nib_client_tick(&w->client, w->now, &w->outputs);
            INVARIANT(w->outputs.n == 1);
            step(w);
        }
        break;
    }
    check_table(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct fuzz_input in = {octets, len};
    struct world w = {.server = {.ip = {127, 0, 0, 1}, .port = 21000, .family = 4}};
    uint64_t seed = fuzz_u8(&in);
    void *memory = fuzz_zeroed(nib_cache_bytes(RECORDS));
    void *zone = fuzz_zeroed(nib_zone_bytes(0, 0));
    void *outputs = fuzz_zeroed(nib_outputs_bytes(NIB_CLIENT_OUTPUTS));
    nib_outputs_init(&w.outputs, outputs, NIB_CLIENT_OUTPUTS);
    nib_cache_init(&w.cache, memory, RECORDS, seed);
    nib_zone_init(&w.zone, zone, 0, 0, seed);
    w.table = (struct nib_table){.zone = &w.zone, .cache = &w.cache};
    nib_client_init(&w.client, &w.table, &w.server, 1 + fuzz_u8(&in), 1 + fuzz_below(&in, 16));
    w.client.next_id = fuzz_u8(&in) % 4 == 3 ? UINT32_MAX : 0;
    while (in.len > 0)
        event(&w, &in);
    fuzz_print(&w.table, w.now);
    for (int i = 0; i < NIB_DISCARD_COUNT; i++)
        INVARIANT(nib_discard_words((enum nib_discard)i)[0] != '\0');
    free(outputs);
    free(zone);
    free(memory);
    return 0;
}
