/*
 * The calls that the browser makes. Text and octets go in and out through one buffer; a call that
 * returns a length has written that many octets there, 0 where there is nothing to say. Times are
 * milliseconds since the run began, -1 is never.
 */
#include "page/base/page.h"
#include "page/show/show.h"
#include "page/wasm/memory.h"

#define EXPORT(name) __attribute__((export_name(#name)))

enum { BUFFER = 4 * 1024 * 1024, PICTURE = 1024 * 1024 };

static struct page page;
static uint8_t buffer[BUFFER];
static uint8_t picture[PICTURE];
static uint8_t picture_words[PAGE_TEXT_MAX];
static uint32_t picture_words_len;

static struct nib_text given(uint32_t len)
{
    return (struct nib_text){(const char *)buffer, len < BUFFER ? len : BUFFER};
}

static uint32_t fault(bool ok)
{
    size_t len = ok ? 0 : strlen(page.fault);
    memcpy(buffer, page.fault, len);
    return (uint32_t)len;
}

static int32_t time_of(nib_ms when)
{
    return when > INT32_MAX ? -1 : (int32_t)when;
}

/* Where the buffer is, and how long; where all that changes is, and how long. */
EXPORT(buffer) uint8_t *api_buffer(void)
{
    return buffer;
}

EXPORT(buffer_size) uint32_t api_buffer_size(void)
{
    return BUFFER;
}

EXPORT(state) void *api_state(void)
{
    return &page.state;
}

EXPORT(state_size) uint32_t api_state_size(void)
{
    return sizeof page.state;
}

/* These three return the length of what is wrong: see page_start(), page_plan() and page_do(). */
EXPORT(start) uint32_t api_start(uint32_t len)
{
    return fault(page_start(&page, given(len)));
}

EXPORT(plan) uint32_t api_plan(int32_t when, uint32_t len)
{
    return fault(page_plan(&page, when, given(len)));
}

EXPORT(act) uint32_t api_act(uint32_t len)
{
    return fault(page_do(&page, given(len)));
}

EXPORT(next) int32_t api_next(void)
{
    return time_of(page_next(&page));
}

EXPORT(step) int32_t api_step(void)
{
    return page_step(&page);
}

EXPORT(advance) void api_advance(int32_t to)
{
    page_advance(&page, to);
}

/* What the view shows: see show/show.h. */
EXPORT(show_state) uint32_t api_show_state(void)
{
    struct nib_writer w = nib_writer_init(buffer, sizeof buffer);
    page_show_state(&page, &w);
    return (uint32_t)nib_writer_done(&w);
}

EXPORT(show_messages) uint32_t api_show_messages(uint32_t first)
{
    struct nib_writer w = nib_writer_init(buffer, sizeof buffer);
    page_show_messages(&page, first, &w);
    return (uint32_t)nib_writer_done(&w);
}

EXPORT(show_octets) uint32_t api_show_octets(uint32_t frame)
{
    struct nib_writer w = nib_writer_init(buffer, sizeof buffer);
    page_show_octets(&page, frame, &w);
    return (uint32_t)nib_writer_done(&w);
}

EXPORT(show_choices) uint32_t api_show_choices(void)
{
    struct nib_writer w = nib_writer_init(buffer, sizeof buffer);
    page_show_choices(&w);
    return (uint32_t)nib_writer_done(&w);
}

EXPORT(show_capture) uint32_t api_show_capture(void)
{
    struct nib_writer w = nib_writer_init(buffer, sizeof buffer);
    (void)page_show_capture(&page, &w);
    return (uint32_t)nib_writer_done(&w);
}

/* The capture file in the buffer as a picture; then, what is to be said about it. */
EXPORT(show_ladder) uint32_t api_show_ladder(uint32_t len)
{
    struct nib_writer svg = nib_writer_init(picture, sizeof picture);
    struct nib_writer words = nib_writer_init(picture_words, sizeof picture_words);
    memory_begin();
    page_show_ladder(given(len), &svg, &words);
    picture_words_len = (uint32_t)nib_writer_done(&words);
    memcpy(buffer, picture, nib_writer_done(&svg));
    return (uint32_t)nib_writer_done(&svg);
}

EXPORT(show_ladder_words) uint32_t api_show_ladder_words(void)
{
    memcpy(buffer, picture_words, picture_words_len);
    return picture_words_len;
}
