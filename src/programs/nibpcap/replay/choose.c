#include "nibdns/name.h"
#include "nibpcap/base/memory.h"
#include "nibpcap/replay/replay.h"

bool replay_decode(const struct replay *replay, const struct event *e, struct nib_message *m)
{
    size_t bad;
    return !e->cut &&
           nib_message_decode(m, event_octets(&replay->events, e), e->len, &bad) == NIB_OK;
}

const struct event *replay_answer(const struct replay *replay, const struct sent *q)
{
    size_t at = q->query->answer;
    return at == EVENT_NONE ? NULL : &replay->events.items[at];
}

static bool is_repeat(const struct replay *replay, const struct sent *q, const struct event *e)
{
    const struct events *c = &replay->events;
    return nib_addr_equal(&q->query->src, &e->src) && q->query->answer == e->answer &&
           q->query->len == e->len &&
           memcmp(event_octets(c, q->query), event_octets(c, e), e->len) == 0 &&
           e->time_ns - q->query->time_ns <= 60000000000;
}

/* Places by a hash, of which the newest stays: the last query with those octets from there. */
static size_t place_of(const struct replay *replay, const struct event *e, size_t n)
{
    struct nib_text text = {(const char *)event_octets(&replay->events, e), e->len};
    return (size_t)(nib_name_hash(text, nib_addr_hash(&e->src, 0)) % n);
}

static size_t question_place(const struct nib_message *m, size_t n)
{
    return (size_t)(nib_name_hash(m->qname, m->qtype) % n);
}

static bool same_question(
    const struct replay *replay, const struct sent *a, const struct nib_message *m)
{
    struct nib_message other;
    return replay_decode(replay, a->query, &other) && other.qtype == m->qtype &&
           nib_name_equal(other.qname, m->qname);
}

/* The largest TTL so far, from the last query with the same question on. */
static uint32_t most_ttl(
    const struct replay *replay, const struct sent *q, const struct sent *before)
{
    struct nib_message said;
    const struct event *answer = replay_answer(replay, q);
    uint32_t ttl = before == NULL ? 0 : before->ttl_most;
    if (answer != NULL && replay_decode(replay, answer, &said) && said.ttl_s > ttl)
        ttl = said.ttl_s;
    return ttl;
}

void replay_choose(struct replay *replay)
{
    size_t n = 2 * replay->events.n + 1;
    size_t *octets = memory_resize(NULL, n * sizeof *octets);
    size_t *question = memory_resize(NULL, n * sizeof *question);
    replay->queries = memory_resize(NULL, (replay->events.n + 1) * sizeof *replay->queries);
    memset(octets, 0, n * sizeof *octets);
    memset(question, 0, n * sizeof *question);
    for (size_t i = 0; i < replay->events.n; i++) {
        const struct event *e = &replay->events.items[i];
        struct nib_message m;
        if (e->refused || e->dst.port != replay->port)
            continue;
        bool query = replay_decode(replay, e, &m) && m.flag == NIB_QUERY;
        size_t *last = &octets[place_of(replay, e, n)];
        if (!query || (*last > 0 && is_repeat(replay, &replay->queries[*last - 1], e))) {
            replay->skipped++;
            continue;
        }
        struct sent *q = &replay->queries[replay->n];
        *q = (struct sent){.query = e};
        size_t *same = &question[question_place(&m, n)];
        const struct sent *before = *same > 0 ? &replay->queries[*same - 1] : NULL;
        if (before != NULL && !same_question(replay, before, &m))
            before = NULL;
        q->ttl_most = most_ttl(replay, q, before);
        *last = *same = ++replay->n;
    }
    memory_free(octets);
    memory_free(question);
}
