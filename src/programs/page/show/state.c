#include "common/json.h"
#include "page/base/world.h"
#include "page/show/show.h"

static const char *const roles[] = {
#define X(symbol, words) words,
    PAGE_ROLES(X)
#undef X
};

static const char *const conditions[] = {
#define X(symbol, words) words,
    PAGE_CONDITIONS(X)
#undef X
};

static const char *const attacks[] = {
#define X(symbol, words) words,
    PAGE_ATTACKS(X)
#undef X
};

static void show_when(struct nib_writer *w, const char *key, nib_ms when)
{
    json_number(w, key, when == NIB_NEVER ? -1 : when);
}

/* The table as the program prints it, but for its empty first line. */
static void show_table(const struct page_host *host, nib_ms now, struct nib_writer *w)
{
    enum { TABLE_MAX = 96 * 1024 };
    static char text[TABLE_MAX];
    size_t len = nib_table_text(&host->table, now, text, sizeof text);
    json_text(w, "table", (struct nib_text){text + 1, len > 0 ? len - 1 : 0});
}

static void show_host(const struct page *page, const struct page_host *host, struct nib_writer *w)
{
    char addr[NIB_ADDR_TEXT_MAX];
    size_t len = host->addr.port == 0 ? nib_ip_format(&host->addr, addr)
                                      : nib_addr_format(&host->addr, addr);
    json_open(w, NULL, '{');
    json_word(w, "name", host->name);
    json_word(w, "role", roles[host->role]);
    json_text(w, "address", (struct nib_text){addr, len});
    json_word(w, "condition", conditions[host->condition]);
    json_text(w, "said", page_text(page, host->said));
    if (host->role == PAGE_CLIENT)
        json_flag(w, "waits", nib_client_deadline(&host->client) != NIB_NEVER);
    if (host->role == PAGE_LOCAL)
        json_number(w, "waiting", page->state.local.pending.n_requests);
    if (host->role == PAGE_LOCAL || host->role == PAGE_AUTHORITY)
        json_text(w, "records", page_text(page, host->records));
    if (host->role != PAGE_ATTACKER)
        show_table(host, page->state.now, w);
    json_close(w, '}');
}

static void show_network(const struct page_network *network, const char *key, struct nib_writer *w)
{
    json_open(w, key, '{');
    json_number(w, "loss", network->loss);
    json_number(w, "duplicate", network->duplicate);
    json_number(w, "delay_min", network->delay_min);
    json_number(w, "delay_max", network->delay_max);
    json_word(w, "attacker", attacks[network->attacker]);
    json_close(w, '}');
}

void page_show_state(const struct page *page, struct nib_writer *w)
{
    const struct page_state *s = &page->state;
    json_open(w, NULL, '{');
    json_number(w, "now", s->now);
    show_when(w, "next", page_next(page));
    show_when(w, "expiry", page_expiry(page));
    json_number(w, "seed", (int64_t)s->seed);
    json_word(w, "world", s->world->name);
    json_flag(w, "full", s->full);
    json_number(w, "messages", s->n_messages);
    show_network(&s->network, "network", w);
    show_network(&s->network_at_start, "start", w);
    json_open(w, "hosts", '[');
    for (uint32_t i = 0; i < s->n_hosts; i++)
        show_host(page, &s->hosts[i], w);
    json_close(w, ']');
    json_open(w, "actions", '[');
    for (uint32_t i = 0; i < s->n_actions; i++) {
        json_open(w, NULL, '[');
        json_number(w, NULL, s->actions[i].when);
        json_text(w, NULL, page_text(page, s->actions[i].text));
        json_close(w, ']');
    }
    json_close(w, ']');
    json_close(w, '}');
}

void page_show_choices(struct nib_writer *w)
{
    static const enum nib_type types[] = {NIB_TYPES(NIB_TYPE_SYMBOL)};
    const struct page_world *world;
    json_open(w, NULL, '{');
    json_open(w, "types", '[');
    for (size_t i = 0; i < NIB_TYPE_COUNT; i++)
        json_word(w, NULL, nib_type_name(types[i]));
    json_close(w, ']');
    json_open(w, "worlds", '[');
    for (size_t i = 0; (world = page_world_at(i)) != NULL; i++) {
        json_open(w, NULL, '{');
        json_word(w, "name", world->name);
        json_word(w, "words", world->words);
        json_close(w, '}');
    }
    json_close(w, ']');
    json_close(w, '}');
}
