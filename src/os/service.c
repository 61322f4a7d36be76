#define _DEFAULT_SOURCE
#include <stdarg.h>
#include <stdio.h>

#include "nibdns/message.h"
#include "server_private.h"

void nib_server_say(struct nib_server *server, enum nib_log_level level, const char *format, ...)
{
    char line[SAY_MAX];
    va_list args;
    size_t len = (size_t)snprintf(line, sizeof line, "%s", nib_log_prefix(level));
    va_start(args, format);
    int n = vsnprintf(line + len, sizeof line - 1 - len, format, args);
    va_end(args);
    if (n < 0)
        return;
    len = (size_t)n < sizeof line - 1 - len ? len + (size_t)n : sizeof line - 2;
    line[len++] = '\n';
    (void)nib_queue_write(server->messages, line, len);
}

/* ---- the lock ---- */

/* Where one service serves several workers, none takes it back to an earlier time. */
nib_ms worker_enter(struct nib_worker *worker)
{
    struct nib_server *server = worker->server;
    (void)pthread_mutex_lock(worker->lock);
    if (!server->service.shared)
        return worker->now;
    if (worker->now > server->latest)
        server->latest = worker->now;
    return server->latest;
}

void worker_leave(struct nib_worker *worker)
{
    (void)pthread_mutex_unlock(worker->lock);
}

/* ---- what is seen of it ---- */

static void describe(const uint8_t *octets, size_t len, char line[NIB_DNS_LINE_MAX])
{
    struct nib_message m;
    struct nib_dns_message dns;
    size_t bad;
    if (nib_message_decode(&m, octets, len, &bad) == NIB_OK)
        (void)nib_message_line(&m, line);
    else if (nib_dns_decode(&dns, octets, len) == NIB_DNS_OK)
        (void)nib_dns_line(&dns, line);
    else
        memcpy(line, "(no message)", sizeof "(no message)");
}

static void trace(struct nib_worker *worker, bool came, const struct nib_addr *peer,
    const uint8_t *octets, size_t len, const struct nib_decision *decision)
{
    char addr[NIB_ADDR_TEXT_MAX], line[NIB_DNS_LINE_MAX], words[NIB_DECISION_TEXT_MAX];
    _Static_assert((int)NIB_LINE_MAX <= (int)NIB_DNS_LINE_MAX, "room for either");
    (void)nib_addr_format(peer, addr);
    describe(octets, len, line);
    (void)nib_decision_text(decision, words);
    nib_server_say(worker->server, NIB_LOG_INFO, "[Trace] %s %s  %s: %s", came ? "<-" : "->", addr,
        line, words);
}

void worker_tell(struct nib_worker *worker, bool came, const struct nib_addr *peer,
    const uint8_t *octets, size_t len, const struct nib_decision *decision)
{
    if (worker->server->config.trace)
        trace(worker, came, peer, octets, len, decision);
}

/* The signals are the first worker's alone. */
int start_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(thread, NULL, run, arg);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}
