/*
 * Layer 7: what happened: in words, as a digest, as a capture; and the end when an invariant is
 * broken.
 */
#ifndef NIBDNS_PROGRAMS_SIM_TRACE_H
#define NIBDNS_PROGRAMS_SIM_TRACE_H

#include "nibsim/base/sim.h"

/* Ends the program: an invariant is broken. */
_Noreturn void sim_break(struct sim *sim, enum sim_invariant invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void sim_trace_start(struct sim *sim);
void sim_trace_run(struct sim *sim); /* a run begins */
void sim_trace_end(struct sim *sim);
void sim_note(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_note_packet(struct sim *sim, const struct sim_packet *packet, const char *remark);
void sim_capture(struct sim *sim, const struct nib_addr *src, const struct nib_addr *dst,
    const uint8_t *octets, size_t len);
void sim_host_name(struct sim *sim, const struct nib_addr *addr, char out[80]);

#endif
