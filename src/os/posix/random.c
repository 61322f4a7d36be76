#define _DEFAULT_SOURCE
#include "nibdns/os/random.h"

#include <unistd.h>

#include "nibdns/os/clock.h"

uint64_t nib_random_u64(void)
{
    uint64_t value;
    if (getentropy(&value, sizeof value) != 0)
        value = ((uint64_t)nib_clock_wall_us() << 20) ^ ((uint64_t)nib_clock_ms() << 7) ^
                (uint64_t)getpid();
    return value;
}
