#include <stdlib.h>

#include "nibpcap/ladder/ladder.h"

/*
 * Messages become rungs, with what one can tell from the capture alone: which request a question
 * upstream is for, which answers came out of a cache, what is a repeat, what got no answer.
 */

enum { LEARNT_MAX = 4096 }; /* answers remembered, the newest in the place of the oldest */

struct learnt {
    char *question; /* "A shop.amazone.com" */
    uint64_t frame;
    int64_t until_ns;
};

struct reading {
    struct ladder *ladder;
    struct nibpcap_pairs pairs;
    struct learnt learnt[LEARNT_MAX];
    size_t n_learnt;
    int64_t first_ns, before_ns;
    size_t first_open; /* no rung before it is open */
};

enum lifeline_role ladder_role(const struct ladder *ladder, const struct nib_addr *addr)
{
    static const enum lifeline_role roles[] = {ROLE_CLIENT, ROLE_LOCAL, ROLE_AMAZONE};
    return roles[nibpcap_role(ladder->known, &ladder->ports, addr->port)];
}

static char *copy(const struct nibpcap_line *line)
{
    char *text = nibpcap_allocate(NULL, line->w.off + 1);
    memcpy(text, line->text, line->w.off);
    text[line->w.off] = '\0';
    return text;
}

/* "A www.csusm.edu"; a name folded to lower case serves as a key. */
static char *question_text(enum nib_type type, struct nib_text name, bool folded)
{
    struct nibpcap_line line;
    nibpcap_begin(&line);
    nibpcap_add(&line, nib_type_name(type));
    nibpcap_add(&line, " ");
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        nib_writer_u8(&line.w, (uint8_t)(folded && c >= 'A' && c <= 'Z' ? c | 0x20 : c));
    }
    return copy(&line);
}

static char *answer_text(const struct nib_message *m)
{
    struct nibpcap_line line;
    nibpcap_begin(&line);
    if (m->flag == NIB_RESPONSE) {
        if (m->atype != m->qtype) {
            nibpcap_add(&line, nib_type_name(m->atype));
            nibpcap_add(&line, " ");
        }
        nib_writer_text(&line.w, m->result);
        nibpcap_add(&line, " ttl ");
        nibpcap_add_number(&line, m->ttl_s);
    }
    return copy(&line);
}

/* ---- what the local server has learnt ---- */

static struct learnt *find_learnt(struct reading *reading, const char *question, int64_t now_ns)
{
    size_t n = reading->n_learnt < LEARNT_MAX ? reading->n_learnt : LEARNT_MAX;
    for (size_t i = 0; i < n; i++)
        if (reading->learnt[i].until_ns > now_ns &&
            strcmp(reading->learnt[i].question, question) == 0)
            return &reading->learnt[i];
    return NULL;
}

static void learn(struct reading *reading, const struct nibpcap_seen *seen)
{
    const struct nib_message *m = &seen->m;
    char *question = question_text(m->atype, m->qname, true);
    if (m->ttl_s == 0 || find_learnt(reading, question, seen->frame.time_ns) != NULL) {
        free(question);
        return;
    }
    struct learnt *place = &reading->learnt[reading->n_learnt++ % LEARNT_MAX];
    free(place->question);
    *place = (struct learnt){
        question, seen->frame.no, seen->frame.time_ns + (int64_t)m->ttl_s * 1000000000};
}

/* The frame from which a local server knew its answer, 0 when it did not learn it in this capture.
 */
static uint64_t learnt_in(struct reading *reading, const struct nibpcap_seen *seen)
{
    const enum nib_type types[] = {seen->m.qtype, NIB_CNAME};
    for (int i = 0; i < 2; i++) {
        char *question = question_text(types[i], seen->m.qname, true);
        const struct learnt *learnt = find_learnt(reading, question, seen->frame.time_ns);
        free(question);
        if (learnt != NULL)
            return learnt->frame;
    }
    return 0;
}

/* ---- requests and the questions that they cause ---- */

