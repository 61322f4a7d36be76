#include "page/base/page.h"
#include "page/base/words.h"

/*
 * Somebody who wants the local server to believe a lie. Who guesses knows what is asked, not the
 * port and the letters: IDs can be predicted, those cannot. Who sees the question needs to guess
 * nothing, only to be faster than the truth.
 */

enum { GUESSES = 3, LIE_TTL_S = 3600 };

static const char lie_result[] = "6.6.6.6";

static uint8_t attacker_of(const struct page *page)
{
    for (uint8_t i = 0; i < page->state.n_hosts; i++)
        if (page->state.hosts[i].role == PAGE_ATTACKER)
            return i;
    return PAGE_NOBODY;
}

/* In small letters, as who does not see the question would write them. */
static struct nib_text small_letters(struct nib_text name, char out[NIB_NAME_MAX])
{
    for (size_t i = 0; i < name.len; i++)
        out[i] = page_small(name.ptr[i]);
    return (struct nib_text){out, name.len};
}

bool page_forge(struct page *page, uint32_t frame, const struct page_lie *lie)
{
    const struct page_message *query = page_message_of(page, frame);
    struct nib_text octets = page_text(page, query->octets);
    uint8_t out[NIB_MESSAGE_MAX];
    char name[NIB_NAME_MAX];
    struct nib_message m;
    size_t bad;
    if (nib_message_decode(&m, (const uint8_t *)octets.ptr, octets.len, &bad) != NIB_OK ||
        m.flag != NIB_QUERY)
        return page_refuses(page, "only a query can be answered with a lie", NIB_TEXT(""));
    if (nib_result_check(m.qtype, lie->result, &bad) != NIB_OK)
        return page_refuses(page, "no result of that type: ", lie->result);
    if (attacker_of(page) == PAGE_NOBODY)
        return page_refuses(page, "there is no attacker in this network", NIB_TEXT(""));
    struct nib_addr to = query->src;
    to.port = lie->port == 0 ? to.port : lie->port;
    m.id += lie->off_id;
    m.flag = NIB_RESPONSE;
    m.atype = m.qtype;
    m.qname = lie->small ? small_letters(m.qname, name) : m.qname;
    m.aname = m.qname;
    m.ttl_s = nib_result_outcome(lie->result) == NIB_FOUND ? LIE_TTL_S : 0;
    m.result = lie->result;
    size_t len = nib_message_encode(out, sizeof out, &m);
    uint32_t forged = page_send(page, &query->dst, &to, out, len, attacker_of(page));
    if (forged > 0) /* to that host, whether or not it listens at that port */
        page_message_of(page, forged)->to = query->from;
    return forged > 0;
}

void page_attacker_watch(struct page *page, uint32_t frame)
{
    enum page_attack attack = page->state.network.attacker;
    if (attack == PAGE_ATTACK_OFF || frame == 0 || attacker_of(page) == PAGE_NOBODY)
        return;
    page_event(page, page->state.now + 1, PAGE_FORGE, frame);
}

void page_attacker_strike(struct page *page, uint32_t frame)
{
    enum page_attack attack = page->state.network.attacker;
    struct page_lie told = {.result = NIB_TEXT(lie_result)};
    if (attack == PAGE_ATTACK_SEE)
        (void)page_forge(page, frame, &told);
    for (int i = 0; i < GUESSES && attack == PAGE_ATTACK_GUESS; i++) {
        told.port = page_draw_port(page);
        told.small = true;
        (void)page_forge(page, frame, &told);
    }
}
