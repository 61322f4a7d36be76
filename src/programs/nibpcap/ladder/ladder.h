/*
 * Layer 7, a part of nibpcap: a capture as a sequence diagram. What is seen becomes rows, an arrow
 * each; whoever sends or receives has a lifeline. Drawing is for text.h and svg.h. Knows no file
 * and has no state of its own: a page uses it, too.
 *
 *     ladder_init, then for each frame verdict_of and ladder_take, then verdicts_finish,
 *     ladder_place, drawing, ladder_free
 *
 * A live ladder draws each row as it comes and forgets it (ladder_drop); its lifelines are added as
 * hosts turn up.
 */
#ifndef NIBDNS_NIBPCAP_LADDER_H
#define NIBDNS_NIBPCAP_LADDER_H

#include "common/line.h"
#include "nibpcap/base/verdict.h"

enum row_kind {
    ROW_QUERY,
    ROW_FOUND,
    ROW_MISS,
    ROW_FAILURE,
    ROW_REFERRAL,
    ROW_PART,      /* not whole */
    ROW_MALFORMED, /* or with broken headers */
    ROW_ERROR,     /* ICMP */
    ROW_REMARK,    /* no frame of its own: an earlier one turned out to be unanswered */
};

/* A host: a server is a socket; so is whoever speaks from a server's host; others are addresses. */
struct host {
    enum role role;
    struct nib_addr addr; /* port 0: all of that address */
};

/* Texts are the row's own, "" where there is none. */
struct row {
    enum row_kind kind;
    uint64_t frame;
    int64_t time_ns;  /* since the first row */
    int64_t since_ns; /* the row before; 0 of the first one */
    struct nib_addr src, dst;
    struct host ends[2]; /* sender, receiver */
    size_t from, to;     /* their lifelines */
    uint32_t id;
    bool has_id;
    bool first;      /* of all rows */
    bool again;      /* a retransmission, copy or duplicate */
    bool bad;        /* unsolicited, mismatched, malformed, an error */
    bool unanswered; /* a query */
    size_t answer;   /* of a query: the number of the row that answers it; 0: none */
    char *question;  /* "A www.csusm.edu" */
    char *result;    /* "144.37.5.45 ttl 60" */
    char *notes;     /* "for frame 3; retransmission of frame 4" */
};

enum { LIFELINES_MAX = 10 };

/* The last one may be `others`: hosts that have no line of their own. */
struct lifeline {
    struct host host;
    bool others;
    char name[24]; /* "client 2" */
    char text[NIB_ADDR_TEXT_MAX];
};

enum { LADDER_SERVERS = 64 };

struct learnt;

struct ladder {
    struct verdicts *verdicts; /* the caller's */
    size_t most;               /* rows that are kept; further ones are counted */
    bool live;                 /* lifelines are placed as hosts turn up */
    size_t lines_most;         /* lifelines, up to LIFELINES_MAX */
    struct row *rows;
    size_t n, cap, dropped;
    uint64_t left_out, left_first, left_last; /* messages that are not drawn: how many, frames */
    struct lifeline lines[LIFELINES_MAX];
    size_t n_lines;
    struct host servers[LADDER_SERVERS]; /* those seen so far */
    size_t n_servers;
    int64_t first_ns, before_ns;
    bool begun;
    struct learnt *learnt; /* answers that a local server has, by their question */
    size_t learnt_places, n_learnt;
};

/* A gap from here on is a silence, drawn as a cut. */
#define LADDER_SILENCE_NS 1000000000

/* Sets the verdicts' callback. */
void ladder_init(struct ladder *ladder, struct verdicts *verdicts, size_t most, size_t lines_most);

/* What was seen and judged next. What is not shown is learnt from all the same. */
void ladder_take(
    struct ladder *ladder, const struct seen *seen, const struct judgement *judgement, bool shown);

/* Places all lifelines, once all rows are there: clients, local servers, authoritative ones. */
void ladder_place(struct ladder *ladder);

/* The rows that are there were drawn and are not needed any more. */
void ladder_drop(struct ladder *ladder);

void ladder_free(struct ladder *ladder);

/* ---- for those who draw ---- */

static inline bool row_is_silent(const struct row *row)
{
    return row->since_ns >= LADDER_SILENCE_NS;
}

/*
 * Seconds, with as many digits behind the point as there is room for; what needs more than `most`
 * characters without any in years.
 */
void row_time(struct line *line, int64_t ns, size_t most);

/* `from 127.0.0.1:40017`, where an end of the row has no line of its own; else nothing. */
void row_strangers(struct line *line, const struct ladder *ladder, const struct row *row);

/* `3 further messages are not drawn (frames 8 to 12)`; nothing where all are. */
void ladder_left_out(struct line *line, const struct ladder *ladder);

/* ---- between the files of this folder ---- */

/* Whether a local server has learnt the answer to that question: the frame, else 0. */
uint64_t learnt_find(
    struct ladder *ladder, enum nib_type type, struct nib_text name, int64_t now_ns);
void learnt_add(struct ladder *ladder, const struct nib_message *m, uint64_t frame, int64_t now_ns);

/* Both ends of a row, and of a live ladder their lifelines. */
void ladder_find_hosts(struct ladder *ladder, struct row *row);

#endif
