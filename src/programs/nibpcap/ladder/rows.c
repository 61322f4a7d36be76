#include "nibpcap/base/memory.h"
#include "nibpcap/base/words.h"
#include "nibpcap/ladder/ladder.h"

/* ---- texts ---- */

static char *copy(const struct line *line)
{
    struct nib_text text = line_view(line);
    char *string = memory_resize(NULL, text.len + 1);
    memcpy(string, text.ptr, text.len);
    string[text.len] = '\0';
    return string;
}

static void set(char **text, const struct line *line)
{
    memory_free(*text);
    *text = copy(line);
}

static void add_note(struct line *line, const char *words)
{
    line_add(line, line->w.off > 0 && *words != '\0' ? "; " : "");
    line_add(line, words);
}

static char *question_of(const struct nib_message *m)
{
    struct line line;
    line_begin(&line);
    line_add(&line, nib_type_name(m->qtype));
    line_add(&line, " ");
    line_text(&line, m->qname);
    return copy(&line);
}

/* The record: its name and type only where they are not the question's. */
static char *result_of(const struct nib_message *m)
{
    struct line line;
    bool renamed = !nib_text_same(m->aname, m->qname);
    line_begin(&line);
    if (renamed) {
        line_text(&line, m->aname);
        line_add(&line, " ");
    }
    if (renamed || m->atype != m->qtype) {
        line_add(&line, nib_type_name(m->atype));
        line_add(&line, " ");
    }
    line_text(&line, m->result);
    line_count(&line, " ttl ", m->ttl_s, "");
    return copy(&line);
}

/* ---- rows ---- */

static char *nothing(void)
{
    struct line line;
    line_begin(&line);
    return copy(&line);
}

/* NULL past the most that are kept. */
static struct row *add_row(struct ladder *ladder, const struct seen *seen)
{
    int64_t now_ns = seen->frame.time_ns;
    if (ladder->n == ladder->most) {
        ladder->left_first = ladder->left_out++ == 0 ? seen->frame.no : ladder->left_first;
        ladder->left_last = seen->frame.no;
        return NULL;
    }
    if (ladder->rows == NULL || ladder->n == ladder->cap) {
        ladder->cap = ladder->cap * 2 + 64;
        ladder->rows = memory_resize(ladder->rows, ladder->cap * sizeof *ladder->rows);
    }
    bool first = !ladder->begun;
    if (first)
        ladder->first_ns = ladder->before_ns = now_ns;
    ladder->begun = true;
    struct row *row = &ladder->rows[ladder->n++];
    *row = (struct row){.frame = seen->frame.no,
        .first = first,
        .time_ns = now_ns - ladder->first_ns,
        .since_ns = now_ns - ladder->before_ns};
    ladder->before_ns = now_ns;
    return row;
}

static struct row *row_of(struct ladder *ladder, size_t mark)
{
    return mark > ladder->dropped ? &ladder->rows[mark - 1 - ladder->dropped] : NULL;
}

/* What an answer of a local server came from, as far as the capture shows. */
static void note_source(
    struct ladder *ladder, struct line *notes, const struct seen *seen, const struct exchange *x)
{
    const struct nib_message *m = &seen->m;
    uint64_t frame = learnt_find(ladder, m->qtype, m->qname, seen->frame.time_ns);
    if (frame == 0 && m->qtype != NIB_CNAME)
        frame = learnt_find(ladder, NIB_CNAME, m->qname, seen->frame.time_ns);
    if (!x->to_local || x->has_caused || m->outcome != NIB_FOUND)
        return;
    if (frame == 0)
        add_note(notes, "from its table");
    else
        add_note(notes,
            frame > x->query_frame ? "shares the answer in frame " : "cache hit, learnt in frame ");
    if (frame != 0)
        line_number(notes, frame);
}

