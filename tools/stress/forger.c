/*
 * Forges answers, for tools/stress/forge.sh. It knows all that can be known: who is asked upstream,
 * the name, for it asks for it itself, and the ID, for IDs count up. It sends from the upstream's
 * address, which is an address of its own namespace, to each port in turn, in an order of chance,
 * in letters of random case, until it has the answer to its own query; then it asks for the next
 * name. The lie has TTL 0, so that it stays in no table. One line of JSON says what came of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/options.h"
#include "nibdns/message.h"
#include "nibdns/os/udp.h"

enum {
    BATCH = 32,
    PORTS_MAX = 65536,
    SILENCE_MS = 8000, /* a client has given up long before */
    NAP_NS = 200000,
};

struct forger {
    struct nib_addr server, upstream, asker; /* asker: where the local server asks from */
    int64_t seconds_us;
    uint32_t letters, first_port, n_ports, rate, lies;
    bool plain;

    uint64_t random;
    uint16_t ports[PORTS_MAX];
    uint32_t next_port;
    char name[NIB_NAME_MAX + 1];
    struct nib_message lie;

    uint64_t sent, lookups, believed, true_answers, failures, silent;
    uint64_t sent_in_vain; /* in lookups that ended with the truth */
};

static const struct nib_text the_lie = {"192.0.2.66", 10};

static uint64_t draw(struct forger *f) /* xorshift64* */
{
    f->random ^= f->random >> 12;
    f->random ^= f->random << 25;
    f->random ^= f->random >> 27;
    return f->random * 0x2545f4914f6cdd1du;
}

static int64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- what is sent ---- */

static void shuffle(struct forger *f)
{
    for (uint32_t i = f->n_ports - 1; i > 0; i--) {
        uint32_t j = (uint32_t)((draw(f) >> 32) * (i + 1) >> 32);
        uint16_t port = f->ports[i];
        f->ports[i] = f->ports[j];
        f->ports[j] = port;
    }
}

static uint16_t draw_port(struct forger *f)
{
    if (f->next_port == f->n_ports) {
        shuffle(f);
        f->next_port = 0;
    }
    return f->ports[f->next_port++];
}

static void draw_letters(struct forger *f)
{
    uint64_t bits = draw(f);
    for (uint32_t i = 0; i < f->letters; i++)
        f->name[i] = (char)((f->name[i] & ~0x20) | (bits >> (i + 16) & 1 ? 0x20 : 0));
}

/* As many letters as are wanted; digits make each name another. */
static void next_name(struct forger *f)
{
    for (uint32_t i = 0; i < f->letters; i++)
        f->name[i] = (char)('a' + i % 26);
    int len = snprintf(f->name + f->letters, sizeof f->name - f->letters, "%s%llu.1",
        f->letters > 0 ? "-" : "", (unsigned long long)f->lookups);
    struct nib_text name = {f->name, f->letters + (size_t)len};
    f->lie = (struct nib_message){.id = (uint32_t)f->lookups,
        .flag = NIB_RESPONSE,
        .qtype = NIB_A,
        .qname = name,
        .atype = NIB_A,
        .aname = name,
        .result = the_lie};
}

/* How many are due, with a rate; else as many as can be. */
static uint32_t due(const struct forger *f, uint64_t sent, int64_t elapsed_ns)
{
    if (f->rate == 0)
        return f->n_ports < BATCH ? f->n_ports : BATCH;
    uint64_t all = (uint64_t)((double)elapsed_ns * f->rate / 1e9);
    return all - sent < BATCH ? (uint32_t)(all - sent) : BATCH;
}