/* The first open request that looks for that name by now; else the first that nobody asked for. */
static struct rung *request_for(struct reading *reading, const char *question)
{
    struct ladder *ladder = reading->ladder;
    struct rung *idle = NULL;
    for (size_t i = reading->first_open; i < ladder->n; i++) {
        struct rung *r = &ladder->rungs[i];
        if (!r->open)
            continue;
        if (strcmp(r->now, question) == 0)
            return r;
        if (idle == NULL && r->asked == 0)
            idle = r;
    }
    return idle;
}

/* An alias: the requests that looked for its name look for its target from now on. */
static void follow_alias(struct reading *reading, const struct nib_message *m)
{
    char *from = question_text(m->qtype, m->qname, true);
    for (size_t i = reading->first_open; i < reading->ladder->n; i++) {
        struct rung *r = &reading->ladder->rungs[i];
        if (!r->open || strcmp(r->now, from) != 0)
            continue;
        free(r->now);
        r->now = question_text(m->qtype, m->result, true);
    }
    free(from);
}

static void take_question(struct reading *reading, struct rung *rung, const struct nib_message *m)
{
    if (rung->upstream) {
        char *question = question_text(m->qtype, m->qname, true);
        struct rung *request = request_for(reading, question);
        free(question);
        if (request != NULL) {
            request->asked++;
            rung->mark[MARK_FOR] = request->frame;
        }
    } else if (ladder_role(reading->ladder, &rung->dst) == ROLE_LOCAL) {
        rung->open = true;
        rung->now = question_text(m->qtype, m->qname, true);
    }
}

static void take_answer(struct reading *reading, struct rung *rung, const struct nibpcap_seen *seen,
    const struct nibpcap_exchange *x)
{
    struct rung *query = x->mark > 0 ? &reading->ladder->rungs[x->mark - 1] : NULL;
    if (rung->upstream && seen->m.outcome == NIB_FOUND) {
        learn(reading, seen);
        if (seen->m.atype == NIB_CNAME && seen->m.qtype != NIB_CNAME)
            follow_alias(reading, &seen->m);
    }
    if (query == NULL || !query->open)
        return;
    query->open = false;
    while (reading->first_open < reading->ladder->n &&
           !reading->ladder->rungs[reading->first_open].open)
        reading->first_open++;
    if (query->asked > 0 || seen->m.outcome != NIB_FOUND)
        return;
    uint64_t frame = learnt_in(reading, seen);
    if (frame > query->frame) /* it was waiting by then (NIB-8.11) */
        rung->mark[MARK_SHARED] = frame;
    else
        rung->mark[frame > 0 ? MARK_CACHE_HIT : MARK_OWN_RECORD] = frame > 0 ? frame : 1;
}

/* ---- rungs ---- */

/* NULL past the most that are drawn. */
static struct rung *add_rung(
    struct reading *reading, const struct nibpcap_seen *seen, const struct nib_packet_udp *d)
{
    struct ladder *ladder = reading->ladder;
    if (ladder->n == ladder->most) {
        ladder->left_out++;
        return NULL;
    }
    if (ladder->n == ladder->cap) {
        ladder->cap = ladder->cap * 2 + 64;
        ladder->rungs = nibpcap_allocate(ladder->rungs, ladder->cap * sizeof *ladder->rungs);
    }
    if (ladder->n == 0)
        reading->first_ns = reading->before_ns = seen->frame.time_ns;
    struct rung *rung = &ladder->rungs[ladder->n++];
    enum lifeline_role from = ladder_role(ladder, &d->src), to = ladder_role(ladder, &d->dst);
    *rung = (struct rung){.frame = seen->frame.no,
        .time_ns = seen->frame.time_ns - reading->first_ns,
        .since_ns = seen->frame.time_ns - reading->before_ns,
        .src = d->src,
        .dst = d->dst,
        .upstream = from == ROLE_AMAZONE || to == ROLE_AMAZONE};
    reading->before_ns = seen->frame.time_ns;
    return rung;
}

