/*
 * Layer 7: the page. The logic of clients, local server and name servers over a simulated network
 * and clock, for a browser: no libc, no heap, no clock. All that happens is an event in one queue
 * or a host's deadline; all chance comes from the seed; what a person does is an event too, so the
 * same start and the same actions are the same run.
 *
 *     base/page.h     what there is, and who does what
 *     run.c           starting, the order of events, the clock
 *     world.c         the networks that there are: hosts, addresses, records
 *     net.c, log.c    datagrams under way; every datagram that was ever sent
 *     hosts/          what surrounds the logic of each program, and the attacker
 *     actions.c       what a person does, as text
 *     show/           the same for the view, as JSON and pictures
 *     api.c           the calls that the browser makes
 *
 * `struct page_state` is all that changes: a copy of its octets is a snapshot, and putting the copy
 * back is a step back. The log only grows, so it needs no copy: what stands behind the state's
 * counters is not there.
 */
#ifndef NIBDNS_PAGE_H
#define NIBDNS_PAGE_H

#include "nibdns/authoritative.h"
#include "nibdns/client.h"
#include "nibdns/local.h"
#include "page/base/rng.h"

enum {
    PAGE_HOSTS = 12,
    PAGE_NOBODY = 255, /* no host */
    PAGE_FETCHES = 32, /* of the local server */
    PAGE_REQUESTS = 64,
    PAGE_SOCKETS = PAGE_FETCHES + PAGE_HOSTS,
    PAGE_OUTPUTS = 512, /* of one call */
    PAGE_ZONES = 2,     /* of a name server */
    PAGE_HASH_SEED = 5,
    PAGE_CLIENT_RECORDS = 32,
    PAGE_LOCAL_RECORDS = 128,
    PAGE_ZONE_TEXT = 4096, /* octets of a records file */
    PAGE_ZONE_LINES = 128,
    PAGE_EVENTS = 1024,
    PAGE_ACTIONS = 512,
    PAGE_MEMORY = 700000, /* of all tables */
    PAGE_MESSAGES = 8192,
    PAGE_LOG = 1572864, /* octets of datagrams and texts */
    PAGE_TEXT_MAX = 640,
};

/* A piece of the log. */
struct page_piece {
    uint32_t at, len;
};

/* ---- datagrams ---- */

/* A datagram that was sent: it never changes. Frames count from 1. */
struct page_message {
    nib_ms sent;
    struct nib_addr src, dst;
    uint8_t from, to;              /* hosts, PAGE_NOBODY where none has that address */
    uint8_t forger;                /* who really sent it; else PAGE_NOBODY */
    uint32_t copy_of;              /* frame that it is a duplicate or a changed copy of; 0: none */
    struct page_piece octets, why; /* why it was sent, in the sender's words */
};

#define PAGE_FATES(X)                                                                              \
    X(PAGE_UNDER_WAY, "under way")                                                                 \
    X(PAGE_ARRIVED, "arrived")                                                                     \
    X(PAGE_LOST, "lost")                                                                           \
    X(PAGE_DROPPED, "dropped by hand")                                                             \
    X(PAGE_CHANGED, "changed by hand")                                                             \
    X(PAGE_SILENT, "the receiver hangs")                                                           \
    X(PAGE_REFUSED, "nobody listens there")

enum page_fate {
#define X(symbol, words) symbol,
    PAGE_FATES(X)
#undef X
};

/* What became of a datagram: this part changes. */
struct page_course {
    enum page_fate fate;
    nib_ms since, until;       /* under way from then, to then */
    struct page_piece verdict; /* what its receiver decided, in words */
};

struct page_log {
    struct page_message messages[PAGE_MESSAGES];
    uint8_t octets[PAGE_LOG];
};

/* ---- events ---- */

/* A datagram arrives, is lost on its way, or comes to nobody; the attacker sees a question. */
enum page_event_kind { PAGE_ARRIVE, PAGE_LOSE, PAGE_REFUSE, PAGE_FORGE };

struct page_event {
    nib_ms when;
    uint32_t no; /* events of one time keep their order */
    enum page_event_kind kind;
    uint32_t frame;
};

/* What a person does, as text (see actions.c), when. */
struct page_action {
    nib_ms when;
    struct page_piece text;
};

/* ---- hosts ---- */

