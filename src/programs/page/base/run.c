#include "nibdns/builtin.h"
#include "page/base/words.h"
#include "page/base/world.h"

/*
 * At one time datagrams are read before deadlines (NIB-9.6), a person acts when all that has
 * happened, and records end last.
 */

enum { USUAL_DELAY_MS = 50, USUAL_SEED = 1 };

/* ---- starting ---- */

bool page_refuses(struct page *page, const char *words, struct nib_text what)
{
    struct nib_writer w = nib_writer_init((uint8_t *)page->fault, sizeof page->fault - 1);
    nib_writer_word(&w, words);
    nib_writer_escaped(&w, what);
    page->fault[w.off] = '\0';
    return false;
}

static bool set_delay(struct page_network *network, struct nib_text value)
{
    enum { DELAY_MOST = 60000 };
    uint64_t min, max;
    struct nib_text first = page_until(&value, '-');
    if (!page_number(first, DELAY_MOST, &min) || min == 0)
        return false;
    max = min;
    if (value.len > 0 && (!page_number(value, DELAY_MOST, &max) || max < min))
        return false;
    network->delay_min = (nib_ms)min;
    network->delay_max = (nib_ms)max;
    return true;
}

static bool set_attacker(struct page_network *network, struct nib_text value)
{
    static const char *const names[] = {
#define X(symbol, words) words,
        PAGE_ATTACKS(X)
#undef X
    };
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (page_is(value, names[i])) {
            network->attacker = (enum page_attack)i;
            return true;
        }
    return false;
}

bool page_set(struct page_network *network, struct nib_text key, struct nib_text value)
{
    uint64_t n = 0;
    if (page_is(key, "delay"))
        return set_delay(network, value);
    if (page_is(key, "attacker"))
        return set_attacker(network, value);
    if (!page_number(value, 100, &n))
        return false;
    if (page_is(key, "loss"))
        network->loss = (uint32_t)n;
    else if (page_is(key, "duplicate"))
        network->duplicate = (uint32_t)n;
    else
        return false;
    return true;
}

static void set_zones(struct page_host *host, const char *words)
{
    struct nib_text rest = {words, words == NULL ? 0 : strlen(words)};
    while (rest.len > 0 && host->n_zones < PAGE_ZONES)
        host->zones_of[host->n_zones++] = page_until(&rest, ' ');
}

static void add_hosts(struct page *page)
{
    struct page_state *s = &page->state;
    for (const struct page_world_host *w = s->world->hosts; w->name != NULL; w++) {
        struct page_host *host = &s->hosts[s->n_hosts++];
        *host = (struct page_host){
            .role = w->role, .addr = {.port = w->port, .family = 4}, .name = w->name};
        set_zones(host, w->zones);
        memcpy(host->addr.ip, w->ip, sizeof w->ip);
        const char *records = w->records == NULL ? NIB_BUILTIN_NONE : w->records;
        (void)page_host_records(page, host, (struct nib_text){records, strlen(records)});
        if (w->role == PAGE_LOCAL)
            s->local_host = (uint8_t)(s->n_hosts - 1);
    }
    for (uint32_t i = 0; i < s->n_hosts; i++)
        page_host_start(page, &s->hosts[i]);
}

bool page_start(struct page *page, struct nib_text config)
{
    struct page_state *s = &page->state;
    memset(s, 0, sizeof *s);
    page->fault[0] = '\0';
    s->seed = USUAL_SEED;
    s->world = page_world_of(NIB_TEXT(""));
    s->network.delay_min = s->network.delay_max = USUAL_DELAY_MS;
    while (config.len > 0) {
        struct nib_text value = page_until(&config, '&'), key = page_until(&value, '=');
        if (page_is(key, "seed") && page_number(value, UINT32_MAX, &s->seed))
            continue;
        if (page_is(key, "world") && page_world_of(value) != NULL)
            s->world = page_world_of(value);
        else if (!page_set(&s->network, key, value))
            return page_refuses(page, "the network knows no such setting or value: ", key);
    }
    s->network_at_start = s->network;
    s->rng.state = s->seed;
    add_hosts(page);
    return true;
}

/* ---- the order of things ---- */

enum thing { NOTHING, EVENT, DEADLINE, ACTION, EXPIRY };

struct next {
    nib_ms when;
    enum thing thing;
    uint32_t which; /* an event's place, a host */
};

static nib_ms deadline_of(const struct page *page, const struct page_host *host)
{
    if (host->condition != PAGE_UP)
        return NIB_NEVER;
    if (host->role == PAGE_CLIENT)
        return nib_client_deadline(&host->client);
    return host->role == PAGE_LOCAL ? nib_local_deadline(&page->state.local) : NIB_NEVER;
}

static void consider(
    const struct page *page, struct next *next, nib_ms when, enum thing thing, uint32_t which)
{
    if (when < page->state.now) /* a host that hung: its deadlines are overdue */
        when = page->state.now;
    if (when < next->when)
        *next = (struct next){when, thing, which};
}

