#define _XOPEN_SOURCE 700
#include "nibsim/base/trace.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "nibdns/message.h"
#include "nibdns/pcap.h"
#include "nibsim/base/host.h"

enum { LAST = 40, WORDS = 640, PATIENCE_S = 2 };

/* An event as it was; it becomes a line only when somebody reads it. */
struct event {
    sim_us at;
    bool is_packet;
    struct sim_packet packet;
    char words[WORDS];
};

static struct event events[LAST];
static uint64_t n_events;
static FILE *capture;
static const struct sim *watched;
static volatile sig_atomic_t events_seen;
static char last_words[1024];

/* ---- lines ---- */

void sim_host_name(struct sim *sim, const struct nib_addr *addr, char out[80])
{
    char text[NIB_ADDR_TEXT_MAX];
    const struct sim_host *host = sim_host_at(sim, addr);
    (void)nib_addr_format(addr, text);
    if (host == NULL) {
        (void)snprintf(out, 80, "%s", text);
    } else if (host->role == SIM_LOCAL_SERVER) {
        (void)snprintf(out, 80, addr->port == NIB_PORT_LOCAL ? "local" : "local:%u", addr->port);
    } else if (host->role == SIM_CLIENT) {
        (void)snprintf(out, 80, "client %u", (unsigned)host->no + 1);
    } else {
        const struct sim_authority *a = &sim->world.authorities[host->no];
        const struct sim_domain *d = &sim->world.domains[a->domain];
        (void)snprintf(out, 80, "ns%u.%.*s", (unsigned)host->no + 1,
            d->name.len > 60 ? 60 : (int)d->name.len, d->name.ptr);
    }
}

static void packet_words(const struct sim_packet *p, char out[NIB_LINE_MAX])
{
    struct nib_message m;
    size_t bad;
    enum nib_err err = nib_message_decode(&m, p->octets, p->len, &bad);
    if (p->refusal)
        (void)snprintf(out, NIB_LINE_MAX, "refused: nobody listens");
    else if (err == NIB_OK)
        (void)nib_message_line(&m, out);
    else
        (void)snprintf(out, NIB_LINE_MAX, "malformed (%s %s at octet %u), %u octets",
            nib_err_rule(err), nib_err_words(err), (unsigned)bad, (unsigned)p->len);
}

static void print_event(struct sim *sim, const struct event *e)
{
    char from[80], to[80], words[NIB_LINE_MAX];
    printf("%6lld.%06lld  ", (long long)(e->at / 1000000), (long long)(e->at % 1000000));
    if (!e->is_packet) {
        printf("%s\n", e->words);
        return;
    }
    sim_host_name(sim, &e->packet.src, from);
    sim_host_name(sim, &e->packet.dst, to);
    packet_words(&e->packet, words);
    printf("%s -> %s: %s%s%s%s\n", from, to, words, e->words[0] != '\0' ? " [" : "", e->words,
        e->words[0] != '\0' ? "]" : "");
}

static struct event *next_event(struct sim *sim)
{
    struct event *e = &events[n_events++ % LAST];
    e->at = sim->now;
    return e;
}

/* Runs with the same digest went the same way. */
static void digest(struct sim *sim, const void *octets, size_t n)
{
    const uint8_t *p = octets;
    for (size_t i = 0; i < n; i++)
        sim->digest = (sim->digest ^ p[i]) * 0x100000001b3u;
}

static void finish_event(struct sim *sim, const struct event *e)
{
    digest(sim, e->words, strlen(e->words));
    for (int i = 0; i < 8; i++)
        digest(sim, &(uint8_t){(uint8_t)((uint64_t)e->at >> 8 * i)}, 1);
    if (sim->options.trace)
        print_event(sim, e);
}

void sim_note(struct sim *sim, const char *format, ...)
{
    struct event *e = next_event(sim);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(e->words, sizeof e->words, format, args);
    va_end(args);
    e->is_packet = false;
    finish_event(sim, e);
}

