/*
 * Layer 7, private to nibpcap ladder: a capture as rungs between lifelines. One file reads it into
 * rungs, one finds out who the lifelines are, two draw: text and SVG.
 */
#ifndef NIBDNS_NIBPCAP_LADDER_H
#define NIBDNS_NIBPCAP_LADDER_H

#include "nibpcap/base/nibpcap.h"

enum rung_kind {
    RUNG_QUERY,
    RUNG_FOUND,
    RUNG_MISS,
    RUNG_FAILURE,
    RUNG_MALFORMED,
    RUNG_PART, /* cut or a fragment */
    RUNG_REFUSED,
};

/* What is remarkable about a message, each with the frame that it refers to, if any. */
#define RUNG_MARKS(X)                                                                              \
    X(MARK_FOR, "for frame ")                                                                      \
    X(MARK_RETRANSMISSION, "retransmission of ")                                                   \
    X(MARK_DUPLICATE, "duplicate of ")                                                             \
    X(MARK_CACHE_HIT, "cache hit, learnt in ")                                                     \
    X(MARK_SHARED, "shares the answer in ")                                                        \
    X(MARK_OWN_RECORD, "own record")                                                               \
    X(MARK_UNSOLICITED, "unsolicited")                                                             \
    X(MARK_MISMATCH, "does not fit ")                                                              \
    X(MARK_UNANSWERED, "unanswered")                                                               \
    X(MARK_REFUSED, "refuses ")

enum rung_mark {
#define X(symbol, words) symbol,
    RUNG_MARKS(X)
#undef X
        RUNG_MARK_COUNT
};

struct rung {
    uint64_t frame;
    int64_t time_ns;  /* since the first one */
    int64_t since_ns; /* the one before */
    struct nib_addr src, dst;
    enum rung_kind kind;
    bool upstream;  /* between a local and an authoritative server */
    bool open;      /* a request to a local server that has no response yet */
    uint32_t asked; /* questions upstream for this request */
    uint32_t id;
    uint64_t mark[RUNG_MARK_COUNT]; /* 0: not so; else a frame, or 1 where there is none */
    size_t from, to;                /* lifelines */
    char *question, *answer;        /* "A www.csusm.edu"; "144.37.5.45 ttl 60", or what is wrong */
    char *now;                      /* of an open request: the name that is looked for by now */
};

enum lifeline_role { ROLE_CLIENT, ROLE_LOCAL, ROLE_AMAZONE, ROLE_OTHER, ROLE_COUNT };

struct lifeline {
    enum lifeline_role role;
    struct nib_addr addr; /* port 0: all ports of that host */
    char name[32];        /* "client 2" */
    char text[NIB_ADDR_TEXT_MAX];
};

enum { LIFELINES_MAX = 16 };

struct ladder {
    const char *output; /* a picture; NULL: text */
    struct rung *rungs;
    size_t n, cap, most;
    uint64_t left_out; /* messages past `most` */
    struct lifeline lines[LIFELINES_MAX];
    size_t n_lines;
    struct nibpcap_ports ports;
    const struct nibpcap_known *known;
};

/* A gap from here on is a silence, drawn as a cut. */
#define LADDER_SILENCE_NS 1000000000

enum lifeline_role ladder_role(const struct ladder *ladder, const struct nib_addr *addr);

/* Reads a capture into rungs. NIBPCAP_FINE or NIBPCAP_USE. */
int ladder_read(struct ladder *ladder, struct nibpcap_input *input);

/* Finds the lifelines and each rung's ends. */
void ladder_cast(struct ladder *ladder);

/* The marks of a rung as text, joined by "; ". */
void ladder_marks(struct nibpcap_line *line, const struct rung *rung);

/* "1.000120", with a sign where it is negative. */
void ladder_seconds(int64_t ns, char *text, size_t cap);

void ladder_text(const struct ladder *ladder, FILE *out);
void ladder_svg(const struct ladder *ladder, FILE *out);

#endif
