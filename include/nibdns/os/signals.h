/*
 * Layer 5: signals as flags. They are held back except while the event loop waits and looks at the
 * flags, so a signal is never lost between the two, and never interrupts anything else.
 */
#ifndef NIBDNS_OS_SIGNALS_H
#define NIBDNS_OS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "nibdns/base.h"

struct nib_signals {
    bool stop;     /* SIGINT, SIGTERM */
    bool reload;   /* SIGHUP */
    bool counters; /* SIGUSR1 */
};

/*
 * To be called first: SIGHUP and SIGUSR1 that come before nib_signals_init() end nothing and are
 * told later. SIGINT and SIGTERM still end the process.
 */
void nib_signals_hold(void);

/* Takes over SIGINT, SIGTERM, SIGHUP and SIGUSR1, ignores SIGPIPE. *waiting is the mask to wait
 * with. */
void nib_signals_init(sigset_t *waiting);

/*
 * What came since the last call. What came while no wait let it in is looked for once a millisecond
 * at most: asking the system costs.
 */
struct nib_signals nib_signals_take(nib_ms now);

#endif
