#include "page/base/page.h"
#include "page/base/words.h"

/*
 *     client N NAME [TYPE]          a lookup of the client of that number, from 1
 *     drop FRAME                    a datagram that is under way ends there
 *     delay FRAME MS                it takes so much longer
 *     copy FRAME                    it arrives twice
 *     change FRAME OCTET HEX        one octet of it becomes another
 *     forge FRAME RESULT [OFF]      the attacker answers that query with a lie, its ID so far off;
 *                                   `small`: the name in small letters instead
 *     send HOST HEX                 the attacker sends these octets to a host
 *     stop HOST                     it hangs: nothing goes in or out
 *     end HOST                      its program ends: nobody listens there
 *     start HOST                    it goes on, or begins with an empty table
 *     set KEY VALUE                 loss, duplicate, delay, attacker, as at the start
 *     records HOST TEXT             its static records are these from now on
 */

struct verb {
    const char *name;
    bool (*act)(struct page *page, struct nib_text rest);
};

static struct page_host *host_of(struct page *page, struct nib_text name)
{
    for (uint32_t i = 0; i < page->state.n_hosts; i++)
        if (page_is(name, page->state.hosts[i].name))
            return &page->state.hosts[i];
    page_refuses(page, "there is no host of that name: ", name);
    return NULL;
}

/* The host that the text begins with: a name has one word or two. */
static struct page_host *take_host(struct page *page, struct nib_text *rest)
{
    struct nib_text whole = *rest, first = page_until(rest, ' '), after = *rest;
    struct nib_text second = page_until(&after, ' ');
    uint64_t n;
    if (page_number(second, 99, &n)) {
        *rest = after;
        return host_of(page, (struct nib_text){whole.ptr, first.len + 1 + second.len});
    }
    return host_of(page, first);
}

/* A frame that is under way; 0, refused: it is not. */
static uint32_t take_frame(struct page *page, struct nib_text *rest, bool under_way)
{
    struct nib_text word = page_until(rest, ' ');
    uint64_t frame = 0;
    (void)page_number(word, UINT32_MAX, &frame);
    const struct page_course *course = page_course_of(page, (uint32_t)frame);
    if (course == NULL || (under_way && course->fate != PAGE_UNDER_WAY)) {
        page_refuses(
            page, under_way ? "this datagram is not under way: " : "no such frame: ", word);
        return 0;
    }
    return (uint32_t)frame;
}

static bool act_client(struct page *page, struct nib_text rest)
{
    uint64_t n = 0;
    struct nib_text number = page_until(&rest, ' '), name = page_until(&rest, ' ');
    (void)page_number(number, PAGE_HOSTS, &n);
    for (uint32_t i = 0; i < page->state.n_hosts; i++) {
        struct page_host *host = &page->state.hosts[i];
        if (host->role != PAGE_CLIENT || --n > 0)
            continue;
        if (name.len > 0 && name.ptr[name.len - 1] == '.')
            name.len--;
        return page_client_look_up(page, host, name, rest);
    }
    return page_refuses(page, "there is no client of that number: ", number);
}

static bool act_drop(struct page *page, struct nib_text rest)
{
    uint32_t frame = take_frame(page, &rest, true);
    if (frame > 0)
        page_drop(page, frame, PAGE_DROPPED);
    return frame > 0;
}

static bool act_delay(struct page *page, struct nib_text rest)
{
    uint64_t ms;
    uint32_t frame = take_frame(page, &rest, true);
    if (frame == 0)
        return false;
    if (!page_number(rest, 60000, &ms))
        return page_refuses(page, "a delay is 0 to 60000 ms, not ", rest);
    page_delay(page, frame, (nib_ms)ms);
    return true;
}

static bool act_copy(struct page *page, struct nib_text rest)
{
    uint32_t frame = take_frame(page, &rest, true);
    return frame > 0 && page_copy(page, frame, NULL, 0) > 0;
}