/* `drawn`: the newest row is this one. */
static void take_answer(struct ladder *ladder, struct line *notes, const struct seen *seen,
    const struct judgement *j, bool drawn)
{
    const struct exchange *x = j->exchange;
    enum role server = hosts_server(ladder->verdicts->hosts, x->server.port);
    struct row *query = row_of(ladder, x->mark);
    if (query != NULL && drawn)
        query->answer = ladder->dropped + ladder->n;
    if (server == ROLE_AMAZONE && seen->has_message && seen->m.outcome == NIB_FOUND)
        learnt_add(ladder, &seen->m, seen->frame.no, seen->frame.time_ns);
    if (server == ROLE_LOCAL && seen->has_message && seen->frame.comment.len == 0)
        note_source(ladder, notes, seen, x);
}

static void mark(struct row *row, const struct judgement *j)
{
    row->again = j->verdict == VERDICT_RETRANSMISSION || j->verdict == VERDICT_COPY ||
                 j->verdict == VERDICT_DUPLICATE;
    row->bad = row->bad || j->reason != NIB_FITS || j->verdict == VERDICT_UNSOLICITED;
}

static enum row_kind kind_of(const struct seen *seen, const struct judgement *j)
{
    static const enum row_kind kinds[] = {
        [NIB_FOUND] = ROW_FOUND, [NIB_NOT_FOUND] = ROW_MISS, [NIB_FAILURE] = ROW_FAILURE};
    if (seen->m.flag == NIB_QUERY)
        return ROW_QUERY;
    if (!seen->has_message)
        return ROW_PART;
    return j->verdict == VERDICT_REFERRAL ? ROW_REFERRAL : kinds[seen->m.outcome];
}

/* A message, or what of one has its question. */
static void take_message(
    struct ladder *ladder, const struct seen *seen, const struct judgement *j, bool shown)
{
    struct line notes;
    struct row *row = shown ? add_row(ladder, seen) : NULL;
    line_begin(&notes);
    words_of_judgement(&notes, j);
    if (j->for_frame != 0) {
        add_note(&notes, "for frame ");
        line_number(&notes, j->for_frame);
    }
    if (j->verdict == VERDICT_ANSWER || j->verdict == VERDICT_REFERRAL)
        take_answer(ladder, &notes, seen, j, row != NULL);
    if (row == NULL)
        return;
    if (seen->kind != SEEN_MESSAGE)
        add_note(&notes, seen->kind == SEEN_CUT ? "cut by the capture" : "first fragment");
    if (seen->frame.comment.len > 0) { /* what the program itself says of it */
        line_add(&notes, notes.w.off > 0 ? "; " : "");
        words_of_comment(&notes, seen->frame.comment);
    }
    if (j->verdict == VERDICT_QUERY)
        j->exchange->mark = ladder->dropped + ladder->n;
    row->kind = kind_of(seen, j);
    row->src = seen->packet.udp.src;
    row->dst = seen->packet.udp.dst;
    row->id = seen->m.id;
    row->has_id = true;
    row->question = question_of(&seen->m);
    row->result = row->kind == ROW_QUERY || !seen->has_message ? nothing() : result_of(&seen->m);
    row->notes = copy(&notes);
    mark(row, j);
    ladder_find_hosts(ladder, row);
}

/* Something that is no message. */
static void take_rest(struct ladder *ladder, const struct seen *seen, const struct judgement *j)
{
    struct line question, notes;
    bool icmp = seen->kind == SEEN_ICMP;
    const struct nib_packet *p = &seen->packet;
    struct row *row = add_row(ladder, seen);
    if (row == NULL)
        return;
    line_begin(&question);
    line_begin(&notes);
    row->kind = ROW_PART;
    row->bad = seen->kind != SEEN_CUT && seen->kind != SEEN_FRAGMENT;
    if (icmp) {
        row->kind = ROW_ERROR;
        line_add(&question, "ICMP: ");
        words_of_icmp(&question, p);
        if (j->frame != 0)
            line_count(&notes, "about frame ", j->frame, "");
    } else if (seen->kind == SEEN_MALFORMED) {
        row->kind = ROW_MALFORMED;
        line_malformed(&question, seen->err, seen->bad);
    } else if (seen->kind == SEEN_BROKEN) {
        row->kind = ROW_MALFORMED;
        line_add(&question, "broken headers");
    } else {
        line_add(&question, seen->kind == SEEN_CUT ? "cut by the capture" : "fragment");
    }
    row->src = icmp ? p->quoted.dst : p->udp.src;
    row->dst = icmp ? p->quoted.src : p->udp.dst;
    row->question = copy(&question);
    row->result = nothing();
    row->notes = copy(&notes);
    ladder_find_hosts(ladder, row);
}

