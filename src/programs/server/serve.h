/*
 * Layer 7: what the two servers' mains share: their common options, their records and reload.
 */
#ifndef NIBDNS_PROGRAMS_SERVE_H
#define NIBDNS_PROGRAMS_SERVE_H

#include "common/options.h"
#include "nibdns/os/server.h"
#include "nibdns/os/zonefile.h"

enum { RECORDS_FILES_MAX = 64 };

struct serve {
    struct nib_server_config config;
    const char *builtin; /* records when no file is given */
    const char *records[RECORDS_FILES_MAX];
    size_t n_records;
    uint32_t ttl_s;
    bool check;
    uint16_t default_port;
    uint64_t seed;
    struct nib_server *server; /* NULL until it runs */
    struct nib_table table;
    struct nib_zonefile zonefiles[2]; /* the one in use, and one to read the next into */
    int current;
    /* whether records may be used at all; complains when not. NULL: any may. */
    bool (*accept)(
        struct serve *serve, const struct nib_zone *zone, const struct nib_complaints *complaints);
};

/*
 * The options of both servers, behind their own. The settings are a struct that begins with a
 * struct serve.
 */
extern const struct option_table serve_rows;

/* Reads the value of --listen. */
option_take serve_take_listen;

/* What --help says below the options. */
#define SERVE_NOTES                                                                                \
    "The table goes to standard output after each answer, messages to standard error.\n"           \
    "SIGHUP reads the records again, SIGUSR1 says the counters, SIGINT and SIGTERM end.\n"         \
    "Status: 0 ended by a signal (or nothing to complain of with --check), 2 wrong use."

/* Reads the command line; with no --listen, 127.0.0.1 and the usual port are listened at. */
void serve_options(
    struct serve *serve, const struct option_program *command_line, int argc, char **argv);

/* Reads the records into the table. Ends the program when they have faults, and after --check. */
void serve_read_records(struct serve *serve);

/* Space for the text of a table, and for tables that wait for a slow reader: a burst of small ones.
 */
void serve_size_tables(struct serve *serve, uint32_t max_dynamic);

/* Reads the records again. False: there is a fault, the old ones stay. */
bool serve_reload(struct serve *serve);

#endif
