#include "nibsim/base/invariants.h"

const char *sim_invariant_words(enum sim_invariant invariant)
{
    static const char *const words[] = {
#define X(symbol, text) text,
        SIM_INVARIANTS(X)
#undef X
    };
    return invariant < SIM_INVARIANT_COUNT ? words[invariant] : "";
}
