/*
 * A forger off the path, and the name server whose answers he races: one process, in a network
 * namespace of its own (tools/stress/forge.sh). It makes a local server ask for names that nobody
 * has asked for, answers each query truthfully after 200 ms, and sends forged answers meanwhile,
 * which know the ID and the name, and guess port and letters. It says how many it took for each lie
 * that was believed.
 *
 *     forge LOCAL UPSTREAM LETTERS SECONDS
 *
 * Names end in `.1`, a domain whose name server UPSTREAM is, and have so many letters.
 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nibdns/message.h"
#include "nibdns/os/clock.h"
#include "nibdns/os/random.h"
#include "nibdns/os/udp.h"

enum { FIRST_PORT = 32768, PORTS = 28232, DELAY_MS = 200, BURST = 64, WAITING = 8 };

struct query {
    struct nib_addr from;
    nib_ms due;
    size_t len;
    uint8_t octets[NIB_QUERY_MAX];
};

static struct {
    struct nib_addr local, upstream;
    int client, server; /* sockets */
    uint64_t sent, lookups, lies;
    uint64_t random;
    struct query waiting[WAITING];
    size_t n;
} forge;

static uint32_t draw(uint32_t below)
{
    forge.random = forge.random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((forge.random >> 33) % below);
}

static size_t respond(const struct nib_message *query, const char *result, uint8_t *out)
{
    struct nib_message m = *query;
    m.flag = NIB_RESPONSE;
    m.atype = m.qtype;
    m.aname = m.qname;
    m.ttl_s = 1;
    m.result = (struct nib_text){result, strlen(result)};
    return nib_message_encode(out, NIB_MESSAGE_MAX, &m);
}

/* Reads what the local server asks, and answers what has waited long enough. */
static void be_truthful(nib_ms now)
{
    struct query *q = &forge.waiting[forge.n];
    ptrdiff_t n;
    while (forge.n < WAITING &&
           (n = nib_udp_receive_one(forge.server, &q->from, q->octets, sizeof q->octets)) > 0) {
        q->len = (size_t)n;
        q->due = now + DELAY_MS;
        q = &forge.waiting[++forge.n];
    }
    while (forge.n > 0 && forge.waiting[0].due <= now) {
        struct nib_message m;
        uint8_t out[NIB_MESSAGE_MAX];
        size_t bad;
        q = &forge.waiting[0];
        if (nib_message_decode(&m, q->octets, q->len, &bad) == NIB_OK)
            (void)nib_udp_send_one(forge.server, &q->from, out, respond(&m, "1.2.3.4", out));
        forge.n--;
        memmove(forge.waiting, forge.waiting + 1, forge.n * sizeof *q);
    }
}

/* Forged answers: the port and the case of each letter are guessed. */
static void lie(const char *name, uint32_t id)
{
    char guess[NIB_NAME_MAX];
    uint8_t out[NIB_MESSAGE_MAX];
    struct nib_message m = {.id = id, .qtype = NIB_A, .qname = {guess, strlen(name)}};
    struct nib_addr to = forge.local;
    for (int i = 0; i < BURST; i++) {
        for (size_t j = 0; j < m.qname.len; j++)
            guess[j] = (char)(name[j] >= 'a' ? name[j] ^ (int)(draw(2) << 5) : name[j]);
        to.port = (uint16_t)(FIRST_PORT + draw(PORTS));
        (void)nib_udp_send_one(forge.server, &to, out, respond(&m, "6.6.6.6", out));
        forge.sent++;
    }
}

/* One lookup, raced until the local server has answered it. */
static void race(unsigned letters, uint32_t id)
{
    char name[80];
    uint8_t octets[NIB_MESSAGE_MAX];
    size_t bad;
    int len = snprintf(name, sizeof name, "%u.", (unsigned)id);
    for (unsigned i = 0; i < letters; i++)
        name[len++] = 'a';
    (void)snprintf(name + len, sizeof name - (size_t)len, "%s1", letters > 0 ? "." : "");
    struct nib_message m = {.id = id, .qtype = NIB_A, .qname = {name, strlen(name)}};
    size_t n = nib_message_encode(octets, sizeof octets, &m);
    (void)nib_udp_send_one(forge.client, NULL, octets, n);
    forge.lookups++;
    for (;;) {
        ptrdiff_t got = nib_udp_receive_one(forge.client, NULL, octets, sizeof octets);
        if (got > 0 && nib_message_decode(&m, octets, (size_t)got, &bad) == NIB_OK && m.id == id)
            break;
        be_truthful(nib_clock_ms());
        lie(name, id);
    }
    forge.lies += nib_text_same(m.result, NIB_TEXT("6.6.6.6"));
}

static bool parse(const char *text, uint16_t port, struct nib_addr *addr)
{
    return nib_addr_parse((struct nib_text){text, strlen(text)}, port, addr);
}

int main(int argc, char **argv)
{
    struct nib_addr self;
    if (argc != 5 || !parse(argv[1], NIB_PORT_LOCAL, &forge.local) ||
        !parse(argv[2], NIB_PORT_AUTHORITATIVE, &forge.upstream))
        return 2;
    forge.random = nib_random_u64();
    forge.server = nib_udp_listen(&forge.upstream, false);
    forge.client = nib_udp_connect(&forge.local, &self);
    if (forge.server < 0 || forge.client < 0)
        return 2;
    nib_ms end = nib_clock_ms() + (nib_ms)atoi(argv[4]) * 1000;
    for (uint32_t id = 0; nib_clock_ms() < end; id++)
        race((unsigned)atoi(argv[3]), id);
    printf("%llu lookups, %llu forged datagrams, %llu lies believed",
        (unsigned long long)forge.lookups, (unsigned long long)forge.sent,
        (unsigned long long)forge.lies);
    if (forge.lies > 0)
        printf(", %llu datagrams for each", (unsigned long long)(forge.sent / forge.lies));
    puts("");
    return 0;
}
