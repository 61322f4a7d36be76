/*
 * Layer 7: ADDR[:PORT] as people type it: with an interface where the address is link-local, and
 * with words for what is wrong.
 */
#ifndef NIBDNS_PROGRAMS_ADDRESS_H
#define NIBDNS_PROGRAMS_ADDRESS_H

#include "nibdns/addr.h"

/* NULL, or what is wrong and what to do; out is then untouched. */
const char *address_parse(const char *text, uint16_t default_port, struct nib_addr *out);

/* 0.0.0.0 and [::] as somebody to ask mean this machine. */
void address_to_ask(struct nib_addr *addr);

#endif
