#define _POSIX_C_SOURCE 200809L
#include "nibdns/os/notify.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { WORDS_MAX = 512, AGAIN_MS = 100 };

struct nib_notify {
    pthread_mutex_t lock; /* the loop tells signs of life, a reload its news */
    int fd;
    struct sockaddr_un to;
    socklen_t to_len;
    nib_ms every_ms; /* between two signs of life; 0: nobody waits for them */
    nib_ms alive_due;
    size_t unsaid; /* octets of words that the manager had no space for */
    nib_ms again_due;
    char words[WORDS_MAX];
};

/* ---- the manager's socket ---- */

static bool read_address(struct nib_notify *n, const char *name)
{
    size_t len = name == NULL ? 0 : strlen(name);
    if (len < 2 || len >= sizeof n->to.sun_path || (name[0] != '/' && name[0] != '@'))
        return false;
    n->to.sun_family = AF_UNIX;
    memcpy(n->to.sun_path, name, len);
    if (name[0] == '@')
        n->to.sun_path[0] = '\0'; /* an abstract name has no terminator: its length counts */
    else
        len++;
    n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return true;
}

/* 0 where the text is no number. */
static uint64_t number(const char *text)
{
    char *end = NULL;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return 0;
    uint64_t value = strtoull(text, &end, 10);
    return *end == '\0' ? value : 0;
}

static nib_ms watchdog_ms(void)
{
    const char *whose = getenv("WATCHDOG_PID");
    uint64_t usec = number(getenv("WATCHDOG_USEC"));
    if (usec == 0 || usec > INT64_MAX || (whose != NULL && number(whose) != (uint64_t)getpid()))
        return 0;
    return usec < 2000 ? 1 : (nib_ms)(usec / 2000);
}

struct nib_notify *nib_notify_open(void)
{
    struct nib_notify *n = calloc(1, sizeof *n);
    if (n == NULL || !read_address(n, getenv("NOTIFY_SOCKET"))) {
        free(n);
        return NULL;
    }
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (n->fd < 0) {
        free(n);
        return NULL;
    }
    (void)pthread_mutex_init(&n->lock, NULL);
    n->every_ms = watchdog_ms();
    n->alive_due = n->every_ms == 0 ? NIB_NEVER : 0;
    return n;
}

void nib_notify_close(struct nib_notify *n)
{
    if (n == NULL)
        return;
    (void)close(n->fd);
    free(n);
}

/* ---- words ---- */

/* The socket is not connected: a manager that starts anew has a new one under the same name. */
static bool send_words(const struct nib_notify *n, const char *words, size_t len)
{
    ssize_t sent = sendto(
        n->fd, words, len, MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&n->to, n->to_len);
    return sent >= 0 || (errno != EAGAIN && errno != ENOBUFS && errno != EINTR);
}

static void say(struct nib_notify *n, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct nib_notify *n, const char *format, ...)
{
    va_list args;
    if (n == NULL)
        return;
    (void)pthread_mutex_lock(&n->lock);
    va_start(args, format);
    int len = vsnprintf(n->words, sizeof n->words, format, args);
    va_end(args);
    n->again_due = 0;
    n->unsaid = len > 0 && (size_t)len < sizeof n->words ? (size_t)len : 0;
    if (n->unsaid > 0 && send_words(n, n->words, n->unsaid))
        n->unsaid = 0;
    (void)pthread_mutex_unlock(&n->lock);
}

void nib_notify_ready(struct nib_notify *n, const char *status)
{
    say(n, "READY=1\nSTATUS=%s", status);
}

void nib_notify_reloading(struct nib_notify *n)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    say(n, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reading the records again",
        (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

void nib_notify_stopping(struct nib_notify *n)
{
    say(n, "STOPPING=1\nSTATUS=Ending");
}

void nib_notify_tick(struct nib_notify *n, nib_ms now)
{
    static const char alive[] = "WATCHDOG=1";
    if (n == NULL)
        return;
    (void)pthread_mutex_lock(&n->lock);
    if (n->unsaid > 0 && now >= n->again_due) {
        if (send_words(n, n->words, n->unsaid))
            n->unsaid = 0;
        n->again_due = now + AGAIN_MS;
    }
    if (now >= n->alive_due) {
        bool told = send_words(n, alive, sizeof alive - 1);
        n->alive_due = now + (told || n->every_ms < AGAIN_MS ? n->every_ms : AGAIN_MS);
    }
    (void)pthread_mutex_unlock(&n->lock);
}

nib_ms nib_notify_deadline(struct nib_notify *n)
{
    if (n == NULL)
        return NIB_NEVER;
    (void)pthread_mutex_lock(&n->lock);
    nib_ms due = n->unsaid > 0 && n->again_due < n->alive_due ? n->again_due : n->alive_due;
    (void)pthread_mutex_unlock(&n->lock);
    return due;
}

/* ---- the journal ---- */

/* JOURNAL_STREAM names the file that the journal reads: DEVICE:INODE. */
static bool is_journal(int fd)
{
    struct stat st;
    char name[48];
    const char *journal = getenv("JOURNAL_STREAM");
    if (journal == NULL || fstat(fd, &st) != 0)
        return false;
    (void)snprintf(name, sizeof name, "%llu:%llu", (unsigned long long)st.st_dev,
        (unsigned long long)st.st_ino);
    return strcmp(name, journal) == 0;
}

const char *nib_log_prefix(enum nib_log_level level)
{
    if (!is_journal(STDERR_FILENO))
        return "";
    return level == NIB_LOG_ERROR ? "<3>" : level == NIB_LOG_WARNING ? "<4>" : "<6>";
}
