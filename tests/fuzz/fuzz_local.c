/*
 * The local server over a stream of events: queries and other datagrams of clients, replies and
 * refusals upstream, sockets that cannot be had, time, reloads. After each event the world's books
 * must fit; in the end, with nobody answering any more, every query has had its one answer.
 */
#include <stdlib.h>

#include "fuzz/local_world.h"

static struct nib_path some_path(struct fuzz_input *in)
{
    unsigned who = fuzz_u8(in);
    struct nib_path path = {.peer = {.ip = {127, 0, 0, 1}, .family = 4},
        .self = {.ip = {127, 0, 0, 1}, .port = 21000, .family = 4},
        .listener = who >> 4 & 1};
    path.peer.port = (uint16_t)(40000 + (who & 1));
    if (who & 8)
        path.peer = (struct nib_addr){.ip = {[15] = 1}, .port = 40000, .family = 6};
    return path;
}

static void query(struct world *w, struct fuzz_input *in)
{
    uint8_t octets[NIB_QUERY_MAX];
    struct nib_path path = some_path(in);
    struct nib_message m = {
        .id = fuzz_below(in, 3), .qtype = fuzz_type(in), .qname = fuzz_name(in)};
    size_t len = nib_message_encode(octets, sizeof octets, &m);
    uint8_t *block = fuzz_block(octets, len);
    world_input(w, &path, block, len);
    free(block);
}

/* A response at the port where clients ask (NIB-6.3). */
static void stray_response(struct world *w, struct fuzz_input *in)
{
    uint8_t octets[NIB_MESSAGE_MAX + 1];
    struct nib_path path = some_path(in);
    const struct world_socket *s = &w->sockets[fuzz_below(in, WORLD_QUESTIONS)];
    size_t len = fuzz_reply(in, s->octets, s->len, octets);
    uint8_t *block = fuzz_block(octets, len);
    world_input(w, &path, block, len);
    free(block);
}

static void raw_input(struct world *w, struct fuzz_input *in)
{
    struct nib_path path = some_path(in);
    struct fuzz_input given = fuzz_take(in, fuzz_u8(in));
    uint8_t *block = fuzz_block(given.at, given.len);
    world_input(w, &path, block, given.len);
    free(block);
}

/* A slot with a fetch under way, if there is one. */
static uint32_t some_slot(const struct world *w, struct fuzz_input *in)
{
    uint32_t slot = fuzz_below(in, WORLD_QUESTIONS);
    for (int i = 0; i < WORLD_QUESTIONS && !w->sockets[slot].open; i++)
        slot = (slot + 1) % WORLD_QUESTIONS;
    return slot;
}

/* Whether octets are an answer, or a referral that is taken, for what a slot's socket asked. */
static bool fits(const struct world *w, uint32_t slot, const uint8_t *octets, size_t len)
{
    const struct world_socket *s = &w->sockets[slot];
    const struct nib_fetch *fetch = nib_pending_at(&w->local.pending, slot);
    struct nib_message m, asked;
    size_t bad;
    if (!s->open || nib_message_decode(&m, octets, len, &bad) != NIB_OK ||
        nib_message_decode(&asked, s->octets, s->len, &bad) != NIB_OK)
        return false;
    return nib_message_fits(&asked, &m) == NIB_FITS ||
           (nib_message_is_referral(&asked, &m) && m.aname.len > fetch->domain_len &&
               (fetch->domain_len > 0 || w->local.config.walks));
}

/* A referral to some domain that the name is in, or what looks like one. */
static void referral(struct world *w, struct fuzz_input *in)
{
    uint8_t octets[NIB_MESSAGE_MAX];
    uint32_t slot = some_slot(w, in);
    const struct world_socket *s = &w->sockets[slot];
    struct nib_message m;
    size_t bad;
    if (!s->open || nib_message_decode(&m, s->octets, s->len, &bad) != NIB_OK)
        return;
    m.flag = NIB_RESPONSE;
    m.atype = NIB_NS;
    m.aname = m.qname;
    for (uint32_t up = fuzz_below(in, 4); up > 0 && nib_name_parent(m.aname).len > 0; up--)
        m.aname = nib_name_parent(m.aname);
    m.ttl_s = fuzz_u8(in);
    m.result = fuzz_name(in);
    size_t len = nib_message_encode(octets, sizeof octets, &m);
    (void)nib_local_reply(
        &w->local, w->now, (struct nib_slot){slot, s->serial}, octets, len, &w->outputs);
    world_drain(w);
}

