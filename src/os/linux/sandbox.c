#define _GNU_SOURCE
#include "nibdns/os/sandbox.h"

#include <sys/prctl.h>

/*
 * Sanitizers need more system calls than we do: builds with them run without the filter, as do
 * those for other processors, and with C libraries that come without the kernel's headers.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if !__has_include(<linux/seccomp.h>) || defined(SANITIZED)
#elif defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    CONDITIONS = 3,
    NEW_NAMESPACES =
        0x7e020000,   /* CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
    THREAD = 0x10000, /* CLONE_THREAD */
    TYPE = 0xf,       /* of a socket, without its flags */
};

/* What the bits of an argument that the mask picks must be; mask 0: no condition. */
struct condition {
    uint8_t argument;
    uint32_t mask, value;
};

/* A call that may be made where all conditions hold. */
struct permit {
    uint16_t call;
    bool streams; /* only by who speaks TCP */
    struct condition only[CONDITIONS];
};

#define ANY(number)                                                                                \
    {                                                                                              \
        .call = (uint16_t)(number)                                                                 \
    }
#define ONLY(number, ...)                                                                          \
    {                                                                                              \
        .call = (uint16_t)(number), .only = { __VA_ARGS__ }                                        \
    }
#define STREAMS(number, ...)                                                                       \
    {                                                                                              \
        .call = (uint16_t)(number), .streams = true, .only = { __VA_ARGS__ }                       \
    }
#define SOCKET(family, type)                                                                       \
    {0, UINT32_MAX, family}, {1, TYPE, type},                                                      \
    {                                                                                              \
        2, UINT32_MAX, 0                                                                           \
    }

static const struct permit permits[] = {
    /* datagrams and waiting, the hottest first */
    ANY(SYS_recvmmsg),
    ANY(SYS_sendmmsg),
    ANY(SYS_epoll_pwait),
    ANY(SYS_clock_gettime),
    ANY(SYS_recvfrom),
    ANY(SYS_sendto),
    ANY(SYS_recvmsg),
    ANY(SYS_sendmsg),
    ANY(SYS_epoll_ctl),
    ANY(SYS_ppoll),
    ANY(SYS_futex),
    ANY(SYS_write),
    ANY(SYS_writev),
    ANY(SYS_close),
    ONLY(SYS_socket, SOCKET(AF_INET, SOCK_DGRAM)),
    ONLY(SYS_socket, SOCKET(AF_INET6, SOCK_DGRAM)),
    STREAMS(SYS_socket, SOCKET(AF_INET, SOCK_STREAM)),
    STREAMS(SYS_socket, SOCKET(AF_INET6, SOCK_STREAM)),
    ANY(SYS_connect),
    STREAMS(SYS_accept, {0}),
    ONLY(SYS_fcntl, {1, UINT32_MAX, F_SETFL}),
    ONLY(SYS_fcntl, {1, UINT32_MAX, F_SETFD}),
    ANY(SYS_getsockname),
    ANY(SYS_getsockopt),
    ANY(SYS_setsockopt),
    /* reading the records again, on a thread of its own */
    ONLY(SYS_openat, {2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY}),
    ANY(SYS_read),
    ANY(SYS_fstat),
    ANY(SYS_newfstatat),
    ANY(SYS_lseek),
    ANY(SYS_brk),
    ONLY(SYS_mmap, {2, PROT_EXEC, 0}),
    ONLY(SYS_mprotect, {2, PROT_EXEC, 0}),
    ANY(SYS_munmap),
    ANY(SYS_mremap),
    ANY(SYS_madvise),
    ONLY(SYS_clone, {0, NEW_NAMESPACES | THREAD, THREAD}),
    ONLY(SYS_setpriority, {0, UINT32_MAX, PRIO_PROCESS}, {1, UINT32_MAX, 0}), /* a thread's own */
    ANY(SYS_set_robust_list),
    ANY(SYS_rseq),
    /* signals, time, the end */
    ANY(SYS_rt_sigpending),
    ANY(SYS_rt_sigprocmask),
    ANY(SYS_rt_sigaction),
    ANY(SYS_rt_sigreturn),
    ANY(SYS_sigaltstack),
    ANY(SYS_nanosleep),
    ANY(SYS_clock_nanosleep),
    ANY(SYS_restart_syscall),
    ANY(SYS_sched_yield),
    ANY(SYS_getpid),
    ANY(SYS_gettid),
    ANY(SYS_getrandom),
    ANY(SYS_exit),
    ANY(SYS_exit_group),
#ifdef SYS_open /* older ways to say the same, which some C libraries still use */
    ONLY(SYS_open, {1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY}),
    ANY(SYS_poll),
    ANY(SYS_stat),
    ANY(SYS_epoll_wait),
#endif
};

enum {
    PERMITS = sizeof permits / sizeof permits[0],
    HEAD = 6,
    PER_CONDITION = 3,
    PER_PERMIT = 3 + CONDITIONS * PER_CONDITION,
    TAIL = 1,
};

#define STATEMENT(code, k) ((struct sock_filter){(uint16_t)(code), 0, 0, (k)})
#define JUMP(code, k, yes, no) ((struct sock_filter){(uint16_t)(code), (yes), (no), (k)})
#define LOAD(field)                                                                                \
    STATEMENT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define VERDICT(verdict) STATEMENT(BPF_RET | BPF_K, (verdict))

/* The low half of an argument, on a little-endian machine: flags and families fit in it. */
static struct sock_filter load_argument(uint8_t argument)
{
    size_t at = offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t);
    return STATEMENT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)at);
}

