#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/support.h"
#include "nibdns/pending.h"

enum { SEED = 9, DOMAIN_LEN = 1, DEADLINE = 6000 };

struct fixture {
    struct nib_pending pending;
    void *memory;
};

static void prepare(struct fixture *f, uint32_t max_fetches, uint32_t max_requests)
{
    f->memory = zeroed(nib_pending_bytes(max_fetches, max_requests));
    nib_pending_init(&f->pending, f->memory, max_fetches, max_requests, SEED);
}

static struct nib_fetch *find(const struct fixture *f, const char *name, enum nib_type type)
{
    return nib_pending_find(&f->pending, nib_key_of(text_of(name), SEED), type, DOMAIN_LEN, 0);
}

/* Opens a question to one server, as a local server would. */
static struct nib_fetch *open_one(struct fixture *f, const char *name, enum nib_type type)
{
    struct nib_fetch *q =
        nib_pending_open(&f->pending, nib_key_of(text_of(name), SEED), type, DOMAIN_LEN);
    if (q != NULL)
        q->n_servers = 1;
    return q;
}

/* What a client at 192.0.2.1 asks for, from a port that is told. */
static struct nib_request request_of(
    uint16_t port, uint32_t id, const char *name, enum nib_type type)
{
    struct nib_request r = {.id = id, .type = type, .name_len = (uint8_t)strlen(name)};
    r.path.peer = (struct nib_addr){.ip = {192, 0, 2, 1}, .port = port, .family = 4};
    memcpy(r.name, name, strlen(name));
    return r;
}

static struct nib_message query_of(const struct nib_request *r)
{
    return (struct nib_message){.id = r->id, .qtype = r->type, .qname = nib_request_name(r)};
}

static bool repeats(const struct fixture *f, const struct nib_request *r)
{
    struct nib_message query = query_of(r);
    return nib_pending_repeats(&f->pending, &r->path, &query);
}

/* A request comes in and waits, or is at once gone again. */
static bool let_wait(struct fixture *f, struct nib_fetch *q, const struct nib_request *r)
{
    struct nib_message query = query_of(r);
    struct nib_request *added = nib_pending_add(&f->pending, &r->path, &query);
    bool waits = nib_pending_wait(&f->pending, q, added, DEADLINE);
    if (!waits)
        nib_pending_end(&f->pending, added);
    return waits;
}

/* A copy of the request that waited longest, which is taken off and ends. */
static bool take_off(struct fixture *f, struct nib_fetch *q, struct nib_request *r)
{
    struct nib_request *first = nib_pending_next(&f->pending, q);
    if (first == NULL)
        return false;
    assert_int_equal(first->fetch, 0);
    *r = *first;
    nib_pending_end(&f->pending, first);
    return true;
}

static bool wait_on(struct fixture *f, struct nib_fetch *q, uint16_t port, uint32_t id)
{
    struct nib_request r = request_of(port, id, "a.example", NIB_A);
    return let_wait(f, q, &r);
}

/* The ID of the request that waited longest, which is taken off. */
static uint32_t next_id(struct fixture *f, struct nib_fetch *q)
{
    struct nib_request r;
    assert_true(take_off(f, q, &r));
    return r.id;
}

static void a_question_under_way_is_found_by_its_name_in_any_case_and_its_type(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 4, 4);
    assert_null(find(&f, "a.example", NIB_A));
    struct nib_fetch *q = open_one(&f, "A.example", NIB_A);
    assert_ptr_equal(find(&f, "A.example", NIB_A), q);
    assert_ptr_equal(find(&f, "a.EXAMPLE", NIB_A), q);
    assert_null(find(&f, "a.example", NIB_AAAA));
    assert_null(find(&f, "b.example", NIB_A));
    assert_text(nib_fetch_name(q), "A.example");
    assert_int_equal(q->type, NIB_A);
    free(f.memory);
}

static void types_of_one_name_are_fetches_of_their_own(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 4, 4);
    struct nib_fetch *a = open_one(&f, "a.example", NIB_A);
    struct nib_fetch *aaaa = open_one(&f, "a.example", NIB_AAAA);
    assert_ptr_not_equal(a, aaaa);
    assert_ptr_equal(find(&f, "a.example", NIB_A), a);
    assert_ptr_equal(find(&f, "a.example", NIB_AAAA), aaaa);
    nib_pending_close(&f.pending, a);
    assert_ptr_equal(find(&f, "a.example", NIB_AAAA), aaaa);
    free(f.memory);
}

