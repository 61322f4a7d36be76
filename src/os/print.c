#define _DEFAULT_SOURCE
#include "server_private.h"

/*
 * The table is printed once for each request that was finished. Its text is made once for all that
 * were finished when it is begun, in pieces: between them the service's lock is free, and between
 * turns the worker reads what has come, so a table of any size keeps nobody waiting.
 */
enum {
    ROWS = 256,  /* made inside the lock */
    PIECES = 16, /* made in a turn, about a quarter of a millisecond */
};

bool print_is_due(const struct nib_worker *worker)
{
    return worker->printing > 0 || worker->unprinted > 0;
}

/* A piece of the text; a whole one is handed over. One that does not fit is dropped there. */
static void print_piece(struct nib_worker *worker)
{
    struct nib_server *server = worker->server;
    struct nib_table_print *print = &worker->print;
    nib_ms now = worker_enter(worker);
    if (worker->printing == 0) {
        worker->text = nib_writer_init((uint8_t *)worker->text_memory, server->config.text_cap);
        nib_table_print_begin(print, server->service.table, server->config.form, now);
        worker->printing = worker->unprinted;
        worker->unprinted = 0;
    }
    bool more = nib_table_print_some(print, &worker->text, ROWS);
    worker_leave(worker);
    if (more)
        return;
    nib_queue_repeat(
        server->tables, worker->text_memory, nib_writer_done(&worker->text), worker->printing);
    worker->printing = 0;
}

void print_tables(struct nib_worker *worker)
{
    if (worker->server->tables == NULL)
        worker->unprinted = 0;
    for (int i = 0; i < PIECES && print_is_due(worker); i++)
        print_piece(worker);
}

void print_all_tables(struct nib_worker *worker)
{
    do
        print_tables(worker);
    while (print_is_due(worker));
}
