#include "page/base/page.h"

struct page_piece page_keep(struct page *page, const void *octets, size_t len)
{
    struct page_state *s = &page->state;
    if (len > PAGE_LOG - s->n_log) {
        s->full = true;
        return (struct page_piece){0};
    }
    struct page_piece piece = {s->n_log, (uint32_t)len};
    memcpy(page->log.octets + s->n_log, octets, len);
    s->n_log += (uint32_t)len;
    return piece;
}

struct nib_text page_text(const struct page *page, struct page_piece piece)
{
    return (struct nib_text){(const char *)page->log.octets + piece.at, piece.len};
}

struct page_message *page_message_of(struct page *page, uint32_t frame)
{
    bool there = frame > 0 && frame <= page->state.n_messages;
    return there ? &page->log.messages[frame - 1] : NULL;
}

struct page_course *page_course_of(struct page *page, uint32_t frame)
{
    bool there = frame > 0 && frame <= page->state.n_messages;
    return there ? &page->state.courses[frame - 1] : NULL;
}
