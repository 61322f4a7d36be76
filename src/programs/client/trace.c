#include "client/trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "nibdns/cursor.h"
#include "nibdns/os/clock.h"

static void say(const struct client_trace *trace, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct client_trace *trace, const char *format, ...)
{
    va_list args;
    if (!trace->on)
        return;
    int64_t us = nib_clock_us() - trace->start_us;
    fprintf(stderr, "[Trace] %5lld.%03lld ms  ", (long long)us / 1000, (long long)us % 1000);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void client_trace_begin(struct client_trace *trace, const struct nib_client *client)
{
    trace->start_us = nib_clock_us();
    int len = (int)client->name.len;
    const char *type = nib_type_name(client->type);
    if (client->from_table)
        say(trace, "own table: %.*s %s is %.*s, %lu s left", len, client->name.ptr, type,
            (int)client->result_len, client->result, (unsigned long)client->ttl_s);
    else
        say(trace, "own table: no record of %.*s %s", len, client->name.ptr, type);
}

void client_trace_query(
    const struct client_trace *trace, const struct nib_client *client, int error)
{
    char server[NIB_ADDR_TEXT_MAX];
    (void)nib_addr_format(&client->server, server);
    say(trace, "-> %s  Query %s %.*s id %lu (try %lu of %lu, waits %lld ms)%s%s", server,
        nib_type_name(client->type), (int)client->name.len, client->name.ptr,
        (unsigned long)client->id, (unsigned long)client->tried, (unsigned long)client->tries,
        (long long)client->timeout_ms << (client->tried - 1), error == 0 ? "" : ": ",
        error == 0 ? "" : strerror(error));
}

void client_trace_datagram(const struct client_trace *trace, const struct nib_addr *from,
    const uint8_t *octets, size_t len, const struct nib_decision *decision)
{
    char sender[NIB_ADDR_TEXT_MAX], line[NIB_LINE_MAX];
    enum nib_discard reason;
    struct nib_message m;
    size_t bad;
    (void)nib_addr_format(from, sender);
    enum nib_err err = nib_message_decode(&m, octets, len, &bad);
    if (err == NIB_OK)
        (void)nib_message_line(&m, line);
    else
        (void)snprintf(line, sizeof line, "malformed: %s (%s) at octet %zu", nib_err_words(err),
            nib_err_rule(err), bad);
    if (nib_discard_of(decision, &reason))
        say(trace, "<- %s  %s: thrown away, %s", sender, line, nib_discard_words(reason));
    else
        say(trace, "<- %s  %s", sender, line);
}

void client_trace_unreachable(
    const struct client_trace *trace, const struct nib_client *client, int error)
{
    char server[NIB_ADDR_TEXT_MAX];
    (void)nib_addr_format(&client->server, server);
    if (error == ECONNREFUSED)
        say(trace, "nobody listens at %s", server);
    else
        say(trace, "%s cannot be reached: %s", server, strerror(error));
}

void client_trace_timeout(const struct client_trace *trace, uint32_t tried)
{
    say(trace, "no answer to try %lu in time", (unsigned long)tried);
}

void client_trace_end(const struct client_trace *trace, const struct nib_client *client)
{
    enum { USUAL_TTL_S = 60 };
    if (client->status != NIB_CLIENT_FOUND || client->from_table)
        return;
    if (client->ttl_s == 0)
        say(trace, "ttl 0: for this once, not to be kept");
    else if (client->ttl_s < USUAL_TTL_S)
        say(trace,
            "ttl %lu: the server seems to have had it, %lu s old if it began with the usual %d",
            (unsigned long)client->ttl_s, (unsigned long)(USUAL_TTL_S - client->ttl_s),
            USUAL_TTL_S);
    else
        say(trace, "ttl %lu: fresh, or a record of the server's own", (unsigned long)client->ttl_s);
}
