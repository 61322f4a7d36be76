/*
 * What an answer costs in instructions, for tools/bench/guard.sh: the servers' own objects, from
 * the datagram that was read to the headers that the kernel is given, with this program's
 * recvmmsg() and sendmmsg() in the place of the kernel. The same octets each time, so the same
 * instructions. guard PATH        runs that path; one of those in `paths`, below What is to be
 * counted happens inside measure(), but for what happens inside those two calls.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "../../src/os/server_private.h"
#include "nibdns/authoritative.h"
#include "nibdns/local.h"
#include "nibdns/message.h"
#include "nibdns/os/memory.h"

enum { TURNS = 50, CLIENTS = 4, MANY = 10000, SEED = 42, QUERY_MAX = 64 };

/* A datagram that waits to be read, and how many have left. */
struct query {
    uint8_t octets[QUERY_MAX];
    size_t len;
};
static struct query waiting[NIB_BATCH];
static size_t left_octets, left;

int recvmmsg(int fd, struct mmsghdr *headers, unsigned n, int flags, struct timespec *timeout)
{
    (void)fd, (void)flags, (void)timeout;
    for (unsigned i = 0; i < n; i++) {
        struct msghdr *h = &headers[i].msg_hdr;
        const struct sockaddr_in client = {.sin_family = AF_INET,
            .sin_port = htons((uint16_t)(40001 + i % CLIENTS)),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        memcpy(h->msg_name, &client, sizeof client);
        memcpy(h->msg_iov->iov_base, waiting[i].octets, waiting[i].len);
        headers[i].msg_len = (unsigned)waiting[i].len;
        h->msg_controllen = 0;
    }
    return (int)n;
}

/* Whole runs have the length of their segments beside them. */
static size_t datagrams_in(struct msghdr *h)
{
    size_t octets = 0, size;
    struct cmsghdr *c = CMSG_FIRSTHDR(h);
    uint16_t segment;
    for (size_t i = 0; i < h->msg_iovlen; i++)
        octets += h->msg_iov[i].iov_len;
    left_octets += octets;
    if (c == NULL)
        return 1;
    memcpy(&segment, CMSG_DATA(c), sizeof segment);
    size = segment;
    return (octets + size - 1) / size;
}

int sendmmsg(int fd, struct mmsghdr *headers, unsigned n, int flags)
{
    (void)fd, (void)flags;
    for (unsigned i = 0; i < n; i++)
        left += datagrams_in(&headers[i].msg_hdr);
    return (int)n;
}

/* ---- what is asked ---- */

static void *memory_of(size_t n)
{
    void *memory = nib_memory_map(n);
    if (memory == NULL)
        exit(2);
    return memory;
}

static struct nib_text name_of(uint32_t i, char out[QUERY_MAX])
{
    static const char *const first[] = {"shop", "cloud", "www"};
    int n = i < 3 ? snprintf(out, QUERY_MAX, "%s.amazone.com", first[i])
                  : snprintf(out, QUERY_MAX, "host%u.amazone.com", i);
    return (struct nib_text){out, (size_t)n};
}

static struct nib_text result_of(uint32_t i, char out[QUERY_MAX])
{
    int n = snprintf(out, QUERY_MAX, "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
    return (struct nib_text){out, (size_t)n};
}

static void fill_zone(struct nib_zone *zone, uint32_t n)
{
    char name[QUERY_MAX], result[QUERY_MAX];
    size_t octets = (size_t)n * 2 * QUERY_MAX;
    nib_zone_init(zone, memory_of(nib_zone_bytes(n, octets)), n, octets, SEED);
    for (uint32_t i = 0; i < n; i++) {
        const struct nib_rr rr = {
            .name = name_of(i, name), .type = NIB_A, .result = result_of(i, result)};
        if (nib_zone_add(zone, &rr) != NIB_ZONE_ADDED)
            exit(2);
    }
}

/* A batch of queries: names in an order that the processor cannot guess. */
static void ask(uint32_t turn, uint32_t names)
{
    char name[QUERY_MAX];
    for (uint32_t i = 0; i < NIB_BATCH; i++) {
        uint32_t id = turn * NIB_BATCH + i;
        const struct nib_message m = {
            .id = id, .qtype = NIB_A, .qname = name_of(id * 2654435761u % names, name)};
        waiting[i].len = nib_message_encode(waiting[i].octets, QUERY_MAX, &m);
    }
}

/* ---- the servers ---- */

static struct nib_server server;
static struct nib_zone zone;
static struct nib_table table = {.zone = &zone};
static struct nib_authoritative authoritative = {.table = &table, .ttl_s = 60};
static struct nib_authoritative_query queries[NIB_BATCH];
static struct nib_local local;
static struct nib_local_query local_queries[NIB_BATCH];

/* As amazoneserver's. */
static void input_authoritative(void *ctx, uint32_t worker, nib_ms now,
    const struct nib_datagram *datagrams, size_t n, struct nib_decision *decisions,
    struct nib_outputs *out)
{
    (void)ctx, (void)worker, (void)now;
    for (size_t i = 0; i < n; i++)
        decisions[i] = nib_authoritative_begin(
            &authoritative, datagrams[i].path, datagrams[i].octets, datagrams[i].len, &queries[i]);
    for (size_t i = 0; i < n; i++)
        if (decisions[i].what == NIB_DECIDED_NOTHING)
            nib_authoritative_seek(&authoritative, &queries[i]);
    for (size_t i = 0; i < n; i++)
        if (decisions[i].what == NIB_DECIDED_NOTHING)
            decisions[i] = nib_authoritative_finish(&authoritative, &queries[i], out);
}

/* As localserver's. */
static void read_local(void *ctx, uint32_t worker, const struct nib_datagram *datagrams, size_t n)
{
    (void)ctx, (void)worker;
    for (size_t i = 0; i < n; i++)
        nib_local_read(&local, &local_queries[i], datagrams[i].octets, datagrams[i].len);
}

static void input_local(void *ctx, uint32_t worker, nib_ms now,
    const struct nib_datagram *datagrams, size_t n, struct nib_decision *decisions,
    struct nib_outputs *out)
{
    (void)ctx, (void)worker;
    for (size_t i = 0; i < n; i++)
        decisions[i] = nib_local_take(&local, now, datagrams[i].path, &local_queries[i], out);
}

static void open_server(bool shared, bool quiet)
{
    struct nib_server_config *config = &server.config;
    *config = (struct nib_server_config){.program = "guard", .workers = 1, .quiet = quiet};
    config->listen[0] = (struct nib_addr){.ip = {127, 0, 0, 1}, .port = 22000, .family = 4};
    config->n_listen = 1;
    config->outputs_max = 1024;
    config->table_cap = config->text_cap = 64 << 20;
    server.service = (struct nib_service){.shared = shared,
        .read = shared ? read_local : NULL,
        .input = shared ? input_local : input_authoritative,
        .table = &table};
    server.tables = quiet ? NULL : nib_queue_open(1, config->table_cap);
    if (pipe(server.wake) != 0 || !worker_init(&server.workers[0], &server, 0))
        exit(2);
    server.workers[0].lock = &server.workers[0].own_lock;
}

static void open_local(void)
{
    struct nib_local_config config = {.limits = {.records = MANY, .fetches = 256, .requests = 1024},
        NIB_LOCAL_DEFAULTS,
        .seed = SEED,
        .letters_seed = SEED};
    static const char ns[] = "amazone.com", server_name[] = "dns.amazone.com", at[] = "127.0.0.1";
    const struct nib_rr records[] = {
        {.name = NIB_TEXT(ns), .type = NIB_NS, .result = NIB_TEXT(server_name)},
        {.name = NIB_TEXT(server_name), .type = NIB_A, .result = NIB_TEXT(at)},
    };
    nib_zone_init(&zone, memory_of(nib_zone_bytes(2, 256)), 2, 256, SEED);
    for (size_t i = 0; i < 2; i++)
        if (nib_zone_add(&zone, &records[i]) != NIB_ZONE_ADDED)
            exit(2);
    nib_local_open(&local, &table, memory_of(nib_local_bytes(&config.limits)), &config);
}

static void fill_cache(uint32_t n)
{
    char name[QUERY_MAX], result[QUERY_MAX];
    for (uint32_t i = 0; i < n; i++)
        if (!nib_table_store(
                &table, 0, name_of(i, name), NIB_A, result_of(i, result), NIB_TTL_MAX / 2))
            exit(2);
}

/* ---- what is measured ---- */

/* A turn of a server: what worker_turn() does but for waiting. */
static void turn(void)
{
    struct nib_worker *worker = &server.workers[0];
    size_t n;
    (void)nib_inbox_read(worker->in, worker->fds[0], 0, &server.config.listen[0]);
    while ((n = nib_inbox_take(worker->in, worker->datagrams)) > 0)
        worker_hand_over(worker, n);
    print_tables(worker);
}

/*
 * A turn in which nothing is known yet: the queries upstream, and what comes of their answers. What
 * is to be sent stays in the list: sockets are the kernel's matter.
 */
static struct nib_outputs asked, answers;
static void turn_cold(void)
{
    struct nib_worker *worker = &server.workers[0];
    (void)nib_inbox_read(worker->in, worker->fds[0], 0, &server.config.listen[0]);
    size_t n = nib_inbox_take(worker->in, worker->datagrams);
    read_local(NULL, 0, worker->datagrams, n);
    input_local(NULL, 0, 0, worker->datagrams, n, worker->decisions, &asked);
    for (uint32_t i = 0; i < asked.n; i++) {
        const struct nib_output *o = &asked.items[i];
        struct nib_message m;
        uint8_t octets[2 * QUERY_MAX];
        size_t bad;
        if (o->kind != NIB_OUTPUT_QUERY ||
            nib_message_decode(&m, o->octets, o->len, &bad) != NIB_OK)
            exit(2);
        m.flag = NIB_RESPONSE;
        m.atype = m.qtype;
        m.aname = m.qname;
        m.ttl_s = 60;
        m.result = NIB_TEXT("10.0.0.1");
        size_t len = nib_message_encode(octets, sizeof octets, &m);
        (void)nib_local_reply(&local, 0, o->slot, octets, len, &answers);
    }
    for (uint32_t i = 0; i < answers.n; i++)
        left += answers.items[i].kind == NIB_OUTPUT_ANSWER;
    nib_outputs_clear(&asked);
    nib_outputs_clear(&answers);
}

__attribute__((noinline)) void measure(bool cold);
void measure(bool cold)
{
    if (cold)
        turn_cold();
    else
        turn();
}

struct path {
    const char *name;
    uint32_t names;
    bool local, cached, tables;
};

static const struct path paths[] = {
    {.name = "authoritative-3", .names = 3},
    {.name = "authoritative-10000", .names = MANY},
    {.name = "authoritative-tables", .names = 10, .tables = true},
    {.name = "cached-3", .names = 3, .local = true, .cached = true},
    {.name = "cached-10000", .names = MANY, .local = true, .cached = true},
    {.name = "cached-tables", .names = 10, .local = true, .cached = true, .tables = true},
    {.name = "cold", .names = MANY, .local = true},
};

static void run(const struct path *path)
{
    bool cold = path->local && !path->cached;
    void *a = memory_of(nib_outputs_bytes(1024)), *b = memory_of(nib_outputs_bytes(1024));
    nib_outputs_init(&asked, a, 1024);
    nib_outputs_init(&answers, b, 1024);
    if (path->local)
        open_local();
    else
        fill_zone(&zone, path->names);
    table.next_no = nib_zone_number(&zone, NULL, 0);
    if (path->cached)
        fill_cache(path->names);
    open_server(path->local, !path->tables);
    for (uint32_t i = 0; i < TURNS; i++) {
        ask(i, path->names);
        measure(cold);
    }
    if (left != TURNS * NIB_BATCH) {
        fprintf(stderr, "guard: %zu answers of %d\n", left, TURNS * NIB_BATCH);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (argc < 2)
            printf("%s\n", paths[i].name);
        else if (strcmp(argv[1], paths[i].name) == 0)
            run(&paths[i]);
    }
    return argc < 2 || left > 0 ? 0 : 2;
}
