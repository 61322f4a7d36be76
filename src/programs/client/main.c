/*
 * The client: options, the prompt, and the wiring of its logic to a socket.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/edit.h"
#include "client/io.h"
#include "client/lookup.h"
#include "client/terminal.h"
#include "common/address.h"
#include "common/options.h"
#include "common/streams.h"
#include "nibdns/client.h"
#include "nibdns/name.h"
#include "nibdns/os/clock.h"
#include "nibdns/os/memory.h"
#include "nibdns/os/random.h"

static const char program[] = "client";

enum { MAX_RECORDS = 10000, PATIENCE_MS = 500 };
enum { EXIT_FOUND = 0, EXIT_NOT_FOUND = 1, EXIT_NO_ANSWER = 3, EXIT_SERVER_FAILURE = 4 };

struct session {
    struct lookup lookup;
    struct nib_addr server;
    nib_ms timeout_ms;
    uint32_t tries;
    enum client_output output;
    bool output_lost;
    enum nib_type type; /* of lookups that do not say it */
    const char *server_text, *batch, *write;
    bool walks;
    struct nib_zone zone;
    struct nib_cache cache;
    struct nib_table table;
    struct nib_walk walk;
};

/* ---- one lookup ---- */

static int exit_status(const struct nib_client *c)
{
    switch (c->status) {
    case NIB_CLIENT_FOUND:
        return EXIT_FOUND;
    case NIB_CLIENT_NOT_FOUND:
        return EXIT_NOT_FOUND;
    case NIB_CLIENT_FAILURE:
        return EXIT_SERVER_FAILURE;
    case NIB_CLIENT_NO_ANSWER:
        break;
    }
    return EXIT_NO_ANSWER;
}

/* Output that is lost is as bad as wrong use, and said once. */
static int status_of(struct session *s, bool written, int status)
{
    if (written)
        return status;
    if (!s->output_lost)
        fprintf(stderr, "%s: cannot write standard output: %s; give it a reader or a file\n",
            program, strerror(errno));
    s->output_lost = true;
    return status > NIB_EXIT_USAGE ? status : NIB_EXIT_USAGE;
}

/* Returns its exit status. */
static int look_up(struct session *s, struct nib_text name, enum nib_type type)
{
    lookup_run(&s->lookup, name, type);
    bool written = client_report(&s->lookup.logic, nib_clock_ms(), s->lookup.took_us, s->output);
    return status_of(s, written, exit_status(&s->lookup.logic));
}

/* One `<hostname> [<query type>]`; returns its exit status. */
static int do_line(struct session *s, enum client_line kind, struct nib_text line)
{
    struct client_words words = {.type = s->type};
    if (kind == CLIENT_LINE_TOO_LONG)
        line.len = 0;
    if (kind == CLIENT_LINE_TOO_LONG || !client_parse(line, &words))
        return status_of(s, client_report_invalid(line, s->output), NIB_EXIT_USAGE);
    return words.name.len == 0 ? EXIT_FOUND : look_up(s, words.name, words.type);
}

/* ---- many ---- */

static int do_prompt(struct session *s)
{
    static const char prompt[] = "Enter the hostname (or type 'quit' to exit): ";
    static struct client_lines lines = {.fd = STDIN_FILENO};
    static struct edit edit = {.prompt = prompt};
    bool editing = terminal_can_edit();
    struct nib_text line;
    edit.table = &s->table;
    for (;;) {
        if (!editing)
            (void)client_print((struct nib_text){prompt, sizeof prompt - 1});
        enum client_line kind = editing ? edit_line(&edit, &line) : client_next_line(&lines, &line);
        if (kind == CLIENT_LINE_NONE)
            break;
        if (kind == CLIENT_LINE && client_is_quit(line))
            return EXIT_FOUND;
        (void)do_line(s, kind, line);
    }
    if (isatty(STDIN_FILENO)) /* the shell's prompt begins on a line of its own */
        fputc('\n', stderr);
    return EXIT_FOUND;
}

