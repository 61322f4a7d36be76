#include <stdlib.h>

#include "nibdns/authoritative.h"
#include "nibdns/builtin.h"
#include "nibdns/os/memory.h"
#include "nibdns/os/zonefile.h"
#include "nibpcap/commands.h"
#include "nibpcap/rerun/rerun.h"

/* ---- the authoritative server ---- */

static void take_amazone(
    struct rerun *rerun, struct nib_authoritative *server, const struct rerun_event *e)
{
    _Alignas(64) unsigned char memory[NIB_OUTPUTS_BYTES(1)];
    const struct nib_path path = {.peer = e->src, .self = e->dst};
    struct nib_outputs out;
    if (e->unheard && nib_addr_equal(&e->dst, &rerun->options.at)) {
        rerun->unheard++;
    } else if (nib_addr_equal(&e->dst, &rerun->options.at) && !e->refused) {
        rerun->in++;
        rerun->cut += e->cut;
        nib_outputs_init(&out, memory, 1);
        if (!e->cut)
            (void)nib_authoritative_input(server, &path, rerun_octets(rerun, e), e->len, &out);
        if (out.n == 0)
            return;
        struct rerun_output *output =
            rerun_expect(rerun, &e->dst, &e->src, out.items[0].octets, out.items[0].len);
        output->frame = e->frame;
        output->time_ns = e->time_ns;
    } else if (nib_addr_equal(&e->src, &rerun->options.at) && !e->refused) {
        struct rerun_output *first = NULL, *output = rerun->outputs;
        for (; output != NULL; output = output->next) {
            if (!nib_addr_equal(&output->to, &e->dst))
                continue;
            first = first == NULL ? output : first;
            if (rerun_same(rerun, output, e))
                break;
        }
        rerun_meet(rerun, output != NULL ? output : first, e);
    }
}

void rerun_amazone(struct rerun *rerun)
{
    struct nib_authoritative server = {.table = &rerun->table, .ttl_s = rerun->options.ttl_s};
    for (size_t i = 0; i < rerun->n; i++) {
        rerun_expire(rerun, rerun->events[i].time_ns);
        take_amazone(rerun, &server, &rerun->events[i]);
    }
    rerun_leftover(rerun);
}

/* ---- who is meant ---- */

/* The server of that port that is first asked; another one is named. False: there is none. */
static bool find_server(struct rerun *rerun, uint16_t port)
{
    struct nib_addr *at = &rerun->options.at;
    const struct nib_addr *other = NULL;
    bool found = false;
    for (size_t i = 0; i < rerun->n; i++) {
        const struct nib_addr *ends[] = {&rerun->events[i].dst, &rerun->events[i].src};
        for (int e = 0; e < 2; e++) {
            if (ends[e]->port != port || rerun->events[i].refused)
                continue;
            if (at->family == 0)
                *at = *ends[e];
            if (nib_addr_equal(ends[e], at))
                found = true;
            else
                other = ends[e];
        }
    }
    if (found && other != NULL) {
        char text[NIB_ADDR_TEXT_MAX];
        nib_addr_format(other, text);
        printf("%s is in the capture too; --at chooses\n", text);
    }
    return found;
}

static void make_table(struct rerun *rerun, struct nib_zone *zone)
{
    rerun->cache_memory = nib_memory_map(nib_cache_bytes(RERUN_RECORDS_MAX));
    if (rerun->cache_memory == NULL)
        exit(nibpcap_complain("no memory left"));
    nib_cache_init(&rerun->cache, rerun->cache_memory, RERUN_RECORDS_MAX, 0);
    rerun->table = (struct nib_table){.cache = &rerun->cache};
    nib_table_set_zone(&rerun->table, zone);
}

static bool is_client(const struct rerun *rerun, const struct rerun_event *e)
{
    const struct nib_addr *at = &rerun->options.at;
    if (e->refused || nibpcap_is_port(&rerun->options.ports, e->src.port))
        return false;
    if (at->port != 0)
        return nib_addr_equal(&e->src, at);
    return e->dst.port == rerun->options.ports.port[0] &&
           (at->family == 0 || nib_ip_equal(&e->src, at));
}

