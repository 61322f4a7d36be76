#include "page/base/page.h"
#include "page/base/words.h"

enum { TIMEOUT_MS = 1000, TRIES = 3 };

void page_client_start(struct page *page, struct page_host *host)
{
    const struct page_host *local = &page->state.hosts[page->state.local_host];
    nib_client_init(&host->client, &host->table, &local->addr, TIMEOUT_MS, TRIES);
}

/* What the program says to a person, without what names the speaker. */
static void report(struct page *page, struct page_host *host)
{
    const struct nib_client *c = &host->client;
    struct nib_text result = {c->result, c->result_len};
    char text[PAGE_TEXT_MAX];
    struct nib_writer w = nib_writer_init((uint8_t *)text, sizeof text);
    switch (c->status) {
    case NIB_CLIENT_FOUND:
        nib_writer_word(&w, c->from_table ? "Cached result: " : "Record found: ");
        if (!c->from_table) {
            nib_writer_text(&w, c->name);
            nib_writer_word(&w, " -> ");
        }
        nib_writer_text(&w, result);
        break;
    case NIB_CLIENT_NOT_FOUND:
        nib_writer_word(&w, "Record not found for ");
        nib_writer_text(&w, c->name);
        break;
    case NIB_CLIENT_FAILURE:
        nib_writer_word(&w, "Server failure for ");
        nib_writer_text(&w, c->name);
        break;
    case NIB_CLIENT_NO_ANSWER:
        nib_writer_word(&w, "No answer for ");
        nib_writer_text(&w, c->name);
        break;
    }
    host->said = page_keep(page, text, w.off);
}

/* What a call of the logic wants done; what it says when the lookup is over by it. */
static void go_on(struct page *page, struct page_host *host, struct nib_outputs *out)
{
    page_carry_out(page, host, out);
    if (nib_client_deadline(&host->client) == NIB_NEVER)
        report(page, host);
}

bool page_client_look_up(
    struct page *page, struct page_host *host, struct nib_text name, struct nib_text type_name)
{
    enum nib_type type = NIB_A;
    size_t bad;
    enum nib_err err = nib_name_check(name, &bad);
    if (err != NIB_OK)
        return page_refuses(page, nib_err_words(err), NIB_TEXT(""));
    if (type_name.len > 0 && !nib_type_parse(type_name, &type))
        return page_refuses(page, "no such type: ", type_name);
    if (host->condition != PAGE_UP)
        return page_refuses(page, "this client does not run", NIB_TEXT(""));
    if (nib_client_deadline(&host->client) != NIB_NEVER)
        return page_refuses(page, "this client still waits for an answer", NIB_TEXT(""));
    host->said = (struct page_piece){0};
    struct nib_outputs *out = page_outputs(page);
    (void)nib_client_start(&host->client, page->state.now, name, type, out);
    go_on(page, host, out);
    return true;
}

void page_client_read(struct page *page, struct page_host *host, uint32_t frame)
{
    const struct page_message *m = page_message_of(page, frame);
    struct nib_text octets = page_text(page, m->octets);
    struct nib_outputs *out = page_outputs(page);
    bool waits = nib_client_deadline(&host->client) != NIB_NEVER;
    struct nib_decision decision = nib_client_input(
        &host->client, page->state.now, &m->src, (const uint8_t *)octets.ptr, octets.len, out);
    page_verdict(page, frame, &decision);
    if (waits)
        go_on(page, host, out);
}

void page_client_refused(struct page *page, struct page_host *host)
{
    struct nib_outputs *out = page_outputs(page);
    if (nib_client_deadline(&host->client) == NIB_NEVER)
        return;
    (void)nib_client_unreachable(&host->client, page->state.now, out);
    go_on(page, host, out);
}

void page_client_tick(struct page *page, struct page_host *host)
{
    struct nib_outputs *out = page_outputs(page);
    (void)nib_client_tick(&host->client, page->state.now, out);
    go_on(page, host, out);
}
