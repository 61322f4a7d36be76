#define _GNU_SOURCE
#include "nibbench/base/common_options.h"

#include <sched.h>

static void stay_on_cpu(const struct option_use *use)
{
    cpu_set_t set;
    int64_t cpu = option_whole(use->text);
    CPU_ZERO(&set);
    if (cpu >= 0 && cpu < CPU_SETSIZE)
        CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        option_wrong(use, "is no core to run on; `nproc` says how many there are, from 0");
}

static const struct option_row rows[] = {
    OPTION_CALL(0, "cpu", "N", stay_on_cpu, "stay on that core"),
    OPTION_FLAG(0, "json", struct bench_common, json, "one JSON object"),
};

const struct option_table bench_common_rows = OPTION_TABLE(rows);
