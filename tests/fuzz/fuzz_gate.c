/*
 * Both directions of nibgate over a stream of queries, replies and times: whatever comes, what goes
 * out decodes, each query is answered once or waits, the tables keep their bounds, and without
 * answers all of it ends. The first octet chooses the direction.
 */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "nibdns/gate_dns.h"
#include "nibdns/gate_nibdns.h"

enum { FETCHES = 3, QUERIES = 5, SENT = 8, TRIES = 2, TIMEOUT_MS = 100 };

/* What was sent upstream lately, so that it can be replied to. */
struct sent {
    struct nib_slot slot;
    size_t len;
    uint8_t octets[NIB_MESSAGE_MAX];
};

struct world {
    bool dns;
    struct nib_gate_dns from_dns;
    struct nib_gate_nibdns to_dns;
    struct nib_gate_table table;
    struct nib_outputs out;
    nib_ms now;
    uint64_t received, answered;
    struct sent sent[SENT];
    unsigned n_sent;
};

/* A message that a DNS client or resolver would take. */
static void check_dns(const struct nib_output *o, bool response)
{
    struct nib_dns_message m;
    INVARIANT(nib_dns_decode(&m, o->octets, o->len) == NIB_DNS_OK);
    INVARIANT(((m.flags & NIB_DNS_QR) != 0) == response);
    INVARIANT(response || (m.n_questions == 1 && (m.flags & NIB_DNS_RD) != 0));
}

static void check_nibdns(const struct nib_output *o, bool response)
{
    struct nib_message m;
    size_t bad;
    INVARIANT(nib_message_decode(&m, o->octets, o->len, &bad) == NIB_OK);
    INVARIANT((m.flag == NIB_RESPONSE) == response);
}

static void keep(struct world *w, const struct nib_output *o)
{
    struct sent *sent = &w->sent[w->n_sent++ % SENT];
    sent->slot = o->slot;
    sent->len = o->len;
    memcpy(sent->octets, o->octets, o->len);
}

static void drain(struct world *w)
{
    char words[NIB_DECISION_TEXT_MAX];
    INVARIANT(w->out.n <= nib_gate_outputs_max(FETCHES, QUERIES, 1));
    for (uint32_t i = 0; i < w->out.n; i++) {
        const struct nib_output *o = &w->out.items[i];
        if (o->kind == NIB_OUTPUT_CLOSE)
            continue;
        bool answer = o->kind == NIB_OUTPUT_ANSWER;
        (w->dns == answer ? check_dns : check_nibdns)(o, answer);
        INVARIANT(nib_decision_text(&o->decision, words) > 0);
        w->answered += answer;
        if (!answer)
            keep(w, o);
    }
    nib_outputs_clear(&w->out);
    const uint64_t *c = w->dns ? w->from_dns.counters : w->to_dns.counters;
    uint64_t dropped = 0;
    int first = w->dns ? NIB_GATE_DNS_DROPPED_HEADER : NIB_GATE_NIBDNS_DROPPED_MALFORMED;
    int last = w->dns ? NIB_GATE_DNS_DROPPED_UNSENT : NIB_GATE_NIBDNS_DROPPED_UNSENT;
    for (int i = first; i <= last; i++)
        dropped += c[i];
    INVARIANT(c[0] == w->received && c[1] == w->answered);
    INVARIANT(w->received == w->answered + dropped + w->table.n_queries);
    INVARIANT(w->table.n_queries <= QUERIES && w->table.n_fetches <= FETCHES);
    INVARIANT((w->table.n_fetches == 0) == (nib_heap_due(&w->table.retries) == NIB_NEVER));
}

static void input(struct world *w, struct fuzz_input *in, const uint8_t *octets, size_t len)
{
    struct nib_path path = {.peer = {.ip = {192, 0, 2, 1}, .family = 4}};
    path.peer.port = (uint16_t)(40000 + fuzz_below(in, 3));
    path.stream = w->dns && fuzz_u8(in) % 4 == 0;
    uint8_t *block = fuzz_block(octets, len);
    w->received++;
    if (w->dns)
        (void)nib_gate_dns_input(&w->from_dns, w->now, &path, block, len, &w->out);
    else
        (void)nib_gate_nibdns_input(&w->to_dns, w->now, &path, block, len, &w->out);
    free(block);
}

static void ask(struct world *w, struct fuzz_input *in)
{
    uint8_t octets[NIB_MESSAGE_MAX];
    struct nib_text name = fuzz_name(in);
    enum nib_type type = fuzz_type(in);
    uint8_t id = fuzz_below(in, 3) & 0xff, how = fuzz_u8(in);
    if (w->dns) {
        size_t len = nib_dns_encode_query(octets, id, name, type, how & 1);
        if (how & 2)
            octets[12 + name.len + 3] = how; /* another type */
        input(w, in, octets, len);
        return;
    }
    struct nib_message m = {.id = id, .qtype = type, .qname = name};
    input(w, in, octets, nib_message_encode(octets, sizeof octets, &m));
}

