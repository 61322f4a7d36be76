#include "nibgate/bridge.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/address.h"
#include "nibdns/os/memory.h"
#include "nibdns/os/random.h"

enum { FETCHES = 4096, QUERIES = 4 * FETCHES }; /* under way; waiting */

void bridge_take_listen(const struct option_use *use)
{
    struct bridge *bridge = use->settings;
    struct nib_server_config *config = &bridge->config;
    if (config->n_listen == NIB_LISTEN_MAX)
        option_wrong(use, "is one too many; give %d at most", NIB_LISTEN_MAX);
    const char *why = address_parse(use->text, bridge->port, &config->listen[config->n_listen]);
    if (why != NULL)
        option_wrong(use, "%s", why);
    config->n_listen++;
}

static const struct option_row rows[] = {
    OPTION_NUMBER(0, "tries", "N", struct bridge, tries, 1, 16, "how often it is asked (3)"),
    OPTION_FLAG('q', "quiet", struct bridge, quiet, "print no tables (a bridge has none)"),
    OPTION_TEXT('w', "write", "FILE.pcap", struct bridge, config.write,
        "write a capture of the traffic over UDP"),
    OPTION_FLAG(0, "trace", struct bridge, config.trace,
        "a line for each message: what was decided about it"),
    OPTION_FLAG('c', "check", struct bridge, check, "say what would be done, end"),
};

const struct option_table bridge_rows = OPTION_TABLE(rows);

void bridge_options_done(struct bridge *bridge)
{
    struct nib_server_config *config = &bridge->config;
    char listens[NIB_ADDR_TEXT_MAX], asks[NIB_ADDR_TEXT_MAX];
    if (config->n_listen == 0)
        config->listen[config->n_listen++] =
            (struct nib_addr){.ip = {127, 0, 0, 1}, .port = bridge->port, .family = 4};
    if (!bridge->check)
        return;
    (void)nib_addr_format(&config->listen[0], listens);
    (void)nib_addr_format(&bridge->asked, asks);
    fprintf(stderr, "%s: listens at %s%s and asks %s, no fault\n", config->program, listens,
        config->n_listen > 1 ? " and others" : "", asks);
    exit(EXIT_SUCCESS);
}

int bridge_run(struct bridge *bridge, const struct nib_service *service)
{
    struct nib_server_config *config = &bridge->config;
    void *memory = nib_memory_map(nib_gate_table_bytes(FETCHES, QUERIES));
    if (memory == NULL)
        usage_error(config->program, "not enough memory");
    nib_gate_table_init(&bridge->table, memory, FETCHES, QUERIES, nib_random_u64());
    config->workers = 1;
    config->quiet = true;
    config->streams = true;
    config->max_slots = FETCHES;
    config->outputs_max = nib_gate_outputs_max(FETCHES, QUERIES, NIB_BATCH);
    bridge->server = nib_server_open(config);
    return bridge->server == NULL ? NIB_EXIT_USAGE : nib_server_run(bridge->server, service);
}