static void a_closed_question_is_found_no_more(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 4, 4);
    struct nib_fetch *q = open_one(&f, "a.example", NIB_A);
    uint32_t slot = nib_pending_slot(&f.pending, q).index;
    assert_ptr_equal(nib_pending_at(&f.pending, slot), q);
    nib_pending_close(&f.pending, q);
    assert_null(find(&f, "a.example", NIB_A));
    assert_null(nib_pending_at(&f.pending, slot));
    assert_int_equal(f.pending.n_fetches, 0);
    free(f.memory);
}

/* What comes to a socket that was closed is for nobody, whoever has the place now. */
static void a_fetch_is_known_by_the_socket_that_it_has_now(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 1, 1);
    struct nib_fetch *q = open_one(&f, "a.example", NIB_A);
    struct nib_slot first = nib_pending_slot(&f.pending, q);
    assert_ptr_equal(nib_pending_of(&f.pending, first), q);
    nib_pending_change_socket(&f.pending, q);
    struct nib_slot second = nib_pending_slot(&f.pending, q);
    assert_int_equal(second.index, first.index);
    assert_null(nib_pending_of(&f.pending, first));
    assert_ptr_equal(nib_pending_of(&f.pending, second), q);
    nib_pending_close(&f.pending, q);
    q = open_one(&f, "b.example", NIB_A);
    assert_null(nib_pending_of(&f.pending, second));
    assert_ptr_equal(nib_pending_of(&f.pending, nib_pending_slot(&f.pending, q)), q);
    free(f.memory);
}

static void a_slot_that_no_question_has_is_empty(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 2, 2);
    assert_null(nib_pending_at(&f.pending, 0));
    (void)open_one(&f, "a.example", NIB_A);
    assert_null(nib_pending_at(&f.pending, 1));
    assert_null(nib_pending_at(&f.pending, 2));
    assert_null(nib_pending_at(&f.pending, UINT32_MAX));
    free(f.memory);
}

/* The table is full, and in its memory stand names without an octet of 0. */
static void the_slot_behind_the_last_one_is_empty_whatever_stands_there(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_request r = {.id = 1, .type = NIB_A, .name_len = NIB_NAME_MAX};
    prepare(&f, 1, 8);
    struct nib_fetch *q = open_one(&f, "a.example", NIB_A);
    memset(r.name, 'a', sizeof r.name);
    memset(&r.path, 0xff, sizeof r.path);
    for (r.id = 0x01010101; r.id < 0x01010101 + 8; r.id++)
        assert_true(let_wait(&f, q, &r));
    assert_ptr_equal(nib_pending_at(&f.pending, 0), q);
    assert_null(nib_pending_at(&f.pending, 1));
    free(f.memory);
}

static void a_closed_question_leaves_the_timers(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 4, 4);
    struct nib_fetch *a = open_one(&f, "a.example", NIB_A);
    struct nib_fetch *b = open_one(&f, "b.example", NIB_A);
    nib_heap_set(&f.pending.retries, nib_pending_slot(&f.pending, a).index, 500);
    nib_heap_set(&f.pending.retries, nib_pending_slot(&f.pending, b).index, 1000);
    assert_int_equal(nib_heap_due(&f.pending.retries), 500);
    nib_pending_close(&f.pending, a);
    assert_int_equal(nib_heap_due(&f.pending.retries), 1000);
    nib_pending_close(&f.pending, b);
    assert_true(nib_heap_due(&f.pending.retries) == NIB_NEVER);
    free(f.memory);
}

static void a_full_table_opens_nothing_until_one_is_closed(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 2, 2);
    struct nib_fetch *a = open_one(&f, "a.example", NIB_A);
    struct nib_fetch *b = open_one(&f, "b.example", NIB_A);
    assert_null(open_one(&f, "c.example", NIB_A));
    assert_null(find(&f, "c.example", NIB_A));
    assert_ptr_equal(find(&f, "a.example", NIB_A), a);
    nib_pending_close(&f.pending, a);
    assert_non_null(open_one(&f, "c.example", NIB_A));
    assert_null(open_one(&f, "d.example", NIB_A));
    assert_ptr_equal(find(&f, "b.example", NIB_A), b);
    free(f.memory);
}

