#include "nibpcap/rerun/rerun.h"

#include <stdio.h>
#include <string.h>

#include "common/address.h"
#include "nibdns/builtin.h"
#include "nibdns/os/zonefile.h"
#include "nibpcap/base/choice.h"
#include "nibpcap/base/status.h"
#include "nibpcap/capture/input.h"
#include "nibpcap/commands.h"

/* ---- who is meant ---- */

/* The server of that port that is first asked; another one is named. False: there is none. */
static bool find_server(struct rerun *rerun, uint16_t port)
{
    struct nib_addr *at = &rerun->options.at;
    const struct nib_addr *other = NULL;
    bool found = false;
    for (size_t i = 0; i < rerun->events.n; i++) {
        const struct nib_addr *ends[] = {&rerun->events.items[i].dst, &rerun->events.items[i].src};
        for (int e = 0; e < 2; e++) {
            if (ends[e]->port != port || rerun->events.items[i].refused)
                continue;
            if (at->family == 0)
                *at = *ends[e];
            if (nib_addr_equal(ends[e], at))
                found = true;
            else
                other = ends[e];
        }
    }
    if (found && other != NULL) {
        char text[NIB_ADDR_TEXT_MAX];
        nib_addr_format(other, text);
        printf("%s is in the capture too; --at chooses\n", text);
    }
    return found;
}

/* ---- the command ---- */

static void say(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "%s\n", line);
}

static void print_summary(const struct rerun *rerun)
{
    static const char *const names[] = {"local", "amazone", "client"};
    char at[NIB_ADDR_TEXT_MAX] = "";
    if (rerun->options.at.port != 0)
        nib_addr_format(&rerun->options.at, at);
    else if (rerun->options.at.family != 0)
        nib_ip_format(&rerun->options.at, at);
    printf("%s%s%s: %llu datagrams in, %llu sent as the logic sends them, %llu differences\n",
        names[rerun->options.as], *at != '\0' ? " " : "", at, (unsigned long long)rerun->in,
        (unsigned long long)rerun->same, (unsigned long long)rerun->different);
    if (rerun->most_late_ns > 0)
        printf("retries left up to %lld.%03lld ms after their timer\n",
            (long long)(rerun->most_late_ns / 1000000),
            (long long)(rerun->most_late_ns / 1000 % 1000));
    if (rerun->clock_used > 0)
        printf("%llu requests fed up to %lld ms beside their time in the capture\n",
            (unsigned long long)rerun->clock_used, (long long)rerun->most_clock_ms);
    if (rerun->reordered > 0)
        printf("%llu answers passed others, whose causes were up to %lld.%03lld ms older\n",
            (unsigned long long)rerun->reordered, (long long)(rerun->most_older_ns / 1000000),
            (long long)(rerun->most_older_ns / 1000 % 1000));
    if (rerun->unheard > 0)
        printf("%llu datagrams found nobody listening, as ICMP errors say\n",
            (unsigned long long)rerun->unheard);
    if (rerun->unknown > 0)
        printf("%llu answers need traffic upstream, of which the capture has none: not compared\n",
            (unsigned long long)rerun->unknown);
    if (rerun->guessed > 0)
        printf(
            "%llu questions taken for refused: the capture has no ICMP error that would say so\n",
            (unsigned long long)rerun->guessed);
    if (rerun->cut > 0)
        printf("%llu datagrams were cut by the capture and could not be fed\n",
            (unsigned long long)rerun->cut);
}

/* Where nobody uses a port that was not given, the capture says which ones stand for it. */
static void settle_ports(struct rerun *rerun)
{
    struct rerun_options *o = &rerun->options;
    const struct hosts *hosts = &rerun->hosts;
    bool server = o->as != RERUN_CLIENT;
    uint16_t *own = &o->ports.port[o->as == RERUN_AMAZONE ? 1 : 0];
    uint16_t other = hosts->n_amazone > 0 ? hosts->amazone[0] : hosts->local;
    if ((!server || o->at.port == 0) && !events_asked(&rerun->events, *own))
        *own = o->as == RERUN_AMAZONE ? other : hosts->local;
    if (server && o->at.family != 0)
        o->at.port = *own;
    if (o->as == RERUN_LOCAL && o->upstream_given == 0 && other != *own && other != 0 &&
        !events_asked(&rerun->events, o->upstream_port))
        o->ports.port[1] = o->upstream_port = other;
}

