/*
 * Layer 5: giving up what a server does not need once it has started: new privileges (by executing
 * a file that has them) and, where the system knows how, every system call but those that serving,
 * reloading and writing take. A call that is not on the list fails with EPERM, whoever gets the
 * process to try it.
 */
#ifndef NIBDNS_OS_SANDBOX_H
#define NIBDNS_OS_SANDBOX_H

#include <stdbool.h>

/* Files open for writing and sockets must be there already. False: this system has no such filter.
 */
bool nib_sandbox_enter(void);

#endif