static void a_table_for_nothing_opens_nothing(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 0, 0);
    assert_null(open_one(&f, "a.example", NIB_A));
    assert_null(find(&f, "a.example", NIB_A));
    assert_null(nib_pending_at(&f.pending, 0));
    assert_true(nib_heap_due(&f.pending.retries) == NIB_NEVER);
    struct nib_request r = request_of(1000, 1, "a.example", NIB_A);
    assert_false(repeats(&f, &r));
    free(f.memory);
}

static void a_slot_that_is_used_again_remembers_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_request r;
    prepare(&f, 1, 2);
    struct nib_fetch *q = open_one(&f, "long-name.example", NIB_A);
    q->id = 77;
    q->sent = q->server = q->round = q->failed = 3;
    q->servers[0].family = 4;
    assert_true(wait_on(&f, q, 1000, 1));
    nib_heap_set(&f.pending.retries, 0, 500);
    (void)next_id(&f, q);
    nib_pending_close(&f.pending, q);
    struct nib_fetch *again =
        nib_pending_open(&f.pending, nib_key_of(text_of("b"), SEED), NIB_NS, 0);
    assert_ptr_equal(again, q);
    assert_text(nib_fetch_name(again), "b");
    assert_int_equal(again->type, NIB_NS);
    assert_int_equal(again->id + again->sent + again->server + again->round + again->failed, 0);
    assert_int_equal(again->n_servers + again->servers[0].family, 0);
    assert_int_equal(again->retry.place, 0);
    assert_false(take_off(&f, again, &r));
    free(f.memory);
}

static void requests_leave_a_question_in_the_order_they_came(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_request r;
    prepare(&f, 2, 8);
    struct nib_fetch *a = open_one(&f, "a.example", NIB_A);
    struct nib_fetch *b = open_one(&f, "b.example", NIB_A);
    assert_false(take_off(&f, a, &r));
    assert_true(wait_on(&f, a, 1000, 1));
    assert_true(wait_on(&f, b, 1000, 2));
    assert_true(wait_on(&f, a, 1001, 3));
    assert_true(wait_on(&f, a, 1002, 4));
    assert_int_equal(next_id(&f, a), 1);
    assert_true(wait_on(&f, a, 1003, 5)); /* in the place of the first */
    assert_int_equal(next_id(&f, a), 3);
    assert_int_equal(next_id(&f, a), 4);
    assert_int_equal(next_id(&f, a), 5);
    assert_false(take_off(&f, a, &r));
    assert_int_equal(next_id(&f, b), 2);
    assert_int_equal(f.pending.n_requests, 0);
    assert_true(wait_on(&f, a, 1004, 6)); /* a question that ran empty waits again */
    assert_int_equal(next_id(&f, a), 6);
    free(f.memory);
}

static void a_request_comes_back_as_it_went_in(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_request in = request_of(1000, 0xffffffff, "Alias.Example", NIB_AAAA), out;
    prepare(&f, 1, 1);
    in.path.self = (struct nib_addr){.ip = {127, 0, 0, 1}, .port = 21000, .family = 4};
    in.path.listener = 3;
    struct nib_fetch *q = open_one(&f, "target.example", NIB_AAAA);
    assert_true(let_wait(&f, q, &in));
    assert_true(take_off(&f, q, &out));
    assert_int_equal(out.id, 0xffffffff);
    assert_int_equal(out.type, NIB_AAAA);
    assert_text(nib_request_name(&out), "Alias.Example");
    assert_true(nib_addr_equal(&out.path.peer, &in.path.peer));
    assert_true(nib_addr_equal(&out.path.self, &in.path.self));
    assert_int_equal(out.path.listener, 3);
    assert_int_equal(out.ttl_s, NIB_TTL_MAX);
    assert_int_equal(out.cnames + out.referrals + out.spent + out.depth, 0);
    assert_text(nib_lookup_name(&out.lookups[0]), "Alias.Example");
    assert_int_equal(out.lookups[0].type, NIB_AAAA);
    free(f.memory);
}

