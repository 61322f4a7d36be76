/*
 * What the view shows, as JSON and pictures. It reads, and changes nothing.
 */
#ifndef NIBDNS_PAGE_SHOW_H
#define NIBDNS_PAGE_SHOW_H

#include "page/base/page.h"

/* The clock, the network's settings, the hosts and their tables, the actions so far. */
void page_show_state(const struct page *page, struct nib_writer *w);

/* All datagrams from a frame on, a line each, with what became of them and why. */
void page_show_messages(struct page *page, uint32_t first, struct nib_writer *w);

/* One datagram: its octets, and where each field stands, what it says, which rule it keeps. */
void page_show_octets(struct page *page, uint32_t frame, struct nib_writer *w);

/* What a person can choose from: types of records, networks. */
void page_show_choices(struct nib_writer *w);

/* The traffic so far as a capture file (pcapng), with each decision as a comment. False: it has no
 * room. */
bool page_show_capture(struct page *page, struct nib_writer *w);

/*
 * The octets of a capture file as a picture, and in words what is left out of it or wrong with the
 * file; nothing, when all is well.
 */
void page_show_ladder(struct nib_text file, struct nib_writer *svg, struct nib_writer *words);

#endif
