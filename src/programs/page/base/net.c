#include "page/base/page.h"

/*
 * Each datagram is lost, comes twice, or takes its time, as the network's settings say. One that
 * nobody takes is refused, as ICMP would, unless its source was a lie.
 */

uint8_t page_host_at(const struct page *page, const struct nib_addr *addr)
{
    const struct page_state *s = &page->state;
    for (uint8_t i = 0; i < s->n_hosts; i++)
        if (nib_addr_equal(&s->hosts[i].addr, addr))
            return i;
    const struct page_socket *socket = page_socket_at(page, addr);
    return socket == NULL ? PAGE_NOBODY : socket->host;
}

void page_event(struct page *page, nib_ms when, enum page_event_kind kind, uint32_t frame)
{
    struct page_state *s = &page->state;
    if (s->n_events == PAGE_EVENTS) {
        s->full = true;
        return;
    }
    s->events[s->n_events++] = (struct page_event){when, s->next_event++, kind, frame};
}

static bool is_chance(struct page *page, uint32_t percent)
{
    return page_rng_below(&page->state.rng, 100) < percent;
}

static nib_ms draw_delay(struct page *page)
{
    const struct page_network *network = &page->state.network;
    uint32_t spread = (uint32_t)(network->delay_max - network->delay_min) + 1;
    return network->delay_min + page_rng_below(&page->state.rng, spread);
}

/* Adds a datagram to the log, under way until a time. The frame, or 0: the log is full. */
static uint32_t add(struct page *page, const struct page_message *m, nib_ms until)
{
    struct page_state *s = &page->state;
    if (s->full || s->n_messages == PAGE_MESSAGES) {
        s->full = true;
        return 0;
    }
    page->log.messages[s->n_messages] = *m;
    s->courses[s->n_messages] =
        (struct page_course){.fate = PAGE_UNDER_WAY, .since = s->now, .until = until};
    s->n_messages++;
    page_event(page, until, PAGE_ARRIVE, s->n_messages);
    return s->n_messages;
}

/* The event that ends a datagram's way. */
static struct page_event *end_of(struct page *page, uint32_t frame)
{
    struct page_state *s = &page->state;
    for (uint32_t i = 0; i < s->n_events; i++)
        if (s->events[i].frame == frame && s->events[i].kind <= PAGE_LOSE)
            return &s->events[i];
    return NULL;
}

void page_drop(struct page *page, uint32_t frame, enum page_fate fate)
{
    struct page_state *s = &page->state;
    struct page_course *course = page_course_of(page, frame);
    course->fate = fate;
    course->until = s->now;
    struct page_event *end = end_of(page, frame);
    if (end != NULL)
        *end = s->events[--s->n_events];
}

uint32_t page_copy(struct page *page, uint32_t frame, const uint8_t *octets, size_t len)
{
    struct page_message m = *page_message_of(page, frame);
    m.sent = page->state.now;
    m.copy_of = frame;
    if (octets != NULL)
        m.octets = page_keep(page, octets, len);
    uint32_t copy = add(page, &m, page_course_of(page, frame)->until);
    if (copy > 0) /* it is as far on its way */
        page_course_of(page, copy)->since = page_course_of(page, frame)->since;
    return copy;
}

uint32_t page_send(struct page *page, const struct nib_addr *src, const struct nib_addr *dst,
    const uint8_t *octets, size_t len, uint8_t forger)
{
    struct page_state *s = &page->state;
    struct page_message m = {.sent = s->now,
        .src = *src,
        .dst = *dst,
        .from = forger != PAGE_NOBODY ? forger : page_host_at(page, src),
        .to = page_host_at(page, dst),
        .forger = forger,
        .octets = page_keep(page, octets, len)};
    bool lost = is_chance(page, s->network.loss), twice = is_chance(page, s->network.duplicate);
    nib_ms delay = draw_delay(page), again = draw_delay(page);
    uint32_t frame = add(page, &m, s->now + delay);
    if (frame == 0)
        return 0;
    struct page_event *end = end_of(page, frame);
    if (lost && end != NULL) { /* it comes half the way */
        end->kind = PAGE_LOSE;
        end->when = s->now + delay / 2;
    } else if (twice && page_copy(page, frame, NULL, 0) > 0) {
        page_delay(page, frame, again);
    }
    return frame;
}

void page_delay(struct page *page, uint32_t frame, nib_ms more)
{
    struct page_event *end = end_of(page, frame);
    page_course_of(page, frame)->until += more;
    if (end != NULL)
        end->when += more;
}

/* ---- arriving ---- */

/* A connected socket hears only whom it asked. */
static bool is_heard(struct page *page, const struct page_message *m)
{
    const struct page_socket *socket = page_socket_at(page, &m->dst);
    return socket == NULL || nib_addr_equal(&socket->peer, &m->src);
}

static void hand_over(struct page *page, struct page_host *host, uint32_t frame)
{
    if (host->role == PAGE_CLIENT)
        page_client_read(page, host, frame);
    else if (host->role != PAGE_ATTACKER)
        page_server_read(page, host, frame);
}

void page_arrive(struct page *page, uint32_t frame)
{
    struct page_course *course = page_course_of(page, frame);
    struct page_message *m = page_message_of(page, frame);
    uint8_t to = page_host_at(page, &m->dst);
    struct page_host *host = to == PAGE_NOBODY ? NULL : &page->state.hosts[to];
    course->until = page->state.now;
    if (host != NULL && host->condition == PAGE_HANGS) {
        course->fate = PAGE_SILENT;
    } else if (host == NULL || host->condition == PAGE_ENDED || !is_heard(page, m)) {
        course->fate = PAGE_REFUSED;
        if (m->forger == PAGE_NOBODY)
            page_event(page, page->state.now + page->state.network.delay_min, PAGE_REFUSE, frame);
    } else {
        course->fate = PAGE_ARRIVED;
        hand_over(page, host, frame);
    }
}

/* Who asked from a socket that is still open hears that nobody listens. */
void page_refuse(struct page *page, uint32_t frame)
{
    const struct page_message *m = page_message_of(page, frame);
    const struct page_socket *socket = page_socket_at(page, &m->src);
    if (socket == NULL || !nib_addr_equal(&socket->peer, &m->dst))
        return;
    struct page_host *host = &page->state.hosts[socket->host];
    if (host->condition != PAGE_UP)
        return;
    if (host->role == PAGE_CLIENT)
        page_client_refused(page, host);
    else
        page_local_refused(page, host, socket);
}
