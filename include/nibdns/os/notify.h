/*
 * Layer 5: what a service manager wants to hear, in systemd's words (sd_notify(3), sd-daemon(3)):
 * that the service is ready, reads its records again, ends, and is still alive; and the level of
 * each message, where standard error is the journal. Nothing here blocks, and nothing is an error:
 * what the manager does not take is lost, but for the last word, which is said again. Any thread
 * may call.
 */
#ifndef NIBDNS_OS_NOTIFY_H
#define NIBDNS_OS_NOTIFY_H

#include "nibdns/base.h"

struct nib_notify;

/*
 * The manager named by NOTIFY_SOCKET (a path, or an abstract name behind @) and the watchdog of
 * WATCHDOG_USEC and WATCHDOG_PID. NULL, which every call below takes and then does nothing, where
 * nobody wants to hear.
 */
struct nib_notify *nib_notify_open(void);
void nib_notify_close(struct nib_notify *notify);

/* The service answers, from the start or again; status is one line for people. */
void nib_notify_ready(struct nib_notify *notify, const char *status);
void nib_notify_reloading(struct nib_notify *notify);
void nib_notify_stopping(struct nib_notify *notify);

/* Says that the service is alive, at half of the watchdog's time, and what could not be said. */
void nib_notify_tick(struct nib_notify *notify, nib_ms now);

/* When the next tick is due, or NIB_NEVER. */
nib_ms nib_notify_deadline(struct nib_notify *notify);

/* The journal's levels, which are syslog's. */
enum nib_log_level { NIB_LOG_ERROR = 3, NIB_LOG_WARNING = 4, NIB_LOG_INFO = 6 };

/* What a line of that level begins with: `<3>` where standard error is the journal, else nothing.
 */
const char *nib_log_prefix(enum nib_log_level level);

#endif