#define PAGE_ROLES(X)                                                                              \
    X(PAGE_CLIENT, "client")                                                                       \
    X(PAGE_LOCAL, "local")                                                                         \
    X(PAGE_AUTHORITY, "authority")                                                                 \
    X(PAGE_ATTACKER, "attacker")

enum page_role {
#define X(symbol, words) symbol,
    PAGE_ROLES(X)
#undef X
};

#define PAGE_CONDITIONS(X)                                                                         \
    X(PAGE_UP, "runs")                                                                             \
    X(PAGE_HANGS, "hangs")                                                                         \
    X(PAGE_ENDED, "ended")

enum page_condition {
#define X(symbol, words) symbol,
    PAGE_CONDITIONS(X)
#undef X
};

/* A socket that a host opened to ask, connected to whom it asks. */
struct page_socket {
    bool open;
    uint8_t host;
    struct nib_slot slot;
    struct nib_addr self, peer;
};

struct page_host {
    enum page_role role;
    enum page_condition condition;
    const char *name;
    struct nib_addr addr;
    struct nib_table table;
    struct nib_cache cache;
    struct nib_zone zones[2];
    int zone; /* which of the two is in use */
    void *zone_memory[2], *logic_memory;
    struct page_piece records; /* the text of its static records */
    struct page_piece said;    /* its last words to a person */
    struct nib_client client;
    struct nib_authoritative authority;
    struct nib_text zones_of[PAGE_ZONES]; /* of a name server; none: it answers for every name */
    size_t n_zones;
};

/* What the attacker does when the local server asks upstream. */
#define PAGE_ATTACKS(X)                                                                            \
    X(PAGE_ATTACK_OFF, "off")                                                                      \
    X(PAGE_ATTACK_GUESS, "guess")                                                                  \
    X(PAGE_ATTACK_SEE, "see")

enum page_attack {
#define X(symbol, words) symbol,
    PAGE_ATTACKS(X)
#undef X
};

/* What the network does. Chances are in a hundred. */
struct page_network {
    uint32_t loss, duplicate;
    nib_ms delay_min, delay_max;
    enum page_attack attacker;
};

struct page_state {
    _Alignas(64) unsigned char memory[PAGE_MEMORY]; /* of all tables */
    size_t n_memory;                                /* taken of it */
    uint64_t seed;
    struct page_rng rng;
    nib_ms now;
    const struct page_world *world;
    struct page_network network, network_at_start;
    struct page_host hosts[PAGE_HOSTS];
    uint32_t n_hosts;
    struct nib_local local; /* the one local server's logic */
    uint8_t local_host;
    struct page_socket sockets[PAGE_SOCKETS];
    struct page_event events[PAGE_EVENTS]; /* in no order */
    uint32_t n_events, next_event;
    struct page_action actions[PAGE_ACTIONS]; /* in the order of their times */
    uint32_t n_actions, n_done;
    struct page_course courses[PAGE_MESSAGES];
    uint32_t n_messages, n_log; /* of the log */
    bool full;                  /* the log is: nothing more is sent */
};

struct page {
    struct page_state state;
    struct page_log log;
    struct nib_outputs outputs; /* of the call of the moment */
    _Alignas(64) unsigned char outputs_memory[NIB_OUTPUTS_BYTES(PAGE_OUTPUTS)];
    char fault[PAGE_TEXT_MAX]; /* why an action was refused; empty: it was not */
};

/* ---- run.c ---- */

/*
 * Begins a run: `seed=N&loss=P&duplicate=P&delay=MS[-MS]&attacker=WORD&world=NAME`, each where it
 * differs from the usual. False, with page->fault, when the text is not that.
 */
bool page_start(struct page *page, struct nib_text config);

/* Adds what a person will do, in the order of time. False: too many, or out of order. */
bool page_plan(struct page *page, nib_ms when, struct nib_text action);

/* When the next thing happens; NIB_NEVER: nothing will. Records that expire are not counted. */
nib_ms page_next(const struct page *page);

/* When the next record expires; NIB_NEVER: none will. */
nib_ms page_expiry(const struct page *page);

/* Lets the next thing happen, a record's end too. False: nothing will. */
bool page_step(struct page *page);

/* Lets all happen that is due by a time, and sets the clock to it. */
void page_advance(struct page *page, nib_ms to);

/* Does something now, once all that is due by now has happened. False, with page->fault: not so. */
bool page_do(struct page *page, struct nib_text action);

