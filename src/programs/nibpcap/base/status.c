#include "nibpcap/base/status.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/streams.h"

static const char *command = "nibpcap";

void complain_as(const char *name)
{
    command = name;
}

const char *complain_name(void)
{
    return command;
}

int complain(const char *format, ...)
{
    va_list args;
    (void)fprintf(stderr, "%s: ", command);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    return STATUS_USE;
}

int finish_output(int status)
{
    return end_output(command, status);
}
