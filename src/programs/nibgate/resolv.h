/*
 * Layer 7: the resolver that this machine uses, from /etc/resolv.conf (resolv.conf(5)).
 */
#ifndef NIBDNS_PROGRAMS_NIBGATE_RESOLV_H
#define NIBDNS_PROGRAMS_NIBGATE_RESOLV_H

#include "nibdns/addr.h"

enum { PORT_DNS = 53 };

/*
 * The address on the first `nameserver` line that has one. False, *addr untouched: there is none.
 */
bool resolv_parse(struct nib_text text, struct nib_addr *addr);

/* The same of the file; ends the program, with what to do, where there is none. */
struct nib_addr resolv_first(const char *program);

#endif
