#define _POSIX_C_SOURCE 200809L
#include "nibdns/os/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "nibdns/os/clock.h"

enum { PATIENCE_MS = 1000, STEP_MS = 200 };

static bool can_write_over(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDERR_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

void nib_progress_begin(struct nib_progress *progress, const char *what, uint64_t total)
{
    nib_ms now = nib_clock_ms();
    *progress = (struct nib_progress){.what = what,
        .total = total,
        .began = now,
        .next = can_write_over() ? now + PATIENCE_MS : 0};
}

void nib_progress_at(struct nib_progress *progress, uint64_t done)
{
    nib_ms now;
    if (progress->next == 0 || (now = nib_clock_ms()) < progress->next)
        return;
    progress->next = now + STEP_MS;
    progress->shown = true;
    if (progress->total > 0)
        fprintf(stderr, "\r%.60s: %d %%, %lld s\033[K", progress->what,
            (int)((double)done / (double)progress->total * 100),
            (long long)(now - progress->began) / 1000);
    else
        fprintf(stderr, "\r%.60s: %llu, %lld s\033[K", progress->what, (unsigned long long)done,
            (long long)(now - progress->began) / 1000);
}

void nib_progress_wipe(struct nib_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