/* One permit; what it does not let through goes on behind it. */
static size_t write_permit(struct sock_filter *f, const struct permit *p)
{
    size_t n = 0, conditions = 0;
    while (conditions < CONDITIONS && p->only[conditions].mask != 0)
        conditions++;
    uint8_t left = (uint8_t)(conditions * PER_CONDITION + 1); /* statements that allow it */
    f[n++] = JUMP(BPF_JMP | BPF_JEQ | BPF_K, p->call, 0, (uint8_t)(left + (conditions > 0)));
    for (size_t i = 0; i < conditions; i++) {
        left = (uint8_t)(left - PER_CONDITION);
        f[n++] = load_argument(p->only[i].argument);
        f[n++] = STATEMENT(BPF_ALU | BPF_AND | BPF_K, p->only[i].mask);
        f[n++] = JUMP(BPF_JMP | BPF_JEQ | BPF_K, p->only[i].value, 0, left);
    }
    f[n++] = VERDICT(SECCOMP_RET_ALLOW);
    if (conditions > 0)
        f[n++] = LOAD(nr);
    return n;
}

static size_t write_filter(struct sock_filter *f, bool streams)
{
    size_t n = 0;
    f[n++] = LOAD(arch);
    f[n++] = JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    f[n++] = VERDICT(SECCOMP_RET_KILL_PROCESS);
    f[n++] = LOAD(nr);
    for (size_t i = 0; i < PERMITS; i++)
        if (streams || !permits[i].streams)
            n += write_permit(f + n, &permits[i]);
    /* its flags are out of a filter's sight; libraries then use clone() */
    f[n++] = JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
    f[n++] = VERDICT(SECCOMP_RET_ERRNO | ENOSYS);
    f[n++] = VERDICT(SECCOMP_RET_ERRNO | EPERM);
    return n;
}

static bool enter_filter(bool streams)
{
    struct sock_filter filter[HEAD + PERMITS * PER_PERMIT + TAIL];
    struct sock_fprog program = {.len = (uint16_t)write_filter(filter, streams), .filter = filter};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

/* ---- files: Landlock (landlock(7)), whose header not every C library comes with ---- */

struct ruleset {
    uint64_t files, network;
};
struct beneath {
    uint64_t allowed;
    int32_t folder;
};

enum {
    CREATE_RULESET = 444,
    ADD_RULE = 445,
    RESTRICT_SELF = 446,
    ASK_VERSION = 1,
    BENEATH = 1,
    VERSION_OF_TRUNCATE = 3,
    VERSION_OF_NETWORK = 4,
    ALL_FILES = 0x1fff, /* executing, writing, reading, listing, removing, making */
    READ_FILE = 1 << 2,
    WRITE_FILE = 1 << 1,
    MAKE_FILE = 1 << 8,
    TRUNCATE = 1 << 14,
    TCP = 3, /* binding and connecting */
};

/* Files of the folder that a path's file stands in may be used so, also when they are replaced. */
static void allow_folder_of(int rules, const char *path, uint64_t allowed)
{
    char folder[PATH_MAX];
    size_t len = strlen(path);
    if (len >= sizeof folder)
        return;
    while (len > 0 && path[len - 1] != '/')
        len--;
    memcpy(folder, len == 0 ? "./" : path, len == 0 ? 2 : len);
    folder[len == 0 ? 2 : len] = '\0';
    const struct beneath rule = {allowed, open(folder, O_PATH | O_CLOEXEC)};
    if (rule.folder < 0)
        return;
    (void)syscall(ADD_RULE, rules, BENEATH, &rule, 0);
    (void)close(rule.folder);
}

/*
 * What the path names now, and what it may name later: a link on the way is switched to another
 * target beside the first one, as who mounts configurations does.
 */
static void allow(int rules, const char *path, uint64_t allowed)
{
    char begin[PATH_MAX];
    struct stat st;
    char *real = realpath(path, NULL);
    allow_folder_of(rules, path, allowed);
    if (real != NULL)
        allow_folder_of(rules, real, allowed);
    free(real);
    for (size_t len = 1; len < sizeof begin && len <= strlen(path); len++) {
        memcpy(begin, path, len);
        begin[len] = '\0';
        if ((path[len] == '/' || path[len] == '\0') && lstat(begin, &st) == 0 &&
            S_ISLNK(st.st_mode))
            allow_folder_of(rules, begin, allowed);
    }
}

static bool restrict_files(const struct nib_sandbox_files *files)
{
    long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
    struct ruleset set = {
        ALL_FILES | (version >= VERSION_OF_TRUNCATE ? TRUNCATE : 0), files->streams ? 0 : TCP};
    size_t size = version >= VERSION_OF_NETWORK ? sizeof set : sizeof set.files;
    int rules = version < 1 ? -1 : (int)syscall(CREATE_RULESET, &set, size, 0);
    if (rules < 0)
        return false;
    for (size_t i = 0; i < files->n_read; i++)
        allow(rules, files->read[i], READ_FILE);
    if (files->write != NULL)
        allow(rules, files->write, set.files & (WRITE_FILE | MAKE_FILE | TRUNCATE));
    bool ok = syscall(RESTRICT_SELF, rules, 0) == 0;
    (void)close(rules);
    return ok;
}

#endif

bool nib_sandbox_files(const struct nib_sandbox_files *files)
{
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifdef ARCHITECTURE
    return restrict_files(files);
#else
    (void)files;
    return true;
#endif
}

bool nib_sandbox_enter(bool streams)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return false;
#ifdef ARCHITECTURE
    return enter_filter(streams);
#else
    (void)streams;
    return false;
#endif
}
