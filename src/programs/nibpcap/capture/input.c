#define _POSIX_C_SOURCE 200809L
#include "nibpcap/capture/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nibpcap/base/memory.h"
#include "nibpcap/base/status.h"

enum { WINDOW = NIB_PCAP_WINDOW + 65536 };
enum { ODD_SHOWN = 10 }; /* odd records that are told one by one */

struct input *input_open(const char *path, const struct ports *ports)
{
    bool is_stdin = strcmp(path, "-") == 0;
    struct stat st;
    int fd = is_stdin ? 0 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        (void)complain("%s: %s", path, strerror(errno));
        return NULL;
    }
    struct input *input = memory_zeroed(sizeof *input);
    input->path = is_stdin ? "standard input" : path;
    input->fd = fd;
    input->hosts.ports = *ports;
    input->traffic.hosts = &input->hosts;
    input->live = !S_ISREG(st.st_mode);
    input->window = memory_resize(NULL, WINDOW);
    nib_progress_begin(&input->progress, input->path, input->live ? 0 : (uint64_t)st.st_size);
    return input;
}

/* Gets more octets behind those not used yet. False: a failed read. */
static bool fill(struct input *input)
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

static void note_odd(struct input *input, const struct nib_pcap_frame *frame)
{
    if (frame->odd == NIB_PCAP_FINE || input->odd++ >= ODD_SHOWN)
        return;
    nib_progress_wipe(&input->progress);
    (void)fflush(stdout);
    (void)complain("%s: octet %llu, frame %llu: %s; read on", input->path,
        (unsigned long long)frame->odd_at, (unsigned long long)frame->no,
        nib_pcap_fault_words(frame->odd));
}

bool input_next(struct input *input, struct seen *seen)
{
    struct nib_pcap_frame frame;
    if (traffic_next_segment(&input->traffic, seen))
        return true;
    for (;;) {
        size_t used;
        enum nib_pcap_step step = nib_pcap_next(&input->reader, input->window + input->begin,
            input->end - input->begin, input->last, &used, &frame);
        input->begin += used;
        switch (step) {
        case NIB_PCAP_FRAME:
            note_odd(input, &frame);
            traffic_look(&input->traffic, &frame, seen);
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

static void complain_of_fault(const struct input *input)
{
    const struct nib_pcap_reader *r = &input->reader;
    const char *words = nib_pcap_fault_words(r->fault), *unpack = nib_pcap_fault_unpack(r->fault);
    unsigned long long at = (unsigned long long)r->fault_at;
    if (*unpack != '\0' && input->fd == 0)
        (void)complain("%s; unpack it on the way: ... | %s | %s -", words, unpack, complain_name());
    else if (*unpack != '\0')
        (void)complain("%s: %s; unpack it with: %s %s | %s -", input->path, words, unpack,
            input->path, complain_name());
    else if (r->started)
        (void)complain("%s: octet %llu, frame %llu: %s", input->path, at,
            (unsigned long long)r->frames + 1, words);
    else
        (void)complain("%s: octet %llu: %s", input->path, at, words);
}

int input_close(struct input *input)
{
    int status = STATUS_FINE;
    nib_progress_wipe(&input->progress);
    (void)fflush(stdout);
    if (input->odd > ODD_SHOWN)
        (void)complain("%s: odd records beside these: %llu", input->path,
            (unsigned long long)(input->odd - ODD_SHOWN));
    if (input->error != 0)
        status = complain("%s: %s", input->path, strerror(input->error));
    else if (input->reader.fault != NIB_PCAP_FINE) {
        complain_of_fault(input);
        status = STATUS_USE;
    }
    memory_free(input->window);
    if (input->fd > 0)
        (void)close(input->fd);
    memory_free(input);
    return status;
}