/* The whole capture as events, and who its servers are. */
static int read_capture(struct rerun *rerun)
{
    struct seen seen;
    struct verdicts verdicts;
    struct input *input = input_open(rerun->options.path, &rerun->options.ports);
    if (input == NULL)
        return STATUS_USE;
    verdicts_init(&verdicts, &input->hosts, 0);
    while (input_next(input, &seen)) {
        struct judgement judgement;
        verdict_of(&verdicts, &seen, &judgement);
        events_add(&rerun->events, &input->hosts, &seen);
    }
    verdicts_finish(&verdicts);
    events_finish(&rerun->events);
    rerun->hosts = input->hosts;
    if (rerun->events.n > 0) /* an hour of room for clocks that go back */
        rerun->base_ns = rerun->events.items[0].time_ns - 3600000000000;
    outputs_init(&rerun->outputs, rerun->events.n);
    return input_close(input);
}

static int run(struct rerun *rerun)
{
    const struct rerun_options *o = &rerun->options;
    struct nib_zonefile zone = {0};
    const struct nib_complaints complaints = {.say = say};
    static const char *const builtin[] = {NIB_BUILTIN_LOCAL, NIB_BUILTIN_AMAZONE, NIB_BUILTIN_NONE};
    if (!nib_zonefile_read(&zone, o->records, o->n_records, builtin[o->as], 0, &complaints))
        return STATUS_USE;
    int status = read_capture(rerun);
    bool found;
    settle_ports(rerun);
    if (o->as == RERUN_CLIENT) {
        found = rerun_clients(rerun, &zone.zone);
    } else {
        rerun_open_table(rerun, &zone.zone, RERUN_RECORDS_MAX);
        found = find_server(rerun, o->ports.port[o->as == RERUN_LOCAL ? 0 : 1]);
        if (found && o->as == RERUN_LOCAL)
            rerun_local(rerun);
        else if (found)
            rerun_amazone(rerun);
    }
    if (found)
        print_summary(rerun);
    else if (status == STATUS_FINE)
        status = complain("%s has no datagram of that host; --at names it", o->path);
    outputs_free(&rerun->outputs);
    events_free(&rerun->events);
    nib_zonefile_free(&zone);
    if (status == STATUS_FINE && rerun->different > 0)
        status = STATUS_WRONG;
    return finish_output(status);
}

static void take_role(const struct option_use *use)
{
    static const char *const roles[] = {
        [RERUN_LOCAL] = "local", [RERUN_AMAZONE] = "amazone", [RERUN_CLIENT] = "client"};
    struct rerun_options *o = use->settings;
    size_t role = RERUN_LOCAL;
    while (role <= RERUN_CLIENT && strcmp(use->text, roles[role]) != 0)
        role++;
    if (role > RERUN_CLIENT)
        option_wrong(use, "is no role; give local, amazone or client");
    o->as = (enum rerun_role)role;
    o->as_given = true;
}

static void take_mix(const struct option_use *use)
{
    static const char *const words[] = {
        [NIB_MIX_AUTO] = "auto", [NIB_MIX_ALWAYS] = "always", [NIB_MIX_NEVER] = "never"};
    struct rerun_options *o = use->settings;
    size_t mix = NIB_MIX_AUTO;
    while (mix <= NIB_MIX_NEVER && strcmp(use->text, words[mix]) != 0)
        mix++;
    if (mix > NIB_MIX_NEVER)
        option_wrong(use, "is none of auto, always and never");
    o->mix = (enum nib_mix)mix;
    o->mix_given = true;
}

static void add_records(const struct option_use *use)
{
    struct rerun_options *o = use->settings;
    if (o->n_records == sizeof o->records / sizeof o->records[0])
        option_wrong(use, "is one too many; give %zu at most", o->n_records);
    o->records[o->n_records++] = use->text;
}

static void add_zone(const struct option_use *use)
{
    struct rerun_options *o = use->settings;
    if (o->n_zones == sizeof o->zones / sizeof o->zones[0])
        option_wrong(use, "is one too many; give %zu at most", o->n_zones);
    o->zones[o->n_zones++] = (struct nib_text){use->text, strlen(use->text)};
}

