#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nibpcap/base/nibpcap.h"

enum { WINDOW = NIB_PCAP_WINDOW + 65536 };

bool nibpcap_open(struct nibpcap_input *input, const char *path, const struct nibpcap_ports *ports)
{
    bool is_stdin = strcmp(path, "-") == 0;
    struct stat st;
    *input = (struct nibpcap_input){
        .path = is_stdin ? "standard input" : path, .ports = *ports, .fd = 0};
    if (!is_stdin)
        input->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0 || fstat(input->fd, &st) != 0) {
        nibpcap_complain("%s: %s", path, strerror(errno));
        return false;
    }
    input->live = !S_ISREG(st.st_mode);
    nib_progress_begin(&input->progress, input->path, input->live ? 0 : (uint64_t)st.st_size);
    input->window = malloc(WINDOW);
    if (input->window == NULL) {
        nibpcap_complain("%s", strerror(errno));
        return false;
    }
    return true;
}

/* Gets more octets behind those not used yet. False: a failed read. */
static bool fill(struct nibpcap_input *input)
{
    ssize_t n;
    memmove(input->window, input->window + input->begin, input->end - input->begin);
    input->end -= input->begin;
    input->begin = 0;
    if (input->live)
        (void)fflush(stdout);
    do
        n = read(input->fd, input->window + input->end, WINDOW - input->end);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        input->error = errno;
        return false;
    }
    input->last = n == 0;
    input->end += (size_t)n;
    input->octets += (uint64_t)n;
    if (!input->live)
        nib_progress_at(&input->progress, input->octets);
    return true;
}

static bool is_ours(const struct nibpcap_input *input, const struct nib_packet_udp *d, int64_t now)
{
    return nibpcap_is_port(&input->ports, d->src.port) ||
           nibpcap_is_port(&input->ports, d->dst.port) ||
           nibpcap_is_known(&input->known, &d->dst, now) ||
           (!input->ports.given && nibpcap_is_known(&input->known, &d->src, now));
}

/* A datagram of ours, whole or in part; on ports that are not known to be ours, a whole one. */
static void look_at_udp(struct nibpcap_input *input, struct nibpcap_seen *seen, bool ours)
{
    const struct nib_packet_udp *udp = &seen->packet.udp;
    if (!ours && input->ports.given)
        return;
    if (udp->len < udp->real_len) {
        seen->what = ours ? NIBPCAP_CUT : NIBPCAP_OTHER;
        return;
    }
    seen->err = nib_message_decode(&seen->m, udp->payload, udp->len, &seen->bad);
    seen->what = seen->err == NIB_OK ? NIBPCAP_MESSAGE : ours ? NIBPCAP_BAD : NIBPCAP_OTHER;
    if (seen->what == NIBPCAP_MESSAGE && seen->m.flag == NIB_QUERY)
        nibpcap_know(&input->known, &input->ports, udp, seen->frame.time_ns);
}

static bool is_quoted(const struct nib_packet_udp *d, struct nib_message *m)
{
    size_t bad;
    return d->len == d->real_len && nib_message_decode(m, d->payload, d->len, &bad) == NIB_OK;
}

/* ---- segments ---- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * How many whole messages of one length, the last perhaps shorter, a datagram that has octets
 * behind its message is made of; 0: it is not, or its checksum is not one that is left to the
 * device.
 */
static uint32_t count_segments(const struct nibpcap_seen *seen)
{
    const struct nib_packet_udp *udp = &seen->packet.udp;
    struct nib_message m;
    uint32_t n = 0;
    size_t bad, step = seen->bad;
    if (seen->err != NIB_ERR_TRAILING || seen->packet.udp_sum != NIB_SUM_PARTIAL)
        return 0;
    for (size_t at = 0; at < udp->len; at += step, n++)
        if (nib_message_decode(&m, udp->payload + at, smaller(step, udp->len - at), &bad) != NIB_OK)
            return 0;
    return n;
}

/* The next segment of input->frame. */
static void cut_segment(struct nibpcap_input *input, struct nibpcap_seen *seen)
{
    struct nibpcap_seen *frame = &input->frame;
    size_t step = frame->bad, at = step * frame->segment++;
    *seen = *frame;
    seen->packet.udp.payload += at;
    seen->packet.udp.len = smaller(step, frame->packet.udp.len - at);
    seen->packet.udp.real_len = seen->packet.udp.len;
    seen->err =
        nib_message_decode(&seen->m, seen->packet.udp.payload, seen->packet.udp.len, &seen->bad);
    seen->what = NIBPCAP_MESSAGE;
}