/* What arrives on a slot's socket. What is no answer changes nothing (NIB-6.6). */
static void upstream(struct world *w, struct fuzz_input *in, bool raw)
{
    uint8_t octets[NIB_MESSAGE_MAX + 1];
    uint32_t slot = some_slot(w, in);
    const struct world_socket *s = &w->sockets[slot];
    size_t len;
    if (raw) {
        struct fuzz_input given = fuzz_take(in, fuzz_u8(in));
        len = given.len;
        if (len > 0)
            memcpy(octets, given.at, len);
    } else {
        len = fuzz_reply(in, s->octets, s->len, octets);
    }
    uint8_t *block = fuzz_block(octets, len);
    const struct nib_fetch *fetch = nib_pending_at(&w->local.pending, slot);
    bool quiet = !fits(w, slot, block, len) && /* or else it may be begun anew (NIB-8.29) */
                 !(fetch != NULL && fetch->mixed && fetch->strikes + 1 == NIB_STRIKES_MAX);
    uint64_t answers = w->answers, sent = w->local.counters[NIB_LOCAL_DATAGRAMS];
    nib_ms deadline = nib_local_deadline(&w->local);
    uint32_t records = w->local.cache.n;
    struct nib_slot from = {slot, s->serial};
    (void)nib_local_reply(&w->local, w->now, from, block, len, &w->outputs);
    world_drain(w);
    if (quiet) {
        INVARIANT(w->answers == answers && nib_local_deadline(&w->local) == deadline);
        INVARIANT(sent == w->local.counters[NIB_LOCAL_DATAGRAMS] && w->local.cache.n == records);
    }
    free(block);
}

static void refused(struct world *w, struct fuzz_input *in)
{
    uint32_t slot = some_slot(w, in);
    (void)nib_local_unreachable(
        &w->local, w->now, (struct nib_slot){slot, w->sockets[slot].serial}, &w->outputs);
    world_drain(w);
}

static void tick(struct world *w)
{
    nib_local_tick(&w->local, w->now, &w->outputs);
    world_drain(w);
    INVARIANT(nib_local_deadline(&w->local) > w->now);
}

/* Tries and requests whose time was over. */
static uint64_t ran_out(const struct world *w)
{
    return w->local.counters[NIB_LOCAL_TIMEOUTS] + w->local.counters[NIB_LOCAL_DEADLINE];
}

/* One before the deadline nothing is sent or answered; at it, something is. */
static void deadline(struct world *w)
{
    nib_ms due = nib_local_deadline(&w->local);
    if (due == NIB_NEVER || due <= w->now) {
        tick(w);
        return;
    }
    uint64_t before = ran_out(w);
    w->now = due - 1;
    tick(w);
    INVARIANT(before == ran_out(w));
    w->now = due;
    tick(w);
    INVARIANT(before < ran_out(w));
}

static void pass_time(struct world *w, struct fuzz_input *in)
{
    static const nib_ms steps[] = {1, 10, 499, 1000, 10000, 60000, 301000};
    unsigned how = fuzz_u8(in);
    w->now += steps[how % 7];
    if (how < 128) /* or else the tick is late, and datagrams come before it */
        tick(w);
}

static void rare_event(struct world *w, struct fuzz_input *in)
{
    uint32_t file;
    switch (fuzz_below(in, 5)) {
    case 0:
        file = fuzz_u8(in);
        world_reload(w, file % WORLD_FILES, file >> 1 & 1);
        break;
    case 1:
        world_unsent(w);
        break;
    case 2:
        stray_response(w, in);
        break;
    case 3:
        referral(w, in);
        break;
    default:
        w->trouble = fuzz_u8(in);
        break;
    }
}

static void event(struct world *w, struct fuzz_input *in)
{
    switch (fuzz_below(in, 12)) {
    case 0:
    case 1:
    case 2:
        query(w, in);
        break;
    case 3:
        raw_input(w, in);
        break;
    case 4:
    case 5:
    case 6:
        upstream(w, in, false);
        break;
    case 7:
        upstream(w, in, true);
        break;
    case 8:
        refused(w, in);
        break;
    case 9:
        deadline(w);
        break;
    case 10:
        pass_time(w, in);
        break;
    default:
        rare_event(w, in);
        break;
    }
    world_check(w);
}

/* Nobody says anything any more: time alone must bring every query its answer. */
static void run_out(struct world *w)
{
    enum { TICKS = WORLD_QUESTIONS * NIB_DATAGRAMS_MAX * 16 };
    int ticks = 0;
    w->trouble = 0;
    while (nib_local_deadline(&w->local) != NIB_NEVER) {
        INVARIANT(++ticks < TICKS);
        deadline(w);
        world_check(w);
    }
    INVARIANT(w->n_queries == 0 && w->local.pending.n_requests == 0);
    w->now += 1000 * (WORLD_MAX_TTL + 1);
    tick(w);
    INVARIANT(w->local.cache.n == 0); /* whatever was learnt is gone, and its memory free */
    world_check(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct fuzz_input in = {octets, len};
    struct world w;
    uint8_t text[4096];
    world_init(&w, &in);
    world_check(&w);
    while (in.len > 0)
        event(&w, &in);
    world_check_table(&w);
    run_out(&w);
    world_check_table(&w);
    struct nib_writer writer = nib_writer_init(text, sizeof text);
    nib_local_counters(&w.local, &writer);
    INVARIANT(!writer.full);
    world_reset(&w);
    return 0;
}
