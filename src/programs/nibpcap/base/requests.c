#include "nibpcap/base/requests.h"

#include "nibpcap/base/memory.h"

enum { BUCKETS_FIRST = 64 };

struct want {
    struct want *next, **back; /* in its bucket, the oldest first */
    struct want *more;         /* of the same request */
    struct exchange *request;
    uint64_t hash;
    enum nib_type type;
    size_t len;
    char name[]; /* in lower case */
};

static void fold(char *out, struct nib_text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
}

static struct want_bucket *bucket_of(struct requests *requests, uint64_t hash)
{
    return &requests->buckets[(hash >> 16) & (requests->n_buckets - 1)];
}

static void allocate(struct requests *requests, size_t n)
{
    requests->buckets = memory_zeroed(n * sizeof *requests->buckets);
    requests->n_buckets = n;
    for (size_t i = 0; i < n; i++)
        requests->buckets[i].end = &requests->buckets[i].first;
}

void requests_init(struct requests *requests)
{
    *requests = (struct requests){0};
    allocate(requests, BUCKETS_FIRST);
}

void requests_finish(struct requests *requests)
{
    while (requests->open != NULL)
        request_close(requests, requests->open);
    memory_free(requests->buckets);
}

/* ---- what they look for ---- */

static void append(struct requests *requests, struct want *want)
{
    struct want_bucket *bucket = bucket_of(requests, want->hash);
    want->next = NULL;
    want->back = bucket->end;
    *bucket->end = want;
    bucket->end = &want->next;
}

static void grow(struct requests *requests)
{
    struct want_bucket *old = requests->buckets;
    size_t n = requests->n_buckets;
    allocate(requests, 2 * n);
    for (size_t i = 0; i < n; i++)
        for (struct want *want = old[i].first, *next; want != NULL; want = next) {
            next = want->next;
            append(requests, want);
        }
    memory_free(old);
}

static uint64_t hash_of(enum nib_type type, const char *folded, size_t len)
{
    return exchange_hash((uint64_t)type, folded, len);
}

static void add_want(
    struct requests *requests, struct exchange *request, enum nib_type type, struct nib_text name)
{
    if (requests->n_wants++ >= requests->n_buckets)
        grow(requests);
    struct want *want = memory_resize(NULL, sizeof *want + name.len);
    *want =
        (struct want){.request = request, .more = request->wants, .type = type, .len = name.len};
    fold(want->name, name);
    want->hash = hash_of(type, want->name, want->len);
    request->wants = want;
    append(requests, want);
}

static void drop_want(struct requests *requests, struct want *want)
{
    struct want_bucket *bucket = bucket_of(requests, want->hash);
    *want->back = want->next;
    if (want->next != NULL)
        want->next->back = want->back;
    else
        bucket->end = want->back;
    requests->n_wants--;
    memory_free(want);
}

static struct exchange *who_wants(
    const struct requests *requests, enum nib_type type, struct nib_text name)
{
    char folded[NIB_NAME_MAX];
    fold(folded, name);
    uint64_t hash = hash_of(type, folded, name.len);
    const struct want *want = requests->buckets[(hash >> 16) & (requests->n_buckets - 1)].first;
    for (; want != NULL; want = want->next)
        if (want->hash == hash && want->type == type && want->len == name.len &&
            memcmp(want->name, folded, name.len) == 0)
            return want->request;
    return NULL;
}

/* ---- requests ---- */

static struct nib_text name_of(const struct exchange *x)
{
    return (struct nib_text){x->name, x->name_len};
}

void request_open(struct requests *requests, struct exchange *request)
{
    exchange_link(request, LIST_OPEN, &requests->open);
    requests->n_open++;
    add_want(requests, request, request->type, name_of(request));
}

void request_close(struct requests *requests, struct exchange *request)
{
    if (request->links[LIST_OPEN].back == NULL)
        return;
    exchange_unlink(request, LIST_OPEN);
    requests->n_open--;
    for (struct want *want = request->wants, *more; want != NULL; want = more) {
        more = want->more;
        drop_want(requests, want);
    }
    request->wants = NULL;
    for (struct exchange *x; (x = request->caused) != NULL;) {
        x->request = NULL;
        exchange_unlink(x, LIST_CAUSED);
    }
}

void request_cause(struct requests *requests, struct exchange *query)
{
    struct exchange *request = who_wants(requests, query->type, name_of(query));
    if (request == NULL && requests->n_open == 1)
        request = requests->open;
    if (request == NULL)
        return;
    query->request = request;
    request->has_caused = true;
    query->for_frame = request->query_frame;
    query->chosen = request->chosen;
    exchange_link(query, LIST_CAUSED, &request->caused);
}

void request_learn(
    struct requests *requests, const struct exchange *query, const struct nib_message *response)
{
    struct exchange *request = query->request;
    if (request == NULL || response->outcome != NIB_FOUND || response->atype == response->qtype)
        return;
    if (response->atype == NIB_CNAME) {
        add_want(requests, request, query->type, response->result);
    } else if (response->atype == NIB_NS) {
        add_want(requests, request, NIB_A, response->result);
        add_want(requests, request, NIB_AAAA, response->result);
    }
}
