#include "nibpcap_rerun_local.h"

/*
 * Clocks. A request is fed at its arrival in the capture. The server read its clock somewhere
 * between that and the departure of the answer, and it stored a record somewhere between the
 * arrival of what it learnt it from and the departure of what that caused. So where the TTL that is
 * left in the capture's answer is not the one at the arrival, the request is fed at that moment of
 * the window
 *
 *     [arrival - slack - delay of the record, departure + slack]
 *
 * at which it is, if there is one. A timer is let go off when the capture shows what it sends, or
 * when it is overdue by more than --late.
 */

/*
 * The TTL that the table's answer to a question would carry, -1 when it has none; *delay is the
 * longest of the records on the way.
 */
static int64_t table_ttl(
    struct local_run *run, const struct nib_message *m, nib_ms now, nib_ms *delay)
{
    const struct nib_table *table = &run->rerun->table;
    struct nib_key key = nib_key_of(m->qname, table->zone->seed);
    int64_t ttl = NIB_TTL_MAX;
    *delay = 0;
    for (int i = 0; i <= NIB_CNAMES_MAX; i++) {
        struct nib_rr rr;
        bool found = nib_table_find(table, now, key, m->qtype, &rr);
        if (!found && !nib_table_find(table, now, key, NIB_CNAME, &rr))
            return -1;
        int64_t left = rr.is_static ? run->rerun->options.ttl_s : rr.ttl_s;
        nib_ms record_delay = rr.is_static ? 0 : run->delays[rr.no % LOCAL_DELAYS];
        ttl = left < ttl ? left : ttl;
        *delay = record_delay > *delay ? record_delay : *delay;
        if (found)
            return ttl;
        key = nib_key_of(rr.result, table->zone->seed);
    }
    return -1;
}

/* Whether at that moment the table would say what the capture's answer says. */
static bool explains(struct local_run *run, const struct nib_message *query, nib_ms now,
    nib_ms arrival, int64_t want)
{
    nib_ms delay;
    int64_t ttl = table_ttl(run, query, now, &delay);
    if (ttl >= 0 && now < arrival - RERUN_SLACK_MS - delay)
        return false; /* that much later this record was not stored */
    return ttl == want;
}

nib_ms rerun_clock(
    struct local_run *run, const struct rerun_event *e, const struct nib_message *query)
{
    struct rerun *rerun = run->rerun;
    struct nib_message said;
    size_t bad;
    nib_ms delay, arrival = rerun_ms(rerun, e->time_ns);
    if (e->answer == RERUN_NONE)
        return arrival;
    const struct rerun_event *back = &rerun->events[e->answer];
    if (nib_message_decode(&said, rerun_octets(rerun, back), back->len, &bad) != NIB_OK ||
        said.flag != NIB_RESPONSE || said.outcome != NIB_FOUND)
        return arrival;
    int64_t ttl = table_ttl(run, query, arrival, &delay);
    if (ttl == said.ttl_s)
        return arrival;
    nib_ms first = arrival - RERUN_SLACK_MS - run->most_delay;
    nib_ms last = rerun_ms(rerun, back->time_ns) + RERUN_SLACK_MS;
    for (nib_ms now = arrival; now >= first; now--)
        if (explains(run, query, now, arrival, said.ttl_s))
            return now;
    for (nib_ms now = arrival; now <= last; now++)
        if (explains(run, query, now, arrival, said.ttl_s))
            return now;
    /* a record that was just about to go: with it gone the server asked anew */
    if (ttl >= 0 && table_ttl(run, query, last, &delay) < 0 &&
        table_ttl(run, query, arrival + RERUN_SLACK_MS, &delay) < 0)
        return arrival + RERUN_SLACK_MS;
    return arrival;
}
