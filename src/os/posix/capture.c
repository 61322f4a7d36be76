#define _DEFAULT_SOURCE
#include "nibdns/os/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/*
 * A regular file is this program's alone as long as it is open, and begins with what is written
 * now: two captures in one file would be none. 0, or an errno.
 */
static int begin_file(struct nib_capture *capture)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    uint8_t header[NIB_PCAP_FILE_HEADER];
    struct stat st;
    nib_pcap_header(header);
    if (fstat(capture->fd, &st) != 0)
        return errno;
    if (!S_ISREG(st.st_mode)) { /* the queue's thread may wait for it */
        (void)nib_queue_write(capture->queue, header, sizeof header);
        return fcntl(capture->fd, F_SETFL, 0) == 0 ? 0 : errno;
    }
    if (fcntl(capture->fd, F_SETLK, &all) != 0 && (errno == EACCES || errno == EAGAIN))
        return EBUSY;
    if (ftruncate(capture->fd, 0) != 0)
        return errno;
    nib_queue_owns_file(capture->queue);
    ssize_t n = write(capture->fd, header, sizeof header);
    return n == (ssize_t)sizeof header ? 0 : n < 0 ? errno : ENOSPC;
}

/* Without waiting: a FIFO that nobody reads would have us wait for ever. */
static int open_file(struct nib_capture *capture, const char *path)
{
    if (strcmp(path, "-") == 0)
        return ENOTSUP;
    capture->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
    if (capture->fd < 0)
        return errno;
    capture->queue = nib_queue_open(capture->fd, BACKLOG);
    return capture->queue == NULL ? errno : begin_file(capture);
}

struct nib_capture *nib_capture_open(const char *path)
{
    struct nib_capture *capture = calloc(1, sizeof *capture);
    if (capture == NULL)
        return NULL;
    int error = open_file(capture, path);
    if (error != 0) { /* a queue stays: its thread has nothing to do */
        if (capture->fd > 0)
            (void)close(capture->fd);
        free(capture);
        errno = error;
        return NULL;
    }
    return capture;
}

void nib_capture_why(int error, char why[NIB_CAPTURE_WHY_MAX])
{
    const char *words = strerror(error), *advice = "give --write a file that can be made";
    if (error == EBUSY) {
        words = "another program writes it";
        advice = "give --write a file of its own";
    } else if (error == ENXIO) {
        words = "nobody reads this FIFO";
        advice = "start its reader first";
    } else if (error == ENOTSUP) {
        words = "standard output carries tables";
        advice = "give --write a file, or a FIFO that somebody reads";
    } else if (error == ENOSPC) {
        advice = "give --write a file on a disk with space";
    }
    (void)snprintf(why, NIB_CAPTURE_WHY_MAX, "%s; %s", words, advice);
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
