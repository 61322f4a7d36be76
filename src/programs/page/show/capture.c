#include "nibdns/pcap.h"
#include "page/show/show.h"

/* The simulated clock begins here: 2026-01-01 00:00 UTC. */
static const int64_t EPOCH_US = 1767225600000000;

bool page_show_capture(struct page *page, struct nib_writer *w)
{
    uint8_t header[NIB_PCAP_FILE_HEADER];
    nib_pcap_header(header);
    nib_writer_octets(w, header, sizeof header);
    for (uint32_t frame = 1; frame <= page->state.n_messages && !w->full; frame++) {
        const struct page_message *m = page_message_of(page, frame);
        struct nib_text octets = page_text(page, m->octets);
        size_t n = nib_pcap_record(w->octets + w->off, w->cap - w->off, EPOCH_US + m->sent * 1000,
            &m->src, &m->dst, (const uint8_t *)octets.ptr, octets.len, octets.len);
        w->off += n;
        w->full = n == 0;
    }
    return !w->full;
}
