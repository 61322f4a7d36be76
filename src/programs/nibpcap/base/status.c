#include "nibpcap/base/status.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/streams.h"

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
    return end_output(name, status);
}
