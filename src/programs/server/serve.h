/*
 * Layer 7: what the two servers' mains share: their common options, their records and reload.
 */
#ifndef NIBDNS_PROGRAMS_SERVE_H
#define NIBDNS_PROGRAMS_SERVE_H

#include <getopt.h>

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

/* The common options, for a getopt_long array; the program's own go before them. */
#define SERVE_OPTIONS                                                                              \
    {"listen", required_argument, NULL, 'l'}, {"records", required_argument, NULL, 'r'},           \
        {"ttl", required_argument, NULL, 't'}, {"quiet", no_argument, NULL, 'q'},                  \
        {"write", required_argument, NULL, 'w'}, {"check", no_argument, NULL, 'c'},                \
        {"workers", required_argument, NULL, 'n'}, {"pretty", no_argument, NULL, 'p'},             \
        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'},                     \
    {                                                                                              \
        NULL, 0, NULL, 0                                                                           \
    }
#define SERVE_SHORT ":l:r:t:qw:chV"

/* Takes one option that is not the program's own. */
void serve_option(struct serve *serve, int option, const char *argument, const char *help);

/* After the options: nothing may follow; with no --listen, 127.0.0.1 and the usual port. */
void serve_options_done(struct serve *serve, int argc, char **argv);

/* Reads the records into the table. Ends the program when they have faults, and after --check. */
void serve_read_records(struct serve *serve);

/* Room for tables that wait for a slow reader: several small ones, or one as large as can be. */
size_t serve_table_cap(const struct serve *serve, uint32_t max_dynamic);

/* Reads the records again; the old ones stay when there is a fault. */
void serve_reload(struct serve *serve);

#endif