static void a_full_pool_of_requests_refuses_until_one_leaves(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 2, 2);
    struct nib_fetch *a = open_one(&f, "a.example", NIB_A);
    struct nib_fetch *b = open_one(&f, "b.example", NIB_A);
    struct nib_request refused = request_of(1002, 3, "a.example", NIB_A);
    assert_true(wait_on(&f, a, 1000, 1));
    assert_true(wait_on(&f, b, 1001, 2));
    assert_false(let_wait(&f, a, &refused));
    assert_false(repeats(&f, &refused));
    assert_int_equal(next_id(&f, a), 1);
    assert_true(let_wait(&f, b, &refused));
    assert_int_equal(next_id(&f, b), 2);
    assert_int_equal(next_id(&f, b), 3);
    free(f.memory);
}

/* NIB-8.12 */
static void a_repeat_has_the_same_source_id_type_and_octets_of_name(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 4, 4);
    struct nib_request first = request_of(1000, 7, "a.example", NIB_A), other;
    assert_false(repeats(&f, &first));
    assert_true(let_wait(&f, open_one(&f, "a.example", NIB_A), &first));
    assert_true(repeats(&f, &first));

    other = request_of(1001, 7, "a.example", NIB_A);
    assert_false(repeats(&f, &other));
    other = request_of(1000, 8, "a.example", NIB_A);
    assert_false(repeats(&f, &other));
    other = request_of(1000, 7, "a.example", NIB_AAAA);
    assert_false(repeats(&f, &other));
    other = request_of(1000, 7, "A.example", NIB_A);
    assert_false(repeats(&f, &other));
    other = request_of(1000, 7, "a.exampl", NIB_A);
    assert_false(repeats(&f, &other));
    other = first;
    other.path.peer.ip[3]++;
    assert_false(repeats(&f, &other));
    other = first;
    other.path.peer.family = 6;
    assert_false(repeats(&f, &other));
    other = first;
    other.path.peer.scope = 2;
    assert_false(repeats(&f, &other));
    free(f.memory);
}

static void a_request_that_has_left_is_no_repeat_when_it_comes_again(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 4, 4);
    struct nib_request r = request_of(1000, 7, "a.example", NIB_A);
    struct nib_fetch *q = open_one(&f, "a.example", NIB_A);
    assert_true(let_wait(&f, q, &r));
    (void)next_id(&f, q);
    assert_false(repeats(&f, &r));
    free(f.memory);
}

/* The longest names fill their arrays to the last octet. */
static void the_longest_names_are_kept_whole(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_request out;
    char name[NIB_NAME_MAX + 1];
    fill_name(name, NIB_NAME_MAX, 'n');
    prepare(&f, 1, 1);
    struct nib_request in = request_of(1000, 1, name, NIB_A);
    struct nib_fetch *q = open_one(&f, name, NIB_A);
    assert_true(let_wait(&f, q, &in));
    assert_ptr_equal(find(&f, name, NIB_A), q);
    assert_true(repeats(&f, &in));
    assert_true(take_off(&f, q, &out));
    assert_text(nib_request_name(&out), name);
    assert_text(nib_fetch_name(q), name);
    free(f.memory);
}

/* The model: for each of a few names what waits on its question, in order. */
enum { NAMES = 8, PORTS = 3, IDS = 3, QUEUE_MAX = 16, STEPS = 400 };
static const char *const names[NAMES] = {
    "a", "b.example", "c.example", "d.example", "e.example", "f.example", "g.example", "h.example"};

struct model {
    struct nib_fetch *open[NAMES]; /* NULL: no such question */
    struct nib_request waiting[NAMES][QUEUE_MAX];
    uint32_t n[NAMES];
    uint32_t n_open, n_waiting;
};

static struct nib_request any_request(struct rng *rng, uint32_t name)
{
    return request_of(
        (uint16_t)(1000 + dice_below(rng, PORTS)), dice_below(rng, IDS), names[name], NIB_A);
}

static bool model_repeats(const struct model *model, uint32_t name, const struct nib_request *r)
{
    for (uint32_t i = 0; i < model->n[name]; i++)
        if (model->waiting[name][i].id == r->id &&
            model->waiting[name][i].path.peer.port == r->path.peer.port)
            return true;
    return false;
}

