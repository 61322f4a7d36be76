#define _POSIX_C_SOURCE 200809L
#include "common/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/complain.h"

void keep_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* the lowest that is free */
    while (fd >= 0 && fd <= 2);
    if (fd > 2)
        (void)close(fd);
}

int end_output(const char *program, int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "%s: cannot write standard output: %s; give it a reader or a file\n", program,
        strerror(errno));
    return NIB_EXIT_USAGE;
}

enum nib_table_form option_pretty_form(void)
{
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    if (!isatty(STDOUT_FILENO) || (no_colour != NULL && no_colour[0] != '\0') || terminal == NULL ||
        strcmp(terminal, "dumb") == 0)
        return NIB_TABLE_PRETTY;
    return NIB_TABLE_COLOUR;
}
