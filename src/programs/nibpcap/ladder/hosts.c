#include "nibpcap/ladder/ladder.h"

/* ---- who the ends of a row are ---- */

static void note_server(struct ladder *ladder, enum role role, const struct nib_addr *addr)
{
    for (size_t i = 0; i < ladder->n_servers; i++)
        if (nib_addr_equal(&ladder->servers[i].addr, addr))
            return;
    if (ladder->n_servers < LADDER_SERVERS)
        ladder->servers[ladder->n_servers++] = (struct host){role, *addr};
}

static bool is_servers_address(const struct ladder *ladder, const struct nib_addr *addr)
{
    for (size_t i = 0; i < ladder->n_servers; i++)
        if (nib_ip_equal(&ladder->servers[i].addr, addr))
            return true;
    return false;
}

/* The local server at that address, else the only one that there is. */
static const struct host *local_at(const struct ladder *ladder, const struct nib_addr *addr)
{
    const struct host *only = NULL;
    size_t n = 0;
    for (size_t i = 0; i < ladder->n_servers; i++) {
        const struct host *server = &ladder->servers[i];
        if (server->role != ROLE_LOCAL)
            continue;
        if (nib_ip_equal(&server->addr, addr))
            return server;
        only = server;
        n++;
    }
    return n == 1 ? only : NULL;
}

static struct host host_of(const struct ladder *ladder, enum role role, const struct nib_addr *addr)
{
    struct host host = {role, *addr};
    if (hosts_server(ladder->verdicts->hosts, addr->port) == role && role != ROLE_STRANGER)
        return host;
    if (role == ROLE_LOCAL) {
        const struct host *local = local_at(ladder, addr);
        if (local != NULL)
            return *local;
    }
    if (!is_servers_address(ladder, addr) || role == ROLE_LOCAL)
        host.addr.port = 0;
    return host;
}

static bool is_same(const struct host *a, const struct host *b)
{
    return a->role == b->role && nib_addr_equal(&a->addr, &b->addr);
}

/* ---- lifelines ---- */

/* Where a host's line belongs: by role, in each by its first row; `others` behind the clients. */
static size_t place_for(const struct ladder *ladder, enum role role, bool others)
{
    size_t i = 0;
    while (i < ladder->n_lines) {
        const struct lifeline *line = &ladder->lines[i];
        if (line->host.role > role || (line->host.role == role && line->others && !others))
            break;
        i++;
    }
    return i;
}

static void name_lines(struct ladder *ladder)
{
    unsigned count[ROLE_COUNT] = {0};
    for (size_t i = 0; i < ladder->n_lines; i++) {
        struct lifeline *line = &ladder->lines[i];
        struct line name;
        line_begin(&name);
        line_add(&name, line->others ? "others" : role_name(line->host.role));
        if (!line->others && ++count[line->host.role] > 1)
            line_count(&name, " ", count[line->host.role], "");
        memcpy(line->name, line_string(&name), name.w.off + 1);
    }
}

static void add_line(struct ladder *ladder, const struct host *host, bool others)
{
    size_t place = place_for(ladder, host->role, others);
    struct lifeline *line = &ladder->lines[place];
    memmove(line + 1, line, (ladder->n_lines - place) * sizeof *line);
    ladder->n_lines++;
    *line = (struct lifeline){.host = *host, .others = others};
    if (others)
        memcpy(line->text, "named at the arrow", sizeof "named at the arrow");
    else if (host->addr.port != 0)
        nib_addr_format(&host->addr, line->text);
    else
        nib_ip_format(&host->addr, line->text);
    name_lines(ladder);
}

/* One that has no line of its own is looked for last: `others` stands for all. */
static size_t line_of(const struct ladder *ladder, const struct host *host)
{
    size_t others = ladder->n_lines;
    for (size_t i = 0; i < ladder->n_lines; i++) {
        if (ladder->lines[i].others)
            others = i;
        else if (is_same(&ladder->lines[i].host, host))
            return i;
    }
    return others;
}

static bool is_full(const struct ladder *ladder, enum role role)
{
    bool server = role == ROLE_LOCAL || role == ROLE_AMAZONE;
    size_t kept = ladder->live && !server ? 3 : 1; /* for servers to come, and `others` */
    return ladder->n_lines + kept >= ladder->lines_most;
}

/* A host of a live ladder: its line, a new one, or the others'. */
static void place_live(struct ladder *ladder, const struct host *host)
{
    static const struct host anyone = {.role = ROLE_CLIENT};
    if (line_of(ladder, host) < ladder->n_lines)
        return;
    if (is_full(ladder, host->role))
        add_line(ladder, &anyone, true);
    else
        add_line(ladder, host, false);
}

void ladder_find_hosts(struct ladder *ladder, struct row *row)
{
    const struct nib_addr *addrs[] = {&row->src, &row->dst};
    enum role roles[2];
    for (int i = 0; i < 2; i++) {
        roles[i] = verdict_role(ladder->verdicts, addrs[i], addrs[1 - i]);
        if (roles[i] != ROLE_STRANGER &&
            hosts_server(ladder->verdicts->hosts, addrs[i]->port) == roles[i])
            note_server(ladder, roles[i], addrs[i]);
    }
    for (int i = 0; i < 2; i++)
        row->ends[i] = host_of(ladder, roles[i], addrs[i]);
    for (int i = 0; ladder->live && i < 2; i++)
        place_live(ladder, &row->ends[i]);
    row->from = line_of(ladder, &row->ends[0]);
    row->to = line_of(ladder, &row->ends[1]);
}

/* Servers are placed first; whoever then finds no place is one of the others. */
static bool place_role(struct ladder *ladder, enum role role, size_t most)
{
    for (size_t i = 0; i < ladder->n; i++)
        for (int end = 0; end < 2; end++) {
            const struct host *host = &ladder->rows[i].ends[end];
            if (ladder->rows[i].kind == ROW_REMARK || host->role != role ||
                line_of(ladder, host) < ladder->n_lines)
                continue;
            if (ladder->n_lines == most)
                return false;
            add_line(ladder, host, false);
        }
    return true;
}

static bool place_all(struct ladder *ladder, size_t most)
{
    static const enum role order[] = {ROLE_LOCAL, ROLE_AMAZONE, ROLE_CLIENT, ROLE_STRANGER};
    bool all = true;
    ladder->n_lines = 0;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        all = place_role(ladder, order[i], most) && all;
    return all;
}

void ladder_place(struct ladder *ladder)
{
    static const struct host anyone = {.role = ROLE_CLIENT};
    if (!place_all(ladder, ladder->lines_most)) {
        (void)place_all(ladder, ladder->lines_most - 1);
        add_line(ladder, &anyone, true);
    }
    for (size_t i = 0; i < ladder->n; i++) {
        ladder->rows[i].from = line_of(ladder, &ladder->rows[i].ends[0]);
        ladder->rows[i].to = line_of(ladder, &ladder->rows[i].ends[1]);
    }
}

void row_strangers(struct line *line, const struct ladder *ladder, const struct row *row)
{
    bool from = row->from < ladder->n_lines && ladder->lines[row->from].others;
    bool to = row->to < ladder->n_lines && ladder->lines[row->to].others;
    if (from) {
        line_add(line, "from ");
        line_addr(line, &row->src);
    }
    line_add(line, from && to ? " " : "");
    if (to) {
        line_add(line, "to ");
        line_addr(line, &row->dst);
    }
}