static void step_open(struct fixture *f, struct model *model, uint32_t name)
{
    if (model->open[name] != NULL)
        return;
    struct nib_fetch *q = open_one(f, names[name], NIB_A);
    assert_int_equal(q != NULL, model->n_open < f->pending.max_fetches);
    model->open[name] = q;
    model->n_open += q != NULL;
}

static void step_wait(struct fixture *f, struct model *model, uint32_t name, struct rng *rng)
{
    struct nib_request r = any_request(rng, name);
    bool is_repeat = model_repeats(model, name, &r);
    assert_int_equal(repeats(f, &r), is_repeat);
    if (model->open[name] == NULL || is_repeat)
        return;
    bool room = model->n_waiting < f->pending.max_requests;
    assert_int_equal(let_wait(f, model->open[name], &r), room);
    if (room) {
        model->waiting[name][model->n[name]++] = r;
        model->n_waiting++;
    }
}

static void step_next(struct fixture *f, struct model *model, uint32_t name)
{
    struct nib_request r, *queue = model->waiting[name];
    if (model->open[name] == NULL)
        return;
    assert_int_equal(take_off(f, model->open[name], &r), model->n[name] > 0);
    if (model->n[name] == 0)
        return;
    assert_int_equal(r.id, queue[0].id);
    assert_int_equal(r.path.peer.port, queue[0].path.peer.port);
    model->n[name]--;
    model->n_waiting--;
    memmove(queue, queue + 1, model->n[name] * sizeof *queue);
}

static void step_close(struct fixture *f, struct model *model, uint32_t name)
{
    if (model->open[name] == NULL)
        return;
    while (model->n[name] > 0)
        step_next(f, model, name);
    nib_pending_close(&f->pending, model->open[name]);
    model->open[name] = NULL;
    model->n_open--;
}

static void assert_agrees(const struct fixture *f, const struct model *model)
{
    assert_int_equal(f->pending.n_fetches, model->n_open);
    assert_int_equal(f->pending.n_requests, model->n_waiting);
    for (uint32_t i = 0; i < NAMES; i++) {
        struct nib_fetch *q = model->open[i];
        assert_ptr_equal(find(f, names[i], NIB_A), q);
        if (q != NULL)
            assert_ptr_equal(nib_pending_of(&f->pending, nib_pending_slot(&f->pending, q)), q);
    }
}

static void random_operations_agree_with_queues(void **state)
{
    (void)state;
    struct rng rng = dice_init();
    for (int round = 0; round < 100; round++) {
        struct fixture f;
        static struct model model;
        model = (struct model){.n_open = 0};
        prepare(&f, 1 + dice_below(&rng, NAMES), 1 + dice_below(&rng, 12));
        for (int step = 0; step < STEPS; step++) {
            uint32_t name = dice_below(&rng, NAMES);
            switch (dice_below(&rng, 6)) {
            case 0:
                step_open(&f, &model, name);
                break;
            case 1:
                step_next(&f, &model, name);
                break;
            case 2:
                if (dice_below(&rng, 3) == 0)
                    step_close(&f, &model, name);
                break;
            default:
                step_wait(&f, &model, name, &rng);
            }
            assert_agrees(&f, &model);
        }
        free(f.memory);
    }
}

struct tagged {
    uint32_t tag, i;
};

static int by_tag(const void *a, const void *b)
{
    uint32_t x = ((const struct tagged *)a)->tag, y = ((const struct tagged *)b)->tag;
    return x < y ? -1 : x > y;
}

/* Of many tags two that are the same: *a and *b are their places in the list. */
static void same_tags(struct tagged *list, size_t n, uint32_t *a, uint32_t *b)
{
    qsort(list, n, sizeof *list, by_tag);
    for (size_t at = 1; at < n; at++)
        if (list[at - 1].tag == list[at].tag) {
            *a = list[at - 1].i;
            *b = list[at].i;
            return;
        }
    fail();
}

enum { MANY = 60000 };

