#define _POSIX_C_SOURCE 200809L
#include "client/lookup.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "nibdns/os/batch.h"
#include "nibdns/os/clock.h"
#include "nibdns/os/udp.h"

/* What had arrived by the deadline is read first (NIB-9.6), but a flood does not go on for ever. */
enum { OVERTIME = 4096 };

static void capture(struct lookup *l, const struct nib_addr *src, const struct nib_addr *dst,
    const uint8_t *octets, size_t len, size_t real_len)
{
    if (l->capture != NULL)
        nib_capture_datagram(l->capture, src, dst, octets, len, real_len);
}

/* The system's last word on the server, or a datagram that is lost. */
static enum nib_client_step failed(struct lookup *l, int error)
{
    if (nib_udp_is_passing(error))
        return NIB_CLIENT_WAIT;
    client_trace_unreachable(&l->trace, &l->logic, error);
    return nib_client_unreachable(&l->logic);
}

static int open_socket(struct lookup *l)
{
    if (l->fd < 0)
        l->fd = nib_udp_open(&l->logic.server);
    if (l->fd < 0)
        return -1;
    if (l->capture != NULL)
        l->self = nib_udp_self(l->fd, &l->logic.server);
    return 0;
}

static enum nib_client_step send_query(struct lookup *l)
{
    struct nib_client *c = &l->logic;
    int sent = open_socket(l);
    if (sent == 0)
        sent = nib_udp_send_one(l->fd, &c->server, c->query, c->query_len);
    int error = sent == 0 ? 0 : errno;
    client_trace_query(&l->trace, c, error);
    if (error != 0)
        return failed(l, error);
    capture(l, &l->self, &c->server, c->query, c->query_len, c->query_len);
    return NIB_CLIENT_WAIT;
}

/* Hands a datagram to the logic, and tells what became of it. */
static enum nib_client_step take_in(
    struct lookup *l, const struct nib_addr *from, const uint8_t *octets, size_t len)
{
    uint32_t before[NIB_DISCARD_COUNT];
    int reason = 0;
    memcpy(before, l->logic.discarded, sizeof before);
    enum nib_client_step step = nib_client_input(&l->logic, nib_clock_ms(), from, octets, len);
    while (reason < NIB_DISCARD_COUNT && l->logic.discarded[reason] == before[reason])
        reason++;
    client_trace_datagram(&l->trace, from, octets, len, (enum nib_discard)reason);
    return step;
}

static enum nib_client_step receive(struct lookup *l)
{
    uint8_t octets[NIB_DATAGRAM_CAP];
    struct nib_addr from;
    ptrdiff_t n = nib_udp_receive_one(l->fd, &from, octets, sizeof octets);
    if (n < 0)
        return errno != EAGAIN && nib_addr_equal(&from, &l->logic.server) ? failed(l, errno)
                                                                          : NIB_CLIENT_WAIT;
    size_t len = (size_t)n < sizeof octets ? (size_t)n : sizeof octets;
    capture(l, &from, &l->self, octets, len, (size_t)n);
    return take_in(l, &from, octets, len);
}

static enum nib_client_step wait_for_answer(struct lookup *l)
{
    struct pollfd p = {.fd = l->fd, .events = POLLIN};
    nib_ms left = nib_client_deadline(&l->logic) - nib_clock_ms();
    int n = poll(&p, 1, left < 0 ? 0 : left > 60000 ? 60000 : (int)left);
    l->overtime = left > 0 ? 0 : l->overtime + 1;
    if (n > 0 && l->overtime < OVERTIME)
        return receive(l);
    uint32_t tried = l->logic.tried;
    enum nib_client_step step = nib_client_tick(&l->logic, nib_clock_ms());
    if (step != NIB_CLIENT_WAIT)
        client_trace_timeout(&l->trace, tried);
    return step;
}

void lookup_run(struct lookup *l, struct nib_text name, enum nib_type type)
{
    int64_t start_us = nib_clock_us();
    enum nib_client_step step = nib_client_start(&l->logic, nib_clock_ms(), name, type);
    l->fd = -1;
    client_trace_begin(&l->trace, &l->logic, step);
    while (step != NIB_CLIENT_DONE)
        step = step == NIB_CLIENT_SEND ? send_query(l) : wait_for_answer(l);
    client_trace_end(&l->trace, &l->logic);
    if (l->fd >= 0)
        (void)close(l->fd);
    if (l->capture != NULL)
        nib_capture_settle(l->capture);
    l->took_us = nib_clock_us() - start_us;
}
