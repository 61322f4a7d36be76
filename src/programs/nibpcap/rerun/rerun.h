/*
 * Layer 7, private to nibpcap rerun: the capture as events in memory, what the logic sends as
 * outputs that wait for their event, and what came of comparing the two.
 */
#ifndef NIBDNS_NIBPCAP_RERUN_H
#define NIBDNS_NIBPCAP_RERUN_H

#include "nibdns/table.h"
#include "nibpcap/base/nibpcap.h"

/*
 * How far the logic's clock may have stood beside the capture's: it counts in whole milliseconds,
 * is read once for everything that a wake-up finds, and a program may be held up behind the
 * reading.
 */
enum { RERUN_RECORDS_MAX = 100000 }; /* dynamic ones of a table */
enum { RERUN_SLACK_MS = 5 };

enum { RERUN_SHOWN = 100 }; /* differences that are printed; the others are counted */

#define RERUN_NONE SIZE_MAX

/* A datagram of the capture, or an ICMP error with the datagram that it quotes. */
struct rerun_event {
    uint64_t frame;
    int64_t time_ns;
    struct nib_addr src, dst;
    bool refused, cut;
    bool unheard; /* an ICMP error says that nobody took it */
    uint32_t len;
    size_t at; /* of its octets in rerun->octets */
    size_t
        answer; /* of a query: the first event back that has its ID and question; or RERUN_NONE */
};

/* A datagram that the logic sends. */
struct rerun_output {
    struct rerun_output *next;
    struct nib_addr from, to; /* port 0 of from: a socket not seen yet */
    uint64_t frame;           /* that caused it */
    int64_t time_ns;          /* of that frame, or when a timer was due */
    bool timed;               /* caused by a timer */
    uint32_t socket;          /* of a question: the number of the socket */
    uint64_t record;          /* number of the record that its cause stored, plus one */
    size_t len;
    uint8_t octets[];
};

enum rerun_role { RERUN_LOCAL, RERUN_AMAZONE, RERUN_CLIENT };

struct rerun_options {
    const char *path;
    enum rerun_role as;
    bool as_given;
    struct nib_addr at; /* family 0: not given; port 0: any */
    const char *records[16];
    size_t n_records;
    uint32_t ttl_s, max_ttl_s, tries;
    nib_ms timeout_ms, late_ms;
    uint16_t upstream_port, upstream_given; /* given: 0 when it was not */
    struct nibpcap_ports ports;
};

struct rerun {
    struct rerun_options options;
    struct nibpcap_known known;
    struct rerun_event *events;
    size_t n, cap;
    uint8_t *octets;
    size_t octets_len, octets_cap;
    int64_t base_ns;
    struct nib_table table;
    struct nib_cache cache;
    void *cache_memory;
    struct rerun_output *outputs; /* oldest first */
    uint64_t in, same, different;
    uint64_t cut, unheard, clock_used, reordered;
    bool has_errors;  /* ICMP errors were captured */
    uint64_t guessed; /* refusals that the capture could not show */
    nib_ms most_clock_ms;
    int64_t most_late_ns, most_older_ns;
};

/* ---- nibpcap_events.c ---- */

/* Reads the capture. NIBPCAP_FINE or NIBPCAP_USE. */
int rerun_read(struct rerun *rerun);
void rerun_free(struct rerun *rerun);

/* Whether something was sent to that port. */
bool rerun_asked(const struct rerun *rerun, uint16_t port);

static inline const uint8_t *rerun_octets(const struct rerun *rerun, const struct rerun_event *e)
{
    return rerun->octets + e->at;
}

/* The logic's time for one of the capture: milliseconds, positive. */
nib_ms rerun_ms(const struct rerun *rerun, int64_t time_ns);
int64_t rerun_ns(const struct rerun *rerun, nib_ms time_ms);

/* ---- nibpcap_compare.c ---- */

/* The logic sends something. */
struct rerun_output *rerun_expect(struct rerun *rerun, const struct nib_addr *from,
    const struct nib_addr *to, const uint8_t *octets, size_t len);

/* Whether an output is what an event shows (of a cut one, as far as it goes). */
bool rerun_same(
    const struct rerun *rerun, const struct rerun_output *output, const struct rerun_event *event);

/*
 * The output, taken out of the waiting ones, has met its event: same, late, or different. NULL: the
 * logic sends nothing at all there.
 */
void rerun_meet(struct rerun *rerun, struct rerun_output *output, const struct rerun_event *event);

/* What was to be sent that long ago, or at all, was never seen in the capture. */
#define RERUN_MISSED_NS 30000000000
void rerun_expire(struct rerun *rerun, int64_t now_ns);
void rerun_leftover(struct rerun *rerun);

/* A difference in other words: "frame N: WORDS". */
void rerun_differ(struct rerun *rerun, uint64_t frame, const char *words);

/* ---- the roles ---- */

void rerun_amazone(struct rerun *rerun);
void rerun_local(struct rerun *rerun);
void rerun_client(struct rerun *rerun, const struct nib_addr *client);

#endif
