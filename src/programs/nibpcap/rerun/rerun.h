/*
 * Layer 7, private to nibpcap rerun: the capture as events in memory, what the logic sends as
 * outputs that wait for their event, and what came of comparing the two.
 */
#ifndef NIBDNS_NIBPCAP_RERUN_H
#define NIBDNS_NIBPCAP_RERUN_H

#include "nibdns/local.h"
#include "nibdns/table.h"
#include "nibpcap/base/hosts.h"
#include "nibpcap/rerun/outputs.h"

/*
 * How far the logic's clock may have stood beside the capture's: it counts in whole milliseconds,
 * is read once for everything that a wake-up finds, and a program may be held up behind the
 * reading.
 */
enum { RERUN_RECORDS_MAX = 100000 }; /* dynamic ones of a table */
enum { RERUN_SLACK_MS = 5 };

enum { RERUN_SHOWN = 100 }; /* differences that are printed; the others are counted */

enum rerun_role { RERUN_LOCAL, RERUN_AMAZONE, RERUN_CLIENT };

struct rerun_options {
    const char *path;
    enum rerun_role as;
    bool as_given;
    struct nib_addr at; /* family 0: not given; port 0: any */
    const char *records[16];
    size_t n_records;
    uint32_t ttl_s, max_ttl_s, max_ns_ttl_s, tries;
    nib_ms timeout_ms, deadline_ms, late_ms;
    struct nib_text zones[16];
    size_t n_zones;
    struct nib_addr forwarders[NIB_FORWARDERS_MAX];
    uint8_t n_forwarders;
    uint16_t upstream_port, upstream_given; /* given: 0 when it was not */
    enum nib_mix mix;
    bool mix_given;
    struct ports ports;
};

struct rerun {
    struct rerun_options options;
    struct hosts hosts; /* as the capture shows them */
    struct events events;
    int64_t base_ns;
    struct nib_table table;
    struct nib_cache cache;
    void *cache_memory;
    size_t cache_bytes;
    struct outputs outputs;
    uint64_t in, same, different;
    uint64_t cut, unheard, clock_used, reordered;
    uint64_t unknown; /* answers that need upstream traffic, which the capture does not have */
    uint64_t guessed; /* refusals that the capture could not show */
    nib_ms most_clock_ms;
    int64_t most_late_ns, most_older_ns;
};

/* The logic's time for one of the capture: milliseconds, positive. */
nib_ms rerun_ms(const struct rerun *rerun, int64_t time_ns);
int64_t rerun_ns(const struct rerun *rerun, nib_ms time_ms);

/* ---- compare.c ---- */

/* The logic sends something; socket: outputs.h. */
struct output *rerun_expect(struct rerun *rerun, const struct nib_addr *from,
    const struct nib_addr *to, uint32_t socket, const uint8_t *octets, size_t len);

/* Whether an output is what an event shows (of a cut one, as far as it goes). */
bool rerun_same(const struct rerun *rerun, const struct output *output, const struct event *event);

/*
 * The output, taken out of the waiting ones, has met its event: same, late, or different. NULL: the
 * logic sends nothing at all there.
 */
void rerun_meet(struct rerun *rerun, struct output *output, const struct event *event);

/* What was to be sent that long ago, or at all, was never seen in the capture. */
#define RERUN_MISSED_NS 30000000000
void rerun_expire(struct rerun *rerun, int64_t now_ns);
void rerun_leftover(struct rerun *rerun);

/* A difference in other words: "frame N: WORDS". */
void rerun_differ(struct rerun *rerun, uint64_t frame, const char *words);

/* ---- the roles ---- */

void rerun_amazone(struct rerun *rerun);
void rerun_local(struct rerun *rerun);

/* Every client of the capture in turn. False: there is none. */
bool rerun_clients(struct rerun *rerun, struct nib_zone *zone);

/* One of them, by the numbers of its events. */
void rerun_client(
    struct rerun *rerun, const struct nib_addr *client, const size_t *events, size_t n);

/* An empty table of so many dynamic records at most. */
void rerun_open_table(struct rerun *rerun, struct nib_zone *zone, uint32_t records);
void rerun_close_table(struct rerun *rerun);

#endif
