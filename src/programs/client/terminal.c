#define _DEFAULT_SOURCE
#include "client/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { ESCAPE_MS = 50, COLUMNS = 80, COLUMNS_MIN = 20 };

/* What a handler of a signal needs to know. */
static struct termios usual, raw;
static volatile sig_atomic_t is_raw, changed;

bool terminal_can_edit(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && terminal != NULL &&
           terminal[0] != '\0' && strcmp(terminal, "dumb") != 0;
}

static void note_change(int number)
{
    (void)number;
    changed = 1;
}

/* Whoever had the terminal while this program was stopped left it otherwise; a size is new. */
static void watch_for_changes(void)
{
    struct sigaction action = {.sa_handler = note_change}; /* a read returns, too */
    (void)sigaction(SIGCONT, &action, NULL);
    (void)sigaction(SIGWINCH, &action, NULL);
}

bool terminal_take(void)
{
    if (tcgetattr(STDIN_FILENO, &usual) != 0)
        return false;
    raw = usual; /* signals stay: Ctrl-C ends, Ctrl-Z stops */
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    watch_for_changes();
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0)
        return false;
    is_raw = 1;
    return true;
}

void terminal_restore(void)
{
    if (is_raw)
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &usual);
    is_raw = 0;
}

size_t terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS;
    return size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col;
}

/* ---- keys ---- */

static int read_octet(void)
{
    unsigned char octet;
    for (;;) {
        ssize_t n = read(STDIN_FILENO, &octet, 1);
        if (n == 1)
            return octet;
        if (n == 0 || (errno != EINTR && errno != EAGAIN))
            return KEY_END_OF_INPUT;
        if (changed) {
            changed = 0;
            (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
            return KEY_NONE;
        }
        struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
        (void)poll(&p, 1, -1);
    }
}

/* An octet that belongs to the key before; KEY_NONE when that was all. */
static int read_more(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&p, 1, ESCAPE_MS) == 1 ? read_octet() : KEY_NONE;
}

/* ESC [ NUMBER ~, the number in its first digit. */
static int numbered_key(int digit)
{
    int last = digit;
    while ((last >= '0' && last <= '9') || last == ';')
        last = read_more();
    if (last != '~')
        return KEY_NONE;
    switch (digit) {
    case '1':
    case '7':
        return KEY_HOME;
    case '3':
        return KEY_DELETE;
    case '4':
    case '8':
        return KEY_END;
    default:
        return KEY_NONE;
    }
}

static int escaped_key(void)
{
    int kind = read_more();
    if (kind != '[' && kind != 'O')
        return KEY_NONE;
    int octet = read_more();
    switch (octet) {
    case 'A':
        return KEY_UP;
    case 'B':
        return KEY_DOWN;
    case 'C':
        return KEY_RIGHT;
    case 'D':
        return KEY_LEFT;
    case 'H':
        return KEY_HOME;
    case 'F':
        return KEY_END;
    default:
        return octet >= '0' && octet <= '9' ? numbered_key(octet) : KEY_NONE;
    }
}

int terminal_key(void)
{
    int octet = read_octet();
    return octet == '\033' ? escaped_key() : octet;
}
