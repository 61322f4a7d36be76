#include "nibpcap/base/filter.h"

#include "nibdns/name.h"

static bool parse_frame(const char **text, uint64_t *frame)
{
    enum { DIGITS_MAX = 18 };
    int n = 0;
    for (*frame = 0; **text >= '0' && **text <= '9' && n < DIGITS_MAX; (*text)++, n++)
        *frame = *frame * 10 + (uint64_t)(**text - '0');
    return n > 0 && *frame > 0;
}

bool filter_parse_frames(struct filter *filter, const char *text)
{
    uint64_t first = 1, last = UINT64_MAX;
    if (*text != '-' && !parse_frame(&text, &first))
        return false;
    if (*text == '\0') {
        last = first;
    } else if (*text++ != '-' || (*text != '\0' && !parse_frame(&text, &last)) || *text != '\0' ||
               last < first) {
        return false;
    }
    filter->first = first;
    filter->last = last;
    return true;
}

static bool is_host(const struct nib_addr *want, const struct nib_addr *addr)
{
    return want->port == 0 ? nib_ip_equal(want, addr) : nib_addr_equal(want, addr);
}

static bool has_client(const struct filter *filter, const struct seen *seen)
{
    const struct nib_packet *p = &seen->packet;
    const struct nib_packet_udp *d = seen->kind == SEEN_ICMP ? &p->quoted : &p->udp;
    return filter->client.family == 0 || is_host(&filter->client, &d->src) ||
           is_host(&filter->client, &d->dst);
}

static bool has_name(const struct filter *filter, const struct seen *seen)
{
    if (filter->name == NULL)
        return true;
    struct nib_text name = {filter->name, strlen(filter->name)};
    return seen->has_question && nib_name_equal(seen->m.qname, name);
}

bool filter_takes(
    const struct filter *filter, const struct seen *seen, const struct judgement *judgement)
{
    struct exchange *x = judgement->exchange;
    bool own = has_client(filter, seen) && has_name(filter, seen);
    if (x != NULL && judgement->verdict == VERDICT_QUERY)
        x->chosen = x->chosen || own;
    if (!own && (x == NULL || !x->chosen))
        return false;
    if (filter->has_id && (!seen->has_question || seen->m.id != filter->id))
        return false;
    return filter->last == 0 || (seen->frame.no >= filter->first && seen->frame.no <= filter->last);
}
