#include "nibpcap/base/verdict.h"

enum { COPY_NS = 1000000 };

const char *verdict_words(enum verdict verdict)
{
    static const char *const words[] = {
#define X(symbol, text) [symbol] = text,
        VERDICTS(X)
#undef X
    };
    return words[verdict];
}

const char *reason_words(int reason)
{
    return reason == REASON_SOURCE ? "wrong source" : nib_mismatch_words((enum nib_mismatch)reason);
}

/* ---- what is forgotten ---- */

static void forgotten(void *ctx, struct exchange *x)
{
    struct verdicts *verdicts = ctx;
    if (!x->ended && verdicts->unanswered != NULL)
        verdicts->unanswered(verdicts->ctx, x);
    request_close(&verdicts->requests, x);
}

void verdicts_init(struct verdicts *verdicts, struct hosts *hosts, uint64_t seed)
{
    *verdicts = (struct verdicts){.hosts = hosts};
    exchanges_init(&verdicts->exchanges, seed);
    requests_init(&verdicts->requests);
    verdicts->exchanges.ctx = verdicts;
    verdicts->exchanges.forgotten = forgotten;
}

void verdicts_finish(struct verdicts *verdicts)
{
    exchanges_finish(&verdicts->exchanges);
    requests_finish(&verdicts->requests);
}

/* Time only goes on, whatever the capture's clock did. */
static void pass_time(struct verdicts *verdicts, int64_t now_ns)
{
    if (!verdicts->begun || now_ns > verdicts->latest_ns)
        verdicts->latest_ns = now_ns;
    verdicts->begun = true;
    exchanges_expire(&verdicts->exchanges, verdicts->latest_ns);
}

/* ---- queries ---- */

static bool is_soon(int64_t now_ns, int64_t then_ns)
{
    return now_ns - then_ns < COPY_NS && then_ns - now_ns < COPY_NS;
}

/* Where that exchange went to the other one and has no response yet. */
static bool waits_for(const struct exchange *x, const struct nib_addr *other)
{
    return x != NULL && !x->ended && nib_addr_equal(&x->server, other);
}

static void learn_hosts(struct verdicts *verdicts, const struct nib_packet_udp *d)
{
    const struct asker *receiver = asker_find(&verdicts->exchanges, &d->dst);
    if (receiver == NULL && hosts_server(verdicts->hosts, d->src.port) == ROLE_STRANGER)
        hosts_learn(verdicts->hosts, d->dst.port);
}

/* A new one. Between a client and a local server it is a request, upstream it has one. */
static void begin(struct verdicts *verdicts, const struct seen *seen, struct judgement *j)
{
    const struct nib_packet_udp *d = &seen->packet.udp;
    learn_hosts(verdicts, d);
    enum role to = hosts_server(verdicts->hosts, d->dst.port);
    bool by_server = hosts_server(verdicts->hosts, d->src.port) != ROLE_STRANGER;
    const struct asker *receiver = asker_find(&verdicts->exchanges, &d->dst);
    if (receiver != NULL && waits_for(receiver->last, &d->src)) {
        j->reason = NIB_MISMATCH_FLAG;
        j->frame = receiver->last->query_frame;
    }
    struct exchange *x = exchange_begin(
        &verdicts->exchanges, &d->src, &d->dst, &seen->m, seen->frame.no, verdicts->latest_ns);
    x->query_ns = x->seen_ns = seen->frame.time_ns;
    x->to_local = to == ROLE_LOCAL;
    x->asker->n_local += x->to_local;
    if (to == ROLE_LOCAL && !by_server)
        request_open(&verdicts->requests, x);
    if (to == ROLE_AMAZONE && !by_server)
        request_cause(&verdicts->requests, x);
    j->verdict = VERDICT_QUERY;
    j->exchange = x;
    j->for_frame = x->for_frame;
}

