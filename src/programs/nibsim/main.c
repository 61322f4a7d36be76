/*
 * nibsim: the logic of all programs over a simulated network and clock, under every kind of trouble
 * that the seed brings, with the promises checked after each step.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/options.h"
#include "nibdns/os/clock.h"
#include "nibsim/base/sim.h"

static const char program[] = "nibsim";
static const char help[] =
    "Usage: nibsim [options]\n"
    "Runs clients, a local server and authoritative servers in one process, over a simulated\n"
    "network and clock, and checks after each step that they keep their promises. The same seed\n"
    "gives the same run on every machine.\n"
    "\n"
    "      --seed N          the seed of the first run (1); each further run has the next one\n"
    "      --runs N          how many runs (100; one for a capture or trace); 0: until SIGINT\n"
    "      --clients N       clients, 1 to 40\n"
    "      --hours H         simulated hours a run\n"
    "      --loss P          datagrams lost: a part as in 0.05, or 5%\n"
    "      --duplicate P     datagrams that arrive twice\n"
    "      --corrupt P       datagrams damaged on the way\n"
    "      --delay MIN-MAX   milliseconds that a datagram is under way\n"
    "      --spoof           somebody sends answers with guessed IDs, ports and addresses\n"
    "      --crash           hosts stop, forget all, and come back\n"
    "      --write FILE.pcap write what the local server sends and receives, as a capture\n"
    "      --trace           show all that happens, a line an event\n"
    "      --promises        list the promises that are checked\n"
    "  -h, --help            this text\n"
    "  -V, --version         the version\n"
    "\n"
    "What is not given is drawn from the seed. Given one of --loss, --duplicate, --corrupt,\n"
    "--delay, --spoof and --crash, nothing else goes wrong but what is given.\n"
    "Status: 0 every promise kept, 1 a promise broken (said with the command that repeats it),\n"
    "2 wrong use.\n";

enum {
    SEED = 256,
    RUNS,
    WRITE,
    TRACE,
    PROMISES,
    CLIENTS,
    HOURS,
    LOSS,
    DUPLICATE,
    CORRUPT,
    DELAY,
    SPOOF,
    CRASH,
    RUNS_UNLESS_TOLD = 100,
    SPEED_MS = 10000,
};

/* ---- options ---- */

/* `7`, `0.05` or `.05` in millionths, without floating point; -1 without a digit. */
static int64_t take_decimal(const char **at)
{
    int64_t whole = 0, part = 0, unit = 1000000;
    size_t digits = 0;
    for (; **at >= '0' && **at <= '9' && whole <= 1000000; (*at)++, digits++)
        whole = whole * 10 + (**at - '0');
    if (**at == '.')
        for ((*at)++; **at >= '0' && **at <= '9'; (*at)++, digits++) {
            unit /= 10;
            part += (**at - '0') * unit;
        }
    return digits == 0 ? -1 : whole * 1000000 + part;
}

/* `0.05`, `.05` or `5%` as parts of a million. */
static int64_t option_part(const char *option, const char *text)
{
    int64_t ppm = take_decimal(&text);
    if (*text == '%') {
        ppm = ppm < 0 ? ppm : ppm / 100;
        text++;
    }
    if (ppm < 0 || *text != '\0' || ppm > 1000000)
        usage_error(program, "%s takes a part, as in 0.05 or 5%%", option);
    return ppm;
}

static int64_t option_hours(const char *text)
{
    int64_t seconds = take_decimal(&text) * 3600 / 1000000;
    if (seconds < 1 || *text != '\0' || seconds > (int64_t)100000 * 3600)
        usage_error(program, "--hours takes a number of hours up to 100000, as in 24 or 0.5");
    return seconds;
}

static void option_delay(struct sim_options *o, const char *text)
{
    char min[16];
    const char *dash = strchr(text, '-');
    if (dash == NULL || dash == text || (size_t)(dash - text) >= sizeof min)
        usage_error(program, "--delay takes milliseconds, as in 1-50");
    memcpy(min, text, (size_t)(dash - text));
    min[dash - text] = '\0';
    o->delay_min = (int64_t)option_number(program, "--delay", min, 0, 60000) * 1000;
    o->delay_max = (int64_t)option_number(program, "--delay", dash + 1, 0, 60000) * 1000;
    if (o->delay_min > o->delay_max)
        usage_error(program, "--delay: %s is the wrong way round", text);
}

