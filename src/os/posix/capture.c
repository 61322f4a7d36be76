#define _DEFAULT_SOURCE
#include "nibdns/os/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nibdns/os/clock.h"
#include "nibdns/os/queue.h"
#include "nibdns/pcap.h"

enum {
    BACKLOG = 16 << 20, /* octets that may wait for a slow disk */
    MOMENT_MS = 20,     /* the longest that an answer waits for the file */
    LOOK_MS = 1000,     /* how often to see whether the file is still there */
};

struct nib_capture {
    int fd;
    struct nib_queue *queue;
    atomic_bool slow;
    nib_ms looked;
    bool told;
};

struct nib_capture *nib_capture_open(const char *path)
{
    uint8_t header[NIB_PCAP_FILE_HEADER];
    struct nib_capture *capture = calloc(1, sizeof *capture);
    if (capture == NULL)
        return NULL;
    capture->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (capture->fd >= 0)
        capture->queue = nib_queue_open(capture->fd, BACKLOG);
    if (capture->queue == NULL) {
        int error = errno;
        if (capture->fd >= 0)
            (void)close(capture->fd);
        free(capture);
        errno = error;
        return NULL;
    }
    nib_pcap_header(header);
    (void)nib_queue_write(capture->queue, header, sizeof header);
    return capture;
}

void nib_capture_datagram(struct nib_capture *capture, const struct nib_addr *src,
    const struct nib_addr *dst, const uint8_t *octets, size_t len, size_t real_len)
{
    size_t max = NIB_PCAP_RECORD_EXTRA + len;
    char *place = nib_queue_reserve(capture->queue, max);
    if (place == NULL)
        return;
    size_t n = nib_pcap_record(
        (uint8_t *)place, max, nib_clock_wall_us(), src, dst, octets, len, real_len);
    nib_queue_commit(capture->queue, n);
}

static bool vanished(struct nib_capture *capture)
{
    struct stat st;
    nib_ms now = nib_clock_ms();
    if (now - capture->looked < LOOK_MS)
        return false;
    capture->looked = now;
    return fstat(capture->fd, &st) == 0 && st.st_nlink == 0;
}

const char *nib_capture_trouble(struct nib_capture *capture)
{
    const char *trouble = NULL;
    if (capture->told)
        return NULL;
    int error = nib_queue_error(capture->queue);
    if (error != 0)
        trouble = strerror(error);
    else if (nib_queue_dropped(capture->queue) > 0)
        trouble = "the disk is too slow, datagrams are missing";
    else if (vanished(capture))
        trouble = "the file was removed";
    capture->told = trouble != NULL;
    return trouble;
}

void nib_capture_drain(struct nib_capture *capture, nib_ms patience_ms)
{
    (void)nib_queue_drain(capture->queue, patience_ms);
}

void nib_capture_settle(struct nib_capture *capture)
{
    nib_ms moment = atomic_load(&capture->slow) ? 0 : MOMENT_MS;
    atomic_store(&capture->slow, !nib_queue_drain(capture->queue, moment));
}
