#define _POSIX_C_SOURCE 200809L
#include "client/lookup.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/steps.h"
#include "nibdns/os/batch.h"
#include "nibdns/os/clock.h"
#include "nibdns/os/udp.h"

/* What had arrived by the deadline is read first (NIB-9.6), but a flood does not go on for ever. */
enum { OVERTIME = 4096 };

static void capture_received(struct lookup *l, const struct nib_addr *from, const uint8_t *octets,
    size_t len, size_t real_len, const struct nib_decision *decision)
{
    if (l->capture != NULL)
        nib_capture_datagram(
            l->capture, NIB_DIRECTION_IN, from, &l->self, octets, len, real_len, decision);
}

static void capture_sent(struct lookup *l, const struct nib_output *o)
{
    if (l->capture != NULL)
        nib_capture_datagram(l->capture, NIB_DIRECTION_OUT, &l->self, &o->path.peer, o->octets,
            o->len, o->len, &o->decision);
}

/* The system's last word on the server, or a datagram that is lost. */
static void failed(struct lookup *l, int error)
{
    if (nib_udp_is_passing(error))
        return;
    client_trace_unreachable(&l->trace, &l->logic, error);
    if (l->logic.walk != NULL)
        client_step_unreachable(nib_client_asked(&l->logic), strerror(error));
    (void)nib_client_unreachable(&l->logic, nib_clock_ms(), &l->outputs);
}

static int open_socket(struct lookup *l, const struct nib_addr *to)
{
    if (l->fd < 0)
        l->fd = nib_udp_open(to);
    if (l->fd < 0)
        return -1;
    if (l->capture != NULL)
        l->self = nib_udp_self(l->fd, to);
    return 0;
}

static void send_query(struct lookup *l, const struct nib_output *o)
{
    const struct nib_addr *to = &o->path.peer;
    int sent = open_socket(l, to);
    if (sent == 0)
        sent = nib_udp_send_one(l->fd, to, o->octets, o->len);
    int error = sent == 0 ? 0 : errno;
    if (l->logic.walk == NULL)
        client_trace_query(&l->trace, &l->logic, error);
    else
        client_step_query(o);
    if (error == 0)
        capture_sent(l, o);
    else
        failed(l, error);
}

static void close_socket(struct lookup *l)
{
    if (l->fd >= 0)
        (void)close(l->fd);
    l->fd = -1;
}

/* Carries out what the logic wants done; what comes of it may add to the list. */
static void carry_out(struct lookup *l)
{
    for (uint32_t i = 0; i < l->outputs.n; i++) {
        const struct nib_output o = l->outputs.items[i];
        if (o.kind == NIB_OUTPUT_QUERY)
            send_query(l, &o);
        else
            close_socket(l);
    }
    nib_outputs_clear(&l->outputs);
}

static void receive(struct lookup *l)
{
    uint8_t octets[NIB_DATAGRAM_CAP];
    struct nib_addr from;
    ptrdiff_t n = nib_udp_receive_one(l->fd, &from, octets, sizeof octets);
    if (n < 0 && errno != EAGAIN && nib_addr_equal(&from, nib_client_asked(&l->logic)))
        failed(l, errno);
    if (n < 0)
        return;
    size_t len = (size_t)n < sizeof octets ? (size_t)n : sizeof octets;
    struct nib_decision decision =
        nib_client_input(&l->logic, nib_clock_ms(), &from, octets, len, &l->outputs);
    capture_received(l, &from, octets, len, (size_t)n, &decision);
    client_trace_datagram(&l->trace, &from, octets, len, &decision);
    if (l->logic.walk != NULL)
        client_step_response(&from, octets, len, &decision);
}

static void wait_for_answer(struct lookup *l)
{
    struct pollfd p = {.fd = l->fd, .events = POLLIN};
    nib_ms left = nib_client_deadline(&l->logic) - nib_clock_ms();
    int n = poll(&p, 1, left < 0 ? 0 : left > 60000 ? 60000 : (int)left);
    l->overtime = left > 0 ? 0 : l->overtime + 1;
    if (n > 0 && l->overtime < OVERTIME) {
        receive(l);
        return;
    }
    uint32_t tried = l->logic.tried;
    struct nib_decision decision = nib_client_tick(&l->logic, nib_clock_ms(), &l->outputs);
    if (decision.what != NIB_DECIDED_NOTHING && l->logic.walk == NULL)
        client_trace_timeout(&l->trace, tried);
}

void lookup_init(struct lookup *l)
{
    nib_outputs_init(&l->outputs, l->memory, LOOKUP_OUTPUTS);
    l->fd = -1;
}

void lookup_run(struct lookup *l, struct nib_text name, enum nib_type type)
{
    int64_t start_us = nib_clock_us();
    (void)nib_client_start(&l->logic, nib_clock_ms(), name, type, &l->outputs);
    client_trace_begin(&l->trace, &l->logic);
    carry_out(l);
    while (nib_client_deadline(&l->logic) != NIB_NEVER) {
        wait_for_answer(l);
        carry_out(l);
    }
    client_trace_end(&l->trace, &l->logic);
    if (l->capture != NULL)
        nib_capture_settle(l->capture);
    l->took_us = nib_clock_us() - start_us;
}