static void two_names_of_one_tag_are_told_apart(void **state)
{
    (void)state;
    struct fixture f;
    char a[16], b[16];
    uint32_t first = 0, second = 0;
    struct tagged *list = zeroed(MANY * sizeof *list);
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(a, sizeof a, "n%05u", i);
        list[i] = (struct tagged){nib_index_tag(nib_name_hash(text_of(a), SEED), NIB_A), i};
    }
    same_tags(list, MANY, &first, &second);
    snprintf(a, sizeof a, "n%05u", first);
    snprintf(b, sizeof b, "n%05u", second);
    prepare(&f, 4, 4);
    struct nib_fetch *q = open_one(&f, a, NIB_A);
    assert_null(find(&f, b, NIB_A));
    struct nib_fetch *other = open_one(&f, b, NIB_A);
    assert_ptr_equal(find(&f, a, NIB_A), q);
    assert_ptr_equal(find(&f, b, NIB_A), other);
    nib_pending_close(&f.pending, q);
    assert_null(find(&f, a, NIB_A));
    assert_ptr_equal(find(&f, b, NIB_A), other);
    free(f.memory);
    free(list);
}

/* The i-th request of a kind: they differ in ID, in source, or in name alone. */
static struct nib_request request_by(int kind, uint32_t i)
{
    char name[16];
    snprintf(name, sizeof name, "n%05u", kind == 2 ? i : 0);
    struct nib_request r = request_of(1000, kind == 0 ? i : 0, name, NIB_A);
    r.path.peer.scope = kind == 1 ? i : 0;
    return r;
}

static void two_requests_of_one_tag_are_no_repeats(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct fixture f;
        uint32_t first = 0, second = 0;
        struct tagged *list = zeroed(MANY * sizeof *list);
        prepare(&f, 1, MANY);
        struct nib_fetch *q = open_one(&f, "a.example", NIB_A);
        for (uint32_t i = 0; i < MANY; i++) {
            struct nib_request r = request_by(kind, i);
            assert_true(let_wait(&f, q, &r));
        }
        size_t n = 0;
        for (uint32_t at = 0; at < f.pending.by_client.n; at++)
            if (f.pending.by_client.buckets[at].ref != 0)
                list[n++] = (struct tagged){
                    f.pending.by_client.buckets[at].tag, f.pending.by_client.buckets[at].ref - 1};
        assert_int_equal(n, MANY);
        same_tags(list, n, &first, &second);
        size_t same = 0; /* a few by chance; nobody can make many */
        for (size_t at = 1; at < n; at++)
            same += list[at - 1].tag == list[at].tag;
        assert_true(same < 1000);
        free(f.memory);
        prepare(&f, 1, 2);
        struct nib_request a = request_by(kind, first), b = request_by(kind, second);
        assert_true(let_wait(&f, open_one(&f, "a.example", NIB_A), &a));
        assert_true(repeats(&f, &a));
        assert_false(repeats(&f, &b));
        free(f.memory);
        free(list);
    }
}

/* ---- on the way through several fetches ---- */

static void fetches_of_one_name_from_other_domains_are_others(void **state)
{
    (void)state;
    struct fixture f;
    struct nib_key key = nib_key_of(text_of("a.b.c"), SEED);
    prepare(&f, 4, 4);
    struct nib_fetch *c = nib_pending_open(&f.pending, key, NIB_A, 1);
    struct nib_fetch *bc = nib_pending_open(&f.pending, key, NIB_A, 3);
    struct nib_fetch *other = nib_pending_open(&f.pending, key, NIB_A, 3);
    other->variant = 7;
    assert_ptr_equal(nib_pending_find(&f.pending, key, NIB_A, 1, 0), c);
    assert_ptr_equal(nib_pending_find(&f.pending, key, NIB_A, 3, 0), bc);
    assert_ptr_equal(nib_pending_find(&f.pending, key, NIB_A, 3, 7), other);
    assert_null(nib_pending_find(&f.pending, key, NIB_A, 0, 0));
    assert_null(nib_pending_find(&f.pending, key, NIB_A, 3, 8));
    assert_non_null(nib_pending_any(&f.pending, key, NIB_A));
    assert_null(nib_pending_any(&f.pending, key, NIB_AAAA));
    free(f.memory);
}

