#include "nibpcap/base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *name = "nibpcap";

void complain_as(const char *command)
{
    name = command;
}

const char *complain_name(void)
{
    return name;
}

int complain(const char *format, ...)
{
    va_list args;
    (void)fprintf(stderr, "%s: ", name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    return STATUS_USE;
}

int finish_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    return complain("cannot write standard output: %s", strerror(errno));
}
