/*
 * Layer 5: work that takes long and may wait.
 */
#ifndef NIBDNS_OS_BACKGROUND_H
#define NIBDNS_OS_BACKGROUND_H

/*
 * Does the work and returns when it is done. Where the system has threads of low priority, one of
 * them does it: it takes a core from nobody who wakes meanwhile. No lock may be held, or taken by
 * the work, that others wait for: they would wait for the core, too.
 */
void nib_background_do(void (*work)(void *ctx), void *ctx);

#endif