static void look(struct nibpcap_input *input, struct nibpcap_seen *seen)
{
    struct nib_packet *p = &seen->packet;
    seen->what = NIBPCAP_OTHER;
    seen->quotes = false;
    seen->segment = seen->segments = 0;
    nib_packet_read(p, &seen->frame);
    const struct nib_packet_udp *d = p->kind == NIB_PACKET_ICMP ? &p->quoted : &p->udp;
    bool ours = is_ours(input, d, seen->frame.time_ns);
    switch (p->kind) {
    case NIB_PACKET_UDP:
        look_at_udp(input, seen, ours);
        break;
    case NIB_PACKET_FRAGMENT: /* a later one has no ports to tell whose it is */
        if (ours || p->fragment_at > 0)
            seen->what = NIBPCAP_FRAGMENT;
        break;
    case NIB_PACKET_ICMP:
        if (ours) {
            seen->what = NIBPCAP_ICMP;
            seen->quotes = is_quoted(d, &seen->m);
        }
        break;
    case NIB_PACKET_BROKEN:
        if (ours)
            seen->what = NIBPCAP_BROKEN;
        break;
    case NIB_PACKET_OTHER:
    case NIB_PACKET_CUT:
        break;
    }
}

static void show_segments(struct nibpcap_input *input, struct nibpcap_seen *seen)
{
    input->frame.segments = 0;
    uint32_t n = seen->what == NIBPCAP_BAD ? count_segments(seen) : 0;
    if (n == 0)
        return;
    input->frame = *seen;
    input->frame.segments = n;
    cut_segment(input, seen);
}

enum { ODD_SHOWN = 10 }; /* odd records that are told one by one */

static void note_odd(struct nibpcap_input *input, const struct nib_pcap_frame *frame)
{
    if (frame->odd == NIB_PCAP_FINE || input->odd++ >= ODD_SHOWN)
        return;
    nib_progress_wipe(&input->progress);
    nibpcap_complain("%s: octet %llu, frame %llu: %s; read on", input->path,
        (unsigned long long)frame->odd_at, (unsigned long long)frame->no,
        nib_pcap_fault_words(frame->odd));
}

bool nibpcap_next(struct nibpcap_input *input, struct nibpcap_seen *seen)
{
    if (input->frame.segment < input->frame.segments) {
        cut_segment(input, seen);
        return true;
    }
    for (;;) {
        size_t used;
        enum nib_pcap_step step = nib_pcap_next(&input->reader, input->window + input->begin,
            input->end - input->begin, input->last, &used, &seen->frame);
        input->begin += used;
        switch (step) {
        case NIB_PCAP_FRAME:
            note_odd(input, &seen->frame);
            look(input, seen);
            show_segments(input, seen);
            return true;
        case NIB_PCAP_MORE:
            if (!fill(input))
                return false;
            break;
        case NIB_PCAP_END:
        case NIB_PCAP_FAULT:
            return false;
        }
    }
}

static void complain_of_fault(const struct nibpcap_input *input)
{
    const struct nib_pcap_reader *r = &input->reader;
    const char *words = nib_pcap_fault_words(r->fault);
    unsigned long long at = (unsigned long long)r->fault_at;
    const char *unpack = nib_pcap_fault_unpack(r->fault);
    if (*unpack != '\0' && input->fd == 0)
        nibpcap_complain(
            "%s: %s; unpack it on the way: %s | nibpcap ...", input->path, words, unpack);
    else if (*unpack != '\0')
        nibpcap_complain("%s: %s; unpack it with: %s %s | %s -", input->path, words, unpack,
            input->path, nibpcap_name());
    else if (r->started)
        nibpcap_complain("%s: octet %llu, frame %llu: %s", input->path, at,
            (unsigned long long)r->frames + 1, words);
    else
        nibpcap_complain("%s: octet %llu: %s", input->path, at, words);
}

int nibpcap_close(struct nibpcap_input *input)
{
    int status = NIBPCAP_FINE;
    nib_progress_wipe(&input->progress);
    (void)fflush(stdout);
    if (input->odd > ODD_SHOWN)
        nibpcap_complain("%s: odd records beside these: %llu", input->path,
            (unsigned long long)(input->odd - ODD_SHOWN));
    if (input->error != 0)
        status = nibpcap_complain("%s: %s", input->path, strerror(input->error));
    else if (input->reader.fault != NIB_PCAP_FINE) {
        complain_of_fault(input);
        status = NIBPCAP_USE;
    }
    free(input->window);
    if (input->fd > 0)
        (void)close(input->fd);
    return status;
}
