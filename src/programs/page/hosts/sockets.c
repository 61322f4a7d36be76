#include "page/base/page.h"

/*
 * Sockets that a host opens to ask: each on a random port, connected to whom it asks. What the
 * logic wants done stands in its list of outputs; here it is done.
 */

enum { FIRST_PORT = 32768, PORTS = 28232 }; /* as Linux draws them */

uint16_t page_draw_port(struct page *page)
{
    return (uint16_t)(FIRST_PORT + page_rng_below(&page->state.rng, PORTS));
}

const struct page_socket *page_socket_at(const struct page *page, const struct nib_addr *addr)
{
    for (uint32_t i = 0; i < PAGE_SOCKETS; i++) {
        const struct page_socket *socket = &page->state.sockets[i];
        if (socket->open && nib_addr_equal(&socket->self, addr))
            return socket;
    }
    return NULL;
}

/* The host's socket in that place, whatever its serial; else a free one. */
static struct page_socket *place_of(struct page *page, uint8_t host, struct nib_slot slot)
{
    struct page_socket *free = NULL;
    for (uint32_t i = 0; i < PAGE_SOCKETS; i++) {
        struct page_socket *socket = &page->state.sockets[i];
        if (socket->open && socket->host == host && socket->slot.index == slot.index)
            return socket;
        if (!socket->open && free == NULL)
            free = socket;
    }
    return free;
}

static void open_socket(
    struct page *page, struct page_socket *socket, uint8_t host, const struct nib_output *query)
{
    *socket = (struct page_socket){.host = host, .slot = query->slot, .peer = query->path.peer};
    socket->self = page->state.hosts[host].addr;
    do
        socket->self.port = page_draw_port(page);
    while (page_host_at(page, &socket->self) != PAGE_NOBODY);
    socket->open = true;
}

static void send_query(struct page *page, uint8_t host, const struct nib_output *query)
{
    struct page_socket *socket = place_of(page, host, query->slot);
    if (socket == NULL) { /* there are as many as all hosts can have open: PAGE_SOCKETS */
        page->state.full = true;
        return;
    }
    if (!socket->open || socket->slot.serial != query->slot.serial)
        open_socket(page, socket, host, query);
    uint32_t frame =
        page_send(page, &socket->self, &query->path.peer, query->octets, query->len, PAGE_NOBODY);
    page_why(page, frame, &query->decision);
    if (page->state.hosts[host].role == PAGE_LOCAL)
        page_attacker_watch(page, frame);
}

static void close_socket(struct page *page, uint8_t host, struct nib_slot slot)
{
    struct page_socket *socket = place_of(page, host, slot);
    if (socket != NULL && socket->open && socket->slot.serial == slot.serial)
        socket->open = false;
}

void page_carry_out(struct page *page, const struct page_host *host, struct nib_outputs *outputs)
{
    uint8_t number = (uint8_t)(host - page->state.hosts);
    for (uint32_t i = 0; i < outputs->n; i++) {
        const struct nib_output *o = &outputs->items[i];
        uint32_t frame;
        switch (o->kind) {
        case NIB_OUTPUT_ANSWER:
            frame = page_send(page, &o->path.self, &o->path.peer, o->octets, o->len, PAGE_NOBODY);
            page_why(page, frame, &o->decision);
            break;
        case NIB_OUTPUT_QUERY:
            send_query(page, number, o);
            break;
        case NIB_OUTPUT_CLOSE:
            close_socket(page, number, o->slot);
            break;
        }
    }
    nib_outputs_clear(outputs);
}

void page_close_sockets(struct page *page, const struct page_host *host)
{
    for (uint32_t i = 0; i < PAGE_SOCKETS; i++)
        if (page->state.sockets[i].host == (uint8_t)(host - page->state.hosts))
            page->state.sockets[i].open = false;
}