void ladder_take(
    struct ladder *ladder, const struct seen *seen, const struct judgement *judgement, bool shown)
{
    bool icmp = seen->kind == SEEN_ICMP;
    if (judgement->verdict != VERDICT_NONE)
        take_message(ladder, seen, judgement, shown);
    else if (shown && (icmp || (seen->kind != SEEN_OTHER && seen->packet.udp.src.port != 0)))
        take_rest(ladder, seen, judgement);
}

/* ---- what turns out later ---- */

/* A live ladder has drawn that row already, so it gets one that says so. */
static void remark(struct ladder *ladder, const struct exchange *x)
{
    struct line line;
    struct seen later = {.frame = {.no = x->query_frame, .time_ns = ladder->before_ns}};
    struct row *row = add_row(ladder, &later);
    if (row == NULL)
        return;
    row->kind = ROW_REMARK;
    row->bad = row->unanswered = true;
    line_begin(&line);
    line_add(&line, nib_type_name(x->type));
    line_add(&line, " ");
    line_text(&line, (struct nib_text){x->name, x->name_len});
    row->question = copy(&line);
    row->result = nothing();
    line_begin(&line);
    line_count(&line, "frame ", x->query_frame, " is unanswered");
    row->notes = copy(&line);
}

static void unanswered(void *ctx, const struct exchange *x)
{
    struct ladder *ladder = ctx;
    struct row *row = row_of(ladder, x->mark);
    struct line line;
    if (x->mark == 0)
        return;
    if (row == NULL) {
        remark(ladder, x);
        return;
    }
    line_begin(&line);
    line_add(&line, row->notes);
    add_note(&line, "unanswered");
    set(&row->notes, &line);
    row->unanswered = row->bad = true;
}

void ladder_init(struct ladder *ladder, struct verdicts *verdicts, size_t most, size_t lines_most)
{
    *ladder = (struct ladder){.verdicts = verdicts, .most = most};
    ladder->lines_most = lines_most < LIFELINES_MAX ? lines_most : LIFELINES_MAX;
    verdicts->ctx = ladder;
    verdicts->unanswered = unanswered;
}

void ladder_drop(struct ladder *ladder)
{
    for (size_t i = 0; i < ladder->n; i++) {
        memory_free(ladder->rows[i].question);
        memory_free(ladder->rows[i].result);
        memory_free(ladder->rows[i].notes);
    }
    ladder->dropped += ladder->n;
    ladder->n = 0;
}

void ladder_free(struct ladder *ladder)
{
    ladder_drop(ladder);
    memory_free(ladder->rows);
    memory_free(ladder->learnt);
}

void row_time(struct line *line, int64_t ns, size_t most)
{
    enum { FRACTION = 7 }; /* characters of the point and what is behind it */
    struct line time;
    line_begin(&time);
    line_seconds(&time, ns);
    if (time.w.off <= most) {
        line_text(line, line_view(&time));
    } else if (time.w.off - FRACTION <= most) {
        time.w.off = most;
        time.w.off -= time.text[most - 1] == '.';
        line_text(line, line_view(&time));
    } else {
        int64_t years = ns / 1000000000 / 31557600;
        line_add(line, years < 0 ? "-" : "");
        line_count(line, "", (uint64_t)(years < 0 ? -years : years), " years");
    }
}

void ladder_left_out(struct line *line, const struct ladder *ladder)
{
    if (ladder->left_out == 0)
        return;
    line_count(line, "", ladder->left_out,
        ladder->left_out == 1 ? " further message is not drawn"
                              : " further messages are not drawn");
    line_count(line, " (frames ", ladder->left_first, "");
    line_count(line, " to ", ladder->left_last, ")");
}
