#include "nibsim/nodes/step.h"

#include "nibsim/nodes/requests.h"
#include "nibsim/nodes/sockets.h"
#include "nibsim/nodes/table.h"

void sim_local_begin(struct sim *sim)
{
    struct sim_local *l = sim->local;
    sim->step++;
    l->request = l->asked = l->unbelieved = false;
    l->mute = SIM_INVARIANT_COUNT;
    l->to_fail = 0;
    l->packet = NULL;
    l->full_before = l->logic.counters[NIB_LOCAL_PENDING_FULL];
}

void sim_local_end(struct sim *sim, struct sim_host *host, const struct sim_packet *p, bool took)
{
    struct sim_local *l = sim->local;
    sim_local_drain(sim);
    for (; l->to_fail > 0; l->to_fail--) {
        nib_local_answer_unsent(&l->logic);
        l->unsent++;
    }
    sim_requests_check(sim);
    sim_table_check(sim, &l->table, host, p, took);
    sim_counters_check(sim);
}
