/*
 * nibsim: the logic of all programs over a simulated network and clock, under every kind of trouble
 * that the seed brings, with the invariants checked after each step.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/options.h"
#include "common/streams.h"
#include "nibdns/os/clock.h"
#include "nibsim/base/trace.h"
#include "nibsim/run.h"

static const char program[] = "nibsim";
enum { RUNS_UNLESS_TOLD = 100, SPEED_MS = 10000, HOURS_MAX = 100000 };

/* ---- options ---- */

/* `0.05`, `.05` or `5%` as parts of a million. */
static void take_part(const struct option_use *use)
{
    const char *end = use->text;
    int64_t ppm = option_decimal(&end);
    if (*end == '%') {
        ppm = ppm < 0 ? ppm : ppm / 100;
        end++;
    }
    if (ppm < 0 || *end != '\0' || ppm > 1000000)
        option_wrong(use, "is no part of all; give one, such as 0.05 or 5%%");
    memcpy(use->field, &ppm, sizeof ppm);
}

static void take_hours(const struct option_use *use)
{
    struct sim_options *o = use->settings;
    const char *end = use->text;
    o->length_s = option_decimal(&end) * 3600 / 1000000;
    if (o->length_s < 1 || *end != '\0' || o->length_s > (int64_t)HOURS_MAX * 3600)
        option_wrong(use, "is no number of hours up to %d; give one, such as 24 or 0.5", HOURS_MAX);
}

static void take_delay(const struct option_use *use)
{
    struct sim_options *o = use->settings;
    char min[16] = "";
    const char *dash = strchr(use->text, '-');
    if (dash != NULL && (size_t)(dash - use->text) < sizeof min)
        memcpy(min, use->text, (size_t)(dash - use->text));
    int64_t from = option_whole(min), to = dash == NULL ? -1 : option_whole(dash + 1);
    if (from < 0 || to < from || to > 60000)
        option_wrong(use, "is no range of milliseconds up to 60000; give one, such as 1-50");
    o->delay_min = from * 1000;
    o->delay_max = to * 1000;
}

static void print_promises(const struct option_use *use)
{
    (void)use;
    for (int i = 0; i < SIM_INVARIANT_COUNT; i++)
        printf("%s\n", sim_invariant_words((enum sim_invariant)i));
    exit(EXIT_SUCCESS);
}

#define PART(name, field, words)                                                                   \
    OPTION_ROW(0, name, "P", take_part, struct sim_options, field, 0, 0, words)

static const struct option_row which_runs[] = {
    OPTION_NUMBER(0, "seed", "N", struct sim_options, seed, 0, INT64_MAX,
        "the seed of the first run (1); each further run has the next one"),
    OPTION_NUMBER(0, "runs", "N", struct sim_options, runs, 0, 1000000000000,
        "how many runs (100; one for a capture or trace); 0: until SIGINT"),
    OPTION_TEXT(0, "write", "FILE.pcap", struct sim_options, write,
        "write what the local server sends and receives, as a capture"),
    OPTION_FLAG(0, "trace", struct sim_options, trace, "show all that happens, a line an event"),
    OPTION_CALL(0, "promises", NULL, print_promises, "list the promises that are checked"),
};

static const struct option_row what_they_are_like[] = {
    OPTION_NUMBER(
        0, "clients", "N", struct sim_options, clients, 1, SIM_CLIENTS, "clients, 1 to 40"),
    OPTION_CALL(0, "hours", "H", take_hours, "simulated hours a run"),
    PART("loss", loss, "datagrams lost: a part as in 0.05, or 5%"),
    PART("duplicate", duplicate, "datagrams that arrive twice"),
    PART("corrupt", corrupt, "datagrams damaged on the way"),
    OPTION_CALL(0, "delay", "MIN-MAX", take_delay, "milliseconds that a datagram is under way"),
    OPTION_FLAG(0, "spoof", struct sim_options, spoof,
        "somebody forges answers: guesses all of it, or knows all but the port and the letters"),
    OPTION_FLAG(0, "crash", struct sim_options, crash, "hosts stop, forget all, and come back"),
};

/* Keeps an option for the command that repeats a run. */
static void keep_option(const struct option_use *use)
{
    struct sim_options *o = use->settings;
    const struct option_row *end =
        what_they_are_like + sizeof what_they_are_like / sizeof what_they_are_like[0];
    size_t used = strlen(o->again);
    if (use->row >= what_they_are_like && use->row < end)
        (void)snprintf(o->again + used, sizeof o->again - used, " --%s%s%s", use->row->name,
            use->text == NULL ? "" : " ", use->text == NULL ? "" : use->text);
}

static const struct option_program command_line = {
    .name = program,
    .usage = "[options]",
    .about =
        "Runs clients, a local server and authoritative servers in one process, over a simulated\n"
        "network and clock, and checks after each step that they keep their promises. The same "
        "seed\n"
        "gives the same run on every machine.",
    .notes =
        "What is not given is drawn from the seed. Given one of --loss, --duplicate, --corrupt,\n"
        "--delay, --spoof and --crash, nothing else goes wrong but what is given.\n"
        "Status: 0 every promise kept, 1 a promise broken (said with the command that repeats "
        "it),\n"
        "2 wrong use.",
    .tables = {OPTION_ROWS(which_runs), OPTION_ROWS(what_they_are_like)},
    .seen = keep_option,
};