static void judge_query(struct verdicts *verdicts, const struct seen *seen, struct judgement *j)
{
    const struct nib_packet_udp *d = &seen->packet.udp;
    struct exchange *x = exchange_find(&verdicts->exchanges, &d->src, &d->dst, &seen->m);
    if (x != NULL && x->ended) {
        exchange_forget(&verdicts->exchanges, x);
        x = NULL;
    }
    if (x == NULL) {
        begin(verdicts, seen, j);
        return;
    }
    bool copy = is_soon(seen->frame.time_ns, x->seen_ns);
    j->verdict = copy ? VERDICT_COPY : VERDICT_RETRANSMISSION;
    j->exchange = x;
    j->frame = copy ? x->try_frame : x->query_frame;
    x->seen_ns = seen->frame.time_ns;
    if (copy)
        return;
    x->tries++;
    x->try_ns = verdicts->latest_ns;
    x->try_frame = seen->frame.no;
    exchange_renew(&verdicts->exchanges, x);
}

/* ---- responses ---- */

/* Whether it fits, and as a referral; else the reason why not. */
static enum nib_mismatch fits(const struct verdicts *verdicts, const struct exchange *x,
    const struct seen *seen, bool *referral)
{
    const struct nib_message query = {
        .id = x->id, .qtype = x->type, .qname = {x->name, x->name_len}};
    enum nib_mismatch mismatch = seen->has_message ? nib_message_fits(&query, &seen->m) : NIB_FITS;
    *referral = mismatch == NIB_MISMATCH_ANSWER &&
                hosts_server(verdicts->hosts, x->server.port) == ROLE_AMAZONE &&
                nib_message_is_referral(&query, &seen->m);
    return *referral ? NIB_FITS : mismatch;
}

static uint64_t hash_of_answer(const struct nib_message *m)
{
    uint64_t hash = exchange_hash((uint64_t)m->atype, m->aname.ptr, m->aname.len);
    return exchange_hash(hash, m->result.ptr, m->result.len);
}

/* A first response, or a further one. */
static void take_response(struct verdicts *verdicts, const struct seen *seen, bool referral,
    uint64_t octets_hash, struct judgement *j)
{
    struct exchange *x = j->exchange;
    uint64_t answer_hash = seen->has_message ? hash_of_answer(&seen->m) : 0;
    j->frame = x->response_frame;
    x->responses++;
    if (x->ended) {
        j->verdict = VERDICT_DUPLICATE;
        j->differs = seen->has_message && x->answer_hash != 0 && answer_hash != x->answer_hash;
        j->surplus = x->responses > x->tries;
    } else {
        j->verdict = referral ? VERDICT_REFERRAL : VERDICT_ANSWER;
        j->frame = x->query_frame;
        x->response_frame = seen->frame.no;
        x->answer_hash = answer_hash;
        x->last_ns = verdicts->latest_ns;
        exchange_end(&verdicts->exchanges, x);
        if (seen->has_message)
            request_learn(&verdicts->requests, x, &seen->m);
        request_close(&verdicts->requests, x);
    }
    x->last_frame = seen->frame.no;
    x->last_hash = octets_hash;
}

static void judge_fitting(
    struct verdicts *verdicts, const struct seen *seen, bool referral, struct judgement *j)
{
    struct exchange *x = j->exchange;
    const struct nib_packet_udp *d = &seen->packet.udp;
    uint64_t hash = exchange_hash(verdicts->exchanges.seed, d->payload, d->len);
    bool copy = x->ended && x->last_hash == hash && x->last_frame != seen->frame.no &&
                x->responses >= x->tries && is_soon(seen->frame.time_ns, x->seen_ns);
    if (copy) {
        j->verdict = VERDICT_COPY;
        j->frame = x->last_frame;
    } else {
        take_response(verdicts, seen, referral, hash, j);
    }
    x->seen_ns = seen->frame.time_ns;
}

/* A response to nothing that is remembered. */
static void judge_stray(struct verdicts *verdicts, const struct seen *seen, struct judgement *j)
{
    const struct nib_packet_udp *d = &seen->packet.udp;
    const struct asker *receiver = asker_find(&verdicts->exchanges, &d->dst);
    struct exchange *x = exchange_find_id(&verdicts->exchanges, &d->dst, seen->m.id);
    j->verdict = VERDICT_UNSOLICITED;
    if (x != NULL && nib_addr_equal(&x->server, &d->src)) {
        j->reason = NIB_MISMATCH_QUESTION;
    } else if (x != NULL && !x->ended && x->type == seen->m.qtype &&
               nib_text_same(seen->m.qname, (struct nib_text){x->name, x->name_len})) {
        j->reason = REASON_SOURCE;
    } else if (receiver != NULL && waits_for(receiver->last, &d->src)) {
        x = receiver->last;
        j->reason = NIB_MISMATCH_ID;
    } else {
        x = NULL;
    }
    j->exchange = x;
    j->frame = x == NULL ? 0 : x->query_frame;
}