static int do_batch(struct session *s)
{
    static struct client_lines lines;
    struct nib_text line;
    enum client_line kind;
    int highest = EXIT_FOUND;
    lines.fd = client_open(s->batch);
    lines.error = lines.fd < 0 ? errno : 0;
    while (lines.error == 0 && !s->output_lost &&
           (kind = client_next_line(&lines, &line)) != CLIENT_LINE_NONE) {
        if (kind == CLIENT_LINE && client_is_comment(line))
            continue;
        int status = do_line(s, kind, line);
        highest = status > highest ? status : highest;
    }
    if (lines.error != 0)
        usage_error(program, "cannot read %s: %s; give --batch a readable file", s->batch,
            lines.error == EILSEQ ? "it is UTF-16, not UTF-8" : strerror(lines.error));
    return highest;
}

/* ---- start ---- */

static void set_type(const struct option_use *use)
{
    struct session *s = use->settings;
    if (!nib_type_parse((struct nib_text){use->text, strlen(use->text)}, &s->type))
        option_wrong(use, "is no query type; use one of " NIB_TYPE_NAMES);
}

static const struct option_row rows[] = {
    OPTION_TEXT(
        's', "server", "ADDR[:PORT]", struct session, server_text, "whom to ask (127.0.0.1:21000)"),
    OPTION_CALL('t', "type", "TYPE", set_type, "of lookups that do not say it (A)"),
    OPTION_NUMBER(0, "timeout", "MS", struct session, timeout_ms, 1, 3600000,
        "of the first try; each further one waits twice as long (1000)"),
    OPTION_NUMBER(0, "tries", "N", struct session, tries, 1, 16, "how often to ask (3)"),
    OPTION_TEXT(
        'b', "batch", "FILE", struct session, batch, "read the lookups from FILE, print no prompt"),
    OPTION_SET(
        0, "pretty", struct session, output, CLIENT_PRETTY, "print tables whose columns line up"),
    OPTION_SET(0, "short", struct session, output, CLIENT_SHORT,
        "print the result alone instead of tables"),
    OPTION_SET(0, "json", struct session, output, CLIENT_JSON,
        "print an object a lookup instead of tables"),
    OPTION_FLAG(0, "walk", struct session, walks,
        "ask an authoritative server (port 22000), follow referrals, say each step"),
    OPTION_FLAG(
        0, "trace", struct session, lookup.trace.on, "say each step of a lookup as it happens"),
    OPTION_SET('q', "quiet", struct session, output, CLIENT_QUIET, "print no tables"),
    OPTION_TEXT('w', "write", "FILE.pcap", struct session, write,
        "write a capture of the traffic (FILE.pcapng: with what was decided)"),
};

static const struct option_program command_line = {
    .name = program,
    .usage = "[options]                             asks at the prompt\n"
             "[options] [@ADDR[:PORT]] NAME [TYPE]  one lookup\n"
             "[options] --batch FILE                a lookup a line (- is standard input)",
    .about = "Looks up host names at a local server, and keeps a table of what it learnt.\n"
             "TYPE is one of " NIB_TYPE_NAMES "; A where it is left out.",
    .notes =
        "Status, of a batch the highest: 0 found, 1 record not found, 2 wrong use or output lost,\n"
        "3 no answer, 4 server failure. At the prompt, `quit` and the end of input end with 0.",
    .tables = {OPTION_ROWS(rows)},
    .operands = 3,
};

static void make_tables(struct session *s)
{
    uint64_t seed = nib_random_u64();
    void *zone = nib_memory_map(nib_zone_bytes(0, 0));
    void *cache = nib_memory_map(nib_cache_bytes(MAX_RECORDS));
    if (zone == NULL || cache == NULL)
        usage_error(program, "not enough memory");
    nib_zone_init(&s->zone, zone, 0, 0, seed);
    nib_cache_init(&s->cache, cache, MAX_RECORDS, seed);
    s->table = (struct nib_table){.zone = &s->zone, .cache = &s->cache};
}

