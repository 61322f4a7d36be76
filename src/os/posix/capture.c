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
    MOMENT_MS = 1,      /* the longest that an answer waits for the file */
    LOOK_MS = 1000,     /* how often to see whether the file is still there */
    NAMED_MAX = 64,     /* addresses that get a name */
    NAME_MAX_LEN = 48,
    HEADER_MAX = 256,
};

struct nib_capture {
    int fd;
    struct nib_queue *queue;
    const struct nib_capture_names *names; /* of a pcapng file; else NULL */
    struct nib_addr named[NAMED_MAX];      /* in the queue's lock, as is how many of each role */
    size_t n_named;
    unsigned n_askers, n_asked;
    atomic_bool slow;
    nib_ms looked;
    bool told;
};

static struct nib_text text_of(const char *string)
{
    return (struct nib_text){string, strlen(string)};
}

static size_t make_header(const struct nib_capture *capture, uint8_t header[HEADER_MAX])
{
    if (capture->names != NULL)
        return nib_pcapng_header(header, HEADER_MAX, text_of(capture->names->program));
    nib_pcap_header(header);
    return NIB_PCAP_FILE_HEADER;
}

/*
 * A regular file is this program's alone as long as it is open, and begins with what is written
 * now: two captures in one file would be none. 0, or an errno.
 */
static int begin_file(struct nib_capture *capture)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    uint8_t header[HEADER_MAX];
    size_t len = make_header(capture, header);
    struct stat st;
    if (fstat(capture->fd, &st) != 0)
        return errno;
    if (!S_ISREG(st.st_mode)) { /* the queue's thread may wait for it */
        (void)nib_queue_write(capture->queue, header, len);
        return fcntl(capture->fd, F_SETFL, 0) == 0 ? 0 : errno;
    }
    if (fcntl(capture->fd, F_SETLK, &all) != 0 && (errno == EACCES || errno == EAGAIN))
        return EBUSY;
    if (ftruncate(capture->fd, 0) != 0)
        return errno;
    nib_queue_owns_file(capture->queue);
    ssize_t n = write(capture->fd, header, len);
    return n == (ssize_t)len ? 0 : n < 0 ? errno : ENOSPC;
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

static bool is_pcapng(const char *path)
{
    size_t len = strlen(path);
    return len > 7 && strcmp(path + len - 7, ".pcapng") == 0;
}

struct nib_capture *nib_capture_open(const char *path, const struct nib_capture_names *names)
{
    struct nib_capture *capture = calloc(1, sizeof *capture);
    if (capture == NULL)
        return NULL;
    capture->names = is_pcapng(path) ? names : NULL;
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

/* ---- names: one for each address, the first time that it is seen ---- */

static bool is_loopback(const struct nib_addr *addr)
{
    static const uint8_t loopback6[16] = {[15] = 1};
    return addr->family == 6 ? memcmp(addr->ip, loopback6, 16) == 0 : addr->ip[0] == 127;
}

static bool is_named(const struct nib_capture *capture, const struct nib_addr *addr)
{
    for (size_t i = 0; i < capture->n_named; i++)
        if (nib_ip_equal(&capture->named[i], addr))
            return true;
    return capture->n_named == NAMED_MAX;
}

static void add_name(struct nib_writer *w, const char *name)
{
    if (name == NULL)
        return;
    if (w->off > 0)
        nib_writer_u8(w, '\0'); /* between the names of one address */
    nib_writer_word(w, name);
}

/*
 * An address of several hosts has the names of them all, and last, which is the one that Wireshark
 * shows, what they share.
 */
static struct nib_text name_shared(
    struct nib_writer *w, const struct nib_capture_names *names, const char *shared)
{
    add_name(w, names->own);
    add_name(w, names->asker);
    add_name(w, names->asked);
    add_name(w, shared);
    return (struct nib_text){(const char *)w->octets, w->off};
}

/* "client", "client 2"; count NULL: no number. */
static struct nib_text name_of(struct nib_writer *w, const char *role, unsigned *count)
{
    add_name(w, role);
    if (count != NULL && ++*count > 1) {
        nib_writer_u8(w, ' ');
        nib_writer_decimal(w, *count);
    }
    return (struct nib_text){(const char *)w->octets, w->off};
}

static size_t put_name(struct nib_capture *capture, uint8_t *out, size_t cap,
    const struct nib_addr *addr, const char *role, unsigned *count, bool shared)
{
    uint8_t text[NAME_MAX_LEN];
    struct nib_writer w = nib_writer_init(text, sizeof text);
    if (role == NULL || is_named(capture, addr))
        return 0;
    capture->named[capture->n_named++] = *addr;
    bool loopback = is_loopback(addr);
    struct nib_text name =
        loopback || shared ? name_shared(&w, capture->names, loopback ? "loopback" : "this host")
                           : name_of(&w, role, count);
    return nib_pcapng_name(out, cap, addr, name);
}

/* A query that came and a response that left are an asker's. */
static size_t put_names(struct nib_capture *capture, uint8_t *out, size_t cap,
    enum nib_direction direction, const struct nib_addr *src, const struct nib_addr *dst,
    bool response)
{
    const struct nib_capture_names *names = capture->names;
    bool in = direction == NIB_DIRECTION_IN, asked = in == response,
         shared = nib_ip_equal(src, dst);
    size_t n = put_name(capture, out, cap, in ? dst : src, names->own, NULL, shared);
    return n + put_name(capture, out + n, cap - n, in ? src : dst,
                   asked ? names->asked : names->asker,
                   asked ? &capture->n_asked : &capture->n_askers, shared);
}

/* ---- datagrams ---- */

static void put_pcapng(struct nib_capture *capture, enum nib_direction direction,
    const struct nib_addr *src, const struct nib_addr *dst, const uint8_t *octets, size_t len,
    size_t real_len, const struct nib_decision *decision)
{
    char text[NIB_DECISION_TEXT_MAX];
    bool response = len > NIB_AT_FLAG_TYPE && octets[NIB_AT_FLAG_TYPE] >> 4 == NIB_RESPONSE;
    struct nib_text comment = {text, 0};
    if (decision != NULL && decision->what != NIB_DECIDED_NOTHING)
        comment.len = nib_decision_text(decision, text);
    size_t cap =
        2 * (NIB_PCAPNG_NAME_MAX + NAME_MAX_LEN) + NIB_PCAPNG_PACKET_MAX + len + comment.len;
    uint8_t *out = (uint8_t *)nib_queue_reserve(capture->queue, cap);
    if (out == NULL)
        return;
    size_t n = put_names(capture, out, cap, direction, src, dst, response);
    n += nib_pcapng_packet(
        out + n, cap - n, nib_clock_wall_us(), direction, comment, src, dst, octets, len, real_len);
    nib_queue_commit(capture->queue, n);
}

void nib_capture_datagram(struct nib_capture *capture, enum nib_direction direction,
    const struct nib_addr *src, const struct nib_addr *dst, const uint8_t *octets, size_t len,
    size_t real_len, const struct nib_decision *decision)
{
    if (capture->names != NULL) {
        put_pcapng(capture, direction, src, dst, octets, len, real_len, decision);
        return;
    }
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
