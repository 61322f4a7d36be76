/*
 * Layer 5: unpredictable numbers, for the seeds of hash tables.
 */
#ifndef NIBDNS_OS_RANDOM_H
#define NIBDNS_OS_RANDOM_H

#include <stdint.h>

/* 64 bits from the system; where it has none to give, from the clocks and the process id. */
uint64_t nib_random_u64(void);

#endif
