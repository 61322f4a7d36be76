#include "nibbench/load/histogram.h"

#include <stddef.h>

enum { FULL = 2 * BENCH_SUB };

/* Below FULL a step is a nanosecond; above, each power of two has BENCH_SUB steps. */
static size_t step_of(uint64_t ns)
{
    unsigned power = 0;
    while (ns >> power >= FULL)
        power++;
    return (size_t)power * BENCH_SUB + (size_t)(ns >> power);
}

/* The highest value of a step. */
static uint64_t top_of(size_t step)
{
    size_t power = step < FULL ? 0 : step / BENCH_SUB - 1;
    uint64_t base = step - power * BENCH_SUB;
    return ((base + 1) << power) - 1;
}

void bench_histogram_add(struct bench_histogram *h, int64_t ns)
{
    uint64_t value = ns < 0 ? 0 : (uint64_t)ns;
    size_t step = step_of(value), last = sizeof h->counts / sizeof h->counts[0] - 1;
    h->counts[step < last ? step : last]++;
    h->n++;
    h->late += value > BENCH_LATE_NS;
    if (value > h->max)
        h->max = value;
}

double bench_histogram_us(const struct bench_histogram *h, double share)
{
    uint64_t before = 0;
    for (size_t i = 0; i < sizeof h->counts / sizeof h->counts[0]; i++) {
        before += h->counts[i];
        if (h->n > 0 && (double)before >= share * (double)h->n) {
            uint64_t top = top_of(i);
            return (double)(top < h->max ? top : h->max) / 1000;
        }
    }
    return 0;
}
