/*
 * Layer 7: what nibsim checks, and what it counts.
 */
#ifndef NIBDNS_PROGRAMS_SIM_INVARIANTS_H
#define NIBDNS_PROGRAMS_SIM_INVARIANTS_H

#include "nibdns/base.h"

/* Promises: symbol, words with the rules of proto/protocol.md that they come from. */
#define SIM_INVARIANTS(X)                                                                          \
    X(SIM_TRUE, "an answer is the true one or an honest failure (8.2 to 8.7)")                     \
    X(SIM_HONEST, "a failure has a reason (8.5)")                                                  \
    X(SIM_DEADLINE, "every lookup ends by its deadline (9.1, 9.2)")                                \
    X(SIM_LEARNT, "a table holds only what an authority said (7.10)")                              \
    X(SIM_STORED, "a table keeps an answer that it has no record for (7.10)")                      \
    X(SIM_TTL, "a TTL loses one each second, and at 0 the record is gone (7.4, 7.5)")              \
    X(SIM_STATIC, "static records stay and are not shadowed (7.3)")                                \
    X(SIM_NUMBERS, "record numbers go up by one and are never used again (7.1)")                   \
    X(SIM_BOUNDS, "tables keep to their limits and their memory (7.8, 8.13)")                      \
    X(SIM_ONCE, "a query gets one answer at most, and the right one (6.4, 8.12, 8.14)")            \
    X(SIM_SILENT, "nobody answers a response or a malformed message (6.2, 6.3)")                   \
    X(SIM_LIMIT, "32 datagrams upstream at most go into a request (8.6)")                          \
    X(SIM_SHARED, "a shared fetch goes out once (8.11)")                                           \
    X(SIM_IDS, "IDs go up by one per new fetch, a retry keeps its own (8.10, 9.3)")                \
    X(SIM_ASKED, "a fetch goes to a server of its domain, never to oneself (8.4, 8.9, 8.22)")      \
    X(SIM_PREFERRED, "a server that lately did not answer comes behind one that did (8.8)")        \
    X(SIM_PACE, "tries keep to their number and their pace (9.1, 9.2)")                            \
    X(SIM_LETTERS, "letters are of random case, and new ones when a fetch begins anew (8.28)")     \
    X(SIM_ANEW, "after 16 wrong responses a fetch begins anew, 3 times at most (8.29, 8.31)")      \
    X(SIM_TWICE, "a short name's answer is believed when it comes twice (8.30)")                   \
    X(SIM_COUNTERS, "the counters add up")                                                         \
    X(SIM_QUIET, "when all is quiet nothing is pending and every socket is closed")                \
    X(SIM_ENDS, "every step ends")

enum sim_invariant {
#define X(symbol, words) symbol,
    SIM_INVARIANTS(X)
#undef X
        SIM_INVARIANT_COUNT /* and none of them */
};

// clang-format off
#define SIM_COUNTS(X) \
    X(lookups) X(found) X(from_table) X(not_found) X(failure) X(no_answer) X(cut_off) \
    X(datagrams) X(lost) \
    X(duplicated) X(corrupted) X(caught) X(slow) X(no_socket) X(refused) X(spoofed) \
    X(aimed_plain) X(aimed_mixed) X(fit_plain) X(fit_mixed) X(expected_plain) X(expected_mixed) \
    X(withdrawn) X(crashes) X(pauses) X(cuts) X(reloads) \
    X(delegations) X(late) X(overflown) X(fetches) \
    X(upstream) X(shared) X(repeats) X(evicted) X(full) X(answers) X(events) X(checks)
// clang-format on

struct sim_counts {
#define X(name) uint64_t name;
    SIM_COUNTS(X)
#undef X
};

/* Its words; none of SIM_INVARIANT_COUNT. */
const char *sim_invariant_words(enum sim_invariant invariant);

#endif