static void open_walk(struct session *s)
{
    const struct nib_walk_config config = {.server = s->server,
        .timeout_ms = s->timeout_ms,
        .tries = s->tries,
        .seed = nib_random_u64(),
        .letters_seed = nib_random_u64()};
    if (!s->walks)
        return;
    void *memory = nib_memory_map(nib_walk_bytes());
    if (memory == NULL)
        usage_error(program, "not enough memory");
    nib_walk_open(&s->walk, memory, &config);
    s->lookup.logic.walk = &s->walk;
}

static void open_capture(struct session *s)
{
    static const struct nib_capture_names names = {
        "nibdns client " NIB_VERSION, "client", NULL, "local"};
    char why[NIB_CAPTURE_WHY_MAX];
    if (s->write == NULL)
        return;
    s->lookup.capture = nib_capture_open(s->write, &names);
    if (s->lookup.capture != NULL)
        return;
    nib_capture_why(errno, why);
    usage_error(program, "cannot write %s: %s", s->write, why);
}

/* The capture must be whole before the program ends. */
static int finish(struct session *s, int status)
{
    if (s->lookup.capture == NULL)
        return status;
    nib_capture_drain(s->lookup.capture, PATIENCE_MS);
    const char *trouble = nib_capture_trouble(s->lookup.capture);
    if (trouble != NULL)
        fprintf(stderr, "%s: writing %s: %s\n", program, s->write, trouble);
    return status;
}

/* What --server says, or `@ADDR[:PORT]` in front of the name, which `option` is then "@" for. */
static void read_server(struct session *s, const char *option)
{
    uint16_t port = s->walks ? NIB_PORT_AUTHORITATIVE : NIB_PORT_LOCAL;
    s->server.port = port;
    if (s->server_text == NULL)
        return;
    const char *why = address_parse(s->server_text, port, &s->server);
    if (why == NULL && s->server.port == 0)
        why = "has port 0; give one from 1 to 65535";
    if (why != NULL)
        usage_error(program, "%s%s %s", option, shown_word(s->server_text).text, why);
    address_to_ask(&s->server);
}

/* Words that are one lookup, or none where there are no words. */
static void read_operands(struct session *s, char **operands, struct client_words *words)
{
    char **name = operands;
    bool in_front = name[0] != NULL && name[0][0] == '@';
    if (in_front)
        s->server_text = *name++ + 1;
    read_server(s, in_front ? "@" : "--server ");
    words->type = s->type;
    if (name[0] == NULL)
        return;
    if (name[1] != NULL && name[2] != NULL)
        usage_error(program, "unexpected '%s'; see %s --help", shown_word(name[2]).text, program);
    if (s->batch != NULL)
        usage_error(program, "give NAME and TYPE or --batch FILE, not both; see --help");
    if (!client_parse_words(name[0], name[1], words))
        exit(NIB_EXIT_USAGE);
}

/*
 * What ends a program by default ends nothing where it is process 1 of a container, unless it has a
 * handler; and a terminal must be as it was.
 */
static void end_at_once(int number)
{
    terminal_restore();
    (void)raise(number); /* the default again */
    _exit(128 + number);
}

static void take_over_signals(void)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {
        .sa_handler = end_at_once, .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
    struct sigaction before;
    (void)signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
        if (sigaction(ending[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            (void)sigaction(ending[i], &action, NULL);
}

int main(int argc, char **argv)
{
    static struct session s = {.server = {.ip = {127, 0, 0, 1}, .family = 4},
        .type = NIB_A,
        .timeout_ms = 1000,
        .tries = 3};
    struct client_words words = {.name = {NULL, 0}};
    keep_standard_streams();
    read_operands(&s, argv + options_read(&command_line, &s, argc, argv), &words);
    take_over_signals();
    make_tables(&s);
    open_capture(&s);
    lookup_init(&s.lookup);
    nib_client_init(&s.lookup.logic, &s.table, &s.server, s.timeout_ms, s.tries);
    open_walk(&s);
    if (s.batch != NULL)
        return finish(&s, do_batch(&s));
    if (words.name.len == 0)
        return finish(&s, do_prompt(&s));
    return finish(&s, look_up(&s, words.name, words.type));
}
