#include "nibpcap/rerun/local.h"

/*
 * The clock. A request is fed at its arrival in the capture. The server read its clock somewhere
 * between that and the departure of the answer, or a little before, where it was held up between
 * the reading and the work; and it stored a record somewhere between the arrival of what it learnt
 * it from and the departure of what that caused. So where the table at the arrival does not lead to
 * what the capture shows, the TTL that is left or the question that is asked, the request is fed at
 * that moment of the window
 *
 *     [arrival - slack - delay of the record, departure + slack]
 *
 * at which it does, if there is one. Times of a capture may be anything, so no moment further away
 * than WINDOW_MS is tried: longer than a request waits upstream.
 */
enum { WINDOW_MS = 10000 };

static nib_ms at_least(nib_ms from, nib_ms to)
{
    return to < from - WINDOW_MS ? from - WINDOW_MS : to;
}

static nib_ms at_most(nib_ms from, nib_ms to)
{
    return to > from + WINDOW_MS ? from + WINDOW_MS : to;
}

/* Where a question leads in the table at a certain time. */
struct walk {
    int64_t ttl;          /* that the answer carries; -1: there is none */
    struct nib_text name; /* then the name that has to be asked for */
    nib_ms delay;         /* the longest of the records on the way */
};

static struct walk walk_table(struct local_run *run, const struct nib_message *m, nib_ms now)
{
    const struct nib_table *table = &run->rerun->table;
    struct nib_key key = nib_key_of(m->qname, table->zone->seed);
    struct walk walk = {.ttl = NIB_TTL_MAX, .name = m->qname};
    for (int i = 0; i <= NIB_CNAMES_MAX; i++) {
        struct nib_rr rr;
        bool found = nib_table_find(table, now, key, m->qtype, &rr);
        if (!found && (m->qtype == NIB_CNAME || !nib_table_find(table, now, key, NIB_CNAME, &rr)))
            break;
        int64_t left = rr.is_static ? run->rerun->options.ttl_s : rr.ttl_s;
        nib_ms delay = rr.is_static ? 0 : run->delays[rr.no % LOCAL_DELAYS];
        walk.ttl = left < walk.ttl ? left : walk.ttl;
        walk.delay = delay > walk.delay ? delay : walk.delay;
        if (found)
            return walk;
        walk.name = rr.result;
        key = nib_key_of(rr.result, table->zone->seed);
    }
    walk.ttl = -1;
    return walk;
}

/* Whether at that moment the table would say what the capture's answer says. */
static bool explains(struct local_run *run, const struct nib_message *query, nib_ms now,
    nib_ms arrival, int64_t want)
{
    struct walk walk = walk_table(run, query, now);
    /* a record that was stored later than it was fed here lives longer, but no more than that */
    return walk.ttl == want && now >= arrival - RERUN_SLACK_MS - walk.delay;
}

static bool asks(struct local_run *run, const struct nib_message *query, nib_ms now, nib_ms arrival)
{
    struct walk walk = walk_table(run, query, now);
    return walk.ttl < 0 && nib_name_equal(walk.name, run->wanted->qname) &&
           now >= arrival - RERUN_SLACK_MS - walk.delay;
}

/* The moment at which the request asks what is wanted, -1 when there is none. */
static nib_ms time_to_ask(struct local_run *run, const struct nib_message *query, nib_ms arrival)
{
    if (run->wanted == NULL || run->wanted->qtype != query->qtype)
        return -1;
    for (nib_ms now = run->now; now <= run->now + RERUN_SLACK_MS; now++)
        if (asks(run, query, now, arrival))
            return now;
    nib_ms first = at_least(run->now, arrival - RERUN_SLACK_MS - run->most_delay);
    for (nib_ms now = run->now; now >= first; now--)
        if (asks(run, query, now, arrival))
            return now;
    return -1;
}

nib_ms rerun_clock(struct local_run *run, const struct event *e, const struct nib_message *query)
{
    struct rerun *rerun = run->rerun;
    struct nib_message said;
    size_t bad;
    nib_ms arrival = rerun_ms(rerun, e->time_ns), nominal = run->now;
    nib_ms to_ask = time_to_ask(run, query, arrival);
    if (to_ask >= 0 || e->answer == EVENT_NONE)
        return to_ask >= 0 ? to_ask : nominal;
    const struct event *back = &rerun->events.items[e->answer];
    if (nib_message_decode(&said, event_octets(&rerun->events, back), back->len, &bad) != NIB_OK ||
        said.flag != NIB_RESPONSE || said.outcome != NIB_FOUND ||
        walk_table(run, query, nominal).ttl == said.ttl_s)
        return nominal;
    nib_ms first = at_least(nominal, arrival - RERUN_SLACK_MS - run->most_delay);
    nib_ms last = at_most(nominal, rerun_ms(rerun, back->time_ns) + RERUN_SLACK_MS);
    for (nib_ms now = nominal; now >= first; now--)
        if (explains(run, query, now, arrival, said.ttl_s))
            return now;
    for (nib_ms now = nominal; now <= last; now++)
        if (explains(run, query, now, arrival, said.ttl_s))
            return now;
    return nominal;
}
