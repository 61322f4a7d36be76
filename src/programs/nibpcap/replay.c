#define _POSIX_C_SOURCE 200809L
#include "nibpcap/replay/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "nibdns/os/udp.h"
#include "nibpcap/base/choice.h"
#include "nibpcap/base/memory.h"
#include "nibpcap/base/status.h"
#include "nibpcap/base/verdict.h"
#include "nibpcap/capture/input.h"
#include "nibpcap/commands.h"

struct settings {
    struct choice choice;
    struct replay replay;
};

/* The port of the local server, or of whatever server there is. */
static uint16_t asked_port(const struct replay *replay, const struct hosts *hosts)
{
    if (events_asked(&replay->events, NIB_PORT_LOCAL))
        return NIB_PORT_LOCAL;
    if (hosts->local != 0)
        return hosts->local;
    return events_asked(&replay->events, NIB_PORT_AUTHORITATIVE) ? NIB_PORT_AUTHORITATIVE
                                                                 : NIB_PORT_LOCAL;
}

/* The whole capture as events; finds the port where none was given. */
static int read_capture(struct replay *replay, const struct filter *filter)
{
    struct seen seen;
    struct verdicts verdicts;
    const struct ports ports =
        replay->port == 0 ? ports_default() : (struct ports){{replay->port}, 1, true};
    struct input *input = input_open(replay->path, &ports);
    if (input == NULL)
        return STATUS_USE;
    verdicts_init(&verdicts, &input->hosts, 0);
    while (input_next(input, &seen)) {
        struct judgement judgement;
        verdict_of(&verdicts, &seen, &judgement);
        if (filter_takes(filter, &seen, &judgement))
            events_add(&replay->events, &input->hosts, &seen);
    }
    verdicts_finish(&verdicts);
    events_finish(&replay->events);
    if (replay->port == 0)
        replay->port = asked_port(replay, &input->hosts);
    return input_close(input);
}

static int run(struct replay *replay, const struct filter *filter)
{
    char text[NIB_ADDR_TEXT_MAX];
    struct nib_addr self;
    int status = read_capture(replay, filter);
    nib_addr_format(&replay->to, text);
    replay_choose(replay);
    if (replay->n == 0)
        return complain(
            "%s has no query to port %u; --port chooses another", replay->path, replay->port);
    replay->fd = nib_udp_connect(&replay->to, &self);
    if (replay->fd < 0)
        return complain("%s cannot be reached: %s", text, strerror(errno));
    replay_send(replay);
    (void)close(replay->fd);
    if (replay->refused == ECONNREFUSED)
        return complain("nobody listens at %s; start the server or change --to", text);
    if (replay->refused != 0)
        return complain("%s cannot be reached: %s; change --to", text, strerror(replay->refused));
    if (replay->told > REPLAY_SHOWN)
        printf(
            "differences beside these: %llu\n", (unsigned long long)(replay->told - REPLAY_SHOWN));
    printf("%zu queries to %s: %llu matched, %llu different, %llu missing, %llu extra", replay->n,
        text, (unsigned long long)replay->matched, (unsigned long long)replay->different,
        (unsigned long long)replay->missing, (unsigned long long)replay->extra);
    if (replay->silent > 0)
        printf(", %llu unanswered here and there", (unsigned long long)replay->silent);
    if (replay->skipped > 0)
        printf("; %llu repeats and others not sent", (unsigned long long)replay->skipped);
    printf("\n");
    if (status == STATUS_FINE && replay->different + replay->missing + replay->extra > 0)
        status = STATUS_WRONG;
    return status;
}

static const struct option_row rows[] = {
    OPTION_PEER(0, "to", struct settings, replay.to, NIB_PORT_LOCAL, "the server"),
    OPTION_DECIMAL(0, "speed", "N", struct settings, replay.speed, 1000, 1000000000000,
        "N times as fast as the capture (1)"),
    OPTION_FLAG(0, "fast", struct settings, replay.fast, "as fast as answered"),
    OPTION_NUMBER(0, "timeout", "MS", struct settings, replay.timeout_ms, 1, 3600000,
        "how long an answer is waited for (1000)"),
    OPTION_NUMBER('p', "port", "PORT", struct settings, replay.port, 1, 65535,
        "queries to this port of the capture are sent (21000, or found)"),
};

static const struct option_program program = {
    .name = "nibpcap replay",
    .usage = "FILE --to ADDR[:PORT] [options]",
    .about =
        "Sends the capture's queries to a live server and compares the answers. Status 1 when\n"
        "they differ.",
    .tables = {OPTION_ROWS(rows), &choice_options},
    .operands = 1,
};

int command_replay(int argc, char **argv)
{
    static struct settings settings = {.replay = {.speed = 1000000, .timeout_ms = 1000}};
    struct replay *replay = &settings.replay;
    replay->path = choice_read(&program, &settings, "FILE", argc, argv);
    if (replay->to.family == 0)
        return complain("the server is missing; give it with --to ADDR:PORT");
    int status = run(replay, &settings.choice.filter);
    memory_free(replay->queries);
    events_free(&replay->events);
    return finish_output(status);
}
