#include "nibdns/pcap.h"
#include "page/show/show.h"

/* The simulated clock begins here: 2026-01-01 00:00 UTC. */
static const int64_t EPOCH_US = 1767225600000000;

/* What one call wrote behind the rest; 0 octets: it had no room. */
static void wrote(struct nib_writer *w, size_t n)
{
    w->off += n;
    w->full = w->full || n == 0;
}

/* An address that is one host's alone has that host's name. */
static bool is_alone(const struct page_state *s, uint32_t host)
{
    for (uint32_t i = 0; i < s->n_hosts; i++)
        if (i != host && nib_ip_equal(&s->hosts[i].addr, &s->hosts[host].addr))
            return false;
    return true;
}

static void put_names(const struct page_state *s, struct nib_writer *w)
{
    for (uint32_t i = 0; i < s->n_hosts && !w->full; i++) {
        const struct page_host *host = &s->hosts[i];
        const struct nib_text name = {host->name, strlen(host->name)};
        if (is_alone(s, i))
            wrote(w, nib_pcapng_name(w->octets + w->off, w->cap - w->off, &host->addr, name));
    }
}

/* Why it was sent, and what its receiver decided. */
static struct nib_text comment_of(struct page *page, uint32_t frame, uint8_t text[PAGE_TEXT_MAX])
{
    struct nib_writer w = nib_writer_init(text, PAGE_TEXT_MAX);
    struct nib_text why = page_text(page, page_message_of(page, frame)->why);
    struct nib_text verdict = page_text(page, page_course_of(page, frame)->verdict);
    nib_writer_text(&w, why);
    if (why.len > 0 && verdict.len > 0)
        nib_writer_word(&w, "; ");
    nib_writer_text(&w, verdict);
    return (struct nib_text){(const char *)text, nib_writer_done(&w)};
}

static void put_packet(struct page *page, uint32_t frame, struct nib_writer *w)
{
    const struct page_message *m = page_message_of(page, frame);
    struct nib_text octets = page_text(page, m->octets);
    uint8_t text[PAGE_TEXT_MAX];
    wrote(w, nib_pcapng_packet(w->octets + w->off, w->cap - w->off, EPOCH_US + m->sent * 1000,
                 NIB_DIRECTION_UNKNOWN, comment_of(page, frame, text), &m->src, &m->dst,
                 (const uint8_t *)octets.ptr, octets.len, octets.len));
}

bool page_show_capture(struct page *page, struct nib_writer *w)
{
    wrote(w, nib_pcapng_header(w->octets, w->cap, NIB_TEXT("nibdns page")));
    put_names(&page->state, w);
    for (uint32_t frame = 1; frame <= page->state.n_messages && !w->full; frame++)
        put_packet(page, frame, w);
    return !w->full;
}