static void judge_response(struct verdicts *verdicts, const struct seen *seen, struct judgement *j)
{
    const struct nib_packet_udp *d = &seen->packet.udp;
    bool referral;
    j->exchange = exchange_find(&verdicts->exchanges, &d->dst, &d->src, &seen->m);
    if (j->exchange == NULL) {
        judge_stray(verdicts, seen, j);
        return;
    }
    j->reason = (int)fits(verdicts, j->exchange, seen, &referral);
    if (j->reason == NIB_FITS) {
        judge_fitting(verdicts, seen, referral, j);
        return;
    }
    j->verdict = VERDICT_UNSOLICITED;
    j->frame = j->exchange->query_frame;
}

/* ---- what is no whole message ---- */

static uint32_t id_of(const struct nib_packet_udp *d)
{
    struct nib_reader r = nib_reader_init(d->payload, d->len);
    return nib_reader_u32(&r);
}

/* A response of which not even the question is whole ends the newest query with its ID. */
static void take_rest(struct verdicts *verdicts, const struct seen *seen)
{
    const struct nib_packet_udp *d = &seen->packet.udp;
    if (d->payload == NULL || d->len <= NIB_AT_FLAG_TYPE ||
        d->payload[NIB_AT_FLAG_TYPE] >> 4 != NIB_RESPONSE)
        return;
    struct exchange *x = exchange_find_id(&verdicts->exchanges, &d->dst, id_of(d));
    if (!waits_for(x, &d->src))
        return;
    x->last_ns = verdicts->latest_ns;
    exchange_end(&verdicts->exchanges, x);
    request_close(&verdicts->requests, x);
}

static void take_icmp(struct verdicts *verdicts, const struct seen *seen, struct judgement *j)
{
    const struct nib_packet_udp *d = &seen->packet.quoted;
    struct exchange *x = NULL;
    if (seen->has_question && seen->m.flag == NIB_QUERY)
        x = exchange_find(&verdicts->exchanges, &d->src, &d->dst, &seen->m);
    else if (!seen->has_question && d->len >= 4)
        x = exchange_find_id(&verdicts->exchanges, &d->src, id_of(d));
    if (x == NULL || !nib_addr_equal(&x->server, &d->dst))
        return;
    if (x->icmp_frame == 0)
        x->icmp_frame = seen->frame.no;
    j->exchange = x;
    j->frame = x->query_frame;
}

void verdict_of(struct verdicts *verdicts, const struct seen *seen, struct judgement *j)
{
    *j = (struct judgement){.verdict = VERDICT_NONE};
    switch (seen->kind) {
    case SEEN_MESSAGE:
    case SEEN_CUT:
    case SEEN_FRAGMENT:
        if (!seen->has_question) {
            take_rest(verdicts, seen);
            return;
        }
        pass_time(verdicts, seen->frame.time_ns);
        if (seen->m.flag == NIB_QUERY)
            judge_query(verdicts, seen, j);
        else
            judge_response(verdicts, seen, j);
        break;
    case SEEN_ICMP:
        take_icmp(verdicts, seen, j);
        break;
    case SEEN_OTHER:
    case SEEN_MALFORMED:
    case SEEN_BROKEN:
        break;
    }
}

enum role verdict_role(
    struct verdicts *verdicts, const struct nib_addr *addr, const struct nib_addr *with)
{
    enum role own = hosts_server(verdicts->hosts, addr->port);
    enum role other = hosts_server(verdicts->hosts, with->port);
    if (own != ROLE_STRANGER)
        return own;
    const struct asker *asker = asker_find(&verdicts->exchanges, addr);
    if (other == ROLE_LOCAL)
        return ROLE_CLIENT;
    if (asker != NULL && asker->n_local > 0)
        return ROLE_CLIENT;
    return other == ROLE_AMAZONE || asker != NULL ? ROLE_LOCAL : ROLE_STRANGER;
}
