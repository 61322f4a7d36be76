/*
 * The codec and the naive decoder, asked about the same datagram: verdict, rule, octet, every
 * field, and the octets that the codec makes of the fields.
 */
#ifndef NIBDNS_TESTS_AGREE_H
#define NIBDNS_TESTS_AGREE_H

#include "nibdns/message.h"

/* What they do not agree on, or NULL. *err is what the codec said. */
const char *agree(const uint8_t *octets, size_t len, enum nib_err *err);

#endif
