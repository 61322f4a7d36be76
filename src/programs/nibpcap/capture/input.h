/*
 * Layer 7, a part of nibpcap: a capture from a file or from standard input, as what is seen in it.
 */
#ifndef NIBDNS_NIBPCAP_INPUT_H
#define NIBDNS_NIBPCAP_INPUT_H

#include "nibdns/os/progress.h"
#include "nibpcap/base/traffic.h"

struct input {
    const char *path;
    struct hosts hosts;
    struct traffic traffic;
    int fd;
    bool live, last; /* no regular file; its end was seen */
    int error;       /* errno of a read that failed */
    uint8_t *window;
    size_t begin, end;
    struct nib_pcap_reader reader;
    struct nib_progress progress;
    uint64_t octets; /* read so far */
    uint64_t odd;    /* records with numbers that cannot be */
};

/*
 * Opens a capture; `-` is standard input. NULL, complained of, when that does not go. It is the
 * caller's until input_close().
 */
struct input *input_open(const char *path, const struct ports *ports);

/*
 * What is next; false at the end, good or bad. Before it waits for a live input, all of standard
 * output is flushed.
 */
bool input_next(struct input *input, struct seen *seen);

/* Complains of a damaged file, and frees the input. STATUS_FINE or STATUS_USE. */
int input_close(struct input *input);

#endif
