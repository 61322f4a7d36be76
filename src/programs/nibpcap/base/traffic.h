/*
 * Layer 7, nibpcap's base: what the frames of a capture are: messages, what is left of some, errors
 * about them, or other traffic. Frames come in, views of them go out; knows no file.
 */
#ifndef NIBDNS_NIBPCAP_TRAFFIC_H
#define NIBDNS_NIBPCAP_TRAFFIC_H

#include "nibdns/message.h"
#include "nibdns/pcap.h"
#include "nibpcap/base/hosts.h"

/* Symbol, and its name in JSON. */
#define SEEN_KINDS(X)                                                                              \
    X(SEEN_OTHER, "other")         /* not ours */                                                  \
    X(SEEN_MESSAGE, "message")     /* `m` */                                                       \
    X(SEEN_MALFORMED, "malformed") /* `err` and `bad` */                                           \
    X(SEEN_CUT, "cut")             /* captured in part; `m` if `has_question` */                   \
    X(SEEN_FRAGMENT, "fragment")   /* a piece of a datagram; the first as a cut one */             \
    X(SEEN_BROKEN, "broken")       /* a datagram of ours whose headers contradict each other */    \
    X(SEEN_ICMP, "icmp")           /* an error about a datagram of ours; `m` if `has_message` */

enum seen_kind {
#define X(symbol, name) symbol,
    SEEN_KINDS(X)
#undef X
};

const char *seen_kind_name(enum seen_kind kind);

/* A frame, and what was found in it; borrowed from the frame's octets. */
struct seen {
    struct nib_pcap_frame frame;
    struct nib_packet packet;
    enum seen_kind kind;
    struct nib_message m; /* of a message that is not whole: ID, flag, question type and name */
    enum nib_err err;
    size_t bad;
    bool has_message, has_question;
    /*
     * Responses of one length that leave in one call (UDP_SEGMENT) are cut apart by the device,
     * behind the place where a capture is taken: a frame then has them all behind one header. Such
     * a frame is seen once for each; else both are 0.
     */
    uint32_t segment, segments;
};

/*
 * Sockets that asked or were asked lately: what comes to or from them is ours, even where it does
 * not decode. Each has one place, which the newest one takes.
 */
enum { SPEAKERS = 4096 };

struct traffic {
    struct hosts *hosts; /* the caller's */
    struct {
        struct nib_addr addr;
        int64_t seen_ns;
    } speakers[SPEAKERS];
    struct seen frame; /* whose segments are being shown */
};

/* Begins as {.hosts = ...}. Looks into the next frame. */
void traffic_look(struct traffic *traffic, const struct nib_pcap_frame *frame, struct seen *seen);

/* The next segment of the same frame; false: there is none. */
bool traffic_next_segment(struct traffic *traffic, struct seen *seen);

#endif
