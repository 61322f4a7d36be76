/*
 * Layer 7, private to nibpcap: what its commands share. A capture goes in as a stream: file ->
 * frames -> what each is (struct nibpcap_seen) -> the command.
 */
#ifndef NIBDNS_NIBPCAP_H
#define NIBDNS_NIBPCAP_H

#include <getopt.h>
#include <stdio.h>

#include "common/options.h"
#include "nibdns/message.h"
#include "nibdns/os/progress.h"
#include "nibdns/pcap.h"

enum { NIBPCAP_FINE = 0, NIBPCAP_WRONG = 1, NIBPCAP_USE = 2 };

/* ---- the command line ---- */

enum { NIBPCAP_PORTS_MAX = 8 };

/*
 * UDP ports of servers: the local server's, the authoritative one's, others. Given ones are all
 * there are; else what decodes is a message on any port, and whom a query goes to is a server.
 */
struct nibpcap_ports {
    uint16_t port[NIBPCAP_PORTS_MAX];
    size_t n;
    bool given;
};

/*
 * Reads a command's options and returns its one operand, a file. Ends the program where there is
 * none. What is complained of from now on begins with the command's name.
 */
const char *nibpcap_options(const struct option_program *command_line, void *settings, int argc,
    char **argv, const char *what);

/* One line on standard error: "nibpcap NAME: ...". Returns NIBPCAP_USE. */
__attribute__((format(printf, 1, 2))) int nibpcap_complain(const char *format, ...);

/* "nibpcap NAME", for usage_error() and its kin. */
const char *nibpcap_name(void);

/* PORT[,PORT...] into a struct nibpcap_ports. */
option_take nibpcap_take_ports;
#define NIBPCAP_PORTS(type, field, words)                                                          \
    OPTION_ROW('p', "port", "LIST", nibpcap_take_ports, type, field, 0, 0, words)

bool nibpcap_is_port(const struct nibpcap_ports *ports, uint16_t port);
struct nibpcap_ports nibpcap_default_ports(void);

/* ---- who speaks nibdns, as far as the capture has shown ---- */

enum { NIBPCAP_KNOWN_MAX = 4096, NIBPCAP_LEARNT_MAX = 32 };

struct nibpcap_known {
    struct {
        struct nib_addr addr;
        int64_t seen_ns;
    } sockets[NIBPCAP_KNOWN_MAX]; /* each has one place, which the newest one takes */
    uint16_t local;               /* the first port asked that is no authoritative one; 0: none */
    uint16_t others[NIBPCAP_LEARNT_MAX]; /* ports asked later */
    size_t n_others;
};

/* Whether a query went there, or came from there, within the last 60 seconds. */
bool nibpcap_is_known(
    const struct nibpcap_known *known, const struct nib_addr *addr, int64_t now_ns);

/* A query from src to dst. */
void nibpcap_know(struct nibpcap_known *known, const struct nibpcap_ports *ports,
    const struct nib_packet_udp *query, int64_t now_ns);

enum nibpcap_role { NIBPCAP_ASKER, NIBPCAP_LOCAL, NIBPCAP_AUTHORITATIVE };
enum nibpcap_role nibpcap_role(
    const struct nibpcap_known *known, const struct nibpcap_ports *ports, uint16_t port);

/* ---- captures ---- */

enum nibpcap_what {
    NIBPCAP_OTHER,    /* not ours */
    NIBPCAP_MESSAGE,  /* `m` */
    NIBPCAP_BAD,      /* a malformed one: `err`, `bad` */
    NIBPCAP_CUT,      /* captured in part only */
    NIBPCAP_FRAGMENT, /* a piece of a datagram */
    NIBPCAP_BROKEN,   /* a datagram of ours whose headers contradict each other */
    NIBPCAP_ICMP,     /* an error about a datagram of ours: `m` is what it quotes, if `quotes` */
};

/* A frame and what was found in it; everything borrowed from the input until its next frame. */
struct nibpcap_seen {
    struct nib_pcap_frame frame;
    struct nib_packet packet;
    enum nibpcap_what what;
    struct nib_message m;
    enum nib_err err;
    size_t bad;
    bool quotes;
    /*
     * Datagrams of one length that leave in one call (UDP_SEGMENT) are cut apart by the device,
     * behind the place where a capture is taken: a frame then has them all behind one header. Such
     * a frame is seen once for each; else both are 0.
     */
    uint32_t segment, segments;
};

struct nibpcap_input {
    const char *path;
    struct nibpcap_ports ports;
    struct nibpcap_known known;
    int fd;
    bool live, last; /* no regular file; its end was seen */
    int error;       /* errno of a read that failed */
    uint8_t *window;
    size_t begin, end;
    struct nib_pcap_reader reader;
    struct nibpcap_seen frame; /* whose segments are being shown */
    struct nib_progress progress;
    uint64_t octets; /* read so far */
    uint64_t odd;    /* records with numbers that cannot be */
};

/* `-` is standard input. False, complained of, when it cannot be opened. */
bool nibpcap_open(struct nibpcap_input *input, const char *path, const struct nibpcap_ports *ports);

