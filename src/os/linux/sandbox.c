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
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A call that may be made, if the bits of one argument that the mask picks are `value` (mask 0:
 * any). */
struct permit {
    uint16_t call;
    uint8_t argument;
    uint32_t mask, value;
};

#define ANY(call)                                                                                  \
    {                                                                                              \
        (uint16_t)(call), 0, 0, 0                                                                  \
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
    {SYS_socket, 0, UINT32_MAX, AF_INET},
    {SYS_socket, 0, UINT32_MAX, AF_INET6},
    ANY(SYS_connect),
    ANY(SYS_accept),
    {SYS_fcntl, 1, UINT32_MAX, F_SETFL},
    {SYS_fcntl, 1, UINT32_MAX, F_SETFD},
    ANY(SYS_getsockname),
    ANY(SYS_getsockopt),
    ANY(SYS_setsockopt),
    /* reading the records again, on a thread of its own */
    {SYS_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY},
    ANY(SYS_read),
    ANY(SYS_fstat),
    ANY(SYS_newfstatat),
    ANY(SYS_lseek),
    ANY(SYS_brk),
    {SYS_mmap, 2, PROT_EXEC, 0},
    {SYS_mprotect, 2, PROT_EXEC, 0},
    ANY(SYS_munmap),
    ANY(SYS_mremap),
    ANY(SYS_madvise),
    ANY(SYS_clone),
    ANY(SYS_clone3),
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
    {SYS_open, 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY},
    ANY(SYS_poll),
    ANY(SYS_stat),
    ANY(SYS_epoll_wait),
#endif
};

enum { PERMITS = sizeof permits / sizeof permits[0], HEAD = 4, PER_PERMIT = 5, TAIL = 1 };

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

static size_t write_filter(struct sock_filter *f)
{
    size_t n = 0;
    f[n++] = LOAD(arch);
    f[n++] = JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    f[n++] = VERDICT(SECCOMP_RET_KILL_PROCESS);
    f[n++] = LOAD(nr);
    for (size_t i = 0; i < PERMITS; i++) {
        const struct permit *p = &permits[i];
        if (p->mask == 0) {
            f[n++] = JUMP(BPF_JMP | BPF_JEQ | BPF_K, p->call, 0, 1);
            f[n++] = VERDICT(SECCOMP_RET_ALLOW);
            continue;
        }
        f[n++] = JUMP(BPF_JMP | BPF_JEQ | BPF_K, p->call, 0, 5);
        f[n++] = load_argument(p->argument);
        f[n++] = STATEMENT(BPF_ALU | BPF_AND | BPF_K, p->mask);
        f[n++] = JUMP(BPF_JMP | BPF_JEQ | BPF_K, p->value, 0, 1);
        f[n++] = VERDICT(SECCOMP_RET_ALLOW);
        f[n++] = LOAD(nr);
    }
    f[n++] = VERDICT(SECCOMP_RET_ERRNO | EPERM);
    return n;
}

static bool enter_filter(void)
{
    struct sock_filter filter[HEAD + PERMITS * (PER_PERMIT + 1) + TAIL];
    struct sock_fprog program = {.len = (uint16_t)write_filter(filter), .filter = filter};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

#endif

bool nib_sandbox_enter(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return false;
#ifdef ARCHITECTURE
    return enter_filter();
#else
    return false;
#endif
}