static void take_message(struct reading *reading, const struct nibpcap_seen *seen)
{
    static const enum rung_kind kinds[] = {RUNG_FOUND, RUNG_MISS, RUNG_FAILURE};
    struct nibpcap_exchange *x;
    enum nib_mismatch mismatch;
    struct rung *rung = add_rung(reading, seen, &seen->packet.udp);
    enum nibpcap_match match = nibpcap_pairs_message(&reading->pairs, seen, &x, &mismatch);
    if (rung == NULL)
        return;
    rung->kind = seen->m.flag == NIB_QUERY ? RUNG_QUERY : kinds[seen->m.outcome];
    rung->id = seen->m.id;
    rung->question = question_text(seen->m.qtype, seen->m.qname, false);
    rung->answer = answer_text(&seen->m);
    switch (match) {
    case NIBPCAP_QUESTION:
        x->mark = reading->ladder->n;
        take_question(reading, rung, &seen->m);
        break;
    case NIBPCAP_RETRANSMISSION:
        rung->mark[MARK_RETRANSMISSION] = x->query_frame;
        break;
    case NIBPCAP_ANSWER:
        take_answer(reading, rung, seen, x);
        break;
    case NIBPCAP_DUPLICATE:
        rung->mark[MARK_DUPLICATE] = x->response_frame;
        break;
    case NIBPCAP_MISMATCH:
        rung->mark[MARK_MISMATCH] = x->query_frame;
        break;
    case NIBPCAP_UNSOLICITED:
        rung->mark[MARK_UNSOLICITED] = 1;
        break;
    }
}

/* Something that is no message: its words stand in the place of the answer. */
static void take_oddity(struct reading *reading, const struct nibpcap_seen *seen)
{
    struct nibpcap_line line;
    const struct nib_packet *p = &seen->packet;
    bool icmp = seen->what == NIBPCAP_ICMP;
    struct nib_packet_udp back = {.src = p->quoted.dst, .dst = p->quoted.src};
    const struct nibpcap_exchange *x = icmp ? nibpcap_pairs_refused(&reading->pairs, seen) : NULL;
    if (seen->what == NIBPCAP_CUT || seen->what == NIBPCAP_FRAGMENT)
        (void)nibpcap_pairs_cut(&reading->pairs, seen);
    struct rung *rung = add_rung(reading, seen, icmp ? &back : &p->udp);
    if (rung == NULL)
        return;
    nibpcap_begin(&line);
    if (seen->what == NIBPCAP_BAD) {
        nibpcap_add(&line, "malformed: ");
        nibpcap_add(&line, nib_err_rule(seen->err));
        nibpcap_add(&line, " at octet ");
        nibpcap_add_number(&line, seen->bad);
    }
    rung->question = copy(&line);
    nibpcap_begin(&line);
    rung->kind = icmp ? RUNG_REFUSED : seen->what == NIBPCAP_BAD ? RUNG_MALFORMED : RUNG_PART;
    if (x != NULL)
        rung->mark[MARK_REFUSED] = x->query_frame;
    if (seen->what == NIBPCAP_BAD) {
        nibpcap_add(&line, "(");
        nibpcap_add(&line, nib_err_words(seen->err));
        nibpcap_add(&line, ")");
    } else if (seen->what == NIBPCAP_BROKEN)
        nibpcap_add(&line, "broken headers");
    else if (icmp)
        nibpcap_add(&line, x != NULL ? "nobody listens there (ICMP)" : "ICMP error");
    else
        nibpcap_add(&line, seen->what == NIBPCAP_CUT ? "cut by the capture" : "fragment");
    rung->answer = copy(&line);
}

static void unanswered(void *ctx, const struct nibpcap_exchange *x)
{
    struct reading *reading = ctx;
    if (x->mark > 0)
        reading->ladder->rungs[x->mark - 1].mark[MARK_UNANSWERED] = 1;
}

int ladder_read(struct ladder *ladder, struct nibpcap_input *input)
{
    static struct reading reading;
    struct nibpcap_seen seen;
    reading.ladder = ladder;
    ladder->known = &input->known;
    nibpcap_pairs_init(&reading.pairs, &reading, unanswered);
    while (nibpcap_next(input, &seen)) {
        if (seen.what == NIBPCAP_MESSAGE)
            take_message(&reading, &seen);
        else if (seen.what != NIBPCAP_OTHER &&
                 (seen.packet.udp.src.port != 0 || seen.what == NIBPCAP_ICMP))
            take_oddity(&reading, &seen);
    }
    nibpcap_pairs_finish(&reading.pairs);
    for (size_t i = 0; i < LEARNT_MAX; i++)
        free(reading.learnt[i].question);
    return NIBPCAP_FINE;
}
