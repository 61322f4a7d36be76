#include "local_private.h"

static void count_outcome(struct nib_local *local, enum nib_outcome outcome)
{
    static const enum nib_local_counter counters[] = {[NIB_FOUND] = NIB_LOCAL_FOUND,
        [NIB_NOT_FOUND] = NIB_LOCAL_NOT_FOUND,
        [NIB_FAILURE] = NIB_LOCAL_FAILURE};
    local_count(local, counters[outcome]);
    local_count(local, NIB_LOCAL_ANSWERED);
}

void nib_local_answer_unsent(struct nib_local *local)
{
    local->counters[NIB_LOCAL_ANSWERED]--;
    local_count(local, NIB_LOCAL_DROPPED_UNSENT);
}

/* NIB-8.7, NIB-8.14: the name and type that were asked for, the query's own ID and letters. */
void local_send(struct event *e, const struct nib_path *path, uint32_t id, enum nib_type type,
    struct nib_text name, const struct answer *answer)
{
    struct nib_message m = {.id = id,
        .flag = NIB_RESPONSE,
        .qtype = type,
        .qname = name,
        .atype = type,
        .aname = name,
        .ttl_s = answer->ttl_s,
        .result = answer->result};
    uint8_t *octets = nib_outputs_reserve(e->out);
    count_outcome(e->local, nib_result_outcome(answer->result));
    if (octets == NULL)
        nib_local_answer_unsent(e->local);
    else
        nib_outputs_answer(
            e->out, path, nib_message_encode(octets, NIB_MESSAGE_MAX, &m), &answer->decision);
}

void local_answer(struct event *e, struct nib_request *request, const struct answer *answer)
{
    local_send(e, &request->path, request->id, request->type, nib_request_name(request), answer);
    nib_pending_end(&e->local->pending, request);
}

void local_fail(struct event *e, struct nib_request *request, enum nib_decided why, uint64_t number)
{
    struct answer answer = {
        .result = NIB_TEXT_FAILURE, .decision = {.what = why, .number = number}};
    local_answer(e, request, &answer);
}

uint32_t local_ttl_of(const struct nib_local *local, const struct nib_rr *rr)
{
    return rr->is_static ? local->config.static_ttl_s : rr->ttl_s;
}

bool local_table_answer(
    struct nib_local *local, nib_ms now, const struct nib_local_query *query, struct answer *answer)
{
    enum nib_type type = query->message.qtype;
    struct nib_key key = query->key;
    struct nib_rr rr;
    uint32_t ttl_s = NIB_TTL_MAX;
    for (int cnames = 0; cnames <= NIB_CNAMES_MAX; cnames++) {
        bool found = nib_table_find(local->table, now, key, type, &rr);
        if (!found &&
            (type == NIB_CNAME || !nib_table_find(local->table, now, key, NIB_CNAME, &rr)))
            return false;
        ttl_s = local_least(ttl_s, local_ttl_of(local, &rr));
        if (found) {
            *answer = (struct answer){.result = rr.result,
                .ttl_s = ttl_s,
                .decision = {.what = NIB_ANSWERED_RECORD, .number = rr.no}};
            return true;
        }
        key = nib_key_of(rr.result, local->config.seed);
    }
    return false;
}