static void add_forwarder(const struct option_use *use)
{
    struct rerun_options *o = use->settings;
    if (o->n_forwarders == NIB_FORWARDERS_MAX)
        option_wrong(use, "is one too many; give %d at most", NIB_FORWARDERS_MAX);
    const char *why = address_parse(use->text, NIB_PORT_LOCAL, &o->forwarders[o->n_forwarders]);
    if (why != NULL)
        option_wrong(use, "%s", why);
    address_to_ask(&o->forwarders[o->n_forwarders++]);
}

static const struct option_row rows[] = {
    OPTION_CALL(0, "as", "local|amazone|client", take_role, "whose logic"),
    OPTION_ADDR(0, "at", struct rerun_options, at, 0, "which host, where the capture has several"),
    OPTION_CALL(
        'r', "records", "FILE", add_records, "its records (the built-in ones); may be given again"),
    OPTION_NUMBER('t', "ttl", "SECONDS", struct rerun_options, ttl_s, 0, NIB_TTL_MAX,
        "that answers from static records carry (60)"),
    OPTION_NUMBER(0, "timeout", "MS", struct rerun_options, timeout_ms, 1, 3600000,
        "of its first try (local 500, client 1000)"),
    OPTION_NUMBER(0, "tries", "N", struct rerun_options, tries, 1, 16, "tries (3)"),
    OPTION_NUMBER(0, "max-ttl", "SECONDS", struct rerun_options, max_ttl_s, 0, NIB_TTL_MAX,
        "longer TTLs from upstream are cut to this (86400)"),
    OPTION_NUMBER(0, "max-ns-ttl", "SECONDS", struct rerun_options, max_ns_ttl_s, 0, NIB_TTL_MAX,
        "likewise of learnt NS records (3600)"),
    OPTION_NUMBER(0, "deadline", "MS", struct rerun_options, deadline_ms, 1, 3600000,
        "what has waited so long is answered Server failure (6000)"),
    OPTION_CALL(0, "zone", "NAME", add_zone, "its zone (amazone); may be given again"),
    OPTION_CALL(
        0, "forward", "ADDR[:PORT]", add_forwarder, "its forwarder (local); may be given again"),
    OPTION_NUMBER(0, "upstream-port", "PORT", struct rerun_options, upstream_given, 1, 65535,
        "where authoritative servers listen (22000, or found)"),
    OPTION_CALL(0, "mix-case", "auto|always|never", take_mix,
        "names upstream in letters of random case (as found)"),
    OPTION_NUMBER(0, "late", "MS", struct rerun_options, late_ms, 0, 60000,
        "how late a retry may leave (100)"),
};

static const struct option_program program = {
    .name = "nibpcap rerun",
    .usage = "FILE --as local|amazone|client [options]",
    .about =
        "Feeds what that host received into the program's own logic, in the capture's time, and\n"
        "compares what it sends with what the capture says it sent. Status 1 and a difference\n"
        "otherwise.",
    .tables = {OPTION_ROWS(rows)},
    .operands = 1,
};

/* The ports that follow from the other options. */
static void finish_options(struct rerun_options *o)
{
    bool server = o->as != RERUN_CLIENT;
    uint16_t *own = &o->ports.port[o->as == RERUN_AMAZONE ? 1 : 0];
    if (o->timeout_ms == 0)
        o->timeout_ms = o->as == RERUN_CLIENT ? 1000 : 500;
    if (o->upstream_given != 0)
        o->upstream_port = o->upstream_given;
    if (o->as != RERUN_AMAZONE)
        o->ports.port[1] = o->upstream_port;
    if (server && o->at.port != 0)
        *own = o->at.port;
}

int command_rerun(int argc, char **argv)
{
    static struct rerun rerun = {.options = {.ttl_s = 60,
                                     .max_ttl_s = 86400,
                                     .max_ns_ttl_s = 3600,
                                     .deadline_ms = 6000,
                                     .tries = 3,
                                     .late_ms = 100,
                                     .upstream_port = NIB_PORT_AUTHORITATIVE}};
    rerun.options.ports = ports_default();
    rerun.options.path = choice_read(&program, &rerun.options, "FILE", argc, argv);
    if (!rerun.options.as_given)
        return complain("the role is missing; give --as local, amazone or client");
    finish_options(&rerun.options);
    return run(&rerun);
}
