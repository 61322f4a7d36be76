/*
 * Floor 5: output that never blocks its writer. What is written goes into a buffer; a thread of the
 * outlet's own passes it on to the descriptor, however long that takes. What does not fit whole is
 * dropped and counted, and so is what a closed pipe or a full disk does not take. The descriptor's
 * flags are left alone: it may be shared with other programs.
 */
#ifndef NIBDNS_OS_OUTLET_H
#define NIBDNS_OS_OUTLET_H

#include "nibdns/base.h"

struct nib_outlet;

/* An outlet to fd, holding at most cap octets at a time; NULL, with errno set, when there is none.
 */
struct nib_outlet *nib_outlet_open(int fd, size_t cap);

/*
 * Room for n octets to be filled in and then given to nib_outlet_commit(), or NULL: dropped. One
 * thread may write; between the two calls it must not call anything else of the outlet.
 */
char *nib_outlet_room(struct nib_outlet *outlet, size_t n);
void nib_outlet_commit(struct nib_outlet *outlet, size_t n);

/* Both in one. False: dropped. */
bool nib_outlet_write(struct nib_outlet *outlet, const void *octets, size_t n);

/* How many pieces were dropped, or not taken whole by the descriptor. */
uint64_t nib_outlet_dropped(struct nib_outlet *outlet);

/* The errno of the last write that failed, told once; 0 when there was none since. */
int nib_outlet_error(struct nib_outlet *outlet);

/*
 * Waits until all is passed on, or until nothing was for patience_ms: false. The outlet stays as it
 * is: its thread may hang in a write for good, so only the process's end takes it away.
 */
bool nib_outlet_drain(struct nib_outlet *outlet, nib_ms patience_ms);

#endif