/* One setting of the network. False, nothing changed: there is no such setting or value. */
bool page_set(struct page_network *network, struct nib_text key, struct nib_text value);

/* Says in page->fault why something is not done. False. */
bool page_refuses(struct page *page, const char *words, struct nib_text what);

/* ---- actions.c ---- */

/* Does it. False, with page->fault and nothing changed, when it cannot be done. */
bool page_act(struct page *page, struct nib_text action);

/* ---- log.c ---- */

/* Keeps octets for ever. An empty piece when the log is full. */
struct page_piece page_keep(struct page *page, const void *octets, size_t len);
struct nib_text page_text(const struct page *page, struct page_piece piece);

/* A datagram of the log by its frame; its course. NULL: there is none. */
struct page_message *page_message_of(struct page *page, uint32_t frame);
struct page_course *page_course_of(struct page *page, uint32_t frame);

/* ---- net.c ---- */

/* Sends a datagram; `forger` is PAGE_NOBODY unless the source is not its sender's. The frame, or 0.
 */
uint32_t page_send(struct page *page, const struct nib_addr *src, const struct nib_addr *dst,
    const uint8_t *octets, size_t len, uint8_t forger);

/* A copy of a datagram that is under way, with other octets or the same. The frame, or 0. */
uint32_t page_copy(struct page *page, uint32_t frame, const uint8_t *octets, size_t len);

/* Takes a datagram that is under way off its way; lets it take longer. */
void page_drop(struct page *page, uint32_t frame, enum page_fate fate);
void page_delay(struct page *page, uint32_t frame, nib_ms more);

void page_event(struct page *page, nib_ms when, enum page_event_kind kind, uint32_t frame);
void page_arrive(struct page *page, uint32_t frame);
void page_refuse(struct page *page, uint32_t frame);

/* The host with that address and port, or PAGE_NOBODY. */
uint8_t page_host_at(const struct page *page, const struct nib_addr *addr);

/* ---- the hosts ---- */

/* What a host decided about a datagram that it sends, or that it reads. */
void page_why(struct page *page, uint32_t frame, const struct nib_decision *decision);
void page_verdict(struct page *page, uint32_t frame, const struct nib_decision *decision);

/* An empty list for one call of a logic; what stands in it is done, and it is empty again. */
struct nib_outputs *page_outputs(struct page *page);
void page_carry_out(struct page *page, const struct page_host *host, struct nib_outputs *outputs);

/* The open socket at that address, or NULL; a random port; all of a host's sockets are closed. */
const struct page_socket *page_socket_at(const struct page *page, const struct nib_addr *addr);
uint16_t page_draw_port(struct page *page);
void page_close_sockets(struct page *page, const struct page_host *host);

/* Octets of the page's own memory, aligned for 64, until the next start. */
void *page_take(struct page *page, size_t n);

/* A host's program begins, with an empty table but for its static records. */
void page_host_start(struct page *page, struct page_host *host);

/* Other static records. False, with page->fault, when the text has a fault. */
bool page_host_records(struct page *page, struct page_host *host, struct nib_text text);

void page_client_start(struct page *page, struct page_host *host);
bool page_client_look_up(
    struct page *page, struct page_host *host, struct nib_text name, struct nib_text type);
void page_client_read(struct page *page, struct page_host *host, uint32_t frame);
void page_client_refused(struct page *page, struct page_host *host);
void page_client_tick(struct page *page, struct page_host *host);

void page_authority_start(struct page_host *host);
void page_local_start(struct page *page, struct page_host *host);
void page_local_refused(
    struct page *page, struct page_host *host, const struct page_socket *socket);
void page_local_tick(struct page *page, struct page_host *host);
void page_server_read(struct page *page, struct page_host *host, uint32_t frame);

/* The attacker sees, or guesses, that a question went upstream. */
void page_attacker_watch(struct page *page, uint32_t frame);
void page_attacker_strike(struct page *page, uint32_t frame);

/* A lie: what it says, and in what it differs from an answer that fits. */
struct page_lie {
    struct nib_text result;
    uint32_t off_id; /* how far its ID is off */
    uint16_t port;   /* where it goes; 0: where the query came from */
    bool small;      /* the name in small letters */
};

/*
 * Sends a response to that query as if it came from whom it went to. False, with page->fault: it is
 * no query.
 */
bool page_forge(struct page *page, uint32_t frame, const struct page_lie *lie);

#endif
