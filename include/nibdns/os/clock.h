/*
 * Layer 5: the two clocks. Logic lives on the monotonic one; the wall clock only dates captures.
 */
#ifndef NIBDNS_OS_CLOCK_H
#define NIBDNS_OS_CLOCK_H

#include "nibdns/base.h"

/*
 * Milliseconds on a clock that no change of the wall clock moves, and that goes on while the
 * machine sleeps, where the system has one that does.
 */
nib_ms nib_clock_ms(void);

/* The same clock in microseconds, for measuring. */
int64_t nib_clock_us(void);

/* Microseconds since 1970 on the wall clock. */
int64_t nib_clock_wall_us(void);

#endif
