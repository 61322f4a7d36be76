#include <stdlib.h>

#include "nibdns/os/memory.h"
#include "nibpcap/base/status.h"
#include "nibpcap/rerun/rerun.h"

void rerun_open_table(struct rerun *rerun, struct nib_zone *zone, uint32_t records)
{
    rerun->cache_bytes = nib_cache_bytes(records);
    rerun->cache_memory = nib_memory_map(rerun->cache_bytes);
    if (rerun->cache_memory == NULL)
        exit(complain("no memory left"));
    nib_cache_init(&rerun->cache, rerun->cache_memory, records, 0);
    rerun->table = (struct nib_table){.cache = &rerun->cache};
    nib_table_set_zone(&rerun->table, zone);
}

void rerun_close_table(struct rerun *rerun)
{
    nib_memory_unmap(rerun->cache_memory, rerun->cache_bytes);
}

nib_ms rerun_ms(const struct rerun *rerun, int64_t time_ns)
{
    return (time_ns - rerun->base_ns) / 1000000;
}

int64_t rerun_ns(const struct rerun *rerun, nib_ms time_ms)
{
    return rerun->base_ns + time_ms * 1000000;
}