_Noreturn static void print_promises(void)
{
    for (int i = 0; i < SIM_PROMISE_COUNT; i++)
        printf("%s\n", sim_promise_words((enum sim_promise)i));
    exit(EXIT_SUCCESS);
}

/* What a run is like; false: another kind of option. */
static bool set_run_option(struct sim_options *o, int option, const char *argument)
{
    switch (option) {
    case CLIENTS:
        o->clients = (int64_t)option_number(program, "--clients", argument, 1, SIM_CLIENTS);
        return true;
    case HOURS:
        o->length_s = option_hours(argument);
        return true;
    case LOSS:
        o->loss = option_part("--loss", argument);
        return true;
    case DUPLICATE:
        o->duplicate = option_part("--duplicate", argument);
        return true;
    case CORRUPT:
        o->corrupt = option_part("--corrupt", argument);
        return true;
    case DELAY:
        option_delay(o, argument);
        return true;
    case SPOOF:
        o->spoof = true;
        return true;
    case CRASH:
        o->crash = true;
        return true;
    default:
        return false;
    }
}

static void set_option(struct sim_options *o, int option, const char *argument)
{
    switch (option) {
    case SEED:
        o->seed = option_number(program, "--seed", argument, 0, INT64_MAX);
        break;
    case RUNS:
        o->runs = (int64_t)option_number(program, "--runs", argument, 0, 1000000000000);
        break;
    case WRITE:
        o->write = argument;
        break;
    case TRACE:
        o->trace = true;
        break;
    case PROMISES:
        print_promises();
    case 'h':
        print_and_exit(help);
    case 'V':
        print_version(program);
    }
}

/* Keeps an option for the command that repeats a run. */
static void keep_option(struct sim_options *o, const char *name, const char *argument)
{
    size_t used = strlen(o->again);
    (void)snprintf(o->again + used, sizeof o->again - used, " --%s%s%s", name,
        argument == NULL ? "" : " ", argument == NULL ? "" : argument);
}

static void read_options(struct sim_options *o, int argc, char **argv)
{
    static const struct option options[] = {{"seed", required_argument, NULL, SEED},
        {"runs", required_argument, NULL, RUNS}, {"clients", required_argument, NULL, CLIENTS},
        {"hours", required_argument, NULL, HOURS}, {"loss", required_argument, NULL, LOSS},
        {"duplicate", required_argument, NULL, DUPLICATE},
        {"corrupt", required_argument, NULL, CORRUPT}, {"delay", required_argument, NULL, DELAY},
        {"spoof", no_argument, NULL, SPOOF}, {"crash", no_argument, NULL, CRASH},
        {"write", required_argument, NULL, WRITE}, {"trace", no_argument, NULL, TRACE},
        {"promises", no_argument, NULL, PROMISES}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
    int option;
    while ((option = option_next(program, argc, argv, ":hV", options)) != -1) {
        if (!set_run_option(o, option, optarg)) {
            set_option(o, option, optarg);
            continue;
        }
        for (size_t i = 0; options[i].name != NULL; i++)
            if (options[i].val == option)
                keep_option(o, options[i].name, optarg);
    }
    if (optind < argc)
        usage_error(program, "unexpected '%s': this program takes only options", argv[optind]);
    bool one = o->write != NULL || o->trace;
    if (o->runs < 0)
        o->runs = one ? 1 : RUNS_UNLESS_TOLD;
    if (o->write != NULL && o->runs != 1)
        usage_error(program, "--write takes one run: give --runs 1");
}

/* ---- the summary ---- */

#define U(number) (unsigned long long)(number)

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
    printf("hosts      %llu stops, %llu pauses, %llu links cut, %llu reloads, %llu times no "
           "socket or way\n",
        U(c->crashes), U(c->pauses), U(c->cuts), U(c->reloads), U(c->no_socket));
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
    return EXIT_SUCCESS;
}