/*
 * The next frame; false at the end, good or bad. Before it waits for a live input, all of standard
 * output is flushed.
 */
bool nibpcap_next(struct nibpcap_input *input, struct nibpcap_seen *seen);

/* Complains of a damaged file. NIBPCAP_FINE or NIBPCAP_USE. */
int nibpcap_close(struct nibpcap_input *input);

/* ---- output ---- */

/* A line being made; longer ones are cut. */
enum { NIBPCAP_TEXT_MAX = 4096 };
struct nibpcap_line {
    struct nib_writer w;
    uint8_t text[NIBPCAP_TEXT_MAX];
};

void nibpcap_begin(struct nibpcap_line *line);
void nibpcap_add(struct nibpcap_line *line, const char *word);
void nibpcap_add_number(struct nibpcap_line *line, uint64_t number);
void nibpcap_add_ip(struct nibpcap_line *line, const struct nib_addr *addr);
void nibpcap_add_addr(
    struct nibpcap_line *line, const struct nib_addr *addr); /* tcpdump's a.port */
void nibpcap_add_socket(struct nibpcap_line *line, const struct nib_addr *addr); /* a:port */
void nibpcap_add_message(struct nibpcap_line *line, const struct nib_message *m);
/* `malformed: WORDS (RULE) at octet N` */
void nibpcap_add_malformed(struct nibpcap_line *line, enum nib_err err, size_t bad);
/* Seconds with 6 digits behind the point. */
void nibpcap_add_seconds(struct nibpcap_line *line, int64_t ns);
/* Blanks up to that column. */
void nibpcap_add_column(struct nibpcap_line *line, size_t column);
/* Writes the line and a newline. */
void nibpcap_end(struct nibpcap_line *line, FILE *out);

/* Flushes standard output; complains, NIBPCAP_USE, when it could not be written. */
int nibpcap_finish_output(int status);

/* ---- queries and their responses ---- */

/*
 * A question and what came of it: all queries with one ID, type and name between two sockets, until
 * the first response that fits. The same query after that is a new exchange.
 */
struct nibpcap_exchange {
    struct nibpcap_exchange *next;          /* of the same hash */
    struct nibpcap_exchange *newer, *older; /* of those that wait, or of those that do not */
    struct nib_addr asker, server;
    uint32_t id;
    enum nib_type type;
    uint64_t query_frame, response_frame; /* the first of each; 0: no response */
    int64_t query_ns, last_ns;            /* the first query; the last thing that happened */
    uint32_t tries, responses;
    bool refused;
    size_t mark; /* the caller's, 0 at first */
    uint8_t name_len;
    char name[];
};

enum nibpcap_match {
    NIBPCAP_QUESTION,       /* begins an exchange */
    NIBPCAP_RETRANSMISSION, /* of the exchange's query */
    NIBPCAP_ANSWER,         /* its first response */
    NIBPCAP_DUPLICATE,      /* a further one */
    NIBPCAP_MISMATCH,       /* a response with the exchange's ID that does not fit */
    NIBPCAP_UNSOLICITED,    /* a response to nothing */
};

/*
 * Exchanges, found by their sockets and ID. Those that wait are kept for 60 seconds after their
 * last try, those that do not for 10 more, and in all no more than NIBPCAP_EXCHANGES_MAX.
 */
enum { NIBPCAP_EXCHANGES_MAX = 262144 };
struct nibpcap_pairs {
    struct nibpcap_exchange **buckets;
    size_t n_buckets, n;
    struct nibpcap_exchange *oldest[2], *newest[2]; /* 0: of those that wait; 1: of the others */
    void *ctx;
    void (*unanswered)(void *ctx, const struct nibpcap_exchange *exchange); /* may be NULL */
};

void nibpcap_pairs_init(struct nibpcap_pairs *pairs, void *ctx,
    void (*unanswered)(void *ctx, const struct nibpcap_exchange *exchange));

/* A message; *exchange is NULL for NIBPCAP_UNSOLICITED, *mismatch is set for NIBPCAP_MISMATCH. */
enum nibpcap_match nibpcap_pairs_message(struct nibpcap_pairs *pairs,
    const struct nibpcap_seen *seen, struct nibpcap_exchange **exchange,
    enum nib_mismatch *mismatch);

/* An ICMP error that refuses, or the beginning of a response that is not whole: the exchange that
 * it ends, or NULL. */
struct nibpcap_exchange *nibpcap_pairs_refused(
    struct nibpcap_pairs *pairs, const struct nibpcap_seen *seen);
struct nibpcap_exchange *nibpcap_pairs_cut(
    struct nibpcap_pairs *pairs, const struct nibpcap_seen *seen);

/* The capture is over: what still waits is unanswered. Frees everything. */
void nibpcap_pairs_finish(struct nibpcap_pairs *pairs);

/* malloc and realloc that end the program with one line when there is no memory. */
void *nibpcap_allocate(void *old, size_t n);

#endif
