/*
 * A program of its own on the installed library: an authoritative server's logic and the codec,
 * with no socket between them. It asks for each name on its command line and prints the messages.
 */
#include <stdio.h>
#include <stdlib.h>

#include <nibdns/authoritative.h>
#include <nibdns/builtin.h>
#include <nibdns/message.h>
#include <nibdns/records.h>

static void complain(void *ctx, size_t line, size_t column, const char *words)
{
    (void)ctx;
    fprintf(stderr, "records:%zu: column %zu: %s\n", line, column, words);
}

static void show(const uint8_t *octets, size_t len)
{
    struct nib_message message;
    char line[NIB_LINE_MAX];
    size_t bad;
    enum nib_err err = nib_message_decode(&message, octets, len, &bad);
    if (err == NIB_OK && nib_message_line(&message, line) > 0)
        puts(line);
    else
        printf("malformed: %s at octet %zu\n", nib_err_words(err), bad);
}

int main(int argc, char **argv)
{
    struct nib_text records = NIB_TEXT(NIB_BUILTIN_AMAZONE);
    size_t n = nib_records_count(records);
    size_t octets = (nib_zone_bytes(n, records.len) + 63) / 64 * 64;
    void *memory = aligned_alloc(64, octets);
    struct nib_faults faults = {.fault = complain};
    struct nib_zone zone;
    if (memory == NULL)
        return 2;
    memset(memory, 0, octets);
    nib_zone_init(&zone, memory, n, records.len, 1);
    if (!nib_records_read(records, &zone, &faults))
        return 2;
    struct nib_table table = {0};
    nib_table_set_zone(&table, &zone);
    struct nib_authoritative server = {.table = &table, .ttl_s = 60};
    static _Alignas(64) unsigned char list[NIB_OUTPUTS_BYTES(1)];
    struct nib_outputs outputs;
    nib_outputs_init(&outputs, list, 1);
    for (int i = 1; i < argc; i++) {
        uint8_t query[NIB_MESSAGE_MAX];
        const struct nib_path path = {0}; /* whence it came, and where the answer goes */
        struct nib_message m = {.id = (uint32_t)i, .flag = NIB_QUERY, .qtype = NIB_A};
        m.qname = (struct nib_text){argv[i], strlen(argv[i])};
        size_t len = nib_message_encode(query, sizeof query, &m);
        show(query, len);
        nib_outputs_clear(&outputs);
        (void)nib_authoritative_input(&server, &path, query, len, &outputs);
        if (outputs.n > 0)
            show(outputs.items[0].octets, outputs.items[0].len);
    }
    free(memory);
    return 0;
}
