#include "nibdns/records.h"
#include "page/base/page.h"

enum { CLIENT_RECORDS_TEXT = 64 };

/* ---- memory, of the page's own ---- */

void *page_take(struct page *page, size_t n)
{
    struct page_state *s = &page->state;
    size_t begin = (s->n_memory + 63) & ~(size_t)63;
    s->n_memory = begin + n;
    if (s->n_memory > PAGE_MEMORY)
        __builtin_trap(); /* the worlds are known: PAGE_MEMORY is too small for one */
    return s->memory + begin;
}

static size_t lines_of(const struct page_host *host)
{
    return host->role == PAGE_CLIENT ? 2 : PAGE_ZONE_LINES;
}

static size_t text_of(const struct page_host *host)
{
    return host->role == PAGE_CLIENT ? CLIENT_RECORDS_TEXT : PAGE_ZONE_TEXT;
}

/* ---- static records ---- */

struct told {
    struct nib_writer w;
    size_t n;
};

static void tell(void *ctx, size_t line, size_t column, const char *words)
{
    struct told *told = ctx;
    (void)column;
    if (told->n++ > 0)
        nib_writer_u8(&told->w, '\n');
    nib_writer_word(&told->w, "line ");
    nib_writer_decimal(&told->w, line);
    nib_writer_word(&told->w, ": ");
    nib_writer_word(&told->w, words);
}

bool page_host_records(struct page *page, struct page_host *host, struct nib_text text)
{
    struct told told = {nib_writer_init((uint8_t *)page->fault, sizeof page->fault - 1), 0};
    struct nib_faults faults = {.ctx = &told, .fault = tell};
    int next = 1 - host->zone;
    size_t lines = nib_records_count(text), bytes = nib_zone_bytes(lines_of(host), text_of(host));
    if (text.len > text_of(host) || lines > lines_of(host))
        return page_refuses(page, "this is more than the page has room for", NIB_TEXT(""));
    if (host->zone_memory[next] == NULL)
        host->zone_memory[next] = page_take(page, bytes);
    memset(host->zone_memory[next], 0, bytes);
    nib_zone_init(
        &host->zones[next], host->zone_memory[next], lines_of(host), text_of(host), PAGE_HASH_SEED);
    if (!nib_records_read(text, &host->zones[next], &faults)) {
        page->fault[told.w.off] = '\0';
        return false;
    }
    host->records = page_keep(page, text.ptr, text.len);
    nib_table_set_zone(&host->table, &host->zones[next]);
    host->zone = next;
    return true;
}

/* ---- a program begins ---- */

static void start_cache(struct page *page, struct page_host *host)
{
    size_t bytes = nib_cache_bytes(PAGE_CLIENT_RECORDS);
    if (host->logic_memory == NULL)
        host->logic_memory = page_take(page, bytes);
    memset(host->logic_memory, 0, bytes);
    nib_cache_init(&host->cache, host->logic_memory, PAGE_CLIENT_RECORDS, PAGE_HASH_SEED);
    host->table.cache = &host->cache;
}

void page_host_start(struct page *page, struct page_host *host)
{
    struct nib_text records = page_text(page, host->records);
    host->condition = PAGE_UP;
    host->table = (struct nib_table){0};
    page_close_sockets(page, host);
    (void)page_host_records(page, host, records);
    switch (host->role) {
    case PAGE_CLIENT:
        start_cache(page, host);
        page_client_start(page, host);
        break;
    case PAGE_LOCAL:
        page_local_start(page, host);
        break;
    case PAGE_AUTHORITY:
        page_authority_start(host);
        break;
    case PAGE_ATTACKER:
        break;
    }
}

/* ---- what the logic wants done, and why ---- */

/* One call's list: it is empty again before the next call, so it is no part of the state. */
struct nib_outputs *page_outputs(struct page *page)
{
    nib_outputs_init(&page->outputs, page->outputs_memory, PAGE_OUTPUTS);
    return &page->outputs;
}

static struct page_piece words_of(struct page *page, const struct nib_decision *decision)
{
    char text[NIB_DECISION_TEXT_MAX];
    if (decision->what == NIB_DECIDED_NOTHING)
        return (struct page_piece){0};
    return page_keep(page, text, nib_decision_text(decision, text));
}

void page_why(struct page *page, uint32_t frame, const struct nib_decision *decision)
{
    if (frame > 0)
        page_message_of(page, frame)->why = words_of(page, decision);
}

void page_verdict(struct page *page, uint32_t frame, const struct nib_decision *decision)
{
    page_course_of(page, frame)->verdict = words_of(page, decision);
}
