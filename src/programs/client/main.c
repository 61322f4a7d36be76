/*
 * The client: options, the prompt, and the wiring of its logic to a socket.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/io.h"
#include "client/lookup.h"
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
    struct nib_addr server;
    nib_ms timeout_ms;
    uint32_t tries;
    enum client_output output;
    const char *batch, *write;
    struct nib_zone zone;
    struct nib_cache cache;
    struct nib_table table;
    struct lookup lookup;
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

/* Returns its exit status. */
static int look_up(struct session *s, struct nib_text name, enum nib_type type)
{
    lookup_run(&s->lookup, name, type);
    client_report(&s->lookup.logic, nib_clock_ms(), s->lookup.took_us, s->output);
    return exit_status(&s->lookup.logic);
}

/* One `<hostname> [<query type>]`; returns its exit status. */
static int do_line(struct session *s, enum client_line kind, struct nib_text line)
{
    struct client_words words;
    if (kind == CLIENT_LINE_TOO_LONG || !client_parse(line, &words))
        return NIB_EXIT_USAGE;
    return words.name.len == 0 ? EXIT_FOUND : look_up(s, words.name, words.type);
}

/* ---- many ---- */

static int do_prompt(struct session *s)
{
    static struct client_lines lines = {.fd = STDIN_FILENO};
    struct nib_text line;
    for (;;) {
        client_print(NIB_TEXT("Enter the hostname (or type 'quit' to exit): "));
        enum client_line kind = client_next_line(&lines, &line);
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
    while (lines.error == 0 && (kind = client_next_line(&lines, &line)) != CLIENT_LINE_NONE) {
        if (kind == CLIENT_LINE && client_is_comment(line))
            continue;
        int status = do_line(s, kind, line);
        highest = status > highest ? status : highest;
    }
    if (lines.error != 0)
        usage_error(program, "cannot read %s: %s; give --batch a readable file", s->batch,
            strerror(lines.error));
    return highest;
}

/* ---- start ---- */

static const struct option_row rows[] = {
    OPTION_PEER(
        's', "server", struct session, server, NIB_PORT_LOCAL, "whom to ask (127.0.0.1:21000)"),
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
    OPTION_FLAG(
        0, "trace", struct session, lookup.trace.on, "say each step of a lookup as it happens"),
    OPTION_SET('q', "quiet", struct session, output, CLIENT_QUIET, "print no tables"),
    OPTION_TEXT('w', "write", "FILE.pcap", struct session, write, "write a capture of the traffic"),
};

static const struct option_program command_line = {
    .name = program,
    .usage = "[options]                 asks at the prompt\n"
             "[options] NAME [TYPE]     one lookup; TYPE is A, AAAA, CNAME or NS (A)\n"
             "[options] --batch FILE    a lookup a line (- is standard input)",
    .about = "Looks up host names at a local server, and keeps a table of what it learnt.",
    .notes =
        "Status, of a batch the highest: 0 found, 1 record not found, 2 wrong use, 3 no answer,\n"
        "4 server failure. At the prompt, `quit` and the end of input end with 0.",
    .tables = {OPTION_ROWS(rows)},
    .operands = 2,
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

static void open_capture(struct session *s)
{
    char why[NIB_CAPTURE_WHY_MAX];
    if (s->write == NULL)
        return;
    s->lookup.capture = nib_capture_open(s->write);
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

int main(int argc, char **argv)
{
    static struct session s = {
        .server = {.ip = {127, 0, 0, 1}, .port = NIB_PORT_LOCAL, .family = 4},
        .timeout_ms = 1000,
        .tries = 3};
    struct client_words words = {.type = NIB_A};
    keep_standard_streams();
    int operand = options_read(&command_line, &s, argc, argv);
    if (s.batch != NULL && operand < argc)
        usage_error(program, "give NAME and TYPE or --batch FILE, not both; see --help");
    if (operand < argc && !client_parse_words(argv[operand], argv[operand + 1], &words))
        return NIB_EXIT_USAGE;
    (void)signal(SIGPIPE, SIG_IGN);
    make_tables(&s);
    open_capture(&s);
    nib_client_init(&s.lookup.logic, &s.table, &s.server, s.timeout_ms, s.tries);
    if (s.batch != NULL)
        return finish(&s, do_batch(&s));
    if (operand == argc)
        return finish(&s, do_prompt(&s));
    return finish(&s, look_up(&s, words.name, words.type));
}
