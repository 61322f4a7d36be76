#include "page/base/page.h"

/* The local server and the name servers, with the usual options of their programs. */

enum { STATIC_TTL_S = 60 }; /* of the name servers' answers */

static const struct nib_local_limits limits = {
    .records = PAGE_LOCAL_RECORDS, .fetches = PAGE_FETCHES, .requests = PAGE_REQUESTS};

void page_local_start(struct page *page, struct page_host *host)
{
    struct page_state *s = &page->state;
    const struct nib_local_config config = {NIB_LOCAL_DEFAULTS, .limits = limits,
        .seed = PAGE_HASH_SEED, .letters_seed = s->seed, .mix = NIB_MIX_AUTO};
    size_t bytes = nib_local_bytes(&limits);
    if (host->logic_memory == NULL)
        host->logic_memory = page_take(page, bytes);
    memset(host->logic_memory, 0, bytes);
    nib_local_open(&s->local, &host->table, host->logic_memory, &config);
    nib_local_set_own(&s->local, &host->addr, 1);
}

void page_authority_start(struct page_host *host)
{
    host->authority = (struct nib_authoritative){.table = &host->table,
        .ttl_s = STATIC_TTL_S,
        .zones = host->zones_of,
        .n_zones = host->n_zones};
}

void page_server_read(struct page *page, struct page_host *host, uint32_t frame)
{
    const struct page_message *m = page_message_of(page, frame);
    const struct page_socket *socket = page_socket_at(page, &m->dst);
    struct nib_path path = {.peer = m->src, .self = m->dst};
    struct nib_text text = page_text(page, m->octets);
    const uint8_t *octets = (const uint8_t *)text.ptr;
    struct nib_outputs *out = page_outputs(page);
    struct nib_decision decision;
    if (host->role == PAGE_AUTHORITY)
        decision = nib_authoritative_input(&host->authority, &path, octets, text.len, out);
    else if (socket == NULL)
        decision =
            nib_local_input(&page->state.local, page->state.now, &path, octets, text.len, out);
    else
        decision = nib_local_reply(
            &page->state.local, page->state.now, socket->slot, octets, text.len, out);
    page_verdict(page, frame, &decision);
    page_carry_out(page, host, out);
}

void page_local_refused(struct page *page, struct page_host *host, const struct page_socket *socket)
{
    struct nib_outputs *out = page_outputs(page);
    (void)nib_local_unreachable(&page->state.local, page->state.now, socket->slot, out);
    page_carry_out(page, host, out);
}

void page_local_tick(struct page *page, struct page_host *host)
{
    struct nib_outputs *out = page_outputs(page);
    nib_local_tick(&page->state.local, page->state.now, out);
    page_carry_out(page, host, out);
}
