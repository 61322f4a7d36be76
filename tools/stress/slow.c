/*
 * An authoritative server that takes its time, for tools/stress/forge.sh: it answers each query
 * with `Record not found`, which nobody stores, so many milliseconds later.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "common/options.h"
#include "nibdns/message.h"
#include "nibdns/os/clock.h"
#include "nibdns/os/udp.h"

enum { WAITING_MAX = 4096 }; /* further queries are thrown away */

struct answer {
    nib_ms due;
    struct nib_addr to;
    size_t len;
    uint8_t octets[NIB_MESSAGE_MAX];
};

/* All wait equally long, so who came first is due first. */
struct slow {
    struct nib_addr listen;
    uint32_t delay_ms;
    struct answer waiting[WAITING_MAX];
    size_t first, n;
};

static void take(struct slow *s, const struct nib_addr *from, const uint8_t *octets, size_t len)
{
    struct answer *answer = &s->waiting[(s->first + s->n) % WAITING_MAX];
    struct nib_message m;
    size_t bad;
    if (s->n == WAITING_MAX || nib_message_decode(&m, octets, len, &bad) != NIB_OK ||
        m.flag != NIB_QUERY)
        return;
    m.flag = NIB_RESPONSE;
    m.atype = m.qtype;
    m.aname = m.qname;
    m.result = NIB_TEXT("Record not found");
    *answer = (struct answer){.due = nib_clock_ms() + s->delay_ms, .to = *from};
    answer->len = nib_message_encode(answer->octets, sizeof answer->octets, &m);
    s->n++;
}

static void give(struct slow *s, int fd, nib_ms now)
{
    for (; s->n > 0 && s->waiting[s->first].due <= now; s->n--) {
        const struct answer *answer = &s->waiting[s->first];
        (void)nib_udp_send_one(fd, &answer->to, answer->octets, answer->len);
        s->first = (s->first + 1) % WAITING_MAX;
    }
}

static const struct option_row rows[] = {
    OPTION_ADDR('l', "listen", struct slow, listen, NIB_PORT_AUTHORITATIVE, "where"),
    OPTION_NUMBER(0, "delay", "MS", struct slow, delay_ms, 0, 3600000, "how late (200)"),
};

static const struct option_program command_line = {
    .name = "slow",
    .usage = "--listen ADDR[:PORT] [options]",
    .about = "Answers each query with `Record not found`, late.",
    .tables = {OPTION_ROWS(rows)},
};

int main(int argc, char **argv)
{
    static struct slow s = {.delay_ms = 200};
    (void)options_read(&command_line, &s, argc, argv);
    int fd = nib_udp_listen(&s.listen, false);
    if (fd < 0)
        usage_error(command_line.name, "no socket: %s", strerror(errno));
    fprintf(stderr, "listening on port %u\n", (unsigned)s.listen.port);
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        uint8_t octets[NIB_MESSAGE_MAX + 1];
        struct nib_addr from;
        (void)poll(&wait, 1, s.n > 0 ? 1 : -1);
        ptrdiff_t len = nib_udp_receive_one(fd, &from, octets, sizeof octets);
        if (len >= 0)
            take(&s, &from, octets, (size_t)len);
        give(&s, fd, nib_clock_ms());
    }
}