/* The one in the middle, then the last, then the first. */
static void a_request_may_leave_from_any_place(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 1, 4);
    struct nib_fetch *q = open_one(&f, "a.example", NIB_A);
    for (uint32_t id = 1; id <= 4; id++)
        assert_true(wait_on(&f, q, 1000, id));
    static const uint32_t leaves[] = {1, 3, 0};
    for (size_t i = 0; i < 3; i++) {
        struct nib_request *r = &f.pending.requests[leaves[i]];
        assert_int_equal(r->id, leaves[i] + 1);
        assert_ptr_equal(nib_pending_leave(&f.pending, r), q);
        nib_pending_end(&f.pending, r);
    }
    assert_int_equal(f.pending.n_requests, 1);
    assert_int_equal(next_id(&f, q), 3);
    assert_int_equal(q->first, 0);
    assert_int_equal(q->last, 0);
    free(f.memory);
}

/* A request has the deadline of its first wait, and is known as one as long as it is there. */
static void a_request_goes_from_fetch_to_fetch_with_its_deadline(void **state)
{
    (void)state;
    struct fixture f;
    prepare(&f, 2, 1);
    struct nib_fetch *a = open_one(&f, "a.example", NIB_A), *b = open_one(&f, "b.example", NIB_A);
    struct nib_request in = request_of(1000, 1, "a.example", NIB_A);
    struct nib_message query = query_of(&in);
    struct nib_request *r = nib_pending_add(&f.pending, &in.path, &query);
    assert_false(repeats(&f, &in)); /* it does not wait yet */
    assert_true(nib_heap_due(&f.pending.deadlines) == NIB_NEVER);
    assert_true(nib_pending_wait(&f.pending, a, r, 500));
    assert_ptr_equal(nib_pending_next(&f.pending, a), r);
    assert_true(repeats(&f, &in));
    assert_int_equal(f.pending.n_requests, 1);
    assert_true(nib_pending_wait(&f.pending, b, r, 9999)); /* as many as may wait, and it is one */
    assert_int_equal(nib_heap_due(&f.pending.deadlines), 500);
    assert_ptr_equal(nib_pending_leave(&f.pending, r), b);
    nib_pending_end(&f.pending, r);
    assert_true(nib_heap_due(&f.pending.deadlines) == NIB_NEVER);
    assert_false(repeats(&f, &in));
    assert_int_equal(f.pending.n_requests, 0);
    free(f.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_under_way_is_found_by_its_name_in_any_case_and_its_type),
        cmocka_unit_test(types_of_one_name_are_fetches_of_their_own),
        cmocka_unit_test(a_closed_question_is_found_no_more),
        cmocka_unit_test(a_fetch_is_known_by_the_socket_that_it_has_now),
        cmocka_unit_test(a_slot_that_no_question_has_is_empty),
        cmocka_unit_test(the_slot_behind_the_last_one_is_empty_whatever_stands_there),
        cmocka_unit_test(a_closed_question_leaves_the_timers),
        cmocka_unit_test(a_full_table_opens_nothing_until_one_is_closed),
        cmocka_unit_test(a_table_for_nothing_opens_nothing),
        cmocka_unit_test(a_slot_that_is_used_again_remembers_nothing),
        cmocka_unit_test(requests_leave_a_question_in_the_order_they_came),
        cmocka_unit_test(a_request_comes_back_as_it_went_in),
        cmocka_unit_test(a_full_pool_of_requests_refuses_until_one_leaves),
        cmocka_unit_test(a_repeat_has_the_same_source_id_type_and_octets_of_name),
        cmocka_unit_test(a_request_that_has_left_is_no_repeat_when_it_comes_again),
        cmocka_unit_test(the_longest_names_are_kept_whole),
        cmocka_unit_test(random_operations_agree_with_queues),
        cmocka_unit_test(two_names_of_one_tag_are_told_apart),
        cmocka_unit_test(two_requests_of_one_tag_are_no_repeats),
        cmocka_unit_test(fetches_of_one_name_from_other_domains_are_others),
        cmocka_unit_test(a_request_may_leave_from_any_place),
        cmocka_unit_test(a_request_goes_from_fetch_to_fetch_with_its_deadline),
    };
    return cmocka_run_group_tests_name("pending", tests, NULL, NULL);
}