static void forge(struct forger *f, int fd, uint32_t n)
{
    static uint8_t octets[BATCH][NIB_MESSAGE_MAX];
    struct sockaddr_in to[BATCH];
    struct iovec parts[BATCH];
    struct mmsghdr headers[BATCH];
    memset(headers, 0, sizeof headers);
    for (uint32_t i = 0; i < n; i++) {
        if (!f->plain)
            draw_letters(f);
        parts[i] =
            (struct iovec){octets[i], nib_message_encode(octets[i], sizeof octets[i], &f->lie)};
        to[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(draw_port(f))};
        memcpy(&to[i].sin_addr, f->asker.ip, 4);
        headers[i].msg_hdr = (struct msghdr){
            .msg_name = &to[i], .msg_namelen = sizeof to[i], .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int sent = sendmmsg(fd, headers, n, 0);
    if (sent > 0)
        f->sent += (uint64_t)sent;
}

/* ---- a lookup ---- */

/* What the server says; false: nothing yet. */
static bool hear(struct forger *f, int fd, uint64_t sent)
{
    uint8_t octets[NIB_MESSAGE_MAX + 1];
    struct nib_message m;
    size_t bad;
    ptrdiff_t len = recv(fd, octets, sizeof octets, MSG_DONTWAIT);
    if (len < 0 || nib_message_decode(&m, octets, (size_t)len, &bad) != NIB_OK ||
        m.flag != NIB_RESPONSE || m.id != f->lie.id)
        return false;
    if (m.outcome == NIB_FAILURE)
        f->failures++;
    else if (nib_text_same(m.result, the_lie))
        f->believed++;
    else {
        f->true_answers++;
        f->sent_in_vain += sent;
    }
    return true;
}

static void ask(const struct forger *f, int fd)
{
    struct nib_message query = f->lie;
    uint8_t octets[NIB_MESSAGE_MAX];
    query.flag = NIB_QUERY;
    (void)send(fd, octets, nib_message_encode(octets, sizeof octets, &query), 0);
}

static void look_up(struct forger *f, int asking, int forging)
{
    const struct timespec nap = {0, NAP_NS};
    uint64_t before = f->sent;
    int64_t start = now_ns(), elapsed = 0;
    next_name(f);
    ask(f, asking);
    f->lookups++;
    while (!hear(f, asking, f->sent - before)) {
        elapsed = now_ns() - start;
        if (elapsed > (int64_t)SILENCE_MS * 1000000) {
            f->silent++;
            return;
        }
        uint32_t n = due(f, f->sent - before, elapsed);
        if (n > 0)
            forge(f, forging, n);
        else
            (void)nanosleep(&nap, NULL);
    }
}

/* ---- options and report ---- */

static const struct option_row rows[] = {
    OPTION_ADDR(0, "server", struct forger, server, NIB_PORT_LOCAL, "the local server"),
    OPTION_ADDR(0, "upstream", struct forger, upstream, NIB_PORT_AUTHORITATIVE, "whom it asks"),
    OPTION_ADDR(0, "asker", struct forger, asker, 0, "its address there"),
    OPTION_NUMBER(0, "letters", "N", struct forger, letters, 0, 48, "in each name (12)"),
    OPTION_NUMBER(0, "first-port", "N", struct forger, first_port, 1, 65535, "(32768)"),
    OPTION_NUMBER(0, "ports", "N", struct forger, n_ports, 1, 65535, "how many (28232)"),
    OPTION_NUMBER(0, "rate", "N", struct forger, rate, 0, 100000000,
        "datagrams a second (0: as many as can be)"),
    OPTION_FLAG(0, "plain", struct forger, plain, "letters as they are asked"),
    OPTION_NUMBER(0, "lies", "N", struct forger, lies, 0, 1000000,
        "go on until so many are believed, ten times as long at most"),
    OPTION_DECIMAL(
        0, "seconds", "S", struct forger, seconds_us, 0, (int64_t)86400 * 1000000, "how long (3)"),
};

static const struct option_program command_line = {
    .name = "forger",
    .usage = "--server ADDR[:PORT] --upstream ADDR[:PORT] --asker ADDR [options]",
    .about = "Asks a local server that has answered nobody yet, and forges the answers.",
    .tables = {OPTION_ROWS(rows)},
};

static bool goes_on(const struct forger *f, int64_t elapsed_us)
{
    return elapsed_us < f->seconds_us || (f->believed < f->lies && elapsed_us < 10 * f->seconds_us);
}

static void report(const struct forger *f)
{
#define U(number) (unsigned long long)(number)
    printf("{\"sent\":%llu,\"lookups\":%llu,\"believed\":%llu,\"true\":%llu,\"failures\":%llu,"
           "\"silent\":%llu,\"wait\":%llu}\n",
        U(f->sent), U(f->lookups), U(f->believed), U(f->true_answers), U(f->failures), U(f->silent),
        U(f->true_answers > 0 ? f->sent_in_vain / f->true_answers : 0));
#undef U
}

int main(int argc, char **argv)
{
    static struct forger f = {
        .seconds_us = 3000000, .letters = 12, .first_port = 32768, .n_ports = 28232};
    (void)options_read(&command_line, &f, argc, argv);
    if (f.first_port + f.n_ports > PORTS_MAX || f.asker.family != 4)
        usage_error(command_line.name, "ports up to 65535, and an IPv4 address that asks");
    f.random = (uint64_t)now_ns() | 1;
    for (uint32_t i = 0; i < f.n_ports; i++)
        f.ports[i] = (uint16_t)(f.first_port + i);
    shuffle(&f);
    int forging = nib_udp_listen(&f.upstream, false), asking = nib_udp_connect_bare(&f.server);
    if (forging < 0 || asking < 0)
        usage_error(command_line.name, "no socket: %s", strerror(errno));
    for (int64_t start = now_ns(); goes_on(&f, (now_ns() - start) / 1000);)
        look_up(&f, asking, forging);
    report(&f);
    return 0;
}