/* Ties go to what is considered first. */
static struct next next_of(const struct page *page)
{
    const struct page_state *s = &page->state;
    struct next next = {NIB_NEVER, NOTHING, 0};
    uint32_t no = 0;
    for (uint32_t i = 0; i < s->n_events; i++) {
        const struct page_event *e = &s->events[i];
        if (e->when < next.when || (e->when == next.when && e->no < no)) {
            next = (struct next){e->when, EVENT, i};
            no = e->no;
        }
    }
    for (uint32_t i = 0; i < s->n_hosts; i++) {
        nib_ms due = deadline_of(page, &s->hosts[i]);
        if (due != NIB_NEVER)
            consider(page, &next, due, DEADLINE, i);
    }
    if (s->n_done < s->n_actions)
        consider(page, &next, s->actions[s->n_done].when, ACTION, 0);
    return next;
}

nib_ms page_next(const struct page *page)
{
    return next_of(page).when;
}

nib_ms page_expiry(const struct page *page)
{
    const struct page_state *s = &page->state;
    nib_ms first = NIB_NEVER;
    for (uint32_t i = 0; i < s->n_hosts; i++) {
        const struct page_host *host = &s->hosts[i];
        nib_ms due =
            host->table.cache == NULL ? NIB_NEVER : nib_heap_due(&host->table.cache->expiry);
        first = due < first ? due : first;
    }
    return first;
}

/* Records that have expired are not seen any more, whether this is done or not. */
static void expire(struct page *page)
{
    struct page_state *s = &page->state;
    for (uint32_t i = 0; i < s->n_hosts; i++)
        if (s->hosts[i].table.cache != NULL)
            (void)nib_cache_expire(s->hosts[i].table.cache, s->now, UINT32_MAX);
}

static void happen(struct page *page, struct page_event event)
{
    switch (event.kind) {
    case PAGE_ARRIVE:
        page_arrive(page, event.frame);
        break;
    case PAGE_LOSE:
        page_drop(page, event.frame, PAGE_LOST);
        break;
    case PAGE_REFUSE:
        page_refuse(page, event.frame);
        break;
    case PAGE_FORGE:
        page_attacker_strike(page, event.frame);
        break;
    }
}

static void take(struct page *page, struct next next)
{
    struct page_state *s = &page->state;
    struct page_host *host = &s->hosts[next.which];
    s->now = next.when;
    switch (next.thing) {
    case EVENT: {
        struct page_event event = s->events[next.which];
        s->events[next.which] = s->events[--s->n_events];
        happen(page, event);
        break;
    }
    case DEADLINE:
        if (host->role == PAGE_CLIENT)
            page_client_tick(page, host);
        else
            page_local_tick(page, host);
        break;
    case ACTION:
        (void)page_act(page, page_text(page, s->actions[s->n_done++].text));
        break;
    case EXPIRY:
        expire(page);
        break;
    case NOTHING:
        break;
    }
}

bool page_step(struct page *page)
{
    struct next next = next_of(page);
    nib_ms expiry = page_expiry(page);
    if (expiry != NIB_NEVER)
        consider(page, &next, expiry, EXPIRY, 0);
    if (next.thing != NOTHING)
        take(page, next);
    return next.thing != NOTHING;
}

void page_advance(struct page *page, nib_ms to)
{
    for (struct next next = next_of(page); next.thing != NOTHING && next.when <= to;
         next = next_of(page))
        take(page, next);
    page->state.now = to > page->state.now ? to : page->state.now;
    expire(page);
}

/* ---- what a person does ---- */

static bool insert(struct page *page, nib_ms when, struct nib_text action, uint32_t place)
{
    struct page_state *s = &page->state;
    if (s->n_actions == PAGE_ACTIONS)
        return page_refuses(page, "no more can be done in one run", NIB_TEXT(""));
    memmove(
        &s->actions[place + 1], &s->actions[place], (s->n_actions - place) * sizeof s->actions[0]);
    s->actions[place] = (struct page_action){when, page_keep(page, action.ptr, action.len)};
    s->n_actions++;
    return true;
}

bool page_plan(struct page *page, nib_ms when, struct nib_text action)
{
    const struct page_state *s = &page->state;
    nib_ms last = s->n_actions > s->n_done ? s->actions[s->n_actions - 1].when : s->now;
    page->fault[0] = '\0';
    if (when < last)
        return page_refuses(page, "actions stand in the order of their times: ", action);
    return insert(page, when, action, s->n_actions);
}

bool page_do(struct page *page, struct nib_text action)
{
    struct page_state *s = &page->state;
    page_advance(page, s->now);
    page->fault[0] = '\0';
    if (!insert(page, s->now, action, s->n_done))
        return false;
    s->n_done++;
    if (page_act(page, action))
        return true;
    s->n_done--; /* what was refused was not done */
    s->n_actions--;
    memmove(&s->actions[s->n_done], &s->actions[s->n_done + 1],
        (s->n_actions - s->n_done) * sizeof s->actions[0]);
    return false;
}