static void reply(struct world *w, struct fuzz_input *in, const struct sent *sent,
    const uint8_t *octets, size_t len)
{
    struct nib_slot slot = sent->slot;
    slot.serial += fuzz_u8(in) % 8 == 7;
    uint8_t *block = fuzz_block(octets, len);
    if (w->dns)
        (void)nib_gate_dns_reply(&w->from_dns, w->now, slot, block, len, &w->out);
    else
        (void)nib_gate_nibdns_reply(&w->to_dns, w->now, slot, block, len, &w->out);
    free(block);
}

/* What a resolver would say: the query as a response, with a code, TC, and records behind it. */
static void resolve(struct world *w, struct fuzz_input *in, const struct sent *sent)
{
    static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
    uint8_t octets[NIB_MESSAGE_MAX + 64];
    size_t len = sent->len;
    uint8_t how = fuzz_u8(in);
    memcpy(octets, sent->octets, len);
    octets[2] |= how & 1 ? 0x82 : 0x80;
    octets[3] = how >> 1 & 0x0f;
    octets[11] = 0;
    len -= sent->octets[11] != 0 ? 11 : 0; /* without its EDNS */
    for (uint32_t n = how >> 5; n > 0 && len + sizeof record <= sizeof octets; n--) {
        memcpy(octets + len, record, sizeof record);
        octets[len + 3] = fuzz_u8(in) % 8 == 0 ? 5 : octets[len - 3];
        len += sizeof record;
        octets[7]++;
    }
    reply(w, in, sent, octets, len);
}

static void respond(struct world *w, struct fuzz_input *in)
{
    const struct sent *sent = &w->sent[fuzz_below(in, SENT)];
    uint8_t octets[NIB_MESSAGE_MAX + 1];
    if (sent->len == 0)
        return;
    if (!w->dns)
        resolve(w, in, sent);
    else
        reply(w, in, sent, octets, fuzz_reply(in, sent->octets, sent->len, octets));
}

static void tick(struct world *w)
{
    if (w->dns)
        nib_gate_dns_tick(&w->from_dns, w->now, &w->out);
    else
        nib_gate_nibdns_tick(&w->to_dns, w->now, &w->out);
    INVARIANT(nib_heap_due(&w->table.retries) > w->now);
}

static void event(struct world *w, struct fuzz_input *in)
{
    const struct sent *sent = &w->sent[fuzz_below(in, SENT)];
    struct fuzz_input raw;
    switch (fuzz_below(in, 6)) {
    case 0:
        raw = fuzz_take(in, fuzz_u8(in));
        input(w, in, raw.at, raw.len);
        break;
    case 1:
        raw = fuzz_take(in, fuzz_u8(in));
        reply(w, in, sent, raw.at, raw.len);
        break;
    case 2:
        w->now += (nib_ms)fuzz_u8(in) * 4;
        tick(w);
        break;
    case 3:
        if (w->dns)
            (void)nib_gate_dns_unreachable(&w->from_dns, sent->slot, &w->out);
        else
            (void)nib_gate_nibdns_unreachable(&w->to_dns, sent->slot, &w->out);
        break;
    case 4:
        respond(w, in);
        break;
    default:
        ask(w, in);
        break;
    }
    drain(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct fuzz_input in = {octets, len};
    struct nib_addr server = {.ip = {127, 0, 0, 1}, .port = 53, .family = 4};
    const struct nib_gate_dns_config dns = {server, TIMEOUT_MS, TRIES};
    const struct nib_gate_nibdns_config nibdns = {server, TIMEOUT_MS, TRIES};
    uint32_t most = nib_gate_outputs_max(FETCHES, QUERIES, 1);
    struct world *w = fuzz_zeroed(sizeof *w);
    void *table = fuzz_zeroed(nib_gate_table_bytes(FETCHES, QUERIES));
    void *out = fuzz_zeroed(nib_outputs_bytes(most));
    nib_gate_table_init(&w->table, table, FETCHES, QUERIES, 7);
    nib_outputs_init(&w->out, out, most);
    nib_gate_dns_init(&w->from_dns, &w->table, &dns);
    nib_gate_nibdns_init(&w->to_dns, &w->table, &nibdns);
    w->dns = fuzz_u8(&in) & 1;
    while (in.len > 0)
        event(w, &in);
    for (int i = 0; i < 4 * (TRIES + 1) + 1; i++) { /* up to four types, one after another */
        w->now += TIMEOUT_MS << TRIES;
        tick(w);
        drain(w);
    }
    INVARIANT(w->table.n_queries == 0 && w->table.n_fetches == 0);
    free(out);
    free(table);
    free(w);
    return 0;
}
