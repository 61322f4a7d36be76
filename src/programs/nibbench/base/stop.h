/*
 * Layer 7: ending early.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_STOP
#define NIBDNS_PROGRAMS_BENCH_STOP

#include <signal.h>

/* SIGINT and SIGTERM set the flag and interrupt what waits. */
const volatile sig_atomic_t *bench_stop_on_signals(void);

#endif
