/*
 * Layer 7: what an answer was worth.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_VERDICT
#define NIBDNS_PROGRAMS_BENCH_VERDICT

#define BENCH_VERDICTS(X)                                                                          \
    X(BENCH_FOUND, "found", "found")                                                               \
    X(BENCH_NOT_FOUND, "not_found", "record not found")                                            \
    X(BENCH_FAILURE, "server_failure", "server failure")                                           \
    X(BENCH_MALFORMED, "wrong_malformed", "WRONG: malformed")                                      \
    X(BENCH_QUERY, "wrong_question", "WRONG: another question or answer type")                     \
    X(BENCH_RESULT, "wrong_result", "WRONG: another result than expected")

/* From BENCH_MALFORMED on they are wrong answers, and no answers a second are made of them. */
enum bench_verdict {
#define X(symbol, key, words) symbol,
    BENCH_VERDICTS(X)
#undef X
        BENCH_VERDICT_COUNT
};

#endif
