/*
 * Layer 1: names (proto/protocol.md, section 3). A name is 1 to 253 octets of text: labels of 1 to
 * 63 octets out of A-Z a-z 0-9 - _, joined by single dots. Names keep the case they came in and
 * compare without regard to it.
 *
 * Setting bit 0x20 in every octet maps upper case to lower case and keeps all other octets of that
 * alphabet apart ('_' alone becomes 0x7f), so for names that passed nib_name_check() two names are
 * the same exactly when they are equal under that bit. Comparing and hashing rest on this.
 */
#ifndef NIBDNS_NAME_H
#define NIBDNS_NAME_H

#include "nibdns/protocol.h"

/*
 * NIB_OK, or the first rule broken (NIB-3.1 to 3.4), with *bad the octet of the name where: for a
 * wrong length 0, for an empty label the dot that shows it (the last octet for a dot at the end),
 * for a long label its 64th octet.
 */
enum nib_err nib_name_check(struct nib_text name, size_t *bad);

/* Both names must have passed nib_name_check(). */
bool nib_name_equal(struct nib_text a, struct nib_text b);

/* The same for names that differ in case only. The seed keeps strangers from choosing collisions.
 */
uint64_t nib_name_hash(struct nib_text name, uint64_t seed);

/* The same hash over the exact octets of any text. */
uint64_t nib_text_hash(struct nib_text text, uint64_t seed);

/* Whether a name is a domain or below it: whole labels, in any case. */
bool nib_name_is_under(struct nib_text name, struct nib_text domain);

/* The name without its first label; length 0 for a name of one label. */
struct nib_text nib_name_parent(struct nib_text name);

#endif
