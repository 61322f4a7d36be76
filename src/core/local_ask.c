#include "local_private.h"

/*
 * Asking: a fetch is opened, its servers get their turns, its letters are drawn, its queries sent.
 */

struct nib_addr *local_server_of(struct nib_fetch *fetch)
{
    return &fetch->servers[fetch->server];
}

/* Another local server: its word is the answer, and its silence is not its own (NIB-8.26). */
bool local_is_forwarded(const struct nib_local *local, const struct nib_fetch *fetch)
{
    return fetch->domain_len == 0 && !local->config.walks;
}

struct nib_decision local_fetch_decision(enum nib_decided what, const struct nib_fetch *fetch)
{
    return (struct nib_decision){
        .what = what, .number = fetch->id, .addr = fetch->servers[fetch->server]};
}

/* ---- letters ---- */

static bool is_letter(char c)
{
    return (uint8_t)((c | 0x20) - 'a') < 26;
}

unsigned local_letters_in(struct nib_text name)
{
    unsigned n = 0;
    for (size_t i = 0; i < name.len; i++)
        n += is_letter(name.ptr[i]);
    return n;
}

/* 64 random bits that nobody can foretell who does not know the seed. */
static uint64_t draw(struct nib_local *local)
{
    const char *octets = (const char *)&local->letters;
    local->letters++;
    return nib_text_hash(
        (struct nib_text){octets, sizeof local->letters}, local->config.letters_seed);
}

/* NIB-8.28: the letters in which the server of the moment is asked. */
static void draw_letters(struct nib_local *local, struct nib_fetch *fetch)
{
    enum nib_mix mix = local->config.mix;
    uint64_t bits = 0;
    unsigned left = 0;
    memcpy(fetch->asked, fetch->name, fetch->name_len);
    fetch->mixed = mix == NIB_MIX_ALWAYS ||
                   (mix == NIB_MIX_AUTO && !local_is_loopback(local_server_of(fetch)));
    for (size_t i = 0; fetch->mixed && i < fetch->name_len; i++) {
        if (!is_letter(fetch->asked[i]))
            continue;
        if (left == 0) {
            bits = draw(local);
            left = 64;
        }
        if (bits & 1)
            fetch->asked[i] ^= 0x20;
        bits >>= 1;
        left--;
    }
}

void nib_local_set_letters(struct nib_local *local, struct nib_slot slot, struct nib_text name)
{
    struct nib_fetch *fetch = nib_pending_of(&local->pending, slot);
    if (fetch == NULL || !nib_name_equal(name, nib_fetch_name(fetch)))
        return;
    memcpy(fetch->asked, name.ptr, name.len);
    fetch->mixed = fetch->mixed || !nib_text_same(name, nib_fetch_name(fetch));
}

/* ---- servers in turn ---- */

/*
 * Moves to the server whose turn it is: the next one that has not failed, a round later past the
 * last. False: all used up.
 */
bool local_next_server(const struct nib_local *local, struct nib_fetch *fetch)
{
    for (int steps = 0; steps < fetch->n_servers; steps++) {
        fetch->server++;
        if (fetch->server == fetch->n_servers) {
            fetch->server = 0;
            fetch->round++;
        }
        if (fetch->round >= local->config.tries)
            return false;
        if ((fetch->failed >> fetch->server & 1) == 0)
            return true;
    }
    return false;
}

/* Each round waits twice as long (NIB-9.2); the last try of a forwarder until the deadline. */
static nib_ms wait_of(const struct nib_local *local, const struct nib_fetch *fetch)
{
    struct nib_fetch next = *fetch;
    if (local_is_forwarded(local, fetch) && !local_next_server(local, &next))
        return local->config.deadline_ms;
    return local->config.timeout_ms << fetch->round;
}

void local_ask(struct event *e, struct nib_fetch *fetch, enum nib_decided what)
{
    struct nib_pending *pending = &e->local->pending;
    struct nib_slot slot = nib_pending_slot(pending, fetch);
    struct nib_message m = {
        .id = fetch->id, .qtype = fetch->type, .qname = {fetch->asked, fetch->name_len}};
    struct nib_decision decision = local_fetch_decision(what, fetch);
    uint8_t *octets = nib_outputs_reserve(e->out);
    if (octets != NULL)
        nib_outputs_query(e->out, slot, local_server_of(fetch),
            nib_message_encode(octets, NIB_MESSAGE_MAX, &m), &decision);
    fetch->sent++;
    local_count(e->local, NIB_LOCAL_DATAGRAMS);
    nib_heap_set(&pending->retries, slot.index, e->now + wait_of(e->local, fetch));
}

/* A socket of its own, and letters for it. */
void local_change_socket(struct event *e, struct nib_fetch *fetch)
{
    nib_outputs_close(e->out, nib_pending_slot(&e->local->pending, fetch));
    nib_pending_change_socket(&e->local->pending, fetch);
    fetch->strikes = 0;
    draw_letters(e->local, fetch);
}

/* NIB-8.10 */
static void take_id(struct nib_local *local, struct nib_fetch *fetch)
{
    fetch->id = local->next_id++;
    local_count(local, NIB_LOCAL_FETCHES);
}

/*
 * The same server again is a retry, with the ID and socket that it had (NIB-9.3); a change of
 * server is a new fetch, with an ID and a socket of its own (NIB-9.4).
 */
void local_ask_next(struct event *e, struct nib_fetch *fetch, uint8_t server_before)
{
    if (fetch->server == server_before) {
        local_count(e->local, NIB_LOCAL_RETRIES);
        local_ask(e, fetch, NIB_ASKED_AGAIN);
        return;
    }
    local_change_socket(e, fetch);
    take_id(e->local, fetch);
    local_ask(e, fetch, NIB_ASKED);
}

/* ---- the beginning ---- */

static struct nib_fetch *open_fetch(
    struct event *e, const struct nib_request *request, const struct wanted *wanted)
{
    struct nib_local *local = e->local;
    struct nib_pending *pending = &local->pending;
    struct nib_fetch *fetch = NULL;
    if (request->waits || pending->n_requests < pending->max_requests)
        fetch = nib_pending_open(pending, wanted->key, wanted->type, wanted->domain_len);
    if (fetch == NULL)
        return NULL;
    fetch->round = wanted->round;
    fetch->learnt = wanted->learnt;
    fetch->variant = wanted->variant;
    fetch->n_servers = wanted->n;
    memcpy(fetch->servers, wanted->servers, wanted->n * sizeof wanted->servers[0]);
    if (local_is_forwarded(local, fetch))
        local_count(local, NIB_LOCAL_FORWARDED);
    take_id(local, fetch);
    draw_letters(local, fetch);
    local_ask(e, fetch, NIB_ASKED);
    return fetch;
}

struct nib_fetch *local_fetch(
    struct event *e, const struct nib_request *request, const struct wanted *wanted, bool *joined)
{
    struct nib_fetch *fetch = nib_pending_find(
        &e->local->pending, wanted->key, wanted->type, wanted->domain_len, wanted->variant);
    *joined = fetch != NULL;
    if (*joined)
        local_count(e->local, NIB_LOCAL_SHARED);
    else
        fetch = open_fetch(e, request, wanted);
    if (fetch != NULL)
        fetch->for_address = fetch->for_address || wanted->for_address;
    return fetch;
}
