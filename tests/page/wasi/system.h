/* What nibsim asks of a system and WASI does not have: signals and alarms, which never come there. */
#include <sys/time.h>

struct sigaction {
    void (*sa_handler)(int);
    int sa_mask, sa_flags;
};
struct itimerval {
    struct timeval it_interval, it_value;
};
#define SA_RESTART 0
#define SA_RESETHAND 0
#define SIGVTALRM 26
#define SIGPROF 27
#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2
#define sigemptyset(mask) (*(mask) = 0)

static inline int sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    (void)signal;
    (void)action;
    (void)old;
    return 0;
}

static inline int setitimer(int which, const struct itimerval *timer, struct itimerval *old)
{
    (void)which;
    (void)timer;
    (void)old;
    return 0;
}
