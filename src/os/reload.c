#define _DEFAULT_SOURCE
#include <stdio.h>
#include <string.h>

#include "nibdns/os/clock.h"
#include "server_private.h"

enum { AGAIN_MS = 1000 }; /* after a thread that could not be started */

/* The manager hears of the service when it listens, and when it has new records or kept the old. */
void reload_say_ready(struct nib_server *server, bool kept)
{
    char address[NIB_ADDR_TEXT_MAX], more[32] = "", status[NIB_ADDR_TEXT_MAX + 128];
    if (server->config.n_listen > 1)
        (void)snprintf(more, sizeof more, " and %zu more", server->config.n_listen - 1);
    (void)nib_addr_format(&server->config.listen[0], address);
    (void)snprintf(status, sizeof status, "Listening on %s%s%s", address, more,
        kept ? "; the last reload failed, the old records stay" : "");
    nib_notify_ready(server->notify, status);
}

/* ---- on a thread of its own, so that reading a million records stops nobody ---- */

static bool take_reload(struct nib_server *server)
{
    (void)pthread_mutex_lock(&server->reload_lock);
    bool wanted = server->reload_wanted;
    server->reload_wanted = false;
    server->reload_runs = wanted;
    (void)pthread_mutex_unlock(&server->reload_lock);
    return wanted;
}

static void *run_reload(void *arg)
{
    struct nib_server *server = arg;
    while (take_reload(server)) {
        nib_notify_reloading(server->notify);
        bool fresh = server->service.reload(server->service.ctx);
        reload_say_ready(server, !fresh);
    }
    return NULL;
}

void reload_want(struct nib_server *server)
{
    (void)pthread_mutex_lock(&server->reload_lock);
    server->reload_wanted = true;
    (void)pthread_mutex_unlock(&server->reload_lock);
    server->reload_due = 0;
    server->reload_said = false;
}

/* Only the first worker's thread wants and starts, so nothing is wanted behind its back. */
void reload_tick(struct nib_server *server, nib_ms now)
{
    if (now < server->reload_due)
        return;
    (void)pthread_mutex_lock(&server->reload_lock);
    bool start = server->reload_wanted && !server->reload_runs;
    server->reload_runs = server->reload_runs || start;
    (void)pthread_mutex_unlock(&server->reload_lock);
    server->reload_due = NIB_NEVER;
    pthread_t thread;
    int error = start ? start_thread(&thread, run_reload, server) : 0;
    if (start && error == 0)
        error = pthread_detach(thread);
    if (error == 0)
        return;
    (void)pthread_mutex_lock(&server->reload_lock);
    server->reload_runs = false;
    (void)pthread_mutex_unlock(&server->reload_lock);
    server->reload_due = now + AGAIN_MS;
    if (!server->reload_said)
        nib_server_say(server, NIB_LOG_WARNING,
            "%s: no thread to read the records again: %s; tried again until there is one",
            server->config.program, strerror(error));
    server->reload_said = true;
}
