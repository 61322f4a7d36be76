#define _POSIX_C_SOURCE 200809L
#include "common/streams.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void keep_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* the lowest that is free */
    while (fd >= 0 && fd <= 2);
    if (fd > 2)
        (void)close(fd);
}

enum nib_table_form option_pretty_form(void)
{
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    if (!isatty(STDOUT_FILENO) || (no_colour != NULL && no_colour[0] != '\0') || terminal == NULL ||
        strcmp(terminal, "dumb") == 0)
        return NIB_TABLE_PRETTY;
    return NIB_TABLE_COLOUR;
}