static void read_options(struct sim_options *o, int argc, char **argv)
{
    (void)options_read(&command_line, o, argc, argv);
    bool one = o->write != NULL || o->trace;
    if (o->runs < 0)
        o->runs = one ? 1 : RUNS_UNLESS_TOLD;
    if (o->write != NULL && o->runs != 1)
        usage_error(program, "--write takes one run; give --runs 1");
}

/* ---- the summary ---- */

#define U(number) (unsigned long long)(number)

/*
 * What an answer that fits costs a forger who knows so much, beside what it would cost if no socket
 * were closed before all guesses have come. The chance is in millionths.
 */
static void print_price(const char *known, uint64_t aimed, uint64_t fit, uint64_t chance)
{
    if (fit > 0 && chance > 0)
        printf("           %llu that know %s: %llu fit, one of %.1f; of open sockets one of %.1f\n",
            U(aimed), known, U(fit), (double)aimed / (double)fit,
            (double)aimed * 1e6 / (double)chance);
}

static void print_summary(const struct sim *sim, int64_t simulated_s)
{
    const struct sim_counts *c = &sim->counts;
    uint64_t runs = sim->runs;
    printf("seeds      %llu to %llu: %llu runs, %lld h %lld min simulated, every promise kept\n",
        U(sim->options.seed), U(sim->options.seed + runs - 1), U(runs),
        (long long)(simulated_s / 3600), (long long)(simulated_s / 60 % 60));
    printf("lookups    %llu: %llu found (%llu in the client's table), %llu not found, "
           "%llu server failure, %llu no answer, %llu cut off\n",
        U(c->lookups), U(c->found), U(c->from_table), U(c->not_found), U(c->failure),
        U(c->no_answer), U(c->cut_off));
    printf("local      %llu answers, %llu questions in %llu datagrams, %llu shared, %llu repeats, "
           "%llu times full, %llu records evicted\n",
        U(c->answers), U(c->fetches), U(c->upstream), U(c->shared), U(c->repeats), U(c->full),
        U(c->evicted));
    printf("datagrams  %llu: %llu lost (%llu to a full buffer), %llu duplicated, %llu damaged "
           "(%llu seen by the checksum), %llu slow, %llu refused, %llu late\n",
        U(c->datagrams), U(c->lost), U(c->overflown), U(c->duplicated), U(c->corrupted),
        U(c->caught), U(c->slow), U(c->refused), U(c->late));
    printf("attacker   %llu forged, %llu guessed right in all and taken back\n", U(c->spoofed),
        U(c->withdrawn));
    print_price("all but the port", c->aimed_plain, c->fit_plain, c->expected_plain);
    print_price("all but port and letters", c->aimed_mixed, c->fit_mixed, c->expected_mixed);
    printf("hosts      %llu stops, %llu pauses, %llu links cut, %llu reloads, %llu delegations "
           "changed, "
           "%llu times no socket or way\n",
        U(c->crashes), U(c->pauses), U(c->cuts), U(c->reloads), U(c->delegations), U(c->no_socket));
    printf("digest     %016llx of %llu events, tables checked %llu times\n", U(sim->digest),
        U(c->events), U(c->checks));
}

/* A handler has nowhere else to leave its word. */
static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void take_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = stop;
    action.sa_flags = SA_RESTART;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

static void print_speed(struct sim *sim, nib_ms took_ms)
{
    nib_progress_wipe(&sim->progress);
    fprintf(stderr, "%s: %llu runs, %llu events in %lld.%03lld s, %llu events a second\n", program,
        U(sim->runs), U(sim->counts.events), (long long)(took_ms / 1000),
        (long long)(took_ms % 1000), U(sim->counts.events * 1000 / (uint64_t)(took_ms + 1)));
}

int main(int argc, char **argv)
{
    static struct sim sim = {.options = {.seed = 1,
                                 .runs = -1,
                                 .clients = -1,
                                 .length_s = -1,
                                 .loss = -1,
                                 .duplicate = -1,
                                 .corrupt = -1,
                                 .delay_min = -1,
                                 .delay_max = -1}};
    keep_standard_streams();
    read_options(&sim.options, argc, argv);
    sim_trace_start(&sim);
    nib_ms began = nib_clock_ms(), said = began;
    int64_t simulated_s = 0;
    uint64_t most = (uint64_t)sim.options.runs;
    take_signals();
    if (!sim.options.trace && most > 0)
        nib_progress_begin(&sim.progress, program, most * 1000);
    while ((most == 0 || sim.runs < most) && !stopped) {
        sim_run(&sim, sim.options.seed + sim.runs);
        sim.runs++;
        simulated_s += sim.mix.length / 1000000;
        if (nib_clock_ms() - said >= SPEED_MS) {
            said = nib_clock_ms();
            print_speed(&sim, said - began);
        }
    }
    sim_trace_end(&sim);
    nib_progress_wipe(&sim.progress);
    print_summary(&sim, simulated_s);
    if (said != began || isatty(STDERR_FILENO)) /* what a script sees is the same for a seed */
        print_speed(&sim, nib_clock_ms() - began);
    return end_output(program, EXIT_SUCCESS);
}
