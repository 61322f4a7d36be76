/*
 * Layer 7, nibpcap's base: the one set of words for what a message is to the others, and for what
 * is no message. Knows no file.
 */
#ifndef NIBDNS_NIBPCAP_WORDS_H
#define NIBDNS_NIBPCAP_WORDS_H

#include "common/line.h"
#include "nibpcap/base/verdict.h"

/*
 * `retransmission of frame 4`, `duplicate of frame 5, another answer`, `unsolicited: wrong ID`; of
 * what is as it should be, nothing.
 */
void words_of_judgement(struct line *line, const struct judgement *judgement);

/* The comment of a frame, which may be anybody's: printable, and not without end. */
void words_of_comment(struct line *line, struct nib_text comment);

/* `127.0.0.1:40001 > 127.0.0.1:21000` */
void words_of_route(struct line *line, const struct nib_addr *src, const struct nib_addr *dst);

/* `udp port 22000 unreachable` and its kin, as tcpdump says them. */
void words_of_icmp(struct line *line, const struct nib_packet *packet);

#endif
