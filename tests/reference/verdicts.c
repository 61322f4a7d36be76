/*
 * verdicts [--naive] FILE: what the codec (or the tests' naive decoder) says of datagrams, a line of
 * hex each (- is standard input), in the format of tests/wireshark/verdicts.sh.
 */
#include <stdio.h>
#include <stdlib.h>

#include "nibdns/message.h"
#include "reference/naive.h"

enum { LINE_MAX_OCTETS = 70000 };

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The octets of a line; blanks may stand anywhere. */
static size_t read_hex(const char *line, uint8_t *octets)
{
    size_t n = 0;
    for (const char *c = line; *c != '\0'; c++) {
        if (*c == ' ' || *c == '\t' || *c == '\r' || *c == '\n')
            continue;
        int value = digit(*c);
        if (value < 0 || n / 2 == LINE_MAX_OCTETS) {
            (void)fprintf(stderr, "verdicts: not hex, or too long: %.40s\n", c);
            exit(2);
        }
        octets[n / 2] = (uint8_t)(n % 2 == 0 ? value << 4 : octets[n / 2] | value);
        n++;
    }
    return n / 2;
}

static void print_codec(const uint8_t *octets, size_t len)
{
    struct nib_message m;
    size_t bad;
    enum nib_err err = nib_message_decode(&m, octets, len, &bad);
    if (err != NIB_OK) {
        (void)printf("invalid %s %zu\n", nib_err_rule(err), bad);
        return;
    }
    (void)printf("valid id=%lu flag=%d qtype=%d qname=%.*s", (unsigned long)m.id, (int)m.flag,
        (int)m.qtype, (int)m.qname.len, m.qname.ptr);
    if (m.flag == NIB_RESPONSE)
        (void)printf(" atype=%d aname=%.*s ttl=%lu result=%.*s", (int)m.atype, (int)m.aname.len,
            m.aname.ptr, (unsigned long)m.ttl_s, (int)m.result.len, m.result.ptr);
    (void)putchar('\n');
}

static void print_naive(const uint8_t *octets, size_t len)
{
    struct naive m;
    naive_decode(&m, octets, len);
    if (m.rule != NULL) {
        (void)printf("invalid %s %zu\n", m.rule, m.at);
        return;
    }
    (void)printf("valid id=%lu flag=%u qtype=%u qname=%.*s", (unsigned long)m.id, m.flag, m.qtype,
        (int)m.qname.len, (const char *)m.qname.octets);
    if (m.flag == 1)
        (void)printf(" atype=%u aname=%.*s ttl=%lu result=%.*s", m.atype, (int)m.aname.len,
            (const char *)m.aname.octets, (unsigned long)m.ttl, (int)m.result.len,
            (const char *)m.result.octets);
    (void)putchar('\n');
}

/* From a heap block of exactly that size, so that a sanitizer sees a read behind it. */
static void print_verdict(const uint8_t *octets, size_t len, bool naive)
{
    uint8_t *block = malloc(len == 0 ? 1 : len);
    if (block == NULL)
        exit(2);
    if (len > 0)
        memcpy(block, octets, len);
    (naive ? print_naive : print_codec)(block, len);
    free(block);
}

int main(int argc, char **argv)
{
    static char line[3 * LINE_MAX_OCTETS];
    static uint8_t octets[LINE_MAX_OCTETS];
    bool naive = argc == 3 && strcmp(argv[1], "--naive") == 0;
    if (argc != (naive ? 3 : 2)) {
        (void)fputs("usage: verdicts [--naive] FILE\n", stderr);
        return 2;
    }
    const char *path = argv[argc - 1];
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (file == NULL) {
        (void)fprintf(stderr, "verdicts: %s cannot be read\n", path);
        return 2;
    }
    while (fgets(line, sizeof line, file) != NULL)
        print_verdict(octets, read_hex(line, octets), naive);
    (void)fclose(file);
    return fflush(stdout) == 0 ? 0 : 2;
}
