/*
 * A flood of junk for a server (tools/trouble.sh), as fast as it leaves, the same octets for the
 * same seed:
 *
 *     flood ADDR:PORT SECONDS SEED
 *
 * A fifth each: any octets, a query cut short, one with octets behind it, one whose flag or type is
 * none, a response. Says how many left.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "nibdns/addr.h"
#include "nibdns/message.h"
#include "nibdns/os/clock.h"
#include "nibdns/os/udp.h"

enum { ROOM = 800, MADE = 8192, BATCH = 64 };

static uint64_t state;
static uint8_t octets[MADE][ROOM];
static struct iovec parts[MADE];
static struct mmsghdr headers[MADE];

/* xorshift64*: 0 to n - 1. */
static size_t dice(size_t n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (size_t)((state * 2685821657736338717u) >> 33) % n;
}

static size_t junk(uint8_t out[ROOM])
{
    struct nib_message m = {.id = (uint32_t)dice(1 << 30),
        .qtype = NIB_A,
        .qname = NIB_TEXT("shop.amazone.com"),
        .atype = NIB_A,
        .aname = NIB_TEXT("shop.amazone.com"),
        .result = NIB_TEXT("203.0.113.66")};
    size_t kind = dice(5), len;
    m.flag = kind == 0 ? NIB_RESPONSE : NIB_QUERY;
    len = nib_message_encode(out, ROOM, &m);
    switch (kind) {
    case 1:
        return dice(len);
    case 2:
        return len + 1 + dice(ROOM - len);
    case 3: /* 0xf8, 0x00 and their like: no flag or no type stays what it was */
        out[4] = dice(2) == 0 ? (uint8_t)(out[4] | 0x20 << dice(3)) : (uint8_t)(out[4] & 0xf0);
        return len;
    case 4:
        len = dice(ROOM);
        for (size_t i = 0; i < len; i++)
            out[i] = (uint8_t)dice(256);
        return len;
    default:
        return len;
    }
}

int main(int argc, char **argv)
{
    struct nib_addr to, self;
    unsigned long long sent = 0;
    if (argc != 4 || !nib_addr_parse((struct nib_text){argv[1], strlen(argv[1])}, 0, &to)) {
        fputs("usage: flood ADDR:PORT SECONDS SEED\n", stderr);
        return 2;
    }
    nib_ms end = nib_clock_ms() + (nib_ms)(strtod(argv[2], NULL) * 1000);
    state = strtoull(argv[3], NULL, 10) | 1;
    int fd = nib_udp_connect(&to, &self);
    if (fd < 0) {
        perror("flood");
        return 2;
    }
    for (int i = 0; i < MADE; i++) {
        parts[i] = (struct iovec){octets[i], junk(octets[i])};
        headers[i].msg_hdr.msg_iov = &parts[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    for (int i = 0; nib_clock_ms() < end; i = (i + BATCH) % MADE) {
        int n = sendmmsg(fd, headers + i, BATCH, 0);
        sent += n > 0 ? (unsigned long long)n : 0;
    }
    printf("%llu\n", sent);
    return 0;
}