/* Each socket that asks a local server is a client with a table of its own. */
static bool run_clients(struct rerun *rerun, struct nib_zone *zone)
{
    bool found = false;
    struct nib_addr *done = NULL;
    size_t n_done = 0;
    for (size_t i = 0; i < rerun->n; i++) {
        const struct rerun_event *e = &rerun->events[i];
        size_t k = 0;
        if (!is_client(rerun, e))
            continue;
        while (k < n_done && !nib_addr_equal(&done[k], &e->src))
            k++;
        if (k < n_done)
            continue;
        done = nibpcap_allocate(done, (n_done + 1) * sizeof *done);
        done[n_done++] = e->src;
        make_table(rerun, zone);
        rerun_client(rerun, &e->src);
        nib_memory_unmap(rerun->cache_memory, nib_cache_bytes(RERUN_RECORDS_MAX));
        found = true;
    }
    free(done);
    return found;
}

/* ---- the command ---- */

static void say(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "%s\n", line);
}

static void print_summary(const struct rerun *rerun)
{
    static const char *const names[] = {"local", "amazone", "client"};
    char at[NIB_ADDR_TEXT_MAX] = "";
    if (rerun->options.at.port != 0)
        nib_addr_format(&rerun->options.at, at);
    else if (rerun->options.at.family != 0)
        nib_ip_format(&rerun->options.at, at);
    printf("%s%s%s: %llu datagrams in, %llu sent as the logic sends them, %llu differences\n",
        names[rerun->options.as], *at != '\0' ? " " : "", at, (unsigned long long)rerun->in,
        (unsigned long long)rerun->same, (unsigned long long)rerun->different);
    if (rerun->most_late_ns > 0)
        printf("retries left up to %lld.%03lld ms after their timer\n",
            (long long)(rerun->most_late_ns / 1000000),
            (long long)(rerun->most_late_ns / 1000 % 1000));
    if (rerun->clock_used > 0)
        printf("%llu requests fed up to %lld ms beside their time in the capture\n",
            (unsigned long long)rerun->clock_used, (long long)rerun->most_clock_ms);
    if (rerun->reordered > 0)
        printf("%llu answers passed others, whose causes were up to %lld.%03lld ms older\n",
            (unsigned long long)rerun->reordered, (long long)(rerun->most_older_ns / 1000000),
            (long long)(rerun->most_older_ns / 1000 % 1000));
    if (rerun->unheard > 0)
        printf("%llu datagrams found nobody listening, as ICMP errors say\n",
            (unsigned long long)rerun->unheard);
    if (rerun->guessed > 0)
        printf(
            "%llu questions taken for refused: the capture has no ICMP error that would say so\n",
            (unsigned long long)rerun->guessed);
    if (rerun->cut > 0)
        printf("%llu datagrams were cut by the capture and could not be fed\n",
            (unsigned long long)rerun->cut);
}

/* Where nobody uses a port that was not given, the capture says which ones stand for it. */
static void settle_ports(struct rerun *rerun)
{
    struct rerun_options *o = &rerun->options;
    const struct nibpcap_known *known = &rerun->known;
    bool server = o->as != RERUN_CLIENT;
    uint16_t *own = &o->ports.port[o->as == RERUN_AMAZONE ? 1 : 0];
    uint16_t other = known->n_others > 0 ? known->others[0] : known->local;
    if ((!server || o->at.port == 0) && !rerun_asked(rerun, *own))
        *own = o->as == RERUN_AMAZONE ? other : known->local;
    if (server && o->at.family != 0)
        o->at.port = *own;
    if (o->as == RERUN_LOCAL && o->upstream_given == 0 && other != *own && other != 0 &&
        !rerun_asked(rerun, o->upstream_port))
        o->ports.port[1] = o->upstream_port = other;
}

static int run(struct rerun *rerun)
{
    const struct rerun_options *o = &rerun->options;
    struct nib_zonefile zone = {0};
    const struct nib_complaints complaints = {.say = say};
    static const char *const builtin[] = {NIB_BUILTIN_LOCAL, NIB_BUILTIN_AMAZONE, NIB_BUILTIN_NONE};
    if (!nib_zonefile_read(&zone, o->records, o->n_records, builtin[o->as], 0, &complaints))
        return NIBPCAP_USE;
    int status = rerun_read(rerun);
    bool found;
    settle_ports(rerun);
    if (o->as == RERUN_CLIENT) {
        found = run_clients(rerun, &zone.zone);
    } else {
        make_table(rerun, &zone.zone);
        found = find_server(rerun, o->ports.port[o->as == RERUN_LOCAL ? 0 : 1]);
        if (found && o->as == RERUN_LOCAL)
            rerun_local(rerun);
        else if (found)
            rerun_amazone(rerun);
    }
    if (found)
        print_summary(rerun);
    else if (status == NIBPCAP_FINE)
        status = nibpcap_complain("%s has no datagram of that host; --at names it", o->path);
    rerun_free(rerun);
    nib_zonefile_free(&zone);
    if (status == NIBPCAP_FINE && rerun->different > 0)
        status = NIBPCAP_WRONG;
    return nibpcap_finish_output(status);
}

