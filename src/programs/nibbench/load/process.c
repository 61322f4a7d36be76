#define _POSIX_C_SOURCE 200809L
#include "nibbench/load/process.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A whole file of /proc, terminated. False: it is not there. */
static bool read_text(const char *path, char *text, size_t cap)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    size_t n = fread(text, 1, cap - 1, file);
    text[n] = '\0';
    (void)fclose(file);
    return n > 0;
}

/* User and system ticks are fields 14 and 15; the name, field 2, may have blanks but ends in ). */
static bool add_ticks(int pid, struct bench_usage *usage)
{
    char path[64], text[1024];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (!read_text(path, text, sizeof text))
        return false;
    char *at = strrchr(text, ')');
    for (int field = 2; at != NULL && field < 14; field++)
        at = strchr(at + 1, ' ');
    if (at == NULL)
        return false;
    usage->user += strtod(at, &at);
    usage->system += strtod(at, NULL);
    return true;
}

/* The first number of schedstat: nanoseconds on a core. */
static bool add_threads(int pid, struct bench_usage *usage)
{
    char path[64], text[256];
    (void)snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char file[384];
        (void)snprintf(file, sizeof file, "%s/%s/schedstat", path, entry->d_name);
        if (isdigit((unsigned char)entry->d_name[0]) && read_text(file, text, sizeof text))
            usage->cpu_ns += strtod(text, NULL);
    }
    if (dir != NULL)
        (void)closedir(dir);
    return dir != NULL;
}

static double field_kib(int pid, const char *file, const char *field)
{
    char path[64], text[8192];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    if (!read_text(path, text, sizeof text))
        return 0;
    const char *at = strstr(text, field);
    return at == NULL ? 0 : strtod(at + strlen(field), NULL);
}

bool bench_usage_read(const struct bench_pids *pids, struct bench_usage *usage)
{
    *usage = (struct bench_usage){0};
    for (size_t i = 0; i < pids->n; i++) {
        int pid = pids->pid[i];
        if (!add_ticks(pid, usage) || !add_threads(pid, usage))
            return false;
        usage->rss_kib += field_kib(pid, "status", "\nVmRSS:");
        usage->pss_kib += field_kib(pid, "smaps_rollup", "\nPss:");
    }
    return true;
}
