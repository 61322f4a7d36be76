#include "client/steps.h"

#include <stdarg.h>
#include <stdio.h>

static void say(const struct nib_addr *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct nib_addr *server, const char *format, ...)
{
    char text[NIB_ADDR_TEXT_MAX];
    va_list args;
    (void)nib_addr_format(server, text);
    fprintf(stderr, "[Walk] %s  ", text);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void client_step_query(const struct nib_output *query)
{
    struct nib_message m;
    size_t bad;
    const char *how = query->decision.what == NIB_ASKED_AGAIN   ? "asked again"
                      : query->decision.what == NIB_ASKED_ANEW  ? "asked anew (NIB-8.29)"
                      : query->decision.what == NIB_ASKED_TWICE ? "asked twice (NIB-8.30)"
                                                                : NULL;
    if (how != NULL && nib_message_decode(&m, query->octets, query->len, &bad) == NIB_OK)
        say(&query->path.peer, "%.*s %s: %s", (int)m.qname.len, m.qname.ptr, nib_type_name(m.qtype),
            how);
}

void client_step_response(const struct nib_addr *from, const uint8_t *octets, size_t len,
    const struct nib_decision *decision)
{
    struct nib_message m;
    size_t bad;
    bool taken = decision->what == NIB_TOOK_ANSWER || decision->what == NIB_TOOK_REFERRAL ||
                 decision->what == NIB_TOOK_FAILURE;
    if (!taken || nib_message_decode(&m, octets, len, &bad) != NIB_OK)
        return;
    int name = (int)m.qname.len, result = (int)m.result.len;
    const char *type = nib_type_name(m.qtype);
    if (decision->what == NIB_TOOK_REFERRAL)
        say(from, "%.*s %s: %.*s is at %.*s", name, m.qname.ptr, type, (int)m.aname.len,
            m.aname.ptr, result, m.result.ptr);
    else if (m.atype != m.qtype)
        say(from, "%.*s %s: an alias of %.*s", name, m.qname.ptr, type, result, m.result.ptr);
    else
        say(from, "%.*s %s: %.*s", name, m.qname.ptr, type, result, m.result.ptr);
}

void client_step_unreachable(const struct nib_addr *server, const char *why)
{
    say(server, "cannot be reached: %s", why);
}