static bool act_change(struct page *page, struct nib_text rest)
{
    uint8_t octets[NIB_MESSAGE_MAX], octet;
    uint64_t place;
    uint32_t frame = take_frame(page, &rest, true);
    if (frame == 0)
        return false;
    struct nib_text old = page_text(page, page_message_of(page, frame)->octets);
    struct nib_text where = page_until(&rest, ' ');
    if (!page_number(where, NIB_MESSAGE_MAX, &place) || place >= old.len || old.len > sizeof octets)
        return page_refuses(page, "this datagram has no such octet: ", where);
    if (page_hex(rest, &octet, 1) != 1)
        return page_refuses(page, "an octet is two hex digits, not ", rest);
    memcpy(octets, old.ptr, old.len);
    octets[place] = octet;
    uint32_t changed = page_copy(page, frame, octets, old.len);
    page_drop(page, frame, PAGE_CHANGED);
    return changed > 0;
}

static bool act_forge(struct page *page, struct nib_text rest)
{
    uint64_t off = 0;
    uint32_t frame = take_frame(page, &rest, false);
    struct page_lie lie = {.result = page_until(&rest, ' '), .small = page_is(rest, "small")};
    if (frame == 0)
        return false;
    if (rest.len > 0 && !lie.small && !page_number(rest, UINT32_MAX, &off))
        return page_refuses(page, "how far the ID is off is a number, not ", rest);
    lie.off_id = (uint32_t)off;
    return page_forge(page, frame, &lie);
}

static bool act_send(struct page *page, struct nib_text rest)
{
    uint8_t octets[NIB_MESSAGE_MAX];
    struct page_host *host = take_host(page, &rest);
    size_t len = page_hex(rest, octets, sizeof octets);
    if (host == NULL)
        return false;
    if (len == 0)
        return page_refuses(page, "octets are pairs of hex digits, 772 at most", NIB_TEXT(""));
    for (uint32_t i = 0; i < page->state.n_hosts; i++)
        if (page->state.hosts[i].role == PAGE_ATTACKER)
            return page_send(
                       page, &page->state.hosts[i].addr, &host->addr, octets, len, PAGE_NOBODY) > 0;
    return page_refuses(page, "there is nobody in this network to send it", NIB_TEXT(""));
}

static bool set_condition(struct page *page, struct nib_text rest, enum page_condition condition)
{
    struct page_host *host = take_host(page, &rest);
    if (host == NULL)
        return false;
    if (condition == PAGE_UP && host->condition == PAGE_ENDED)
        page_host_start(page, host);
    host->condition = condition;
    return true;
}

static bool act_stop(struct page *page, struct nib_text rest)
{
    return set_condition(page, rest, PAGE_HANGS);
}

static bool act_end(struct page *page, struct nib_text rest)
{
    return set_condition(page, rest, PAGE_ENDED);
}

static bool act_start(struct page *page, struct nib_text rest)
{
    return set_condition(page, rest, PAGE_UP);
}

static bool act_set(struct page *page, struct nib_text rest)
{
    struct nib_text key = page_until(&rest, ' ');
    return page_set(&page->state.network, key, rest) ||
           page_refuses(page, "the network knows no such setting or value: ", key);
}

static bool act_records(struct page *page, struct nib_text rest)
{
    struct page_host *host = take_host(page, &rest);
    if (host == NULL)
        return false;
    if (host->role == PAGE_CLIENT || host->role == PAGE_ATTACKER)
        return page_refuses(page, "this host has no static records", NIB_TEXT(""));
    return page_host_records(page, host, rest);
}

bool page_act(struct page *page, struct nib_text action)
{
    static const struct verb verbs[] = {{"client", act_client}, {"drop", act_drop},
        {"delay", act_delay}, {"copy", act_copy}, {"change", act_change}, {"forge", act_forge},
        {"send", act_send}, {"stop", act_stop}, {"end", act_end}, {"start", act_start},
        {"set", act_set}, {"records", act_records}};
    struct nib_text verb = page_until(&action, ' ');
    page->fault[0] = '\0';
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (page_is(verb, verbs[i].name))
            return verbs[i].act(page, action);
    return page_refuses(page, "there is no such action: ", verb);
}
