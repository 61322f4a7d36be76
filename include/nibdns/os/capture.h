/*
 * Layer 5: a capture of a program's own traffic, as a classic pcap that can be read while it grows.
 * Never blocks: what the disk does not take in time is missing from the file, and that is said
 * once.
 */
#ifndef NIBDNS_OS_CAPTURE_H
#define NIBDNS_OS_CAPTURE_H

#include "nibdns/addr.h"

struct nib_capture;

/*
 * Begins the file anew, and keeps other programs of this kind from it. NULL, with errno set, when
 * it cannot be written. Never waits for a reader.
 */
struct nib_capture *nib_capture_open(const char *path);

/* What an errno of nib_capture_open() means, and what to do, as text. */
enum { NIB_CAPTURE_WHY_MAX = 160 };
void nib_capture_why(int error, char why[NIB_CAPTURE_WHY_MAX]);

/* A datagram from src to dst, now: its first len octets, of real_len that it had. */
void nib_capture_datagram(struct nib_capture *capture, const struct nib_addr *src,
    const struct nib_addr *dst, const uint8_t *octets, size_t len, size_t real_len);

/* What went wrong with the file, as text, told once for good; NULL as long as all is well. */
const char *nib_capture_trouble(struct nib_capture *capture);

/* Gives what was written a moment to reach the file; none while the disk is too slow for that. */
void nib_capture_settle(struct nib_capture *capture);

/* Waits until everything is in the file, or until nothing moved for patience_ms. */
void nib_capture_drain(struct nib_capture *capture, nib_ms patience_ms);

#endif