void sim_note_packet(struct sim *sim, const struct sim_packet *packet, const char *remark)
{
    struct event *e = next_event(sim);
    e->is_packet = true;
    memcpy(&e->packet, packet, offsetof(struct sim_packet, octets) + packet->len);
    (void)snprintf(e->words, sizeof e->words, "%s", remark);
    digest(sim, packet->src.ip, sizeof packet->src.ip);
    digest(sim, packet->dst.ip, sizeof packet->dst.ip);
    digest(sim, packet->octets, packet->len);
    finish_event(sim, e);
}

/* ---- the capture: what the local server sends and receives ---- */

void sim_capture(struct sim *sim, const struct nib_addr *src, const struct nib_addr *dst,
    const uint8_t *octets, size_t len)
{
    static const int64_t epoch_us = 1767225600000000; /* 2026 */
    uint8_t record[NIB_PCAP_RECORD_EXTRA + SIM_OCTETS];
    if (capture == NULL)
        return;
    size_t n =
        nib_pcap_record(record, sizeof record, epoch_us + sim->now, src, dst, octets, len, len);
    (void)fwrite(record, 1, n, capture);
}

static void open_capture(struct sim *sim)
{
    uint8_t header[NIB_PCAP_FILE_HEADER];
    if (sim->options.write == NULL)
        return;
    capture = fopen(sim->options.write, "wb");
    nib_pcap_header(header);
    if (capture != NULL && fwrite(header, 1, sizeof header, capture) == sizeof header)
        return;
    fprintf(stderr, "nibsim: cannot write %s; give --write a file that can be made\n",
        sim->options.write);
    exit(2);
}

/* ---- the end ---- */

static void print_again(const struct sim *sim)
{
    printf("again: nibsim --seed %llu --runs 1%s%s\n", (unsigned long long)sim->seed,
        sim->options.again, sim->options.trace ? "" : " --trace");
}

void sim_break(struct sim *sim, enum sim_invariant invariant, const char *format, ...)
{
    va_list args;
    uint64_t first = n_events > LAST ? n_events - LAST : 0;
    nib_progress_wipe(&sim->progress);
    printf("broken: %s\n  ", sim_invariant_words(invariant));
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\nseed %llu, at %lld.%06lld s\n", (unsigned long long)sim->seed,
        (long long)(sim->now / 1000000), (long long)(sim->now % 1000000));
    print_again(sim);
    printf("last events:\n");
    for (uint64_t i = first; !sim->options.trace && i < n_events; i++)
        print_event(sim, &events[i % LAST]);
    sim_trace_end(sim);
    exit(1);
}

/*
 * After so much time of the processor the simulation must have moved on. This is a signal's
 * handler: what it says was written before.
 */
static void look_after(int number)
{
    (void)number;
    if (events_seen == (sig_atomic_t)(watched->counts.events & 0x3fffffff)) {
        (void)!write(STDOUT_FILENO, last_words, strlen(last_words));
        _exit(1);
    }
    events_seen = (sig_atomic_t)(watched->counts.events & 0x3fffffff);
}

void sim_trace_run(struct sim *sim)
{
    n_events = 0;
    (void)snprintf(last_words, sizeof last_words,
        "broken: %s\n  something goes on for ever\nseed %llu, at an unknown time\n"
        "again: nibsim --seed %llu --runs 1%s --trace\n",
        sim_invariant_words(SIM_ENDS), (unsigned long long)sim->seed, (unsigned long long)sim->seed,
        sim->options.again);
}

void sim_trace_start(struct sim *sim)
{
    const struct itimerval every = {{PATIENCE_S, 0}, {PATIENCE_S, 0}};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = look_after;
    action.sa_flags = SA_RESTART;
    events_seen = -1;
    watched = sim;
    (void)sigaction(SIGVTALRM, &action, NULL);
    (void)setitimer(ITIMER_VIRTUAL, &every, NULL);
    sim->digest = 0xcbf29ce484222325u;
    open_capture(sim);
}

void sim_trace_end(struct sim *sim)
{
    const struct itimerval never = {{0, 0}, {0, 0}};
    (void)setitimer(ITIMER_VIRTUAL, &never, NULL);
    if (capture != NULL && fclose(capture) != 0)
        fprintf(stderr, "nibsim: writing %s did not succeed\n", sim->options.write);
    capture = NULL;
}
