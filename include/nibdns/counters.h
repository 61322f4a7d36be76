/*
 * Layer 1: what a program counted, as text: one `name: value` a line. Each program has one X-macro
 * list of its counters; enum and names come from it. The datagrams that broke a rule are counted by
 * rule.
 */
#ifndef NIBDNS_COUNTERS_H
#define NIBDNS_COUNTERS_H

#include "nibdns/cursor.h"

/*
 * `name: value` and a newline for each of n counters that is not 0; received, answered and waiting
 * stand always.
 */
void nib_counters_text(
    struct nib_writer *w, const char *const *names, const uint64_t *values, size_t n);

/* `malformed_NIB-2.1: value` for each rule that was broken; by_rule has NIB_ERR_COUNT values. */
void nib_counters_rules_text(struct nib_writer *w, const uint64_t *by_rule);

#endif
