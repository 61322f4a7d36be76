/*
 * Layer 5: a capture of a program's own traffic, which can be read while it grows: pcapng where the
 * file's name ends in .pcapng, else a classic pcap. A pcapng file also says who wrote it, names for
 * the addresses, the direction of each datagram, and what was decided because of it. Never blocks:
 * what the disk does not take in time is missing from the file, and that is said once.
 */
#ifndef NIBDNS_OS_CAPTURE_H
#define NIBDNS_OS_CAPTURE_H

#include "nibdns/decision.h"
#include "nibdns/pcap.h"

struct nib_capture;

/*
 * What a pcapng file says of its program: name and version, the role of its own addresses (local),
 * of those who ask it (client) and of those whom it asks (amazone). NULL: no such name.
 */
struct nib_capture_names {
    const char *program, *own, *asker, *asked;
};

/*
 * Begins the file anew, and keeps other programs of this kind from it. NULL, with errno set, when
 * it cannot be written. Never waits for a reader. The names must last.
 */
struct nib_capture *nib_capture_open(const char *path, const struct nib_capture_names *names);

/* What an errno of nib_capture_open() means, and what to do, as text. */
enum { NIB_CAPTURE_WHY_MAX = 160 };
void nib_capture_why(int error, char why[NIB_CAPTURE_WHY_MAX]);

/*
 * A datagram from src to dst, now: its first len octets, of real_len that it had, and what was
 * decided because of it, or what it was sent for (NULL: nothing to say).
 */
void nib_capture_datagram(struct nib_capture *capture, enum nib_direction direction,
    const struct nib_addr *src, const struct nib_addr *dst, const uint8_t *octets, size_t len,
    size_t real_len, const struct nib_decision *decision);

/* What went wrong with the file, as text, told once for good; NULL as long as all is well. */
const char *nib_capture_trouble(struct nib_capture *capture);

/* Gives what was written a moment to reach the file; none while the disk is too slow for that. */
void nib_capture_settle(struct nib_capture *capture);

/* Waits until everything is in the file, or until nothing moved for patience_ms. */
void nib_capture_drain(struct nib_capture *capture, nib_ms patience_ms);

#endif
