/*
 * Layer 5: how far a long job is, for a person: one line on standard error that is written over as
 * the job goes on, from its second second on, and wiped out at its end. Where standard error is no
 * terminal that can do so, nothing is ever written.
 */
#ifndef NIBDNS_OS_PROGRESS_H
#define NIBDNS_OS_PROGRESS_H

#include "nibdns/base.h"

/* All zero: a job that nobody watches. */
struct nib_progress {
    const char *what;
    uint64_t total;
    nib_ms began, next; /* next: when the line is to be written; 0: never */
    bool shown;
};

/* A job has begun: what it works on (kept, printable), and how much of it there is (0: unknown). */
void nib_progress_begin(struct nib_progress *progress, const char *what, uint64_t total);

/* So much is done. Cheap, but it reads the clock: to be called thousands of times a second at most.
 */
void nib_progress_at(struct nib_progress *progress, uint64_t done);

/* Wipes the line out: before something else is said, and at the end. */
void nib_progress_wipe(struct nib_progress *progress);

#endif
