/*
 * Enters the sandbox and tries what a server has no business with, and what it has. Speaks TAP.
 * Built without sanitizers, which would need more system calls than the sandbox lets through.
 */
#define _GNU_SOURCE
#include "nibdns/os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int number, failures;

static void report(bool ok, const char *what)
{
    printf("%s %d - %s\n", ok ? "ok" : "not ok", ++number, what);
    failures += !ok;
}

/* A call that must fail because of the sandbox and nothing else. */
static void refused(long result, const char *what)
{
    report(result == -1 && errno == EPERM, what);
}

static void *nothing(void *arg)
{
    return arg;
}

static void try_the_forbidden(const char *self)
{
    char name[] = "true";
    char *const arguments[] = {name, NULL};
    refused(execv("/bin/true", arguments), "no program can be executed");
    refused(open(self, O_WRONLY | O_CLOEXEC), "no file can be opened for writing");
    refused(open("/tmp/nibdns-bite", O_RDONLY | O_CREAT | O_CLOEXEC, 0600), "none can be made");
    refused(unlink("/tmp/nibdns-bite"), "none can be removed");
    refused(chmod(self, 0777), "no permission can be changed");
    refused(socket(AF_UNIX, SOCK_STREAM, 0), "no local socket can be made");
    refused(socket(AF_PACKET, SOCK_RAW, 0), "no packet socket can be made");
    refused(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), "no raw socket can be made");
    refused(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP), "no socket for pings can be made");
    refused(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "no TCP socket can be made");
    refused(socket(AF_NETLINK, SOCK_RAW, 0), "no netlink socket can be made");
    refused(fork(), "no process can be made");
    refused(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), "no namespace can be made");
    refused(syscall(SYS_clone, CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWUSER, 0, 0, 0, 0),
        "nor by a thread");
    report(syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS, "clone3() is not there");
    refused(kill(getpid(), 0), "no signal can be sent");
    refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL), "nothing can be traced");
    refused(setuid(0), "no other user can be had");
    refused(setpriority(PRIO_PGRP, 0, 19), "no other process can be slowed down");
    void *code =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    report(code == MAP_FAILED && errno == EPERM, "no memory can be executed that was written");
}

static void try_the_needed(const char *self)
{
    pthread_t thread;
    int udp = socket(AF_INET6, SOCK_DGRAM, 0), file = open(self, O_RDONLY | O_CLOEXEC);
    report(udp >= 0, "a UDP socket can be made");
    report(file >= 0, "a file can be read");
    report(pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0,
        "a thread can be started");
    report(setpriority(PRIO_PROCESS, 0, 19) == 0, "it can have a low priority");
}

static void try_files(void)
{
    report(open("/etc/passwd", O_RDONLY | O_CLOEXEC) == -1 && errno == EACCES,
        "no file of another folder can be read");
    report(open("/proc/self/environ", O_RDONLY | O_CLOEXEC) == -1 && errno == EACCES,
        "nothing of /proc");
}

int main(int argc, char **argv)
{
    (void)argc;
    const struct nib_sandbox_files files = {.read = (const char *const[]){argv[0]}, .n_read = 1};
    bool has_files = nib_sandbox_files(&files);
    if (!nib_sandbox_enter(false)) {
        printf("ok 1 - the sandbox # SKIP this kernel or architecture has no such filter\n");
        return 0;
    }
    try_the_forbidden(argv[0]);
    try_the_needed(argv[0]);
    if (has_files)
        try_files();
    else
        printf("ok %d - files of other folders # SKIP this kernel has no Landlock\n", ++number);
    printf("1..%d\n", number);
    return failures != 0;
}