static void take_role(const struct option_use *use)
{
    static const char *const roles[] = {
        [RERUN_LOCAL] = "local", [RERUN_AMAZONE] = "amazone", [RERUN_CLIENT] = "client"};
    struct rerun_options *o = use->settings;
    size_t role = RERUN_LOCAL;
    while (role <= RERUN_CLIENT && strcmp(use->text, roles[role]) != 0)
        role++;
    if (role > RERUN_CLIENT)
        option_wrong(use, "is no role; give local, amazone or client");
    o->as = (enum rerun_role)role;
    o->as_given = true;
}

static void add_records(const struct option_use *use)
{
    struct rerun_options *o = use->settings;
    if (o->n_records == sizeof o->records / sizeof o->records[0])
        option_wrong(use, "is one too many; give %zu at most", o->n_records);
    o->records[o->n_records++] = use->text;
}

static const struct option_row rows[] = {
    OPTION_CALL(0, "as", "local|amazone|client", take_role, "whose logic"),
    OPTION_ADDR(0, "at", struct rerun_options, at, 0, "which host, where the capture has several"),
    OPTION_CALL(
        'r', "records", "FILE", add_records, "its records (the built-in ones); may be given again"),
    OPTION_NUMBER('t', "ttl", "SECONDS", struct rerun_options, ttl_s, 0, NIB_TTL_MAX,
        "that answers from static records carry (60)"),
    OPTION_NUMBER(0, "timeout", "MS", struct rerun_options, timeout_ms, 1, 3600000,
        "of its first try (local 500, client 1000)"),
    OPTION_NUMBER(0, "tries", "N", struct rerun_options, tries, 1, 16, "tries (3)"),
    OPTION_NUMBER(0, "max-ttl", "SECONDS", struct rerun_options, max_ttl_s, 0, NIB_TTL_MAX,
        "longer TTLs from upstream are cut to this (86400)"),
    OPTION_NUMBER(0, "upstream-port", "PORT", struct rerun_options, upstream_given, 1, 65535,
        "where authoritative servers listen (22000, or found)"),
    OPTION_NUMBER(0, "late", "MS", struct rerun_options, late_ms, 0, 60000,
        "how late a retry may leave (100)"),
};

static const struct option_program command_line = {
    .name = "nibpcap rerun",
    .usage = "FILE --as local|amazone|client [options]",
    .about =
        "Feeds what that host received into the program's own logic, in the capture's time, and\n"
        "compares what it sends with what the capture says it sent. Status 1 and a difference\n"
        "otherwise.",
    .tables = {OPTION_ROWS(rows)},
    .operands = 1,
};

/* The ports that follow from the other options. */
static void finish_options(struct rerun_options *o)
{
    bool server = o->as != RERUN_CLIENT;
    uint16_t *own = &o->ports.port[o->as == RERUN_AMAZONE ? 1 : 0];
    if (o->timeout_ms == 0)
        o->timeout_ms = o->as == RERUN_CLIENT ? 1000 : 500;
    if (o->upstream_given != 0)
        o->upstream_port = o->upstream_given;
    if (o->as != RERUN_AMAZONE)
        o->ports.port[1] = o->upstream_port;
    if (server && o->at.port != 0)
        *own = o->at.port;
}

int nibpcap_rerun(int argc, char **argv)
{
    static struct rerun rerun = {.options = {.ttl_s = 60,
                                     .max_ttl_s = 86400,
                                     .tries = 3,
                                     .late_ms = 100,
                                     .upstream_port = NIB_PORT_AUTHORITATIVE}};
    rerun.options.ports = nibpcap_default_ports();
    rerun.options.path = nibpcap_options(&command_line, &rerun.options, argc, argv, "FILE");
    if (!rerun.options.as_given)
        return nibpcap_complain("the role is missing; give --as local, amazone or client");
    finish_options(&rerun.options);
    return run(&rerun);
}
