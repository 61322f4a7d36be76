#define _DEFAULT_SOURCE
#include "nibdns/os/clock.h"
#include "server_private.h"

/*
 * The table is printed once for each request that was finished; its text is made once a turn. The
 * text of a large table takes its time, so it is made in pieces, with the service's lock free
 * between them, and long texts never take more than about half of a worker's time: those that would
 * are dropped, and counted.
 */
enum {
    ROWS = 256,               /* made at a time */
    SHORT = 1 << 16,          /* octets of a text that is made as often as it is wanted */
    OCTETS_A_TURN = 16 << 20, /* of repeated texts */
};

/* The text of the table as it stands. 0: it did not fit. */
static size_t make_text(struct nib_worker *worker)
{
    const struct nib_server_config *config = &worker->server->config;
    struct nib_writer w = nib_writer_init((uint8_t *)worker->table_text, config->table_cap);
    struct nib_table_print print;
    nib_ms now = worker_enter(worker);
    nib_table_print_begin(&print, worker->server->service.table, config->form, now);
    while (nib_table_print_some(&print, &w, ROWS)) {
        worker_leave(worker);
        (void)worker_enter(worker);
    }
    worker_leave(worker);
    return nib_writer_done(&w);
}

void print_tables(struct nib_worker *worker)
{
    struct nib_queue *tables = worker->server->tables;
    uint64_t n = worker->unprinted;
    worker->unprinted = 0;
    if (tables == NULL || n == 0)
        return;
    int64_t begun = nib_clock_us();
    if (begun < worker->print_after_us) {
        nib_queue_drop(tables, n);
        return;
    }
    size_t len = make_text(worker);
    uint64_t most = len == 0 ? 0 : OCTETS_A_TURN / len + 1;
    uint64_t fit = n < most ? n : most;
    nib_queue_repeat(tables, worker->table_text, len, fit);
    nib_queue_drop(tables, n - fit);
    int64_t end = nib_clock_us();
    if (len > SHORT)
        worker->print_after_us = end + (end - begun);
}
